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
// Header: p0, p1 = k as 16 bits (8 to 65535).
//
//   mode    payload
//   exact   trimmed: u64 number of NaNs, then count values, ascending.
//           working: slots values of which the first count are there, in any order; u64 number of NaNs.
//   levels  trimmed: Head, u32 items of each of the count levels from 0 on, padded to 8; then the items, the highest
//           level first, each level ascending.
//           working: slots values of weight 1 of which the first count wait; Head; u32 most items; u32 number of
//           levels; u32 items of each of kMaxLevels; the items as above, and free room behind level 0.
//
// NaNs are only counted: they stand above every other value.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "core/bounds.hpp"
#include "core/float_order.hpp"
#include "core/kernel.hpp"
#include "kll/layout.hpp"

namespace sketch {

class Kll : public kll::Layout {
  public:
    class Reader;
    static constexpr std::uint8_t kKind = 'K';
    static constexpr std::uint8_t kVersion = 1;
    static constexpr int kDefaultK = 200;
    static constexpr int kMinK = 8;
    static constexpr int kMaxK = 65535;
    struct Params {
        int k;
    };

    using kll::Layout::Layout;

    static std::size_t bytes_for(Params) { return exact_bytes(kll::kFirstSlots); }

    static Kll create(std::span<std::byte> room, Params params) {
        Kll s(room.data(), room.size());
        s.set_header(kKind, kVersion, 0, 0, 0);
        s.set_k(params.k);
        s.start_exact(0, 0);
        return s;
    }

    static Status check(std::span<const std::byte> image) {
        if (const Status status = check_header(image, kKind, kVersion); status != Status::ok) return status;
        const Kll s(image);
        if (s.k() < kMinK || s.hash() != 0) return Status::bad_parameter;
        if (s.slots() != 0) return Status::bad_content;
        return s.mode() == kExact ? s.check_exact() : s.mode() == kLevels ? s.check_levels() : Status::bad_content;
    }

    // --- building ---------------------------------------------------------------------------------------------------

    Status add(double value) {
        if (std::isnan(value)) [[unlikely]]
            return add_nan();
        if (buffer(one_zero(value))) [[likely]]
            return Status::ok;
        return add_to_full(one_zero(value));
    }

    std::size_t grown_bytes() const {
        const bool outgrown = mode() == kLevels || (count() >= slots() && count() >= exact_limit(k()));
        return outgrown ? room_for_levels() : exact_bytes(count() + 1);
    }

    Kll relay(std::span<std::byte> room) const {
        Kll s(room.data(), room.size());
        std::memcpy(s.image_, image_, kHeaderBytes);
        if (exact()) {
            s.start_exact(count(), nans());
            std::memcpy(s.payload(), exact_items(), count() * sizeof(double));
            return s;
        }
        kll::Levels to = s.start_levels(0);
        copy_head(to);
        std::memcpy(to.items, items_at(), to.total() * sizeof(double));
        if (!trimmed()) {
            std::memcpy(s.payload(), payload(), count() * sizeof(double));
            s.set_count(count());
        }
        return s;
    }

    std::size_t merge_bytes(const Kll& other) const {
        const int least = std::min(k(), other.k());
        const std::size_t items = stored_items() + other.stored_items();
        if (stays_exact(other)) return exact_bytes(items);
        return std::max(levels_bytes(least), bytes_with(items + other.unsorted_items() + kll::kBuffer));
    }

    Status merge(const Kll& other) {
        if (values() > kMostValues - other.values()) return Status::overflow;
        const bool stays = stays_exact(other);
        set_k(std::min(k(), other.k()));
        if (stays) {
            std::memcpy(payload() + count() * sizeof(double), other.exact_items(), other.count() * sizeof(double));
            set_count(count() + other.count());
            set_nans(nans() + other.nans());
            return Status::ok;
        }
        kll::Levels to = make_levels();
        *to.limit = static_cast<std::uint32_t>(kll::working_capacity(k()));
        flush(to);
        to.head->nans += other.nans();
        if (!other.exact()) {
            kll::Pops pops{};
            const int n = other.read_pops(pops);
            to.merge(other.head(), n, pops, other.items_at());
        }
        if (other.exact() || !other.trimmed())
            to.insert(other.exact() ? other.exact_items() : other.payload(), other.count(), other.trimmed());
        to.compress(k(), false);
        return Status::ok;
    }

    // --- settling and trimming --------------------------------------------------------------------------------------

    bool settled() const { return trimmed() || (mode() == kLevels && count() == 0 && fits_stored()); }

    std::size_t settle_bytes() const { return small() ? bytes_ : std::max(bytes_, room_for_levels()); }

    void settle() {
        if (trimmed()) return;
        if (small()) {
            const auto values = items<double>();
            std::sort(values.begin(), values.end());
            return;
        }
        kll::Levels to = make_levels();
        flush(to);
        to.compress(k(), true);
    }

    std::size_t trimmed_bytes() const {
        if (trimmed()) return bytes_;
        if (mode() == kExact) return kHeaderBytes + sizeof(std::uint64_t) + count() * sizeof(double);
        kll::Pops pops{};
        const int n = read_pops(pops);
        return kHeaderBytes + stored_head_bytes(n) + kll::total_of(pops, n) * sizeof(double);
    }

    std::size_t trim(std::span<std::byte> room) const {
        if (trimmed()) {
            std::memcpy(room.data(), image_, bytes_);
            return bytes_;
        }
        const std::size_t bytes = trimmed_bytes();
        std::byte* const to = room.data();
        std::memcpy(to, image_, kHeaderBytes);
        Kll s(to, bytes);
        s.set_slots(0);
        if (mode() == kExact) {
            store(s.payload(), nans());
            std::memcpy(s.payload() + sizeof(std::uint64_t), payload(), count() * sizeof(double));
            return bytes;
        }
        kll::Pops pops{};
        const int n = read_pops(pops);
        s.set_count(static_cast<std::size_t>(n));
        store(s.payload(), head());
        std::memset(s.payload() + sizeof(kll::Head), 0, stored_head_bytes(n) - sizeof(kll::Head));
        std::memcpy(s.payload() + sizeof(kll::Head), pops.data(), static_cast<std::size_t>(n) * sizeof(std::uint32_t));
        std::memcpy(s.payload() + stored_head_bytes(n), items_at(), kll::total_of(pops, n) * sizeof(double));
        return bytes;
    }

    // --- reading trimmed images -------------------------------------------------------------------------------------

    // Of a sketch with at least one value.
    double min() const { return value_at(1); }
    double max() const { return value_at(values()); }

    // The value at this row of all, counted from 1.
    double value_at(std::uint64_t row) const {
        const std::uint64_t n = numbers();
        if (row > n) return std::numeric_limits<double>::quiet_NaN();
        const kll::Runs sorted = runs();
        if (exact()) return sorted.run[0].at(row - 1);
        if (row <= 1) return head().min;
        if (row >= n) return head().max;
        return sorted.select(row);
    }
    double quantile(double fraction) const { return value_at(row_of(fraction, values())); }

    // How many of the values are at most this one, in PostgreSQL's order.
    std::uint64_t at_most(double value) const {
        if (std::isnan(value)) return values();
        if (exact() || numbers() == 0) return runs().at_most(value);
        if (value < head().min) return 0;
        return value >= head().max ? numbers() : runs().at_most(value);
    }
    double rank(double value) const { return static_cast<double>(at_most(value)) / static_cast<double>(values()); }

    // The error of a rank that is not passed with a probability of 99 %, as a fraction of the number of values.
    double epsilon() const { return exact() ? 0 : epsilon_of(k()); }
    static double epsilon_of(int k) { return std::min(1.0, 2.296 / std::pow(k, 0.9723)); }

    // Values between which the true quantile lies with this confidence. The error of one rank is near to normal, as a
    // sum over many coins; by simulation its standard error is below epsilon/6, whatever the data. epsilon/4 is on the
    // safe side.
    Bounds bounds(double fraction, double confidence) const {
        const double margin = normal_z(confidence) * epsilon() / 4;
        return {quantile(std::max(0.0, fraction - margin)), quantile(fraction),
                quantile(std::min(1.0, fraction + margin))};
    }

  private:
    // --- working ----------------------------------------------------------------------------------------------------

    // As many slots as the room has, but no more than exact answers need. Their number has 16 bits.
    void start_exact(std::size_t items, std::uint64_t nans) {
        const std::size_t most = (exact_bytes(exact_limit(k())) - kHeaderBytes) / sizeof(double) - 1;
        const std::size_t room = payload_bytes() / sizeof(double) - 1;
        set_mode(kExact);
        set_slots(std::max(items, std::min({room, most, std::size_t{65535}})));
        set_count(items);
        set_nans(nans);
    }
    kll::Levels start_levels(std::uint64_t nans) {
        set_mode(kLevels);
        set_slots(kll::kBuffer);
        set_count(0);
        kll::Levels to = levels();
        to.start(nans, static_cast<std::uint64_t>(k()));
        *to.limit = static_cast<std::uint32_t>(kll::working_capacity(k()));
        return to;
    }
    void copy_head(kll::Levels& to) const {
        kll::Pops pops{};
        *to.head = head();
        *to.levels = static_cast<std::uint32_t>(read_pops(pops));
        std::memcpy(to.pop, pops.data(), sizeof pops);
    }
    // Exact values become level 0, where they stand.
    kll::Levels make_levels() {
        if (mode() == kLevels) return levels();
        const std::size_t n = count();
        const std::uint64_t missing = nans();
        std::byte* const area = payload() + kll::kBuffer * sizeof(double) + kWorkingHeadBytes;
        std::memmove(area, payload(), n * sizeof(double));
        kll::Levels to = start_levels(missing);
        to.insert(area, n, false);
        return to;
    }

    std::size_t room_for_levels() const {
        return std::max(levels_bytes(k()), exact() ? bytes_with(count() + kll::kBuffer) : 0);
    }
    bool small() const { return exact() && count() <= exact_limit(k()); }
    bool stays_exact(const Kll& other) const {
        return exact() && other.exact() && count() + other.count() <= exact_limit(std::min(k(), other.k()));
    }
    std::size_t unsorted_items() const { return exact() || !trimmed() ? count() : 0; }

    Status add_to_full(double value) {
        if (trimmed()) return values() > kFullOfValues ? Status::overflow : Status::no_room;
        if (exact()) {
            if (count() < exact_limit(k()) || bytes_ < room_for_levels()) return Status::no_room;
            make_levels();
        } else {
            flush();
        }
        buffer(value);
        return Status::ok;
    }

    Status add_nan() {
        if (trimmed()) return values() > kFullOfValues ? Status::overflow : Status::no_room;
        set_nans(nans() + 1);
        return Status::ok;
    }

    bool fits_stored() const {
        kll::Pops pops{};
        const int n = read_pops(pops);
        return kll::total_of(pops, n) <= kll::stored_capacity(k(), static_cast<std::uint32_t>(n));
    }

    void flush() {
        kll::Levels to = levels();
        flush(to);
    }
    void flush(kll::Levels& to) {
        if (count() == 0) return;
        auto* const values = reinterpret_cast<double*>(payload());
        const int shift = count() == kll::kBuffer ? sampled(to) : 0;
        if (shift == 0) {
            kll::sort_buffer(values, count());
            to.insert_sorted(values, count());
        } else {
            const kll::Range range = kll::sample_buffer(values, shift, to.next_random(values[0]));
            to.widen(range.least, range.most);
            to.insert_sorted(values, kll::kBuffer >> shift, static_cast<std::uint32_t>(shift));
        }
        set_count(0);
        to.compress(k(), false);
    }

    // The sampler of KLL, in a milder form: in a tall sketch the buffer goes to a level above 0. Picking 1 of 2^s from
    // sorted runs of 16 adds at most n 4^s / 96 to the variance of a rank, which is about n^2/(10 k^2) from the levels;
    // here it is about a fifteenth of that at most.
    int sampled(const kll::Levels& to) const {
        const int height =
            static_cast<int>(*to.levels) - 1 - static_cast<int>(std::bit_width(static_cast<unsigned>(k())));
        return std::clamp(height / 2, 0, 3);
    }

    // --- check ------------------------------------------------------------------------------------------------------

    static bool ascending(const std::byte* at, std::size_t n, double least, double most) {
        double last = least;
        for (std::size_t i = 0; i < n; ++i) {
            const double value = load<double>(at + i * sizeof(double));
            if (!(value >= last) || value > most || !is_canonical(value)) return false;
            last = value;
        }
        return true;
    }

    Status check_exact() const {
        if (count() > exact_limit(k())) return Status::bad_content;
        if (payload_bytes() != sizeof(std::uint64_t) + count() * sizeof(double)) return Status::wrong_size;
        if (nans() > kMostValues - count()) return Status::bad_content;
        constexpr double kInfinity = std::numeric_limits<double>::infinity();
        return ascending(exact_items(), count(), -kInfinity, kInfinity) ? Status::ok : Status::bad_content;
    }

    Status check_levels() const {
        const std::uint32_t n = count();
        if (n < 2 || n > kll::kMaxLevels) return Status::bad_content;
        const std::size_t before_items = stored_head_bytes(static_cast<int>(n));
        if (payload_bytes() < before_items) return Status::wrong_size;
        kll::Pops pops{};
        read_pops(pops);
        std::size_t total = 0;
        std::uint64_t weight = 0;
        for (std::uint32_t h = 0; h < n; ++h) {
            if (pops[h] > kMostValues >> h) return Status::bad_content;
            total += pops[h];
            weight += std::uint64_t{pops[h]} << h;
            if (weight > kMostValues) return Status::bad_content;
        }
        if (payload_bytes() != before_items + total * sizeof(double)) return Status::wrong_size;
        if (n % 2 != 0 && load<std::uint32_t>(payload() + before_items - sizeof(std::uint32_t)) != 0)
            return Status::bad_content;
        const kll::Head h = head();
        if (pops[n - 1] == 0 || total > kll::stored_capacity(k(), n) || weight <= exact_limit(k()) ||
            h.nans > kMostValues - weight)
            return Status::bad_content;
        if (!is_canonical(h.min) || !is_canonical(h.max) || !(h.min <= h.max)) return Status::bad_content;
        if (h.pending >> (n - 1) != 0 || (h.coins & ~h.pending) != 0) return Status::bad_content;
        const std::byte* at = items_at();
        for (int level = static_cast<int>(n) - 1; level >= 0; --level) {
            if (!ascending(at, pops[level], h.min, h.max)) return Status::bad_content;
            at += pops[level] * sizeof(double);
        }
        return Status::ok;
    }
};

// Answers questions about trimmed images.
class Kll::Reader : public Kll {
  public:
    explicit Reader(Trimmed<Kll> sketch) : Kll(sketch.image()) {}
};

static_assert(Kernel<Kll>);

}  // namespace sketch
