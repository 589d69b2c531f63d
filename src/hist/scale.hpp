// SPDX-License-Identifier: PostgreSQL
//
// Bins of a base-2 exponential histogram: at scale s, bin i holds the values in (2^((i-1)/2^s), 2^(i/2^s)]. One scale
// down, bins 2i-1 and 2i become bin i, exactly; so that histograms of any two scales can be merged.
//
// The edges of scale 8 and below are those of OpenTelemetry's exponential histograms. From 9 to the finest, 20, a bin
// of scale 8 (0.27 % wide) is divided into equal parts: that is a little off the powers of two, and takes no logarithm.
// All is integer arithmetic on the bits of a double, the same on every machine.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace sketch::hist {

inline constexpr int kFinest = 20;
inline constexpr int kCoarsest = -11;  // two bins for all doubles of one sign
inline constexpr int kTableScale = 8;
inline constexpr int kPartBits = kFinest - kTableScale;

using Index = std::int32_t;
inline constexpr Index kLowestIndex = -1074 * (1 << kFinest);  // of the smallest double, at the finest scale
inline constexpr Index kHighestIndex = 1024 * (1 << kFinest);

struct Table {
    std::array<std::uint64_t, 258> edge{};   // mantissas of 2^(j/256); the last two end every search
    std::array<std::uint64_t, 256> parts{};  // 2^64 times the number of parts, for each unit of a bin's width
    std::array<std::uint8_t, 256> first{};   // edges that are below a mantissa with these high 8 bits, at least
};

inline constexpr Table kTable = [] {
    Table t;
    __extension__ using Wide = unsigned __int128;
    constexpr std::uint64_t kOne = std::uint64_t{1} << 63;
    std::array<std::uint64_t, 8> root{};  // 2^(1/2), 2^(1/4), ... with 63 bits after the point
    Wide square = Wide{1} << 127;
    for (auto& r : root) {
        for (int bit = 63; bit >= 0; --bit)
            if (const Wide next = r | Wide{1} << bit; next * next <= square) r |= std::uint64_t{1} << bit;
        square = Wide{r} << 63;
    }
    for (std::uint32_t j = 0; j < 256; ++j) {
        std::uint64_t power = kOne;
        for (std::uint32_t i = 0; i < 8; ++i)
            if (j >> (7 - i) & 1) power = static_cast<std::uint64_t>(Wide{power} * root[i] >> 63);
        t.edge[j] = (power - kOne) >> 11;
    }
    t.edge[256] = std::uint64_t{1} << 52;
    t.edge[257] = ~std::uint64_t{0};
    for (std::uint32_t j = 0; j < 256; ++j)
        t.parts[j] = static_cast<std::uint64_t>((Wide{1} << (64 + kPartBits)) / (t.edge[j + 1] - t.edge[j]));
    for (std::uint64_t high = 0, j = 0; high < 256; ++high) {
        while (t.edge[j + 1] < high << 44) ++j;
        t.first[high] = static_cast<std::uint8_t>(j);
    }
    return t;
}();

// Where a finite value above 0 stands: a power of two, and behind edge j of it up to the next one.
struct Place {
    std::int32_t exponent;
    std::uint32_t j;
    std::uint64_t mantissa;  // 0: at the power itself
};
inline Place place_of(double value) {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    auto exponent = static_cast<std::int32_t>(bits >> 52);
    std::uint64_t mantissa = bits & ((std::uint64_t{1} << 52) - 1);
    if (exponent == 0) [[unlikely]] {
        const int shift = std::countl_zero(mantissa) - 11;
        exponent = 1 - shift;
        mantissa = mantissa << shift & ((std::uint64_t{1} << 52) - 1);
    }
    std::uint32_t j = kTable.first[mantissa >> 44];
    j += kTable.edge[j + 1] < mantissa;
    j += kTable.edge[j + 1] < mantissa;
    return {exponent - 1023, j, mantissa};
}

// At the finest scale.
inline Index index_of(double value) {
    const Place at = place_of(value);
    const Index whole = at.exponent * (1 << kFinest);
    if (at.mantissa == 0) return whole;
    __extension__ using Wide = unsigned __int128;
    const auto part = static_cast<Index>(Wide{at.mantissa - kTable.edge[at.j] - 1} * kTable.parts[at.j] >> 64);
    return whole + static_cast<Index>(at.j << kPartBits) + part + 1;
}

// At the scale of the table, which is less work: index_of, coarser by kPartBits.
inline Index table_index_of(double value) {
    const Place at = place_of(value);
    return at.exponent * (1 << kTableScale) + static_cast<Index>(at.j) + (at.mantissa != 0);
}

inline Index coarser(Index index, int steps) {
    return static_cast<Index>((std::int64_t{index} + (std::int64_t{1} << steps) - 1) >> steps);
}

// The largest double in a bin.
inline double upper_edge(Index index, int scale) {
    const std::int64_t fine = std::int64_t{index} * (std::int64_t{1} << (kFinest - scale));
    if (fine >= kHighestIndex) return std::numeric_limits<double>::max();
    if (fine < kLowestIndex) return 0;
    const auto exponent = static_cast<int>(fine >> kFinest);
    const auto rest = static_cast<std::uint32_t>(fine & ((1 << kFinest) - 1));
    const std::uint32_t j = rest >> kPartBits, part = rest & ((1u << kPartBits) - 1);
    __extension__ using Wide = unsigned __int128;
    const Wide width = ((Wide{part} << 64) + kTable.parts[j] - 1) / kTable.parts[j];
    const std::uint64_t mantissa = kTable.edge[j] + static_cast<std::uint64_t>(width);
    if (exponent >= -1022) return std::bit_cast<double>((static_cast<std::uint64_t>(exponent + 1023) << 52) + mantissa);
    return std::bit_cast<double>((mantissa | std::uint64_t{1} << 52) >> (-1022 - exponent));
}

// The exponent of an upper edge.
inline int upper_exponent(Index index, int scale) {
    const std::int64_t fine = std::int64_t{index} * (std::int64_t{1} << (kFinest - scale));
    return static_cast<int>(std::clamp<std::int64_t>(fine, kLowestIndex, kHighestIndex) >> kFinest);
}

// The largest relative distance of a value from the middle of its bin.
inline double alpha(int scale) {
    if (scale <= kTableScale) return std::tanh(std::ldexp(0.34657359027997264, -scale));
    return std::ldexp(0.0027112750502025, kTableScale - scale - 1) + std::numeric_limits<double>::epsilon();
}

// The value whose largest relative distance from the values in (low, high] is the least; both ends are positive.
inline double middle(double low, double high) { return low * (2 / (1 + low / high)); }

}  // namespace sketch::hist
