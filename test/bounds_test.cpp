// SPDX-License-Identifier: PostgreSQL
#include "core/bounds.hpp"

#include <gtest/gtest.h>

#include "confidences.hpp"

namespace sketch::test {
namespace {

TEST(Normal, QuantilesOfTheTextbook) {
    EXPECT_NEAR(normal_z(0.6826894921370859), 1, 1e-9);
    EXPECT_NEAR(normal_z(0.95), 1.959963984540054, 1e-9);
    EXPECT_NEAR(normal_z(0.99), 2.5758293035489004, 1e-9);
    EXPECT_NEAR(normal_z(0.9999999), 5.326723886384, 1e-6);
    EXPECT_NEAR(normal_z(1e-6) / 1.2533141373e-6, 1, 1e-9);
    EXPECT_NEAR(normal_z(1e-300) / 1.2533141373e-300, 1, 1e-9);
    EXPECT_NEAR(normal_z(1 - 0x1p-53), 8.292361075813595, 1e-9);
}

TEST(Normal, RisesWithTheConfidence) {
    double before = 0;
    for (const double confidence : kConfidences) {
        EXPECT_GE(normal_z(confidence), before) << confidence;
        before = normal_z(confidence);
    }
    EXPECT_NEAR(normal_z(0.5), normal_z(std::nextafter(0.5, 0.0)), 1e-12);
}

}  // namespace
}  // namespace sketch::test
