// SPDX-License-Identifier: PostgreSQL
//
// The levels of a KLL sketch: sorted runs in one array, the highest level first, free room behind level 0.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#include "core/bytes.hpp"
#include "core/kernel.hpp"

namespace sketch::kll {

inline constexpr int kMaxLevels = 62;
inline constexpr std::size_t kFirstSlots = 13;

struct Head {
    std::uint64_t nans;     // how many; first, so that one place serves all forms
    double min, max;        // of all values that ever came, but for NaN and what waits in the buffer
    std::uint64_t pending;  // levels whose next toss is the opposite of their last
    std::uint64_t coins;    // and what it will be
    std::uint64_t seed;     // of the generator
};
static_assert(sizeof(Head) == 48);

using Pops = std::array<std::uint32_t, kMaxLevels>;

// --- how many items a level may hold ---------------------------------------------------------------------------------

// 2/3 to the power of the depth, times 2^32.
inline constexpr auto kShrink = [] {
    std::array<std::uint64_t, kMaxLevels> power{};
    std::uint64_t p = std::uint64_t{1} << 32;
    for (auto& entry : power) {
        entry = p;
        p = p * 2 / 3;
    }
    return power;
}();

// The level `depth` below the highest, and all of them in a stored sketch. The highest gets a tenth more than k, and
// the deep ones, whose items weigh next to nothing, less than usual (8): by simulation the best use of the same bytes.
// A number of items that has 16 bits is also one that a write buffer can have.
constexpr std::uint32_t capacity(int k, int depth) {
    const auto top = static_cast<std::uint64_t>(k) * 11 / 10;
    const auto items = static_cast<std::uint32_t>((kShrink[depth] * top + (std::uint64_t{1} << 31)) >> 32);
    return std::clamp<std::uint32_t>(items, depth < 14 ? 4 : 2, 65535);
}
constexpr std::size_t stored_capacity(int k, std::uint32_t levels) {
    std::size_t sum = 0;
    for (std::uint32_t depth = 0; depth < levels; ++depth) sum += capacity(k, static_cast<int>(depth));
    return sum;
}

// While a sketch is built it may be as large as one of 10^14 values is: more items never hurt.
constexpr std::size_t working_capacity(int k) { return stored_capacity(k, 40); }

// Items, and values that they stand for, of the first levels.
template <class Pops>
std::size_t total_of(const Pops& pops, int levels) {
    std::size_t sum = 0;
    for (int h = 0; h < levels; ++h) sum += pops[h];
    return sum;
}
template <class Pops>
std::uint64_t weight_of(const Pops& pops, int levels) {
    std::uint64_t sum = 0;
    for (int h = 0; h < levels; ++h) sum += std::uint64_t{pops[h]} << h;
    return sum;
}

// Merges the sorted run b into the sorted run a, which has room for it behind it. b may stand anywhere but there.
inline void merge_behind(double* a, std::size_t na, const double* b, std::size_t nb) {
    double* to = a + na + nb;
    while (nb != 0) {
        if (na == 0 || !(a[na - 1] > b[nb - 1])) {
            *--to = b[--nb];
        } else {
            *--to = a[--na];
        }
    }
}

// Levels to write on.
struct Levels {
    Head* head;
    std::uint32_t* limit;  // working_capacity
    std::uint32_t* levels;
    std::uint32_t* pop;
    double* items;

    void start(std::uint64_t nans, std::uint64_t seed) {
        *head = {nans, std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity(), 0, 0, seed};
        *levels = 1;
        std::memset(pop, 0, kMaxLevels * sizeof *pop);
    }

    std::size_t total() const { return total_of(pop, static_cast<int>(*levels)); }
    std::uint64_t weight() const { return weight_of(pop, static_cast<int>(*levels)); }

    void widen(double least, double most) {
        head->min = std::min(head->min, least);
        head->max = std::max(head->max, most);
    }

    // Items of one level, ascending.
    void insert_sorted(const double* values, std::size_t n, std::uint32_t h = 0) {
        if (n == 0) return;
        widen(values[0], values[n - 1]);
        std::size_t below = 0;
        for (std::uint32_t i = 0; i < h; ++i) below += pop[i];
        double* const end = items + total() - below;
        std::memmove(end + n, end, below * sizeof(double));
        merge_behind(end - pop[h], pop[h], values, n);
        pop[h] += static_cast<std::uint32_t>(n);
    }

    // The first items, in any order, that stand in their place already.
    void take(std::size_t n) {
        if (n == 0) return;
        std::sort(items, items + n);
        widen(items[0], items[n - 1]);
        pop[0] = static_cast<std::uint32_t>(n);
    }

    // Items of weight 1 from foreign bytes, in any order. They are copied to behind the place where they will stand,
    // which takes room for them twice; once where level 0 is empty.
    void insert(const std::byte* values, std::size_t n, bool sorted) {
        double* const copy = items + total() + (pop[0] == 0 ? 0 : n);
        std::memcpy(copy, values, n * sizeof(double));
        if (!sorted) std::sort(copy, copy + n);
        if (pop[0] != 0 || n == 0) return insert_sorted(copy, n);
        widen(copy[0], copy[n - 1]);
        pop[0] = static_cast<std::uint32_t>(n);
    }

    // Brings the number of items to what a sketch may have while it is built, or when it is stored. The lowest full
    // level has the items that weigh least. Where none is full, for want of room in the whole, a pair will do.
    void compress(int k, bool to_stored) {
        std::size_t n = total();
        while (n > (to_stored ? stored_capacity(k, *levels) : *limit)) {
            std::uint32_t h = 0;
            while (h < *levels && pop[h] < capacity(k, static_cast<int>(*levels - 1 - h))) ++h;
            if (h == *levels)
                for (h = 0; pop[h] < 2;) ++h;
            n -= compact(h);
        }
    }

    // Halves a level into the next one. Returns how many items went.
    std::uint32_t compact(std::uint32_t h) {
        if (h + 1 == *levels) ++*levels;
        std::size_t above = 0;  // items above level h + 1
        for (std::uint32_t i = *levels - 1; i > h + 1; --i) above += pop[i];
        double* const upper = items + above;
        const std::uint32_t n = pop[h + 1], half = pop[h] / 2, odd = pop[h] & 1;
        double* level = upper + n;
        const double kept = level[0];  // where there is an odd one, the first stays
        level += odd;
        const std::uint32_t second = toss(h, level[half]);
        // The survivors gather in the upper half, clear of where the merged level will stand.
        for (std::uint32_t i = half; i-- > 0;) level[half + i] = level[2 * i + second];
        merge_behind(upper, n, level + half, half);
        if (odd) upper[n + half] = kept;
        std::size_t below = 0;
        for (std::uint32_t i = 0; i < h; ++i) below += pop[i];
        std::memmove(upper + n + half + odd, level + 2 * half, below * sizeof(double));
        pop[h + 1] = n + half;
        pop[h] = odd;
        return half;
    }

    // 0 or 1, in pairs of opposites.
    std::uint32_t toss(std::uint32_t h, double stir) {
        const std::uint64_t bit = std::uint64_t{1} << h;
        if (head->pending & bit) {
            const std::uint32_t coin = (head->coins & bit) != 0;
            head->pending &= ~bit;
            head->coins &= ~bit;
            return coin;
        }
        const auto coin = static_cast<std::uint32_t>(next_random(stir) >> 63);
        head->pending |= bit;
        if (coin == 0) head->coins |= bit;
        return coin;
    }

    std::uint64_t next_random(double stir) {
        return head->seed = splitmix64(head->seed + std::bit_cast<std::uint64_t>(stir));
    }

    // All levels of another sketch, from foreign bytes. Our items move back by their number, and both merge to the
    // front, from the highest level on: what is written never reaches what is still to be read.
    void merge(const Head& other, int other_levels, const Pops& other_pops, const std::byte* other_items) {
        const std::size_t mine = total(), theirs = total_of(other_pops, other_levels);
        widen(other.min, other.max);
        head->seed = splitmix64(head->seed ^ std::rotl(other.seed, 32));
        std::memmove(items + theirs, items, mine * sizeof(double));
        const double* a = items + theirs;
        double* to = items;
        *levels = std::max(*levels, static_cast<std::uint32_t>(other_levels));
        for (int h = static_cast<int>(*levels) - 1; h >= 0; --h) {
            const double* const end = a + pop[h];
            const std::byte* const other_end = other_items + other_pops[h] * sizeof(double);
            for (; other_items != other_end; other_items += sizeof(double)) {
                const auto b = load<double>(other_items);
                while (a != end && *a <= b) *to++ = *a++;
                *to++ = b;
            }
            if (to != a) std::memmove(to, a, static_cast<std::size_t>(end - a) * sizeof(double));
            to += end - a;
            a = end;
            pop[h] += other_pops[h];
        }
    }
};

}  // namespace sketch::kll
