// SPDX-License-Identifier: PostgreSQL
//
// Sorting a full write buffer, which is what KLL spends its time on, without a branch that depends on the data: a
// sorting network over the columns of a table (16 deep, two columns in one vector), then merges from both ends of the
// runs at once. No NaN among the values, and -0.0 must have become 0.0.
//
// Where items of higher weight are wanted, they are picked from the columns, before the merges.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace sketch::kll {

inline constexpr std::size_t kBuffer = 128;  // a multiple of kRun by a power of two
inline constexpr std::size_t kRun = 16;

// Batcher's odd-even merge sort, 63 comparators for 16 rows, on two columns at once.
using Pair = double __attribute__((vector_size(16)));

[[gnu::always_inline]] inline void order(Pair& a, Pair& b) {
#ifdef __SSE2__  // one instruction each; the compiler finds four
    const Pair low = _mm_min_pd(a, b), high = _mm_max_pd(b, a);
#else
    const Pair low = a < b ? a : b, high = a < b ? b : a;
#endif
    a = low;
    b = high;
}

[[gnu::always_inline]] inline void sort_columns(Pair (&row)[kRun]) {
#pragma GCC unroll 16
    for (std::size_t p = 1; p < kRun; p *= 2)
#pragma GCC unroll 16
        for (std::size_t k = p; k >= 1; k /= 2)
#pragma GCC unroll 16
            for (std::size_t j = k % p; j + k < kRun; j += 2 * k)
#pragma GCC unroll 16
                for (std::size_t i = 0; i < k; ++i)
                    if (i + j + k < kRun && (i + j) / (2 * p) == (i + j + k) / (2 * p))
                        order(row[i + j], row[i + j + k]);
}

// Doubles as integers in the same order, and back: comparing integers is quicker. The sign of a negative one stays, its
// other bits are flipped.
inline std::int64_t flipped(std::int64_t bits) {
    return bits ^ static_cast<std::int64_t>(static_cast<std::uint64_t>(bits >> 63) >> 1);
}
inline std::int64_t key_of(double value) { return flipped(std::bit_cast<std::int64_t>(value)); }
inline double value_of(std::int64_t key) { return std::bit_cast<double>(flipped(key)); }

// Two runs of n values each into one. The n smallest are found from the front and the n largest from the back: two
// chains that do not wait for each other, and neither run can be exhausted, so that nothing needs to be tested.
inline void merge_equal(const std::int64_t* from, std::size_t n, std::int64_t* to) {
    // Of the i values that are in place, `taken` came from the first run, and at the back `left` of it remain.
    std::size_t taken = 0, left = n;
    for (std::size_t i = 0; i < n; ++i) {
        const std::int64_t a = from[taken], b = from[n + i - taken];
        to[i] = std::min(a, b);
        taken += a <= b;
        const std::int64_t y = from[left - 1], z = from[2 * n - 1 - i + n - left];
        to[2 * n - 1 - i] = std::max(y, z);
        left -= y > z;
    }
}

using Keys = std::int64_t[kBuffer];

// Sorts runs of kRun values into keys; n is an even number of runs.
[[gnu::always_inline]] inline void sort_runs(const double* values, std::size_t n, Keys& keys) {
    const std::size_t columns = n / kRun;
    for (std::size_t c = 0; c < columns; c += 2) {
        Pair row[kRun];
        for (std::size_t r = 0; r < kRun; ++r) std::memcpy(&row[r], values + r * columns + c, sizeof(Pair));
        sort_columns(row);
        for (std::size_t r = 0; r < kRun; ++r) {
            keys[c * kRun + r] = key_of(row[r][0]);
            keys[(c + 1) * kRun + r] = key_of(row[r][1]);
        }
    }
}

// Merges the sorted runs of n keys to values. The number of runs is a power of two.
[[gnu::always_inline]] inline void merge_runs(Keys& keys, std::size_t n, std::size_t run, double* values,
                                              std::size_t wanted) {
    Keys other;
    std::int64_t *from = keys, *to = other;
    for (; run < n; run *= 2) {
        for (std::size_t at = 0; at < n; at += 2 * run) merge_equal(from + at, run, to + at);
        std::swap(from, to);
    }
    for (std::size_t i = 0; i < wanted; ++i) values[i] = value_of(from[i]);
}

// n <= kBuffer values.
[[gnu::noinline]] inline void sort_buffer(double* values, std::size_t n) {
    if (n < 2) return;
    double padded[kBuffer];
    std::size_t whole = 2 * kRun;
    while (whole < n) whole *= 2;
    std::memcpy(padded, values, n * sizeof(double));
    std::fill(padded + n, padded + whole, std::numeric_limits<double>::infinity());
    Keys keys;
    sort_runs(padded, whole, keys);
    merge_runs(keys, whole, kRun, values, n);
}

struct Range {
    double least, most;
};

// Of kBuffer values, one of every 2^shift in the order of their run, sorted, at the head of values. Where in a run the
// first one stands is up to the random bits, and mirrored in the next run: as with paired coins, what one run counts
// too high, the other tends to count too low.
[[gnu::noinline]] inline Range sample_buffer(double* values, int shift, std::uint64_t random) {
    Keys keys;
    sort_runs(values, kBuffer, keys);
    std::int64_t least = keys[0], most = keys[kRun - 1];
    const std::size_t step = std::size_t{1} << shift;
    std::size_t picked = 0;
    for (std::size_t run = 0; run < kBuffer; run += 2 * kRun, random >>= shift) {
        least = std::min({least, keys[run], keys[run + kRun]});
        most = std::max({most, keys[run + kRun - 1], keys[run + 2 * kRun - 1]});
        const std::size_t offset = random & (step - 1);
        for (std::size_t i = offset; i < kRun; i += step) keys[picked++] = keys[run + i];
        for (std::size_t i = step - 1 - offset; i < kRun; i += step) keys[picked++] = keys[run + kRun + i];
    }
    merge_runs(keys, picked, kRun >> shift, values, picked);
    return {value_of(least), value_of(most)};
}

}  // namespace sketch::kll
