// SPDX-License-Identifier: PostgreSQL
//
// Heavy hitters: how a batch of rows is applied to entries and filter.
#pragma once

#include <limits>

#include "heavy_hitters/prune.hpp"

namespace sketch::heavy_hitters {

// kKind: integer, or text for all strings. kScales: how many, or 0 where the compiler does not know.
template <ItemKind kKind, int kScales, Sums kSums, std::size_t kRowWords>
class Application {
  public:
    using Batch = heavy_hitters::Batch<kRowWords>;

    Application(Summary& s, const Batch& batch) : s_(s), batch_(batch) {
        for (int t = 0; t < s.scales(); ++t) totals_[t] = s.total(t);
    }

    // Applies the rows. With no room for one of them some are left: returns how many, and rows has their numbers.
    std::size_t run(std::uint16_t* rows) {
        std::size_t n = batch_.rows, done = 0;
        if (kScales == 1 && s_.filter && !s_.table.sorted)
            n = apply_at_once(rows);
        else
            for (std::size_t i = 0; i < n; ++i) rows[i] = static_cast<std::uint16_t>(i);
        while (done < n && apply_row(rows[done]) == Status::ok) ++done;
        for (std::size_t i = done; i < n; ++i) rows[i - done] = rows[i];
        for (int t = 0; t < s_.scales(); ++t) s_.set_total(t, totals_[t]);
        return n - done;
    }

    bool rounded() const { return add_.rounded; }
    std::size_t prunings() const { return prunings_; }

  private:
    // --- all rows at once -------------------------------------------------------------------------------------------

    // What the first slot of a row's item says: there is no entry; this is it; it is another's.
    enum Found : std::uint8_t { kAbsent, kHeld, kCollided };
    struct Finds {
        std::uint16_t entry[Batch::kMaxRows];
        std::uint8_t found[Batch::kMaxRows];
    };

    // Most rows belong to an entry, or to a cell that takes them. Which of the two is an unpredictable branch, so these
    // are done without branches, one step for all rows after the other; returns how many others there are, and which.
    [[gnu::always_inline]] std::size_t apply_at_once(std::uint16_t* others) {
        EntryTable table = s_.table;
        table.stride = 8 + 2 * sizeof(double);  // known to the compiler, as is the scale
        table.scales = 1;
        Finds finds;
        look_up(table, finds);
        if constexpr (kKind != ItemKind::integer) confirm(table, finds, others);
        return add_held(table, finds, others);
    }

    void look_up(const EntryTable& table, Finds& finds) const {
        for (std::size_t i = 0; i < batch_.rows; ++i) {
            const std::uint32_t hash = batch_.hash[i];
            const std::uint32_t held = load<std::uint16_t>(table.slots + 2 * (hash >> table.shift)), any = held != 0;
            finds.entry[i] = static_cast<std::uint16_t>(held - any);
            const bool alike = table.alike(finds.entry[i], batch_.item(kKind, i), hash);
            finds.found[i] = static_cast<std::uint8_t>(any + (any & !alike));
        }
    }

    // Strings of the same hash may be others.
    void confirm(const EntryTable& table, Finds& finds, std::uint16_t* held) const {
        std::size_t n = 0;
        for (std::size_t i = 0; i < batch_.rows; ++i) {
            held[n] = static_cast<std::uint16_t>(i);
            n += finds.found[i] == kHeld;
        }
        for (std::size_t j = 0; j < n; ++j) {
            const std::size_t i = held[j];
            if (!(table.item(finds.entry[i]) == batch_.item(kKind, i))) [[unlikely]]
                finds.found[i] = kCollided;
        }
    }

    // An entry takes any weight; a cell, what stays below the floor.
    std::size_t add_held(const EntryTable& table, const Finds& finds, std::uint16_t* others) {
        Filter filter = s_.filter;
        filter.scales = 1;
        const double limits[] = {s_.floor(0), std::numeric_limits<double>::infinity(), -1};
        double sum = totals_[0];
        std::size_t n = 0;
        Adder<kSums> add = add_;
        for (std::size_t i = 0; i < batch_.rows; ++i) {
            const auto cell = reinterpret_cast<std::uintptr_t>(filter.cell(batch_.hash[i], 0));
            const auto held = reinterpret_cast<std::uintptr_t>(table.upper_at(finds.entry[i], 0));
            auto* const to = reinterpret_cast<std::byte*>(select(finds.found[i] == kHeld, held, cell));
            const double weight = batch_.weight[0][i], before = load<double>(to);
            const bool takes = before + weight <= limits[finds.found[i]];
            const auto taken = std::bit_cast<double>(select(takes, std::bit_cast<std::uint64_t>(weight), 0));
            store(to, add(before, taken));
            sum += taken;
            others[n] = static_cast<std::uint16_t>(i);
            n += !takes;
        }
        add_ = add;
        totals_[0] = sum;
        return n;
    }

    // Without a branch, whatever the compiler thinks of it.
    static std::uint64_t select(bool first, std::uint64_t a, std::uint64_t b) {
        return b ^ ((a ^ b) & (0 - std::uint64_t{first}));
    }

    // --- one row ----------------------------------------------------------------------------------------------------

    // With no_room nothing was done.
    [[gnu::always_inline]] Status apply_row(std::size_t row) {
        const int scales = kScales != 0 ? kScales : s_.scales();
        double weights[kMaxScales];
        bool counts = false;
        for (int t = 0; t < scales; ++t) {
            weights[t] = batch_.weight[t][row];
            counts |= weights[t] > 0;
        }
        if (!counts) return Status::ok;
        const Item item = batch_.item(kKind, row);
        const std::uint32_t hash = batch_.hash[row];
        const EntryTable::Probe at = s_.table.probe(item, hash);
        if (at.found)
            count<kScales>(s_, at.entry, weights, add_);
        else if (!absorb<kScales>(s_, hash, weights, add_) && !enter(at, item, hash, weights))
            return Status::no_room;
        for (int t = 0; t < scales; ++t) totals_[t] += weights[t];
        return Status::ok;
    }

    // Whether there was room for the item, or is once entries were pruned.
    [[gnu::noinline]] bool enter(EntryTable::Probe at, const Item& item, std::uint32_t hash, const double* weights) {
        EntryTable& table = s_.table;
        if (is_full(item)) {
            add_.rounded |= Pruning(s_).run();
            ++prunings_;
            if (absorb<0>(s_, hash, weights, add_)) return true;
            at = table.probe(item, hash);
        }
        if (!table.has_room(item)) return false;
        const std::uint32_t entry = table.size();
        table.insert(at, item, hash);
        for (int t = 0; t < s_.scales(); ++t) {
            const double least = s_.bound(hash, t);
            table.set_upper(entry, t, add_(least, weights[t]));
            table.set_error(entry, t, least);
        }
        return true;
    }
    // Whether pruning is due: rather than to grow for items that are longer than those before, it comes early.
    bool is_full(const Item& item) const {
        const EntryTable& table = s_.table;
        const std::uint32_t n = table.size(), most = max_entries(s_.k);
        const bool narrow = item.size() > table.arena_room() - table.arena_used() || (s_.filter && n == table.capacity);
        return n >= most || (narrow && n >= most - s_.k / 4);
    }

    Summary& s_;
    const Batch& batch_;
    double totals_[kMaxScales];
    Adder<kSums> add_;
    std::size_t prunings_ = 0;
};

}  // namespace sketch::heavy_hitters
