// SPDX-License-Identifier: PostgreSQL
//
// The state of a build: values wait in a write buffer, and are counted many at a time.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>

#include "core/rank.hpp"
#include "hist/layout.hpp"

namespace sketch::hist {

class State : public Layout {
  public:
    using Layout::Layout;

  protected:
    // --- starting a form ---------------------------------------------------------------------------------------------

    void start_exact(std::size_t items) {
        set_form(kExact);
        set_slots(std::max(items, std::min((end() - kHeaderBytes) / sizeof(double), kExactLimit)));
        set_count(items);
    }
    void start_bins() {
        set_form(kBins);
        set_slots(kBuffer);
        set_count(0);
        body() = Body{};
        std::memset(&sum(), 0, end() - kHeaderBytes - kBuffer * sizeof(double) - sizeof(Body));
    }
    void take_working(const State& other) {
        body() = other.body();
        sum() = other.sum();
        const std::size_t used = other.body().side[0].width + other.body().side[1].width;
        std::memcpy(counters_at(), other.counters_at(), used * sizeof(std::uint64_t));
        std::memcpy(payload(), other.payload(), other.count() * sizeof(double));
        set_count(other.count());
    }
    // No more values may wait than may still be counted. Without slots an image would pass for a trimmed one.
    void open_buffer() {
        const std::uint64_t room = kMaxValues - body().total;
        set_slots(std::min<std::uint64_t>(kBuffer, room));
        set_form(room == 0 ? kBins | kFull : kBins);
    }

    // Exact values become values that wait in the write buffer, where they stand.
    Status make_bins() {
        if (trimmed()) return Status::no_room;
        if (!exact()) return Status::ok;
        if (bytes_ < bins_bytes(1, asked_bytes())) return Status::no_room;
        const std::uint32_t waiting = count();
        start_bins();
        set_count(waiting);
        return Status::ok;
    }

    [[gnu::noinline]] Status add_to_full(double value) {
        if (trimmed() || (exact() && count() < kExactLimit)) return Status::no_room;
        if (const Status status = make_bins(); status != Status::ok) return status;
        if (count() == slots())
            if (const Status status = flush(); status != Status::ok) return status;
        return buffer(value) ? Status::ok : Status::overflow;
    }

    // Counts one value so many times, or changes nothing. What waits in the buffer may go on waiting.
    Status add_times(double value, std::uint64_t times) {
        if (has_bin(size_of(value))) {
            const Side& side = body().side[value < 0];
            Index bin = bin_of(std::fabs(value));
            if (bin < side.used.low || bin > side.used.high) [[unlikely]] {
                const double one[1] = {value};
                if (const Status status = fit(ends_of(one).extent()); status != Status::ok) return status;
                bin = bin_of(std::fabs(value));
            }
            count_in(bin, value, times);
            sum().add_times(value, times);
            settle_carries(2);
        } else {
            count_value(value, times);
        }
        open_buffer();
        return Status::ok;
    }

    // --- counting ----------------------------------------------------------------------------------------------------

    // Applies the waiting values, or changes nothing. Most buffers hold nothing beyond the outermost bins so far.
    Status flush() {
        if (count() == 0) return Status::ok;
        const auto list = items<double>();
        std::uint32_t slot[kBuffer];
        Body& b = body();
        Located found = locate(list, slot);
        if (found.outside) {
            if (const Status status = fit(ends_of(list).extent()); status != Status::ok) return status;
            found = locate(list, slot);
        }
        std::uint64_t* const counter = counters_at();
        for (std::uint32_t i = 0; i < found.binned; ++i) ++counter[slot[i]];
        b.total += found.binned;
        b.fractional += static_cast<std::uint64_t>(std::count_if(list.begin(), list.end(), has_fraction));
        b.min = std::min(b.min, found.min);
        b.max = std::max(b.max, found.max);
        if (found.binned < list.size())
            for (const double value : list)
                if (!has_bin(size_of(value))) count_value(value, 1);
        add_to_sum(list);
        set_count(0);
        open_buffer();
        return Status::ok;
    }

    struct Located {
        bool outside;          // some value has its bin beyond those in use
        std::uint32_t binned;  // how many have a bin at all
        double min, max;       // of these
    };
    // Finds the counters of the waiting values.
    Located locate(std::span<const double> list, std::uint32_t* slot) const {
        const int steps = kFinest - body().scale, fewer = steps - kPartBits;
        if (fewer < 0) return locate_with([=](double size) { return coarser(index_of(size), steps); }, list, slot);
        return locate_with([=](double size) { return coarser(table_index_of(size), fewer); }, list, slot);
    }
    template <class Bin>
    Located locate_with(Bin bin_of, std::span<const double> list, std::uint32_t* slot) const {
        const Body& b = body();
        Index low[2];
        std::uint32_t bins[2], at[2];
        for (int n = 0; n < 2; ++n) {
            low[n] = b.side[n].used.low;
            bins[n] = static_cast<std::uint32_t>(b.side[n].used.bins());
            at[n] = (n != 0 ? b.side[0].width : 0) + static_cast<std::uint32_t>(low[n] - b.side[n].base);
        }
        Located found{false, 0, std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};
        for (const double value : list) {
            const std::uint64_t size = size_of(value);
            if (!has_bin(size)) [[unlikely]]
                continue;
            const bool n = std::signbit(value);
            const Index bin = bin_of(std::bit_cast<double>(size));
            const std::uint32_t i = static_cast<std::uint32_t>(bin) - static_cast<std::uint32_t>(low[n]);
            found.outside |= i >= bins[n];
            slot[found.binned++] = at[n] + i;
            found.min = value < found.min ? value : found.min;
            found.max = value > found.max ? value : found.max;
        }
        return found;
    }

    // Where all values are within 2^63 of each other, as most are, they add up in one integer first.
    void add_to_sum(std::span<const double> list) {
        const Body& b = body();
        int low = std::numeric_limits<int>::max(), high = 0;
        for (const Side& side : b.side) {
            if (side.used.empty()) continue;
            low = std::min(low, Sum::position(upper_exponent(side.used.low - 1, b.scale)));
            high = std::max(high, Sum::position(upper_exponent(side.used.high, b.scale)));
        }
        if (low > high) return;  // nothing but zeros, infinities and NaNs
        if (high - low <= 63) {
            __extension__ __int128 together = 0;
            for (const double value : list) together += Sum::scaled(value, low);
            sum().add_units(together, low);
        } else {
            for (const double value : list)
                if (has_bin(size_of(value))) sum().add(value);
        }
        settle_carries(static_cast<std::uint32_t>(list.size()));
    }

    // The bin of a value without its sign.
    Index bin_of(double size) const {
        const int steps = kFinest - body().scale;
        if (steps < kPartBits) return coarser(index_of(size), steps);
        return coarser(table_index_of(size), steps - kPartBits);
    }
    void count_in(Index bin, double value, std::uint64_t times) {
        Body& b = body();
        b.total += times;
        b.fractional += has_fraction(value) ? times : 0;
        b.min = std::min(b.min, value);
        b.max = std::max(b.max, value);
        counters(value < 0)[bin - b.side[value < 0].base] += times;
    }

    // Counts a value whose bin is inside its window.
    void count_value(double value, std::uint64_t times) {
        if (has_bin(size_of(value))) return count_in(bin_of(std::fabs(value)), value, times);
        Body& b = body();
        b.total += times;
        if (std::isnan(value)) {
            b.nans += times;
            return;
        }
        b.min = std::min(b.min, value);
        b.max = std::max(b.max, value);
        if (value == 0)
            b.zeros += times;
        else
            (value < 0 ? b.low_infinities : b.infinities) += times;
    }

    void settle_carries(std::uint32_t additions) {
        body().additions += additions;
        if (body().additions < 1u << 29) return;
        body().additions = 0;
        sum().carry();
    }

    // --- the windows -------------------------------------------------------------------------------------------------

    // Makes the windows hold bins of this extent (at the finest scale) too, at the finest scale that has few enough
    // bins. Changes nothing if there is no room.
    Status fit(Extent more) {
        Body& b = body();
        const int scale = b.scale_with(more, max_bins());
        Interval want[2];
        bool inside = scale == b.scale;
        for (int n = 0; n < 2; ++n) {
            want[n] = b.side[n].used.coarser(b.scale - scale).joined(more.side[n].coarser(kFinest - scale));
            inside = inside && b.side[n].holds(want[n]);
        }
        if (!inside) {
            if (want[0].bins() + want[1].bins() > capacity()) return Status::no_room;
            lay_out(b, want, scale, counters_at(), capacity());
        }
        for (int n = 0; n < 2; ++n) b.side[n].used = want[n];
        return Status::ok;
    }

    // The outermost bins of a side may have become empty.
    void shrink(bool negative) {
        const Side side = body().side[negative];
        Interval& used = body().side[negative].used;
        const std::uint64_t* const window = counters(negative);
        while (!used.empty() && window[used.low - side.base] == 0) ++used.low;
        while (!used.empty() && window[used.high - side.base] == 0) --used.high;
        if (used.empty()) used = {};
    }

    // --- taking out --------------------------------------------------------------------------------------------------

    // Takes a value out of the bins, if what is left is certain to be what the other values would give.
    bool take_out(double value) {
        Body& b = body();
        if (b.total <= kExactLimit + 1 || value == b.min || value == b.max || std::isinf(value)) return false;
        if (std::isnan(value) || value == 0) {
            std::uint64_t& counter = std::isnan(value) ? b.nans : b.zeros;
            if (counter == 0) return false;
            --counter;
        } else {
            if (has_fraction(value) && (b.fractional == 0 || b.fractional >= kUnknown)) return false;
            if (!take_out_of_bin(value)) return false;
            b.fractional -= has_fraction(value);
            shrink(value < 0);
            sum().add(value, -1);
            settle_carries(1);
        }
        b.removed = 1;
        --b.total;
        open_buffer();
        return true;
    }
    bool take_out_of_bin(double value) {
        const Body& b = body();
        const bool n = value < 0;
        const Side& side = b.side[n];
        const Index i = bin_of(std::fabs(value));
        if (i < side.used.low || i > side.used.high) return false;
        // The outermost values of a side decide which scale is the finest that fits.
        const bool outermost = i == side.used.low || i == side.used.high;
        if (b.scale != kFinest && outermost) return false;
        std::uint64_t& counter = counters(n)[i - side.base];
        // The last of its bin never came in where the bin holds the minimum or the maximum, which are not this value.
        const auto in_bin = [&](double end) {
            return std::isfinite(end) && end != 0 && (end < 0) == n && bin_of(std::fabs(end)) == i;
        };
        if (counter == 0 || (counter == 1 && outermost && (in_bin(b.min) || in_bin(b.max)))) return false;
        --counter;
        return true;
    }

    // Where values were taken out that had never come in, the sum may be one that no values have: then the nearest that
    // values like those that are left can have.
    void settle_sum() {
        sum().carry();
        const Body& b = body();
        if (b.removed == 0) return;
        Sum bound = largest_sum(b.side[0].used, b.side[1].used, b.scale, b.total);
        const int outside = sum().outside(bound);
        if (outside == 0) return;
        sum() = Sum{};
        outside > 0 ? sum().add(bound) : sum().subtract(bound);
        sum().carry();
    }

    // --- merging -----------------------------------------------------------------------------------------------------

    bool stays_exact(const State& other) const {
        return exact() && other.exact() && count() + other.count() <= kExactLimit;
    }

    Status merge_stored(const Stored& other, std::uint64_t total) {
        if (const Status status = fit(other.extent()); status != Status::ok) return status;
        Body& b = body();
        const int steps = other.head.scale - b.scale;
        for (int n = 0; n < 2; ++n) {
            std::uint64_t* const window = counters(n != 0);
            const Index base = b.side[n].base;
            if (steps == 0)
                other.for_each_counter(n, [=](Index i, std::uint64_t count) { window[i - base] += count; });
            else
                other.for_each_counter(
                    n, [=](Index i, std::uint64_t count) { window[coarser(i, steps) - base] += count; });
        }
        b.add_specials(other.body(total));
        Sum theirs;
        other.open_sum(theirs);
        merge_sum(theirs);
        return Status::ok;
    }

    Status merge_working(const State& other) {
        const Body& o = other.body();
        if (const Status status = fit(o.extent()); status != Status::ok) return status;
        Body& b = body();
        const int steps = o.scale - b.scale;
        for (int n = 0; n < 2; ++n) {
            std::uint64_t* const window = counters(n != 0);
            const std::uint64_t* const from = other.counters(n != 0);
            for (Index i = o.side[n].used.low; i <= o.side[n].used.high; ++i)
                window[coarser(i, steps) - b.side[n].base] += from[i - o.side[n].base];
        }
        b.add_specials(o);
        Sum theirs = other.sum();
        theirs.carry();
        merge_sum(theirs);
        return Status::ok;
    }

    void merge_sum(const Sum& theirs) {
        sum().carry();
        sum().add(theirs);
        sum().carry();
        open_buffer();
    }
};

}  // namespace sketch::hist
