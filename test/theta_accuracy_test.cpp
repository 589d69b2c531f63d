// SPDX-License-Identifier: PostgreSQL
//
// The error of theta and of its set operations against theory, by seeded simulation. Built without sanitizers.
#include <cmath>
#include <cstdio>

#include "accuracy.hpp"
#include "theta/theta.hpp"

namespace sketch::test {
namespace {

double theory(int lg_k) { return 1 / std::sqrt(std::ldexp(1.0, lg_k) - 1); }

void add(Sketch<Theta>& sketch, Random random, std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i) sketch.add([h = random()](Theta& s) { return s.add(h); });
}

class ThetaAccuracy : public testing::TestWithParam<std::tuple<int, std::uint64_t, int>> {};

TEST_P(ThetaAccuracy, BiasErrorAndCoverage) {
    const auto [lg_k, n, runs] = GetParam();
    Trials t;
    for (int run = 0; run < runs; ++run) {
        Sketch<Theta> sketch(Theta::Params{lg_k});
        add(sketch, Random{n + static_cast<std::uint64_t>(run) * 0x123456789}, n);
        const Image image = sketch.trimmed();
        t.add(static_cast<double>(n), open<Theta>(image).bounds(0.95));
    }
    t.print("theta", 1 << lg_k, static_cast<double>(n));
    EXPECT_LE(std::fabs(t.bias()), 3 * t.rmse() / std::sqrt(runs));
    // Before the set is many times k there is less chance in the sample than in theory's endless set.
    const double whole = std::sqrt(1 - std::ldexp(1.0, lg_k) / static_cast<double>(n));
    EXPECT_NEAR(t.rmse() / (theory(lg_k) * whole), 1, 0.1);
    EXPECT_GE(t.coverage(), 0.93);
    EXPECT_LE(t.coverage(), 0.97);
}

INSTANTIATE_TEST_SUITE_P(K, ThetaAccuracy,
                         testing::Values(std::tuple{12, 10000, 4000}, std::tuple{12, 100000, 2000},
                                         std::tuple{12, 1000000, 1000}, std::tuple{8, 100000, 2000},
                                         std::tuple{6, 20000, 4000}, std::tuple{14, 300000, 1000}));

struct Pair {
    Image a, b;
};

// Two sets of n values, the given share of which are in both.
Pair overlapping(std::uint64_t n, double share, std::uint64_t seed) {
    const auto both = static_cast<std::uint64_t>(share * static_cast<double>(n));
    Sketch<Theta> a(Theta::Params{12}), b(Theta::Params{12});
    add(a, Random{seed}, both);
    add(b, Random{seed}, both);
    add(a, Random{~seed}, n - both);
    add(b, Random{seed ^ 0x5555555555555555}, n - both);
    return {a.trimmed(), b.trimmed()};
}

template <class Operation>
Bounds after(const Pair& pair, Operation operation) {
    const Theta a{std::span(pair.a)}, b{std::span(pair.b)};
    Room room(std::max(a.grown_bytes(), a.merge_bytes(b)));
    Theta s = a.relay(room.span());
    EXPECT_EQ(operation(s), Status::ok);
    s.settle();
    Room to(s.trimmed_bytes());
    const std::size_t bytes = s.trim(to.span());
    return Theta::Reader(Trimmed<Theta>(to.span().first(bytes))).bounds(0.95);
}

class ThetaSets : public testing::TestWithParam<double> {};

TEST_P(ThetaSets, ErrorAndCoverage) {
    const double share = GetParam();
    constexpr std::uint64_t n = 50000;
    constexpr int runs = 2000;
    const double both = share * n, all = 2 * n - both, k = 4096;
    Trials in_union, in_both, in_a_only, alike, contained;
    for (int run = 0; run < runs; ++run) {
        const Pair pair = overlapping(n, share, static_cast<std::uint64_t>(run) * 0x987654321 + 17);
        in_union.add(all, after(pair, [&](Theta& a) { return a.merge(Theta(std::span(pair.b))); }));
        in_both.add(both, after(pair, [&](Theta& a) { return a.intersect(open<Theta>(pair.b)); }));
        in_a_only.add(n - both, after(pair, [&](Theta& a) { return a.except(open<Theta>(pair.b)); }));
        alike.add(both / all, Theta::Reader::jaccard(open<Theta>(pair.a), open<Theta>(pair.b), 0.95));
        contained.add(share, Theta::Reader::containment(open<Theta>(pair.a), open<Theta>(pair.b), 0.95));
    }
    const int percent = static_cast<int>(100 * share);
    in_union.print("union", percent, all);
    in_both.print("intersection", percent, both);
    in_a_only.print("difference", percent, n - both);
    alike.print("jaccard", percent, both / all);
    contained.print("containment", percent, share);

    // A result that is not empty, and not all of what it was taken from, is covered as often as was asked.
    const auto expect_coverage = [](const Trials& t, double part) {
        EXPECT_GE(t.coverage(), 0.93);
        if (part > 0.05) {
            EXPECT_LE(t.coverage(), 0.97);
        }
    };
    expect_coverage(in_union, 1);
    expect_coverage(in_both, share);
    expect_coverage(in_a_only, 1 - share);
    expect_coverage(alike, std::min(share, 1 - share));
    expect_coverage(contained, std::min(share, 1 - share));

    // A part of the union that is the share J of it has its share of the union's sample. Two sketches have a sample of
    // their union that is a little larger than one of k.
    EXPECT_LE(in_union.rmse(), 1.1 * theory(12));
    if (both > 0) {
        EXPECT_LE(in_both.rmse(), 1.1 / std::sqrt(k * both / all));
    } else {
        EXPECT_EQ(in_both.rmse(), 0);
    }
    if (both < n) {
        EXPECT_LE(in_a_only.rmse(), 1.1 / std::sqrt(k * (n - both) / all));
    } else {
        EXPECT_EQ(in_a_only.rmse(), 0);
    }
    if (share > 0 && share < 1) {
        const double j = both / all;
        EXPECT_LE(alike.rmse() * j, 1.1 * std::sqrt(j * (1 - j) / k));
    }
}

INSTANTIATE_TEST_SUITE_P(Overlap, ThetaSets, testing::Values(0.0, 0.01, 0.1, 0.5, 0.9, 1.0));

// Few hashes in the sample: the sums of binomial terms, not the normal distribution. They promise at least 95 %.
TEST(ThetaBounds, FewHashes) {
    for (const double expected : {0.5, 1.0, 3.0, 7.0, 12.0, 30.0}) {
        const double theta = 0.01, n = std::round(expected / theta);
        Random random{static_cast<std::uint64_t>(n)};
        Trials t;
        for (int run = 0; run < 20000; ++run) {
            double r = 0;
            for (double i = 0; i < n; ++i) r += random.uniform() < theta;
            t.add(n, theta::count_bounds(r, theta, 0.95));
        }
        t.print("binomial", 0, n);
        EXPECT_GE(t.coverage(), 0.945);
    }
}

// The closed form against the sums, where it takes over.
TEST(ThetaBounds, ClosedFormMeetsTheExactSums) {
    for (const double theta : {0.001, 0.01, 0.2})
        for (const double r : {10.0, 20.0, 40.0}) {
            const Bounds b = theta::count_bounds(r, theta, 0.95);
            EXPECT_NEAR(theta::at_most(r, b.upper, theta) / 0.025, 1, 0.35);
            EXPECT_NEAR((1 - theta::at_most(r - 1, b.lower, theta)) / 0.025, 1, 0.6);
        }
}

}  // namespace
}  // namespace sketch::test
