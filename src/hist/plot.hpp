// SPDX-License-Identifier: PostgreSQL
//
// A histogram as a few bars: at a scale so coarse that they fit a screen, with the empty ones between the others.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "hist/bins.hpp"
#include "hist/estimate.hpp"
#include "hist/scale.hpp"

namespace sketch::hist {

inline constexpr int kMaxBars = 24;  // four of them for zero, both infinities and NaN

class Bars {
  public:
    explicit Bars(const Reader& s) {
        choose_scale(s);
        lay_out(s);
        fill(s);
        for (int i = 0; i < n_; ++i) clip(bar_[i]);
    }

    int n() const { return n_; }
    const Bin& operator[](int i) const { return bar_[i]; }

  private:
    static bool ordinary(const Bin& bin) { return std::isfinite(bin.low) && bin.low != 0; }
    static Index finest_index(const Bin& bin) { return index_of(std::fabs(bin.low)); }

    // Few values do not become many bars with nothing in them.
    void choose_scale(const Reader& s) {
        Extent extent;
        int filled = 0;
        s.for_each_bin([&](const Bin& bin) {
            if (!ordinary(bin)) return true;
            Interval& side = extent.side[bin.low < 0];
            side = side.joined({finest_index(bin), finest_index(bin)});
            least_ = std::min(least_, bin.low);
            most_ = std::max(most_, bin.high);
            ++filled;
            return true;
        });
        Body whole;
        whole.scale = s.scale();
        scale_ = whole.scale_with(extent, std::clamp(2 * filled, 4, kMaxBars - 4));
        for (int n = 0; n < 2; ++n) side_[n] = extent.side[n].coarser(kFinest - scale_);
    }

    // All bars in order, those of the ordinary values with nothing in them so far.
    void lay_out(const Reader& s) {
        constexpr double kInfinity = std::numeric_limits<double>::infinity();
        add_special(s, [](double low) { return low == -kInfinity; });
        for (Index i = side_[1].high; i >= side_[1].low; --i) add({-upper_edge(i, scale_), -edge_after(i - 1), 0});
        innermost_[1] = n_ - 1;
        add_special(s, [](double low) { return low == 0; });
        innermost_[0] = n_;
        for (Index i = side_[0].low; i <= side_[0].high; ++i) add({edge_after(i - 1), upper_edge(i, scale_), 0});
        add_special(s, [](double low) { return low == kInfinity; });
        add_special(s, [](double low) { return std::isnan(low); });
    }
    template <class Wanted>
    void add_special(const Reader& s, Wanted wanted) {
        s.for_each_bin([&](const Bin& bin) {
            if (wanted(bin.low)) add(bin);
            return true;
        });
    }
    void add(const Bin& bar) { bar_[n_++] = bar; }
    double edge_after(Index i) const {
        return std::bit_cast<double>(std::bit_cast<std::uint64_t>(upper_edge(i, scale_)) + 1);
    }

    void fill(const Reader& s) {
        s.for_each_bin([&](const Bin& bin) {
            if (!ordinary(bin)) return true;
            const bool negative = bin.low < 0;
            const int outward = coarser(finest_index(bin), kFinest - scale_) - side_[negative].low;
            bar_[innermost_[negative] + (negative ? -outward : outward)].count += bin.count;
            return true;
        });
    }

    // To the values that there are.
    void clip(Bin& bar) const {
        if (!ordinary(bar)) return;
        bar.low = std::max(bar.low, least_);
        bar.high = std::min(bar.high, most_);
    }

    int n_ = 0, scale_ = kFinest;
    int innermost_[2];  // the bars of the innermost bins: positive, negative
    Interval side_[2];
    double least_ = std::numeric_limits<double>::infinity(), most_ = -least_;
    Bin bar_[kMaxBars];
};

}  // namespace sketch::hist
