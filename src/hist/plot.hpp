// SPDX-License-Identifier: PostgreSQL
//
// A histogram as a few bars: at a scale so coarse that they fit a screen, with the empty ones between the others.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "hist/bins.hpp"
#include "hist/hist.hpp"
#include "hist/scale.hpp"

namespace sketch::hist {

inline constexpr int kMostBars = 24;  // four of them for zero, both infinities and NaN

struct Bars {
    int n = 0;
    Bin bar[kMostBars];
};

inline Bars bars_of(const Hist& s) {
    Body whole;
    whole.scale = s.scale();
    Extent extent;
    const auto each_finite = [&s](auto visit) {
        s.for_each_bin([&](const Bin& bin) {
            if (std::isfinite(bin.low) && bin.low != 0) visit(bin, index_of(std::fabs(bin.low)));
        });
    };
    int filled = 0;
    each_finite([&](const Bin& bin, Index i) {
        Interval& side = extent.side[bin.low < 0];
        side = side.joined({i, i});
        ++filled;
    });
    // Few values do not become many bars with nothing in them.
    const int scale = whole.scale_with(extent, std::clamp(2 * filled, 4, kMostBars - 4));

    Bars bars;
    int first[2];  // the bars of the innermost bins of both sides
    const auto side_of = [&](int n) { return extent.side[n].coarser(kFinest - scale); };
    const auto specials = [&](auto wanted) {
        s.for_each_bin([&](const Bin& bin) {
            if (wanted(bin.low)) bars.bar[bars.n++] = bin;
        });
    };
    const auto edge_after = [&](Index i) {
        return std::bit_cast<double>(std::bit_cast<std::uint64_t>(upper_edge(i, scale)) + 1);
    };
    specials([](double low) { return low == -std::numeric_limits<double>::infinity(); });
    const Interval negative = side_of(1), positive = side_of(0);
    for (Index i = negative.high; i >= negative.low; --i)
        bars.bar[bars.n++] = {-upper_edge(i, scale), -edge_after(i - 1), 0};
    first[1] = bars.n - 1;
    specials([](double low) { return low == 0; });
    first[0] = bars.n;
    for (Index i = positive.low; i <= positive.high; ++i)
        bars.bar[bars.n++] = {edge_after(i - 1), upper_edge(i, scale), 0};
    specials([](double low) { return low == std::numeric_limits<double>::infinity(); });
    specials([](double low) { return std::isnan(low); });

    double least = std::numeric_limits<double>::infinity(), most = -least;
    each_finite([&](const Bin& bin, Index i) {
        const Index at = coarser(i, kFinest - scale);
        bars.bar[bin.low < 0 ? first[1] - (at - negative.low) : first[0] + (at - positive.low)].count += bin.count;
        least = std::min(least, bin.low);
        most = std::max(most, bin.high);
    });
    for (int i = 0; i < bars.n; ++i) {
        Bin& bar = bars.bar[i];
        if (!std::isfinite(bar.low) || bar.low == 0) continue;
        bar.low = std::max(bar.low, least);
        bar.high = std::min(bar.high, most);
    }
    return bars;
}

}  // namespace sketch::hist
