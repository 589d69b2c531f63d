// SPDX-License-Identifier: PostgreSQL
//
// Heavy hitters, the entries: items with an upper bound and an error for each scale, the arena of their bytes, and the
// index that finds them.
//
// The index is a hash table with linear probing, at most a quarter full, of which nothing is ever deleted. No entry may
// stand kMaxProbe slots from its home or further. Random hashes do not come near that (the chance is below 2^-29 for
// the largest table); adversarial ones do, as the hash function is known to all. The same room then holds the entries
// in order, and they are found by binary search: slower, but the same for every input. Pruning tries the hash table
// again.
#pragma once

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "core/interrupts.hpp"
#include "core/item.hpp"
#include "core/kernel.hpp"

namespace sketch::heavy_hitters {

// In the head of a sketch.
inline constexpr std::size_t kEntriesAt = 4, kArenaUsedAt = 12;

// Asks for interrupts once in so many bytes of work.
class Patience {
  public:
    void spend(std::size_t bytes) {
        spent_ += bytes;
        if (spent_ < kStep) return;
        spent_ = 0;
        check_interrupts();
    }

  private:
    static constexpr std::size_t kStep = std::size_t{1} << 20;
    std::size_t spent_ = 0;
};

// A view: copies of it see the same entries, and `sorted` is the one thing that they would not see change.
struct EntryTable {
    static constexpr std::size_t kMaxProbe = 32;

    std::byte *head, *flags, *slots, *entries, *arena, *end;
    std::size_t stride, scales, capacity, slot_mask;
    int shift;  // of a hash, to its home
    bool sorted;
    ItemKind kind;

    // --- reading ----------------------------------------------------------------------------------------------------

    std::uint32_t size() const { return load<std::uint32_t>(head + kEntriesAt); }
    std::size_t arena_used() const { return load<std::uint32_t>(head + kArenaUsedAt); }
    std::size_t arena_room() const { return static_cast<std::size_t>(end - arena); }
    bool has_room(const Item& item) const { return size() != capacity && item.size() <= arena_room() - arena_used(); }

    std::byte* entry(std::size_t i) const { return entries + i * stride; }
    std::byte* upper_at(std::size_t i, int scale) const {
        return entry(i) + 8 + sizeof(double) * static_cast<std::size_t>(scale);
    }
    std::byte* error_at(std::size_t i, int scale) const { return upper_at(i, scale) + sizeof(double) * scales; }
    double upper(std::size_t i, int scale) const { return load<double>(upper_at(i, scale)); }
    double error(std::size_t i, int scale) const { return load<double>(error_at(i, scale)); }
    void set_upper(std::size_t i, int scale, double value) const { store(upper_at(i, scale), value); }
    void set_error(std::size_t i, int scale, double value) const { store(error_at(i, scale), value); }

    std::uint64_t word(std::size_t i) const { return load<std::uint64_t>(entry(i)); }
    std::size_t offset(std::size_t i) const { return static_cast<std::uint32_t>(word(i)); }
    [[gnu::always_inline]] Item item(std::uint32_t i) const {
        if (kind == ItemKind::integer) return Item::of(static_cast<std::int64_t>(word(i)));
        const std::size_t begin = offset(i), behind = i + 1 < size() ? offset(i + 1) : arena_used();
        return Item::of(kind, arena + begin, behind - begin);
    }
    [[gnu::always_inline]] std::uint32_t hash(std::uint32_t i) const {
        if (kind == ItemKind::integer) return item(i).hash();
        return static_cast<std::uint32_t>(word(i) >> 32);
    }

    // The order of trimmed images, and of a sorted index: integers by value, strings by hash and then by their bytes.
    bool is_before(std::uint32_t i, std::uint32_t hash, const Item& item) const {
        if (item.kind == ItemKind::integer) return this->item(i) < item;
        const auto stored = static_cast<std::uint32_t>(word(i) >> 32);
        return stored != hash ? stored < hash : this->item(i) < item;
    }
    // The first of n entries that is not before an item; at(i) is the i-th in order.
    template <class At>
    std::uint32_t lower_bound(std::uint32_t n, std::uint32_t hash, const Item& item, At at) const {
        std::uint32_t low = 0, high = n;
        while (low < high) {
            const std::uint32_t middle = low + (high - low) / 2;
            if (is_before(at(middle), hash, item))
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    // --- finding ----------------------------------------------------------------------------------------------------

    struct Probe {
        std::byte* slot;  // where the item would stand; null if none of the slots that it may have is free
        std::uint32_t entry;
        bool found;
    };
    [[gnu::always_inline]] Probe probe(const Item& item, std::uint32_t hash) const {
        if (sorted) [[unlikely]]
            return search(item, hash);
        return probe_slots(item, hash);
    }
    // In an index that is not sorted.
    [[gnu::always_inline]] Probe probe_slots(const Item& item, std::uint32_t hash) const {
        std::size_t i = hash >> shift;
        for (const std::size_t last = i + kMaxProbe; i != last; ++i) {
            std::byte* const slot = slots + 2 * (i & slot_mask);
            const std::uint32_t held = load<std::uint16_t>(slot);
            if (held == 0) return {slot, 0, false};
            if (holds(held - 1, item, hash)) return {slot, held - 1, true};
        }
        return {nullptr, 0, false};
    }
    // Whether an entry holds this item; or, if that is a string, perhaps holds it.
    bool alike(std::uint32_t i, const Item& item, std::uint32_t hash) const {
        return item.kind == ItemKind::integer ? word(i) == item.word : word(i) >> 32 == hash;
    }
    [[gnu::always_inline]] bool holds(std::uint32_t i, const Item& item, std::uint32_t hash) const {
        return alike(i, item, hash) && (item.kind == ItemKind::integer || this->item(i) == item);
    }

    // --- changing ---------------------------------------------------------------------------------------------------

    // Enters an item that was not found, and for which there is room. Its bounds are the caller's to set.
    [[gnu::always_inline]] void insert(const Probe& at, const Item& item, std::uint32_t hash) {
        const std::uint32_t n = size();
        const std::size_t used = arena_used();
        if (at.slot == nullptr || sorted) [[unlikely]]
            insert_sorted(at, item, hash);
        else
            store(at.slot, static_cast<std::uint16_t>(n + 1));
        std::uint64_t word = item.word;
        if (item.kind != ItemKind::integer) {
            word = std::uint64_t{hash} << 32 | used;
            copy_bytes(arena + used, item.data, item.size());
            set_arena_used(used + item.size());
        }
        store(entry(n), word);
        set_size(n + 1);
    }

    // Moves entry i down to entry `to`, and its item down to `used` in the arena; returns where the next item goes.
    [[gnu::always_inline]] std::size_t keep(std::uint32_t i, std::uint32_t to, std::size_t used) const {
        const std::byte* const from = entry(i);
        std::byte* const entry = this->entry(to);
        if (kind == ItemKind::integer) {
            for (std::size_t at = 0; at < stride; at += 8) store(entry + at, load<std::uint64_t>(from + at));
            return 0;
        }
        const Item whole = item(i);
        const std::uint64_t hash = word(i) >> 32 << 32;
        for (std::size_t at = 8; at < stride; at += 8) store(entry + at, load<std::uint64_t>(from + at));
        store(entry, hash | used);
        if (whole.data != arena + used) std::memmove(arena + used, whole.data, whole.size());
        return used + whole.size();
    }
    void set_size(std::uint32_t n) const { store(head + kEntriesAt, n); }
    void set_arena_used(std::size_t n) const { store(head + kArenaUsedAt, static_cast<std::uint32_t>(n)); }

    // Makes the index anew.
    void index() {
        if (capacity == 0) return;
        set_sorted(false);
        std::memset(slots, 0, 2 * (slot_mask + 1));
        const EntryTable t = *this;  // which no store changes
        const std::uint32_t n = size();
        for (std::uint32_t i = 0; i < n; ++i) {
            std::size_t at = t.hash(i) >> t.shift;
            const std::size_t last = at + kMaxProbe;
            while (at != last && load<std::uint16_t>(t.slots + 2 * (at & t.slot_mask)) != 0) ++at;
            if (at == last) return sort();
            store(t.slots + 2 * (at & t.slot_mask), static_cast<std::uint16_t>(i + 1));
        }
    }

  private:
    static constexpr std::uint32_t kSorted = 1;  // in the flags

    void set_sorted(bool value) {
        if (sorted == value) return;
        sorted = value;
        store(flags, load<std::uint32_t>(flags) ^ kSorted);
    }
    std::uint16_t* order() const { return reinterpret_cast<std::uint16_t*>(slots); }

    [[gnu::noinline]] Probe search(const Item& item, std::uint32_t hash) const {
        const std::uint16_t* const order = this->order();
        const std::uint32_t n = size();
        const std::uint32_t at = lower_bound(n, hash, item, [order](std::uint32_t i) { return order[i]; });
        const bool found = at < n && holds(order[at], item, hash);
        return {slots + 2 * at, found ? order[at] : std::uint32_t{0}, found};
    }
    [[gnu::noinline]] void sort() {
        set_sorted(true);
        std::uint16_t* const order = this->order();
        const std::uint32_t n = size();
        for (std::uint32_t i = 0; i < n; ++i) order[i] = static_cast<std::uint16_t>(i);
        Patience patience;
        std::sort(order, order + n, [&](std::uint16_t a, std::uint16_t b) {
            const Item other = item(b);
            patience.spend(64 + other.size());
            return is_before(a, kind == ItemKind::integer ? 0 : hash(b), other);
        });
    }
    [[gnu::noinline]] void insert_sorted(Probe at, const Item& item, std::uint32_t hash) {
        if (!sorted) {
            sort();
            at = search(item, hash);
        }
        const std::uint32_t n = size();
        std::memmove(at.slot + 2, at.slot, static_cast<std::size_t>(slots + 2 * n - at.slot));
        store(at.slot, static_cast<std::uint16_t>(n));
    }
};

}  // namespace sketch::heavy_hitters
