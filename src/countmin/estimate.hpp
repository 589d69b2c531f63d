// SPDX-License-Identifier: PostgreSQL
//
// What a countmin sketch answers, from its trimmed form: counts of values and ranges, quantiles, join sizes.
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
#include "core/interrupts.hpp"
#include "core/kernel.hpp"
#include "countmin/layout.hpp"

namespace sketch {
class CountMin;
}

namespace sketch::countmin {

struct Count {
    std::int64_t lower, estimate, upper;
};

inline std::int64_t clamped(__int128 value) {
    return value > INT64_MAX ? INT64_MAX : value < INT64_MIN ? INT64_MIN : static_cast<std::int64_t>(value);
}

// Of d rows, each off with probability q: that so many are that the median may be.
inline double median_fails(int d, double q) {
    double fails = 0, term = std::pow(1 - q, d);
    for (int k = 0; k <= d; ++k) {
        if (k > (d - 1) / 2) fails += term;
        term *= static_cast<double>(d - k) / (k + 1) * q / (1 - q);
    }
    return fails;
}

// The q of one row at which all rows together give this confidence; above zero.
inline double row_failure(int depth, double confidence, bool median) {
    if (!median) return std::pow(1 - confidence, 1.0 / depth);
    double low = 0x1p-60, high = 1;
    for (int i = 0; i < 52; ++i) {
        const double q = (low + high) / 2;
        (median_fails(depth, q) > 1 - confidence ? high : low) = q;
    }
    return low;
}

// total() needs no more.
class Head : public Layout {
  public:
    explicit Head(Trimmed<CountMin> sketch) : Layout(sketch.image()) {}
};

class Reader : public Head {
  public:
    using Head::Head;

    // Whoever asks for many counts may keep the cells unpacked, which halves the time of each: in so many bytes of room
    // that unpack() fills; none where it is not worth it. A later reader of the same sketch is given them.
    std::size_t unpacked_bytes() const {
        const std::size_t bytes = cell_count() * static_cast<std::size_t>(cell_bytes());
        return is_table() && bytes <= kMaxUnpacked ? bytes : 0;
    }
    void unpack(std::byte* room) const { packed().unpack(room, cell_bytes()); }
    void read_unpacked(const std::byte* cells) { unpacked_ = cells; }

    bool exact() const { return !is_table(); }
    // Whether some count is below zero for certain, so that minima would be too low.
    bool negative() const {
        if (is_table()) return negative_cells();
        for (std::size_t i = 0; i < listed(); ++i)
            if (listed(i).weight < 0) return true;
        return false;
    }

    // By how much the sum of so many cells may be off. What each row is off by at most on average:
    double error(int nodes, double confidence) const {
        if (exact() || nodes == 0) return 0;
        const bool median = negative_cells();
        const double mass =
            median ? static_cast<double>(added()) + static_cast<double>(removed()) : static_cast<double>(total());
        const double q = row_failure(depth(), confidence, median);
        return mass * levels() * nodes / (static_cast<double>(width()) * q);
    }

    // --- how often ---------------------------------------------------------------------------------------------------

    // hash: of the value, as sketch_hash gives it.
    std::int64_t count(std::uint64_t hash) const {
        if (!exact()) return cell_estimate(hash);
        if (!ranges()) return listed_count(hash);
        for (std::size_t i = 0; i < listed(); ++i)
            if (node_hash(listed(i).key, 0) == hash) return listed(i).weight;
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
        const double wanted = std::ceil(fraction * static_cast<double>(total()));
        std::int64_t rank = wanted < 0x1p63 ? static_cast<std::int64_t>(wanted) : INT64_MAX;
        rank = std::clamp<std::int64_t>(rank, 1, total());
        return exact() ? listed_quantile(rank) : descend(rank);
    }

    // --- join size ---------------------------------------------------------------------------------------------------

    // The inner product of the counts of two sketches: how many rows the join on the values has. Both without ranges.
    Bounds join_bounds(const Reader& other, double confidence) const {
        const double size = join_size(other);
        if (exact() || other.exact()) {
            // One side is known, and every count of the other is right within its error.
            const Reader& table = exact() ? other : *this;
            const Reader& list = exact() ? *this : other;
            if (table.exact()) return rounded_out({size, size, size});
            return join_bounds_within(size, table.error(1, confidence) * list.mass(), list, table);
        }
        const bool median = negative() || other.negative();
        const double q = row_failure(joined_rows(other), confidence, median);
        const auto least = static_cast<double>(std::min(width(), other.width()));
        return join_bounds_within(size, mass() * other.mass() / (least * q), *this, other);
    }

    double join_size(const Reader& other) const {
        if (exact() && other.exact()) return join_lists(other);
        double rows[kMaxDepth];
        const int n = joined_rows(other);
        for (int i = 0; i < n; ++i) rows[i] = join_row(other, i);
        return pick(rows, n, negative() || other.negative());
    }

  private:
    double mass() const {
        return negative() ? static_cast<double>(added()) + static_cast<double>(removed())
                          : static_cast<double>(total());
    }

    // The answer of the rows: the least or, where they err both ways, the median.
    template <class T>
    static T pick(T* rows, int n, bool median) {
        T* const end = rows + n;
        if (!median) return *std::min_element(rows, end);
        T* const middle = rows + (n - 1) / 2;
        std::nth_element(rows, middle, end);
        return *middle;
    }

    std::int64_t cell_estimate(std::uint64_t hash) const {
        if (negative_cells()) return median_cell(hash);
        std::int64_t least = INT64_MAX;
        visit_cells(hash, [&](int, std::int64_t cell) { least = std::min(least, cell); });
        return least;
    }
    [[gnu::noinline]] std::int64_t median_cell(std::uint64_t hash) const {
        std::int64_t rows[kMaxDepth];
        visit_cells(hash, [&](int row, std::int64_t cell) { rows[row] = cell; });
        return pick(rows, depth(), true);
    }
    // Calls visit(row, cell) for the cells where a hash is counted.
    template <class Visit>
    void visit_cells(std::uint64_t hash, Visit visit) const {
        if (unpacked_ != nullptr) return visit_unpacked(hash, visit);
        const auto read_from = [&visit](const PackedCells& cells) {
            return [&](int row, std::size_t index) { visit(row, cells.cell(row, index)); };
        };
        if (lg_width() == kSliceBits && depth() == kSlices) {  // the defaults
            const PackedCells cells(log(), kSliceBits, kSlices);
            for_each_row<Rows::narrow>(hash, kSliceBits, kSlices, read_from(cells));
        } else {
            const PackedCells cells = packed();
            for_each_row<Rows::any>(hash, lg_width(), depth(), read_from(cells));
        }
    }

    template <class Visit>
    void visit_unpacked(std::uint64_t hash, Visit visit) const {
        with_cell_type(cell_bytes(), [&]<class T>(T) {
            const auto read = [&](int row, std::size_t index) {
                visit(row, load<T>(unpacked_ + ((static_cast<std::size_t>(row) << lg_width()) + index) * sizeof(T)));
            };
            if (is_narrow(lg_width(), depth()))
                for_each_row<Rows::narrow>(hash, lg_width(), depth(), read);
            else
                for_each_row<Rows::any>(hash, lg_width(), depth(), read);
        });
    }

    std::int64_t listed_count(Key key) const {
        const std::size_t low =
            partition_index(std::size_t{0}, listed(), [&](std::size_t i) { return listed(i).key < key; });
        return low < listed() && listed(low).key == key ? listed(low).weight : 0;
    }

    Count bounds_of(std::int64_t estimate, double error) const {
        const auto off = static_cast<__int128>(std::min(std::floor(error), 0x1p100));
        if (exact()) return {estimate, estimate, estimate};
        if (negative_cells()) return {clamped(estimate - off), estimate, clamped(estimate + off)};
        return {std::max<std::int64_t>(clamped(estimate - off), 0), estimate, estimate};
    }

    std::int64_t range(std::int64_t low, std::int64_t high, int& nodes) const {
        nodes = 0;
        if (low > high) return 0;
        Key first = biased_key(low), last = biased_key(high);
        if (first == 0 && last == ~Key{0}) return total();
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
        if (!negative_cells() && sum > total()) return total();
        return clamped(sum);
    }
    std::int64_t listed_range(Key first, Key last) const {
        __int128 sum = 0;
        for (std::size_t i = 0; i < listed(); ++i) {
            const Update u = listed(i);
            if (u.key >= first && u.key <= last) sum += u.weight;
        }
        return clamped(sum);
    }

    std::int64_t listed_quantile(std::int64_t rank) const {
        __int128 sum = 0;
        for (std::size_t i = 0; i < listed(); ++i) {
            sum += listed(i).weight;
            if (sum >= rank) return value_of(listed(i).key);
        }
        return value_of(listed(listed() - 1).key);
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

    // --- the size of a join ------------------------------------------------------------------------------------------

    Bounds join_bounds_within(double size, double error, const Reader& a, const Reader& b) const {
        if (a.negative() || b.negative()) return rounded_out({size - error, size, size + error});
        return rounded_out({std::max(size - error, 0.0), size, size});
    }
    // Past 2^53 a size is rounded to a double.
    static Bounds rounded_out(Bounds bounds) {
        constexpr double kWhole = 0x1p53, kInfinity = std::numeric_limits<double>::infinity();
        if (std::fabs(bounds.lower) >= kWhole) bounds.lower = std::nextafter(bounds.lower, -kInfinity);
        if (std::fabs(bounds.upper) >= kWhole) bounds.upper = std::nextafter(bounds.upper, kInfinity);
        return bounds;
    }

    // The rows that both have; a list has as many as it is asked for.
    int joined_rows(const Reader& other) const {
        return exact() ? other.depth() : other.exact() ? depth() : std::min(depth(), other.depth());
    }
    // Calls sum(S{}), where S holds all sums of products: __int128, but for totals that no stream reaches.
    template <class Sum>
    double summed(const Reader& other, Sum sum) const {
        const auto weights = [](const Reader& s) {
            return static_cast<double>(s.added()) + static_cast<double>(s.removed());
        };
        if (weights(*this) * weights(other) < 0x1p126) return static_cast<double>(sum(__int128{}));
        return sum(double{});
    }

    double join_lists(const Reader& other) const {
        return summed(other, [&]<class S>(S sum) {
            for (std::size_t i = 0; i < listed(); ++i)
                sum += static_cast<S>(listed(i).weight) * static_cast<S>(other.listed_count(listed(i).key));
            return sum;
        });
    }
    // The inner product of two rows, of which one may be a list.
    double join_row(const Reader& other, int i) const {
        if (exact()) return other.join_row(*this, i);
        if (width() < other.width() && !other.exact()) return other.join_row(*this, i);
        return summed(other, [&]<class S>(S) {
            return other.exact() ? join_row_with_list<S>(other, i) : join_row_with_narrower<S>(other, i);
        });
    }
    template <class S>
    S join_row_with_list(const Reader& list, int i) const {
        S sum{};
        const PackedCells cells = packed();
        for (std::size_t j = 0; j < list.listed(); ++j) {
            const Update u = list.listed(j);
            for_each_row<Rows::any>(u.key, lg_width(), i + 1, [&](int row, std::size_t index) {
                if (row == i) sum += static_cast<S>(u.weight) * static_cast<S>(cells.cell(i, index));
            });
        }
        return sum;
    }
    // This one stands folded on the other.
    template <class S>
    S join_row_with_narrower(const Reader& narrower, int i) const {
        S sum{};
        const PackedCells ours = packed(), theirs = narrower.packed();
        std::int64_t a[kBlock], b[kBlock];
        for (std::size_t j = 0; j < ours.row_blocks(); ++j) {
            if (j % (kCellStep / kBlock) == 0) check_interrupts();
            ours.unpack_block(ours.frame(i, j), a);
            for (std::size_t k = 0; k < ours.block_cells(); k += theirs.block_cells()) {
                const std::size_t at = (j * ours.block_cells() + k) / theirs.block_cells();
                theirs.unpack_block(theirs.frame(i, at & (theirs.row_blocks() - 1)), b);
                for (std::size_t l = 0; l < theirs.block_cells(); ++l)
                    sum += static_cast<S>(a[k + l]) * static_cast<S>(b[l]);
            }
        }
        return sum;
    }

    static constexpr std::size_t kMaxUnpacked = std::size_t{1} << 20;

    const std::byte* unpacked_ = nullptr;
};

}  // namespace sketch::countmin
