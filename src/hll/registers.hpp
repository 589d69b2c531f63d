// SPDX-License-Identifier: PostgreSQL
//
// UltraLogLog registers (Ertl, "UltraLogLog", arXiv:2308.16862): one byte holds u, the largest update value seen
// (0: none), in its high six bits, and in its low two bits whether u-1 and u-2 were seen too.
//
// An update of a 64-bit hash at precision p goes to register (hash mod 2^p) with the value 1 + the number of leading
// zeros of the other 64-p bits; a value of k has probability 2^-k. This is HyperLogLog with two more bits, which
// lower its error by 27 % at the same number of registers.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace sketch::hll {

using Register = std::uint8_t;

inline constexpr int kMinPrecision = 4;
inline constexpr int kMaxPrecision = 18;

// The largest update value at precision p: all 64-p bits are zero.
constexpr int max_value(int p) { return 65 - p; }
constexpr int value_of(Register r) { return r >> 2; }

constexpr std::uint64_t low_bits(int n) { return (std::uint64_t{1} << n) - 1; }

constexpr std::uint32_t index_of(std::uint64_t hash, int p) { return static_cast<std::uint32_t>(hash & low_bits(p)); }
constexpr int update_value(std::uint64_t hash, int p) { return std::countl_zero(hash | low_bits(p)) + 1; }

// Two registers to the register of the union of their updates. The bit "value 0 was seen" is set by every first update
// and means nothing; it is the same in every order, so that equal sets give equal bytes.
constexpr Register merged(Register a, Register b) {
    const Register high = std::max(a, b), low = std::min(a, b);
    const Register gap = static_cast<Register>((high >> 2) - (low >> 2));
    const Register seen = static_cast<Register>(low & 3);  // below the value of low, which itself was seen
    return static_cast<Register>(high | (gap == 0 ? seen : gap == 1 ? 2 | seen >> 1 : gap == 2 ? 1 : 0));
}

constexpr Register updated(Register r, int value) { return merged(r, static_cast<Register>(value << 2)); }

// True where merging `from` cannot change `to`, and cheap to ask: most updates of a filled sketch end here.
constexpr bool covers(Register to, Register from) { return (to >> 2) > (from >> 2) + 2; }

inline void merge_into(Register& to, Register from) {
    if (!covers(to, from)) to = merged(to, from);
}

// Many registers. There is no branch, and no caller to hide that `to` and `from` are apart, so the compiler takes
// sixteen at a time.
[[gnu::noinline]] inline void merge_run(Register* __restrict to, const Register* __restrict from, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) to[i] = merged(to[i], from[i]);
}

// Whether updates can produce this register: value 1 is never followed by another than the meaningless bit for 0, value
// 2 has that bit always, and no value passes the largest.
constexpr bool possible(Register r, int p) {
    if (r == 0) return true;
    const int value = value_of(r);
    if (value == 1) return (r & 3) == 2;
    if (value == 2) return (r & 1) != 0;
    return value >= 1 && value <= max_value(p);
}

[[gnu::noinline]] inline Register least_of(const Register* registers, std::size_t n) {
    Register least = 0xFF;
    for (std::size_t i = 0; i < n; ++i) least = registers[i] < least ? registers[i] : least;
    return least;
}

// One register of precision p as seen at the lower precision q: calls merge(index at q, register at q).
// The register index loses its high bits; they come to stand below the zeros of a value that was all zeros.
template <class Merge>
inline void folded(std::uint32_t index, Register r, int p, int q, Merge merge) {
    const std::uint32_t target = index & static_cast<std::uint32_t>(low_bits(q));
    const int value = value_of(r);
    if (value < max_value(p)) {
        merge(target, r);
        return;
    }
    const int zeros = (p - q) - static_cast<int>(std::bit_width(index >> q));
    merge(target, updated(0, value + zeros));
    if (r & 2) merge(target, updated(0, value - 1));
    if (r & 1) merge(target, updated(0, value - 2));
}

// How often each register value occurs: all that coding and estimating need to know.
inline constexpr int kRegisterValues = 256;
using Histogram = std::array<std::uint32_t, kRegisterValues>;

// Counted in four tables, so that a run of equal registers does not wait for its own stores.
inline Histogram histogram_of(const Register* registers, std::size_t n) {
    std::uint32_t counts[4][kRegisterValues] = {};
    std::size_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (std::size_t j = 0; j < 4; ++j) ++counts[j][registers[i + j]];
    for (; i < n; ++i) ++counts[0][registers[i]];
    Histogram sum;
    for (int r = 0; r < kRegisterValues; ++r) sum[r] = counts[0][r] + counts[1][r] + counts[2][r] + counts[3][r];
    return sum;
}

}  // namespace sketch::hll
