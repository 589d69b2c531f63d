// SPDX-License-Identifier: PostgreSQL
//
// Numbers of distinct values from a sample: of n values each is kept with probability theta. And the reader, which asks
// that of one sketch or of two.
#pragma once

#include <algorithm>
#include <cmath>

#include "core/bounds.hpp"
#include "theta/layout.hpp"
#include "theta/merge_path.hpp"

namespace sketch {

class Theta;

namespace theta {

// P(at most r of n are kept), for real n >= r and a small r.
inline double at_most(double r, double n, double theta) {
    double term = std::exp(n * std::log1p(-theta)), sum = term;
    const double odds = theta / (1 - theta);
    for (double i = 0; i < r; ++i) sum += term *= (n - i) / (i + 1) * odds;
    return sum;
}

// The n at which a falling function of n passes `level`. It falls to 0 within some hundred times 1/theta.
template <class Falling>
inline double solve_falling(double low, double theta, double level, Falling f) {
    double high = low + 1 / theta;
    for (int i = 0; i < 64 && f(high) > level; ++i) high = low + 2 * (high - low);
    for (int i = 0; i < 200 && high - low > 1e-9 * high; ++i) {
        const double middle = low + (high - low) / 2;
        (f(middle) > level ? low : high) = middle;
    }
    return high;
}

// r kept: the estimate r/theta and the range of n that this r does not contradict: n for which r or more, and r or
// fewer, are not less likely than (1 - confidence)/2. Ten and more are as good as normally distributed.
inline Bounds count_bounds(double r, double theta, double confidence) {
    if (theta >= 1) return {r, r, r};
    const double z = normal_z(confidence), n = r / theta;
    double lower, upper;
    if (r >= 10) {
        const double w = z * std::sqrt((1 - theta) / theta);
        const double under = (r - 0.5) / theta, over = (r + 0.5) / theta;
        lower = under + w * w / 2 - w / 2 * std::sqrt(w * w + 4 * under);
        upper = over + w * w / 2 + w / 2 * std::sqrt(w * w + 4 * over);
    } else {
        const double level = (1 - confidence) / 2;
        upper = solve_falling(r, theta, level, [&](double m) { return at_most(r, m, theta); });
        lower = r == 0 ? 0 : solve_falling(r - 1, theta, 1 - level, [&](double m) { return at_most(r - 1, m, theta); });
    }
    return {std::min(std::max(lower, r), n), n, std::max(upper, n)};
}

// The share of a sample of n that has a property which `common` of them have: Wilson's interval, narrowed because the
// sample is the part theta of a finite whole.
inline Bounds share_bounds(double common, double n, double theta, double confidence) {
    const double share = common / n;
    if (theta >= 1) return {share, share, share};
    const double z = normal_z(confidence) * std::sqrt(1 - theta), zz = z * z / n;
    const double center = (share + zz / 2) / (1 + zz);
    const double half = z / (1 + zz) * std::sqrt(share * (1 - share) / n + zz / (4 * n));
    return {common == 0 ? 0 : std::clamp(center - half, 0.0, share), share,
            common == n ? 1 : std::clamp(center + half, share, 1.0)};
}

// --- of images -------------------------------------------------------------------------------------------------------

// Answers questions about the head of trimmed images.
class Head : public Layout {
  public:
    explicit Head(Trimmed<Theta> sketch) : Layout(sketch.image()) {}

    std::size_t retained() const { return count(); }
    double estimate() const { return count() / theta(); }
    Bounds bounds(double confidence) const { return count_bounds(count(), theta(), confidence); }

    // One relative standard error.
    double relative_error() const { return count() == 0 ? 0 : std::sqrt((1 - theta()) / count()); }
};

// And of whole ones.
class Reader : public Head {
  public:
    using Head::Head;

    // What two sketches have in common, as sampled at the smaller theta. With an empty set that is known: nothing.
    struct Overlap {
        double theta, a, b, common;
    };
    static Overlap overlap(const Reader& a, const Reader& b) {
        const Hash limit = std::min(a.threshold(), b.threshold());
        auto from_a = a.cursor(), from_b = b.cursor();
        const std::size_t run = run_for(a.count(), b.count());
        const std::size_t common = count_common(from_a.below(limit), from_b.below(limit), run);
        const double theta = a.nothing() || b.nothing() ? 1 : std::min(a.theta(), b.theta());
        return {theta, static_cast<double>(a.count_below(limit)), static_cast<double>(b.count_below(limit)),
                static_cast<double>(common)};
    }

    // |A and B| / |A or B|. Two empty sets are alike.
    static Bounds jaccard(const Reader& a, const Reader& b, double confidence) {
        const Overlap o = overlap(a, b);
        const double all = o.a + o.b - o.common;
        if (all == 0) return o.theta < 1 ? Bounds{0, 0, 1} : Bounds{1, 1, 1};
        return share_bounds(o.common, all, o.theta, confidence);
    }

    // |A and B| / |A|. The empty set is contained in every set.
    static Bounds containment(const Reader& a, const Reader& b, double confidence) {
        const Overlap o = overlap(a, b);
        if (o.a == 0) return a.nothing() ? Bounds{1, 1, 1} : Bounds{0, 0, 1};
        return share_bounds(o.common, o.a, o.theta, confidence);
    }

  private:
    std::size_t count_below(Hash limit) const {
        if (limit >= threshold()) return count();
        std::size_t n = 0;
        auto from = cursor();
        from.below(limit);
        while (const std::size_t run = from.next(Cursor::kShortRun).size()) n += run;
        return n;
    }
};

}  // namespace theta
}  // namespace sketch
