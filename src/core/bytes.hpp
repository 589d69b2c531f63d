// SPDX-License-Identifier: PostgreSQL
//
// What is done to bytes and words everywhere: loads and stores at any address, the mixing of a word, and a binary
// search by index, for arrays that no iterator can walk because they stand at any address.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace sketch {

template <class T>
inline T load(const std::byte* from) {
    static_assert(std::is_trivially_copyable_v<T>);
    T value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

template <class T>
inline void store(std::byte* to, T value) {
    static_assert(std::is_trivially_copyable_v<T>);
    std::memcpy(to, &value, sizeof value);
}

// 2^64 divided by the golden ratio: its multiples are evenly distributed.
inline constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15;

// splitmix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators", 2014): its finalizer, a bijection;
// and a step of it, the finalizer of the next multiple.
constexpr std::uint64_t mix64(std::uint64_t x) {
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9;
    x = (x ^ x >> 27) * 0x94D049BB133111EB;
    return x ^ x >> 31;
}
constexpr std::uint64_t splitmix64(std::uint64_t x) { return mix64(x + kGolden); }

// std::partition_point over indexes: the first of [from, to) for which before(i) is false, or `to`.
template <class Index, class Before>
constexpr Index partition_index(Index from, Index to, Before before) {
    while (from < to) {
        const Index middle = from + (to - from) / 2;
        if (before(middle))
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

}  // namespace sketch
