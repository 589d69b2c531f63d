// SPDX-License-Identifier: PostgreSQL
//
// Scores of trend against brute force: the sum of weight * 2^(-age / half_life) over all events of an item.
#include <gtest/gtest.h>

#include <cstdio>
#include <map>

#include "trend/trend.hpp"
#include "zipf.hpp"

namespace sketch::test {
namespace {

constexpr std::int64_t kDay = Trend::kDay, kHour = kDay / 24, kStart = 8000 * kDay;

struct Event {
    std::int64_t item, at;
    double weight;
};

long double brute_force(const std::vector<Event>& events, std::int64_t item, std::int64_t half_life,
                        std::int64_t as_of) {
    long double sum = 0;
    for (const Event& e : events)
        if (item < 0 || e.item == item)
            sum += e.weight * std::exp2(-static_cast<long double>(as_of - e.at) / static_cast<long double>(half_life));
    return sum;
}

void add(Sketch<Trend>& sketch, const Event& e) {
    ASSERT_EQ(sketch.add([&](Trend& s) { return s.add(Item::of(e.item), e.at, e.weight); }), Status::ok);
}

// Bursts of events over more than 400 half-lives, with gaps of a year and events that come late.
std::vector<Event> history(std::uint64_t seed, std::size_t n, double alpha, std::size_t universe) {
    Random random{seed};
    Zipf zipf(alpha, universe, seed);
    std::vector<Event> events;
    std::int64_t clock = kStart;
    for (std::size_t i = 0; i < n; ++i) {
        clock += static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(2 * kHour)));
        if (i == n / 3 || i == n / 2) clock += 365 * kDay;
        const std::int64_t late = random.below(10) == 0 ? static_cast<std::int64_t>(random.below(90)) * kDay : 0;
        events.push_back(
            {static_cast<std::int64_t>(zipf()), clock - late, static_cast<double>(1 + random.below(5)) / 2});
    }
    return events;
}

Trend::Params params(std::uint32_t k) { return {2, {2 * kDay, 30 * kDay}, k, kDay}; }

void expect_scores(const Image& image, const std::vector<Event>& events, bool exact) {
    ASSERT_EQ(Trend::check(image), Status::ok);
    const Trend::Reader s = open<Trend>(image);
    std::int64_t latest = events[0].at;
    std::map<std::int64_t, int> items;
    for (const Event& e : events) {
        latest = std::max(latest, e.at);
        ++items[e.item];
    }
    EXPECT_EQ(s.latest(), latest);
    for (int t = 0; t < s.scales(); ++t)
        for (const std::int64_t as_of : {latest, latest + 12345678, latest + 400 * kDay}) {
            const double decay = s.decay_to(as_of, t);
            const long double total = brute_force(events, -1, s.half_life(t), as_of);
            EXPECT_NEAR(static_cast<double>(s.total(t) * decay / total), 1, 1e-12);
            EXPECT_LE(s.floor(t) * decay, total * s.scales() / s.k() * (1 + 1e-9));
            int outside = 0;
            for (const auto& [item, n] : items) {
                const long double truth = brute_force(events, item, s.half_life(t), as_of);
                const std::uint32_t i = s.find(Item::of(item));
                const double lower = i == s.entries() ? 0 : s.lower(i, t),
                             upper = i == s.entries() ? s.floor(t) : s.upper(i, t);
                outside += !(lower * decay <= truth && truth <= upper * decay);
                if (exact) {
                    ASSERT_NEAR(static_cast<double>(s.estimate(i, t) * decay / truth), 1, 1e-12);
                    ASSERT_LE(upper - lower, 1e-10 * upper);
                }
            }
            EXPECT_EQ(outside, 0);
        }
}

// Serial, shuffled, and split into parts that are merged in random trees.
void expect_all_ways(std::uint32_t k, std::vector<Event> events, bool exact) {
    Random random{k};
    Sketch<Trend> serial(params(k));
    for (const Event& e : events) add(serial, e);
    expect_scores(serial.trimmed(), events, exact);

    random.shuffle(events);
    Sketch<Trend> shuffled(params(k));
    for (const Event& e : events) add(shuffled, e);
    expect_scores(shuffled.trimmed(), events, exact);

    for (int tree = 0; tree < 10; ++tree) {
        std::vector<Sketch<Trend>> forest;
        for (std::uint64_t parts = 2 + random.below(9); parts > 0; --parts) forest.emplace_back(params(k));
        for (const Event& e : events) add(forest[random.below(forest.size())], e);
        while (forest.size() > 1) {
            random.shuffle(forest);
            Sketch<Trend> last = std::move(forest.back());
            forest.pop_back();
            const Status status =
                random.below(2) ? forest.back().merge(last.kernel()) : forest.back().merge(last.trimmed());
            ASSERT_EQ(status, Status::ok);
        }
        expect_scores(forest[0].trimmed(), events, exact);
    }
}

TEST(TrendAccuracy, ExactWhileAllItemsAreHeld) { expect_all_ways(200, history(1, 12000, 1.1, 150), true); }

TEST(TrendAccuracy, WithinTheBoundsWhenTheyAreNot) {
    expect_all_ways(40, history(2, 8000, 1.1, 1000), false);
    expect_all_ways(7, history(3, 8000, 0.8, 300), false);
}

// Events of eight thousand years: no overflow, and what is near the end is as it would be alone.
TEST(TrendAccuracy, CenturiesOfEvents) {
    Sketch<Trend> sketch(Trend::Params{1, {Trend::kSecond}, 10, kDay});
    for (std::int64_t year = -5000; year < 3000; ++year)
        add(sketch, {year & 3, year * 365 * kDay, Trend::kMinWeight * (year & 1 ? 1 : 1e200)});
    add(sketch, {9, 3000 * 365 * kDay, 1});
    const Image image = sketch.trimmed();
    ASSERT_EQ(Trend::check(image), Status::ok);
    EXPECT_EQ(open<Trend>(image).entries(), 1u);
    EXPECT_EQ(open<Trend>(image).total() * open<Trend>(image).decay_to(0, 0), 1);
}

// An item that comes often for a month, and one that comes as often as ever.
TEST(TrendAccuracy, BurstsAreFound) {
    Random random{5};
    Sketch<Trend> sketch(params(50));
    for (int i = 0; i < 100000; ++i) {
        const std::int64_t at = kStart + i * kDay / 500;
        add(sketch, {i > 99000 && random.below(20) == 0 ? 777 : static_cast<std::int64_t>(random.below(30)), at, 1});
    }
    const Image image = sketch.trimmed();
    const Trend::Reader s = open<Trend>(image);
    std::uint32_t best = 0;
    for (std::uint32_t i = 1; i < s.entries(); ++i)
        if (s.burst(i).strength > s.burst(best).strength) best = i;
    EXPECT_EQ(s.item(best).integer(), 777);
    EXPECT_GT(s.burst(best).strength, 3);
}

TEST(TrendAccuracy, MemoryOfLongStreams) {
    Random random{6};
    Sketch<Trend> sketch(Trend::Params{1, {kDay}, 128, kDay});
    for (int i = 0; i < 1000000; ++i) {
        char item[31];
        std::snprintf(item, sizeof item, "https://example.com/%010d", static_cast<int>(random.below(100000)));
        sketch.add([&](Trend& s) { return s.add(Item::of(ItemKind::text, item, 30), kStart + i * Trend::kSecond); });
    }
    EXPECT_LE(sketch.trimmed().size(), 10000u);
    EXPECT_LE(sketch.kernel().bytes(), 20000u);
}

}  // namespace
}  // namespace sketch::test
