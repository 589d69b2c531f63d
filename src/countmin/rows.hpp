// SPDX-License-Identifier: PostgreSQL
//
// Where a value is counted: one hash a value, cut into an index for each row.
//
// Five rows share the hash: 12 bits each, disjoint, and so as independent as the bits of the hash. Rows wider than 4096
// and rows after the fifth take theirs from further mixes of it. An index does not depend on the width but for a mask,
// so that a row of half the width is the sum of the halves; nor on the depth, so that fewer rows are the first ones.
//
// A sketch with ranges counts a bigint at 16 levels: the value itself, and the intervals of 16, 256, 4096, ... values
// that hold it, each under a hash of its own. They share the rows: a level of few intervals takes up few cells.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/bytes.hpp"
#include "core/xxh3.hpp"

namespace sketch::countmin {

inline constexpr int kMinLgWidth = 3;
inline constexpr int kMaxLgWidth = 23;
inline constexpr int kMaxDepth = 37;
inline constexpr std::size_t kMaxCellBytes = std::size_t{64} << 20;  // of all cells, at 8 bytes each

inline constexpr int kLevels = 16;
inline constexpr int kLevelBits = 4;
// Of one range, at most: 15 at either end on each level but the highest, which has 16 in all.
inline constexpr int kMaxNodes = 2 * 15 * (kLevels - 1) + 14;

// What an update counts: a hash or, with ranges, a bigint with its order kept (biased_key).
using Key = std::uint64_t;

struct Update {
    Key key;
    std::int64_t weight;
};
constexpr Update update_of(Key key) { return {key, 1}; }
constexpr Update update_of(Update update) { return update; }

constexpr Key biased_key(std::int64_t value) { return static_cast<Key>(value) ^ std::uint64_t{1} << 63; }
constexpr std::int64_t value_of(Key key) { return static_cast<std::int64_t>(key ^ std::uint64_t{1} << 63); }

// The hash of the interval with this number on a level; on level 0 that of the value, as sketch_hash has it.
inline std::uint64_t node_hash(Key node, int level) {
    return level == 0 ? hash_int64(value_of(node)) : mix64(node ^ static_cast<std::uint64_t>(level) * kGolden);
}

// Whether a value is counted once, or at every level.
enum class Levels { one, all };

template <Levels levels, class Visit>
inline void for_each_hash(Key key, Visit visit) {
    if constexpr (levels == Levels::all) {
        for (int level = 0; level < kLevels; ++level) visit(node_hash(key >> (level * kLevelBits), level));
    } else {
        visit(key);
    }
}

inline constexpr int kSliceBits = 12;
inline constexpr int kSlices = 5;

// Narrow rows, and no more than five: the hash is enough for them.
enum class Rows { narrow, any };
constexpr bool is_narrow(int lg_width, int depth) { return lg_width <= kSliceBits && depth <= kSlices; }

// Calls visit(row, index).
template <Rows rows, class Visit>
inline void for_each_row(std::uint64_t hash, int lg_width, int depth, Visit visit) {
    const std::uint64_t mask = (std::uint64_t{1} << lg_width) - 1, slice = (1 << kSliceBits) - 1;
    if constexpr (rows == Rows::narrow) {
        for (int row = 0; row < depth; ++row, hash >>= kSliceBits) visit(row, hash & mask);
        return;
    }
    for (int first = 0; first < depth; first += kSlices) {
        const auto word = static_cast<std::uint64_t>(first);
        std::uint64_t low = first == 0 ? hash : mix64(hash + word * kGolden);
        std::uint64_t high = lg_width > kSliceBits ? mix64(hash + (word + 1) * kGolden) : 0;
        for (int row = first; row < std::min(first + kSlices, depth); ++row) {
            visit(row, ((low & slice) | (high & slice) << kSliceBits) & mask);
            low >>= kSliceBits;
            high >>= kSliceBits;
        }
    }
}

}  // namespace sketch::countmin
