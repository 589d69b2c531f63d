// SPDX-License-Identifier: PostgreSQL
//
// trend: which are the most active now? Counters that halve with every half-life, for up to 4 half-lives at once: the
// idea of streamdrill, with bounds, and mergeable.
//
// The score of an item at a moment t is the sum over its events of weight * 2^(-age / half_life). Forward decay
// (Cormode, Shkapenyuk, Srivastava, Xu, ICDE 2009): an event at t counts weight * 2^(t / half_life - landmark) at once,
// and only reading divides by what has passed since. Under such sums the bounds of heavy_hitters.hpp hold at every
// moment: with T half-lives and k entries, any item that has no entry scores at most total * T / k. Exact (to rounding)
// while there are at most k items.
//
// The landmark of a scale is a whole number of half-lives, so to move it is to multiply by a power of two, without
// rounding. Order, splits and merges therefore change a sum by no more than the rounding of additions; late events
// count as what they were. What is below 2^-900 of the newest half-life counts as 0.
//
// Header: p0 = T. Moments and durations are microseconds; moments count from 2000-01-01 UTC. In the head:
//
//   i64 latest     the newest event; the least int64 if there is none
//   i64 ahead      how far after the clock of its host an event may be: the kernel keeps it, the host asks
//   T times        i64 half_life, ascending; i64 landmark, of a trimmed image that of latest
//
// A row of the log begins with its moment and its weight. The rest is in heavy_hitters.hpp.
#pragma once

#include <limits>

#include "heavy_hitters/heavy_hitters.hpp"
#include "trend/decay.hpp"

namespace sketch {

class Trend : public Entries<Trend, 2> {
  public:
    class Reader;
    static constexpr std::uint8_t kKind = 'D';
    static constexpr std::uint8_t kVersion = 1;
    static constexpr std::uint32_t kDefaultK = 128;
    static constexpr std::int64_t kSecond = 1000000;
    static constexpr std::int64_t kDay = 86400 * kSecond;
    static constexpr std::int64_t kMaxDuration = 365250 * kDay;  // a thousand years
    static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::min();
    static constexpr std::int64_t kFirst = -211813488000000000, kEnd = 9223371331200000000;  // of PostgreSQL's moments
    static constexpr double kMinWeight = 1e-100;
    struct Params {
        int scales;
        std::int64_t half_lives[kMaxScales];
        std::uint32_t k;
        std::int64_t ahead;
    };

    using Entries::Entries;

    static std::size_t bytes_for(Params params) {
        return block_image(kHeaderBytes + kFixedHead + 16 + 32 * static_cast<std::size_t>(params.scales) +
                           8 * kLeastLog);
    }

    static Trend create(std::span<std::byte> room, Params params) {
        Trend s(room.data(), room.size());
        s.set_header(kKind, kVersion, kHashXxh3, static_cast<std::uint8_t>(params.scales), 0);
        s.start(params.k);
        s.set_latest(kNever);
        store(s.own() + 8, params.ahead);
        for (int t = 0; t < params.scales; ++t) store(s.scale_at(t), params.half_lives[t]);
        return s;
    }

    static Status check(std::span<const std::byte> image) {
        if (const Status status = check_header(image, kKind, kVersion); status != Status::ok) return status;
        const Trend s(image);
        if (s.scales() < 1 || s.scales() > kMaxScales || s.p1() != 0 || s.hash() != kHashXxh3)
            return Status::bad_parameter;
        if (image.size() < kHeaderBytes + s.head_bytes()) return Status::wrong_size;
        if (s.ahead() < 0 || s.ahead() > kMaxDuration) return Status::bad_parameter;
        for (int t = 0; t < s.scales(); ++t) {
            if (s.half_life(t) < (t == 0 ? kSecond : s.half_life(t - 1) + 1)) return Status::bad_parameter;
            if (s.half_life(t) > kMaxDuration) return Status::bad_parameter;
        }
        if (const Status status = s.check_body(); status != Status::ok) return status;
        return s.check_moments() ? Status::ok : Status::bad_content;
    }

    int scales() const { return p0(); }
    std::int64_t half_life(int scale) const { return load<std::int64_t>(scale_at(scale)); }
    std::int64_t latest() const { return load<std::int64_t>(own()); }
    std::int64_t ahead() const { return load<std::int64_t>(own() + 8); }

    // at: kFirst to kEnd - 1; weight: 0, or kMinWeight to kMaxWeight
    [[gnu::always_inline]] Status add(Item item, std::int64_t at, double weight = 1) {
        if (weight == 0) return Status::ok;
        return append(item, {static_cast<std::uint64_t>(at), std::bit_cast<std::uint64_t>(weight)});
    }

    // --- reading trimmed images -------------------------------------------------------------------------------------

    // By what stored weights are multiplied to be scores at a moment; before the newest event, at that.
    double decay_to(std::int64_t at, int scale) const {
        if (latest() == kNever) return 0;
        const decay::HalfLife h(half_life(scale));
        const decay::Moment m = h.moment(std::max(at, latest()));
        return power_of_two(landmark(scale) - m.whole) * h.loss(m);
    }

    // The entries from the most active to the least, at any moment: by what was counted for sure, then by what may be,
    // then by item. order has room for entries().
    void rank(std::span<std::uint32_t> order, int scale) const {
        for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
        std::sort(order.begin(), order.end(), [=, this](std::uint32_t a, std::uint32_t b) {
            if (lower(a, scale) != lower(b, scale)) return lower(a, scale) > lower(b, scale);
            if (upper(a, scale) != upper(b, scale)) return upper(a, scale) > upper(b, scale);
            return item(a) < item(b);
        });
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
        const double score = lower(i, 0) * decay;
        const double expected = upper(i, slow) / total(slow) * total(0) * decay;
        return {score, expected, (score - expected) / std::sqrt(1 + expected)};
    }

  private:
    friend Entries;
    friend Image;
    friend Log;
    friend Trim;

    std::size_t own_bytes() const { return 16 + 16 * static_cast<std::size_t>(scales()); }
    std::byte* scale_at(int scale) const {
        return image_ + kHeaderBytes + kFixedHead + 16 + 16 * static_cast<std::size_t>(scale);
    }
    std::int64_t landmark(int scale) const { return load<std::int64_t>(scale_at(scale) + 8); }
    void set_landmark(int scale, std::int64_t value) { store(scale_at(scale) + 8, value); }
    void set_latest(std::int64_t at) { store(own(), at); }
    std::int64_t whole_at(std::int64_t at, int scale) const {
        return decay::HalfLife(half_life(scale)).moment(at).whole;
    }

    // Weights may grow to so many half-lives after the landmark before it is moved.
    static constexpr std::int64_t kLead = 256;

    // The landmarks follow the newest of the rows first.
    void weigh(Batch& batch) {
        std::int64_t newest = latest();
        for (std::size_t i = 0; i < batch.rows; ++i) newest = std::max(newest, load<std::int64_t>(batch.row(i)));
        set_latest(newest);
        for (int t = 0; t < scales(); ++t) {
            const decay::HalfLife h(half_life(t));
            const std::int64_t whole = h.moment(newest).whole;
            if (total(t) == 0) set_landmark(t, whole);
            if (whole - landmark(t) > kLead) move_landmark(t, whole);
            weigh(batch, t, h, landmark(t));
        }
    }

    // In two loops, of which the second is vectorised. Most rows are of the half-life of the row before.
    static void weigh(Batch& batch, int scale, const decay::HalfLife h, std::int64_t landmark) {
        const std::size_t n = batch.rows;
        double* const weight = batch.weight[scale];
        double rest[kMostRows];
        std::int64_t begin = kEnd;
        double whole = 0;
        const std::byte* row = batch.first;
        for (std::size_t i = 0; i < n; ++i, row += 8 * kRow) {
            const auto at = load<std::int64_t>(row);
            if (!h.within(at, begin)) [[unlikely]] {
                const decay::Moment m = h.moment(at);
                begin = at - m.rest;
                whole = power_of_two(m.whole - landmark);
            }
            const decay::Exp2 gain = h.gain(at - begin);
            weight[i] = load<double>(row + 8) * whole * gain.step;
            rest[i] = gain.rest;
        }
        for (std::size_t i = 0; i < n; ++i) {
            const double scaled = weight[i] * decay::Exp2::of_rest(rest[i]);
            weight[i] = scaled < kTiny ? 0 : scaled;
        }
    }

    void move_landmark(int scale, std::int64_t to) {
        scale_down(scale, to - landmark(scale));
        set_landmark(scale, to);
    }

    // Both in terms of the later landmark.
    Status agree(const Trend& from, double* factors) {
        if (scales() != from.scales()) return Status::unlike;
        for (int t = 0; t < scales(); ++t)
            if (half_life(t) != from.half_life(t)) return Status::unlike;
        for (int t = 0; t < scales(); ++t) {
            factors[t] = 1;
            if (from.total(t) == 0) continue;
            if (total(t) == 0) set_landmark(t, from.landmark(t));
            if (from.landmark(t) > landmark(t)) move_landmark(t, from.landmark(t));
            factors[t] = power_of_two(from.landmark(t) - landmark(t));
        }
        set_latest(std::max(latest(), from.latest()));
        store(own() + 8, std::min(ahead(), from.ahead()));
        return Status::ok;
    }

    void bring_up() {
        if (latest() == kNever) return;
        for (int t = 0; t < scales(); ++t) move_landmark(t, whole_at(latest(), t));
    }

    bool check_moments() const {
        const bool none = item_kind() == ItemKind::none;
        if (none != (latest() == kNever)) return false;
        if (!none && (latest() < kFirst || latest() >= kEnd)) return false;
        for (int t = 0; t < scales(); ++t) {
            if (landmark(t) != (none ? 0 : whole_at(latest(), t))) return false;
            // The newest event alone counts so much.
            if (none ? total(t) != 0 : total(t) < kMinWeight) return false;
        }
        return true;
    }
};

// Answers questions about trimmed images.
class Trend::Reader : public Trend {
  public:
    explicit Reader(Trimmed<Trend> sketch) : Trend(sketch.image()) {}
};

static_assert(Kernel<Trend>);

}  // namespace sketch
