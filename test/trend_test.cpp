// SPDX-License-Identifier: PostgreSQL
#include "trend/trend.hpp"

#include <cmath>
#include <map>
#include <string>

#include "laws.hpp"

namespace sketch::test {
namespace {

constexpr std::int64_t kDay = Trend::kDay, kStart = 8000 * kDay;

Item text(const std::string& s) { return Item::of(ItemKind::text, s.data(), s.size()); }

// Every reader, folded into one number.
double read_all(const Trend::Reader& s) {
    double sum = 0;
    for (int t = 0; t < s.scales(); ++t) {
        const double now = s.decay_to(s.latest(), t), later = s.decay_to(s.latest() + kDay, t);
        EXPECT_LE(later, now);
        EXPECT_EQ(s.decay_to(Trend::kFirst, t), now);
        sum += now * (s.total(t) + 3 * s.floor(t));
        std::vector<std::uint32_t> order(s.entries());
        s.rank(order, t);
        double place = 1;
        for (const std::uint32_t i : order) {
            EXPECT_LE(s.lower(i, t), s.upper(i, t));
            EXPECT_EQ(s.find(s.item(i)), i);
            EXPECT_FALSE(std::isnan(s.burst(i).strength));
            sum += now * (place++ * s.estimate(i, t) + s.upper(i, t));
        }
    }
    return sum;
}

struct TrendLaws {
    using Kernel = Trend;
    static constexpr bool kCanonical = false;
    static constexpr bool kIdempotent = false;

    static std::vector<Trend::Params> params() {
        return {{1, {kDay}, 300, kDay}, {1, {kDay}, 16, kDay}, {1, {kDay}, 1, kDay}};
    }
    // Half a year of events, every ninth of them late.
    static Status add(Trend& s, std::uint64_t i) {
        Random random{i};
        const std::string item = "item " + std::to_string(static_cast<int>(3 / (random.uniform() + 0.002)));
        const std::int64_t late = i % 9 == 0 ? static_cast<std::int64_t>(random.below(100)) * kDay : 0;
        const Status status =
            s.add(text(item), kStart + static_cast<std::int64_t>(i) * kDay / 100 - late, static_cast<double>(i % 3));
        return status == Status::unlike_items ? Status::ok : status;
    }
    static double read(const Trend::Reader& s) { return read_all(s); }

    template <class Room>
    static Image build(Trend::Params params, std::uint64_t n) {
        Sketch<Trend> sketch(params);
        for (std::uint64_t i = 0; i < n; ++i) sketch.add([i](Trend& s) { return Room::add(s, i); });
        return sketch.trimmed();
    }
    static std::vector<std::pair<std::string, Image>> golden() {
        return {{"empty", build<TrendLaws>(params()[0], 0)},
                {"exact", build<TrendLaws>(params()[0], 30)},
                {"pruned", build<TrendLaws>(params()[1], 2000)}};
    }
};
INSTANTIATE_TYPED_TEST_SUITE_P(trend, Laws, TrendLaws);

// Four scales. While there are at most k items, and all sums are free of rounding, the bytes depend on the events
// alone.
struct TrendExactLaws : TrendLaws {
    static constexpr bool kCanonical = true;

    static std::vector<Trend::Params> params() {
        const auto with = [](std::uint32_t k) {
            return Trend::Params{4, {kDay, 2 * kDay, 4 * kDay, 8 * kDay}, k, kDay};
        };
        return {with(500), with(128), with(97)};
    }
    static Status add(Trend& s, std::uint64_t i) {
        const Status status =
            s.add(Item::of(static_cast<std::int64_t>(i * i % 193)),
                  kStart + static_cast<std::int64_t>(i % 4) * 8 * kDay, static_cast<double>(1 + i % 2));
        return status == Status::unlike_items ? Status::ok : status;
    }
    static std::vector<std::pair<std::string, Image>> golden() {
        return {{"empty", build<TrendExactLaws>(params()[1], 0)}, {"scales", build<TrendExactLaws>(params()[1], 40)}};
    }
};
INSTANTIATE_TYPED_TEST_SUITE_P(trend_scales, Laws, TrendExactLaws);

TEST(Decay, PowersOfTwo) {
    Random random{1};
    for (int i = 0; i < 1000000; ++i) {
        const double x = random.uniform();
        ASSERT_NEAR(trend::exp2_fraction(x) / std::exp2(x), 1, 5e-16);
    }
    EXPECT_EQ(trend::exp2_fraction(0), 1);
    for (int i = 0; i < 16; ++i) EXPECT_EQ(trend::exp2_fraction(i / 16.0), std::exp2(i / 16.0));
}

TEST(Decay, MomentsAreExact) {
    Random random{2};
    for (int i = 0; i < 1000000; ++i) {
        const std::int64_t span = std::int64_t{1} << random.below(63);
        std::int64_t at = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(span)) - span / 50;
        if (i % 5 == 0) at = i % 2 ? Trend::kFirst : Trend::kEnd - 1;
        const std::int64_t h =
            Trend::kSecond + static_cast<std::int64_t>(random.below(std::uint64_t{1} << random.below(54)));
        const trend::Moment m = trend::HalfLife(h).moment(at);
        ASSERT_GE(m.rest, 0);
        ASSERT_LT(m.rest, h);
        ASSERT_TRUE(static_cast<__int128>(m.whole) * h + m.rest == at);
    }
}

// The shortest and the longest half-lives, moments at both ends of time, the lightest and the heaviest weights, in any
// order: what comes out is an image, numbers and no NaN, and the newest event is there.
TEST(Trend, Edges) {
    const std::int64_t moments[] = {Trend::kFirst, 0, kStart, kStart + 1, kStart + 365 * kDay, Trend::kEnd - 1};
    for (const std::int64_t half_life : {Trend::kSecond, kDay, Trend::kMaxDuration - kDay})
        for (std::uint64_t seed = 0; seed < 30; ++seed) {
            Random random{seed};
            Sketch<Trend> a(Trend::Params{2, {half_life, half_life + kDay}, 9, kDay}), b(a.trimmed());
            std::int64_t newest = Trend::kNever;
            for (int i = 0; i < 200; ++i) {
                const std::int64_t at = moments[random.below(6)];
                const double weight = random.below(3) == 0 ? Trend::kMinWeight : random.below(2) ? 1 : 1e100;
                newest = std::max(newest, at);
                (random.below(2) ? a : b).add([&](Trend& s) {
                    return s.add(Item::of(static_cast<std::int64_t>(random.below(20))), at, weight);
                });
            }
            ASSERT_EQ(a.merge(b.kernel()), Status::ok);
            const Image image = a.trimmed();
            ASSERT_EQ(Trend::check(image), Status::ok);
            const Trend::Reader s = open<Trend>(image);
            EXPECT_EQ(s.latest(), newest);
            EXPECT_TRUE(std::isfinite(read_all(s)));
            for (int t = 0; t < 2; ++t)
                for (const std::int64_t as_of : moments) EXPECT_TRUE(std::isfinite(s.floor(t) * s.decay_to(as_of, t)));
        }
}

}  // namespace
}  // namespace sketch::test
