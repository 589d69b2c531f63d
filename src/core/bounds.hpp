// SPDX-License-Identifier: PostgreSQL
//
// The normal distribution, for bounds: a confidence level as a number of standard errors.
#pragma once

#include <cmath>

namespace sketch {

inline double normal_cdf(double z) { return 0.5 * std::erfc(-z / 1.4142135623730950488); }

// The z with P(|Z| <= z) = confidence, for 0 < confidence < 1. Newton's method on the exact distribution function:
// erfc is concave enough to the right of the root that the iteration from 0 rises to it without overshoot.
inline double normal_z(double confidence) {
    const double tail = 0.5 * (1 - confidence);
    double z = 0;
    for (int i = 0; i < 100; ++i) {
        const double density = std::exp(-0.5 * z * z) * 0.3989422804014326779;
        const double step = (normal_cdf(-z) - tail) / density;
        z += step;
        if (!(std::fabs(step) > 1e-12 * (1 + z))) break;
    }
    return z;
}

struct Bounds {
    double lower;
    double estimate;
    double upper;
};

}  // namespace sketch
