// SPDX-License-Identifier: PostgreSQL
//
// The false positives of bloom against what was asked, and its one promise: no false negative in 10^8 probes. Built
// without sanitizers.
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "accuracy.hpp"
#include "bloom/bloom.hpp"

namespace sketch::test {
namespace {

// Value i of a seed: the same in every call, so that nothing need be kept to probe for it.
std::uint64_t value(std::uint64_t seed, std::uint64_t i) { return Random{seed + i * 0x9E3779B97F4A7C15}(); }

std::uint64_t probes = 0;

void add(Sketch<Bloom>& sketch, std::uint64_t seed, std::uint64_t first, std::uint64_t end) {
    for (std::uint64_t i = first; i < end; ++i) sketch.add([h = value(seed, i)](Bloom& s) { return s.add(h); });
}
Image build(Bloom::Params params, std::uint64_t seed, std::uint64_t first, std::uint64_t end) {
    Sketch<Bloom> sketch(params);
    add(sketch, seed, first, end);
    return sketch.trimmed();
}

// How many of these values the sketch says yes to.
std::uint64_t yes(const Image& image, std::uint64_t seed, std::uint64_t first, std::uint64_t end) {
    const Bloom::Reader s = open<Bloom>(image);
    std::uint64_t n = 0;
    for (std::uint64_t i = first; i < end; ++i) n += s.contains(value(seed, i));
    return n;
}
void expect_all(const Image& image, std::uint64_t seed, std::uint64_t n) {
    EXPECT_EQ(yes(image, seed, 0, n), n);
    probes += n;
}

class BloomRate : public testing::TestWithParam<std::tuple<double, std::uint64_t>> {};

// A filter that was made for its n values, then parts of it merged, then one that was made for more and folded.
TEST_P(BloomRate, IsTheOneAskedFor) {
    const auto [rate, n] = GetParam();
    const std::uint64_t seed = n * 3 + static_cast<std::uint64_t>(1 / rate), others = 4000000;
    const Bloom::Params made_for{static_cast<double>(n), rate};
    const auto measure = [&](const char* what, const Image& image, bool known) {
        expect_all(image, seed, n);
        const double measured = static_cast<double>(yes(image, ~seed, 0, others)) / others;
        const Bloom::Reader s = open<Bloom>(image);
        std::printf("  %-8s %-8g n = %-8g %9zu bytes  asked %-6g measured %-10.6g told %-10.6g\n", what, rate,
                    static_cast<double>(n), image.size(), rate, measured, s.false_positives());
        const double noise = 4 * std::sqrt(rate * (1 - rate) / others);
        // Which values came is chance as well: in few blocks, one filter is better than another.
        const double chance = 1 + 4 / std::sqrt(static_cast<double>(n));
        EXPECT_LE(measured, rate * chance + noise);
        EXPECT_NEAR(measured, s.false_positives(), noise);
        if (known && !s.exact()) {
            EXPECT_GE(measured, rate / 2 - noise);
        }
        if (!s.exact()) {
            EXPECT_NEAR(s.estimate() / static_cast<double>(n), 1, 5 / std::sqrt(static_cast<double>(n)));
        }
    };
    const Image whole = build(made_for, seed, 0, n);
    measure("made", whole, true);

    Sketch<Bloom> a(made_for), b(made_for);
    add(a, seed, 0, n / 2);
    add(b, seed, n / 3, n);
    ASSERT_EQ(a.merge(b.kernel()), Status::ok);
    EXPECT_TRUE(a.trimmed() == whole);

    // A roll-up: a hundred stored parts, in any order.
    std::vector<Image> parts;
    for (std::uint64_t i = 0; i < 100; ++i) parts.push_back(build(made_for, seed, n * i / 100, n * (i + 1) / 100));
    Random random{seed};
    random.shuffle(parts);
    Sketch<Bloom> merged(parts[0]);
    for (const Image& part : parts) ASSERT_EQ(merged.merge(part), Status::ok);
    EXPECT_TRUE(merged.trimmed() == whole);
    measure("merged", merged.trimmed(), true);

    // Made for more, and then cut to the prefixes of a small one.
    Sketch<Bloom> fine(Bloom::Params{std::min(9.0 * static_cast<double>(n), 1e8), rate});
    add(fine, seed, 0, n);
    measure("roomy", fine.trimmed(), false);
    Sketch<Bloom> cut(fine.trimmed());
    ASSERT_EQ(cut.merge(build(made_for, seed, 0, 1)), Status::ok);
    EXPECT_TRUE(cut.trimmed() == whole);
    measure("cut", cut.trimmed(), true);
}

INSTANTIATE_TEST_SUITE_P(All, BloomRate,
                         testing::Combine(testing::Values(0.1, 0.01, 0.001),
                                          testing::Values(100, 1000, 10000, 100000, 1000000, 10000000)));

// Parts that are stored on their own and merged in any order, at every size that a fold can leave.
TEST(BloomAccuracy, MergesOfStoredPartsHoldEverything) {
    Random random{77};
    for (int round = 0; round < 60; ++round) {
        const std::uint64_t n = 300 << random.below(10), parts = 2 + random.below(20), seed = random();
        const Bloom::Params params{static_cast<double>(1000 << random.below(8)), 0.01};
        std::vector<Image> forest;
        for (std::uint64_t i = 0; i < parts; ++i)
            forest.push_back(build(params, seed, n * i / parts, n * (i + 1) / parts));
        random.shuffle(forest);
        Sketch<Bloom> sketch(forest[0]);
        for (const Image& part : forest) ASSERT_EQ(sketch.merge(part), Status::ok);
        expect_all(sketch.trimmed(), seed, n);
    }
}

// More than are kept: 10^8 prefixes of more than 31 bits. All ways lead to the same prefixes of 31 bits. Takes a
// minute and 2 GB.
TEST(BloomAccuracy, MoreThanAreKept) {
    if (std::getenv("FULL") == nullptr) GTEST_SKIP() << "FULL=1 runs it";
    constexpr std::uint64_t kMost = 99900000, kAll = 102000000;
    const Bloom::Params params{1e8, 0.01};
    const Image a = build(params, 9, 0, 60000000), b = build(params, 9, 50000000, kMost);
    const Image c = build(params, 9, 95000000, kAll);
    const auto join = [](const Image& to, const Image& from) {
        Sketch<Bloom> sketch(to);
        EXPECT_EQ(sketch.merge(from), Status::ok);
        return sketch.trimmed();
    };
    const Image most = join(a, b);
    EXPECT_EQ(open<Bloom>(most).bits(), 34);
    EXPECT_NEAR(open<Bloom>(most).estimate() / static_cast<double>(kMost), 1, 1e-4);
    expect_all(most, 9, 1000000);

    const Image all = join(most, c);
    ASSERT_EQ(Bloom::check(all), Status::ok);
    EXPECT_EQ(open<Bloom>(all).bits(), 31);
    EXPECT_NEAR(open<Bloom>(all).estimate() / static_cast<double>(kAll), 1, 1e-3);
    EXPECT_NEAR(static_cast<double>(yes(all, ~9, 0, 4000000)) / 4e6, static_cast<double>(kAll) / 0x1p31, 1e-3);
    expect_all(all, 9, 1000000);
    EXPECT_TRUE(join(c, most) == all);
    EXPECT_TRUE(join(join(c, b), a) == all);
    Sketch<Bloom> sketch(most);
    add(sketch, 9, 95000000, kAll);
    EXPECT_TRUE(sketch.trimmed() == all);
}

// Runs last: tests run in the order in which they are written, but for those with parameters, which come after.
class BloomPromise : public testing::TestWithParam<int> {};
TEST_P(BloomPromise, NoFalseNegativeInAHundredMillionProbes) {
    std::printf("  %llu probes for values that are held\n", static_cast<unsigned long long>(probes));
    const Image image = build({1e6, 0.01}, 5, 0, 1000000);
    while (probes < 100000000) expect_all(image, 5, 1000000);
    EXPECT_GE(probes, 100000000u);
}
INSTANTIATE_TEST_SUITE_P(Z, BloomPromise, testing::Values(0));

}  // namespace
}  // namespace sketch::test
