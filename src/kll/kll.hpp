// SPDX-License-Identifier: PostgreSQL
//
// kll: which value has this rank? The sketch of Karnin, Lang and Liberty (arXiv:1603.05346) with the paired coins of
// Ivkin, Liberty, Lang, Karnin and Braverman (arXiv:1907.00236).
//
// Error: exact up to k values (and a tenth more); then the rank of an answer is off by at most 2.296/k^0.9723 of the
// number of values (1.33 % at the default k = 200) with a probability of 99 %, whatever the data and their order.
//
// An item of level h stands for 2^h values. A level that is full is compacted: every other item, from the first or from
// the second by the toss of a coin, rises to the next level, the rest is dropped. The second toss of a pair is the
// opposite of the first, so that its error tends to take back the first one's. The coins come from a generator in the
// sketch that is stirred with the items: the same values in the same order give the same bytes.
//
// It counts up to 2^62 values. NaNs are only counted: they stand above every other value.
//
// Header: p0, p1 = k as 16 bits (8 to 65535).
//
//   mode    payload
//   exact   trimmed: u64 number of NaNs, then count values, ascending.
//           working: slots values of which the first count are there, in any order; u64 number of NaNs; free room.
//   levels  trimmed: Head, u32 items of each of the count levels from 0 on, padded to 8; then the items, the highest
//           level first, each level ascending.
//           working: room for 128 values of weight 1, of which slots may be used and the first count wait; Head; u32
//           most items; u32 number of levels; u32 items of each of kMaxLevels; the items as above, and free room behind
//           level 0.
//   + weighted  beside levels, working: what waits are count / 2 values, each with a u64 weight behind it; slots are
//           count.
//   + full  beside either, working: 2^62 values are counted and none waits. No slots, and none taken.
//   + asked beside any: the fractions that approx_percentile was asked for, at the end (asked.hpp).
//
// exact -> levels: with more than k values (and a tenth). A working image has room for what is in it, to the next power
// of two, whatever the k of a trimmed one claims.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "core/float_order.hpp"
#include "core/kernel.hpp"
#include "kll/estimate.hpp"
#include "kll/state.hpp"
#include "kll/stored.hpp"

namespace sketch {

class Kll : public kll::State {
  public:
    using Reader = kll::Reader;
    static constexpr std::uint8_t kKind = 'K';
    static constexpr std::uint8_t kVersion = 1;
    static constexpr int kDefaultK = 200;
    static constexpr int kMinK = 8;
    static constexpr int kMaxK = 65535;
    struct Params {
        int k;
        std::span<const std::byte> fractions = {};  // doubles

        bool operator==(const Params& other) const {
            return k == other.k && std::ranges::equal(fractions, other.fractions);
        }
    };

    using kll::State::State;

    static std::size_t bytes_for(Params params) {
        return exact_bytes(kll::kFirstSlots, Asked::asked_bytes(params.fractions));
    }

    Params params() const { return {k(), asked()}; }

    static Kll create(std::span<std::byte> room, Params params) {
        Kll s(room.data(), room.size());
        s.set_header(kKind, kVersion, 0, 0, 0);
        s.set_k(params.k);
        s.set_asked(params.fractions);
        s.start_exact(0, 0);
        return s;
    }

    static Status check(std::span<const std::byte> image) {
        if (const Status status = check_header(image, kKind, kVersion); status != Status::ok) return status;
        const Kll s(image);
        if (s.k() < kMinK || s.hash() != 0) return Status::bad_parameter;
        if (s.slots() != 0 || (s.mode() & ~(kLevels | kAsked)) != 0) return Status::bad_content;
        if (const Status status = s.check_asked(); status != Status::ok) return status;
        if (!s.exact()) return kll::check_levels(s.payload(), s.room_bytes(), s.count(), s.k(), exact_limit(s.k()));
        if (s.count() > exact_limit(s.k())) return Status::bad_content;
        return kll::check_exact(s.payload(), s.room_bytes(), s.count());
    }

    bool empty() const { return values() == 0; }

    // --- building ---------------------------------------------------------------------------------------------------

    Status add(double value) {
        if (std::isnan(value)) [[unlikely]]
            return add_nan();
        if (buffer(one_zero(value))) [[likely]]
            return Status::ok;
        return add_to_full(one_zero(value));
    }

    // The same value many times.
    Status add(double value, std::uint64_t times) {
        if (times == 0) return Status::ok;
        if (times == 1) return add(value);
        return std::isnan(value) ? add_nans(times) : add_times(one_zero(value), times);
    }

    std::size_t grown_bytes() const {
        if (exact() && count() < slots()) return std::max(levels_bytes(), block_image(bytes_ + 1));  // for a weight
        if (exact() && count() < exact_limit(k())) return exact_bytes(count() + 1, asked_bytes());
        return exact() || trimmed() ? levels_bytes() : block_image(bytes_ + 1);
    }

    Kll relay(std::span<std::byte> room) const {
        Kll s(room.data(), room.size());
        std::memcpy(s.image_, image_, kHeaderBytes);
        s.copy_asked(*this);
        if (exact()) {
            s.start_exact(count(), nans());
            std::memcpy(s.payload(), exact_items(), count() * sizeof(double));
            return s;
        }
        kll::Levels to = s.start_levels(0);
        copy_head(to);
        std::memcpy(to.items, items_at(), to.total() * sizeof(double));
        s.open_buffer();
        if (!trimmed()) {
            std::memcpy(s.payload(), payload(), count() * sizeof(double));
            if (weighted())
                s.set_weighted(count());
            else
                s.set_count(count());
        }
        return s;
    }

    std::size_t merge_bytes(const Kll& other) const {
        const std::size_t items = stored_items() + other.stored_items();
        return stays_exact(other) ? exact_bytes(items, asked_bytes())
                                  : bytes_with(items + other.unsorted_items() + kll::kBuffer);
    }

    Status merge(const Kll& other) {
        if (values() > kMaxValues - other.values()) return Status::overflow;
        const bool stays = stays_exact(other);
        set_k(std::min(k(), other.k()));
        if (!stays) return merge_levels(other);
        const std::uint64_t missing = nans() + other.nans();
        std::memcpy(payload() + count() * sizeof(double), other.exact_items(), other.count() * sizeof(double));
        start_exact(count() + other.count(), missing);
        return Status::ok;
    }

    // --- settling and trimming --------------------------------------------------------------------------------------

    bool settled() const { return trimmed() || (!exact() && count() == 0 && fits_stored()); }

    std::size_t settle_bytes() const { return small() ? bytes_ : std::max(bytes_, bytes_with(stored_items())); }

    void settle() {
        if (trimmed()) return;
        if (small()) {
            const auto values = items<double>();
            std::sort(values.begin(), values.end());
            return;
        }
        kll::Levels to = make_levels();
        if (count() != 0) flush(to);  // settle_bytes is room enough
        to.compress(k(), true);
    }

    std::size_t trimmed_bytes() const {
        if (trimmed()) return bytes_;
        if (exact()) return kHeaderBytes + sizeof(std::uint64_t) + count() * sizeof(double) + asked_bytes();
        kll::Pops pops{};
        const int n = read_pops(pops);
        return kHeaderBytes + kll::stored_head_bytes(n) + kll::total_of(pops, n) * sizeof(double) + asked_bytes();
    }

    std::size_t trim(std::span<std::byte> room) const {
        if (trimmed()) {
            std::memcpy(room.data(), image_, bytes_);
            return bytes_;
        }
        const std::size_t bytes = trimmed_bytes();
        Kll s(room.data(), bytes);
        std::memcpy(s.image_, image_, kHeaderBytes);
        s.copy_asked(*this);
        s.set_slots(0);
        if (exact()) {
            s.set_form(kExact);
            store(s.payload(), nans());
            std::memcpy(s.payload() + sizeof(std::uint64_t), payload(), count() * sizeof(double));
            return bytes;
        }
        kll::Pops pops{};
        const int n = read_pops(pops);
        s.set_form(kLevels);
        s.set_count(static_cast<std::size_t>(n));
        kll::store_levels(head(), pops, n, items_at(), s.payload());
        return bytes;
    }
};

static_assert(Kernel<Kll>);

}  // namespace sketch
