// SPDX-License-Identifier: PostgreSQL
//
// What the quantile rooms agree on: the order of float8 as PostgreSQL has it, and which row a fraction asks for.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace sketch {

// SQL's equal values as one: -0.0 is 0.0, and there is one NaN.
inline double one_zero(double value) { return value + 0.0; }
inline double canonical(double value) {
    return std::isnan(value) ? std::numeric_limits<double>::quiet_NaN() : one_zero(value);
}
inline bool is_canonical(double value) {
    return std::bit_cast<std::uint64_t>(value) == std::bit_cast<std::uint64_t>(canonical(value));
}

// NaN stands above everything, infinity included, and equals itself.
inline bool before(double a, double b) { return std::isnan(b) ? !std::isnan(a) : a < b; }

// percentile_disc's convention: the first value, in order, at which at least this fraction of the n values has come.
// So 0 asks for the first row and 1 for the last; rows count from 1.
inline std::uint64_t row_of(double fraction, std::uint64_t n) {
    const double row = std::ceil(fraction * static_cast<double>(n));
    if (!(row > 1)) return 1;
    return row < static_cast<double>(n) ? static_cast<std::uint64_t>(row) : n;
}

// The most values that a sketch counts, and the most with which it still takes single ones. Between the two lie more
// than anybody can add one by one, so that they need not be counted as they come.
inline constexpr std::uint64_t kMostValues = std::uint64_t{1} << 62;
inline constexpr std::uint64_t kFullOfValues = kMostValues - (std::uint64_t{1} << 52);

}  // namespace sketch
