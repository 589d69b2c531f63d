// SPDX-License-Identifier: PostgreSQL
//
// The normal distribution, for bounds: a confidence level as a number of standard errors.
#pragma once

#include <cmath>

namespace sketch {

inline double normal_cdf(double z) { return 0.5 * std::erfc(-z / 1.4142135623730950488); }

// The z with P(|Z| <= z) = confidence, for 0 < confidence < 1. Newton's method from 0 on what is still missing, taken
// from whichever end of the distribution does not cancel. That is convex and falls, so that it rises to the root
// without overshoot; where the root is farthest, at 8.3, it takes 40 steps.
inline double normal_z(double confidence) {
    const double tail = 0.5 * (1 - confidence);
    double z = 0;
    for (int i = 0; i < 100; ++i) {
        const double missing =
            confidence < 0.5 ? 0.5 * (confidence - std::erf(z / 1.4142135623730950488)) : normal_cdf(-z) - tail;
        const double step = missing / (std::exp(-0.5 * z * z) * 0.3989422804014326779);
        z += step;
        if (!(std::fabs(step) > 1e-12 * z)) break;
    }
    return z;
}

// lower <= estimate <= upper, all finite.
struct Bounds {
    double lower;
    double estimate;
    double upper;
};

}  // namespace sketch
