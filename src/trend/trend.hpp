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
// A row of the log begins with its moment and its weight. The rest is in heavy_hitters/heavy_hitters.hpp.
#pragma once

#include "trend/estimate.hpp"
#include "trend/weigh.hpp"

namespace sketch {

class Trend : public heavy_hitters::State<trend::Form> {
  public:
    using Reader = trend::Reader;
    static constexpr std::uint8_t kKind = 'D';
    static constexpr std::uint8_t kVersion = 1;
    static constexpr std::uint32_t kDefaultK = 128;
    static constexpr int kMaxScales = heavy_hitters::kMaxScales;
    static constexpr std::int64_t kSecond = 1000000;
    static constexpr std::int64_t kDay = 86400 * kSecond;
    static constexpr std::int64_t kMaxDuration = 365250 * kDay;  // a thousand years
    static constexpr std::int64_t kNever = trend::kNever;
    static constexpr std::int64_t kFirst = -211813488000000000, kEnd = 9223371331200000000;  // of PostgreSQL's moments
    static constexpr double kMinWeight = 1e-100;
    struct Params {
        int scales;
        std::int64_t half_lives[kMaxScales];
        std::uint32_t k;
        std::int64_t ahead;
        bool operator==(const Params&) const = default;
    };

    using State::State;

    static std::size_t bytes_for(Params params) { return first_bytes(params.scales, heavy_hitters::kMinLog); }

    Params params() const {
        const trend::Layout layout(*this);
        Params params{scales(), {}, k(), ahead()};
        for (int t = 0; t < scales(); ++t) params.half_lives[t] = layout.half_life(t);
        return params;
    }

    static Trend create(std::span<std::byte> room, Params params) {
        Trend s(room.data(), room.size());
        s.set_header(kKind, kVersion, kHashXxh3, static_cast<std::uint8_t>(params.scales), 0);
        s.start(params.k);
        trend::Clock clock(s);
        clock.set_latest(kNever);
        clock.set_ahead(params.ahead);
        for (int t = 0; t < params.scales; ++t) clock.set_half_life(t, params.half_lives[t]);
        return s;
    }

    bool empty() const { return settled() && entries() == 0 && latest() == kNever; }

    static Status check(std::span<const std::byte> image) {
        if (const Status status = check_header(image, kKind, kVersion); status != Status::ok) return status;
        const Trend s(image);
        if (s.scales() < 1 || s.scales() > kMaxScales || s.p1() != 0 || s.hash() != kHashXxh3)
            return Status::bad_parameter;
        if (image.size() < s.head_bytes()) return Status::wrong_size;
        const trend::Layout layout(s);
        if (!durations_are_valid(layout)) return Status::bad_parameter;
        const Status status = heavy_hitters::Stored<trend::Form>(image).check_body();
        if (status != Status::ok) return status;
        return moments_are_valid(layout) ? Status::ok : Status::bad_content;
    }

    std::int64_t latest() const { return trend::Layout(*this).latest(); }
    std::int64_t ahead() const { return trend::Layout(*this).ahead(); }

    // at: kFirst to kEnd - 1; weight: 0, or kMinWeight to kMaxWeight
    [[gnu::always_inline]] Status add(Item item, std::int64_t at, double weight = 1) {
        if (weight == 0) return Status::ok;
        return append(item, {static_cast<std::uint64_t>(at), std::bit_cast<std::uint64_t>(weight)});
    }

    Trend relay(std::span<std::byte> room) const {
        relay_to(room);
        return {room.data(), room.size()};
    }

  private:
    static bool durations_are_valid(const trend::Layout& s) {
        for (int t = 0; t < s.scales(); ++t) {
            if (s.half_life(t) < (t == 0 ? kSecond : s.half_life(t - 1) + 1)) return false;
            if (s.half_life(t) > kMaxDuration) return false;
        }
        return s.ahead() >= 0 && s.ahead() <= kMaxDuration;
    }

    static bool moments_are_valid(const trend::Layout& s) {
        const bool none = s.item_kind() == ItemKind::none;
        if (none != (s.latest() == kNever)) return false;
        if (!none && (s.latest() < kFirst || s.latest() >= kEnd)) return false;
        for (int t = 0; t < s.scales(); ++t) {
            if (s.landmark(t) != (none ? 0 : s.whole_at(s.latest(), t))) return false;
            // The newest event alone counts so much.
            if (none ? s.total(t) != 0 : s.total(t) < kMinWeight) return false;
        }
        return true;
    }
};

static_assert(Kernel<Trend>);

}  // namespace sketch
