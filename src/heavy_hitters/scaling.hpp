// SPDX-License-Identifier: PostgreSQL
//
// Heavy hitters whose weights are relative to a scale that moves: to move it is to multiply by a power of two, without
// rounding.
#pragma once

#include "core/power_of_two.hpp"
#include "heavy_hitters/summary.hpp"

namespace sketch::heavy_hitters {

// What becomes smaller counts as 0: far from where doubles lose bits.
inline constexpr double kTiny = 0x1p-900;
inline double scaled(double value, double factor) {
    const double v = value * factor;
    return v < kTiny && factor != 1 ? 0 : v;
}

// Multiplies what a scale holds by 2^-shift.
inline void scale_down(const Summary& s, int scale, std::int64_t shift) {
    if (shift <= 0) return;
    const double factor = power_of_two(-shift);
    s.set_total(scale, scaled(s.total(scale), factor));
    s.set_floor(scale, scaled(s.floor(scale), factor));
    const std::uint32_t n = s.table.size();
    for (std::uint32_t i = 0; i < n; ++i) {
        s.table.set_upper(i, scale, scaled(s.table.upper(i, scale), factor));
        s.table.set_error(i, scale, scaled(s.table.error(i, scale), factor));
    }
    for (std::uint32_t i = 0; i < s.filter.count; ++i)
        store(s.filter.cell(i, scale), scaled(s.filter.bound(i, scale), factor));
}

}  // namespace sketch::heavy_hitters
