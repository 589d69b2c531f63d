// SPDX-License-Identifier: PostgreSQL
//
// hist: which value stands at this fraction, within a relative error? A base-2 exponential histogram, as in
// OpenTelemetry's data model, that halves its resolution when its bins would become too many (the uniform collapse of
// UDDSketch, Epicoco et al., arXiv:2004.08604).
//
// Error: exact up to 62 values; then a quantile is within the factor alpha(scale) of a true one (scale.hpp): 1.08 % for
// values of one sign that span 6 decades, with the default of 640 bins; far less for values that lie closer together.
// Where all values are whole numbers, a bin stands for the whole numbers in it: one of them is certain. Minimum,
// maximum, number and sum are exact. It counts up to 2^62 values.
//
// Header: p0, p1 = most bins as 16 bits (16 to 8192).
//
//   mode    payload
//   exact   count values, ascending and trimmed, or count of slots in any order.
//   bins    trimmed: Stored; count u32 limbs of the sum; the counters of the positive bins, ascending, then those of
//           the negative ones, ascending by absolute value; 1, 2, 4 or 8 bytes each, as the largest needs.
//           working: room for 128 values, of which slots may be used and the first count wait; Body; Sum; u64 counters
//           in two windows.
//   + full  beside bins, working: 2^62 values are counted and none waits. No slots, and none taken.
//   + asked beside any: the fractions that approx_percentile was asked for, at the end (asked.hpp).
//
// exact -> bins: with more than 62 values. The scale is the finest at which the bins between the outermost ones are not
// too many: so the bytes depend on the multiset of the values alone. A working image takes at most 128 kiB and the
// fractions, whatever the trimmed one claims.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "core/kernel.hpp"
#include "hist/estimate.hpp"
#include "hist/state.hpp"

namespace sketch {

class Hist : public hist::State {
  public:
    using Reader = hist::Reader;
    static constexpr std::uint8_t kKind = 'X';
    static constexpr std::uint8_t kVersion = 1;
    static constexpr int kDefaultBins = 640;
    static constexpr int kMinBins = 16;
    static constexpr int kMaxBins = static_cast<int>(hist::kMaxBins);
    struct Params {
        int max_bins;
        std::span<const std::byte> fractions = {};  // doubles

        bool operator==(const Params& other) const {
            return max_bins == other.max_bins && std::ranges::equal(fractions, other.fractions);
        }
    };

    using hist::State::State;

    static std::size_t bytes_for(Params params) {
        return exact_bytes(kFirstSlots, Asked::asked_bytes(params.fractions));
    }

    Params params() const { return {max_bins(), asked()}; }

    static Hist create(std::span<std::byte> room, Params params) {
        Hist s(room.data(), room.size());
        s.set_header(kKind, kVersion, 0, 0, 0);
        s.set_max_bins(params.max_bins);
        s.set_asked(params.fractions);
        s.start_exact(0);
        return s;
    }

    static Status check(std::span<const std::byte> image) {
        if (const Status status = check_header(image, kKind, kVersion); status != Status::ok) return status;
        const Hist s(image);
        if (s.max_bins() < kMinBins || s.max_bins() > kMaxBins || s.hash() != 0) return Status::bad_parameter;
        if (s.slots() != 0 || (s.mode() & ~(kBins | kAsked)) != 0) return Status::bad_content;
        if (const Status status = s.check_asked(); status != Status::ok) return status;
        if (s.exact()) return s.check_exact();
        return hist::check_stored(s.payload(), s.room_bytes(), s.count(), s.max_bins(), kExactLimit);
    }

    // Asked of every sketch that is merged, so not by a pass over the counters: of nothing, a trimmed one is exact.
    bool empty() const { return (exact() || !trimmed()) && values() == 0; }

    // --- building ---------------------------------------------------------------------------------------------------

    Status add(double value) {
        if (buffer(canonical(value))) [[likely]]
            return Status::ok;
        return add_to_full(canonical(value));
    }

    // The same value many times.
    Status add(double value, std::uint64_t times) {
        if (times == 1) return add(value);
        if (times == 0) return Status::ok;
        if (trimmed()) return Status::no_room;
        if (times > kMaxValues - values()) return Status::overflow;
        if (exact() && count() + times <= kExactLimit) {
            if (slots() < count() + times) return Status::no_room;
            while (times-- > 0) buffer(canonical(value));
            return Status::ok;
        }
        if (const Status status = make_bins(); status != Status::ok) return status;
        return add_times(canonical(value), times);
    }

    // Takes a value out again, if the result is certain to be what the other values would give; else the state is to be
    // built anew. `no_room` as in add.
    enum class Removed { yes, no, no_room };
    Removed remove(double value) {
        value = canonical(value);
        if (trimmed()) return Removed::no_room;
        if (!exact()) {
            if (flush() != Status::ok) return Removed::no_room;
            return take_out(value) ? Removed::yes : Removed::no;
        }
        const auto list = items<double>();
        for (double& item : list)
            if (item == value || (std::isnan(item) && std::isnan(value))) {
                item = list.back();
                set_count(count() - 1);
                return Removed::yes;
            }
        return Removed::no;
    }

    std::size_t grown_bytes() const {
        if (trimmed()) return exact() ? exact_bytes(count() + 1, asked_bytes()) : bins_bytes(bins(), asked_bytes());
        const std::size_t next = block_image(bytes_ + 1);
        return exact() && count() >= kExactLimit ? std::max(next, bins_bytes(1, asked_bytes())) : next;
    }

    Hist relay(std::span<std::byte> room) const {
        Hist s(room.data(), room.size());
        std::memcpy(s.image_, image_, kHeaderBytes);
        s.copy_asked(*this);
        if (exact()) {
            s.start_exact(count());
            std::memcpy(s.payload(), payload(), count() * sizeof(double));
            return s;
        }
        s.start_bins();
        if (trimmed())
            stored().open(s.body(), s.sum(), s.counters_at());
        else
            s.take_working(*this);
        s.open_buffer();
        return s;
    }

    std::size_t merge_bytes(const Hist& other) const {
        if (stays_exact(other)) return exact_bytes(count() + other.count(), asked_bytes());
        // Any two histograms have room in so many bins, and they are the most that the result may have.
        const std::size_t most = static_cast<std::size_t>(std::min(max_bins(), other.max_bins()));
        const std::size_t mine = exact() ? 1 : bins();
        return bins_bytes(std::max(most, mine), asked_bytes());
    }

    Status merge(const Hist& other) {
        const std::uint64_t theirs = other.values();
        if (values() > kMaxValues - theirs) return Status::overflow;
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
        return other.trimmed() ? merge_stored(other.stored(), theirs) : merge_working(other);
    }

    // --- settling and trimming --------------------------------------------------------------------------------------

    bool settled() const { return trimmed(); }

    std::size_t settle_bytes() const {
        if (exact()) return bytes_;
        return std::max(bytes_, bins_bytes(static_cast<std::size_t>(max_bins()), asked_bytes()));
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
        settle_sum();
    }

    std::size_t trimmed_bytes() const {
        if (trimmed()) return bytes_;
        if (exact()) return kHeaderBytes + count() * sizeof(double) + asked_bytes();
        return kHeaderBytes + hist::stored_bytes(body(), sum(), counters_at()) + asked_bytes();
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
        s.copy_asked(*this);
        if (exact()) {
            std::memcpy(s.payload(), payload(), count() * sizeof(double));
        } else {
            s.set_form(kBins);
            s.set_count(hist::store_bins(body(), sum(), counters_at(), s.payload()));
        }
        return bytes;
    }

  private:
    // Counters that there are, or room for.
    std::size_t bins() const { return trimmed() ? stored().bins() : capacity(); }

    // --- check ------------------------------------------------------------------------------------------------------

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
