// SPDX-License-Identifier: PostgreSQL
//
// Confidence levels from the smallest double to the largest below 1, ascending: bounds are numbers, and come, at all.
#pragma once

#include <gtest/gtest.h>

#include <cmath>

#include "core/bounds.hpp"

namespace sketch::test {

inline constexpr double kConfidences[] = {0x1p-1074, 1e-300, 1e-100, 1e-17, 1e-9,     0.001,     0.3,
                                          0.5,       0.9,    0.95,   0.999, 1 - 1e-9, 1 - 1e-12, 1 - 0x1p-53};

// bounds_at(confidence) are finite and in order, and wider at higher confidence.
template <class BoundsAt>
void expect_bounds(BoundsAt bounds_at) {
    Bounds before = bounds_at(kConfidences[0]);
    for (const double confidence : kConfidences) {
        const Bounds b = bounds_at(confidence);
        EXPECT_TRUE(std::isfinite(b.lower) && std::isfinite(b.estimate) && std::isfinite(b.upper)) << confidence;
        EXPECT_LE(b.lower, b.estimate) << confidence;
        EXPECT_LE(b.estimate, b.upper) << confidence;
        EXPECT_EQ(b.estimate, before.estimate) << confidence;
        EXPECT_LE(b.lower, before.lower * (1 + 1e-8)) << confidence;
        EXPECT_GE(b.upper, before.upper * (1 - 1e-8)) << confidence;
        before = b;
    }
}

}  // namespace sketch::test
