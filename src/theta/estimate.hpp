// SPDX-License-Identifier: PostgreSQL
//
// Numbers of distinct values from a sample: of n values each is kept with probability theta.
#pragma once

#include <algorithm>
#include <cmath>

#include "core/bounds.hpp"

namespace sketch::theta {

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

}  // namespace sketch::theta
