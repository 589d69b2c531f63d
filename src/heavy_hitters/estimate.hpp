// SPDX-License-Identifier: PostgreSQL
//
// Heavy hitters, the readers of trimmed images.
//
// What roundings do. A bound is a sum of terms that are not negative: of each addition only u = 2^-53 of its result is
// lost or won, so after n of them the exact sum is within (1 + u)^n of the bound, up or down; an error e is at most its
// upper bound c, so c - e is that far off, times c, as well. The sketch counts n (0 while all its sums are exact), a
// room adds what its weights were rounded before they were added, the readers two for themselves, and 2 u times all
// that is more than enough.
#pragma once

#include "heavy_hitters/layout.hpp"

namespace sketch::heavy_hitters {

// RoomLayout: the Layout of heavy hitters, with what the room adds to it.
template <class RoomLayout>
class Reader : public RoomLayout {
  public:
    Item item(std::uint32_t i) const { return table_.item(i); }
    // The entry of an item, or entries() if it has none.
    std::uint32_t find(const Item& item) const {
        const std::uint32_t n = this->entries();
        if (item.kind != this->item_kind()) return n;
        const std::uint32_t i = table_.lower_bound(n, item.hash(), item, [](std::uint32_t at) { return at; });
        return i < n && this->item(i) == item ? i : n;
    }

    // What was counted for an entry, and the bounds of what it weighs.
    double estimate(std::uint32_t i, int scale = 0) const { return table_.upper(i, scale) - table_.error(i, scale); }
    double lower(std::uint32_t i, int scale = 0) const {
        return std::max(0.0, estimate(i, scale) - table_.upper(i, scale) * margin_);
    }
    double upper(std::uint32_t i, int scale = 0) const { return widened(table_.upper(i, scale)); }
    // The most that an item without an entry weighs.
    double floor(int scale = 0) const { return widened(this->summary().floor(scale)); }

    // The entries from the heaviest to the lightest: by what was counted, then by what may be, then by item. order has
    // room for entries().
    void rank(std::span<std::uint32_t> order, int scale = 0) const {
        for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
        Patience patience;
        std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
            const double x = estimate(a, scale), y = estimate(b, scale);
            if (x != y) return x > y;
            if (table_.upper(a, scale) != table_.upper(b, scale))
                return table_.upper(a, scale) > table_.upper(b, scale);
            const Item item = this->item(b);
            patience.spend(64 + item.size());
            return this->item(a) < item;
        });
    }

  protected:
    // weight_roundings: of a weight before it was added, and of a bound when it is read.
    Reader(std::span<const std::byte> image, double weight_roundings) : RoomLayout(image), table_(this->table()) {
        const double n = static_cast<double>(this->roundings()) + weight_roundings;
        margin_ = n == 0 ? 0 : (n + 2) * 0x1p-52;
    }

  private:
    double widened(double value) const { return value + value * margin_; }

    EntryTable table_;
    double margin_;
};

}  // namespace sketch::heavy_hitters
