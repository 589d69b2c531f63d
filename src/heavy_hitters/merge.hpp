// SPDX-License-Identifier: PostgreSQL
//
// Heavy hitters, merging one summary into another. An item of both has the sum of both bounds; an item of one may have
// weighed as much as the floor in the other.
#pragma once

#include "heavy_hitters/scaling.hpp"

namespace sketch::heavy_hitters {

class Merging {
  public:
    // factors: by what the weights of `from` are multiplied, for each scale. `to` has room for the entries of both.
    Merging(Summary& to, const Summary& from, const double* factors)
        : to_(to), from_(from), factors_(factors), scales_(to.scales()) {
        for (int t = 0; t < scales_; ++t) floors_[t] = scaled(from.floor(t), factors[t]);
    }

    // Whether a sum was rounded.
    bool run() {
        const std::uint32_t before = to_.table.size();
        take_entries();
        if (std::any_of(floors_, floors_ + scales_, [](double floor) { return floor != 0; }))
            raise(before);
        else
            unmark(before);
        for (int t = 0; t < scales_; ++t) {
            to_.set_floor(t, add_(to_.floor(t), floors_[t]));
            to_.set_total(t, to_.total(t) + scaled(from_.total(t), factors_[t]));
        }
        return add_.rounded;
    }

  private:
    // Until all have been seen, the sign of the first error marks the entries that were found in both.
    void take_entries() {
        Patience patience;
        EntryTable& table = to_.table;
        const std::uint32_t n = from_.table.size();
        for (std::uint32_t j = 0; j < n; ++j) {
            const Item item = from_.table.item(j);
            patience.spend(64 + item.size());
            const std::uint32_t hash = from_.table.hash(j);
            const EntryTable::Probe at = table.probe(item, hash);
            const std::uint32_t i = at.found ? at.entry : table.size();
            if (!at.found) table.insert(at, item, hash);
            for (int t = 0; t < scales_; ++t) {
                const double c = scaled(from_.table.upper(j, t), factors_[t]),
                             e = scaled(from_.table.error(j, t), factors_[t]);
                table.set_upper(i, t, add_(at.found ? table.upper(i, t) : to_.floor(t), c));
                table.set_error(i, t, add_(at.found ? table.error(i, t) : to_.floor(t), e));
            }
            if (at.found) table.set_error(i, 0, -table.error(i, 0));
        }
    }

    // What `from` does not hold may have weighed as much as its floor there.
    void raise(std::uint32_t before) {
        const EntryTable& table = to_.table;
        for (std::uint32_t i = 0; i < before; ++i) {
            if (std::signbit(table.error(i, 0))) {
                table.set_error(i, 0, -table.error(i, 0));
                continue;
            }
            for (int t = 0; t < scales_; ++t) {
                table.set_upper(i, t, add_(table.upper(i, t), floors_[t]));
                table.set_error(i, t, add_(table.error(i, t), floors_[t]));
            }
        }
        for (int t = 0; t < scales_; ++t)
            for (std::uint32_t i = 0; i < to_.filter.count; ++i)
                store(to_.filter.cell(i, t), add_(to_.filter.bound(i, t), floors_[t]));
    }
    void unmark(std::uint32_t before) const {
        for (std::uint32_t i = 0; i < before; ++i) to_.table.set_error(i, 0, std::fabs(to_.table.error(i, 0)));
    }

    Summary& to_;
    const Summary& from_;
    const double* factors_;
    int scales_;
    double floors_[kMaxScales];
    Adder<Sums::watched> add_;
};

}  // namespace sketch::heavy_hitters
