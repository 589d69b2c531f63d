// SPDX-License-Identifier: PostgreSQL
//
// 2^n as a double, by its bits.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

namespace sketch {

// Exact from -1022 to 1023; 0 below, and 2^1023 above.
inline double power_of_two(std::int64_t exponent) {
    const std::int64_t biased = exponent + 1023;
    return std::bit_cast<double>(static_cast<std::uint64_t>(std::clamp<std::int64_t>(biased, 0, 2046)) << 52);
}

}  // namespace sketch
