// SPDX-License-Identifier: PostgreSQL
//
// Ranks: how many values a quantile sketch counts, and which of them a fraction asks for.
#pragma once

#include <cmath>
#include <cstdint>

namespace sketch {

// A sketch of more is refused, to the value: what would pass the limit is an error when it comes.
inline constexpr std::uint64_t kMaxValues = std::uint64_t{1} << 62;

// percentile_disc's convention: the first value, in order, at which at least this fraction of the n values has come.
// So 0 asks for the first row and 1 for the last; rows count from 1.
inline std::uint64_t row_of(double fraction, std::uint64_t n) {
    const double row = std::ceil(fraction * static_cast<double>(n));
    if (!(row > 1)) return 1;
    return row < static_cast<double>(n) ? static_cast<std::uint64_t>(row) : n;
}

}  // namespace sketch
