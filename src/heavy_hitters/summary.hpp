// SPDX-License-Identifier: PostgreSQL
//
// Heavy hitters, a sketch without its log: entries, the filter before them, a total and a floor for each scale.
#pragma once

#include <cmath>

#include "heavy_hitters/entry_table.hpp"
#include "heavy_hitters/filter.hpp"
#include "heavy_hitters/log.hpp"

namespace sketch::heavy_hitters {

inline constexpr std::uint32_t kMaxEntries = 10000;

// Whether it is of interest if a sum is rounded: not where all are of integers below 2^53, nor where one was before.
enum class Sums : bool { plain, watched };

// Adds, and knows whether a sum was rounded: only if it was not, both terms come back from it.
template <Sums kSums>
struct Adder {
    bool rounded = false;

    [[gnu::always_inline]] double operator()(double a, double b) {
        const double sum = a + b;
        if constexpr (kSums == Sums::watched) rounded |= (sum - a != b) | (sum - b != a);
        return sum;
    }
};

// Half as many entries again as stay after pruning.
inline std::uint32_t max_entries(std::uint32_t k) { return k + (k + 1) / 2; }

struct Summary {
    std::uint32_t k;
    EntryTable table;
    Filter filter;
    std::byte* sums;  // for each scale f64 total, f64 floor

    int scales() const { return static_cast<int>(table.scales); }
    double total(int scale) const { return load<double>(sums + 16 * scale); }
    double floor(int scale) const { return load<double>(sums + 16 * scale + 8); }
    void set_total(int scale, double value) const { store(sums + 16 * scale, value); }
    void set_floor(int scale, double value) const { store(sums + 16 * scale + 8, value); }

    // What an item without an entry weighs at most.
    double bound(std::uint32_t hash, int scale) const { return filter ? filter.bound(hash, scale) : floor(scale); }
};

// Whether the cell of an item took its weights, so that it needs no entry. kScales is the number of scales, or 0 where
// it is not known to the compiler.
template <int kScales, Sums kSums>
[[gnu::always_inline]] inline bool absorb(const Summary& s, std::uint32_t hash, const double* weights,
                                          Adder<kSums>& add) {
    if (!s.filter) return false;
    const int scales = kScales != 0 ? kScales : s.scales();
    double sums[kMaxScales];
    Adder<kSums> sum = add;
    bool fits = true;
    for (int t = 0; t < scales; ++t) {
        sums[t] = sum(s.filter.bound(hash, t), weights[t]);
        fits &= sums[t] <= s.floor(t);
    }
    if (!fits) return false;
    add = sum;
    for (int t = 0; t < scales; ++t) store(s.filter.cell(hash, t), sums[t]);
    return true;
}

// The weights of entry `i` rise.
template <int kScales, Sums kSums>
[[gnu::always_inline]] inline void count(const Summary& s, std::uint32_t i, const double* weights, Adder<kSums>& add) {
    const int scales = kScales != 0 ? kScales : s.scales();
    for (int t = 0; t < scales; ++t) s.table.set_upper(i, t, add(s.table.upper(i, t), weights[t]));
}

}  // namespace sketch::heavy_hitters
