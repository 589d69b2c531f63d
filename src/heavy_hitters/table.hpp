// SPDX-License-Identifier: PostgreSQL
//
// Heavy hitters, the table: entries found by their hash, the filter before them, and pruning.
//
// Once something was dropped, a newcomer has to pass the filter (Homem, Carvalho: "Finding top-k elements in data
// streams", Information Sciences 180, 2010): each cell bounds what an item of its hash weighs that has no entry, and
// takes what such items bring. Only where a cell would rise above the floor is the item of that moment entered, with
// the cell as its error. So most rows of rare items touch one number, and the floor rises that much slower.
#pragma once

#include <type_traits>

#include "core/radix_select.hpp"
#include "heavy_hitters/layout.hpp"

namespace sketch {

template <class Room, int kRowWords>
class EntryTable : public EntryImage<Room, kRowWords> {
  public:
    using Base = EntryImage<Room, kRowWords>;
    using Base::Base;
    using Base::entries, Base::floor, Base::item_kind, Base::k, Base::item;

  protected:
    using Base::arena_room, Base::arena_used, Base::capacity, Base::entry_at, Base::error_at, Base::hash_at,
        Base::most_entries, Base::scales, Base::set_arena_used, Base::set_entries, Base::set_floor, Base::upper_at,
        Base::word;
    using typename Base::Places;
    friend Base;

    // --- finding ----------------------------------------------------------------------------------------------------

    struct Probe {
        std::byte* slot;  // where the item stands or would stand
        std::uint32_t entry;
        bool found;
    };
    [[gnu::always_inline]] Probe probe(const Places& p, const Item& item, std::uint32_t hash) const {
        for (std::size_t i = hash >> p.shift;; i = (i + 1) & p.slot_mask) {
            std::byte* const slot = p.slots + 2 * i;
            const std::uint32_t held = load<std::uint16_t>(slot);
            if (held == 0) return {slot, 0, false};
            if (holds(p, held - 1, item, hash)) return {slot, held - 1, true};
        }
    }
    // Whether an entry holds this item; or, if that is a string, perhaps holds it.
    static bool alike(const Places& p, std::uint32_t i, const Item& item, std::uint32_t hash) {
        return item.kind == ItemKind::integer ? word(p, i) == item.word : word(p, i) >> 32 == hash;
    }
    bool holds(const Places& p, std::uint32_t i, const Item& item, std::uint32_t hash) const {
        return alike(p, i, item, hash) && (item.kind == ItemKind::integer || this->item(p, i) == item);
    }

    void fill_slots(const Places& p) {
        if (capacity() == 0) return;
        std::memset(p.slots, 0, 2 * (p.slot_mask + 1));
        for (std::uint32_t entry = 0; entry < entries(); ++entry) {
            std::size_t i = hash_at(p, entry) >> p.shift;
            while (load<std::uint16_t>(p.slots + 2 * i) != 0) i = (i + 1) & p.slot_mask;
            store(p.slots + 2 * i, static_cast<std::uint16_t>(entry + 1));
        }
    }

    // For which there is room.
    void new_entry(const Places& p, const Probe& at, const Item& item, std::uint32_t hash) {
        const std::uint32_t n = entries();
        const std::size_t used = arena_used();
        store(at.slot, static_cast<std::uint16_t>(n + 1));
        std::uint64_t word = item.word;
        if (item.kind != ItemKind::integer) {
            word = std::uint64_t{hash} << 32 | used;
            copy_bytes(p.arena + used, item.data, item.size());
            set_arena_used(used + item.size());
        }
        store(entry_at(p, n), word);
        set_entries(n + 1);
    }

    // --- the filter -------------------------------------------------------------------------------------------------

    static std::byte* cell_at(const Places& p, std::uint32_t hash, int scale) {
        return p.cells + sizeof(double) * ((hash & (p.cell_count - 1)) * p.scales + static_cast<std::size_t>(scale));
    }
    void fill_cells(const Places& p) {
        for (std::size_t i = 0; i < p.cell_count; ++i)
            for (int t = 0; t < scales(); ++t) store(cell_at(p, static_cast<std::uint32_t>(i), t), floor(t));
    }
    // What an item without an entry weighs at most.
    double bound(const Places& p, std::uint32_t hash, int scale) const {
        return p.cell_count == 0 ? floor(scale) : load<double>(cell_at(p, hash, scale));
    }
    // Whether the cell of an item took its weights, so that it needs no entry.
    template <int kScales>
    [[gnu::always_inline]] bool absorb(const Places& p, std::uint32_t hash, const double* weights) {
        if (p.cell_count == 0) return false;
        const int scales = kScales != 0 ? kScales : this->scales();
        double sums[kMaxScales];
        bool fits = true;
        for (int t = 0; t < scales; ++t) {
            sums[t] = load<double>(cell_at(p, hash, t)) + weights[t];
            fits &= sums[t] <= load<double>(p.sums + 16 * t + 8);
        }
        if (!fits) return false;
        for (int t = 0; t < scales; ++t) store(cell_at(p, hash, t), sums[t]);
        return true;
    }

    // --- adding -----------------------------------------------------------------------------------------------------

    // weights: one for each scale, not all of them 0. With no_room nothing was done.
    template <int kScales>
    [[gnu::always_inline]] Status apply(const Places& p, const Item& item, std::uint32_t hash, const double* weights) {
        const int scales = kScales != 0 ? kScales : this->scales();
        const Probe at = probe(p, item, hash);
        if (at.found) {
            for (int t = 0; t < scales; ++t) {
                std::byte* const c = upper_at(p, at.entry, t);
                store(c, load<double>(c) + weights[t]);
            }
            return Status::ok;
        }
        return absorb<kScales>(p, hash, weights) ? Status::ok : enter(p, at, item, hash, weights);
    }

    [[gnu::noinline]] Status enter(const Places& p, Probe at, const Item& item, std::uint32_t hash,
                                   const double* weights) {
        const std::size_t n = entries(), most = most_entries();
        const bool narrow = item.size() > arena_room(p) - arena_used();
        if (n >= most || (narrow && n >= most - k() / 4)) {
            prune();
            if (absorb<0>(p, hash, weights)) return Status::ok;
            at = probe(p, item, hash);
        }
        if (entries() == capacity() || item.size() > arena_room(p) - arena_used()) return Status::no_room;
        const std::uint32_t entry = entries();
        new_entry(p, at, item, hash);
        for (int t = 0; t < scales(); ++t) {
            const double least = bound(p, hash, t);
            store(upper_at(p, entry, t), least + weights[t]);
            store(error_at(p, entry, t), least);
        }
        return Status::ok;
    }

    // --- pruning ----------------------------------------------------------------------------------------------------

    // Keeps what stands above the bar of a scale: at most k entries. What stands between its threshold and the bar
    // would lose little by going; so that a stream of items that are all alike does not empty the table, some stay,
    // chosen by their hash alone, until about a quarter of k are there.
    void prune() {
        const Places p = this->places();
        const int scales = this->scales();
        const std::uint32_t n = entries(), most = k();
        Bar bars[kMaxScales];
        for (int t = 0; t < scales; ++t) bars[t] = bar(p, t);
        // 2 above a bar, 1 at or above a threshold, 0 below all.
        const auto standing = [&](std::uint32_t i) {
            int best = 0;
            for (int t = 0; t < scales; ++t) {
                const double c = load<double>(upper_at(p, i, t));
                best = std::max(best, (c >= bars[t].threshold) + (c > bars[t].floor));
            }
            return best;
        };
        std::uint32_t above = 0, reached = 0;
        for (std::uint32_t i = 0; i < n; ++i) {
            const int s = standing(i);
            above += s >> 1;
            reached += (s + 1) >> 1;
        }
        const std::uint32_t ties = reached - above;
        const std::uint32_t least = std::max(most / 4, std::min(most, 10u));
        const std::uint32_t wanted = least > above ? least - above : 0;
        const std::uint64_t limit = ties == 0 ? 0 : (std::uint64_t{wanted} << 32) / ties;

        std::uint32_t kept = 0, spare = most - above;
        std::size_t used = 0;
        for (std::uint32_t i = 0; i < n; ++i) {
            const int s = standing(i);
            const bool tie_stays = s == 1 && spare != 0 && lot(p, i) < limit;
            if (s == 2 || tie_stays) {
                spare -= tie_stays;
                used = keep(p, i, kept++, used);
                continue;
            }
            const std::uint32_t hash = p.cell_count != 0 ? hash_at(p, i) : 0;
            for (int t = 0; t < scales; ++t) {
                const double c = load<double>(upper_at(p, i, t));
                bars[t].floor = std::max(bars[t].floor, c);
                if (p.cell_count != 0) raise(cell_at(p, hash, t), c);
            }
        }
        set_entries(kept);
        set_arena_used(used);
        for (int t = 0; t < scales; ++t) set_floor(t, bars[t].floor);
        if (scales == 1) lift(p, bars[0].floor);
        fill_slots(p);
    }

  private:
    // threshold: the largest c that has to go, -1 if none has. floor: what the floor is to be, from there on.
    struct Bar {
        double threshold, floor;
    };

    // A floor that rises by no more than it must is soon met again by the fullest cells. It rises by eight times as
    // much where the bound allows it: (quota + 1) * floor + the sum of what entries have above it stays below the
    // total.
    Bar bar(const Places& p, int scale) const {
        const std::size_t quota = k() / static_cast<std::uint32_t>(scales());
        const double now = floor(scale);
        if (entries() <= quota) return {-1, now};
        const double threshold = nth_largest_upper(p, scale, quota);
        double above = 0;
        for (std::uint32_t i = 0; i < entries(); ++i)
            above += std::max(0.0, load<double>(upper_at(p, i, scale)) - threshold);
        const double parts = static_cast<double>(quota + 1);
        const double spare = (this->total(scale) - above) / parts - threshold;
        if (threshold <= now) return {threshold, now};
        const double ahead = 7 * (threshold - now);
        return {threshold, 2 * ahead <= spare ? threshold + ahead : threshold};
    }

    // An upper bound that fell below the floor rises with it; what was counted for sure stays.
    void lift(const Places& p, double least) {
        for (std::uint32_t i = 0; i < entries(); ++i) {
            const double c = load<double>(upper_at(p, i, 0)), more = least - c;
            if (more <= 0) continue;
            store(upper_at(p, i, 0), least);
            store(error_at(p, i, 0), load<double>(error_at(p, i, 0)) + more);
        }
    }

    static void raise(std::byte* cell, double least) { store(cell, std::max(load<double>(cell), least)); }

    // Small tables are selected from in a row of numbers, which is faster.
    double nth_largest_upper(const Places& p, int scale, std::size_t rank) const {
        constexpr std::size_t kRow = 512;
        const std::size_t n = entries();
        if (n > kRow) return nth_largest(upper_at(p, 0, scale), p.stride, n, rank);
        double row[kRow];
        row[0] = 0;
        for (std::size_t i = 0; i < n; ++i) row[i] = load<double>(upper_at(p, i, scale));
        return nth_largest(reinterpret_cast<const std::byte*>(row), std::integral_constant<std::size_t, 8>(), n, rank);
    }

    // 32 bits that follow from the item alone.
    std::uint32_t lot(const Places& p, std::uint32_t i) const {
        const std::uint64_t w = word(p, i);
        return static_cast<std::uint32_t>((item_kind() == ItemKind::integer ? w * 0x9E3779B97F4A7C15 : w) >> 32);
    }

    // Moves entry i down to entry `to`, and its item down to `used` in the arena; returns where the next item goes.
    std::size_t keep(const Places& p, std::uint32_t i, std::uint32_t to, std::size_t used) {
        const std::byte* const from = entry_at(p, i);
        std::byte* const slot = entry_at(p, to);
        if (item_kind() == ItemKind::integer) {
            for (std::size_t at = 0; at < p.stride; at += 8) store(slot + at, load<std::uint64_t>(from + at));
            return 0;
        }
        const Item whole = item(p, i);
        const std::uint64_t hash = word(p, i) >> 32 << 32;
        for (std::size_t at = 8; at < p.stride; at += 8) store(slot + at, load<std::uint64_t>(from + at));
        store(slot, hash | used);
        if (whole.size() != 0) std::memmove(p.arena + used, whole.data, whole.size());
        return used + whole.size();
    }
};

}  // namespace sketch
