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
        std::size_t n = batch_.rows;
        if (kScales == 1 && s_.filter && !s_.table.sorted)
            n = apply_at_once(rows);
        else
            for (std::size_t i = 0; i < n; ++i) rows[i] = static_cast<std::uint16_t>(i);
        const std::size_t done = apply_rows(rows, n);
        for (std::size_t i = done; i < n; ++i) rows[i - done] = rows[i];
        for (int t = 0; t < s_.scales(); ++t) s_.set_total(t, totals_[t]);
        return n - done;
    }

    bool rounded() const { return add_.rounded; }
    std::size_t prunings() const { return prunings_; }

  private:
    // A copy of the summary, whose scale is known to the compiler. It may take that for what no store can change, as
    // long as no call gets its address; but `sorted` changes where entries come.
    [[gnu::always_inline]] Summary copy_of_summary() const {
        Summary s = s_;
        if constexpr (kScales == 1) {
            s.table.stride = 8 + 2 * sizeof(double);
            s.table.scales = s.filter.scales = 1;
        }
        s.table.kind = kKind;
        return s;
    }

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
        const Summary s = copy_of_summary();
        Finds finds;
        look_up(s.table, finds);
        if constexpr (kKind != ItemKind::integer) confirm(s.table, finds, others);
        return add_held(s, finds, others);
    }

    [[gnu::always_inline]] void look_up(const EntryTable& table, Finds& finds) const {
        for (std::size_t i = 0; i < batch_.rows; ++i) {
            const std::uint32_t hash = batch_.hash[i];
            const std::uint32_t held = load<std::uint16_t>(table.slots + 2 * (hash >> table.shift)), any = held != 0;
            finds.entry[i] = static_cast<std::uint16_t>(held - any);
            const bool alike = table.alike(finds.entry[i], batch_.item(kKind, i), hash);
            finds.found[i] = static_cast<std::uint8_t>(any + (any & !alike));
        }
    }

    // Strings of the same hash may be others.
    [[gnu::always_inline]] void confirm(const EntryTable& table, Finds& finds, std::uint16_t* held) const {
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
    [[gnu::always_inline]] std::size_t add_held(const Summary& s, const Finds& finds, std::uint16_t* others) {
        const Batch& batch = batch_;
        const std::size_t rows = batch.rows;
        const double limits[] = {s.floor(0), std::numeric_limits<double>::infinity(), -1};
        double sum = totals_[0];
        std::size_t n = 0;
        Adder<kSums> add = add_;
        for (std::size_t i = 0; i < rows; ++i) {
            const auto cell = reinterpret_cast<std::uintptr_t>(s.filter.cell(batch.hash[i], 0));
            const auto held = reinterpret_cast<std::uintptr_t>(s.table.upper_at(finds.entry[i], 0));
            auto* const to = reinterpret_cast<std::byte*>(select(finds.found[i] == kHeld, held, cell));
            const double weight = batch.weight[0][i], before = load<double>(to);
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

    // --- one row after the other ------------------------------------------------------------------------------------

    // Returns how many of these rows were applied before there was no room for one.
    [[gnu::always_inline]] std::size_t apply_rows(const std::uint16_t* rows, std::size_t n) {
        Summary s = copy_of_summary();
        const Batch& batch = batch_;
        const int scales = s.scales();
        Adder<kSums> add = add_;
        std::size_t done = 0;
        for (; done < n; ++done) {
            const std::size_t row = rows[done];
            double weights[kMaxScales];
            if (!weights_of(batch, row, scales, weights)) continue;
            const Item item = batch.item(kKind, row);
            const std::uint32_t hash = batch.hash[row];
            const EntryTable::Probe at = s.table.sorted ? search(row) : s.table.probe_slots(item, hash);
            if (at.found) {
                count<kScales>(s, at.entry, weights, add);
            } else if (!absorb<kScales>(s, hash, weights, add)) {
                if (!enter(at, row)) break;
                s.table.sorted = s_.table.sorted;
            }
            for (int t = 0; t < scales; ++t) totals_[t] += weights[t];
        }
        add_.rounded |= add.rounded;
        return done;
    }
    // Whether one of them counts.
    [[gnu::always_inline]] static bool weights_of(const Batch& batch, std::size_t row, int scales, double* weights) {
        bool counts = false;
        for (int t = 0; t < scales; ++t) {
            weights[t] = batch.weight[t][row];
            counts |= weights[t] > 0;
        }
        return counts;
    }
    [[gnu::noinline]] EntryTable::Probe search(std::size_t row) const {
        return s_.table.probe(batch_.item(kKind, row), batch_.hash[row]);
    }

    // Whether there was room for the item, or is once entries were pruned. If not, nothing was done.
    [[gnu::noinline]] bool enter(EntryTable::Probe at, std::size_t row) {
        const Item item = batch_.item(kKind, row);
        const std::uint32_t hash = batch_.hash[row];
        const int scales = kScales != 0 ? kScales : s_.scales();
        double weights[kMaxScales];
        weights_of(batch_, row, scales, weights);
        if (is_full(item)) {
            prune();
            if (absorb<kScales>(s_, hash, weights, add_)) return true;
            at = s_.table.probe(item, hash);
        }
        if (!s_.table.has_room(item)) return false;
        const std::uint32_t entry = s_.table.size();
        s_.table.insert(at, item, hash);
        const Summary s = copy_of_summary();
        for (int t = 0; t < scales; ++t) {
            const double least = s.bound(hash, t);
            s.table.set_upper(entry, t, add_(least, weights[t]));
            s.table.set_error(entry, t, least);
        }
        return true;
    }
    [[gnu::noinline]] void prune() {
        add_.rounded |= Pruning(s_).run();
        ++prunings_;
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
