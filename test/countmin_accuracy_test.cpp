// SPDX-License-Identifier: PostgreSQL
//
// The guarantee of countmin, counted: over seeded streams, how many answers are off by more than epsilon of the total?
// Built without sanitizers: it adds some 10^8 updates.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <vector>

#include "countmin/countmin.hpp"
#include "host.hpp"

namespace sketch::test {
namespace {

using Reader = CountMin::Reader;

constexpr std::uint64_t kValues = 200000;

// Values 0 to kValues - 1 with probability proportional to 1 / (rank + 1)^exponent; 0 is uniform.
class Zipf {
  public:
    explicit Zipf(double exponent) : sums_(kValues) {
        double sum = 0;
        for (std::uint64_t i = 0; i < kValues; ++i) sums_[i] = sum += std::pow(static_cast<double>(i + 1), -exponent);
    }
    std::uint64_t operator()(Random& random) const {
        const double at = random.uniform() * sums_.back();
        return static_cast<std::uint64_t>(std::upper_bound(sums_.begin(), sums_.end(), at) - sums_.begin());
    }

  private:
    std::vector<double> sums_;
};

struct Case {
    const char* name;
    double exponent;
    int updates;
};
std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.name << '_' << c.updates; }

// Of sketches with ranges: spread over the bigint domain, on both sides of zero, so that most levels tell most values
// apart, and collisions show.
std::int64_t spread(std::uint64_t value) {
    constexpr int kApart = 44;
    const auto v = static_cast<std::int64_t>(value) - static_cast<std::int64_t>(kValues / 3);
    return v * (std::int64_t{1} << kApart) + static_cast<std::int64_t>(mix64(value) >> (64 - kApart));
}
std::uint64_t key_of(bool ranges, std::uint64_t value) {
    return ranges ? countmin::biased_key(spread(value)) : hash_int64(static_cast<std::int64_t>(value));
}

// A stream, its exact counts, and its sketch made in several ways.
struct Trial {
    CountMin::Params params;
    std::vector<std::int64_t> counts = std::vector<std::int64_t>(kValues);
    Image image;

    Trial(const Case& c, CountMin::Params p, std::uint64_t seed, bool merges, bool removals) : params(p) {
        Random random{seed};
        const Zipf zipf(c.exponent);
        std::vector<Sketch<CountMin>> parts;
        for (int i = 0; i < (merges ? 9 : 1); ++i) parts.emplace_back(params);
        const auto update = [&](std::uint64_t value, std::int64_t weight) {
            counts[value] += weight;
            auto& part = parts[random.below(parts.size())];
            ASSERT_EQ(part.add([&](CountMin& s) { return s.add(key_of(params.ranges, value), weight); }), Status::ok);
        };
        for (int i = 0; i < c.updates; ++i) update(zipf(random), 1);
        if (removals)  // most of what is there, so that a strict stream is left
            for (std::uint64_t value = 0; value < kValues; ++value)
                if (counts[value] > 0 && value % 8 != 0) update(value, -(counts[value] - counts[value] / 4));
        while (parts.size() > 1) {
            const std::size_t i = random.below(parts.size() - 1);
            EXPECT_EQ(parts[i].merge(parts.back().kernel()), Status::ok);
            parts.pop_back();
        }
        image = parts[0].trimmed();
        EXPECT_EQ(CountMin::check(image), Status::ok);
    }
    double total() const { return static_cast<double>(open<CountMin>(image).total()); }
};

struct Share {
    int queries = 0, outside = 0, low = 0, uncovered = 0;
    double error = 0;

    void add(double truth, double lower, double estimate, double upper, double allowed) {
        ++queries;
        outside += std::fabs(estimate - truth) > allowed;
        low += estimate < truth || upper < truth;
        uncovered += lower > truth;
        error = std::max(error, (estimate - truth) / allowed);
    }
    void print(const char* what, const Case& c, const char* how) const {
        std::printf(
            "  %-6s %-8s %8d updates %-18s %6d queries  outside epsilon %.4f %%  worst %.3f epsilon  "
            "below 95 %% bounds %.3f %%\n",
            what, c.name, c.updates, how, queries, 100.0 * outside / queries, error, 100.0 * uncovered / queries);
    }
    void expect(double confidence) const {
        EXPECT_EQ(low, 0);  // strict streams: never too low
        EXPECT_LT(outside, (1 - confidence) * queries);
        EXPECT_LE(uncovered, 0.05 * queries);
    }
};

class CountMinAccuracy : public testing::TestWithParam<Case> {};

// How a sketch came about: in one go, from the parts of a random merge tree, or of one with removals.
constexpr struct {
    const char* name;
    bool merges, removals;
} kWays[] = {{"one sketch", false, false}, {"merge tree", true, false}, {"removals", true, true}};

// At the default epsilon and, where errors show, at one ten times as large.
TEST_P(CountMinAccuracy, Points) {
    const Case c = GetParam();
    for (const double epsilon : {0.001, 0.01})
        for (const auto& [how, merges, removals] : kWays) {
            const Trial a(c, CountMin::params_for(epsilon, 0.99, false), 1, merges, removals);
            const Reader answers = open<CountMin>(a.image);
            Share points;
            for (std::uint64_t value = 0; value < kValues; ++value) {
                const countmin::Count n = answers.count_bounds(key_of(false, value), 0.95);
                points.add(static_cast<double>(a.counts[value]), static_cast<double>(n.lower),
                           static_cast<double>(n.estimate), static_cast<double>(n.upper), epsilon * a.total());
            }
            points.print("points", c, how);
            points.expect(0.99);
        }
}

// Of streams alike, each with each and with itself.
TEST_P(CountMinAccuracy, JoinSizes) {
    const Case c{GetParam().name, GetParam().exponent, 1000000};
    for (const double epsilon : {0.001, 0.01})
        for (const auto& [how, merges, removals] : kWays) {
            std::vector<Trial> trials;
            for (std::uint64_t seed = 1; seed <= 6; ++seed)
                trials.emplace_back(c, CountMin::params_for(epsilon, 0.99, false), seed, merges, removals);
            Share joins;
            for (std::size_t i = 0; i < trials.size(); ++i)
                for (std::size_t j = 0; j <= i; ++j) {
                    const Trial &a = trials[i], &b = trials[j];
                    double exact = 0;
                    for (std::uint64_t value = 0; value < kValues; ++value)
                        exact += static_cast<double>(a.counts[value]) * static_cast<double>(b.counts[value]);
                    const Bounds n = open<CountMin>(a.image).join_bounds(open<CountMin>(b.image), 0.95);
                    joins.add(exact, n.lower, n.estimate, n.upper, epsilon * a.total() * b.total());
                }
            joins.print("joins", c, how);
            joins.expect(0.99);
        }
}

// The theorem pays for the worst of all streams; these err by a tenth of epsilon at most.
TEST_P(CountMinAccuracy, RangesAndQuantiles) {
    const Case c = GetParam();
    for (const double epsilon : {0.1, 0.9})
        for (const auto& [how, merges, removals] : kWays) {
            const Case size{c.name, c.exponent, merges ? 1000000 : c.updates};
            const Trial t(size, CountMin::params_for(epsilon, 0.99, true), 3, merges, removals);
            const Reader answers = open<CountMin>(t.image);
            std::vector<std::int64_t> below(kValues + 1);
            for (std::uint64_t i = 0; i < kValues; ++i) below[i + 1] = below[i] + t.counts[i];
            Random random{4};
            Share ranges, quantiles;
            for (int i = 0; i < 5000; ++i) {
                std::uint64_t low = random.below(kValues), high = random.below(kValues);
                if (low > high) std::swap(low, high);
                const countmin::Count n = answers.range_bounds(spread(low), spread(high), 0.95);
                ranges.add(static_cast<double>(below[high + 1] - below[low]), static_cast<double>(n.lower),
                           static_cast<double>(n.estimate), static_cast<double>(n.upper), epsilon * t.total());
            }
            for (int i = 1; i < 200; ++i) {
                // The value itself or, where counts are too high, one in the gap after it.
                std::uint64_t value = 0;
                for (std::uint64_t step = std::bit_floor(kValues); step > 0; step /= 2)
                    if (value + step < kValues && spread(value + step) <= answers.quantile(i / 200.0)) value += step;
                const double rank = i / 200.0 * t.total();
                // How far the wanted rank is from the ranks that the value has.
                const double off = std::max(
                    {0.0, static_cast<double>(below[value]) - rank, rank - static_cast<double>(below[value + 1])});
                quantiles.add(0, 0, off, off, epsilon * t.total());
            }
            ranges.print("ranges", size, how);
            quantiles.print("ranks", size, how);
            ranges.expect(0.99);
            quantiles.expect(0.99);
        }
}

// Counts on both sides of zero: the medians, and bounds on both sides.
TEST_P(CountMinAccuracy, CountsBelowZero) {
    const Case c = GetParam();
    const auto params = CountMin::params_for(0.001, 0.99, false);
    Random random{5};
    const Zipf zipf(c.exponent);
    std::vector<std::int64_t> counts(kValues);
    Sketch<CountMin> sketch(params);
    for (int i = 0; i < 1000000; ++i) {
        const std::uint64_t value = zipf(random);
        const std::int64_t weight = value % 2 == 0 ? 1 : -1;
        counts[value] += weight;
        ASSERT_EQ(sketch.add([&](CountMin& s) { return s.add(key_of(false, value), weight); }), Status::ok);
    }
    const Image image = sketch.trimmed();
    const Reader answers = open<CountMin>(image);
    EXPECT_TRUE(answers.negative());
    int uncovered = 0, outside = 0;
    for (std::uint64_t value = 0; value < kValues; ++value) {
        const countmin::Count n = answers.count_bounds(key_of(false, value), 0.95);
        uncovered += counts[value] < n.lower || counts[value] > n.upper;
        outside += std::fabs(static_cast<double>(n.estimate - counts[value])) > 3 * 0.001 * 1000000;
    }
    std::printf("  signed %-8s outside 3 epsilon %.4f %%  outside 95 %% bounds %.4f %%\n", c.name,
                100.0 * outside / kValues, 100.0 * uncovered / kValues);
    EXPECT_LE(uncovered, 0.05 * kValues);
    EXPECT_LT(outside, std::pow(0.01, 0.25) * kValues);
}

INSTANTIATE_TEST_SUITE_P(Streams, CountMinAccuracy,
                         testing::Values(Case{"uniform", 0, 1000000}, Case{"zipf0.8", 0.8, 1000000},
                                         Case{"zipf1.1", 1.1, 10000000}, Case{"zipf1.5", 1.5, 1000000}));

}  // namespace
}  // namespace sketch::test
