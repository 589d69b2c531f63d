// SPDX-License-Identifier: PostgreSQL
//
// What a trimmed histogram answers.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "core/bounds.hpp"
#include "core/float_order.hpp"
#include "hist/layout.hpp"
#include "hist/scale.hpp"

namespace sketch::hist {

class Answers : public Layout {
  public:
    using Layout::Layout;

    std::uint64_t nans() const {
        if (!exact()) return stored().head.nans;
        std::uint64_t n = 0;
        while (n < count() && std::isnan(exact_value(count() - 1 - n))) ++n;
        return n;
    }
    int scale() const { return exact() ? kFinest : stored().head.scale; }
    std::size_t bins() const { return exact() ? 0 : stored().bins(); }
    double alpha() const { return exact() ? 0 : hist::alpha(stored().head.scale); }

    // Of a sketch with at least one value; NaN stands above all others.
    double min() const { return value_at(1).estimate; }
    double max() const { return value_at(values()).estimate; }

    double total() const {
        double infinite = 0;
        for_each_bin([&](const Bin& bin) {
            if (!std::isfinite(bin.low)) infinite += bin.low;
        });
        if (!(infinite == 0)) return infinite;  // an infinity, or NaN
        Sum sum{};
        if (exact()) {
            for (std::uint32_t i = 0; i < count(); ++i) sum.add(exact_value(i));
            sum.carry();
        } else {
            stored().open_sum(sum);
        }
        return sum.value();
    }

    // Calls visit with every bin that is not empty, from the lowest values to the highest; NaNs come last.
    template <class Visit>
    void for_each_bin(Visit visit) const {
        if (!exact()) return stored().for_each_bin(visit);
        for (std::uint32_t i = 0, same; i < count(); i += same) {
            const double value = exact_value(i);
            for (same = 1; i + same < count() && !before(value, exact_value(i + same));) ++same;
            visit({value, value, same});
        }
    }

    // The value at this row of all, counted from 1, between the values where it certainly is.
    Bounds value_at(std::uint64_t row) const {
        const std::uint64_t numbers = values() - nans();
        if (!exact() && row <= numbers) {
            const Stored h = stored();
            if (row <= 1) return {h.head.min, h.head.min, h.head.min};
            if (row == numbers) return {h.head.max, h.head.max, h.head.max};
        }
        Bounds found{};
        for_each_bin([&](const Bin& bin) {
            if (row == 0) return;
            if (row > bin.count) {
                row -= bin.count;
                return;
            }
            row = 0;
            found = {bin.low, bin.middle(), bin.high};
        });
        return found;
    }
    Bounds bounds(double fraction) const { return value_at(row_of(fraction, values())); }
    double quantile(double fraction) const { return bounds(fraction).estimate; }

    // Which fraction of the values is at most this one. A bin counts in proportion to what lies below.
    double rank(double value) const {
        if (std::isnan(value)) return 1;
        double below = 0;
        for_each_bin([&](const Bin& bin) {
            if (std::isnan(bin.low) || bin.low > value) return;
            const double share = bin.high <= value ? 1 : (value - bin.low) / (bin.high - bin.low);
            below += share * static_cast<double>(bin.count);
        });
        return below / static_cast<double>(values());
    }
};

}  // namespace sketch::hist
