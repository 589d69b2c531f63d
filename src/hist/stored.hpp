// SPDX-License-Identifier: PostgreSQL
//
// The stored form of a histogram (its bytes: hist.hpp), canonical: equal histograms have equal bytes.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/float_order.hpp"
#include "core/kernel.hpp"
#include "hist/bins.hpp"
#include "hist/scale.hpp"
#include "hist/sum.hpp"

namespace sketch::hist {

struct StoredHead {
    std::int8_t scale;
    std::uint8_t width;        // of a counter: 2^width bytes
    std::uint16_t first_limb;  // of the sum
    std::uint16_t bins[2];     // positive, negative
    Index low[2];              // the first bin of each, 0 where there is none
    std::uint64_t zeros, nans, low_infinities, infinities;
    double min, max;  // 0 where all values are NaN
};
static_assert(sizeof(StoredHead) == 64);

// The values in [low, high]; NaNs have NaN for both.
struct Bin {
    double low, high;
    std::uint64_t count;

    double middle() const {
        if (!(low < high)) return low;
        return low > 0 ? hist::middle(low, high) : -hist::middle(-high, -low);
    }
};

class Stored {
  public:
    Stored(const std::byte* at, std::uint32_t limbs)
        : head(load<StoredHead>(at)),
          limbs_(at + sizeof(StoredHead)),
          limb_count_(limbs),
          counters_(limbs_ + limbs * sizeof(std::uint32_t)) {}

    const StoredHead head;

    std::size_t bins() const { return std::size_t{head.bins[0]} + head.bins[1]; }
    Interval used(int n) const {
        return head.bins[n] == 0 ? Interval{} : Interval{head.low[n], head.low[n] + head.bins[n] - 1};
    }
    Extent extent() const { return extent_at(used(0), used(1), head.scale); }

    template <class Visit>
    void for_each_counter(int n, Visit visit) const {
        switch (head.width) {
            case 0: return each<std::uint8_t>(n, visit);
            case 1: return each<std::uint16_t>(n, visit);
            case 2: return each<std::uint32_t>(n, visit);
            default: return each<std::uint64_t>(n, visit);
        }
    }

    std::uint64_t total() const {
        std::uint64_t sum = head.zeros + head.nans + head.low_infinities + head.infinities;
        for (int n = 0; n < 2; ++n) for_each_counter(n, [&](Index, std::uint64_t count) { sum += count; });
        return sum;
    }

    // What stands in the head of a working image.
    Body body() const {
        Body b;
        b.total = total();
        b.zeros = head.zeros;
        b.nans = head.nans;
        b.low_infinities = head.low_infinities;
        b.infinities = head.infinities;
        if (b.total != b.nans) {
            b.min = head.min;
            b.max = head.max;
        }
        b.scale = head.scale;
        return b;
    }

    void open_sum(Sum& sum) const {
        std::memset(&sum, 0, sizeof sum);
        std::uint32_t last = 0;
        for (std::uint32_t i = 0; i < limb_count_; ++i)
            sum.limb[head.first_limb + i] = last = load<std::uint32_t>(limbs_ + i * sizeof last);
        if (last >> 31 == 0) return;
        for (std::uint32_t i = head.first_limb + limb_count_; i < kLimbs; ++i) sum.limb[i] = 0xFFFFFFFF;
        sum.limb[kLimbs - 1] = static_cast<std::int32_t>(sum.limb[kLimbs - 1]);
    }

    void open(Body& to, Sum& sum, std::uint64_t* counters) const {
        to = body();
        open_sum(sum);
        for (int n = 0; n < 2; ++n) {
            to.side[n] = {used(n).empty() ? 0 : head.low[n], head.bins[n], used(n)};
            for_each_counter(n, [&](Index, std::uint64_t count) { *counters++ = count; });
        }
    }

    template <class Visit>
    void for_each_bin(Visit visit) const {
        constexpr double kInfinity = std::numeric_limits<double>::infinity();
        if (head.low_infinities != 0) visit(Bin{-kInfinity, -kInfinity, head.low_infinities});
        for (int i = head.bins[1]; i-- > 0;) {
            const std::uint64_t count = counter(head.bins[0] + static_cast<std::size_t>(i));
            if (count == 0) continue;
            const Bin mirrored = bin(head.low[1] + i, count);
            visit(within(Bin{-mirrored.high, -mirrored.low, count}));
        }
        if (head.zeros != 0) visit(Bin{0, 0, head.zeros});
        for (int i = 0; i < head.bins[0]; ++i) {
            const std::uint64_t count = counter(static_cast<std::size_t>(i));
            if (count != 0) visit(within(bin(head.low[0] + i, count)));
        }
        if (head.infinities != 0) visit(Bin{kInfinity, kInfinity, head.infinities});
        if (head.nans != 0) {
            constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
            visit(Bin{kNaN, kNaN, head.nans});
        }
    }

    std::uint64_t counter(std::size_t i) const {
        const std::byte* const at = counters_ + (i << head.width);
        switch (head.width) {
            case 0: return load<std::uint8_t>(at);
            case 1: return load<std::uint16_t>(at);
            case 2: return load<std::uint32_t>(at);
            default: return load<std::uint64_t>(at);
        }
    }

  private:
    template <class Counter, class Visit>
    void each(int n, Visit visit) const {
        const std::byte* at = counters_ + (n != 0 ? head.bins[0] : 0) * sizeof(Counter);
        for (Index i = 0; i < head.bins[n]; ++i, at += sizeof(Counter)) visit(head.low[n] + i, load<Counter>(at));
    }

    Bin bin(Index i, std::uint64_t count) const {
        const double below = upper_edge(i - 1, head.scale);
        return {std::bit_cast<double>(std::bit_cast<std::uint64_t>(below) + 1), upper_edge(i, head.scale), count};
    }
    Bin within(Bin b) const { return {std::max(b.low, head.min), std::min(b.high, head.max), b.count}; }

    const std::byte* limbs_;
    std::uint32_t limb_count_;
    const std::byte* counters_;
};

// --- writing: from a settled working histogram -----------------------------------------------------------------------

inline int counter_width(const Body& body, const std::uint64_t* counters) {
    std::uint64_t all = 0;
    for (std::size_t i = 0; i < body.side[0].width + body.side[1].width; ++i) all |= counters[i];
    return all >> 8 == 0 ? 0 : all >> 16 == 0 ? 1 : all >> 32 == 0 ? 2 : 3;
}

inline std::size_t stored_bytes(const Body& body, const Sum& sum, const std::uint64_t* counters) {
    const std::size_t bins = body.side[0].used.bins() + body.side[1].used.bins();
    return sizeof(StoredHead) + static_cast<std::size_t>(sum.end() - sum.first()) * sizeof(std::uint32_t) +
           (bins << counter_width(body, counters));
}

// Returns the number of limbs.
inline std::size_t store_bins(const Body& body, const Sum& sum, const std::uint64_t* counters, std::byte* to) {
    StoredHead head{};
    head.scale = static_cast<std::int8_t>(body.scale);
    head.width = static_cast<std::uint8_t>(counter_width(body, counters));
    head.first_limb = static_cast<std::uint16_t>(sum.first());
    for (int n = 0; n < 2; ++n) {
        const Interval used = body.side[n].used;
        head.bins[n] = static_cast<std::uint16_t>(used.bins());
        head.low[n] = used.empty() ? 0 : used.low;
    }
    head.zeros = body.zeros;
    head.nans = body.nans;
    head.low_infinities = body.low_infinities;
    head.infinities = body.infinities;
    if (body.nans != body.total) {
        head.min = body.min;
        head.max = body.max;
    }
    store(to, head);
    to += sizeof head;
    const int limbs = sum.end() - sum.first();
    for (int i = 0; i < limbs; ++i, to += sizeof(std::uint32_t))
        store(to, static_cast<std::uint32_t>(sum.limb[sum.first() + i]));
    const std::size_t bytes = std::size_t{1} << head.width;
    for (int n = 0; n < 2; ++n) {
        const Side& side = body.side[n];
        for (Index i = side.used.low; i <= side.used.high; ++i, to += bytes)
            std::memcpy(to, counters + (i - side.base), bytes);
        counters += side.width;
    }
    return static_cast<std::size_t>(limbs);
}

// --- check -----------------------------------------------------------------------------------------------------------

// Below the normal doubles, where they stand apart, a fine bin may fall between two of them.
inline bool holds_doubles(Index i, int scale) {
    constexpr std::int64_t kNormal = -1022 * (std::int64_t{1} << kFinest);
    if (std::int64_t{i} * (std::int64_t{1} << (kFinest - scale)) > kNormal) return true;
    return upper_edge(i - 1, scale) < upper_edge(i, scale);
}

inline Status check_stored(const std::byte* at, std::size_t bytes, std::uint32_t limbs, int max_bins,
                           std::uint64_t exact_limit) {
    if (bytes < sizeof(StoredHead) || limbs > kLimbs) return Status::wrong_size;
    const auto h = load<StoredHead>(at);
    const std::size_t bins = std::size_t{h.bins[0]} + h.bins[1];
    if (h.width > 3) return Status::bad_content;
    if (bytes != sizeof h + limbs * sizeof(std::uint32_t) + (bins << h.width)) return Status::wrong_size;

    // The scale is the finest that fits: one step finer, the bins would be at most twice as many.
    if (h.scale < kCoarsest || h.scale > kFinest || bins > static_cast<std::size_t>(max_bins))
        return Status::bad_content;
    if (h.scale < kFinest && 2 * bins <= static_cast<std::size_t>(max_bins)) return Status::bad_content;

    const Stored s(at, limbs);
    const Index lowest = coarser(kLowestIndex, kFinest - h.scale), highest = coarser(kHighestIndex, kFinest - h.scale);
    std::uint64_t largest = 0, total = 0;
    for (const std::uint64_t count : {h.zeros, h.nans, h.low_infinities, h.infinities}) {
        if (count > kMostValues) return Status::bad_content;
        total += count;
    }
    for (int n = 0; n < 2; ++n) {
        if (h.bins[n] == 0) {
            if (h.low[n] != 0) return Status::bad_content;
            continue;
        }
        if (h.low[n] < lowest || h.low[n] > highest || h.bins[n] - 1 > highest - h.low[n]) return Status::bad_content;
        const std::size_t first = n != 0 ? h.bins[0] : 0;
        if (s.counter(first) == 0 || s.counter(first + h.bins[n] - 1) == 0) return Status::bad_content;
        for (std::size_t i = first; i < first + h.bins[n]; ++i) {
            const std::uint64_t count = s.counter(i);
            if (count > kMostValues) return Status::bad_content;
            total = std::min(total + count, 2 * kMostValues);
            largest |= count;
            if (count != 0 && !holds_doubles(h.low[n] + static_cast<Index>(i - first), h.scale))
                return Status::bad_content;
        }
    }
    if (total <= exact_limit || total > kMostValues) return Status::bad_content;
    if (h.width > 0 && largest >> (4 << h.width) == 0) return Status::bad_content;

    // The ends are in the outermost bins.
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    if (!is_canonical(h.min) || !is_canonical(h.max) || !(h.min <= h.max)) return Status::bad_content;
    const auto in_bin = [&](double value, Index i) {
        return value > 0 && value < kInfinity && coarser(index_of(value), kFinest - h.scale) == i;
    };
    const Index high[2] = {h.low[0] + h.bins[0] - 1, h.low[1] + h.bins[1] - 1};
    const bool max_fits = h.infinities != 0 ? h.max == kInfinity
                          : h.bins[0] != 0  ? in_bin(h.max, high[0])
                          : h.zeros != 0    ? h.max == 0
                          : h.bins[1] != 0  ? in_bin(-h.max, h.low[1])
                                            : h.max == (h.low_infinities != 0 ? -kInfinity : 0);
    const bool min_fits = h.low_infinities != 0 ? h.min == -kInfinity
                          : h.bins[1] != 0      ? in_bin(-h.min, high[1])
                          : h.zeros != 0        ? h.min == 0
                          : h.bins[0] != 0      ? in_bin(h.min, h.low[0])
                                                : h.min == (h.infinities != 0 ? kInfinity : 0);
    if (!max_fits || !min_fits) return Status::bad_content;

    // The sum is written as short as it can be.
    if (h.first_limb + limbs > kLimbs || (limbs == 0 && h.first_limb != 0) || (bins == 0 && limbs != 0))
        return Status::bad_content;
    Sum sum;
    s.open_sum(sum);
    if (sum.first() != h.first_limb || sum.end() - sum.first() != static_cast<int>(limbs)) return Status::bad_content;

    // And it is no larger than so many of the largest values make.
    Sum most{}, above, below = sum;
    for (int n = 0; n < 2; ++n)
        if (h.bins[n] != 0) most.add_times(upper_edge(high[n], h.scale), total);
    most.carry();
    above = most;
    above.subtract(sum);
    above.carry();
    below.add(most);
    below.carry();
    return above.negative() || below.negative() ? Status::bad_content : Status::ok;
}

}  // namespace sketch::hist
