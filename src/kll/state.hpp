// SPDX-License-Identifier: PostgreSQL
//
// The state of a build: values wait in a write buffer, are sorted, and go to the levels.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/kernel.hpp"
#include "core/rank.hpp"
#include "kll/layout.hpp"

namespace sketch::kll {

class State : public Layout {
  public:
    using Layout::Layout;

  protected:
    // --- starting a form --------------------------------------------------------------------------------------------

    // As many slots as the room has, but no more than exact answers need, nor more than values may still come. Their
    // number has 16 bits.
    void start_exact(std::size_t items, std::uint64_t nans) {
        const std::size_t most = (exact_bytes(exact_limit(k()), 0) - kHeaderBytes) / sizeof(double) - 1;
        const std::size_t room = room_bytes() / sizeof(double) - 1;
        const std::size_t wanted = std::max(items, std::min({room, most, std::size_t{65535}}));
        set_form(kExact);
        open_slots(wanted, kMaxValues - nans);
        set_count(items);
        set_nans(nans);
    }
    Levels start_levels(std::uint64_t nans) {
        set_form(kLevels);
        set_slots(kBuffer);
        set_count(0);
        Levels to = levels();
        to.start(nans, static_cast<std::uint64_t>(k()));
        *to.limit = static_cast<std::uint32_t>(working_capacity(k()));
        return to;
    }
    void copy_head(Levels& to) const {
        Pops pops{};
        *to.head = head();
        *to.levels = static_cast<std::uint32_t>(read_pops(pops));
        std::memcpy(to.pop, pops.data(), sizeof pops);
    }
    // Exact values become level 0, where they stand.
    Levels make_levels() {
        if (!exact()) return levels();
        const std::size_t n = count();
        const std::uint64_t missing = nans();
        std::byte* const area = payload() + kBuffer * sizeof(double) + kWorkingHeadBytes;
        std::memmove(area, payload(), n * sizeof(double));
        Levels to = start_levels(missing);
        to.take(n);
        open_buffer();
        return to;
    }

    // Without slots an image would pass for a trimmed one.
    void open_slots(std::size_t wanted, std::uint64_t may_come) {
        set_slots(std::min<std::uint64_t>(wanted, may_come));
        set_form((mode() & kLevels) | (may_come == 0 ? kFull : 0));
    }
    // No more values may wait than may still be counted. For an empty buffer before levels.
    void open_buffer() { open_slots(kBuffer, far_from_full() ? kBuffer : kMaxValues - values()); }

    // Of a working image: few levels and few NaNs, less than half of kMaxValues, known without a sum.
    bool far_from_full() const {
        constexpr std::uint32_t kFewLevels = 40;
        static_assert((working_capacity(65535) + kBuffer) << kFewLevels < kMaxValues / 4);
        const std::byte* const at = tail();
        if (load<std::uint64_t>(at) >= kMaxValues / 4) return false;
        return exact() || load<std::uint32_t>(at + sizeof(Head) + sizeof(std::uint32_t)) <= kFewLevels;
    }

    // The first `n` doubles are values and weights in turn. There are no slots beyond them, so that values without a
    // weight find the buffer full.
    void set_weighted(std::size_t n) {
        set_form(kLevels | kWeighted);
        set_count(n);
        set_slots(n);
    }

    // --- adding -----------------------------------------------------------------------------------------------------

    // Of a working image with levels for what is here.
    std::size_t levels_bytes() const { return bytes_with(stored_items() + kBuffer); }

    [[gnu::noinline]] Status add_to_full(double value) {
        if (trimmed()) return Status::no_room;
        if (!far_from_full() && values() == kMaxValues) return Status::overflow;
        if (exact()) {
            if (count() < exact_limit(k()) || bytes_ < levels_bytes()) return Status::no_room;
            make_levels();
        } else if (weighted()) {
            return append_weighted(value, 1);
        } else if (const Status status = flush(); status != Status::ok) {
            return status;
        }
        buffer(value);
        return Status::ok;
    }

    // One value so many times, two or more.
    Status add_times(double value, std::uint64_t times) {
        if (trimmed()) return Status::no_room;
        if ((exact() || !far_from_full()) && times > kMaxValues - values()) return Status::overflow;
        if (exact() && count() + times <= exact_limit(k())) {
            if (slots() < count() + times) return Status::no_room;
            while (times-- > 0) buffer(value);
            return Status::ok;
        }
        if (exact()) {
            if (bytes_ < levels_bytes()) return Status::no_room;
            make_levels();
        }
        return append_weighted(value, times);
    }
    static_assert(kBatch << 53 < kMaxValues / 4);  // far from full is far enough for what waits with weights

    Status append_weighted(double value, std::uint64_t weight) {
        if (!weighted() || count() == kBuffer)
            if (const Status status = flush(); status != Status::ok) return status;
        store(payload() + count() * sizeof(double), Weighted{value, weight});
        set_weighted(count() + 2);
        return Status::ok;
    }

    Status add_nan() {
        if (trimmed()) return Status::no_room;
        if (far_from_full()) [[likely]] {
            std::byte* const at = tail();
            store(at, load<std::uint64_t>(at) + 1);
            return Status::ok;
        }
        return add_nans(1);
    }
    [[gnu::noinline]] Status add_nans(std::uint64_t times) {
        if (trimmed()) return Status::no_room;
        if (times > kMaxValues - values()) return Status::overflow;
        if (exact()) {
            start_exact(count(), nans() + times);
            return Status::ok;
        }
        if (const Status status = flush(); status != Status::ok) return status;
        set_nans(nans() + times);
        open_buffer();
        return Status::ok;
    }

    // Empties the write buffer into the levels, or changes nothing.
    Status flush() {
        if (count() == 0) return Status::ok;
        Levels to = levels();
        if (!weighted() && to.total() + count() > item_room()) return Status::no_room;
        return flush(to);
    }
    Status flush(Levels& to) {
        if (weighted()) {
            if (const Status status = insert_weighted(*this, to); status != Status::ok) return status;
        } else {
            insert_waiting(to);
        }
        set_count(0);
        to.compress(k(), false);
        open_buffer();
        return Status::ok;
    }
    // What waits with weights, here or elsewhere. Apart, for the room that it takes on the stack.
    [[gnu::noinline]] Status insert_weighted(const State& from, Levels& to) const {
        const Batch batch(from.payload(), from.count() / 2, to, k());
        if (to.total() + batch.items() > item_room()) return Status::no_room;
        batch.insert(to);
        return Status::ok;
    }
    void insert_waiting(Levels& to) {
        auto* const values = reinterpret_cast<double*>(payload());
        const int shift = count() == kBuffer ? sampled(to) : 0;
        if (shift == 0) {
            sort_buffer(values, count());
            to.insert_sorted(values, count());
        } else {
            const Range range = sample_buffer(values, shift, to.next_random(values[0]));
            to.widen(range.least, range.most);
            to.insert_sorted(values, kBuffer >> shift, static_cast<std::uint32_t>(shift));
        }
    }

    // The sampler of KLL, in a milder form: in a tall sketch the buffer goes to a level above 0. Picking 1 of 2^s from
    // sorted runs of 16 adds at most n 4^s / 96 to the variance of a rank, which is about n^2/(10 k^2) from the levels;
    // here it is about a fifteenth of that at most.
    int sampled(const Levels& to) const {
        const int height =
            static_cast<int>(*to.levels) - 1 - static_cast<int>(std::bit_width(static_cast<unsigned>(k())));
        return std::clamp(height / 2, 0, 3);
    }

    // --- merging and settling ---------------------------------------------------------------------------------------

    bool stays_exact(const State& other) const {
        return exact() && other.exact() && count() + other.count() <= exact_limit(std::min(k(), other.k()));
    }
    std::size_t unsorted_items() const { return (exact() || !trimmed()) && !weighted() ? count() : 0; }

    Status merge_levels(const State& other) {
        Levels to = make_levels();
        *to.limit = static_cast<std::uint32_t>(working_capacity(k()));
        if (count() != 0)
            if (const Status status = flush(to); status != Status::ok) return status;
        to.head->nans += other.nans();
        if (!other.exact()) {
            Pops pops{};
            const int n = other.read_pops(pops);
            to.merge(other.head(), n, pops, other.items_at());
        }
        if (other.weighted()) {
            if (const Status status = insert_weighted(other, to); status != Status::ok) return status;
        } else if (other.exact() || !other.trimmed()) {
            to.insert(other.exact() ? other.exact_items() : other.payload(), other.count(), other.trimmed());
        }
        to.compress(k(), false);
        open_buffer();
        return Status::ok;
    }

    // Whether exact answers are due.
    bool small() const { return exact() && count() <= exact_limit(k()); }
    bool fits_stored() const {
        Pops pops{};
        const int n = read_pops(pops);
        return total_of(pops, n) <= stored_capacity(k(), static_cast<std::uint32_t>(n));
    }
};

}  // namespace sketch::kll
