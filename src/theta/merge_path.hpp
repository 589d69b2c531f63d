// SPDX-License-Identifier: PostgreSQL
//
// What two ascending runs of hashes have in common, and what the first has alone. A merge is a chain of steps that each
// wait for the one before it, however little there is to do. So the runs are cut into four lanes that are merged side
// by side, and without branches: the processor works at all four at a time. The cuts are found by the search of Merge
// Path (Odeh, Green, Mwassi, Shmueli, Birk: "Merge Path - Parallel Merging Made Simple", 2012), so that the lanes are
// of equal length. Adversarial hashes may leave one of the two runs to one lane alone: then that is a plain merge, and
// still linear.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>

#include "theta/cursor.hpp"

namespace sketch::theta {

// How many hashes of an ascending run are not above the last.
inline std::size_t count_to(std::span<const Hash> run, Hash last) {
    if (run.back() <= last) return run.size();
    return static_cast<std::size_t>(std::upper_bound(run.begin(), run.end(), last) - run.begin());
}

// How many hashes of a are among the first n of both, counting twice those that both have: where the merge path crosses
// the n-th diagonal.
inline std::size_t share_of_first(std::size_t n, std::span<const Hash> a, std::span<const Hash> b) {
    return partition_index(n - std::min(n, b.size()), std::min(n, a.size()),
                           [&](std::size_t i) { return a[i] < b[n - 1 - i]; });
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

enum class Keep { common, only_first };

// A plain merge: what is left of one lane when another is at its end.
template <Keep what>
Hash* keep_rest(const Hash* a, const Hash* a_end, const Hash* b, const Hash* b_end, Hash* to) {
    while (a != a_end && b != b_end) {
        const Hash x = *a, y = *b;
        *to = x;
        to += what == Keep::common ? x == y : x < y;
        a += x <= y;
        b += y <= x;
    }
    return what == Keep::common ? to : std::copy(a, a_end, to);
}

// How far the lanes are. All take a step at a time: past the smaller of their two next hashes, or past both where they
// are equal. After `steps` steps a lane is past i hashes of a and j of b; a step past both counts in both, so there
// were i + j - steps hashes in common, and the others of i are a's alone. What is kept takes the place of what was
// read.
struct Progress {
    std::size_t i[kLanes] = {}, j[kLanes] = {}, steps = 0;

    template <Keep what>
    std::size_t kept(std::size_t lane) const {
        return what == Keep::common ? i[lane] + j[lane] - steps : steps - j[lane];
    }
    // So many steps reach the end of no lane.
    std::size_t sure_steps(const Lanes& lanes) const {
        std::size_t sure = ~std::size_t{0};
        for (std::size_t lane = 0; lane < kLanes; ++lane)
            sure = std::min({sure, lanes.of_a[lane + 1] - lanes.of_a[lane] - i[lane],
                             lanes.of_b[lane + 1] - lanes.of_b[lane] - j[lane]});
        return sure;
    }
};

// Writes the hashes of a that b has, too, or those that it has not, and returns where they end. `to` may be a's own
// place; a is lost.
template <Keep what>
Hash* keep(std::span<Hash> a, std::span<const Hash> b, Hash* to) {
    if (a.empty()) return to;
    const Lanes lanes = cut_into_lanes(a, b);
    Hash* lane_a[kLanes];
    const Hash* lane_b[kLanes];
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
        lane_a[lane] = a.data() + lanes.of_a[lane];
        lane_b[lane] = b.data() + lanes.of_b[lane];
    }
    Progress at;
    for (std::size_t sure = at.sure_steps(lanes); sure != 0; sure = at.sure_steps(lanes))
        for (const std::size_t end = at.steps + sure; at.steps != end; ++at.steps)
            for (std::size_t lane = 0; lane < kLanes; ++lane) {
                const Hash x = lane_a[lane][at.i[lane]], y = lane_b[lane][at.j[lane]];
                lane_a[lane][at.kept<what>(lane)] = x;
                at.i[lane] += !(y < x);
                at.j[lane] += !(x < y);
            }
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
        const Hash* const end =
            keep_rest<what>(lane_a[lane] + at.i[lane], a.data() + lanes.of_a[lane + 1], lane_b[lane] + at.j[lane],
                            b.data() + lanes.of_b[lane + 1], lane_a[lane] + at.kept<what>(lane));
        const auto n = static_cast<std::size_t>(end - lane_a[lane]);
        std::memmove(to, lane_a[lane], n * sizeof(Hash));
        to += n;
    }
    return to;
}

// Takes two sketches run by run: part(x, y) sees the hashes of both up to where the run of one ends. Returns what is
// left of a's run when there are no more of b.
template <class Part>
std::span<Hash> side_by_side(Cursor& a, Cursor& b, std::size_t run, Part part) {
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
template <Keep what>
Hash* keep(Cursor& a, Cursor& b, std::size_t run, Hash* to) {
    auto x = side_by_side(a, b, run, [&to](std::span<Hash> x, std::span<const Hash> y) { to = keep<what>(x, y, to); });
    if constexpr (what == Keep::only_first)
        for (; !x.empty(); x = a.next(run)) to = std::copy(x.begin(), x.end(), to);
    return to;
}

inline std::size_t count_common(Cursor& a, Cursor& b, std::size_t run) {
    std::size_t n = 0;
    side_by_side(a, b, run, [&n](std::span<Hash> x, std::span<const Hash> y) {
        n += static_cast<std::size_t>(keep<Keep::common>(x, y, x.data()) - x.data());
    });
    return n;
}

// Few hashes of one want few of the other.
inline std::size_t run_for(std::size_t n, std::size_t m) {
    return std::min(n, m) < Cursor::kRun ? Cursor::kShortRun : Cursor::kRun;
}

}  // namespace sketch::theta
