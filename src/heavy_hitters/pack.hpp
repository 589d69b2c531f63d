// SPDX-License-Identifier: PostgreSQL
//
// Heavy hitters, to the stored form: the k entries that stay, in the order of hash and item.
#pragma once

#include "heavy_hitters/summary.hpp"

namespace sketch::heavy_hitters {

// kScales known to the compiler, so that an entry is a struct, which the algorithms of the library move as a whole.
template <int kScales>
class Packing {
  public:
    // to: what was copied from `from`, entries and head, and is packed where it stands.
    Packing(const Summary& to, const EntryTable& from)
        : to_(to), from_(from), begin_(reinterpret_cast<Entry*>(to.table.entries)), n_(to.table.size()) {}

    void run() {
        number();
        if (n_ > to_.k) choose();
        std::sort(begin_, begin_ + n_, [this](const Entry& a, const Entry& b) { return is_before(a, b); });
        to_.table.set_size(n_);
        to_.table.set_arena_used(write_items());
    }
    std::size_t bytes() const { return n_ * sizeof(Entry) + to_.table.arena_used(); }

  private:
    // In the place of an offset, entries of strings hold their number in `from` here. The sign of the first error marks
    // what is chosen.
    struct Entry {
        std::uint64_t word;
        double upper[kScales], error[kScales];
    };

    bool integers() const { return from_.kind == ItemKind::integer; }
    Item item(const Entry& entry) {
        if (integers()) return Item::of(static_cast<std::int64_t>(entry.word));
        const Item item = from_.item(static_cast<std::uint32_t>(entry.word));
        patience_.spend(64 + item.size());
        return item;
    }
    bool is_before(const Entry& a, const Entry& b) {
        if (!integers() && a.word >> 32 != b.word >> 32) return a.word < b.word;
        return item(a) < item(b);
    }

    // Leaves out what counts nothing any more.
    void number() {
        std::uint32_t kept = 0;
        for (std::uint32_t i = 0; i < n_; ++i) {
            Entry entry = begin_[i];
            if (!integers()) entry.word = entry.word >> 32 << 32 | i;
            if (std::any_of(entry.upper, entry.upper + kScales, [](double c) { return c > 0; })) begin_[kept++] = entry;
        }
        n_ = kept;
    }

    // The best of each scale, then of the first. Ties are broken by error, then by item.
    void choose() {
        const std::uint32_t most = to_.k, quota = most / kScales;
        Entry* const end = begin_ + n_;
        for (int t = 0; t < kScales; ++t) {
            select(begin_, begin_ + quota, end, t);
            for (std::uint32_t i = 0; i < quota; ++i) begin_[i].error[0] = -std::fabs(begin_[i].error[0]);
        }
        Entry* const rest = std::partition(begin_, end, [](const Entry& e) { return std::signbit(e.error[0]); });
        select(rest, begin_ + most, end, 0);
        for (Entry* e = begin_; e < rest; ++e) e->error[0] = std::fabs(e->error[0]);
        for (Entry* e = begin_ + most; e < end; ++e)
            for (int t = 0; t < kScales; ++t) to_.set_floor(t, std::max(to_.floor(t), e->upper[t]));
        n_ = most;
    }
    void select(Entry* begin, Entry* nth, Entry* end, int scale) {
        std::nth_element(begin, nth, end, [this, scale](const Entry& a, const Entry& b) {
            if (a.upper[scale] != b.upper[scale]) return a.upper[scale] > b.upper[scale];
            const double e = std::fabs(a.error[scale]), f = std::fabs(b.error[scale]);
            return e != f ? e < f : item(a) < item(b);
        });
    }

    // The arena, behind the entries, in their order; its bytes.
    std::size_t write_items() {
        if (integers()) return 0;
        auto* const arena = reinterpret_cast<std::byte*>(begin_ + n_);
        std::size_t used = 0;
        for (Entry* e = begin_; e < begin_ + n_; ++e) {
            const Item item = this->item(*e);
            if (item.size() != 0) std::memcpy(arena + used, item.data, item.size());
            e->word = e->word >> 32 << 32 | used;
            used += item.size();
        }
        return used;
    }

    Summary to_;
    EntryTable from_;
    Entry* begin_;
    std::uint32_t n_;
    Patience patience_;
};

}  // namespace sketch::heavy_hitters
