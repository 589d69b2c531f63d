// SPDX-License-Identifier: PostgreSQL
//
// Where a value is counted: one hash a value, cut into an index for each row. And the counts themselves, in cells of 1,
// 2, 4 or 8 bytes.
//
// Five rows share the hash: 12 bits each, disjoint, and so as independent as the bits of the hash. Rows wider than 4096
// and rows after the fifth take theirs from further mixes of it. An index does not depend on the width but for a mask,
// so that a row of half the width is the sum of the halves.
//
// A sketch with ranges counts a bigint at 16 levels: the value itself, and the intervals of 16, 256, 4096, ... values
// that hold it, each under a hash of its own. They share the rows: a level of few intervals takes up few cells.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "core/kernel.hpp"
#include "core/xxh3.hpp"

namespace sketch::cm {

inline constexpr int kMinLgWidth = 3;
inline constexpr int kMaxLgWidth = 23;
inline constexpr int kMaxDepth = 37;
inline constexpr std::size_t kMostBytes = std::size_t{64} << 20;  // of the cells, at 8 bytes each

inline constexpr int kLevels = 16;
inline constexpr int kLevelBits = 4;
// Of one range, at most: 15 at either end on each level but the highest, which has 16 in all.
inline constexpr int kMostNodes = 2 * 15 * (kLevels - 1) + 14;

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

constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15;

// The finalizer of splitmix64 (Steele, Lea, Flood 2014): a bijection.
constexpr std::uint64_t mixed(std::uint64_t x) {
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9;
    x = (x ^ x >> 27) * 0x94D049BB133111EB;
    return x ^ x >> 31;
}

// The hash of the interval with this number on a level; on level 0 that of the value, as sketch_hash has it.
inline std::uint64_t node_hash(Key node, int level) {
    return level == 0 ? hash_int64(value_of(node)) : mixed(node ^ static_cast<std::uint64_t>(level) * kGolden);
}

template <bool ranges, class Visit>
inline void for_each_hash(Key key, Visit visit) {
    if constexpr (ranges) {
        for (int level = 0; level < kLevels; ++level) visit(node_hash(key >> (level * kLevelBits), level));
    } else {
        visit(key);
    }
}

inline constexpr int kSliceBits = 12;
inline constexpr int kSlices = 5;

// Calls visit(row, index). `narrow` promises that the first word is enough.
template <bool narrow, class Visit>
inline void for_each_row(std::uint64_t hash, int lg_width, int depth, Visit visit) {
    const std::uint64_t mask = (std::uint64_t{1} << lg_width) - 1, slice = (1 << kSliceBits) - 1;
    if constexpr (narrow) {
        for (int row = 0; row < depth; ++row, hash >>= kSliceBits) visit(row, hash & mask);
        return;
    }
    for (int first = 0; first < depth; first += kSlices) {
        const auto word = static_cast<std::uint64_t>(first);
        std::uint64_t low = first == 0 ? hash : mixed(hash + word * kGolden);
        std::uint64_t high = lg_width > kSliceBits ? mixed(hash + (word + 1) * kGolden) : 0;
        for (int row = first; row < std::min(first + kSlices, depth); ++row) {
            visit(row, ((low & slice) | (high & slice) << kSliceBits) & mask);
            low >>= kSliceBits;
            high >>= kSliceBits;
        }
    }
}
constexpr bool is_narrow(int lg_width, int depth) { return lg_width <= kSliceBits && depth <= kSlices; }

// Whether a value of any cell width fits the width of T.
template <class T>
constexpr bool fits(std::int64_t value) {
    return value == static_cast<T>(value);
}
// Bytes of a cell for counts from -bound to bound.
constexpr int cell_bytes_for(unsigned __int128 bound) {
    return bound <= INT8_MAX ? 1 : bound <= INT16_MAX ? 2 : bound <= INT32_MAX ? 4 : 8;
}

// Calls visit(T{}) for the type of cells of so many bytes.
template <class Visit>
inline auto with_cell_type(int bytes, Visit visit) {
    switch (bytes) {
        case 1: return visit(std::int8_t{});
        case 2: return visit(std::int16_t{});
        case 4: return visit(std::int32_t{});
        default: return visit(std::int64_t{});
    }
}

inline std::int64_t cell_at(const std::byte* cells, int bytes, std::size_t i) {
    return with_cell_type(bytes, [&]<class T>(T) -> std::int64_t { return load<T>(cells + i * sizeof(T)); });
}

struct Extent {
    std::int64_t least, most;
};

// Of n cells, and zero.
template <class T>
[[gnu::noinline]] inline Extent extent_of(const std::byte* cells, std::size_t n) {
    T least = 0, most = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const T cell = load<T>(cells + i * sizeof(T));
        least = cell < least ? cell : least;
        most = cell > most ? cell : most;
    }
    return {least, most};
}

// Bytes of the narrowest cells that hold these.
constexpr int narrowest(const Extent& e) {
    return fits<std::int8_t>(e.least) && fits<std::int8_t>(e.most)     ? 1
           : fits<std::int16_t>(e.least) && fits<std::int16_t>(e.most) ? 2
           : fits<std::int32_t>(e.least) && fits<std::int32_t>(e.most) ? 4
                                                                       : 8;
}

// Of the cells above zero, and of those below, without their sign.
struct Sums {
    __int128 above, below;
};
template <class T>
inline Sums sums_of(const std::byte* cells, std::size_t n) {
    Sums sums{};
    for (std::size_t i = 0; i < n; ++i) {
        const std::int64_t cell = load<T>(cells + i * sizeof(T));
        if (cell > 0)
            sums.above += cell;
        else
            sums.below -= cell;
    }
    return sums;
}

// Adds `from` to `to`, or takes it away. False where a sum passes the range of T; then the sums are wrong.
template <class T, class U, bool minus>
[[gnu::noinline]] inline bool add_cells(std::byte* to, const std::byte* from, std::size_t n) {
    using Unsigned = std::make_unsigned_t<T>;
    bool overflow = false;
    for (std::size_t i = 0; i < n; ++i) {
        const T a = load<T>(to + i * sizeof(T)), b = load<U>(from + i * sizeof(U));
        if constexpr (sizeof(T) == 8) {
            T sum;
            overflow |= minus ? __builtin_sub_overflow(a, b, &sum) : __builtin_add_overflow(a, b, &sum);
            store(to + i * sizeof(T), sum);
        } else {
            const auto x = static_cast<Unsigned>(a), y = static_cast<Unsigned>(b);
            store(to + i * sizeof(T), static_cast<T>(static_cast<Unsigned>(minus ? x - y : x + y)));
        }
    }
    return !overflow;
}

// Copies cells to another width that holds them. From the last to the first, where they grow in place.
template <class T, class U>
inline void convert_cells(std::byte* to, const std::byte* from, std::size_t n) {
    if constexpr (sizeof(T) > sizeof(U)) {
        while (n-- > 0) store(to + n * sizeof(T), static_cast<T>(load<U>(from + n * sizeof(U))));
    } else {
        for (std::size_t i = 0; i < n; ++i) store(to + i * sizeof(T), static_cast<T>(load<U>(from + i * sizeof(U))));
    }
}
inline void convert_cells(std::byte* to, int to_bytes, const std::byte* from, int from_bytes, std::size_t n) {
    with_cell_type(to_bytes, [&]<class T>(T) {
        with_cell_type(from_bytes, [&]<class U>(U) { convert_cells<T, U>(to, from, n); });
    });
}

// Every row to half its width or less, in place: cells that will share an index are added up. Targets stand before
// their sources or on the first of them.
template <class T>
inline void fold_cells(std::byte* cells, int depth, std::size_t width, std::size_t target) {
    using Unsigned = std::make_unsigned_t<T>;
    for (std::size_t row = 0; row < static_cast<std::size_t>(depth); ++row)
        for (std::size_t i = 0; i < target; ++i) {
            Unsigned sum = 0;
            for (std::size_t j = i; j < width; j += target)
                sum = static_cast<Unsigned>(sum + load<Unsigned>(cells + (row * width + j) * sizeof(T)));
            store(cells + (row * target + i) * sizeof(T), sum);
        }
}

}  // namespace sketch::cm
