// SPDX-License-Identifier: PostgreSQL
//
// Heavy hitters, the write buffer: rows wait in a log, and are hashed, weighed and applied many at a time.
#pragma once

#include <array>
#include <limits>

#include "heavy_hitters/table.hpp"

namespace sketch {

template <class Room, int kRowWords>
class EntryLog : public EntryTable<Room, kRowWords> {
  public:
    using Base = EntryTable<Room, kRowWords>;
    using Base::Base;
    using Base::bytes, Base::entries, Base::item_kind, Base::settled, Base::total;

    std::size_t settle_bytes() const { return std::max(bytes(), bytes_with(need_to_flush())); }

    void settle() {
        if (settled()) return;
        make_room(need_to_flush());
        flush();
    }

  protected:
    using Base::arena_room, Base::arena_used, Base::capacity, Base::cells, Base::kLeastLog, Base::kMostLog, Base::kRow,
        Base::layout_bytes, Base::log, Base::log_bytes, Base::log_end, Base::log_rows, Base::log_used, Base::places,
        Base::reshape, Base::scales, Base::self, Base::set_log, Base::set_mode, Base::slots;
    using typename Base::Places;

    static constexpr std::size_t kMostRows = kMostLog / kRow;

    // Rows that are applied together. weigh() of the room writes the weights, from the room's words.
    struct Batch {
        std::size_t rows;
        const std::byte *first, *end;  // of the log
        std::uint32_t hash[kMostRows];
        double weight[kMaxScales][kMostRows];

        const std::byte* row(std::size_t i) const { return first + 8 * kRow * i; }
        Item item(ItemKind kind, std::size_t i) const {
            const auto word = load<std::uint64_t>(row(i) + 8 * kRowWords);
            if (kind == ItemKind::integer) return Item::of(static_cast<std::int64_t>(word));
            return Item::of(kind, end - 8 * (word >> 32), static_cast<std::uint32_t>(word));
        }
    };

    // --- appending --------------------------------------------------------------------------------------------------

    // What the room keeps of a row.
    using Words = std::array<std::uint64_t, kRowWords>;

    // Appends a row to the log. By value, so that an item that fits goes from registers to the log.
    [[gnu::always_inline]] Status append(Item item, Words words) {
        if (item.kind == item_kind() && log_used() + row_words(item) <= slots()) [[likely]] {
            put_row(item, words);
            return Status::ok;
        }
        return append_with_room(item, words);
    }
    // --- applying ---------------------------------------------------------------------------------------------------

    // Applies the rows that wait in a log, which may be another sketch's. With no_room some are left: returns how many,
    // and rows has their numbers.
    template <class Log>
    std::size_t apply_log(const Log& from, std::uint16_t* rows) {
        if (from.settled()) return 0;
        Batch batch;
        batch.rows = from.log_rows();
        batch.first = from.log();
        batch.end = from.log_end();
        return item_kind() == ItemKind::integer ? apply_batch<ItemKind::integer>(batch, rows)
                                                : apply_batch<ItemKind::text>(batch, rows);
    }

    // What stands after the log has been applied, at most.
    struct Need {
        std::size_t entries, arena;
        Need operator+(const Need& other) const { return {entries + other.entries, arena + other.arena}; }
    };
    Need need_to_flush() const { return {entries() + log_rows(), arena_used() + 8 * log_bytes()}; }
    std::size_t bytes_with(Need need) const {
        return layout_bytes({std::max(log_used(), kLeastLog), need.entries, cells()}, need.arena);
    }
    // In bytes_with(need) or more: the table and the arena get what they need, the log keeps what it can. A filter that
    // came when the image grew, and has nothing to tell yet, may have to go.
    void make_room(Need need) {
        if (capacity() >= need.entries && arena_room(places()) >= need.arena) return;
        const std::size_t kept = bytes_with(need) <= bytes() ? cells() : 0;
        const std::size_t left = (bytes() - layout_bytes({0, need.entries, kept}, need.arena)) / 8;
        reshape({std::min(left, std::max<std::size_t>(slots(), kLeastLog)), need.entries, kept});
    }

    // Applies the log. With no_room, what was not applied still waits.
    Status flush() {
        std::uint16_t rows[kMostRows];
        const std::size_t left = apply_log(self(), rows);
        for (std::size_t i = 0; i < left; ++i) std::memmove(log() + 8 * kRow * i, log() + 8 * kRow * rows[i], 8 * kRow);
        set_log(left, left == 0 ? 0 : log_bytes());
        return left == 0 ? Status::ok : Status::no_room;
    }

  private:
    friend Room;

    static std::size_t byte_words(const Item& item) { return (item.size() + 7) / 8; }
    static std::size_t row_words(const Item& item) { return kRow + byte_words(item); }

    // The rows that begin a log, or that it has no room for.
    [[gnu::noinline]] Status append_with_room(Item item, Words words) {
        if (item_kind() != ItemKind::none && item.kind != item_kind()) return Status::unlike_items;
        if (log_used() + row_words(item) > slots()) {
            if (capacity() == 0) return Status::no_room;  // a trimmed image, too: it is not written to
            if (const Status status = flush(); status != Status::ok) return status;
            set_mode(static_cast<std::uint8_t>(item.kind));
            if (row_words(item) > slots()) return apply_long(item, words);
        }
        set_mode(static_cast<std::uint8_t>(item.kind));
        put_row(item, words);
        return Status::ok;
    }

    [[gnu::always_inline]] void put_row(const Item& item, const Words& words) {
        const std::size_t rows = log_rows(), bytes = log_bytes() + byte_words(item);
        std::byte* const row = log() + 8 * kRow * rows;
        std::memcpy(row, words.data(), sizeof words);
        store(row + sizeof words, item.kind == ItemKind::integer ? item.word : item.word | bytes << 32);
        if (item.kind != ItemKind::integer) copy_bytes(log_end() - 8 * bytes, item.data, item.size());
        set_log(rows + 1, bytes);
    }

    // The kind is known to the compiler as far as it matters in the loops; text stands for all strings.
    template <ItemKind kKind>
    std::size_t apply_batch(Batch& batch, std::uint16_t* rows) {
        hash_rows<kKind>(batch);
        self().weigh(batch);
        double totals[kMaxScales];
        for (int t = 0; t < scales(); ++t) totals[t] = total(t);
        const std::size_t left =
            scales() == 1 ? apply_rows<kKind, 1>(batch, totals, rows) : apply_rows<kKind, 0>(batch, totals, rows);
        for (int t = 0; t < scales(); ++t) this->set_total(t, totals[t]);
        return left;
    }

    template <ItemKind kKind>
    [[gnu::flatten]] static void hash_rows(Batch& batch) {
        for (std::size_t i = 0; i < batch.rows; ++i) batch.hash[i] = batch.item(kKind, i).hash();
    }

    template <ItemKind kKind, int kScales>
    std::size_t apply_rows(const Batch& batch, double* totals, std::uint16_t* rows) {
        const Places p = places();
        std::size_t n = batch.rows, done = 0;
        if (kScales == 1 && p.cell_count != 0)
            n = apply_at_once<kKind>(p, batch, totals, rows);
        else
            for (std::size_t i = 0; i < n; ++i) rows[i] = static_cast<std::uint16_t>(i);
        for (; done < n; ++done) {
            const std::size_t i = rows[done];
            if (apply_row<kScales>(p, batch, i, batch.item(kKind, i), batch.hash[i], totals) != Status::ok) break;
        }
        for (std::size_t i = done; i < n; ++i) rows[i - done] = rows[i];
        return n - done;
    }

    // Most rows belong to an entry, or to a cell that takes them. Which of the two cannot be predicted, so these are
    // done without branches, one step for all rows after the other; returns how many others there are, and which.
    template <ItemKind kKind>
    std::size_t apply_at_once(const Places& places, const Batch& batch, double* totals, std::uint16_t* others) {
        enum State : std::uint8_t { kAbsent, kHeld, kCollided };
        Places p = places;
        p.stride = 8 + 2 * sizeof(double);  // known to the compiler, as is the scale
        p.scales = 1;
        std::uint16_t entry[kMostRows];
        std::uint8_t state[kMostRows];
        for (std::size_t i = 0; i < batch.rows; ++i) {
            const std::uint32_t hash = batch.hash[i];
            const std::uint32_t held = load<std::uint16_t>(p.slots + 2 * (hash >> p.shift)), any = held != 0;
            entry[i] = static_cast<std::uint16_t>(held - any);
            const bool alike = this->alike(p, entry[i], batch.item(kKind, i), hash);
            state[i] = static_cast<std::uint8_t>(any + (any & !alike));
        }
        if constexpr (kKind != ItemKind::integer) {
            std::size_t n = 0;
            for (std::size_t i = 0; i < batch.rows; ++i) {
                others[n] = static_cast<std::uint16_t>(i);
                n += state[i] == kHeld;
            }
            for (std::size_t j = 0; j < n; ++j) {
                const std::size_t i = others[j];
                if (!(this->item(p, entry[i]) == batch.item(item_kind(), i))) [[unlikely]]
                    state[i] = kCollided;
            }
        }
        const double limits[] = {this->floor(), std::numeric_limits<double>::infinity(), -1};
        double sum = totals[0];
        std::size_t n = 0;
        for (std::size_t i = 0; i < batch.rows; ++i) {
            const auto cell = reinterpret_cast<std::uintptr_t>(this->cell_at(p, batch.hash[i], 0));
            const auto held = reinterpret_cast<std::uintptr_t>(this->upper_at(p, entry[i], 0));
            auto* const to = reinterpret_cast<std::byte*>(select(state[i] == kHeld, held, cell));
            const double weight = batch.weight[0][i], before = load<double>(to);
            const bool takes = before + weight <= limits[state[i]];
            const auto taken = std::bit_cast<double>(select(takes, std::bit_cast<std::uint64_t>(weight), 0));
            store(to, before + taken);
            sum += taken;
            others[n] = static_cast<std::uint16_t>(i);
            n += !takes;
        }
        totals[0] = sum;
        return n;
    }

    // Without a branch, whatever the compiler thinks of it.
    static std::uint64_t select(bool first, std::uint64_t a, std::uint64_t b) {
        return b ^ ((a ^ b) & (0 - std::uint64_t{first}));
    }

    template <int kScales>
    [[gnu::always_inline]] Status apply_row(const Places& p, const Batch& batch, std::size_t row, const Item& item,
                                            std::uint32_t hash, double* totals) {
        const int scales = kScales != 0 ? kScales : this->scales();
        double weights[kMaxScales];
        bool counts = false;
        for (int t = 0; t < scales; ++t) {
            weights[t] = batch.weight[t][row];
            counts |= weights[t] > 0;
        }
        if (!counts) return Status::ok;
        if (const Status status = this->template apply<kScales>(p, item, hash, weights); status != Status::ok)
            return status;
        for (int t = 0; t < scales; ++t) totals[t] += weights[t];
        return Status::ok;
    }

    // A row that is longer than the log.
    [[gnu::noinline]] Status apply_long(const Item& item, const Words& words) {
        Batch batch;
        batch.rows = 1;
        batch.first = reinterpret_cast<const std::byte*>(words.data());
        self().weigh(batch);
        double totals[kMaxScales];
        for (int t = 0; t < scales(); ++t) totals[t] = total(t);
        const Status status = apply_row<0>(places(), batch, 0, item, item.hash(), totals);
        for (int t = 0; t < scales(); ++t) this->set_total(t, totals[t]);
        return status;
    }
};

}  // namespace sketch
