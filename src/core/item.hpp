// SPDX-License-Identifier: PostgreSQL
//
// An item of a stream, kept whole: an integer or a string of bytes.
#pragma once

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/xxh3.hpp"

namespace sketch {

// What items are. All but integers are strings of bytes; a sketch holds items of one kind. The numbers are stored.
enum class ItemKind : std::uint8_t {
    none,
    integer,
    text,
    bytes,
    boolean,
    number,
    real,
    uuid,
    date,
    timestamp,
    other,
    json
};

inline constexpr ItemKind kLastItemKind = ItemKind::json;
inline constexpr std::size_t kMaxItemBytes = 8191;

// Copies as memcpy does, without its call: most items are short. Of two pieces the second may repeat some of the first.
[[gnu::always_inline]] inline void copy_bytes(std::byte* to, const std::byte* from, std::size_t size) {
    if (size < 8) {
        for (std::size_t i = 0; i < size; ++i) to[i] = from[i];
    } else if (size < 16) {
        std::memcpy(to, from, 8);
        std::memcpy(to + size - 8, from + size - 8, 8);
    } else {
        for (std::size_t i = 0; i + 16 < size; i += 16) std::memcpy(to + i, from + i, 16);
        std::memcpy(to + size - 16, from + size - 16, 16);
    }
}

// Whether two strings are the same, without the call of memcmp.
inline bool same_bytes(const std::byte* a, const std::byte* b, std::size_t size) {
    std::uint64_t differ = 0;
    const auto compare = [&](std::size_t at) {
        std::uint64_t x, y;
        std::memcpy(&x, a + at, 8);
        std::memcpy(&y, b + at, 8);
        differ |= x ^ y;
    };
    if (size < 8) {
        for (std::size_t i = 0; i < size; ++i) differ |= static_cast<std::uint64_t>(a[i] ^ b[i]);
        return differ == 0;
    }
    for (std::size_t i = 0; i + 8 < size && differ == 0; i += 8) compare(i);
    compare(size - 8);
    return differ == 0;
}

struct Item {
    ItemKind kind;
    std::uint64_t word;  // the integer; else the length
    const std::byte* data;

    static Item of(std::int64_t integer) { return {ItemKind::integer, static_cast<std::uint64_t>(integer), nullptr}; }
    static Item of(ItemKind kind, const void* data, std::size_t size) {
        return {kind, size, static_cast<const std::byte*>(data)};
    }

    std::int64_t integer() const { return static_cast<std::int64_t>(word); }
    std::size_t size() const { return kind == ItemKind::integer ? 0 : word; }
    std::uint32_t hash() const {
        const std::uint64_t h = kind == ItemKind::integer ? hash_int64(integer()) : hash_bytes(data, word);
        return static_cast<std::uint32_t>(h >> 32);
    }
};

// The order of items of one kind: integers by value, others by their bytes.
inline std::strong_ordering operator<=>(const Item& a, const Item& b) {
    if (a.kind == ItemKind::integer) return a.integer() <=> b.integer();
    const std::size_t common = std::min(a.size(), b.size());
    const int order = common == 0 ? 0 : std::memcmp(a.data, b.data, common);
    return order != 0 ? order <=> 0 : a.size() <=> b.size();
}
inline bool operator==(const Item& a, const Item& b) {
    if (a.kind == ItemKind::integer) return a.word == b.word;
    return a.size() == b.size() && same_bytes(a.data, b.data, a.size());
}

}  // namespace sketch
