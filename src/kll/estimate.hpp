// SPDX-License-Identifier: PostgreSQL
//
// What a KLL sketch answers, from its sorted runs.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

#include "core/bounds.hpp"
#include "core/bytes.hpp"
#include "core/kernel.hpp"
#include "core/rank.hpp"
#include "kll/layout.hpp"

namespace sketch {
class Kll;
}

namespace sketch::kll {

// One sorted run of a stored image, at any address. An item of it stands for 2^level values.
struct Run {
    const std::byte* at_;
    std::size_t n;
    int level;

    double at(std::size_t i) const { return load<double>(at_ + i * sizeof(double)); }
    std::uint64_t weight() const { return std::uint64_t{1} << level; }

    // How many of its items are below `value` or, with `equal`, at most it; they are among the first `to`.
    std::size_t below(double value, bool equal, std::size_t from, std::size_t to) const {
        return partition_index(from, to, [=, this](std::size_t i) { return equal ? at(i) <= value : at(i) < value; });
    }
};

struct Runs {
    int count;
    std::array<Run, kMaxLevels> run;

    std::uint64_t at_most(double value) const {
        std::uint64_t weight = 0;
        for (int h = 0; h < count; ++h) weight += std::uint64_t{run[h].below(value, true, 0, run[h].n)} << run[h].level;
        return weight;
    }

    // The smallest item at which the items up to it weigh at least `row`, which is not more than all weigh. Every run
    // keeps a window of items that may be the one; the middle of the window that weighs most halves about all of them.
    double select(std::uint64_t row) const {
        std::array<std::size_t, kMaxLevels> low{}, high{}, split{};
        for (int h = 0; h < count; ++h) high[h] = run[h].n;
        double found = 0;
        for (;;) {
            int widest = -1;
            std::uint64_t most = 0;
            for (int h = 0; h < count; ++h) {
                const std::uint64_t weight = std::uint64_t{high[h] - low[h]} << run[h].level;
                if (weight > most) {
                    most = weight;
                    widest = h;
                }
            }
            if (widest < 0) return found;
            const double pivot = run[widest].at(low[widest] + (high[widest] - low[widest]) / 2);
            std::uint64_t weight = 0;
            for (int h = 0; h < count; ++h) {
                split[h] = run[h].below(pivot, true, low[h], high[h]);
                weight += std::uint64_t{split[h]} << run[h].level;
            }
            if (weight < row) {
                low = split;
                continue;
            }
            found = pivot;
            for (int h = 0; h < count; ++h) high[h] = run[h].below(pivot, false, low[h], split[h]);
        }
    }
};

// All items in order: a heap of the runs by their next item. As Runs, for rows or values that do not fall from call to
// call, in one pass.
class Merge {
  public:
    void start(const Runs& runs) {
        for (int h = 0; h < runs.count; ++h)
            if (runs.run[h].n != 0) heap_[n_++] = {runs.run[h].at(0), 0, runs.run[h]};
        for (int i = n_ / 2; i-- > 0;) sink(i);
    }

    std::uint64_t at_most(double value) {
        while (n_ != 0 && heap_[0].item <= value) pass();
        return below_;
    }
    template <class Visit>
    void for_each(Visit visit) {
        for (; n_ != 0; pass()) visit(heap_[0].item, heap_[0].run.weight());
    }
    double select(std::uint64_t row) {
        while (row - below_ > heap_[0].run.weight()) pass();
        return heap_[0].item;
    }

  private:
    struct Next {
        double item;
        std::size_t i;
        Run run;
    };

    void pass() {
        Next& next = heap_[0];
        below_ += next.run.weight();
        if (++next.i != next.run.n)
            next.item = next.run.at(next.i);
        else
            next = heap_[--n_];
        sink(0);
    }
    void sink(int i) {
        const Next next = heap_[i];
        for (int child; (child = 2 * i + 1) < n_; i = child) {
            if (child + 1 < n_ && heap_[child + 1].item < heap_[child].item) ++child;
            if (!(heap_[child].item < next.item)) break;
            heap_[i] = heap_[child];
        }
        heap_[i] = next;
    }

    int n_ = 0;
    std::uint64_t below_ = 0;  // what the items weigh that were passed
    Next heap_[kMaxLevels];
};

class Reader : public Layout {
  public:
    explicit Reader(Trimmed<Kll> sketch) : Layout(sketch.image()) {}

    bool empty() const { return exact() && count() == 0 && nans() == 0; }

    // Of a sketch with at least one value; NaN stands above all others.
    double min() const { return value_at(1); }
    double max() const { return value_at(values()); }

    // The value at this row of all, counted from 1.
    double value_at(std::uint64_t row) const {
        return value_at(row, [this](std::uint64_t at) { return runs().select(at); });
    }
    double quantile(double fraction) const { return value_at(row_of(fraction, values())); }

    // How many of the values are at most this one, in PostgreSQL's order.
    std::uint64_t at_most(double value) const {
        return at_most(value, [this](double v) { return runs().at_most(v); });
    }
    double rank(double value) const { return static_cast<double>(at_most(value)) / static_cast<double>(values()); }

    // Calls visit with every item but NaN, ascending, and the number of values that it stands for.
    template <class Visit>
    void for_each_item(Visit visit) const {
        Merge merge;
        merge.start(runs());
        merge.for_each(visit);
    }

    // Answers so many questions one after another: fractions that do not fall, or values that do not. Many are answered
    // in one pass over the items, few from the runs.
    class Cursor {
      public:
        Cursor(const Reader& s, std::size_t questions)
            : s_(s), values_(s.values()), one_pass_(questions > s.stored_items() / 16), runs_(s.runs()) {
            if (one_pass_) merge_.start(runs_);
        }

        double quantile(double fraction) {
            return s_.value_at(row_of(fraction, values_), [this](std::uint64_t row) {
                return one_pass_ ? merge_.select(row) : runs_.select(row);
            });
        }
        double rank(double value) {
            const std::uint64_t n =
                s_.at_most(value, [this](double v) { return one_pass_ ? merge_.at_most(v) : runs_.at_most(v); });
            return static_cast<double>(n) / static_cast<double>(values_);
        }

      private:
        const Reader& s_;
        const std::uint64_t values_;
        const bool one_pass_;
        const Runs runs_;
        Merge merge_;
    };

    // The error of a rank that is not passed with a probability of 99 %, as a fraction of the number of values.
    double epsilon() const { return exact() ? 0 : epsilon_of(k()); }
    static double epsilon_of(int k) { return std::min(1.0, 2.296 / std::pow(k, 0.9723)); }

    // Values between which the true quantile lies with this confidence. The error of one rank is near to normal, as a
    // sum over many coins; by simulation its standard error is below epsilon/6, whatever the data. epsilon/4 is on the
    // safe side.
    Bounds bounds(double fraction, double confidence) const {
        const double margin = normal_z(confidence) * epsilon() / 4;
        return {quantile(std::max(0.0, fraction - margin)), quantile(fraction),
                quantile(std::min(1.0, fraction + margin))};
    }

  private:
    Runs runs() const {
        Runs r;
        if (exact()) {
            r.count = 1;
            r.run[0] = {exact_items(), count(), 0};
            return r;
        }
        Pops pops{};
        r.count = read_pops(pops);
        const std::byte* at = items_at();
        for (int h = r.count - 1; h >= 0; --h) {
            r.run[h] = {at, pops[h], h};
            at += pops[h] * sizeof(double);
        }
        return r;
    }

    // Both ends are exact, whatever the levels have dropped.
    template <class Select>
    double value_at(std::uint64_t row, Select select) const {
        const std::uint64_t n = numbers();
        if (row > n) return std::numeric_limits<double>::quiet_NaN();
        if (exact()) return load<double>(exact_items() + (row - 1) * sizeof(double));
        if (row <= 1) return head().min;
        return row >= n ? head().max : select(row);
    }
    template <class Count>
    std::uint64_t at_most(double value, Count count_at_most) const {
        if (std::isnan(value)) return values();
        if (exact() || numbers() == 0) return count_at_most(value);
        if (value < head().min) return 0;
        return value >= head().max ? numbers() : count_at_most(value);
    }
};

}  // namespace sketch::kll
