// SPDX-License-Identifier: PostgreSQL
//
// Heavy hitters, the bytes (heavy_hitters.hpp says what they mean): where everything stands, and how it is read and
// moved.
//
// Working images:  head | log | cells | slots | entries | arena
// Trimmed images:  head | entries | arena, without slack: at most k entries, ordered by hash and item
//
//   head     u32 k, u32 entries, u24 capacity of the table (0: none), u8 log2 of the cells + 1 (0: none), u32 bytes of
//            the arena in use; what the room adds; for each scale f64 total, f64 floor
//   log      `slots` words of 8 bytes. From its head rows that wait, each the room's own words and one word: the
//            integer, or u32 length of the item, u32 how many words before the end of the log its bytes begin. From its
//            end backwards the bytes of items. count = rows + 65536 * words of bytes
//   cells    of the filter: for each cell and each scale f64
//   slots    of a hash table: u16 each, entry + 1
//   entries  u64 word; for each scale f64 c; for each scale f64 e. The word is an integer itself, else the hash of the
//            item (upper half) and its place in the arena, where items stand in the order of their entries
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>

#include "core/item.hpp"
#include "core/kernel.hpp"

namespace sketch {

inline constexpr std::uint32_t kMaxEntries = 10000;
inline constexpr int kMaxScales = 4;

template <class Room, int kRowWords>
class EntryImage : public View {
  public:
    using View::View;

    std::uint32_t k() const { return load<std::uint32_t>(payload()); }
    std::uint32_t entries() const { return load<std::uint32_t>(payload() + 4); }
    ItemKind item_kind() const { return static_cast<ItemKind>(mode()); }
    bool trimmed() const { return slots() == 0; }
    bool settled() const { return count() == 0; }

    // --- reading settled images -------------------------------------------------------------------------------------

    double total(int scale = 0) const { return load<double>(sum_at(scale)); }
    double floor(int scale = 0) const { return load<double>(sum_at(scale) + sizeof(double)); }
    double upper(std::uint32_t i, int scale = 0) const { return load<double>(upper_at(places(), i, scale)); }
    double error(std::uint32_t i, int scale = 0) const { return load<double>(error_at(places(), i, scale)); }
    double lower(std::uint32_t i, int scale = 0) const { return upper(i, scale) - error(i, scale); }
    Item item(std::uint32_t i) const { return item(places(), i); }

    // The entry of an item in a trimmed image, or entries() if it has none.
    std::uint32_t find(const Item& item) const {
        const std::uint32_t n = entries();
        if (item.kind != item_kind()) return n;
        const std::uint32_t hash = item.hash();
        std::uint32_t low = 0, high = n;
        while (low < high) {
            const std::uint32_t middle = low + (high - low) / 2;
            if (stands_before(middle, hash, item))
                low = middle + 1;
            else
                high = middle;
        }
        return low < n && this->item(low) == item ? low : n;
    }

    // --- growing ----------------------------------------------------------------------------------------------------

    // Doubles small states; then goes to the size at which as many entries of the mean size fit as are ever held, and
    // stays there unless items become longer.
    std::size_t grown_bytes() const {
        const std::size_t full = full_bytes();
        if (bytes_ >= full && !trimmed()) return bytes_ + bytes_ / 2;
        const std::size_t doubled = block_image(trimmed() ? 2 * bytes_ + 128 : bytes_ + 1);
        return full < doubled + doubled / 2 ? std::max(full, doubled) : doubled;
    }

    Room relay(std::span<std::byte> room) const {
        std::memcpy(room.data(), image_, bytes_);
        Room s(room.data(), room.size());
        const Shape shape = s.default_shape();
        s.reshape(shape);
        return s;
    }

    std::size_t trimmed_bytes() const {
        return trimmed() ? bytes_ : kHeaderBytes + head_bytes() + entries() * stride() + arena_used();
    }

  protected:
    static constexpr std::size_t kFixedHead = 16;
    static constexpr std::size_t kLeastLog = 12;  // words
    static constexpr std::size_t kMostLog = 256;
    static constexpr std::size_t kLeastTable = 508;  // smaller images are a log alone
    static_assert(4 * kMaxEntries + 2 * kMostLog < 1 << 16, "a slot holds the number of an entry");

    struct Shape {
        std::size_t log;  // words
        std::size_t capacity, cells;
    };
    struct Places {
        std::byte *sums, *cells, *slots, *entries, *arena;
        std::size_t stride, scales, slot_mask, cell_count;
        int shift;  // of a hash, to its slot
    };

    void start(std::uint32_t k) {
        std::memset(payload(), 0, head_bytes());
        store(payload(), k);
        set_mode(0);
        set_count(0);
        set_slots(kLeastLog);
        reshape(default_shape());
    }

    // The log, in words.
    static constexpr std::size_t kRow = kRowWords + 1;
    std::size_t log_rows() const { return count() & 0xFFFF; }
    std::size_t log_bytes() const { return count() >> 16; }
    std::size_t log_used() const { return kRow * log_rows() + log_bytes(); }
    void set_log(std::size_t rows, std::size_t bytes) { set_count(rows | bytes << 16); }

    Room& self() { return static_cast<Room&>(*this); }
    const Room& self() const { return static_cast<const Room&>(*this); }
    std::byte* own() { return payload() + kFixedHead; }
    const std::byte* own() const { return payload() + kFixedHead; }

    int scales() const { return self().scales(); }
    std::uint32_t capacity() const { return load<std::uint32_t>(payload() + 8) & 0xFFFFFF; }
    std::size_t cells() const { return std::size_t{1} << load<std::uint8_t>(payload() + 11) >> 1; }
    std::uint32_t arena_used() const { return load<std::uint32_t>(payload() + 12); }
    void set_k(std::uint32_t k) { store(payload(), k); }
    void set_entries(std::uint32_t n) { store(payload() + 4, n); }
    void set_capacity(std::size_t capacity, std::size_t cells) {
        store(payload() + 8, static_cast<std::uint32_t>(capacity | std::size_t(std::bit_width(cells)) << 24));
    }
    void set_arena_used(std::size_t n) { store(payload() + 12, static_cast<std::uint32_t>(n)); }
    void set_total(int scale, double value) { store(sum_at(scale), value); }
    void set_floor(int scale, double value) { store(sum_at(scale) + sizeof(double), value); }

    // --- places -----------------------------------------------------------------------------------------------------

    std::size_t head_bytes() const {
        return kFixedHead + self().own_bytes() + 2 * sizeof(double) * static_cast<std::size_t>(scales());
    }
    std::size_t stride() const { return 8 + 2 * sizeof(double) * static_cast<std::size_t>(scales()); }
    std::size_t cell_bytes() const { return sizeof(double) * static_cast<std::size_t>(scales()); }
    static std::size_t slots_for(std::size_t capacity) { return capacity == 0 ? 0 : std::bit_ceil(4 * capacity); }
    std::size_t layout_bytes(Shape shape, std::size_t arena) const {
        return kHeaderBytes + head_bytes() + 8 * shape.log + shape.cells * cell_bytes() +
               2 * slots_for(shape.capacity) + shape.capacity * stride() + arena;
    }
    std::byte* sum_at(int scale) const {
        return image_ + kHeaderBytes + kFixedHead + self().own_bytes() +
               2 * sizeof(double) * static_cast<std::size_t>(scale);
    }
    std::byte* log() const { return image_ + kHeaderBytes + head_bytes(); }
    std::byte* log_end() const { return log() + 8 * slots(); }
    Places places() const {
        Places p;
        p.scales = static_cast<std::size_t>(scales());
        p.stride = stride();
        const std::size_t n = slots_for(capacity());
        p.slot_mask = n - 1;
        p.cell_count = cells();
        p.shift = 32 - std::countr_zero(n | 1u << 31);
        p.sums = sum_at(0);
        p.cells = log_end();
        p.slots = p.cells + p.cell_count * cell_bytes();
        p.entries = p.slots + 2 * n;
        p.arena = p.entries + (trimmed() ? entries() : capacity()) * p.stride;
        return p;
    }
    std::size_t arena_room(const Places& p) const { return static_cast<std::size_t>(image_ + bytes_ - p.arena); }

    static std::byte* entry_at(const Places& p, std::size_t i) { return p.entries + i * p.stride; }
    static std::byte* upper_at(const Places& p, std::size_t i, int scale) {
        return entry_at(p, i) + 8 + sizeof(double) * static_cast<std::size_t>(scale);
    }
    static std::byte* error_at(const Places& p, std::size_t i, int scale) {
        return upper_at(p, i, scale) + sizeof(double) * p.scales;
    }
    static std::uint64_t word(const Places& p, std::size_t i) { return load<std::uint64_t>(entry_at(p, i)); }
    static std::size_t offset(const Places& p, std::size_t i) { return static_cast<std::uint32_t>(word(p, i)); }
    Item item(const Places& p, std::uint32_t i) const {
        if (item_kind() == ItemKind::integer) return Item::of(static_cast<std::int64_t>(word(p, i)));
        const std::size_t begin = offset(p, i), end = i + 1 < entries() ? offset(p, i + 1) : arena_used();
        return Item::of(item_kind(), p.arena + begin, end - begin);
    }
    std::uint32_t hash_at(const Places& p, std::uint32_t i) const {
        if (item_kind() == ItemKind::integer) return item(p, i).hash();
        return static_cast<std::uint32_t>(word(p, i) >> 32);
    }
    bool stands_before(std::uint32_t i, std::uint32_t hash, const Item& item) const {
        if (item.kind == ItemKind::integer) return this->item(i) < item;
        const std::uint32_t stored = hash_at(places(), i);
        return stored != hash ? stored < hash : this->item(i) < item;
    }

    // --- shapes -----------------------------------------------------------------------------------------------------

    std::size_t mean_item() const {
        if (item_kind() == ItemKind::integer) return 0;
        return entries() == 0 ? 32 : arena_used() / entries() + 1;
    }
    std::size_t most_entries() const { return k() + (k() + 1) / 2; }
    std::size_t all_cells() const { return std::bit_floor(4 * k() / static_cast<std::size_t>(scales())); }
    std::size_t full_bytes() const {
        return layout_bytes({kMostLog, most_entries(), all_cells()}, most_entries() * mean_item());
    }

    // How to share these bytes: an eighth for the log, the rest for as many entries of the mean size as fit. The filter
    // comes with the last growth: before, no item was ever dropped.
    Shape default_shape() const {
        const std::size_t n = entries(), used = arena_used(), mean = mean_item();
        const std::size_t cells = this->cells() != 0 ? this->cells() : bytes_ >= full_bytes() ? all_cells() : 0;
        const std::size_t room = (bytes_ - kHeaderBytes - head_bytes() - cells * cell_bytes()) / 8 * 8;
        if (n == 0 && bytes_ < kLeastTable) return {room / 8, 0, 0};

        const std::size_t least_table = 2 * slots_for(n) + n * stride() + used;
        std::size_t log = std::max<std::size_t>(std::clamp(bytes_ / 64, kLeastLog, kMostLog), log_used());
        log = std::max<std::size_t>(std::min(log, (room - least_table) / 8), log_used());
        const std::size_t rest = room - 8 * log;
        const std::size_t all = cells != 0 ? most_entries() : most_entries() - 1;  // so that it grows before it prunes
        const std::size_t most = std::max(n, mean == 0 ? all : std::min(all, 4 * n + 16));
        std::size_t best = n;
        for (std::size_t slots = 4; 2 * slots + used < rest && slots / 4 < 2 * most; slots *= 2) {
            const std::size_t left = rest - 2 * slots;
            const std::size_t fits = std::min(left / (stride() + mean), (left - used) / stride());
            best = std::max(best, std::min({slots / 4, fits, most}));
        }
        return {log, best, cells};
    }

    // Moves the sections to where this shape wants them; bytes_ are enough. Arena and entries go to the end first, from
    // where they are in nobody's way; the cells and the bytes before them move one after the other.
    void reshape(Shape shape) {
        const Places from = places();
        const std::size_t n = entries() * from.stride, used = arena_used(), bytes = 8 * log_bytes();
        std::byte *const arena = image_ + bytes_ - used, *const moved = arena - n, *const end = log_end();
        std::memmove(arena, from.arena, used);
        std::memmove(moved, from.entries, n);
        set_slots(shape.log);
        set_capacity(shape.capacity, shape.cells);
        const Places to = places();
        const auto move_bytes = [&] { std::memmove(log_end() - bytes, end - bytes, bytes); };
        if (to.cells < from.cells) move_bytes();
        if (from.cell_count == to.cell_count) std::memmove(to.cells, from.cells, to.cell_count * cell_bytes());
        if (to.cells > from.cells) move_bytes();
        if (from.cell_count != to.cell_count) self().fill_cells(to);
        std::memmove(to.entries, moved, n);
        std::memmove(to.arena, arena, used);
        self().fill_slots(to);
    }
};

}  // namespace sketch
