// SPDX-License-Identifier: PostgreSQL
//
// What a countmin sketch answers, from trimmed images: counts of values and ranges, quantiles, join sizes.
//
// A cell holds the count of its value and what collided with it. In a row that is, on average, at most N / width, where
// N is the sum of the counts without their signs (times the levels of a sketch with ranges); Markov's inequality says
// that the sum over K cells of the row is off by more than t with probability q <= K N / (width t).
//   No count is below zero: every row errs upwards only, and the least row by more than t with probability q^depth.
//   Some count is, as a cell below zero proves: the median row is off by more than t only if half of the rows are.
// Bounds for any confidence solve these for t.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "core/bounds.hpp"
#include "countmin/countmin.hpp"

namespace sketch::cm {

struct Count {
    std::int64_t lower, estimate, upper;
};

inline std::int64_t clamped(__int128 value) {
    return value > INT64_MAX ? INT64_MAX : value < INT64_MIN ? INT64_MIN : static_cast<std::int64_t>(value);
}

// Of d rows, each off with probability q: that so many are that the median may be.
inline double median_fails(int d, double q) {
    const int most = (d - 1) / 2;  // rows that may be off
    double right = 0, term = std::pow(1 - q, d);
    for (int k = 0; k <= most; ++k) {
        right += term;
        term *= static_cast<double>(d - k) / (k + 1) * q / (1 - q);
    }
    return 1 - right;
}

// The q of one row at which all rows together give this confidence.
inline double row_failure(int depth, double confidence, bool median) {
    if (!median) return std::pow(1 - confidence, 1.0 / depth);
    double low = 0, high = 1;
    for (int i = 0; i < 60; ++i) {
        const double q = (low + high) / 2;
        (median_fails(depth, q) > 1 - confidence ? high : low) = q;
    }
    return low;
}

class Answers {
  public:
    explicit Answers(const CountMin& s) : s_(s) {}

    const CountMin& sketch() const { return s_; }
    std::int64_t total() const { return s_.total(); }
    bool exact() const { return !s_.is_table(); }
    // Whether some count is below zero for certain, so that minima would be too low.
    bool negative() const {
        if (s_.is_table()) return s_.negative_cells();
        for (std::size_t i = 0; i < s_.listed(); ++i)
            if (s_.listed(i).weight < 0) return true;
        return false;
    }

    // By how much the sum of so many cells may be off. What each row is off by at most on average:
    double error(int nodes, double confidence) const {
        if (exact()) return 0;
        const bool median = s_.negative_cells();
        const double mass = median ? static_cast<double>(s_.added()) + static_cast<double>(s_.removed())
                                   : static_cast<double>(s_.total());
        const double q = row_failure(s_.depth(), confidence, median);
        return mass * s_.levels() * nodes / (static_cast<double>(s_.width()) * q);
    }

    // --- how often ---------------------------------------------------------------------------------------------------

    // hash: of the value, as sketch_hash gives it.
    std::int64_t count(std::uint64_t hash) const {
        if (!exact()) return cell_estimate(hash);
        if (!s_.ranges()) return listed_count(hash);
        for (std::size_t i = 0; i < s_.listed(); ++i)
            if (node_hash(s_.listed(i).key, 0) == hash) return s_.listed(i).weight;
        return 0;
    }
    Count count_bounds(std::uint64_t hash, double confidence) const {
        return bounds_of(count(hash), error(1, confidence));
    }

    // --- ranges of a sketch with levels ------------------------------------------------------------------------------

    // How many values from low to high, both included.
    std::int64_t range(std::int64_t low, std::int64_t high) const {
        int nodes;
        return range(low, high, nodes);
    }
    Count range_bounds(std::int64_t low, std::int64_t high, double confidence) const {
        int nodes;
        const std::int64_t estimate = range(low, high, nodes);
        return bounds_of(estimate, error(nodes, confidence));
    }

    // The least value with a fraction of all weight at or below it. There must be weight.
    std::int64_t quantile(double fraction) const {
        const double wanted = std::ceil(fraction * static_cast<double>(s_.total()));
        std::int64_t rank = wanted < 0x1p63 ? static_cast<std::int64_t>(wanted) : INT64_MAX;
        rank = std::clamp<std::int64_t>(rank, 1, s_.total());
        return exact() ? listed_quantile(rank) : descend(rank);
    }

    // --- join size ---------------------------------------------------------------------------------------------------

    // The inner product of the counts of two sketches: how many rows the join on the values has. Both without ranges
    // and of one depth.
    Bounds join_bounds(const Answers& other, double confidence) const {
        const double size = join_size(other);
        if (exact() || other.exact()) {
            // One side is known, and every count of the other is right within its error.
            const Answers& table = exact() ? other : *this;
            const Answers& list = exact() ? *this : other;
            if (table.exact()) return {size, size, size};
            return join_bounds_within(size, table.error(1, confidence) * list.mass(), list, table);
        }
        const bool median = negative() || other.negative();
        const double q = row_failure(s_.depth(), confidence, median);
        const auto width = static_cast<double>(std::min(s_.width(), other.s_.width()));
        return join_bounds_within(size, mass() * other.mass() / (width * q), *this, other);
    }

    double join_size(const Answers& other) const {
        if (exact() && other.exact()) return join_lists(other);
        double rows[kMaxDepth];
        for (int i = 0; i < s_.depth(); ++i) rows[i] = join_row(other, i);
        return pick(rows, negative() || other.negative());
    }

  private:
    double mass() const {
        return negative() ? static_cast<double>(s_.added()) + static_cast<double>(s_.removed())
                          : static_cast<double>(s_.total());
    }

    // The answer of the rows: the least or, where they err both ways, the median.
    template <class T>
    T pick(T* rows, bool median) const {
        T* const end = rows + s_.depth();
        if (!median) return *std::min_element(rows, end);
        T* const middle = rows + (s_.depth() - 1) / 2;
        std::nth_element(rows, middle, end);
        return *middle;
    }

    std::int64_t cell_estimate(std::uint64_t hash) const {
        if (s_.negative_cells()) return median_cell(hash);
        std::int64_t least = INT64_MAX;
        visit_cells(hash, [&](int, std::int64_t cell) { least = std::min(least, cell); });
        return least;
    }
    [[gnu::noinline]] std::int64_t median_cell(std::uint64_t hash) const {
        std::int64_t rows[kMaxDepth];
        visit_cells(hash, [&](int row, std::int64_t cell) { rows[row] = cell; });
        return pick(rows, true);
    }
    // Calls visit(row, cell) for the cells where a hash is counted.
    template <class Visit>
    void visit_cells(std::uint64_t hash, Visit visit) const {
        const std::byte* const cells = s_.row(0);
        const int lg = s_.lg_width(), depth = s_.depth();
        with_cell_type(s_.cell_bytes(), [&]<class T>(T) {
            const auto read = [&](int row, std::size_t index) {
                visit(row, load<T>(cells + ((static_cast<std::size_t>(row) << lg) + index) * sizeof(T)));
            };
            if (is_narrow(lg, depth))
                for_each_row<true>(hash, lg, depth, read);
            else
                for_each_row<false>(hash, lg, depth, read);
        });
    }

    std::int64_t listed_count(Key key) const {
        std::size_t low = 0, high = s_.listed();
        while (low < high) {
            const std::size_t middle = (low + high) / 2;
            if (s_.listed(middle).key < key)
                low = middle + 1;
            else
                high = middle;
        }
        return low < s_.listed() && s_.listed(low).key == key ? s_.listed(low).weight : 0;
    }

    Count bounds_of(std::int64_t estimate, double error) const {
        const auto off = static_cast<__int128>(std::min(std::floor(error), 0x1p100));
        if (exact()) return {estimate, estimate, estimate};
        if (s_.negative_cells()) return {clamped(estimate - off), estimate, clamped(estimate + off)};
        return {std::max<std::int64_t>(clamped(estimate - off), 0), estimate, estimate};
    }

    std::int64_t range(std::int64_t low, std::int64_t high, int& nodes) const {
        nodes = 0;
        if (low > high) return 0;
        Key first = biased_key(low), last = biased_key(high);
        if (first == 0 && last == ~Key{0}) return s_.total();
        if (exact()) return listed_range(first, last);
        __int128 sum = 0;
        const auto take = [&](Key node, int level) {
            ++nodes;
            sum += cell_estimate(node_hash(node, level));
        };
        // From the ends inwards, until whole intervals of the next level are left. The highest level cannot be left
        // whole: that was the full range.
        for (int level = 0;; ++level, first >>= kLevelBits, last >>= kLevelBits) {
            for (; (first & 15) != 0; ++first) {
                take(first, level);
                if (first == last) return range_estimate(sum);
            }
            for (; (last & 15) != 15; --last) {
                take(last, level);
                if (first == last) return range_estimate(sum);
            }
        }
    }
    std::int64_t range_estimate(__int128 sum) const {
        if (!s_.negative_cells() && sum > s_.total()) return s_.total();
        return clamped(sum);
    }
    std::int64_t listed_range(Key first, Key last) const {
        __int128 sum = 0;
        for (std::size_t i = 0; i < s_.listed(); ++i) {
            const Update u = s_.listed(i);
            if (u.key >= first && u.key <= last) sum += u.weight;
        }
        return clamped(sum);
    }

    std::int64_t listed_quantile(std::int64_t rank) const {
        __int128 sum = 0;
        for (std::size_t i = 0; i < s_.listed(); ++i) {
            sum += s_.listed(i).weight;
            if (sum >= rank) return value_of(s_.listed(i).key);
        }
        return value_of(s_.listed(s_.listed() - 1).key);
    }
    // Down the levels: into the first interval that reaches the rank.
    std::int64_t descend(std::int64_t rank) const {
        Key node = 0;
        __int128 before = 0;
        for (int level = kLevels - 1; level >= 0; --level) {
            node <<= kLevelBits;
            for (int child = 0; child < 15; ++child, ++node) {
                const std::int64_t count = cell_estimate(node_hash(node, level));
                if (before + count >= rank) break;
                before += count;
            }
        }
        return value_of(node);
    }

    Bounds join_bounds_within(double size, double error, const Answers& a, const Answers& b) const {
        if (a.negative() || b.negative()) return {size - error, size, size + error};
        return {std::max(size - error, 0.0), size, size};
    }

    double join_lists(const Answers& other) const {
        double sum = 0;
        for (std::size_t i = 0; i < s_.listed(); ++i) {
            const Update u = s_.listed(i);
            sum += static_cast<double>(u.weight) * static_cast<double>(other.listed_count(u.key));
        }
        return sum;
    }
    // The inner product of two rows. Of unequal widths, the wider stands folded on the other.
    double join_row(const Answers& other, int i) const {
        if (exact()) return other.join_row(*this, i);
        double sum = 0;
        if (other.exact()) {
            for (std::size_t j = 0; j < other.s_.listed(); ++j) {
                const Update u = other.s_.listed(j);
                for_each_row<false>(u.key, s_.lg_width(), i + 1, [&](int row, std::size_t index) {
                    if (row == i) sum += static_cast<double>(u.weight) * static_cast<double>(s_.cell(i, index));
                });
            }
            return sum;
        }
        const std::size_t wide = std::max(s_.width(), other.s_.width());
        const std::size_t mask = s_.width() - 1, other_mask = other.s_.width() - 1;
        for (std::size_t j = 0; j < wide; ++j)
            sum += static_cast<double>(s_.cell(i, j & mask)) * static_cast<double>(other.s_.cell(i, j & other_mask));
        return sum;
    }

    CountMin s_;
};

}  // namespace sketch::cm
