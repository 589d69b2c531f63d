// SPDX-License-Identifier: PostgreSQL
//
// The log of updates that a list is while it is built, and that waits before the cells of a table. It holds keys alone
// while all weights are 1, as those of most streams are, and else updates.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/kernel.hpp"
#include "countmin/recovery.hpp"
#include "countmin/rows.hpp"

namespace sketch::cm {

inline constexpr std::size_t kMostLogged = 2 * std::size_t{kMostListed};

// Updates of the same key to one, and those of weight zero to none, in place; n is how many there are. A table of
// their places finds them. False where a weight overflows.
inline bool compact_log(std::byte* log, std::size_t& n) {
    constexpr std::uint16_t kNone = 0xFFFF;
    std::uint16_t places[4 * kMostLogged];
    const int lg = std::bit_width(2 * n);
    const std::size_t mask = (std::size_t{1} << lg) - 1;
    std::memset(places, 0xFF, sizeof places[0] << lg);
    std::size_t keys = 0;
    bool overflow = false;
    for (std::size_t i = 0; i < n; ++i) {
        const auto u = load<Update>(log + i * sizeof(Update));
        std::size_t place = (u.key * kGolden) >> (64 - lg);
        while (places[place] != kNone && load<Key>(log + places[place] * sizeof(Update)) != u.key)
            place = (place + 1) & mask;
        if (places[place] == kNone) {
            places[place] = static_cast<std::uint16_t>(keys);
            store(log + keys++ * sizeof(Update), u);
            continue;
        }
        std::byte* const at = log + places[place] * sizeof(Update);
        auto known = load<Update>(at);
        overflow |= __builtin_add_overflow(known.weight, u.weight, &known.weight);
        store(at, known);
    }
    n = 0;
    for (std::size_t i = 0; i < keys; ++i) {
        const auto u = load<Update>(log + i * sizeof(Update));
        store(log + n * sizeof(Update), u);
        n += u.weight != 0;
    }
    return !overflow;
}

// Units of at most `most` keys to updates, one for each key, in place; n is how many there are. Else false, and nothing
// is changed.
inline bool gather_units(std::byte* log, std::size_t& n, std::size_t most) {
    constexpr std::uint16_t kNone = 0xFFFF;
    Update keys[kMostListed];
    std::uint16_t places[4 * kMostListed];
    most = std::min<std::size_t>(most, kMostListed);
    const int lg = std::bit_width(2 * most + 1);
    const std::size_t mask = (std::size_t{1} << lg) - 1;
    std::memset(places, 0xFF, sizeof places[0] << lg);
    std::size_t found = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const Key key = load<Key>(log + i * sizeof(Key));
        std::size_t place = (key * kGolden) >> (64 - lg);
        while (places[place] != kNone && keys[places[place]].key != key) place = (place + 1) & mask;
        if (places[place] != kNone) {
            ++keys[places[place]].weight;
            continue;
        }
        if (found == most) return false;
        places[place] = static_cast<std::uint16_t>(found);
        keys[found++] = update_of(key);
    }
    n = found;
    std::memcpy(log, keys, n * sizeof(Update));
    return true;
}

// Whether the log surely names more than `most` keys: so many marks on a small board, and no weight that could take one
// back. A glance that spares most logs the recovery.
template <class Entry>
inline bool names_more(const std::byte* log, std::size_t n, std::size_t most) {
    constexpr int kLgBoard = 12;
    if (n <= most || most >= std::size_t{1} << (kLgBoard - 1)) return false;
    std::uint64_t board[(1 << kLgBoard) / 64] = {};
    std::size_t marks = 0;
    for (std::size_t i = 0; i < n && marks <= most; ++i) {
        const Update u = update_of(load<Entry>(log + i * sizeof(Entry)));
        if (u.weight <= 0) return false;
        const std::uint64_t place = (u.key * kGolden) >> (64 - kLgBoard), bit = std::uint64_t{1} << place % 64;
        marks += (board[place / 64] & bit) == 0;
        board[place / 64] |= bit;
    }
    return marks > most;
}

}  // namespace sketch::cm
