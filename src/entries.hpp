// SPDX-License-Identifier: PostgreSQL
//
// Heavy hitters, the part that topk and trend share: at most so many items with their weights, and one floor.
//
// Lazy Space-Saving (Metwally, Agrawal, El Abbadi, ICDT 2005, as a Misra-Gries summary that is pruned in bulk; merging:
// Agarwal et al., PODS 2012). An entry is an item, its upper bound c and its error e; what was counted for sure is
// c - e. An item that is not there weighs at most the floor. A newcomer begins with c = floor + weight and e = floor.
// Once 2k entries stand, those above the (k+1)-th largest c stay, and the floor rises to the largest c that went. Each
// rise of the floor is taken from more than k entries at once, so
//
//   c - e <= weight <= c for an entry, weight <= floor for any other item, floor <= total / (k + 1),
//
// for any stream and any tree of merges. With several scales (trend) an entry has a c and an e for each; pruning keeps
// what is among the first k / scales of any of them, and the bound is total * scales / k.
//
// Working images:  head | log | slots | entries | arena
// Trimmed images:  head | entries | arena, without slack: at most k entries, ordered by hash and item
//
//   head     u32 k, u32 entries, u32 capacity of the table (0: none), u32 bytes of the arena in use; what the room
//   adds;
//            for each scale f64 total, f64 floor
//   log      rows that wait: `slots` words of 8 bytes, `count` of them in use. A row is the room's own words, one word
//            (the integer, or the length of the item), and the bytes of the item, filled up with zeros
//   slots    of a hash table: u32 each, 15 bits of hash, 17 bits of entry + 1
//   entries  u64 word; for each scale f64 c; for each scale f64 e. The word is an integer itself, else the hash of the
//            item (upper half) and its place in the arena, where items stand in the order of their entries
//
// Weights are sums of doubles: exact while they are integers below 2^53. Header: mode = kind of the items.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <type_traits>

#include "items.hpp"
#include "select.hpp"
#include "sketch.hpp"

namespace sketch {

inline constexpr std::uint32_t kMaxEntries = 10000;
inline constexpr double kMaxWeight = 1e100;
inline constexpr double kMaxTotal = 1e200;  // of images that may still be merged
inline constexpr int kMaxScales = 4;

// Room is the sketch; kRowWords, how many words of its own a row of the log has. It gives

//   int scales() const;
//   std::size_t own_bytes() const;                      its part of the head
//   void weigh(const std::byte* row, double* weights);  of a row, for each scale
//   Status agree(const Room& from, double* factors);    before a merge: by what the weights of `from` are multiplied
//   void bring_up();                                    before trimming: weights in their canonical scale
template <class Room, int kRowWords>
class Entries : public View {
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

    // Doubles small states; then goes to the size at which 2k entries of the mean size fit, and stays there unless
    // items become longer.
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

    // --- merging ----------------------------------------------------------------------------------------------------

    std::size_t merge_bytes(const Room& from) const {
        return std::max(bytes_, bytes_with(need_to_flush() + from.need_to_flush()));
    }

    Status merge(const Room& from) {
        if (item_kind() != ItemKind::none && from.item_kind() != ItemKind::none && item_kind() != from.item_kind())
            return Status::unlike_items;
        make_room(need_to_flush() + from.need_to_flush());
        flush();
        double factors[kMaxScales];
        if (const Status status = self().agree(from, factors); status != Status::ok) return status;
        for (int t = 0; t < scales(); ++t)
            if (total(t) + from.total(t) * factors[t] > kMaxTotal) return Status::overflow;
        if (item_kind() == ItemKind::none) set_mode(from.mode());

        store(payload(), std::min(k(), from.k()));
        merge_entries(from, factors);
        const Places p = places();
        from.for_each_row([&](const std::byte* row, const Item& item) { return apply(p, row, item) == Status::ok; });
        if (entries() > 2 * k()) prune();
        return Status::ok;
    }

    // --- settling and trimming --------------------------------------------------------------------------------------

    std::size_t settle_bytes() const { return std::max(bytes_, bytes_with(need_to_flush())); }

    void settle() {
        if (settled()) return;
        make_room(need_to_flush());
        flush();
    }

    std::size_t trimmed_bytes() const {
        return trimmed() ? bytes_ : kHeaderBytes + head_bytes() + entries() * stride() + arena_used();
    }

    std::size_t trim(std::span<std::byte> room) const {
        if (trimmed()) {
            std::memcpy(room.data(), image_, bytes_);
            return bytes_;
        }
        switch (scales()) {
            case 1: return trim_scales<1>(room);
            case 2: return trim_scales<2>(room);
            case 3: return trim_scales<3>(room);
            default: return trim_scales<4>(room);
        }
    }

  protected:
    static constexpr std::size_t kFixedHead = 16;
    static constexpr std::size_t kLeastLog = 12;  // words
    static constexpr std::size_t kMostLog = 256;
    static constexpr std::size_t kLeastTable = 508;  // smaller images are a log alone

    void start(std::uint32_t k) {
        std::memset(payload(), 0, head_bytes());
        store(payload(), k);
        set_mode(0);
        set_count(0);
        set_slots(kLeastLog);
        reshape(default_shape());
    }

    std::byte* own() { return payload() + kFixedHead; }
    const std::byte* own() const { return payload() + kFixedHead; }

    // Appends a row to the log; `words` are the room's own.
    Status append(const Item& item, const std::uint64_t (&words)[kRowWords]) {
        if (item.kind != item_kind()) [[unlikely]] {
            if (item_kind() != ItemKind::none) return Status::unlike_items;
            set_mode(static_cast<std::uint8_t>(item.kind));
        }
        if (count() + row_words(item) <= slots()) [[likely]] {
            put_row(item, words);
            return Status::ok;
        }
        if (capacity() == 0) return Status::no_room;
        if (const Status status = flush(); status != Status::ok) return status;
        if (row_words(item) > slots()) return apply(places(), reinterpret_cast<const std::byte*>(words), item);
        put_row(item, words);
        return Status::ok;
    }

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
    }
    static double power_of_two(std::int64_t exponent) {
        if (exponent < -1022) return 0;
        return std::bit_cast<double>(static_cast<std::uint64_t>(std::min<std::int64_t>(exponent, 1023) + 1023) << 52);
    }
    static constexpr double kTiny = 0x1p-900;
    static double scaled_down(double value, double factor) {
        const double v = value * factor;
        return v < kTiny && factor != 1 ? 0 : v;
    }

    // The part of check that follows the room's own.
    static bool valid_sum(double value) { return value >= 0 && !std::signbit(value) && value <= kMaxTotal; }

    Status check_body() const {
        if (item_kind() > kLastItemKind) return Status::bad_parameter;
        if (k() < static_cast<std::uint32_t>(scales()) || k() > kMaxEntries) return Status::bad_parameter;
        const std::uint32_t n = entries();
        if (slots() != 0 || count() != 0 || capacity() != 0 || n > k()) return Status::bad_content;
        if (bytes_ != kHeaderBytes + head_bytes() + n * stride() + arena_used()) return Status::wrong_size;
        if ((n != 0 || arena_used() != 0) && item_kind() == ItemKind::none) return Status::bad_content;
        if (!check_sums()) return Status::bad_content;
        return check_items() ? Status::ok : Status::bad_content;
    }

    int scales() const { return self().scales(); }
    std::size_t head_bytes() const {
        return kFixedHead + self().own_bytes() + 2 * sizeof(double) * static_cast<std::size_t>(scales());
    }
    std::uint32_t capacity() const { return load<std::uint32_t>(payload() + 8); }
    std::uint32_t arena_used() const { return load<std::uint32_t>(payload() + 12); }

  private:
    Room& self() { return static_cast<Room&>(*this); }
    const Room& self() const { return static_cast<const Room&>(*this); }

    // --- layout -----------------------------------------------------------------------------------------------------

    struct Shape {
        std::size_t log;  // words
        std::size_t capacity;
    };
    struct Places {
        std::byte *sums, *slots, *entries, *arena;
        std::size_t stride, scales, mask;  // of the slots
        int shift;                         // of a hash, to its slot
    };
    // What stands after the log has been applied, at most.
    struct Need {
        std::size_t entries, arena;
        Need operator+(const Need& other) const { return {entries + other.entries, arena + other.arena}; }
    };

    std::size_t stride() const { return 8 + 2 * sizeof(double) * static_cast<std::size_t>(scales()); }
    static std::size_t slots_for(std::size_t capacity) { return capacity == 0 ? 0 : std::bit_ceil(2 * capacity); }
    std::size_t layout_bytes(Shape shape, std::size_t arena) const {
        return kHeaderBytes + head_bytes() + 8 * shape.log + 4 * slots_for(shape.capacity) + shape.capacity * stride() +
               arena;
    }
    std::byte* sum_at(int scale) const {
        return image_ + kHeaderBytes + kFixedHead + self().own_bytes() +
               2 * sizeof(double) * static_cast<std::size_t>(scale);
    }
    std::byte* log() const { return image_ + kHeaderBytes + head_bytes(); }
    Places places() const {
        Places p;
        p.scales = static_cast<std::size_t>(scales());
        p.stride = stride();
        const std::size_t n = slots_for(capacity());
        p.mask = n - 1;
        p.shift = 32 - std::countr_zero(n | 1u << 31);
        p.sums = sum_at(0);
        p.slots = log() + 8 * slots();
        p.entries = p.slots + 4 * n;
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

    void set_entries(std::uint32_t n) { store(payload() + 4, n); }
    void set_capacity(std::size_t n) { store(payload() + 8, static_cast<std::uint32_t>(n)); }
    void set_arena_used(std::size_t n) { store(payload() + 12, static_cast<std::uint32_t>(n)); }
    void set_floor(int scale, double value) { store(sum_at(scale) + sizeof(double), value); }
    void add_total(int scale, double value) { store(sum_at(scale), total(scale) + value); }

    Need need_to_flush() const {
        return {entries() + count() / (kRowWords + 1), arena_used() + 8 * std::size_t{count()}};
    }
    std::size_t bytes_with(Need need) const {
        return layout_bytes({std::max<std::size_t>(count(), kLeastLog), need.entries}, need.arena);
    }
    // In bytes_with(need) or more: the table and the arena get what they need, the log keeps what it can.
    void make_room(Need need) {
        if (capacity() >= need.entries && arena_room(places()) >= need.arena) return;
        const std::size_t left = (bytes_ - layout_bytes({0, need.entries}, need.arena)) / 8;
        reshape({std::min<std::size_t>(left, std::max<std::size_t>(slots(), kLeastLog)), need.entries});
    }

    std::size_t mean_item() const {
        if (item_kind() == ItemKind::integer) return 0;
        return entries() == 0 ? 32 : arena_used() / entries() + 1;
    }
    std::size_t full_bytes() const { return layout_bytes({kMostLog, 2 * k()}, 2 * k() * mean_item()); }

    // How to share these bytes: an eighth for the log, the rest for as many entries of the mean size as fit.
    Shape default_shape() const {
        const std::size_t n = entries(), used = arena_used(), mean = mean_item();
        const std::size_t room = (bytes_ - kHeaderBytes - head_bytes()) / 8 * 8;
        if (n == 0 && bytes_ < kLeastTable) return {room / 8, 0};

        const std::size_t least_table = 4 * slots_for(n) + n * stride() + used;
        std::size_t log = std::max<std::size_t>(std::clamp(bytes_ / 64, kLeastLog, kMostLog), count());
        log = std::max<std::size_t>(std::min(log, (room - least_table) / 8), count());
        const std::size_t rest = room - 8 * log;
        const std::size_t most = std::max(n, std::min<std::size_t>(2 * k(), mean == 0 ? kMaxEntries * 2 : 4 * n + 16));
        std::size_t best = n;
        for (std::size_t slots = 2; 4 * slots + used < rest && slots / 2 < 2 * most; slots *= 2) {
            const std::size_t left = rest - 4 * slots;
            const std::size_t fits = std::min(left / (stride() + mean), (left - used) / stride());
            best = std::max(best, std::min({slots / 2, fits, most}));
        }
        return {log, best};
    }

    // Moves the sections to where this shape wants them; bytes_ are enough.
    void reshape(Shape shape) {
        const Places from = places();
        const std::size_t n = entries(), used = arena_used();
        std::byte* const aside = image_ + bytes_ - used;
        std::memmove(aside, from.arena, used);
        set_slots(shape.log);
        set_capacity(shape.capacity);
        const Places to = places();
        std::memmove(to.entries, from.entries, n * to.stride);
        std::memmove(to.arena, aside, used);
        fill_slots(to);
    }

    // --- the log ----------------------------------------------------------------------------------------------------

    static std::size_t row_words(const Item& item) { return kRowWords + 1 + (item.size() + 7) / 8; }

    void put_row(const Item& item, const std::uint64_t (&words)[kRowWords]) {
        std::byte* row = log() + 8 * count();
        std::memcpy(row, words, sizeof words);
        row += sizeof words;
        store(row, item.word);
        if (const std::size_t size = item.size(); size != 0) {
            store(row + 8 * ((size + 7) / 8), std::uint64_t{0});
            copy_bytes(row + 8, item.data, size);
        }
        set_count(count() + row_words(item));
    }

    // visit(row, item) says whether to go on. Returns how many words were visited.
    template <class Visit>
    [[gnu::always_inline]] std::size_t for_each_row(Visit visit) const {
        const std::byte *const first = log(), *const end = first + 8 * count();
        const ItemKind kind = item_kind();
        const std::byte* row = first;
        while (row < end) {
            const std::byte* const at = row + 8 * kRowWords;
            const Item item{kind, load<std::uint64_t>(at), at + 8};
            if (!visit(row, item)) break;
            row += 8 * row_words(item);
        }
        return static_cast<std::size_t>(row - first) / 8;
    }

    // Applies the log. With no_room, what was not applied still waits.
    Status flush() {
        const bool integers = item_kind() == ItemKind::integer;
        if (scales() != 1) return integers ? flush_items<ItemKind::integer, 0>() : flush_items<ItemKind::text, 0>();
        return integers ? flush_items<ItemKind::integer, 1>() : flush_items<ItemKind::text, 1>();
    }

    // The kind is known to the compiler as far as it matters in the loop, and so is a single scale.
    template <ItemKind kKind, int kScales>
    Status flush_items() {
        Status status = Status::ok;
        const Places p = places();
        const std::size_t done = for_each_row([&](const std::byte* row, const Item& item) {
            const Item known =
                kKind == ItemKind::integer ? Item::of(item.integer()) : Item::of(ItemKind::text, item.data, item.word);
            return (status = apply<kScales>(p, row, known)) == Status::ok;
        });
        if (done != count()) std::memmove(log(), log() + 8 * done, 8 * (count() - done));
        set_count(count() - done);
        return status;
    }

    // --- the table --------------------------------------------------------------------------------------------------

    static constexpr int kEntryBits = 17;
    static_assert(4 * kMaxEntries + 2 * 8 * kMostLog < 1 << kEntryBits);

    struct Probe {
        std::byte* slot;  // where the item stands or would stand
        std::uint32_t entry;
        bool found;
    };
    Probe probe(const Places& p, const Item& item, std::uint32_t hash) const {
        const std::uint32_t tag = hash & ((1u << (32 - kEntryBits)) - 1);
        for (std::size_t i = hash >> p.shift;; i = (i + 1) & p.mask) {
            std::byte* const slot = p.slots + 4 * i;
            const auto held = load<std::uint32_t>(slot);
            if (held == 0) return {slot, 0, false};
            const std::uint32_t entry = (held & ((1u << kEntryBits) - 1)) - 1;
            if (held >> kEntryBits == tag && holds(p, entry, item, hash)) return {slot, entry, true};
        }
    }
    bool holds(const Places& p, std::uint32_t i, const Item& item, std::uint32_t hash) const {
        if (item.kind == ItemKind::integer) return word(p, i) == item.word;
        return word(p, i) >> 32 == hash && this->item(p, i) == item;
    }
    static void set_slot(std::byte* slot, std::uint32_t entry, std::uint32_t hash) {
        store(slot, hash << kEntryBits | (entry + 1));
    }

    void fill_slots(const Places& p) {
        if (capacity() == 0) return;
        std::memset(p.slots, 0, 4 * (p.mask + 1));
        for (std::uint32_t entry = 0; entry < entries(); ++entry) {
            const std::uint32_t hash = hash_at(p, entry);
            std::size_t i = hash >> p.shift;
            while (load<std::uint32_t>(p.slots + 4 * i) != 0) i = (i + 1) & p.mask;
            set_slot(p.slots + 4 * i, entry, hash);
        }
    }

    // For which there is room.
    void new_entry(const Places& p, const Probe& at, const Item& item, std::uint32_t hash) {
        const std::uint32_t n = entries();
        const std::size_t used = arena_used();
        set_slot(at.slot, n, hash);
        std::uint64_t word = item.word;
        if (item.kind != ItemKind::integer) {
            word = std::uint64_t{hash} << 32 | used;
            copy_bytes(p.arena + used, item.data, item.size());
            set_arena_used(used + item.size());
        }
        store(entry_at(p, n), word);
        set_entries(n + 1);
    }

    template <int kScales = 0>
    [[gnu::always_inline]] Status apply(const Places& p, const std::byte* row, const Item& item) {
        double weights[kMaxScales];
        self().weigh(row, weights);
        const int scales = kScales != 0 ? kScales : this->scales();
        bool counts = false;
        for (int t = 0; t < scales; ++t) counts |= weights[t] > 0;
        if (!counts) return Status::ok;

        const std::uint32_t hash = item.hash();
        Probe at = probe(p, item, hash);
        if (at.found) {
            for (int t = 0; t < scales; ++t) {
                std::byte* const c = upper_at(p, at.entry, t);
                store(c, load<double>(c) + weights[t]);
            }
        } else {
            const std::uint32_t n = entries(), most = 2 * k();
            const bool narrow = item.size() > arena_room(p) - arena_used();
            if (n >= most || (narrow && n >= most - k() / 2)) [[unlikely]] {
                prune();
                at = probe(p, item, hash);
            }
            if (entries() == capacity() || item.size() > arena_room(p) - arena_used()) return Status::no_room;
            const std::uint32_t entry = entries();
            new_entry(p, at, item, hash);
            for (int t = 0; t < scales; ++t) {
                const double floor = load<double>(p.sums + 16 * t + 8);
                store(upper_at(p, entry, t), floor + weights[t]);
                store(error_at(p, entry, t), floor);
            }
        }
        for (int t = 0; t < scales; ++t) store(p.sums + 16 * t, load<double>(p.sums + 16 * t) + weights[t]);
        return Status::ok;
    }

    // --- pruning ----------------------------------------------------------------------------------------------------

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

    // Keeps what stands above the threshold of a scale: at most k entries. What stands at a threshold would lose
    // little by going; so that a stream of items that are all alike does not empty the table, some stay, chosen by
    // their hash alone, until about a quarter of k are there.
    void prune() {
        const Places p = places();
        const int scales = this->scales();
        const std::uint32_t n = entries(), most = k();
        const std::size_t quota = most / static_cast<std::uint32_t>(scales);
        double threshold[kMaxScales], floors[kMaxScales];
        for (int t = 0; t < scales; ++t) {
            threshold[t] = n > quota ? nth_largest_upper(p, t, quota) : -1;
            floors[t] = floor(t);
        }
        // 2 above a threshold, 1 at the highest that it reaches, 0 below all.
        const auto standing = [&](std::uint32_t i) {
            int best = 0;
            for (int t = 0; t < scales; ++t) {
                const double c = load<double>(upper_at(p, i, t));
                best = std::max(best, (c >= threshold[t]) + (c > threshold[t]));
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
            for (int t = 0; t < scales; ++t) floors[t] = std::max(floors[t], load<double>(upper_at(p, i, t)));
        }
        for (int t = 0; t < scales; ++t) set_floor(t, floors[t]);
        set_entries(kept);
        set_arena_used(used);
        fill_slots(p);
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

    // --- merging ----------------------------------------------------------------------------------------------------

    // An item of both has the sum of both bounds; an item of one may have weighed as much as the floor in the other.
    // Until all have been seen, the sign of the first error marks the entries that were found in both.
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
            set_floor(t, floor(t) + floors[t]);
            add_total(t, scaled_down(from.total(t), factors[t]));
        }
    }

    // --- trimming ---------------------------------------------------------------------------------------------------

    template <int kScales>
    struct Raw {
        std::uint64_t word;
        double upper[kScales], error[kScales];
    };

    template <int kScales>
    std::size_t trim_scales(std::span<std::byte> room) const {
        const std::size_t head = kHeaderBytes + head_bytes();
        const Places p = places();
        std::memcpy(room.data(), image_, head);
        std::memcpy(room.data() + head, p.entries, entries() * p.stride);
        Room s(room.data(), room.size());
        s.set_slots(0);
        s.set_count(0);
        s.set_capacity(0);
        s.bring_up();

        // While they are sorted, entries of strings hold their number here in the place of an offset.
        auto* const raw = reinterpret_cast<Raw<kScales>*>(room.data() + head);
        const bool integers = item_kind() == ItemKind::integer;
        std::uint32_t n = 0;
        for (std::uint32_t i = 0; i < entries(); ++i) {
            const Raw<kScales> entry = raw[i];
            if (!integers) raw[i].word = entry.word >> 32 << 32 | i;
            if (std::any_of(entry.upper, entry.upper + kScales, [](double c) { return c > 0; })) raw[n++] = raw[i];
        }
        const auto whole = [&](const Raw<kScales>& r) {
            return integers ? Item::of(static_cast<std::int64_t>(r.word)) : item(p, static_cast<std::uint32_t>(r.word));
        };
        if (n > k()) n = s.template choose<kScales>(raw, n, whole);
        std::sort(raw, raw + n, [&](const Raw<kScales>& a, const Raw<kScales>& b) {
            if (!integers && a.word >> 32 != b.word >> 32) return a.word < b.word;
            return whole(a) < whole(b);
        });
        std::byte* const arena = room.data() + head + n * sizeof(Raw<kScales>);
        std::size_t used = 0;
        for (std::uint32_t i = 0; i < n && !integers; ++i) {
            const Item item = whole(raw[i]);
            if (item.size() != 0) std::memcpy(arena + used, item.data, item.size());
            raw[i].word = raw[i].word >> 32 << 32 | used;
            used += item.size();
        }
        s.set_entries(n);
        s.set_arena_used(used);
        return head + n * sizeof(Raw<kScales>) + used;
    }

    // The k entries that stay: the best of each scale, then of the first. Ties are broken by error, then by item. The
    // sign of the first error marks what is chosen.
    template <int kScales, class Whole>
    std::uint32_t choose(Raw<kScales>* raw, std::uint32_t n, Whole whole) {
        const auto best_of = [&whole](int t) {
            return [t, &whole](const Raw<kScales>& a, const Raw<kScales>& b) {
                if (a.upper[t] != b.upper[t]) return a.upper[t] > b.upper[t];
                const double e = std::fabs(a.error[t]), f = std::fabs(b.error[t]);
                return e != f ? e < f : whole(a) < whole(b);
            };
        };
        const std::uint32_t most = k(), quota = most / kScales;
        Raw<kScales>* const end = raw + n;
        for (int t = 0; t < kScales; ++t) {
            std::nth_element(raw, raw + quota, end, best_of(t));
            for (std::uint32_t i = 0; i < quota; ++i) raw[i].error[0] = -std::fabs(raw[i].error[0]);
        }
        const auto chosen = [](const Raw<kScales>& r) { return std::signbit(r.error[0]); };
        Raw<kScales>* const rest = std::partition(raw, end, chosen);
        std::nth_element(rest, raw + most, end, best_of(0));
        for (Raw<kScales>* r = raw; r < rest; ++r) r->error[0] = std::fabs(r->error[0]);
        for (Raw<kScales>* r = raw + most; r < end; ++r)
            for (int t = 0; t < kScales; ++t) set_floor(t, std::max(floor(t), r->upper[t]));
        return most;
    }

    // --- checking ---------------------------------------------------------------------------------------------------

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
