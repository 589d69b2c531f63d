// SPDX-License-Identifier: PostgreSQL
//
// The bins of a histogram that is being built: one window of counters for the positive values and one for the negative
// ones, at a common scale.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>

#include "hist/scale.hpp"

namespace sketch::hist {

inline constexpr std::size_t kMaxBins = 8192;

// From the lowest to the highest bin that is not empty; none where low > high.
struct Interval {
    Index low = 0, high = -1;

    bool empty() const { return low > high; }
    std::size_t bins() const { return static_cast<std::size_t>(std::int64_t{high} - low + 1); }
    Interval coarser(int steps) const {
        return empty() ? *this : Interval{hist::coarser(low, steps), hist::coarser(high, steps)};
    }
    Interval joined(Interval other) const {
        if (empty()) return other;
        if (other.empty()) return *this;
        return {std::min(low, other.low), std::max(high, other.high)};
    }
};

// What is to be added: its outermost bins, as indexes of the finest scale, and the finest scale at which it is known.
struct Extent {
    Interval side[2];
    int scale = kFinest;
};

// Of bins at another scale.
inline Extent extent_at(Interval positive, Interval negative, int scale) {
    const auto finest = [scale](Interval x) {
        const auto of = [scale](Index i) {
            const std::int64_t fine = std::int64_t{i} * (std::int64_t{1} << (kFinest - scale));
            return static_cast<Index>(std::min<std::int64_t>(fine, kHighestIndex));
        };
        return x.empty() ? x : Interval{of(x.low), of(x.high)};
    };
    return {{finest(positive), finest(negative)}, scale};
}

// The smallest and the largest absolute value of each sign, of what is neither zero nor infinite nor NaN. As bits
// without the sign: these order like the values, and can be compared without a branch.
struct Ends {
    std::uint64_t least[2] = {~std::uint64_t{0}, ~std::uint64_t{0}};
    std::uint64_t most[2] = {0, 0};

    Extent extent() const {
        Extent extent;
        for (int n = 0; n < 2; ++n)
            if (most[n] != 0)
                extent.side[n] = {index_of(std::bit_cast<double>(least[n])), index_of(std::bit_cast<double>(most[n]))};
        return extent;
    }
};

inline constexpr std::uint64_t kNoSign = ~std::uint64_t{0} >> 1;
inline constexpr std::uint64_t kInfinite = std::uint64_t{0x7FF} << 52;

inline std::uint64_t size_of(double value) { return std::bit_cast<std::uint64_t>(value) & kNoSign; }

// Whether a value, as bits without its sign, has a bin.
inline bool has_bin(std::uint64_t size) { return size - 1 < kInfinite - 1; }

inline Ends ends_of(std::span<const double> values) {
    Ends ends;
    std::uint64_t least[2] = {~std::uint64_t{0}, ~std::uint64_t{0}}, most[2] = {0, 0};
    for (const double value : values) {
        const auto bits = std::bit_cast<std::uint64_t>(value);
        const std::uint64_t size = bits & kNoSign;
        const std::uint64_t none = has_bin(size) ? 0 : ~std::uint64_t{0};
        const std::uint64_t negative = static_cast<std::uint64_t>(static_cast<std::int64_t>(bits) >> 63);
        least[0] = std::min(least[0], size | none | negative);
        least[1] = std::min(least[1], size | none | ~negative);
        most[0] = std::max(most[0], size & ~none & ~negative);
        most[1] = std::max(most[1], size & ~none & negative);
    }
    for (int n = 0; n < 2; ++n) {
        ends.least[n] = least[n];
        ends.most[n] = most[n];
    }
    return ends;
}

// A window of counters, and the part of it that is in use.
struct Side {
    Index base = 0;
    std::uint32_t width = 0;
    Interval used;

    bool holds(Interval x) const {
        return x.empty() || (x.low >= base && std::int64_t{x.high} < std::int64_t{base} + width);
    }
};

// Whether a value has a bin and is not a whole number.
inline bool has_fraction(double value) {
    constexpr double kUnits = 0x1p52;  // from here on every double is whole
    const double size = std::fabs(value);
    return size < kUnits && (size + kUnits) - kUnits != size;
}

// Beside a number of values: there are more, nobody knows how many.
inline constexpr std::uint64_t kUnknown = std::uint64_t{1} << 63;

// All of a histogram but its counters and its sum.
struct Body {
    std::uint64_t total = 0;  // number of values, of which:
    std::uint64_t zeros = 0, nans = 0, low_infinities = 0, infinities = 0;
    double min = std::numeric_limits<double>::infinity();  // of all but NaN
    double max = -std::numeric_limits<double>::infinity();
    std::int16_t scale = kFinest;
    std::uint16_t removed = 0;     // whether values were taken out again: then the sum is not certain to be theirs
    std::uint32_t additions = 0;   // to the sum, since its carries were settled
    Side side[2];                  // positive, negative
    std::uint64_t fractional = 0;  // values that are not whole numbers, and kUnknown

    Extent extent() const { return extent_at(side[0].used, side[1].used, scale); }

    // The finest scale at which what is here and what comes take at most max_bins together.
    int scale_with(const Extent& more, int max_bins) const {
        for (int s = std::min<int>(scale, more.scale);; --s) {
            std::size_t bins = 0;
            for (int n = 0; n < 2; ++n)
                bins += side[n].used.coarser(scale - s).joined(more.side[n].coarser(kFinest - s)).bins();
            if (bins <= static_cast<std::size_t>(max_bins) || s == kCoarsest) return s;
        }
    }

    void add_specials(const Body& other) {
        total += other.total;
        zeros += other.zeros;
        nans += other.nans;
        low_infinities += other.low_infinities;
        infinities += other.infinities;
        removed |= other.removed;
        fractional =
            ((fractional & ~kUnknown) + (other.fractional & ~kUnknown)) | ((fractional | other.fractional) & kUnknown);
        min = std::min(min, other.min);
        max = std::max(max, other.max);
    }
};

// Lays the counters out anew, at the same or a coarser scale, for bins as `want` says. What room is left goes to both
// ends of the windows, so that a histogram that widens step by step is not laid out at every step.
[[gnu::noinline]] inline void lay_out(Body& body, const Interval (&want)[2], int scale, std::uint64_t* counters,
                                      std::size_t capacity) {
    std::uint64_t merged[kMaxBins];
    const std::size_t bins = want[0].bins() + want[1].bins();
    std::memset(merged, 0, bins * sizeof *merged);
    const std::uint64_t* from = counters;
    std::uint64_t* to = merged;
    for (int n = 0; n < 2; ++n) {
        const Side& side = body.side[n];
        for (Index i = side.used.low; i <= side.used.high; ++i)
            to[coarser(i, body.scale - scale) - want[n].low] += from[i - side.base];
        from += side.width;
        to += want[n].bins();
    }
    std::memset(counters, 0, capacity * sizeof *counters);
    const int sides = !want[0].empty() + !want[1].empty();
    const auto margin =
        static_cast<std::uint32_t>(sides == 0 ? 0 : (capacity - bins) / (2 * static_cast<unsigned>(sides)));
    const std::uint64_t* source = merged;
    for (int n = 0; n < 2; ++n) {
        Side& side = body.side[n];
        const std::size_t size = want[n].bins();
        if (want[n].empty()) {
            side = {};
            continue;
        }
        side = {want[n].low - static_cast<Index>(margin), static_cast<std::uint32_t>(size) + 2 * margin, want[n]};
        std::memcpy(counters + margin, source, size * sizeof *counters);
        counters += side.width;
        source += size;
    }
    body.scale = static_cast<std::int16_t>(scale);
}

}  // namespace sketch::hist
