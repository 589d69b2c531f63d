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
#include <type_traits>

#include "core/float_order.hpp"
#include "core/kernel.hpp"
#include "core/rank.hpp"
#include "hist/bins.hpp"
#include "hist/scale.hpp"
#include "hist/sum.hpp"

namespace sketch::hist {

struct StoredHead {
    std::int8_t scale;
    std::uint8_t width;       // of a counter: 2^width bytes
    std::uint8_t first_limb;  // of the sum
    std::uint8_t flags;       // kWhole
    std::uint16_t bins[2];    // positive, negative
    Index low[2];             // the first bin of each, 0 where there is none
    std::uint64_t zeros, nans, low_infinities, infinities;
    double min, max;  // 0 where all values are NaN
};
static_assert(sizeof(StoredHead) == 64 && kLimbs < 256);

// All finite values are whole numbers.
inline constexpr std::uint8_t kWhole = 1;

// The values in [low, high]; NaNs have NaN for both.
struct Bin {
    double low, high;
    std::uint64_t count;

    double middle() const {
        if (!(low < high)) return low;
        return low > 0 ? hist::middle(low, high) : -hist::middle(-high, -low);
    }
};

// A view of the payload. What it counts stands in *cells*, in the order of their values: the low infinities, the
// negative bins, the zeros, the positive bins, the infinities, the NaNs.
class Stored {
  public:
    Stored() : head{}, limbs_(nullptr), limb_count_(0), counters_(nullptr) {}
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
    bool whole() const { return (head.flags & kWhole) != 0; }
    bool only_nans() const { return bins() == 0 && (head.zeros | head.low_infinities | head.infinities) == 0; }

    template <class Visit>
    void for_each_counter(int n, Visit visit) const {
        with_width([&]<class Counter>(Counter) {
            const std::byte* at = counters_ + (n != 0 ? head.bins[0] : 0) * sizeof(Counter);
            const Index low = head.low[n], end = low + head.bins[n];  // which what visit stores does not change
            for (Index i = low; i < end; ++i, at += sizeof(Counter)) visit(i, load<Counter>(at));
        });
    }
    std::uint64_t counter(std::size_t i) const {
        return with_width([&]<class Counter>(Counter) -> std::uint64_t { return load_counter<Counter>(i); });
    }

    std::uint64_t total() const {
        const std::uint64_t others = head.zeros + head.nans + head.low_infinities + head.infinities;
        return with_width([&]<class Counter>(Counter) {
            const std::size_t whole = bins() / kBlock * kBlock;
            std::uint64_t sum = others;
            for (std::size_t i = 0; i < whole; i += kBlock)
                sum += sum_of_block<Counter>(counters_ + i * sizeof(Counter));
            for (std::size_t i = whole; i < bins(); ++i) sum += load_counter<Counter>(i);
            return sum;
        });
    }

    // --- cells ------------------------------------------------------------------------------------------------------

    // Cells, and how many values stand in those below.
    struct Place {
        std::size_t cell = 0;
        std::uint64_t below = 0;
    };

    std::size_t zero_cell() const { return std::size_t{1} + head.bins[1]; }
    std::size_t infinity_cell() const { return zero_cell() + 1 + head.bins[0]; }
    std::size_t cells() const { return infinity_cell() + 2; }

    // The cell where a number belongs; the cells below hold what is less, those above what is more.
    std::size_t cell_of(double value) const {
        constexpr double kInfinity = std::numeric_limits<double>::infinity();
        if (value == 0) return zero_cell();
        if (std::fabs(value) == kInfinity) return value < 0 ? 0 : infinity_cell();
        const int n = value < 0;
        const Index i = coarser(index_of(std::fabs(value)), kFinest - head.scale);
        const auto at = std::clamp<std::int64_t>(std::int64_t{i} - head.low[n], -1, head.bins[n]);
        if (at < 0) return n != 0 ? zero_cell() : zero_cell() + 1;
        const auto bin = static_cast<std::size_t>(at);
        return n == 0 ? zero_cell() + 1 + bin : bin < head.bins[1] ? head.bins[1] - bin : 1;
    }

    // On to a cell, or to the cell of the value at this row of all, counted from 1. Neither is below the place.
    void walk_to(Place& place, std::size_t cell) const {
        walk(place, [=](const Place& at, std::size_t n, std::uint64_t) { return at.cell + n <= cell; });
    }
    void walk_to_row(Place& place, std::uint64_t row) const {
        walk(place, [=](const Place& at, std::size_t, std::uint64_t count) { return row - at.below > count; });
    }

    // What stands in a cell.
    Bin bin(std::size_t cell) const {
        constexpr double kInfinity = std::numeric_limits<double>::infinity();
        constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
        const std::uint64_t count =
            with_width([&]<class Counter>(Counter) -> std::uint64_t { return count_of<Counter>(cell); });
        if (cell == 0) return {-kInfinity, -kInfinity, count};
        if (cell < zero_cell()) {
            const Bin mirrored = edges(head.low[1] + static_cast<Index>(head.bins[1] - cell), count);
            return within({-mirrored.high, -mirrored.low, count});
        }
        if (cell == zero_cell()) return {0, 0, count};
        if (cell < infinity_cell())
            return within(edges(head.low[0] + static_cast<Index>(cell - zero_cell() - 1), count));
        if (cell == infinity_cell()) return {kInfinity, kInfinity, count};
        return {kNaN, kNaN, count};
    }

    // Calls visit with every cell that is not empty, in order, until it answers false.
    template <class Visit>
    void for_each_bin(Visit visit) const {
        for (Place place; place.cell < cells(); ++place.cell) {
            walk(place, [](const Place&, std::size_t, std::uint64_t count) { return count == 0; });
            if (place.cell == cells() || !visit(bin(place.cell))) return;
        }
    }

    // --- to a working image -----------------------------------------------------------------------------------------

    // What stands in the head of a working image.
    Body body() const { return body(total()); }
    Body body(std::uint64_t total) const {
        Body b;
        b.total = total;
        b.zeros = head.zeros;
        b.nans = head.nans;
        b.low_infinities = head.low_infinities;
        b.infinities = head.infinities;
        if (!only_nans()) {
            b.min = head.min;
            b.max = head.max;
        }
        b.scale = head.scale;
        b.fractional = whole() ? 0 : kUnknown;
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

  private:
    template <class Work>
    auto with_width(Work work) const -> decltype(work(std::uint8_t{})) {
        switch (head.width) {
            case 0: return work(std::uint8_t{});
            case 1: return work(std::uint16_t{});
            case 2: return work(std::uint32_t{});
            default: return work(std::uint64_t{});
        }
    }
    template <class Counter>
    std::uint64_t load_counter(std::size_t i) const {
        return load<Counter>(counters_ + i * sizeof(Counter));
    }
    template <class Counter>
    std::uint64_t count_of(std::size_t cell) const {
        if (cell - 1 < head.bins[1]) return load_counter<Counter>(head.bins[0] + head.bins[1] - cell);
        if (cell - zero_cell() - 1 < head.bins[0]) return load_counter<Counter>(cell - zero_cell() - 1);
        return cell == 0                 ? head.low_infinities
               : cell == zero_cell()     ? head.zeros
               : cell == infinity_cell() ? head.infinities
                                         : head.nans;
    }
    // Counters are added up by the block: narrow ones in few instructions.
    static constexpr std::size_t kBlock = 32;
    template <class Counter>
    static std::uint64_t sum_of_block(const std::byte* at) {
        std::conditional_t<sizeof(Counter) <= 2, std::uint32_t, std::uint64_t> sum = 0;
        for (std::size_t i = 0; i < kBlock; ++i) sum += load<Counter>(at + i * sizeof(Counter));
        return sum;
    }
    // Where the counters of a block of bins begin that are the next cells, or null where these are others too. Negative
    // bins stand in the other order.
    template <class Counter>
    const std::byte* block_at(std::size_t cell) const {
        const std::size_t negative = cell - 1, positive = cell - zero_cell() - 1;
        const auto begins_in = [](std::size_t i, std::size_t bins) { return i < bins && bins - i >= kBlock; };
        if (begins_in(positive, head.bins[0])) return counters_ + positive * sizeof(Counter);
        if (!begins_in(negative, head.bins[1])) return nullptr;
        return counters_ + (head.bins[0] + head.bins[1] - negative - kBlock) * sizeof(Counter);
    }
    // Over the cells that are passed: passed(at, n, count) tells whether all of the next n are, which count so many
    // values together.
    template <class Passed>
    void walk(Place& place, Passed passed) const {
        with_width([&]<class Counter>(Counter) {
            Place at = place;
            for (const std::size_t end = cells(); at.cell < end;) {
                std::size_t singly = 1;
                if (const std::byte* const block = block_at<Counter>(at.cell)) {
                    const std::uint64_t count = sum_of_block<Counter>(block);
                    if (passed(at, kBlock, count)) {
                        at.cell += kBlock;
                        at.below += count;
                        continue;
                    }
                    singly = kBlock;
                }
                for (; singly != 0; --singly, ++at.cell) {
                    const std::uint64_t count = count_of<Counter>(at.cell);
                    if (!passed(at, 1, count)) {
                        place = at;
                        return;
                    }
                    at.below += count;
                }
            }
            place = at;
        });
    }

    Bin edges(Index i, std::uint64_t count) const {
        const double below = upper_edge(i - 1, head.scale);
        return {std::bit_cast<double>(std::bit_cast<std::uint64_t>(below) + 1), upper_edge(i, head.scale), count};
    }
    // What of a bin may hold values.
    Bin within(Bin b) const {
        b.low = std::max(b.low, head.min);
        b.high = std::min(b.high, head.max);
        return whole() ? Bin{std::ceil(b.low), std::floor(b.high), b.count} : b;
    }

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

inline bool holds_whole(Index i, int scale) { return std::floor(upper_edge(i, scale)) > upper_edge(i - 1, scale); }

// Where values were taken out that had never come in, those that are left may not be those that were counted.
inline bool all_whole(const Body& body, const std::uint64_t* counters) {
    if (body.fractional != 0) return false;
    if (body.removed == 0) return true;
    bool whole = !has_fraction(body.min) && !has_fraction(body.max);
    for (const Side& side : body.side) {
        for (Index i = side.used.low; i <= side.used.high; ++i)
            whole = whole && (counters[i - side.base] == 0 || holds_whole(i, body.scale));
        counters += side.width;
    }
    return whole;
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
    head.first_limb = static_cast<std::uint8_t>(sum.first());
    head.flags = all_whole(body, counters) ? kWhole : 0;
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

// What so many of the values largest in size add up to, with carries settled: no sum of theirs is further from 0.
inline Sum largest_sum(Interval positive, Interval negative, int scale, std::uint64_t total) {
    Sum most{};
    for (const Interval side : {positive, negative})
        if (!side.empty()) most.add_times(upper_edge(side.high, scale), total);
    most.carry();
    return most;
}

// --- check -----------------------------------------------------------------------------------------------------------

// Below the normal doubles, where they stand apart, a fine bin may fall between two of them.
inline bool holds_doubles(Index i, int scale) {
    constexpr std::int64_t kNormal = -1022 * (std::int64_t{1} << kFinest);
    if (std::int64_t{i} * (std::int64_t{1} << (kFinest - scale)) > kNormal) return true;
    return upper_edge(i - 1, scale) < upper_edge(i, scale);
}

// The scale is the finest that fits: one step finer, the bins would be at most twice as many.
inline bool scale_is_finest(const StoredHead& h, std::size_t max_bins) {
    const std::size_t bins = std::size_t{h.bins[0]} + h.bins[1];
    if (h.scale < kCoarsest || h.scale > kFinest || bins > max_bins) return false;
    return h.scale == kFinest || 2 * bins > max_bins;
}

// The bins of a side are bins of doubles, and the outermost are not empty.
inline bool side_fits(const Stored& s, int n) {
    const StoredHead& h = s.head;
    if (h.bins[n] == 0) return h.low[n] == 0;
    const Index lowest = coarser(kLowestIndex, kFinest - h.scale), highest = coarser(kHighestIndex, kFinest - h.scale);
    if (h.low[n] < lowest || h.low[n] > highest || h.bins[n] - 1 > highest - h.low[n]) return false;
    const std::size_t first = n != 0 ? h.bins[0] : 0;
    if (s.counter(first) == 0 || s.counter(first + h.bins[n] - 1) == 0) return false;
    bool fits = true;
    s.for_each_counter(n,
                       [&](Index i, std::uint64_t count) { fits = fits && (count == 0 || holds_doubles(i, h.scale)); });
    return fits;
}

// The number of values; more than kMaxValues, whatever the counters, where they add up to more.
inline std::uint64_t checked_total(const Stored& s) {
    std::uint64_t total = 0;
    const auto add = [&](std::uint64_t count) {
        total = std::min(total + std::min(count, kMaxValues + 1), kMaxValues + 1);
    };
    for (const std::uint64_t count : {s.head.zeros, s.head.nans, s.head.low_infinities, s.head.infinities}) add(count);
    for (int n = 0; n < 2; ++n) s.for_each_counter(n, [&](Index, std::uint64_t count) { add(count); });
    return total;
}

// The counters are as narrow as they can be.
inline bool width_is_least(const Stored& s) {
    std::uint64_t all = 0;
    for (int n = 0; n < 2; ++n) s.for_each_counter(n, [&](Index, std::uint64_t count) { all |= count; });
    return s.head.width == 0 || all >> (4 << s.head.width) != 0;
}

// The minimum and the maximum are in the outermost bins.
inline bool ends_fit(const Stored& s) {
    const StoredHead& h = s.head;
    if (!is_canonical(h.min) || !is_canonical(h.max) || !(h.min <= h.max)) return false;
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    const auto in_bin = [&](double value, Index i) {
        return value > 0 && value < kInfinity && coarser(index_of(value), kFinest - h.scale) == i;
    };
    const bool max_fits = h.infinities != 0 ? h.max == kInfinity
                          : h.bins[0] != 0  ? in_bin(h.max, s.used(0).high)
                          : h.zeros != 0    ? h.max == 0
                          : h.bins[1] != 0  ? in_bin(-h.max, h.low[1])
                                            : h.max == (h.low_infinities != 0 ? -kInfinity : 0);
    const bool min_fits = h.low_infinities != 0 ? h.min == -kInfinity
                          : h.bins[1] != 0      ? in_bin(-h.min, s.used(1).high)
                          : h.zeros != 0        ? h.min == 0
                          : h.bins[0] != 0      ? in_bin(h.min, h.low[0])
                                                : h.min == (h.infinities != 0 ? kInfinity : 0);
    return max_fits && min_fits;
}

// Each bin that is not empty holds a whole number, where all values are.
inline bool whole_fits(const Stored& s) {
    const StoredHead& h = s.head;
    if ((h.flags & ~kWhole) != 0) return false;
    if (!s.whole()) return true;
    bool fits = !has_fraction(h.min) && !has_fraction(h.max);
    for (int n = 0; n < 2; ++n)
        s.for_each_counter(
            n, [&](Index i, std::uint64_t count) { fits = fits && (count == 0 || holds_whole(i, h.scale)); });
    return fits;
}

// The sum is written as short as it can be.
inline bool sum_is_short(const Stored& s, const Sum& sum, std::uint32_t limbs) {
    return sum.first() == s.head.first_limb && sum.end() - sum.first() == static_cast<int>(limbs);
}

inline Status check_stored(const std::byte* at, std::size_t bytes, std::uint32_t limbs, int max_bins,
                           std::uint64_t exact_limit) {
    if (bytes < sizeof(StoredHead) || limbs > kLimbs) return Status::wrong_size;
    const auto h = load<StoredHead>(at);
    const std::size_t bins = std::size_t{h.bins[0]} + h.bins[1];
    if (h.width > 3) return Status::bad_content;
    if (bytes != sizeof h + limbs * sizeof(std::uint32_t) + (bins << h.width)) return Status::wrong_size;
    if (!scale_is_finest(h, static_cast<std::size_t>(max_bins))) return Status::bad_content;

    const Stored s(at, limbs);
    if (!side_fits(s, 0) || !side_fits(s, 1) || !width_is_least(s) || !ends_fit(s) || !whole_fits(s))
        return Status::bad_content;
    const std::uint64_t total = checked_total(s);
    if (total <= exact_limit || total > kMaxValues) return Status::bad_content;

    if (h.first_limb + limbs > kLimbs || (limbs == 0 && h.first_limb != 0) || (bins == 0 && limbs != 0))
        return Status::bad_content;
    Sum sum;
    s.open_sum(sum);
    if (!sum_is_short(s, sum, limbs)) return Status::bad_content;
    return sum.outside(largest_sum(s.used(0), s.used(1), h.scale, total)) == 0 ? Status::ok : Status::bad_content;
}

}  // namespace sketch::hist
