// SPDX-License-Identifier: PostgreSQL
//
// Heavy hitters, the part that topk and trend share: at most so many items with their weights, and one floor.
//
// Lazy Space-Saving (Metwally, Agrawal, El Abbadi, ICDT 2005, as a Misra-Gries summary that is pruned in bulk; merging:
// Agarwal et al., PODS 2012), with a filter before it (Homem, Carvalho 2010, table.hpp). An entry is an item, its upper
// bound c and its error e; what was counted for sure is c - e. An item that is not there weighs at most the floor. A
// newcomer begins with c = bound + weight and e = bound, where the bound is the floor, or less where the filter knows
// better. Once 1.5 k entries stand, those above the (k+1)-th largest c stay, and the floor rises to the largest c that
// went. Each rise of the floor is taken from more than k entries at once, so
//
//   c - e <= weight <= c for an entry, weight <= floor for any other item, floor <= total / (k + 1),
//
// for any stream and any tree of merges. With several scales (trend) an entry has a c and an e for each; pruning keeps
// what is among the first k / scales of any of them, and the bound is total * scales / k.
//
// Weights are sums of doubles: exact while they are integers below 2^53. Header: mode = kind of the items.
//
//   heavy_hitters/layout.hpp   the bytes: where everything stands
//   heavy_hitters/table.hpp   finding, the filter, pruning
//   heavy_hitters/log.hpp     rows that wait, and how they are applied
//   heavy_hitters/stored.hpp    to the stored form
//   this file           merging, moving the scale, and whether bytes are a stored form
#pragma once

#include <type_traits>

#include "heavy_hitters/stored.hpp"

namespace sketch {

inline constexpr double kMaxWeight = 1e100;
inline constexpr double kMaxTotal = 1e200;  // of images that may still be merged

// Room is the sketch; kRowWords, how many words of its own a row of the log has. It has Entries, Image, Log and
// Trim for friends, and gives
//
//   int scales() const;
//   std::size_t own_bytes() const;                    its part of the head
//   void weigh(Batch& batch);                         the weights of rows, for each scale
//   Status agree(const Room& from, double* factors);  before a merge: by what the weights of `from` are multiplied
//   void bring_up();                                  before trimming: weights in their canonical scale
template <class Room, int kRowWords>
class Entries : public EntryTrim<Room, kRowWords> {
  public:
    using Base = EntryTrim<Room, kRowWords>;
    using Image = EntryImage<Room, kRowWords>;
    using Log = EntryLog<Room, kRowWords>;
    using Trim = EntryTrim<Room, kRowWords>;
    using Base::Base;
    using Base::entries, Base::floor, Base::item, Base::item_kind, Base::k, Base::total;

    // --- merging ----------------------------------------------------------------------------------------------------

    std::size_t merge_bytes(const Room& from) const {
        return std::max(bytes_, this->bytes_with(this->need_to_flush() + from.need_to_flush()));
    }

    Status merge(const Room& from) {
        if (item_kind() != ItemKind::none && from.item_kind() != ItemKind::none && item_kind() != from.item_kind())
            return Status::unlike_items;
        this->make_room(this->need_to_flush() + from.need_to_flush());
        flush();
        double factors[kMaxScales];
        if (const Status status = self().agree(from, factors); status != Status::ok) return status;
        for (int t = 0; t < scales(); ++t)
            if (total(t) + from.total(t) * factors[t] > kMaxTotal) return Status::overflow;
        if (item_kind() == ItemKind::none) set_mode(from.mode());

        this->set_k(std::min(k(), from.k()));
        merge_entries(from, factors);
        std::uint16_t rows[Base::kMostRows];
        this->apply_log(from, rows);
        if (entries() > this->most_entries()) this->prune();
        return Status::ok;
    }

  protected:
    using Base::arena_used, Base::bytes_, Base::count, Base::error_at, Base::flush, Base::hash_at, Base::head_bytes,
        Base::new_entry, Base::offset, Base::places, Base::probe, Base::scales, Base::payload, Base::self,
        Base::set_floor, Base::set_mode, Base::slots, Base::stands_before, Base::stride, Base::sum_at, Base::upper_at;
    using typename Base::Places;
    using typename Base::Probe;

    // --- moving the scale -------------------------------------------------------------------------------------------

    // Multiplies what a scale holds by 2^-shift; what becomes too small to matter, by 0.
    void scale_down(int scale, std::int64_t shift) {
        if (shift <= 0) return;
        const double factor = power_of_two(-shift);
        const auto scaled = [&](std::byte* at) { store(at, scaled_down(load<double>(at), factor)); };
        scaled(sum_at(scale));
        scaled(sum_at(scale) + sizeof(double));
        const Places p = places();
        for (std::uint32_t i = 0; i < entries(); ++i) {
            scaled(upper_at(p, i, scale));
            scaled(error_at(p, i, scale));
        }
        for (std::uint32_t i = 0; i < p.cell_count; ++i) scaled(this->cell_at(p, i, scale));
    }
    static double power_of_two(std::int64_t exponent) {
        const std::int64_t biased = exponent + 1023;
        return std::bit_cast<double>(static_cast<std::uint64_t>(std::clamp<std::int64_t>(biased, 0, 2046)) << 52);
    }
    static constexpr double kTiny = 0x1p-900;
    static double scaled_down(double value, double factor) {
        const double v = value * factor;
        return v < kTiny && factor != 1 ? 0 : v;
    }

    // --- checking ---------------------------------------------------------------------------------------------------

    // The part of check that follows the room's own.
    static bool valid_sum(double value) { return value >= 0 && !std::signbit(value) && value <= kMaxTotal; }

    Status check_body() const {
        if (item_kind() > kLastItemKind) return Status::bad_parameter;
        if (k() < static_cast<std::uint32_t>(scales()) || k() > kMaxEntries) return Status::bad_parameter;
        const std::uint32_t n = entries();
        if (slots() != 0 || count() != 0 || load<std::uint32_t>(payload() + 8) != 0 || n > k())
            return Status::bad_content;
        if (bytes_ != kHeaderBytes + head_bytes() + n * stride() + arena_used()) return Status::wrong_size;
        if ((n != 0 || arena_used() != 0) && item_kind() == ItemKind::none) return Status::bad_content;
        if (!check_sums()) return Status::bad_content;
        return check_items() ? Status::ok : Status::bad_content;
    }

  private:
    // An item of both has the sum of both bounds; an item of one may have weighed as much as the floor in the other.
    // The filter rises by the other's floor. Until all have been seen, the sign of the first error marks the entries
    // that were found in both.
    void merge_entries(const Room& from, const double* factors) {
        const Places p = places(), q = from.places();
        const int scales = this->scales();
        const std::uint32_t before = entries();
        for (std::uint32_t j = 0; j < from.entries(); ++j) {
            const Item item = from.item(q, j);
            const std::uint32_t hash = from.hash_at(q, j);
            const Probe at = probe(p, item, hash);
            const std::uint32_t i = at.found ? at.entry : entries();
            if (!at.found) new_entry(p, at, item, hash);
            for (int t = 0; t < scales; ++t) {
                const double c = scaled_down(load<double>(upper_at(q, j, t)), factors[t]),
                             e = scaled_down(load<double>(error_at(q, j, t)), factors[t]);
                store(upper_at(p, i, t), c + (at.found ? load<double>(upper_at(p, i, t)) : floor(t)));
                store(error_at(p, i, t), e + (at.found ? load<double>(error_at(p, i, t)) : floor(t)));
            }
            if (at.found) store(error_at(p, i, 0), -load<double>(error_at(p, i, 0)));
        }
        double floors[kMaxScales];
        for (int t = 0; t < scales; ++t) floors[t] = scaled_down(from.floor(t), factors[t]);
        for (std::uint32_t i = 0; i < before; ++i) {
            const double mark = load<double>(error_at(p, i, 0));
            if (std::signbit(mark)) {
                store(error_at(p, i, 0), -mark);
                continue;
            }
            for (int t = 0; t < scales; ++t) {
                store(upper_at(p, i, t), load<double>(upper_at(p, i, t)) + floors[t]);
                store(error_at(p, i, t), load<double>(error_at(p, i, t)) + floors[t]);
            }
        }
        for (int t = 0; t < scales; ++t) {
            for (std::uint32_t i = 0; i < p.cell_count; ++i) {
                std::byte* const cell = this->cell_at(p, i, t);
                store(cell, load<double>(cell) + floors[t]);
            }
            set_floor(t, floor(t) + floors[t]);
            this->set_total(t, total(t) + scaled_down(from.total(t), factors[t]));
        }
    }

    bool check_sums() const {
        const Places p = places();
        bool any = false;
        for (int t = 0; t < scales(); ++t) {
            const double whole = total(t), low = floor(t);
            if (!valid_sum(whole) || !valid_sum(low) || low > whole) return false;
            any |= whole > 0;
            for (std::uint32_t i = 0; i < entries(); ++i) {
                const double c = load<double>(upper_at(p, i, t)), e = load<double>(error_at(p, i, t));
                if (!valid_sum(c) || !valid_sum(e) || e > c || e > low || c > whole) return false;
                if (scales() == 1 && (c == 0 || c < low)) return false;
            }
        }
        for (std::uint32_t i = 0; i < entries(); ++i) {
            bool counts = false;
            for (int t = 0; t < scales(); ++t) counts |= load<double>(upper_at(p, i, t)) > 0;
            if (!counts) return false;
        }
        return any || entries() == 0;
    }

    bool check_items() const {
        const Places p = places();
        const std::uint32_t n = entries();
        if (item_kind() == ItemKind::integer) {
            for (std::uint32_t i = 1; i < n; ++i)
                if (!(item(p, i - 1) < item(p, i))) return false;
            return arena_used() == 0;
        }
        if (n == 0) return arena_used() == 0;
        if (offset(p, 0) != 0) return false;
        for (std::uint32_t i = 0; i < n; ++i) {
            const std::size_t begin = offset(p, i), end = i + 1 < n ? offset(p, i + 1) : arena_used();
            if (begin > end || end > arena_used() || end - begin > kMaxItemBytes) return false;
            const Item whole = item(p, i);
            if (whole.hash() != hash_at(p, i)) return false;
            if (i != 0 && !stands_before(i - 1, hash_at(p, i), whole)) return false;
        }
        return true;
    }
};

}  // namespace sketch
