// SPDX-License-Identifier: PostgreSQL
//
// The order of float8 as PostgreSQL has it.
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

}  // namespace sketch
