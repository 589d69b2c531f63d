// SPDX-License-Identifier: PostgreSQL
//
// trend, the readers.
#pragma once

#include "trend/layout.hpp"

namespace sketch {

class Trend;

namespace trend {

class Reader : public heavy_hitters::Reader<Layout> {
  public:
    explicit Reader(Trimmed<Trend> sketch) : heavy_hitters::Reader<Layout>(sketch.image(), kWeightRoundings) {}

    // By what stored weights are multiplied to be scores at a moment; before the newest event, at that.
    double decay_to(std::int64_t at, int scale) const {
        if (latest() == kNever) return 0;
        const HalfLife h(half_life(scale));
        const Moment m = h.moment(std::max(at, latest()));
        return power_of_two(landmark(scale) - m.whole) * h.loss(m);
    }

    // How far an item is, in the fastest scale, above what its share of the slowest makes expect: in standard
    // deviations of events that come at random, with one event as the least. Shares, because a slow scale takes long to
    // fill, and because all items together come and go. What was counted for sure stands against the most that is
    // possible.
    struct Burst {
        double score, expected, strength;
    };
    Burst burst(std::uint32_t i) const {
        const int slow = scales() - 1;
        const double decay = decay_to(latest(), 0);
        const double score = estimate(i, 0) * decay;
        const double expected = upper(i, slow) / total(slow) * total(0) * decay;
        return {score, expected, (score - expected) / std::sqrt(1 + expected)};
    }

  private:
    // 2^x costs a weight, when it comes, and a bound, when it is read: the share of a half-life is rounded twice, which
    // its power feels less; the table, the polynomial and the products round seven times.
    static constexpr double kWeightRoundings = 20;
};

}  // namespace trend
}  // namespace sketch
