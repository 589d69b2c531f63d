// SPDX-License-Identifier: PostgreSQL
//
// The trimmed form of a KLL sketch (its bytes: kll.hpp), written and checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#include "core/float_order.hpp"
#include "core/kernel.hpp"
#include "core/rank.hpp"
#include "kll/levels.hpp"

namespace sketch::kll {

constexpr std::size_t stored_head_bytes(int levels) {
    return sizeof(Head) + (static_cast<std::size_t>(levels) + 1) / 2 * 8;
}

inline void store_levels(const Head& head, const Pops& pops, int levels, const std::byte* items, std::byte* to) {
    const auto n = static_cast<std::size_t>(levels);
    store(to, head);
    std::memset(to + sizeof head, 0, stored_head_bytes(levels) - sizeof head);
    std::memcpy(to + sizeof head, pops.data(), n * sizeof(std::uint32_t));
    std::memcpy(to + stored_head_bytes(levels), items, total_of(pops, levels) * sizeof(double));
}

// --- check -----------------------------------------------------------------------------------------------------------

inline bool ascending(const std::byte* at, std::size_t n, double least, double most) {
    double last = least;
    for (std::size_t i = 0; i < n; ++i) {
        const double value = load<double>(at + i * sizeof(double));
        if (!(value >= last) || value > most || !is_canonical(value)) return false;
        last = value;
    }
    return true;
}

// The payload of an image with `items` exact ones, which are not too many.
inline Status check_exact(const std::byte* at, std::size_t bytes, std::size_t items) {
    if (bytes != sizeof(std::uint64_t) + items * sizeof(double)) return Status::wrong_size;
    if (load<std::uint64_t>(at) > kMaxValues - items) return Status::bad_content;
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    return ascending(at + sizeof(std::uint64_t), items, -kInfinity, kInfinity) ? Status::ok : Status::bad_content;
}

// How many values the items stand for; more than kMaxValues, whatever the levels, where it is more.
inline std::uint64_t checked_weight(const Pops& pops, int levels) {
    std::uint64_t weight = 0;
    for (int h = 0; h < levels; ++h) {
        if (pops[h] > (kMaxValues - weight) >> h) return kMaxValues + 1;
        weight += std::uint64_t{pops[h]} << h;
    }
    return weight;
}

inline bool head_fits(const Head& h, int levels, std::uint64_t weight) {
    if (weight > kMaxValues || h.nans > kMaxValues - weight) return false;
    if (!is_canonical(h.min) || !is_canonical(h.max) || !(h.min <= h.max)) return false;
    return h.pending >> (levels - 1) == 0 && (h.coins & ~h.pending) == 0;
}

// The payload of an image with so many levels.
inline Status check_levels(const std::byte* at, std::size_t bytes, std::uint32_t levels, int k,
                           std::size_t exact_limit) {
    if (levels < 2 || levels > kMaxLevels) return Status::bad_content;
    const int n = static_cast<int>(levels);
    if (bytes < stored_head_bytes(n)) return Status::wrong_size;
    Pops pops{};
    std::memcpy(pops.data(), at + sizeof(Head), levels * sizeof(std::uint32_t));
    const std::size_t total = total_of(pops, n);
    if (bytes != stored_head_bytes(n) + total * sizeof(double)) return Status::wrong_size;
    if (n % 2 != 0 && load<std::uint32_t>(at + stored_head_bytes(n) - sizeof(std::uint32_t)) != 0)
        return Status::bad_content;
    if (pops[levels - 1] == 0 || total > stored_capacity(k, levels)) return Status::bad_content;
    const std::uint64_t weight = checked_weight(pops, n);
    const Head head = load<Head>(at);
    if (weight <= exact_limit || !head_fits(head, n, weight)) return Status::bad_content;
    const std::byte* run = at + stored_head_bytes(n);
    for (int h = n - 1; h >= 0; --h) {
        if (!ascending(run, pops[h], head.min, head.max)) return Status::bad_content;
        run += pops[h] * sizeof(double);
    }
    return Status::ok;
}

}  // namespace sketch::kll
