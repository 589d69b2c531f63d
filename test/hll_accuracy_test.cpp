// SPDX-License-Identifier: PostgreSQL
//
// The error of hll against theory, by seeded simulation. Built without sanitizers: it adds some 10^10 hashes.
#include <cmath>
#include <cstdio>

#include "accuracy.hpp"
#include "hll/hll.hpp"

namespace sketch::test {
namespace {

Trials simulate(int precision, std::uint64_t n, int runs, std::uint64_t seed) {
    Trials trials;
    for (int run = 0; run < runs; ++run) {
        Random random{seed + static_cast<std::uint64_t>(run) * 0x123456789};
        Sketch<Hll> sketch(Hll::Params{precision});
        for (std::uint64_t i = 0; i < n; ++i) sketch.add([h = random()](Hll& s) { return s.add(h); });
        const Image image = sketch.trimmed();
        trials.add(static_cast<double>(n), open<Hll>(image).bounds(0.95));
    }
    return trials;
}

double theory(int precision) { return 0.7608621 / std::sqrt(std::ldexp(1.0, precision)); }

class HllAccuracy : public testing::TestWithParam<std::pair<std::uint64_t, int>> {};

TEST_P(HllAccuracy, BiasErrorAndCoverage) {
    const auto [n, runs] = GetParam();
    const Trials t = simulate(12, n, runs, n);
    t.print("hll", 12, static_cast<double>(n));
    EXPECT_LE(std::fabs(t.bias()), 3 * t.rmse() / std::sqrt(runs) + 1e-12);
    if (n <= 189) {
        EXPECT_LE(t.rmse(), 1e-3);  // sparse
        EXPECT_GE(t.coverage(), 0.93);
        return;
    }
    EXPECT_NEAR(t.rmse() / t.promised(), 1, 0.1);
    if (n >= 100000) {  // before, there are fewer values than the noise of the theory's random number of them
        EXPECT_NEAR(t.rmse() / theory(12), 1, 0.1);
    }
    EXPECT_LE(t.rmse(), 1.1 * theory(12));
    EXPECT_GE(t.coverage(), 0.93);
    EXPECT_LE(t.coverage(), 0.97);
}

// On both sides of the change from sparse to dense at 190 values, and where postgresql-hll's estimator has its bump.
INSTANTIATE_TEST_SUITE_P(Precision12, HllAccuracy,
                         testing::Values(std::pair{10, 1000}, std::pair{100, 1000}, std::pair{189, 1000},
                                         std::pair{190, 4000}, std::pair{300, 4000}, std::pair{1000, 4000},
                                         std::pair{4000, 2000}, std::pair{10000, 2000}, std::pair{12000, 2000},
                                         std::pair{100000, 2000}, std::pair{1000000, 1000}));

// A register takes the value k with probability exp(-n/m 2^-k) - exp(-n/m 2^(1-k)): any n costs the same. The two
// flags follow from the updates of their own values, which are independent of the larger ones.
hll::Register random_register(Random& random, double load, int p) {
    for (int value = hll::max_value(p); value >= 1; --value) {
        const auto seen = [&](int v) {
            const int j = std::min(v, 64 - p);
            return random.uniform() < -std::expm1(-std::ldexp(load, -j));
        };
        if (!seen(value)) continue;
        hll::Register r = static_cast<hll::Register>(value << 2);
        if (value == 1 || seen(value - 1)) r |= 2;
        if (value <= 2 || seen(value - 2)) r |= 1;
        return value == 1 ? 6 : r;
    }
    return 0;
}

TEST(HllAccuracy, AnyNumberByRegisterSimulation) {
    for (const double n : {1e6, 1e9, 1e12, 1e15, 1e18}) {
        Trials t;
        const int runs = 1000;
        Random random{static_cast<std::uint64_t>(n)};
        for (int run = 0; run < runs; ++run) {
            hll::Histogram histogram{};
            for (int i = 0; i < 4096; ++i) ++histogram[random_register(random, n / 4096, 12)];
            const hll::Estimate e = hll::estimate(histogram, 12);
            const double factor = std::exp(normal_z(0.95) * e.relative_error);
            t.add(n, {e.n / factor, e.n, e.n * factor});
        }
        t.print("hll by registers", 12, n);
        EXPECT_LE(std::fabs(t.bias()), 3 * t.rmse() / std::sqrt(runs));
        EXPECT_NEAR(t.rmse() / theory(12), 1, 0.1);
        EXPECT_GE(t.coverage(), 0.93);
    }
}

TEST(HllAccuracy, ABillionHashes) {
    const Trials t = simulate(12, 1000000000, 3, 99);
    t.print("hll", 12, 1e9);
    EXPECT_LE(t.rmse(), 3 * theory(12));
}

TEST(HllAccuracy, EveryPrecision) {
    for (int p = 6; p <= hll::kMaxPrecision; ++p) {
        const std::uint64_t n = std::uint64_t{20} << p;
        const Trials t = simulate(p, n, p <= 12 ? 1000 : 200, static_cast<std::uint64_t>(p));
        t.print("hll", p, static_cast<double>(n));
        EXPECT_NEAR(t.rmse() / theory(p), 1, p <= 12 ? 0.12 : 0.2);
    }
}

}  // namespace
}  // namespace sketch::test
