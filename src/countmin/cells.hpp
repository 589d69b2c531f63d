// SPDX-License-Identifier: PostgreSQL
//
// The counts of a working table: cells of 1, 2, 4 or 8 bytes, as wide as the totals want them. Loops over all cells go
// in steps (core/interrupts.hpp).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "core/interrupts.hpp"
#include "core/kernel.hpp"

namespace sketch::countmin {

inline constexpr std::size_t kCellStep = std::size_t{1} << 17;

enum class Sign { plus, minus };

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

// The least and the greatest of some cells, of nothing zero.
struct Extent {
    std::int64_t least = 0, most = 0;

    void take(const Extent& other) {
        least = std::min(least, other.least);
        most = std::max(most, other.most);
    }
    // Bytes of the narrowest cells that hold these.
    int cell_bytes() const {
        const auto fit = [this]<class T>(T) { return fits<T>(least) && fits<T>(most); };
        return fit(std::int8_t{}) ? 1 : fit(std::int16_t{}) ? 2 : fit(std::int32_t{}) ? 4 : 8;
    }
};

// Cells of one byte are compared as unsigned ones, for which every processor has vector instructions.
template <class T>
[[gnu::noinline]] inline Extent extent_of(const std::byte* cells, std::size_t n) {
    using Ordered = std::conditional_t<sizeof(T) == 1, std::uint8_t, T>;
    constexpr Ordered kZero = sizeof(T) == 1 ? 128 : 0;
    const auto ordered = [cells](std::size_t i) {
        return static_cast<Ordered>(load<Ordered>(cells + i * sizeof(T)) ^ kZero);
    };
    Ordered least = ordered(0), most = least;
    for (std::size_t i = 0; i < n; ++i) {
        least = std::min(least, ordered(i));
        most = std::max(most, ordered(i));
    }
    return {std::int64_t{least} - kZero, std::int64_t{most} - kZero};
}

// The cells above zero, and those below without their sign, added up.
struct Sums {
    __int128 above = 0, below = 0;

    void take(std::int64_t cell) { (cell > 0 ? above : below) += cell > 0 ? __int128{cell} : -__int128{cell}; }
};
template <class T>
inline Sums sums_of(const std::byte* cells, std::size_t n) {
    Sums sums;
    in_steps(n, kCellStep, [&](std::size_t from, std::size_t to) {
        for (std::size_t i = from; i < to; ++i) sums.take(load<T>(cells + i * sizeof(T)));
    });
    return sums;
}

// Adds cells to wider ones, or takes them away: n of them. Whether no sum passes the range of T, which only cells of 8
// bytes are watched for.
template <class T, class U, Sign sign, std::size_t n>
[[gnu::always_inline]] inline bool add_some(std::byte* to, const std::byte* from) {
    using Unsigned = std::make_unsigned_t<T>;
    constexpr bool minus = sign == Sign::minus;
    T a[n];
    U b[n];
    std::memcpy(a, to, sizeof a);
    std::memcpy(b, from, sizeof b);
    bool overflow = false;
    for (std::size_t i = 0; i < n; ++i) {
        if constexpr (sizeof(T) == 8) {
            const std::int64_t c = b[i];
            overflow |= minus ? __builtin_sub_overflow(a[i], c, &a[i]) : __builtin_add_overflow(a[i], c, &a[i]);
        } else {
            const auto x = static_cast<Unsigned>(a[i]), y = static_cast<Unsigned>(b[i]);
            a[i] = static_cast<T>(static_cast<Unsigned>(minus ? x - y : x + y));
        }
    }
    std::memcpy(to, a, sizeof a);
    return !overflow;
}
// Of any number that is a multiple of 8, as all rows are.
template <class T, class U, Sign sign>
[[gnu::noinline]] inline bool add_cells(std::byte* to, const std::byte* from, std::size_t n) {
    bool fit = true;
    std::size_t i = 0;
    for (; i + 16 <= n; i += 16) fit &= add_some<T, U, sign, 16>(to + i * sizeof(T), from + i * sizeof(U));
    if (i < n) fit &= add_some<T, U, sign, 8>(to + i * sizeof(T), from + i * sizeof(U));
    return fit;
}

// To wider cells, in place: from the last to the first.
template <class T, class U>
inline void widen_cells(std::byte* cells, std::size_t n) {
    for (std::size_t end = n; end > 0; check_interrupts()) {
        const std::size_t begin = end > kCellStep ? end - kCellStep : 0;
        while (end-- > begin) store(cells + end * sizeof(T), static_cast<T>(load<U>(cells + end * sizeof(U))));
        end = begin;
    }
}

// Every row to half its width or less, in place: cells that will share an index are added up. The sums of a row stand
// before what is still to be read.
template <class T>
inline void fold_cells(std::byte* cells, int depth, std::size_t width, std::size_t target) {
    const std::size_t step = std::min(target, kCellStep);
    for (std::size_t row = 0; row < static_cast<std::size_t>(depth); ++row) {
        const std::byte* const from = cells + row * width * sizeof(T);
        std::byte* const to = cells + row * target * sizeof(T);
        std::memmove(to, from, target * sizeof(T));
        for (std::size_t at = target; at < width; at += step) {
            add_cells<T, T, Sign::plus>(to + (at & (target - 1)) * sizeof(T), from + at * sizeof(T), step);
            if (at % kCellStep == 0) check_interrupts();
        }
    }
}

// memmove to a lower address.
inline void move_down(std::byte* to, const std::byte* from, std::size_t bytes) {
    in_steps(bytes, kCopyStep, [=](std::size_t a, std::size_t b) { std::memmove(to + a, from + a, b - a); });
}

}  // namespace sketch::countmin
