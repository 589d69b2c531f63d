// SPDX-License-Identifier: PostgreSQL
//
// What two ascending runs of hashes have in common, and what the first has alone. A merge is a chain of steps that each
// wait for the one before it, however little there is to do. So the runs are cut into four lanes that are merged side
// by side, and without branches: the processor works at all four at a time. Hashes are uniform, so the lanes are of
// about equal length. Crafted hashes may fill one lane alone: then it is a plain merge, and still linear.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>

#include "theta/packed.hpp"

namespace sketch::theta {

// How many hashes of an ascending run are not above the last.
inline std::size_t count_to(std::span<const Hash> run, Hash last) {
    if (run.back() <= last) return run.size();
    return static_cast<std::size_t>(std::upper_bound(run.begin(), run.end(), last) - run.begin());
}

// How many hashes of a are among the first n of both, counting twice those that both have.
inline std::size_t share_of_first(std::size_t n, std::span<const Hash> a, std::span<const Hash> b) {
    std::size_t low = n - std::min(n, b.size()), left = std::min(n, a.size()) - low;
    while (left != 0) {
        const std::size_t half = left / 2, middle = low + half;
        const bool more = a[middle] < b[n - 1 - middle];
        low += more ? half + 1 : 0;
        left = more ? left - half - 1 : half;
    }
    return low;
}

inline constexpr std::size_t kLanes = 4;

// Where the lanes of two runs begin, and the last one ends.
struct Lanes {
    std::size_t of_a[kLanes + 1], of_b[kLanes + 1];
};

// Into lanes of equal length. What both have belongs to one lane.
inline Lanes cut_into_lanes(std::span<const Hash> a, std::span<const Hash> b) {
    Lanes lanes;
    lanes.of_a[0] = lanes.of_b[0] = 0;
    for (std::size_t lane = 1; lane < kLanes; ++lane) {
        const std::size_t n = (a.size() + b.size()) * lane / kLanes;
        const std::size_t i = share_of_first(n, a, b), j = n - i;
        lanes.of_a[lane] = i;
        lanes.of_b[lane] = i < a.size() && j > lanes.of_b[lane - 1] && b[j - 1] == a[i] ? j - 1 : j;
    }
    lanes.of_a[kLanes] = a.size();
    lanes.of_b[kLanes] = b.size();
    return lanes;
}

// What is left of one lane, without company.
template <bool common>
Hash* keep_rest(const Hash* a, const Hash* a_end, const Hash* b, const Hash* b_end, Hash* to) {
    while (a != a_end && b != b_end) {
        const Hash x = *a, y = *b;
        *to = x;
        to += common ? x == y : x < y;
        a += x <= y;
        b += y <= x;
    }
    return common ? to : std::copy(a, a_end, to);
}

// Writes the hashes of a that b has, too, or those that it has not, and returns where they end. `to` may be a's own
// place; a is lost.
template <bool common>
Hash* keep(std::span<Hash> a, std::span<const Hash> b, Hash* to) {
    if (a.empty()) return to;
    const Lanes lanes = cut_into_lanes(a, b);
    Hash* const lane_a[kLanes] = {a.data(), a.data() + lanes.of_a[1], a.data() + lanes.of_a[2],
                                  a.data() + lanes.of_a[3]};
    const Hash* const lane_b[kLanes] = {b.data(), b.data() + lanes.of_b[1], b.data() + lanes.of_b[2],
                                        b.data() + lanes.of_b[3]};
    // After s steps, i hashes of a lane of a and j of b are behind it. A step past both is one past a common hash:
    // there were i + j - s of them. Hashes that are kept take the place of those that were read.
    std::size_t i[kLanes] = {}, j[kLanes] = {}, s = 0;
    const auto kept = [&](std::size_t lane) { return common ? i[lane] + j[lane] - s : s - j[lane]; };
    const auto sure_steps = [&] {
        std::size_t steps = a.size() + b.size();
        for (std::size_t lane = 0; lane < kLanes; ++lane)
            steps = std::min(steps, std::min(lanes.of_a[lane + 1] - lanes.of_a[lane] - i[lane],
                                             lanes.of_b[lane + 1] - lanes.of_b[lane] - j[lane]));
        return steps;
    };
    for (std::size_t steps = sure_steps(); steps != 0; steps = sure_steps())
        for (const std::size_t end = s + steps; s != end; ++s)
            for (std::size_t lane = 0; lane < kLanes; ++lane) {
                const Hash x = lane_a[lane][i[lane]], y = lane_b[lane][j[lane]];
                lane_a[lane][kept(lane)] = x;
                i[lane] += !(y < x);
                j[lane] += !(x < y);
            }
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
        const Hash* const end =
            keep_rest<common>(lane_a[lane] + i[lane], a.data() + lanes.of_a[lane + 1], lane_b[lane] + j[lane],
                              b.data() + lanes.of_b[lane + 1], lane_a[lane] + kept(lane));
        const auto n = static_cast<std::size_t>(end - lane_a[lane]);
        std::memmove(to, lane_a[lane], n * sizeof(Hash));
        to += n;
    }
    return to;
}

// Takes two sketches run by run: part(x, y) sees the hashes of both up to where the run of one ends. Returns what is
// left of a's run when there are no more of b.
template <class Part>
std::span<Hash> side_by_side(Reader& a, Reader& b, std::size_t run, Part part) {
    auto x = a.next(run), y = b.next(run);
    while (!x.empty() && !y.empty()) {
        const Hash last = std::min(x.back(), y.back());
        const std::size_t n = count_to(x, last), m = count_to(y, last);
        part(x.first(n), y.first(m));
        x = a.refill(x.subspan(n), run);
        y = b.refill(y.subspan(m), run);
    }
    return x;
}

// keep, of two sketches. `to` may be the array from which a is read.
template <bool common>
Hash* keep(Reader& a, Reader& b, std::size_t run, Hash* to) {
    auto x =
        side_by_side(a, b, run, [&to](std::span<Hash> x, std::span<const Hash> y) { to = keep<common>(x, y, to); });
    if constexpr (!common)
        for (; !x.empty(); x = a.next(run)) to = std::copy(x.begin(), x.end(), to);
    return to;
}

inline std::size_t count_common(Reader& a, Reader& b, std::size_t run) {
    std::size_t n = 0;
    side_by_side(a, b, run, [&n](std::span<Hash> x, std::span<const Hash> y) {
        n += static_cast<std::size_t>(keep<true>(x, y, x.data()) - x.data());
    });
    return n;
}

}  // namespace sketch::theta
