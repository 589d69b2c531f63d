// SPDX-License-Identifier: PostgreSQL
//
// trend, forward decay: what an event counts, relative to a landmark that follows the newest.
#pragma once

#include "trend/layout.hpp"

namespace sketch::trend {

// The layout, to be written.
class Clock : public Layout {
  public:
    using Layout::Layout;

    void set_latest(std::int64_t at) { store(own(), at); }
    void set_ahead(std::int64_t span) { store(own() + 8, span); }
    void set_half_life(int scale, std::int64_t span) { store(scale_at(scale), span); }
    void set_landmark(int scale, std::int64_t whole) { store(scale_at(scale) + 8, whole); }
    void move_landmark(int scale, std::int64_t to) {
        heavy_hitters::scale_down(summary(), scale, to - landmark(scale));
        set_landmark(scale, to);
    }
};

// Weights may grow to so many half-lives after the landmark before it is moved.
inline constexpr std::int64_t kLead = 256;

// In two loops, of which the second is vectorised. Most rows are of the half-life of the row before.
inline void weigh(Form::Batch& batch, int scale, const HalfLife h, std::int64_t landmark) {
    const std::size_t n = batch.rows;
    double* const weight = batch.weight[scale];
    double rest[Form::Batch::kMaxRows];
    std::int64_t begin = std::numeric_limits<std::int64_t>::max();
    double whole = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const std::byte* const row = batch.row(i);
        const auto at = load<std::int64_t>(row);
        if (!h.within(at, begin)) [[unlikely]] {
            const Moment m = h.moment(at);
            begin = at - m.rest;
            whole = power_of_two(m.whole - landmark);
        }
        const Exp2 gain = h.gain(at - begin);
        weight[i] = load<double>(row + 8) * whole * gain.step;
        rest[i] = gain.rest;
    }
    for (std::size_t i = 0; i < n; ++i) {
        const double scaled = weight[i] * Exp2::of_rest(rest[i]);
        weight[i] = scaled < heavy_hitters::kTiny ? 0 : scaled;
    }
}

// The landmarks follow the newest of the rows first.
inline void Form::weigh(Base& base, Batch& batch) {
    Clock s(base);
    std::int64_t newest = s.latest();
    for (std::size_t i = 0; i < batch.rows; ++i) newest = std::max(newest, load<std::int64_t>(batch.row(i)));
    s.set_latest(newest);
    for (int t = 0; t < s.scales(); ++t) {
        const HalfLife h(s.half_life(t));
        const std::int64_t whole = h.moment(newest).whole;
        if (s.total(t) == 0) s.set_landmark(t, whole);
        if (whole - s.landmark(t) > kLead) s.move_landmark(t, whole);
        trend::weigh(batch, t, h, s.landmark(t));
    }
}

// Both in terms of the later landmark.
inline Status Form::agree(Base& base, const Base& other, double* factors) {
    Clock to(base);
    const Layout from(other);
    if (to.scales() != from.scales()) return Status::unlike;
    for (int t = 0; t < to.scales(); ++t)
        if (to.half_life(t) != from.half_life(t)) return Status::unlike;
    for (int t = 0; t < to.scales(); ++t) {
        factors[t] = 1;
        if (from.total(t) == 0) continue;
        if (to.total(t) == 0) to.set_landmark(t, from.landmark(t));
        if (from.landmark(t) > to.landmark(t)) to.move_landmark(t, from.landmark(t));
        factors[t] = power_of_two(from.landmark(t) - to.landmark(t));
    }
    to.set_latest(std::max(to.latest(), from.latest()));
    to.set_ahead(std::min(to.ahead(), from.ahead()));
    return Status::ok;
}

inline void Form::normalize(Base& base) {
    Clock s(base);
    if (s.latest() == kNever) return;
    for (int t = 0; t < s.scales(); ++t) s.move_landmark(t, s.whole_at(s.latest(), t));
}

}  // namespace sketch::trend
