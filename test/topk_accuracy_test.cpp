// SPDX-License-Identifier: PostgreSQL
//
// The bounds of topk against exact counts, for every item of long streams and after random trees of merges. Built
// without sanitizers: it adds some 10^8 items.
#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <unordered_map>

#include "topk/topk.hpp"
#include "zipf.hpp"

namespace sketch::test {
namespace {

using Counts = std::unordered_map<std::uint64_t, double>;

// Items as strings of 30 bytes, or as integers.
struct Strings {
    static constexpr std::size_t kBytes = 30;
    char bytes[kBytes + 1];
    Item operator()(std::uint64_t i) {
        std::snprintf(bytes, sizeof bytes, "https://example.com/%010llu", static_cast<unsigned long long>(i));
        return Item::of(ItemKind::text, bytes, kBytes);
    }
};
struct Integers {
    Item operator()(std::uint64_t i) { return Item::of(static_cast<std::int64_t>(i)); }
};

template <class Items>
void add(Sketch<Topk>& sketch, Counts& truth, std::uint64_t i, double weight = 1) {
    Items items;
    const Item item = items(i);
    ASSERT_EQ(sketch.add([&](Topk& s) { return s.add(item, weight); }), Status::ok);
    truth[i] += weight;
}

// Every item of the stream, tracked or not, is within its bounds, and so is the floor.
template <class Items>
void expect_sound(const Image& image, const Counts& truth) {
    ASSERT_EQ(Topk::check(image), Status::ok);
    const Topk::Reader s = open<Topk>(image);
    double total = 0;
    std::uint64_t outside = 0;
    for (const auto& [i, weight] : truth) {
        Items items;
        total += weight;
        const std::uint32_t e = s.find(items(i));
        const double lower = e == s.entries() ? 0 : s.lower(e), upper = e == s.entries() ? s.floor() : s.upper(e);
        outside += weight < lower || weight > upper;
    }
    EXPECT_EQ(outside, 0u);
    EXPECT_EQ(s.total(), total);
    EXPECT_LE(s.floor(), total / (s.k() + 1));
}

std::vector<std::uint64_t> true_top(const Counts& truth, std::size_t n) {
    std::vector<std::pair<double, std::uint64_t>> all;
    for (const auto& [i, weight] : truth) all.push_back({-weight, i});
    std::sort(all.begin(), all.end());
    std::vector<std::uint64_t> top;
    for (std::size_t i = 0; i < n; ++i) top.push_back(all[i].second);
    return top;
}

template <class Items>
std::size_t found_in_ranking(const Image& image, const Counts& truth, std::size_t n) {
    const Topk::Reader s = open<Topk>(image);
    std::vector<std::uint32_t> order(s.entries());
    s.rank(order);
    order.resize(std::min(order.size(), n));
    std::size_t found = 0;
    for (const std::uint64_t i : true_top(truth, n)) {
        Items items;
        found += std::count(order.begin(), order.end(), s.find(items(i)));
    }
    return found;
}

class TopkStreams : public testing::TestWithParam<double> {};

TEST_P(TopkStreams, EveryItemIsWithinItsBounds) {
    const double alpha = GetParam();
    for (const std::uint32_t k : {16u, 128u, 1000u}) {
        Zipf zipf(alpha, 200000, 11);
        Sketch<Topk> sketch(Topk::Params{k});
        Counts truth;
        for (int i = 0; i < 1000000; ++i) add<Strings>(sketch, truth, zipf());
        const Image image = sketch.trimmed();
        expect_sound<Strings>(image, truth);
        const Topk::Reader s = open<Topk>(image);
        std::printf("  zipf %.1f  k %4u  floor %6.0f  (total/(k+1) %6.0f)  of the true 10: %zu, of k/4: %zu\n", alpha,
                    k, s.floor(), s.total() / (k + 1), found_in_ranking<Strings>(image, truth, 10),
                    found_in_ranking<Strings>(image, truth, k / 4));
        if (alpha >= 1.1 && k >= 128) {
            EXPECT_EQ(found_in_ranking<Strings>(image, truth, 10), 10u);
        }
        if (k == 128) {
            EXPECT_LE(image.size(), 10000u);
            EXPECT_LE(sketch.kernel().bytes(), 20000u);
        }
    }
}
INSTANTIATE_TEST_SUITE_P(Zipf, TopkStreams, testing::Values(0.8, 1.1, 1.5));

// The worst case: no item comes twice. Memory does not grow, and about a quarter of k are there at any time.
TEST(TopkAccuracy, AllDistinct) {
    Sketch<Topk> sketch(Topk::Params{128});
    Integers items;
    for (std::uint64_t i = 0; i < 10000000; ++i) sketch.add([&](Topk& s) { return s.add(items(i)); });
    const Image image = sketch.trimmed();
    const Topk::Reader s = open<Topk>(image);
    EXPECT_EQ(Topk::check(image), Status::ok);
    EXPECT_EQ(s.total(), 1e7);
    EXPECT_LE(s.floor(), 1e7 / 129);
    EXPECT_GE(s.entries(), 20u);
    EXPECT_LE(sketch.kernel().bytes(), 20000u);
    for (std::uint32_t i = 0; i < s.entries(); ++i) {
        EXPECT_EQ(s.lower(i), 1);
        EXPECT_GE(s.upper(i), 1);
    }
}

// Of what every k there is one such item: the floor must let it through.
TEST(TopkAccuracy, WhatIsHeavierThanTheFloorIsThere) {
    Random random{3};
    for (const std::uint32_t k : {1u, 2u, 9u, 128u}) {
        Sketch<Topk> sketch(Topk::Params{k});
        Counts truth;
        for (std::uint64_t i = 0; i < 200000; ++i)
            add<Integers>(sketch, truth, random.below(k + 1) == 0 ? 7 : 1000000 + i, random.below(3) == 0 ? 2 : 1);
        expect_sound<Integers>(sketch.trimmed(), truth);
    }
}

// Parts of unequal length and k, some weighted, merged in random trees: as working states and as stored images.
TEST(TopkAccuracy, RandomMergeTrees) {
    for (std::uint64_t tree = 0; tree < 40; ++tree) {
        Random random{tree * 1000 + 5};
        Zipf zipf(tree % 2 ? 0.8 : 1.1, 20000, tree);
        Counts truth;
        std::vector<Sketch<Topk>> forest;
        for (std::uint64_t part = 0; part < 2 + tree % 11; ++part) {
            forest.emplace_back(Topk::Params{static_cast<std::uint32_t>(20 + random.below(200))});
            for (std::uint64_t n = random.below(20000); n > 0; --n)
                add<Strings>(forest.back(), truth, zipf(), static_cast<double>(1 + random.below(tree % 3 + 1)));
        }
        while (forest.size() > 1) {
            random.shuffle(forest);
            Sketch<Topk> last = std::move(forest.back());
            forest.pop_back();
            const Status status =
                random.below(2) ? forest.back().merge(last.kernel()) : forest.back().merge(last.trimmed());
            ASSERT_EQ(status, Status::ok);
            for (int n = 0; n < 100; ++n) add<Strings>(forest.back(), truth, zipf());
        }
        expect_sound<Strings>(forest[0].trimmed(), truth);
    }
}

// The purge of datasketches' frequent items (a map that is three quarters full loses its median from all counters), as
// a model: with as many stored entries, the floor here is lower.
TEST(TopkAccuracy, FloorIsLowerThanThatOfAMedianPurge) {
    for (const double alpha : {0.8, 1.1, 1.5}) {
        Zipf zipf(alpha, 100000, 17);
        Sketch<Topk> sketch(Topk::Params{256});
        Counts truth, purged;
        double offset = 0;
        for (int i = 0; i < 500000; ++i) {
            const std::uint64_t item = zipf();
            add<Integers>(sketch, truth, item);
            if (++purged[item] == 1 && purged.size() > 384) {
                std::vector<double> counters;
                for (const auto& entry : purged) counters.push_back(entry.second);
                std::nth_element(counters.begin(), counters.begin() + 192, counters.end());
                offset += counters[192];
                for (auto& entry : purged) entry.second -= counters[192];
                std::erase_if(purged, [](const auto& entry) { return entry.second <= 0; });
            }
        }
        const Image image = sketch.trimmed();
        std::printf("  zipf %.1f  floor %.0f, of a median purge %.0f\n", alpha, open<Topk>(image).floor(), offset);
        EXPECT_LT(open<Topk>(image).floor(), offset);
        EXPECT_LE(open<Topk>(image).entries(), 256u);
    }
}

}  // namespace
}  // namespace sketch::test
