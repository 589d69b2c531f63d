// SPDX-License-Identifier: PostgreSQL
#include "kll/kll.hpp"

#include <algorithm>
#include <limits>

#include "laws.hpp"

namespace sketch::test {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Every kind of double: small integers with many equals, wide ones of both signs, and the special ones.
double item(std::uint64_t i) {
    Random random{i};
    switch (i % 32) {
        case 0: return static_cast<double>(random.below(10));
        case 1: return -0.0;
        case 2: return i % 64 == 2 ? kInfinity : -kInfinity;
        case 3: return i % 128 == 3 ? kNaN : 5e-324;
        default: return (random.uniform() - 0.3) * std::ldexp(1.0, static_cast<int>(random.below(60)) - 30);
    }
}

Sketch<Kll> sketch_of(int k, const std::vector<double>& values) {
    Sketch<Kll> sketch(Kll::Params{k});
    for (const double v : values) sketch.add([v](Kll& s) { return s.add(v); });
    return sketch;
}
Image build(int k, std::size_t n, double (*value)(std::uint64_t) = item) {
    std::vector<double> values(n);
    for (std::size_t i = 0; i < n; ++i) values[i] = value(i);
    return sketch_of(k, values).trimmed();
}

Image with_fractions(int k, std::size_t n) {
    const double fractions[] = {0.5, 0.99};
    Sketch<Kll> sketch(Kll::Params{k, std::as_bytes(std::span(fractions))});
    for (std::size_t i = 0; i < n; ++i) sketch.add([i](Kll& s) { return s.add(item(i)); });
    return sketch.trimmed();
}

struct KllLaws {
    using Kernel = Kll;
    static constexpr bool kCanonical = false;
    static constexpr bool kIdempotent = false;

    static std::vector<Kll::Params> params() { return {{3000}, {1000}, {200}, {100}, {13}, {8}}; }
    static Status add(Kll& s, std::uint64_t i) {
        return i % 5 == 0 ? s.add(item(i), i % 3 == 0 ? i % 1000 : 3) : s.add(item(i));
    }
    static double read(const Kll::Reader& s) {
        if (s.values() == 0) return 0;
        double sum = static_cast<double>(s.values()) + static_cast<double>(s.nans());
        const double least = s.min(), most = s.max();
        double last = least;
        for (const double fraction : {0.0, 1e-9, 0.25, 0.5, 0.99, 1.0}) {
            const Bounds b = s.bounds(fraction, 0.95);
            EXPECT_FALSE(before(b.estimate, last));
            EXPECT_FALSE(before(b.estimate, least) || before(most, b.estimate));
            EXPECT_FALSE(before(b.estimate, b.lower) || before(b.upper, b.estimate));
            const double rank = s.rank(b.estimate);
            EXPECT_TRUE(rank >= 0 && rank <= 1 && rank >= fraction - 1e-9) << rank;
            last = b.estimate;
            sum += rank + (std::isfinite(last) ? last : 0);
        }
        EXPECT_TRUE(is_canonical(least) && is_canonical(most));
        return sum;
    }
    static std::vector<std::pair<std::string, Image>> golden() {
        return {{"empty", build(200, 0)},
                {"exact", build(20, 17)},
                {"two_levels", build(20, 30)},
                {"many", build(20, 10000)},
                {"smallest", build(8, 999)},
                {"largest", build(65535, 5)},
                {"nan_only", build(20, 3, [](std::uint64_t) { return kNaN; })},
                {"fractions", with_fractions(20, 1000)},
                {"exact_fractions", with_fractions(200, 4)}};
    }
};

INSTANTIATE_TYPED_TEST_SUITE_P(kll, Laws, KllLaws);

// percentile_disc and cume_dist by definition.
double exact_quantile(const std::vector<double>& sorted, double fraction) {
    for (std::size_t i = 0; i < sorted.size(); ++i)
        if (static_cast<double>(i + 1) >= fraction * static_cast<double>(sorted.size())) return sorted[i];
    return sorted.back();
}

TEST(Kll, FractionsTravelWithTheState) {
    Image image = with_fractions(200, 5000);
    EXPECT_EQ(Kll::check(image), Status::ok);
    for (const Image& other : {with_fractions(200, 30), build(200, 5000), build(200, 5)}) {
        Sketch<Kll> sketch(image);
        ASSERT_EQ(sketch.merge(other), Status::ok);
        image = sketch.trimmed();
        ASSERT_EQ(Kll::check(image), Status::ok);
        ASSERT_EQ(open<Kll>(image).fractions(), 2u);
        EXPECT_EQ(open<Kll>(image).fraction(0), 0.5);
        EXPECT_EQ(open<Kll>(image).fraction(1), 0.99);
    }
    EXPECT_EQ(open<Kll>(image).values(), 10035u);
    // What was asked for changes no other byte.
    Image plain = build(200, 5000), asked = with_fractions(200, 5000);
    ASSERT_EQ(asked.size(), plain.size() + 3 * sizeof(double));
    plain[2] = asked[2];  // the mode
    EXPECT_TRUE(std::equal(plain.begin(), plain.end(), asked.begin()));
    const double wrong = 1.5;
    std::memcpy(asked.data() + asked.size() - 2 * sizeof wrong, &wrong, sizeof wrong);
    EXPECT_EQ(Kll::check(asked), Status::bad_content);
}

TEST(Kll, ExactUpToK) {
    for (const int k : {8, 200, 777}) {
        for (const std::size_t n : {std::size_t{1}, std::size_t{7}, static_cast<std::size_t>(k)}) {
            std::vector<double> values(n);
            for (std::size_t i = 0; i < n; ++i) values[i] = item(i);
            const Image image = sketch_of(k, values).trimmed();
            const Kll::Reader s = open<Kll>(image);
            EXPECT_TRUE(s.exact());
            EXPECT_EQ(s.epsilon(), 0);
            for (double& v : values) v = canonical(v);
            std::sort(values.begin(), values.end(), before);
            for (int p = 0; p <= 1000; ++p) {
                const double want = exact_quantile(values, p / 1000.0);
                const Bounds b = s.bounds(p / 1000.0, 0.99);
                for (const double got : {b.lower, b.estimate, b.upper})
                    EXPECT_TRUE(got == want || (std::isnan(got) && std::isnan(want))) << p;
            }
            for (const double v : values) {
                const auto upto = std::count_if(values.begin(), values.end(), [v](double w) { return !before(v, w); });
                EXPECT_EQ(s.rank(v), static_cast<double>(upto) / static_cast<double>(n));
            }
        }
    }
}

// Reading a large sketch against its definition: all items with their weights, in order.
TEST(Kll, ReadersAgreeWithRanks) {
    for (const std::size_t n : {1000, 50000}) {
        const Image image = build(50, n);
        const Kll::Reader s = open<Kll>(image);
        EXPECT_FALSE(s.exact());
        EXPECT_EQ(s.values(), n);
        for (std::uint64_t row = 1; row <= n; row += 1 + n / 500) {
            const double value = s.value_at(row);
            EXPECT_GE(s.at_most(value), row);
            if (std::isfinite(value) && value != s.min()) {
                EXPECT_LT(s.at_most(std::nextafter(value, -kInfinity)), row);
            }
        }
        EXPECT_EQ(s.at_most(kNaN), n);
        EXPECT_EQ(s.at_most(kInfinity), n - s.nans());
    }
}

TEST(Kll, MinAndMaxAreExact) {
    for (const std::size_t n : {1, 100, 1000, 30000}) {
        std::vector<double> values(n);
        Random random{n};
        for (double& v : values) v = random.uniform() - 0.5;
        auto parts = sketch_of(30, {});
        for (std::size_t i = 0; i < n; i += 97)
            parts.merge(sketch_of(30, {values.begin() + static_cast<std::ptrdiff_t>(i),
                                       values.begin() + static_cast<std::ptrdiff_t>(std::min(n, i + 97))})
                            .trimmed());
        const auto [least, most] = std::minmax_element(values.begin(), values.end());
        for (const Image& image : {sketch_of(30, values).trimmed(), parts.trimmed()}) {
            EXPECT_EQ(open<Kll>(image).min(), *least);
            EXPECT_EQ(open<Kll>(image).max(), *most);
            EXPECT_EQ(open<Kll>(image).quantile(0), *least);
            EXPECT_EQ(open<Kll>(image).quantile(1), *most);
            EXPECT_EQ(open<Kll>(image).values(), n);
        }
    }
}

TEST(Kll, NaNStandsAboveInfinity) {
    std::vector<double> values(1000, 1.0);
    for (std::size_t i = 0; i < 100; ++i) values[i] = i < 50 ? kInfinity : kNaN;
    const Image image = sketch_of(20, values).trimmed();
    const Kll::Reader s = open<Kll>(image);
    EXPECT_EQ(s.values(), 1000u);
    EXPECT_EQ(s.nans(), 50u);
    EXPECT_TRUE(std::isnan(s.max()));
    EXPECT_TRUE(std::isnan(s.quantile(0.96)));
    EXPECT_EQ(s.quantile(0.95), kInfinity);
    EXPECT_EQ(s.quantile(0.5), 1.0);
    EXPECT_EQ(s.rank(kNaN), 1.0);
    EXPECT_EQ(s.rank(kInfinity), 0.95);
}

TEST(Kll, AnswersForAllEqualValuesAreThatValue) {
    for (const double value : {0.0, -3.5, kInfinity}) {
        const Image image = sketch_of(8, std::vector<double>(5000, value)).trimmed();
        for (int p = 0; p <= 100; ++p) EXPECT_EQ(open<Kll>(image).quantile(p / 100.0), value);
        EXPECT_EQ(open<Kll>(image).rank(value), 1);
    }
}

// Any merge tree over parts of any sizes, parameters and states keeps what a sketch must keep: the number of values,
// both ends, order, and ranks within epsilon of the coarsest part.
TEST(Kll, MergeTrees) {
    Random random{11};
    for (int round = 0; round < 400; ++round) {
        std::vector<double> all;
        std::vector<Sketch<Kll>> forest;
        int least = Kll::kMaxK;
        for (std::uint64_t parts = 2 + random.below(8); parts > 0; --parts) {
            const int k = round % 3 == 0 ? 200 : 60 + static_cast<int>(random.below(900));
            std::vector<double> values(random.below(2) ? random.below(300) : random.below(20000));
            const double shift = random.uniform() * 4;
            for (double& v : values) v = random.below(50) == 0 ? kNaN : random.uniform() + shift;
            all.insert(all.end(), values.begin(), values.end());
            forest.push_back(sketch_of(k, values));
            least = std::min(least, k);
        }
        while (forest.size() > 1) {
            random.shuffle(forest);
            Sketch<Kll> last = std::move(forest.back());
            forest.pop_back();
            if (random.below(2)) {
                ASSERT_EQ(forest.back().merge(last.kernel()), Status::ok);
            } else if (random.below(2)) {
                ASSERT_EQ(forest.back().merge(last.trimmed()), Status::ok);
            } else {
                Sketch<Kll> reopened(forest.back().trimmed());
                ASSERT_EQ(reopened.merge(last.trimmed()), Status::ok);
                forest.back() = std::move(reopened);
            }
        }
        const Image image = forest[0].trimmed();
        ASSERT_EQ(Kll::check(image), Status::ok);
        const Kll::Reader s = open<Kll>(image);
        ASSERT_EQ(s.k(), least);
        ASSERT_EQ(s.values(), all.size());
        if (all.empty()) continue;
        std::sort(all.begin(), all.end(), before);
        ASSERT_TRUE(s.min() == all.front() || std::isnan(all.front()));
        ASSERT_TRUE(s.max() == all.back() || std::isnan(all.back()));
        const auto n = static_cast<double>(all.size());
        for (int p = 1; p < 100; ++p) {
            const auto upto = std::upper_bound(all.begin(), all.end(), s.quantile(p / 100.0), before) - all.begin();
            const auto below = std::lower_bound(all.begin(), all.end(), s.quantile(p / 100.0), before) - all.begin();
            const double margin = 2 * s.epsilon() + 1 / n;  // so far that no seed may pass it
            EXPECT_GE(static_cast<double>(upto) / n, p / 100.0 - margin);
            EXPECT_LE(static_cast<double>(below) / n, p / 100.0 + margin);
        }
    }
}

// A weight is as many rows: exactly while the sketch is exact; then in number, ends and NaNs, whatever the weights, and
// whether what waits is flushed by more of it, by rows without weights, by growth, by a merge or at the end.
TEST(Kll, WeightsAreRows) {
    for (const int k : {8, 200, 3000}) {
        Random random{static_cast<std::uint64_t>(k)};
        Sketch<Kll> weighted(Kll::Params{k}), rows(Kll::Params{k});
        std::uint64_t all = 0, missing = 0;
        double least = kInfinity, most = -kInfinity;
        for (std::uint64_t i = 0; i < 3000; ++i) {
            const double value = item(i);
            std::uint64_t times = random.below(4);
            if (i % 100 >= 50) times = random.below(std::uint64_t{1} << random.below(50));
            if (i % 17 == 0) times = 1;
            ASSERT_EQ(weighted.add([=](Kll& s) { return s.add(value, times); }), Status::ok);
            all += times;
            missing += std::isnan(value) ? times : 0;
            if (times != 0 && !std::isnan(value)) {
                least = std::min(least, value);
                most = std::max(most, value);
            }
            if (i < 50)
                for (std::uint64_t j = 0; j < times; ++j) rows.add([=](Kll& s) { return s.add(value); });
            if (i == 4 || (i == 49 && k > 8)) {
                EXPECT_TRUE(weighted.trimmed() == rows.trimmed()) << k;
            }
            if (i % 250 != 0) continue;
            Sketch<Kll> twice(Kll::Params{k});
            twice.merge(weighted.trimmed());
            twice.merge(weighted.kernel());
            for (std::uint64_t copies : {1, 2}) {
                const Image image = copies == 1 ? weighted.trimmed() : twice.trimmed();
                const Kll::Reader s = open<Kll>(image);
                EXPECT_EQ(s.values(), copies * all);
                EXPECT_EQ(s.nans(), copies * missing);
                if (all == missing) continue;
                EXPECT_EQ(s.min(), least);
                EXPECT_TRUE(missing == 0 ? s.max() == most : std::isnan(s.max()));
            }
        }
    }
}

// The totals of what waits with weights are counted, so that the limit is met to the value.
TEST(Kll, WeightsUpToTheLimit) {
    constexpr std::uint64_t kMost = (std::uint64_t{1} << 53) - 1;
    Sketch<Kll> sketch(Kll::Params{200});
    std::uint64_t left = kMaxValues;
    for (std::uint64_t i = 0; left != 0; ++i) {
        const std::uint64_t times = std::min(left, kMost);
        ASSERT_EQ(sketch.add([=](Kll& s) { return s.add(static_cast<double>(i % 1000), times); }), Status::ok);
        left -= times;
        if (left < kMost) {
            ASSERT_EQ(sketch.add([=](Kll& s) { return s.add(1, left + 1); }), Status::overflow);
        }
    }
    EXPECT_EQ(sketch.add([](Kll& s) { return s.add(1); }), Status::overflow);
    EXPECT_EQ(sketch.add([](Kll& s) { return s.add(1, 2); }), Status::overflow);
    EXPECT_EQ(sketch.add([](Kll& s) { return s.add(kNaN, 2); }), Status::overflow);
    EXPECT_EQ(open<Kll>(sketch.trimmed()).values(), kMaxValues);
}

// Merged with itself, a sketch doubles its weights.
Image doubled(Image image, int times) {
    for (; times > 0; --times) {
        Sketch<Kll> sketch(image);
        EXPECT_EQ(sketch.merge(image), Status::ok);
        image = sketch.trimmed();
        EXPECT_EQ(Kll::check(image), Status::ok);
    }
    return image;
}
Status add_one(Sketch<Kll>& sketch, double value) {
    return sketch.add([&](Kll& s) { return s.add(value); });
}

TEST(Kll, CountsUpToTheLimitAndNoFurther) {
    const Image image = doubled(build(8, 100), 55);
    Sketch<Kll> sketch(image);
    EXPECT_EQ(sketch.merge(image), Status::overflow);
    EXPECT_EQ(open<Kll>(image).values(), std::uint64_t{100} << 55);
    EXPECT_LE(image.size(), 1300u);
}

// After 62 doublings one more value was taken, and the image was one that no check lets in. Now single values, NaNs
// among them, are taken until there are 2^62: by a working state, and by one that was stored.
TEST(Kll, NumbersAndNaNsMeetTheLimit) {
    for (const double many : {1.0, kNaN})
        for (const double few : {2.0, kInfinity, kNaN})
            for (const int k : {8, 200})
                for (const int left : {0, 1, 2, 127, 128, 300})
                    for (const bool stored : {false, true}) {
                        // 2^62 - left, bit by bit.
                        Sketch<Kll> sketch = sketch_of(k, {});
                        const std::uint64_t wanted = kMaxValues - static_cast<std::uint64_t>(left);
                        Image power = sketch_of(k, {many}).trimmed();
                        for (int bit = 0; bit <= 62; ++bit) {
                            if (wanted >> bit & 1) {
                                ASSERT_EQ(sketch.merge(power), Status::ok);
                            }
                            if (bit < 62) power = doubled(power, 1);
                        }
                        if (stored) sketch = Sketch<Kll>(sketch.trimmed());
                        for (int i = 0; i < left; ++i) {
                            ASSERT_EQ(add_one(sketch, i % 3 == 0 ? kNaN : few), Status::ok) << i;
                        }
                        ASSERT_EQ(add_one(sketch, few), Status::overflow);
                        ASSERT_EQ(add_one(sketch, kNaN), Status::overflow);
                        ASSERT_EQ(sketch.merge(sketch_of(8, {few}).trimmed()), Status::overflow);
                        const Image image = sketch.trimmed();
                        ASSERT_EQ(Kll::check(image), Status::ok);
                        ASSERT_EQ(open<Kll>(image).values(), kMaxValues);
                        ASSERT_EQ(sketch.merge(sketch_of(8, {}).trimmed()), Status::ok);
                        ASSERT_EQ(open<Kll>(sketch.trimmed()).values(), kMaxValues);
                    }
}

TEST(Kll, WeightsThatWrapAreRejected) {
    const Image image = doubled(build(8, 100), 50);
    kll::Pops pops{};
    const auto at = image.data() + kHeaderBytes + sizeof(kll::Head);
    const auto levels = load<std::uint32_t>(image.data() + 8);
    std::memcpy(pops.data(), at, levels * sizeof(std::uint32_t));
    Image changed = image;
    store(changed.data() + kHeaderBytes, kMaxValues - kll::weight_of(pops, static_cast<int>(levels)));
    EXPECT_EQ(Kll::check(changed), Status::ok);
    store(changed.data() + kHeaderBytes, kMaxValues - kll::weight_of(pops, static_cast<int>(levels)) + 1);
    EXPECT_EQ(Kll::check(changed), Status::bad_content);
    store(changed.data() + kHeaderBytes, ~std::uint64_t{0});
    EXPECT_EQ(Kll::check(changed), Status::bad_content);
    EXPECT_EQ(kll::checked_weight({1, 0, 1}, 3), 5u);
    kll::Pops wide{};
    wide[61] = 2;
    EXPECT_EQ(kll::checked_weight(wide, 62), kMaxValues);
    wide[0] = 1;
    EXPECT_EQ(kll::checked_weight(wide, 62), kMaxValues + 1);
    for (auto& n : wide) n = ~std::uint32_t{0};
    EXPECT_EQ(kll::checked_weight(wide, 62), kMaxValues + 1);
}

TEST(Kll, OnePassAnswersAsOneByOne) {
    Random random{12};
    for (int round = 0; round < 100; ++round) {
        std::vector<double> values(1 + random.below(round % 3 == 0 ? 60 : 30000));
        for (double& v : values) v = round % 4 == 0 ? static_cast<double>(random.below(9)) : item(random.below(100000));
        Sketch<Kll> sketch = sketch_of(round % 2 == 0 ? 50 : 400, values);
        if (round % 5 == 0) sketch.merge(doubled(sketch.trimmed(), 20));
        const Image image = sketch.trimmed();
        const Kll::Reader s = open<Kll>(image);
        std::vector<double> fractions{0, 0, 1, 1}, questions{kNaN, kInfinity, -kInfinity, 0};
        for (int i = 0; i < 1000; ++i) {
            fractions.push_back(random.uniform());
            questions.push_back(
                canonical(random.below(2) ? values[random.below(values.size())] : item(random.below(100000))));
        }
        std::sort(fractions.begin(), fractions.end());
        std::sort(questions.begin(), questions.end(), before);
        for (const std::size_t claimed : {std::size_t{1}, fractions.size()}) {
            Kll::Reader::Cursor quantiles(s, claimed), ranks(s, claimed);
            for (const double f : fractions) {
                const double got = quantiles.quantile(f), one = s.quantile(f);
                ASSERT_TRUE(std::memcmp(&got, &one, sizeof one) == 0 || (std::isnan(got) && std::isnan(one))) << f;
            }
            for (const double q : questions) ASSERT_EQ(ranks.rank(q), s.rank(q)) << q;
        }
    }
}

TEST(Kll, BoundsAreNumbersAtEveryConfidence) {
    for (const std::size_t n : {1, 100, 30000}) {
        const Image image = build(50, n, [](std::uint64_t i) { return static_cast<double>(i % 997); });
        for (const double confidence : {5e-324, 1e-300, 1e-17, 0.5, 0.9999999999999999})
            for (const double fraction : {0.0, 1e-300, 0.5, 1.0}) {
                const Bounds b = open<Kll>(image).bounds(fraction, confidence);
                EXPECT_TRUE(b.lower <= b.estimate && b.estimate <= b.upper) << confidence;
            }
    }
}

// One item of weight 2^17 in an image that claims a k of 65535: the state has room for what is there.
TEST(Kll, SmallImagesBecomeNoLargeStates) {
    Image image(kHeaderBytes + sizeof(kll::Head) + 18 * sizeof(std::uint32_t) + sizeof(double));
    const std::byte header[] = {std::byte{'K'}, std::byte{1},    std::byte{1},
                                std::byte{0},   std::byte{0xFF}, std::byte{0xFF}};
    std::memcpy(image.data(), header, sizeof header);
    store(image.data() + 8, std::uint32_t{18});
    store(image.data() + kHeaderBytes, kll::Head{0, 2.5, 2.5, 0, 0, 0});
    store(image.data() + kHeaderBytes + sizeof(kll::Head) + 17 * sizeof(std::uint32_t), std::uint32_t{1});
    store(image.data() + image.size() - sizeof(double), 2.5);
    ASSERT_EQ(Kll::check(image), Status::ok);
    Sketch<Kll> sketch(image);
    ASSERT_EQ(add_one(sketch, 1), Status::ok);
    EXPECT_LE(sketch.kernel().bytes(), 4096u);
    ASSERT_EQ(sketch.merge(image), Status::ok);
    ASSERT_EQ(sketch.merge(sketch.kernel()), Status::ok);
    EXPECT_LE(sketch.kernel().bytes(), 4096u);
    EXPECT_EQ(open<Kll>(sketch.trimmed()).values(), (std::uint64_t{1} << 19) + 2);
    Random random{7};
    for (int i = 0; i < 300000; ++i) {
        ASSERT_EQ(add_one(sketch, random.uniform()), Status::ok);
        ASSERT_LE(sketch.kernel().bytes(), std::size_t{1} << 21);
    }
    EXPECT_EQ(Kll::check(sketch.trimmed()), Status::ok);
}

// As many slots as 16 bits can say, and then levels.
TEST(Kll, TheLargestKKeepsItsExactValues) {
    Random random{8};
    std::vector<double> values;
    Sketch<Kll> sketch = sketch_of(65535, {});
    for (int i = 0; i < 65535; ++i) {
        values.push_back(random.uniform());
        add_one(sketch, values.back());
    }
    std::sort(values.begin(), values.end());
    const Image image = sketch.trimmed();
    ASSERT_TRUE(open<Kll>(image).exact());
    for (int p = 0; p <= 100; ++p) EXPECT_EQ(open<Kll>(image).quantile(p / 100.0), exact_quantile(values, p / 100.0));
    add_one(sketch, 0.5);
    EXPECT_FALSE(open<Kll>(sketch.trimmed()).exact());
    EXPECT_EQ(Kll::check(sketch.trimmed()), Status::ok);
    Sketch<Kll> stored(image);
    ASSERT_EQ(stored.merge(image), Status::ok);
    ASSERT_EQ(stored.merge(sketch.kernel()), Status::ok);
    EXPECT_EQ(open<Kll>(stored.trimmed()).values(), 3u * 65535 + 1);
    EXPECT_EQ(Kll::check(stored.trimmed()), Status::ok);
}

TEST(Kll, StateStartsSmallGrowsByDoublingAndEnds) {
    Sketch<Kll> sketch(Kll::Params{200});
    EXPECT_EQ(sketch.kernel().bytes() + kLengthWordBytes, 128u);
    Random random{4};
    for (int i = 0; i < 300000; ++i) {
        sketch.add([&](Kll& s) { return s.add(random.uniform()); });
        EXPECT_TRUE(std::has_single_bit(sketch.kernel().bytes() + kLengthWordBytes));
        EXPECT_LE(sketch.kernel().bytes() + kLengthWordBytes, 8192u);
    }
    EXPECT_LE(sketch.trimmed().size(), 5500u);
}

TEST(Kll, BuffersOfAnyLengthAreSorted) {
    Random random{5};
    for (int round = 0; round < 300; ++round)
        for (std::size_t n = 0; n <= kll::kBuffer; n += 1 + random.below(3)) {
            std::vector<double> values(n);
            const std::uint64_t kinds = random.below(5) == 0 ? 3 : 1000000;
            for (double& v : values) v = one_zero(std::fabs(item(1000 + 32 * random.below(kinds) + 4)) - 2);
            if (n > 0) values[random.below(n)] = random.below(2) ? kInfinity : -kInfinity;
            std::vector<double> sorted = values;
            std::sort(sorted.begin(), sorted.end());
            kll::sort_buffer(values.data(), n);
            ASSERT_EQ(values, sorted);
        }
}

// Every 2^s-th of a sorted run of 16, so many items for so many values, and both ends of all of them.
TEST(Kll, SamplesOfABufferHaveTheirRanks) {
    Random random{6};
    for (int round = 0; round < 2000; ++round) {
        std::vector<double> values(kll::kBuffer);
        for (double& v : values) v = random.uniform() - 0.5;
        std::vector<double> sorted = values;
        std::sort(sorted.begin(), sorted.end());
        const int shift = 1 + static_cast<int>(random.below(3));
        const std::size_t n = kll::kBuffer >> shift;
        const kll::Range range = kll::sample_buffer(values.data(), shift, random());
        ASSERT_EQ(range.least, sorted.front());
        ASSERT_EQ(range.most, sorted.back());
        ASSERT_TRUE(std::is_sorted(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(n)));
        for (std::size_t i = 0; i < n; ++i) {
            const auto rank = std::lower_bound(sorted.begin(), sorted.end(), values[i]) - sorted.begin();
            ASSERT_EQ(sorted[static_cast<std::size_t>(rank)], values[i]);
            // A run is off by less than 2^s, and there are eight.
            ASSERT_LT(std::fabs(static_cast<double>(rank) - static_cast<double>(i << shift)), 8 << shift);
        }
    }
}

}  // namespace
}  // namespace sketch::test
