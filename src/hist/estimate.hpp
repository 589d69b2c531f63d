// SPDX-License-Identifier: PostgreSQL
//
// What a histogram answers.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "core/bounds.hpp"
#include "core/float_order.hpp"
#include "core/kernel.hpp"
#include "core/rank.hpp"
#include "hist/layout.hpp"
#include "hist/scale.hpp"

namespace sketch {
class Hist;
}

namespace sketch::hist {

class Reader : public Layout {
  public:
    explicit Reader(Trimmed<Hist> sketch) : Layout(sketch.image()) {}

    bool empty() const { return exact() && count() == 0; }
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
    double min() const {
        if (exact()) return exact_value(0);
        return stored().only_nans() ? std::numeric_limits<double>::quiet_NaN() : stored().head.min;
    }
    double max() const {
        if (exact()) return exact_value(count() - 1);
        return stored().head.nans != 0 ? std::numeric_limits<double>::quiet_NaN() : stored().head.max;
    }

    // The sum: an infinity, or NaN, where some value is not finite.
    double total() const {
        double infinite = 0;
        Sum sum{};
        if (exact()) {
            for (std::uint32_t i = 0; i < count(); ++i) {
                const double value = exact_value(i);
                if (std::isfinite(value))
                    sum.add(value);
                else
                    infinite += value;
            }
            sum.carry();
        } else {
            constexpr double kInfinity = std::numeric_limits<double>::infinity();
            const Stored h = stored();
            if (h.head.low_infinities != 0) infinite -= kInfinity;
            if (h.head.infinities != 0) infinite += kInfinity;
            if (h.head.nans != 0) infinite = std::numeric_limits<double>::quiet_NaN();
            h.open_sum(sum);
        }
        return infinite == 0 ? sum.value() : infinite;
    }

    // Calls visit with every bin that is not empty, from the lowest values to the highest, until it answers false; NaNs
    // come last.
    template <class Visit>
    void for_each_bin(Visit visit) const {
        if (!exact()) return stored().for_each_bin(visit);
        for (std::uint32_t i = 0, same; i < count(); i += same) {
            const double value = exact_value(i);
            for (same = 1; i + same < count() && !before(value, exact_value(i + same));) ++same;
            if (!visit(Bin{value, value, same})) return;
        }
    }

    // Answers questions one after another, in one pass: fractions that do not fall, or values that do not.
    class Cursor {
      public:
        explicit Cursor(const Reader& s, std::size_t = 1)
            : s_(s), stored_(s.exact() ? Stored() : s.stored()), values_(s.exact() ? s.count() : stored_.total()) {}

        // The value at this fraction, between the values where it certainly is.
        Bounds bounds(double fraction) {
            const std::uint64_t row = row_of(fraction, values_);
            const auto certain = [](double value) { return Bounds{value, value, value}; };
            if (s_.exact()) return certain(s_.exact_value(row - 1));
            const StoredHead& h = stored_.head;
            if (row <= values_ - h.nans) {
                if (row == 1) return certain(h.min);
                if (row == values_ - h.nans) return certain(h.max);
            }
            stored_.walk_to_row(place_, row);
            const Bin bin = stored_.bin(place_.cell);
            return {bin.low, bin.middle(), bin.high};
        }
        double quantile(double fraction) { return bounds(fraction).estimate; }

        // Which fraction of the values is at most this one. A bin counts in proportion to what lies below.
        double rank(double value) {
            if (std::isnan(value)) return 1;
            double below;
            if (s_.exact()) {
                while (place_.cell < values_ && !before(value, s_.exact_value(place_.cell))) ++place_.cell;
                below = static_cast<double>(place_.cell);
            } else {
                stored_.walk_to(place_, stored_.cell_of(value));
                below = static_cast<double>(place_.below) + part_of(stored_.bin(place_.cell), value);
            }
            return below / static_cast<double>(values_);
        }

      private:
        static double part_of(const Bin& bin, double value) {
            if (bin.count == 0 || bin.low > value) return 0;
            const double share = bin.high <= value ? 1 : (value - bin.low) / (bin.high - bin.low);
            return share * static_cast<double>(bin.count);
        }

        const Reader& s_;
        const Stored stored_;
        const std::uint64_t values_;
        Stored::Place place_;
    };

    // Of a sketch with at least one value.
    Bounds bounds(double fraction) const { return Cursor(*this).bounds(fraction); }
    double quantile(double fraction) const { return bounds(fraction).estimate; }
    double rank(double value) const { return Cursor(*this).rank(value); }
};

}  // namespace sketch::hist
