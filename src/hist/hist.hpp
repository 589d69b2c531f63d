// SPDX-License-Identifier: PostgreSQL
//
// hist: which value stands at this fraction, within a relative error? A base-2 exponential histogram, as in
// OpenTelemetry's data model, that halves its resolution when its bins would become too many (the uniform collapse of
// UDDSketch, Epicoco et al., arXiv:2004.08604).
//
// Error: exact up to 62 values; then a quantile is within the factor alpha(scale) of a true one (scale.hpp): 1.08 % for
// values of one sign that span 6 decades, with the default of 640 bins; far less for values that lie closer together.
// Minimum, maximum, number and sum are exact.
//
// Header: p0, p1 = most bins as 16 bits (16 to 8192); hash = how many fractions the image carries (approx_percentile).
//
//   mode   payload
//   exact  count values, ascending and trimmed, or count of slots in any order.
//   bins   trimmed: Stored; count u32 limbs of the sum; the counters of the positive bins, ascending, then those of the
//          negative ones, ascending by absolute value; 1, 2, 4 or 8 bytes each, as the largest needs.
//          working: slots values of which the first count wait; Body; Sum; u64 counters in two windows.
//   after either: the fractions that approx_percentile was asked for, 8 bytes each.
//
// A sketch is exact if and only if it has at most 62 values, and the scale is the finest at which the bins between the
// outermost ones are not too many: so the bytes depend on the multiset of the values alone.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "hist/bins.hpp"
#include "hist/scale.hpp"
#include "hist/stored.hpp"
#include "hist/sum.hpp"
#include "normal.hpp"
#include "quantile.hpp"
#include "sketch.hpp"

namespace sketch {

class Hist : public View {
  public:
    static constexpr std::uint8_t kKind = 'X';
    static constexpr std::uint8_t kVersion = 1;
    static constexpr int kDefaultBins = 640;
    static constexpr int kMinBins = 16;
    static constexpr int kMaxBins = static_cast<int>(hist::kMostBins);
    static constexpr std::size_t kMostFractions = 255;
    struct Params {
        int max_bins;
        std::span<const double> fractions = {};
    };

    using View::View;

    static std::size_t bytes_for(Params params) { return exact_bytes(kFirstSlots, params.fractions.size()); }

    static Hist create(std::span<std::byte> room, Params params) {
        Hist s(room.data(), room.size());
        s.set_header(kKind, kVersion, static_cast<std::uint8_t>(params.fractions.size()), 0, 0);
        s.set_max_bins(params.max_bins);
        s.start_exact(0);
        std::byte* carried = s.image_ + s.end();
        for (const double fraction : params.fractions) {
            store(carried, fraction);
            carried += sizeof fraction;
        }
        return s;
    }

    static Status check(std::span<const std::byte> image) {
        if (const Status status = check_header(image, kKind, kVersion); status != Status::ok) return status;
        const Hist s(image);
        if (s.max_bins() < kMinBins || s.max_bins() > kMaxBins) return Status::bad_parameter;
        if (s.slots() != 0) return Status::bad_content;
        if (s.payload_bytes() < s.fractions() * sizeof(double)) return Status::wrong_size;
        for (std::size_t i = 0; i < s.fractions(); ++i)
            if (!(s.fraction(i) >= 0 && s.fraction(i) <= 1)) return Status::bad_content;
        if (s.exact()) return s.check_exact();
        if (s.mode() != kBins) return Status::bad_content;
        return hist::check_stored(s.payload(), s.end() - kHeaderBytes, s.count(), s.max_bins(), kExactLimit);
    }

    int max_bins() const { return load<std::uint16_t>(image_ + 4); }
    bool exact() const { return mode() == kExact; }
    bool trimmed() const { return slots() == 0; }

    // What approx_percentile was asked for.
    std::size_t fractions() const { return hash(); }
    double fraction(std::size_t i) const { return load<double>(image_ + end() + i * sizeof(double)); }

    // --- building ---------------------------------------------------------------------------------------------------

    Status add(double value) {
        if (buffer(canonical(value))) [[likely]]
            return Status::ok;
        if (const Status status = make_room_for_one(); status != Status::ok) return status;
        buffer(canonical(value));
        return Status::ok;
    }

    // The same value many times. The first one makes a place for the others.
    Status add(double value, std::uint64_t times) {
        if (times > kMostValues - values()) return Status::overflow;
        if (exact() && count() + times <= kExactLimit) {
            if (slots() < count() + times) return Status::no_room;
            while (times-- > 0) buffer(canonical(value));
            return Status::ok;
        }
        if (const Status status = make_bins(); status != Status::ok) return status;
        if (const Status status = flush(); status != Status::ok) return status;
        const double one[1] = {canonical(value)};
        if (const Status status = fit(hist::ends_of(one).extent()); status != Status::ok) return status;
        count_value(one[0], times);
        if (std::isfinite(value)) {
            sum().carry();
            sum().add_times(one[0], times);
            sum().carry();
        }
        return Status::ok;
    }

    // Takes a value out again, if the result is certain to be what the other values would give; else the state is to be
    // built anew. `no_room` as in add.
    enum class Removed { yes, no, no_room };
    Removed remove(double value) {
        value = canonical(value);
        if (trimmed()) return Removed::no_room;
        if (exact()) {
            const auto list = items<double>();
            for (double& item : list)
                if (item == value || (std::isnan(item) && std::isnan(value))) {
                    item = list.back();
                    set_count(count() - 1);
                    return Removed::yes;
                }
            return Removed::no;
        }
        if (flush() != Status::ok) return Removed::no_room;
        hist::Body& b = body();
        if (b.total <= kExactLimit + 1 || value == b.min || value == b.max) return Removed::no;
        if (std::isnan(value)) {
            if (b.nans == 0) return Removed::no;
            --b.nans;
        } else if (value == 0) {
            if (b.zeros == 0) return Removed::no;
            --b.zeros;
        } else {
            hist::Side& side = b.side[value < 0];
            const hist::Index i = hist::coarser(hist::index_of(std::fabs(value)), hist::kFinest - b.scale);
            if (i < side.used.low || i > side.used.high) return Removed::no;
            // The outermost values of a side decide which scale is the finest that fits.
            if (b.scale != hist::kFinest && (i == side.used.low || i == side.used.high)) return Removed::no;
            std::uint64_t& counter = counters(value < 0)[i - side.base];
            if (counter == 0) return Removed::no;
            --counter;
            shrink(value < 0);
            sum().add(value, -1);
            settle_carries(1);
        }
        --b.total;
        return Removed::yes;
    }

    std::size_t grown_bytes() const {
        if (trimmed()) return exact() ? exact_bytes(count() + 1, fractions()) : bins_bytes(bins(), fractions());
        const std::size_t next = block_image(bytes_ + 1);
        return exact() && count() >= kExactLimit ? std::max(next, bins_bytes(1, fractions())) : next;
    }

    Hist relay(std::span<std::byte> room) const {
        Hist s(room.data(), room.size());
        std::memcpy(s.image_, image_, kHeaderBytes);
        std::memcpy(s.image_ + s.end(), image_ + end(), fractions() * sizeof(double));
        if (exact()) {
            s.start_exact(count());
            std::memcpy(s.payload(), payload(), count() * sizeof(double));
            return s;
        }
        s.start_bins();
        if (trimmed()) {
            stored().open(s.body(), s.sum(), s.counters_at());
        } else {
            std::memcpy(s.payload(), payload(), count() * sizeof(double));
            s.set_count(count());
            s.take_working(*this);
        }
        return s;
    }

    std::size_t merge_bytes(const Hist& other) const {
        if (stays_exact(other)) return exact_bytes(count() + other.count(), fractions());
        // Any two histograms have room in so many bins, and they are the most that the result may have.
        const std::size_t most = static_cast<std::size_t>(std::min(max_bins(), other.max_bins()));
        const std::size_t mine = exact() ? 1 : trimmed() ? stored().bins() : capacity();
        return bins_bytes(std::max(most, mine), fractions());
    }

    Status merge(const Hist& other) {
        if (values() > kMostValues - other.values()) return Status::overflow;
        const bool stays = stays_exact(other);
        if (!stays)
            if (const Status status = make_bins(); status != Status::ok) return status;
        set_max_bins(std::min(max_bins(), other.max_bins()));
        if (stays) {
            std::memcpy(payload() + count() * sizeof(double), other.payload(), other.count() * sizeof(double));
            set_count(count() + other.count());
            return Status::ok;
        }
        if (const Status status = flush(); status != Status::ok) return status;
        if (const Status status = fit({}); status != Status::ok) return status;
        if (other.exact() || !other.trimmed())
            for (std::uint32_t i = 0; i < other.count(); ++i)
                if (const Status status = add(load<double>(other.payload() + i * sizeof(double))); status != Status::ok)
                    return status;
        if (other.exact()) return Status::ok;
        if (const Status status = flush(); status != Status::ok) return status;
        return other.trimmed() ? merge_stored(other.stored()) : merge_working(other);
    }

    // --- settling and trimming --------------------------------------------------------------------------------------

    bool settled() const { return trimmed(); }

    std::size_t settle_bytes() const {
        if (exact()) return bytes_;
        return std::max(bytes_, bins_bytes(static_cast<std::size_t>(max_bins()), fractions()));
    }

    void settle() {
        if (trimmed()) return;
        if (exact()) {
            const auto list = items<double>();
            std::sort(list.begin(), list.end(), before);
            return;
        }
        flush();  // settle_bytes is room enough
        fit({});
        sum().carry();
    }

    std::size_t trimmed_bytes() const {
        if (trimmed()) return bytes_;
        const std::size_t carried = fractions() * sizeof(double);
        if (exact()) return kHeaderBytes + count() * sizeof(double) + carried;
        return kHeaderBytes + hist::stored_bytes(body(), sum(), counters_at()) + carried;
    }

    std::size_t trim(std::span<std::byte> room) const {
        if (trimmed()) {
            std::memcpy(room.data(), image_, bytes_);
            return bytes_;
        }
        const std::size_t bytes = trimmed_bytes();
        Hist s(room.data(), bytes);
        std::memcpy(s.image_, image_, kHeaderBytes);
        s.set_slots(0);
        if (exact())
            std::memcpy(s.payload(), payload(), count() * sizeof(double));
        else
            s.set_count(hist::store_bins(body(), sum(), counters_at(), s.payload()));
        std::memcpy(s.image_ + s.end(), image_ + end(), fractions() * sizeof(double));
        return bytes;
    }

    // --- reading trimmed images -------------------------------------------------------------------------------------

    std::uint64_t values() const {
        if (exact()) return count();
        return trimmed() ? stored().total() : body().total + count();
    }
    std::uint64_t nans() const {
        if (!exact()) return stored().head.nans;
        std::uint64_t n = 0;
        while (n < count() && std::isnan(exact_value(count() - 1 - n))) ++n;
        return n;
    }
    int scale() const { return exact() ? hist::kFinest : stored().head.scale; }
    std::size_t bins() const { return exact() ? 0 : stored().bins(); }
    double alpha() const { return exact() ? 0 : hist::alpha(stored().head.scale); }

    // Of a sketch with at least one value; NaN stands above all others.
    double min() const { return value_at(1).estimate; }
    double max() const { return value_at(values()).estimate; }

    double total() const {
        double infinite = 0;
        for_each_bin([&](const hist::Bin& bin) {
            if (!std::isfinite(bin.low)) infinite += bin.low;
        });
        if (!(infinite == 0)) return infinite;  // an infinity, or NaN
        hist::Sum sum{};
        if (exact()) {
            for (std::uint32_t i = 0; i < count(); ++i) sum.add(exact_value(i));
            sum.carry();
        } else {
            stored().open_sum(sum);
        }
        return sum.value();
    }

    // Calls visit with every bin that is not empty, from the lowest values to the highest; NaNs come last.
    template <class Visit>
    void for_each_bin(Visit visit) const {
        if (!exact()) return stored().for_each_bin(visit);
        for (std::uint32_t i = 0, same; i < count(); i += same) {
            const double value = exact_value(i);
            for (same = 1; i + same < count() && !before(value, exact_value(i + same));) ++same;
            visit({value, value, same});
        }
    }

    // The value at this row of all, counted from 1, between the values where it certainly is.
    Bounds value_at(std::uint64_t row) const {
        const std::uint64_t numbers = values() - nans();
        if (!exact() && row <= numbers) {
            const hist::Stored h = stored();
            if (row <= 1) return {h.head.min, h.head.min, h.head.min};
            if (row == numbers) return {h.head.max, h.head.max, h.head.max};
        }
        Bounds found{};
        for_each_bin([&](const hist::Bin& bin) {
            if (row == 0) return;
            if (row > bin.count) {
                row -= bin.count;
                return;
            }
            row = 0;
            found = {bin.low, bin.middle(), bin.high};
        });
        return found;
    }
    Bounds bounds(double fraction) const { return value_at(row_of(fraction, values())); }
    double quantile(double fraction) const { return bounds(fraction).estimate; }

    // Which fraction of the values is at most this one. A bin counts in proportion to what lies below.
    double rank(double value) const {
        if (std::isnan(value)) return 1;
        double below = 0;
        for_each_bin([&](const hist::Bin& bin) {
            if (std::isnan(bin.low) || bin.low > value) return;
            const double share = bin.high <= value ? 1 : (value - bin.low) / (bin.high - bin.low);
            below += share * static_cast<double>(bin.count);
        });
        return below / static_cast<double>(values());
    }

  private:
    enum Mode : std::uint8_t { kExact = 0, kBins = 1 };
    static constexpr std::size_t kFirstSlots = 14;
    static constexpr std::size_t kExactLimit = 62;  // what a block of 512 bytes has room for
    static constexpr std::size_t kBuffer = 64;

    void set_max_bins(int bins) { store(image_ + 4, static_cast<std::uint16_t>(bins)); }

    // --- sizes and parts --------------------------------------------------------------------------------------------

    static constexpr std::size_t exact_bytes(std::size_t items, std::size_t fractions) {
        return block_image(kHeaderBytes + (std::max(items, kFirstSlots) + fractions) * sizeof(double));
    }
    static constexpr std::size_t kBeforeCounters = kBuffer * sizeof(double) + sizeof(hist::Body) + sizeof(hist::Sum);
    static constexpr std::size_t bins_bytes(std::size_t bins, std::size_t fractions) {
        return block_image(kHeaderBytes + kBeforeCounters + (bins + fractions) * sizeof(double));
    }

    std::size_t end() const { return bytes_ - fractions() * sizeof(double); }
    std::size_t capacity() const { return (end() - kHeaderBytes - kBeforeCounters) / sizeof(std::uint64_t); }
    double exact_value(std::uint64_t i) const { return load<double>(payload() + i * sizeof(double)); }
    hist::Stored stored() const { return hist::Stored(payload(), count()); }

    hist::Body& body() { return *reinterpret_cast<hist::Body*>(payload() + kBuffer * sizeof(double)); }
    const hist::Body& body() const {
        return *reinterpret_cast<const hist::Body*>(payload() + kBuffer * sizeof(double));
    }
    hist::Sum& sum() { return *reinterpret_cast<hist::Sum*>(&body() + 1); }
    const hist::Sum& sum() const { return *reinterpret_cast<const hist::Sum*>(&body() + 1); }
    std::uint64_t* counters_at() { return reinterpret_cast<std::uint64_t*>(&sum() + 1); }
    const std::uint64_t* counters_at() const { return reinterpret_cast<const std::uint64_t*>(&sum() + 1); }
    // The window of one side; the negative one stands behind the positive one.
    std::uint64_t* counters(bool negative) { return counters_at() + (negative ? body().side[0].width : 0); }

    // --- working ----------------------------------------------------------------------------------------------------

    void start_exact(std::size_t items) {
        set_mode(kExact);
        set_slots(std::max(items, std::min((end() - kHeaderBytes) / sizeof(double), kExactLimit)));
        set_count(items);
    }
    void start_bins() {
        set_mode(kBins);
        set_slots(kBuffer);
        set_count(0);
        body() = hist::Body{};
        std::memset(&sum(), 0, end() - kHeaderBytes - kBuffer * sizeof(double) - sizeof(hist::Body));
    }
    void take_working(const Hist& other) {
        body() = other.body();
        sum() = other.sum();
        const std::size_t used = other.body().side[0].width + other.body().side[1].width;
        std::memcpy(counters_at(), other.counters_at(), used * sizeof(std::uint64_t));
    }

    bool stays_exact(const Hist& other) const {
        return exact() && other.exact() && count() + other.count() <= kExactLimit;
    }

    // Exact values become values that wait in the write buffer, where they stand.
    Status make_bins() {
        if (trimmed()) return Status::no_room;
        if (!exact()) return Status::ok;
        if (bytes_ < bins_bytes(1, fractions())) return Status::no_room;
        const std::uint32_t waiting = count();
        start_bins();
        set_count(waiting);
        return Status::ok;
    }

    Status make_room_for_one() {
        if (trimmed()) return values() > kFullOfValues ? Status::overflow : Status::no_room;
        if (exact() && count() < kExactLimit) return Status::no_room;
        if (const Status status = make_bins(); status != Status::ok) return status;
        return count() < kBuffer ? Status::ok : flush();
    }

    // Applies the waiting values, or changes nothing. Most buffers hold nothing beyond the outermost bins so far.
    Status flush() {
        if (count() == 0) return Status::ok;
        const auto list = items<double>();
        std::uint32_t slot[kBuffer];
        hist::Body& b = body();
        Located found = locate(list, slot);
        if (found.outside) {
            if (const Status status = fit(hist::ends_of(list).extent()); status != Status::ok) return status;
            found = locate(list, slot);
        }
        std::uint64_t* const counter = counters_at();
        for (std::uint32_t i = 0; i < found.binned; ++i) ++counter[slot[i]];
        b.total += found.binned;
        b.min = std::min(b.min, found.min);
        b.max = std::max(b.max, found.max);
        if (found.binned < list.size())
            for (const double value : list)
                if (!hist::has_bin(hist::size_of(value))) count_value(value, 1);
        add_to_sum(list);
        set_count(0);
        return Status::ok;
    }

    struct Located {
        bool outside;          // some value has its bin beyond those in use
        std::uint32_t binned;  // how many have a bin at all
        double min, max;       // of these
    };
    // Finds the counters of the waiting values.
    Located locate(std::span<const double> list, std::uint32_t* slot) const {
        const hist::Body& b = body();
        const int steps = hist::kFinest - b.scale;
        hist::Index low[2];
        std::uint32_t bins[2], at[2];
        for (int n = 0; n < 2; ++n) {
            low[n] = b.side[n].used.low;
            bins[n] = static_cast<std::uint32_t>(b.side[n].used.bins());
            at[n] = (n != 0 ? b.side[0].width : 0) + static_cast<std::uint32_t>(low[n] - b.side[n].base);
        }
        Located found{false, 0, std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};
        for (const double value : list) {
            const std::uint64_t size = hist::size_of(value);
            if (!hist::has_bin(size)) [[unlikely]]
                continue;
            const bool n = std::signbit(value);
            const hist::Index bin = hist::coarser(hist::index_of(std::bit_cast<double>(size)), steps);
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
        const hist::Body& b = body();
        int low = std::numeric_limits<int>::max(), high = 0;
        for (const hist::Side& side : b.side) {
            if (side.used.empty()) continue;
            low = std::min(low, hist::Sum::position(hist::upper_exponent(side.used.low - 1, b.scale)));
            high = std::max(high, hist::Sum::position(hist::upper_exponent(side.used.high, b.scale)));
        }
        if (low > high) return;  // nothing but zeros, infinities and NaNs
        if (high - low <= 63) {
            __extension__ __int128 together = 0;
            for (const double value : list) together += hist::Sum::scaled(value, low);
            sum().add_units(together, low);
        } else {
            for (const double value : list)
                if (hist::has_bin(hist::size_of(value))) sum().add(value);
        }
        settle_carries(static_cast<std::uint32_t>(list.size()));
    }

    // Counts a value whose bin is inside its window.
    void count_value(double value, std::uint64_t times) {
        hist::Body& b = body();
        b.total += times;
        if (std::isnan(value)) {
            b.nans += times;
            return;
        }
        b.min = std::min(b.min, value);
        b.max = std::max(b.max, value);
        if (std::isinf(value))
            (value < 0 ? b.low_infinities : b.infinities) += times;
        else if (value == 0)
            b.zeros += times;
        else
            counters(
                value <
                0)[hist::coarser(hist::index_of(std::fabs(value)), hist::kFinest - b.scale) - b.side[value < 0].base] +=
                times;
    }

    void settle_carries(std::uint32_t additions) {
        body().additions += additions;
        if (body().additions < 1u << 29) return;
        body().additions = 0;
        sum().carry();
    }

    // The outermost bins of a side may have become empty.
    void shrink(bool negative) {
        const hist::Side side = body().side[negative];
        hist::Interval& used = body().side[negative].used;
        const std::uint64_t* const window = counters(negative);
        while (!used.empty() && window[used.low - side.base] == 0) ++used.low;
        while (!used.empty() && window[used.high - side.base] == 0) --used.high;
        if (used.empty()) used = {};
    }

    // Makes the windows hold bins of this extent (at the finest scale) too, at the finest scale that has few enough
    // bins. Changes nothing if there is no room.
    Status fit(hist::Extent more) {
        hist::Body& b = body();
        const int scale = b.scale_with(more, max_bins());
        hist::Interval want[2];
        bool inside = scale == b.scale;
        for (int n = 0; n < 2; ++n) {
            want[n] = b.side[n].used.coarser(b.scale - scale).joined(more.side[n].coarser(hist::kFinest - scale));
            inside = inside && b.side[n].holds(want[n]);
        }
        if (!inside) {
            if (want[0].bins() + want[1].bins() > capacity()) return Status::no_room;
            hist::lay_out(b, want, scale, counters_at(), capacity());
        }
        for (int n = 0; n < 2; ++n) b.side[n].used = want[n];
        return Status::ok;
    }

    Status merge_stored(const hist::Stored& other) {
        if (const Status status = fit(other.extent()); status != Status::ok) return status;
        hist::Body& b = body();
        const int steps = other.head.scale - b.scale;
        for (int n = 0; n < 2; ++n) {
            std::uint64_t* const window = counters(n != 0);
            const hist::Index base = b.side[n].base;
            other.for_each_counter(
                n, [=](hist::Index i, std::uint64_t count) { window[hist::coarser(i, steps) - base] += count; });
        }
        b.add_specials(other.body());
        hist::Sum theirs;
        other.open_sum(theirs);
        merge_sum(theirs);
        return Status::ok;
    }

    Status merge_working(const Hist& other) {
        const hist::Body& o = other.body();
        if (const Status status = fit(o.extent()); status != Status::ok) return status;
        hist::Body& b = body();
        const int steps = o.scale - b.scale;
        for (int n = 0; n < 2; ++n) {
            std::uint64_t* const window = counters(n != 0);
            const std::uint64_t* const from = other.counters_at() + (n != 0 ? o.side[0].width : 0);
            for (hist::Index i = o.side[n].used.low; i <= o.side[n].used.high; ++i)
                window[hist::coarser(i, steps) - b.side[n].base] += from[i - o.side[n].base];
        }
        b.add_specials(o);
        hist::Sum theirs = other.sum();
        theirs.carry();
        merge_sum(theirs);
        return Status::ok;
    }

    void merge_sum(const hist::Sum& theirs) {
        sum().carry();
        sum().add(theirs);
        sum().carry();
    }

    Status check_exact() const {
        if (count() > kExactLimit) return Status::bad_content;
        if (end() != kHeaderBytes + count() * sizeof(double)) return Status::wrong_size;
        for (std::uint32_t i = 0; i < count(); ++i) {
            if (!is_canonical(exact_value(i))) return Status::bad_content;
            if (i != 0 && before(exact_value(i), exact_value(i - 1))) return Status::bad_content;
        }
        return Status::ok;
    }
};

static_assert(Kernel<Hist>);

}  // namespace sketch
