// SPDX-License-Identifier: PostgreSQL
#include "hist/hist.hpp"

#include <algorithm>
#include <limits>

#include "laws.hpp"

namespace sketch::test {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kSmallest = 5e-324;
constexpr double kLargest = std::numeric_limits<double>::max();

// Every kind of double: small integers with many equals, wide ones of both signs, and the special ones.
double item(std::uint64_t i) {
    Random random{i};
    switch (i % 32) {
        case 0: return static_cast<double>(random.below(10));
        case 1: return -0.0;
        case 2: return i % 64 != 2 ? 1 : i % 128 == 2 ? kInfinity : -kInfinity;
        case 3: return i % 128 == 3 ? kNaN : i % 2048 == 35 ? kSmallest : 7;
        default: return (random.uniform() - 0.3) * std::ldexp(1.0, static_cast<int>(random.below(i < 700 ? 4 : 60)));
    }
}
double positive(Random& random, int exponents) {
    return (1 + random.uniform()) * std::ldexp(1.0, static_cast<int>(random.below(static_cast<unsigned>(exponents))));
}

Sketch<Hist> sketch_of(int bins, const std::vector<double>& values) {
    Sketch<Hist> sketch(Hist::Params{bins});
    for (const double v : values) sketch.add([v](Hist& s) { return s.add(v); });
    return sketch;
}
Image build(int bins, std::size_t n, double (*value)(std::uint64_t) = item) {
    std::vector<double> values(n);
    for (std::size_t i = 0; i < n; ++i) values[i] = value(i);
    return sketch_of(bins, values).trimmed();
}
Image with_fractions(int bins, std::size_t n) {
    const double fractions[] = {0.5, 0.99};
    Sketch<Hist> sketch(Hist::Params{bins, std::as_bytes(std::span(fractions))});
    for (std::size_t i = 0; i < n; ++i) sketch.add([i](Hist& s) { return s.add(item(i)); });
    return sketch.trimmed();
}

struct HistLaws {
    using Kernel = Hist;
    static constexpr bool kCanonical = true;
    static constexpr bool kIdempotent = false;

    static std::vector<Hist::Params> params() { return {{8192}, {1000}, {640}, {100}, {17}, {16}}; }
    static Status add(Hist& s, std::uint64_t i) { return s.add(item(i)); }
    static double read(const Hist::Reader& s) {
        if (s.values() == 0) return 0;
        double sum = static_cast<double>(s.values()) + static_cast<double>(s.nans()) + s.alpha();
        const double least = s.min(), most = s.max();
        double last = least;
        for (const double fraction : {0.0, 1e-9, 0.25, 0.5, 0.99, 1.0}) {
            const Bounds b = s.bounds(fraction);
            EXPECT_FALSE(before(b.estimate, last));
            EXPECT_FALSE(before(b.estimate, least) || before(most, b.estimate));
            EXPECT_FALSE(before(b.estimate, b.lower) || before(b.upper, b.estimate));
            const double rank = s.rank(b.upper);
            EXPECT_TRUE(rank >= 0 && rank <= 1 + 1e-9 && rank >= fraction - 1e-9) << rank;
            last = b.estimate;
            sum += rank + (std::isfinite(last) ? last : 0);
        }
        std::uint64_t counted = 0;
        s.for_each_bin([&](const hist::Bin& bin) {
            counted += bin.count;
            return true;
        });
        EXPECT_EQ(counted, s.values());
        const double total = s.total();
        return sum + (std::isfinite(total) ? total : 0);
    }
    static std::vector<std::pair<std::string, Image>> golden() {
        return {{"empty", build(640, 0)},
                {"exact", build(640, 62)},
                {"bins", build(640, 63)},
                {"collapsed", build(20, 3000)},
                {"least", build(16, 20000)},
                {"whole", build(640, 100, [](std::uint64_t i) { return static_cast<double>(i * i % 1000); })},
                {"fractions", with_fractions(64, 100)},
                {"exact_fractions", with_fractions(64, 4)}};
    }
};

INSTANTIATE_TYPED_TEST_SUITE_P(hist, Laws, HistLaws);

// --- scale.hpp -------------------------------------------------------------------------------------------------------

TEST(HistScale, EdgesArePowersOfTwo) {
    for (int s = hist::kCoarsest; s <= hist::kTableScale; ++s)
        for (hist::Index i = -2000; i <= 2000; i += s < 0 ? 1 : 7) {
            const double exact = std::exp2(std::ldexp(static_cast<double>(i), -s));
            if (exact < 1e-300 || exact > 1e300) continue;
            EXPECT_NEAR(hist::upper_edge(i, s) / exact, 1, 1e-13) << i << " at scale " << s;
        }
}

TEST(HistScale, BinsMeetAtTheirEdges) {
    Random random{1};
    for (int round = 0; round < 300000; ++round) {
        double value = std::bit_cast<double>(random() >> 1);
        if (!(value > 0) || !std::isfinite(value)) continue;
        if (round % 16 == 0) value = std::ldexp(1.0, static_cast<int>(random.below(2098)) - 1074);
        const int scale = static_cast<int>(random.below(hist::kFinest - hist::kCoarsest + 1)) + hist::kCoarsest;
        const hist::Index i = hist::coarser(hist::index_of(value), hist::kFinest - scale);
        const double low = hist::upper_edge(i - 1, scale), high = hist::upper_edge(i, scale);
        ASSERT_LT(low, value);
        ASSERT_GE(high, value);
        // The edge is the last double inside.
        ASSERT_EQ(hist::coarser(hist::index_of(high), hist::kFinest - scale), i);
        if (low >= std::numeric_limits<double>::min()) {  // below, a bin may hold no double
            ASSERT_EQ(hist::coarser(hist::index_of(low), hist::kFinest - scale), i - 1);
        }
        const double first = std::nextafter(low, kInfinity), middle = hist::middle(first, high);
        ASSERT_LE(std::fabs(middle - value), value * (hist::alpha(scale) + 4e-16) + kSmallest) << value;
    }
}

TEST(HistScale, IndexesAreMonotone) {
    Random random{2};
    for (int round = 0; round < 300000; ++round) {
        const double value = std::bit_cast<double>(random() >> 2);
        if (!(value > 0) || !std::isfinite(value)) continue;
        const hist::Index step = hist::index_of(std::nextafter(value, kInfinity)) - hist::index_of(value);
        ASSERT_TRUE(step == 0 || step == 1) << value;
    }
    EXPECT_EQ(hist::index_of(kSmallest), hist::kLowestIndex);
    EXPECT_EQ(hist::index_of(kLargest), hist::kHighestIndex);
    EXPECT_EQ(hist::index_of(1), 0);
}

// The short way to a coarse index agrees with the long one, at the edges of the table and one double beside them too.
TEST(HistScale, TableIndexIsTheCoarserIndex) {
    Random random{6};
    const auto agree = [](double value) {
        ASSERT_EQ(hist::table_index_of(value), hist::coarser(hist::index_of(value), hist::kPartBits)) << value;
    };
    for (int round = 0; round < 300000; ++round) {
        const double value = std::bit_cast<double>(random() >> 1);
        if (value > 0 && std::isfinite(value)) agree(value);
    }
    for (hist::Index i = -1000 * 256; i <= 1000 * 256; ++i) {
        const double edge = hist::upper_edge(i, hist::kTableScale);
        ASSERT_EQ(hist::table_index_of(edge), i);
        ASSERT_EQ(hist::table_index_of(std::nextafter(edge, kInfinity)), i + 1);
        agree(edge);
        agree(std::nextafter(edge, 0));
    }
    agree(kSmallest);
    agree(kLargest);
}

// --- sum.hpp --------------------------------------------------------------------------------------------------------

double sum_of(const std::vector<double>& values) {
    hist::Sum sum{};
    for (const double v : values) sum.add(v);
    sum.carry();
    return sum.value();
}

TEST(HistSum, IsExactAndRoundedOnce) {
    EXPECT_EQ(sum_of({}), 0);
    EXPECT_EQ(sum_of({0.1, 0.2}), 0.1 + 0.2);
    EXPECT_EQ(sum_of({1e300, 1, -1e300}), 1);
    EXPECT_EQ(sum_of({kLargest, kLargest}), kInfinity);
    EXPECT_EQ(sum_of({kLargest, kLargest, -kLargest}), kLargest);
    EXPECT_EQ(sum_of({-kSmallest, -kSmallest, kSmallest}), -kSmallest);
    EXPECT_EQ(sum_of({-1, kSmallest}), -1);
    EXPECT_EQ(sum_of({1, 0x1p-53}), 1);                       // a tie goes to the even one
    EXPECT_EQ(sum_of({1, 0x1p-53, kSmallest}), 1 + 0x1p-52);  // and what is more than a tie up
    EXPECT_EQ(sum_of({1 + 0x1p-52, 0x1p-53}), 1 + 0x1p-51);
    Random random{3};
    for (int round = 0; round < 2000; ++round) {
        std::vector<double> values;
        __extension__ using Wide = __int128;
        Wide whole = 0;
        for (std::uint64_t n = random.below(200); n > 0; --n) {
            const auto v = static_cast<std::int64_t>(random()) >> random.below(40);
            const auto d = static_cast<double>(v);
            values.push_back(d);
            whole += static_cast<Wide>(d);
        }
        ASSERT_EQ(sum_of(values), static_cast<double>(whole));
    }
}

TEST(HistSum, TimesIsRepeatedAddition) {
    Random random{4};
    for (int round = 0; round < 2000; ++round) {
        const double value = round == 0 ? kLargest : std::bit_cast<double>(random());
        if (!std::isfinite(value)) continue;
        const std::uint64_t times = random.below(100);
        hist::Sum once{}, often{};
        once.add_times(value, times);
        for (std::uint64_t i = 0; i < times; ++i) often.add(value);
        once.carry();
        often.carry();
        ASSERT_EQ(std::memcmp(&once, &often, sizeof once), 0);
        for (std::uint64_t i = 0; i < times; ++i) often.add(value, -1);
        often.carry();
        ASSERT_EQ(often.first(), 0);
        ASSERT_EQ(often.end(), 0);
    }
    hist::Sum most{};
    most.add_times(-kLargest, std::uint64_t{1} << 62);
    most.carry();
    EXPECT_EQ(most.value(), -kInfinity);
    EXPECT_LE(most.end(), hist::kLimbs);
}

// --- hist.hpp --------------------------------------------------------------------------------------------------------

double exact_quantile(const std::vector<double>& sorted, double fraction) {
    for (std::size_t i = 0; i < sorted.size(); ++i)
        if (static_cast<double>(i + 1) >= fraction * static_cast<double>(sorted.size())) return sorted[i];
    return sorted.back();
}

void expect_quantiles(std::vector<double> values, const Hist::Reader& s, double alpha) {
    for (double& v : values) v = canonical(v);
    std::sort(values.begin(), values.end(), before);
    for (int p = 0; p <= 1000; ++p) {
        const double want = exact_quantile(values, p / 1000.0);
        const Bounds b = s.bounds(p / 1000.0);
        if (!std::isfinite(want) || want == 0) {
            EXPECT_TRUE(b.estimate == want || (std::isnan(want) && std::isnan(b.estimate))) << p;
            continue;
        }
        EXPECT_LE(std::fabs(b.estimate - want), alpha * std::fabs(want) * (1 + 1e-12)) << p << " of " << want;
        EXPECT_TRUE(b.lower <= want && want <= b.upper) << p;
    }
}

TEST(Hist, EveryQuantileIsWithinAlpha) {
    Random random{5};
    for (const int bins : {16, 100, 640, 8192})
        for (int round = 0; round < 40; ++round) {
            std::vector<double> values(1 + random.below(2000));
            const int range = 1 + static_cast<int>(random.below(1994));  // to 1e-300 and 1e300
            for (double& v : values) {
                v = std::ldexp(1 + random.uniform(),
                               static_cast<int>(random.below(static_cast<unsigned>(range))) - range / 2);
                if (round % 2 == 0 && random.below(3) == 0) v = -v;
                if (round % 5 == 0 && random.below(20) == 0) v = item(32 * random.below(9) + random.below(4));
            }
            const Image image = sketch_of(bins, values).trimmed();
            ASSERT_EQ(Hist::check(image), Status::ok);
            const Hist::Reader s = open<Hist>(image);
            EXPECT_LE(s.alpha(), 1);
            EXPECT_EQ(s.exact(), values.size() <= 62);
            expect_quantiles(values, s, s.alpha());
        }
}

TEST(Hist, SixDecadesWithinOnePercentInTwoAndAHalfKilobytes) {
    Random random{6};
    std::vector<double> values(1000000);
    for (double& v : values) v = std::pow(10, 6 * random.uniform() - 3);
    values[0] = 1e-3;
    values[1] = 1e3;
    const Image image = sketch_of(Hist::kDefaultBins, values).trimmed();
    EXPECT_LE(open<Hist>(image).alpha(), 0.011);
    EXPECT_LE(image.size(), 2700u);
    Sketch<Hist> twice(image);  // so that counters need four bytes
    for (int i = 0; i < 8; ++i) twice.merge(twice.trimmed());
    EXPECT_LE(twice.trimmed().size(), 2700u);
    EXPECT_EQ(open<Hist>(twice.trimmed()).values(), 256000000u);
}

TEST(Hist, FromTheSmallestDoubleToTheLargest) {
    for (const bool up : {true, false}) {
        std::vector<double> values(62, up ? kSmallest : -kLargest);
        for (int i = 0; i < 500; ++i) values.push_back(i < 250 ? kSmallest : i < 400 ? kLargest : -kSmallest);
        const Image image = sketch_of(640, values).trimmed();
        EXPECT_EQ(Hist::check(image), Status::ok);
        EXPECT_EQ(open<Hist>(image).min(), up ? -kSmallest : -kLargest);
        EXPECT_EQ(open<Hist>(image).max(), kLargest);
        expect_quantiles(values, open<Hist>(image), open<Hist>(image).alpha());
    }
}

// Values that lie close together, as times of one year in seconds do, have fine bins.
TEST(Hist, NarrowDataHaveFineBins) {
    Random random{7};
    std::vector<double> values(100000);
    for (double& v : values) v = 1.7e9 + 3e7 * random.uniform();
    const Image image = sketch_of(Hist::kDefaultBins, values).trimmed();
    EXPECT_LE(open<Hist>(image).alpha(), 2.2e-5);
    expect_quantiles(values, open<Hist>(image), open<Hist>(image).alpha());
}

TEST(Hist, RanksAreExactAtEdges) {
    Random random{8};
    std::vector<double> values(5000);
    for (double& v : values) v = positive(random, 10) - 300;
    const Image image = sketch_of(200, values).trimmed();
    const Hist::Reader s = open<Hist>(image);
    s.for_each_bin([&](const hist::Bin& bin) {
        const auto upto = std::count_if(values.begin(), values.end(), [&](double v) { return v <= bin.high; });
        EXPECT_NEAR(s.rank(bin.high), static_cast<double>(upto) / 5000, 1e-12);
        return true;
    });
    EXPECT_EQ(s.rank(-1e9), 0);
    EXPECT_NEAR(s.rank(1e9), 1, 1e-12);
    EXPECT_EQ(s.rank(kNaN), 1);
}

TEST(Hist, AddTimesIsRepeatedAddition) {
    Random random{9};
    for (int round = 0; round < 500; ++round) {
        Sketch<Hist> once(Hist::Params{50}), often(Hist::Params{50});
        for (std::uint64_t n = random.below(30); n > 0; --n) {
            const double value = item(random.below(3000));
            const std::uint64_t times = 1 + random.below(round % 2 == 0 ? 4 : 100);
            ASSERT_EQ(once.add([&](Hist& s) { return s.add(value, times); }), Status::ok);
            for (std::uint64_t i = 0; i < times; ++i) often.add([&](Hist& s) { return s.add(value); });
        }
        ASSERT_TRUE(once.trimmed() == often.trimmed());
    }
}

Status add_one(Sketch<Hist>& sketch, double value) {
    return sketch.add([&](Hist& s) { return s.add(value); });
}

TEST(Hist, CountsUpToTheLimitAndNoFurther) {
    Sketch<Hist> sketch(Hist::Params{640});
    const std::uint64_t half = kMaxValues / 2;
    EXPECT_EQ(sketch.add([&](Hist& s) { return s.add(3.5, half); }), Status::ok);
    EXPECT_EQ(sketch.merge(sketch.trimmed()), Status::ok);
    const Image image = sketch.trimmed();
    EXPECT_EQ(Hist::check(image), Status::ok);
    EXPECT_EQ(open<Hist>(image).values(), kMaxValues);
    EXPECT_EQ(open<Hist>(image).total(), 3.5 * 0x1p62);
    EXPECT_EQ(sketch.merge(image), Status::overflow);
    EXPECT_EQ(sketch.add([](Hist& s) { return s.add(1, 1); }), Status::overflow);
    EXPECT_EQ(add_one(sketch, 1), Status::overflow);
    Sketch<Hist> reopened(image);
    EXPECT_EQ(add_one(reopened, 1), Status::overflow);
    EXPECT_TRUE(reopened.trimmed() == image);
    EXPECT_EQ(reopened.merge(build(640, 0)), Status::ok);
    EXPECT_EQ(reopened.merge(build(640, 1)), Status::overflow);
}

// hist_add(hist_add(NULL, 1, 2^62), 1) wrote an image that no check let in again. Whatever counts, single values are
// taken until there are 2^62: by a working state, by one that was stored, and where some wait when others are merged.
TEST(Hist, EachCounterMeetsTheLimit) {
    for (const double many : {1.0, 0.0, -2.5, kInfinity, -kInfinity, kNaN})
        for (const double few : {1.0, 0.0, -7e5, kInfinity, kNaN})
            for (const std::uint64_t left : {0, 1, 5, 127, 128, 129, 300})
                for (const bool stored : {false, true}) {
                    Sketch<Hist> sketch(Hist::Params{640});
                    for (int i = 0; i < 3; ++i) ASSERT_EQ(add_one(sketch, few), Status::ok);
                    const std::uint64_t times = kMaxValues - 3 - left;
                    ASSERT_EQ(sketch.add([&](Hist& s) { return s.add(many, times); }), Status::ok);
                    if (stored) sketch = Sketch<Hist>(sketch.trimmed());
                    for (std::uint64_t i = 0; i < left; ++i) ASSERT_EQ(add_one(sketch, few), Status::ok) << i;
                    ASSERT_EQ(add_one(sketch, few), Status::overflow);
                    ASSERT_EQ(add_one(sketch, kNaN), Status::overflow);
                    ASSERT_EQ(Hist::check(sketch.trimmed()), Status::ok);
                    ASSERT_EQ(open<Hist>(sketch.trimmed()).values(), kMaxValues);
                }
}

TEST(Hist, MergesMeetTheLimitWithValuesWaiting) {
    Random random{12};
    for (int round = 0; round < 300; ++round) {
        Sketch<Hist> a(Hist::Params{64}), b(Hist::Params{64});
        const std::uint64_t mine = random.below(200), theirs = random.below(200), left = random.below(3);
        const std::uint64_t times = kMaxValues - mine - theirs - left;
        for (std::uint64_t i = 0; i < mine; ++i) add_one(a, item(i));
        for (std::uint64_t i = 0; i < theirs; ++i) add_one(b, item(i));
        Sketch<Hist>& heavy = random.below(2) ? a : b;
        ASSERT_EQ(heavy.add([&](Hist& s) { return s.add(2, times); }), Status::ok);
        ASSERT_EQ(random.below(2) ? a.merge(b.kernel()) : a.merge(b.trimmed()), Status::ok);
        for (std::uint64_t i = 0; i < left; ++i) ASSERT_EQ(add_one(a, 3), Status::ok);
        ASSERT_EQ(add_one(a, 3), Status::overflow);
        ASSERT_EQ(a.merge(build(64, 1)), Status::overflow);
        ASSERT_EQ(Hist::check(a.trimmed()), Status::ok);
        ASSERT_EQ(open<Hist>(a.trimmed()).values(), kMaxValues);
        // What is taken out makes room again.
        Hist::Removed removed{};
        a.add([&](Hist& s) {
            removed = s.remove(2);
            return removed == Hist::Removed::no_room ? Status::no_room : Status::ok;
        });
        if (removed == Hist::Removed::yes) {
            ASSERT_EQ(add_one(a, 4), Status::ok);
            ASSERT_EQ(add_one(a, 4), Status::overflow);
        }
    }
}

// Zeros, NaNs and both infinities of 2^62 each wrapped to a total of 100.
TEST(Hist, CountersThatWrapAreRejected) {
    const Image image = sketch_of(640, std::vector<double>(100, 1.0)).trimmed();
    const auto with_counts = [&](std::uint64_t zeros, std::uint64_t nans, std::uint64_t low, std::uint64_t high) {
        Image changed = image;
        auto h = load<hist::StoredHead>(changed.data() + kHeaderBytes);
        h.zeros = zeros;
        h.nans = nans;
        h.low_infinities = low;
        h.infinities = high;
        if (low != 0)
            h.min = -kInfinity;
        else if (zeros != 0)
            h.min = 0;
        if (high != 0) h.max = kInfinity;
        store(changed.data() + kHeaderBytes, h);
        return Hist::check(changed);
    };
    EXPECT_EQ(with_counts(5, 6, 7, 8), Status::ok);
    EXPECT_EQ(with_counts(kMaxValues, kMaxValues, kMaxValues, kMaxValues), Status::bad_content);
    EXPECT_EQ(with_counts(kMaxValues - 100, 0, 0, 0), Status::ok);
    EXPECT_EQ(with_counts(kMaxValues - 99, 0, 0, 0), Status::bad_content);
    EXPECT_EQ(with_counts(0, ~std::uint64_t{0} - 50, 0, 0), Status::bad_content);
    EXPECT_EQ(with_counts(~std::uint64_t{0}, 1, 0, 0), Status::bad_content);
    EXPECT_EQ(with_counts(std::uint64_t{1} << 63, std::uint64_t{1} << 63, 0, 0), Status::bad_content);
}

// --- many questions --------------------------------------------------------------------------------------------------

// By definition: one question, all bins.
Bounds bounds_by_all_bins(const Hist::Reader& s, double fraction) {
    std::uint64_t row = row_of(fraction, s.values());
    if (!s.exact() && row <= s.values() - s.nans()) {
        if (row <= 1) return {s.min(), s.min(), s.min()};
        double most = s.max();
        if (s.nans() != 0)
            s.for_each_bin([&](const hist::Bin& bin) {
                if (!std::isnan(bin.low)) most = bin.high;
                return true;
            });
        if (row == s.values() - s.nans()) return {most, most, most};
    }
    Bounds found{};
    s.for_each_bin([&](const hist::Bin& bin) {
        if (row <= bin.count) {
            found = {bin.low, bin.middle(), bin.high};
            return false;
        }
        row -= bin.count;
        return true;
    });
    return found;
}
double rank_by_all_bins(const Hist::Reader& s, double value) {
    if (std::isnan(value)) return 1;
    double below = 0;
    s.for_each_bin([&](const hist::Bin& bin) {
        if (std::isnan(bin.low) || bin.low > value) return false;
        const double share = bin.high <= value ? 1 : (value - bin.low) / (bin.high - bin.low);
        below += share * static_cast<double>(bin.count);
        return true;
    });
    return below / static_cast<double>(s.values());
}

bool same_bits(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0 || (std::isnan(a) && std::isnan(b)); }

TEST(Hist, OnePassAnswersAsOneByOne) {
    Random random{13};
    for (int round = 0; round < 200; ++round) {
        const int bins = round % 3 == 0 ? 16 : round % 3 == 1 ? 640 : 8192;
        std::vector<double> values(1 + random.below(round % 2 == 0 ? 62 : 3000));
        for (double& v : values) {
            v = item(random.below(100000));
            if (round % 5 == 0) v = std::fabs(v);
            if (round % 7 == 0) v = -std::fabs(v);
            if (round % 4 == 0 && !std::isfinite(v)) v = 0;
        }
        Sketch<Hist> sketch = sketch_of(bins, values);
        if (round % 6 == 1) sketch.add([](Hist& s) { return s.add(3, 70000); });  // wider counters
        if (round % 6 == 3) sketch.add([](Hist& s) { return s.add(3, 5000000000); });
        const Image image = sketch.trimmed();
        const Hist::Reader s = open<Hist>(image);
        std::vector<double> fractions{0, 0, 1, 1}, questions{kNaN, kInfinity, -kInfinity, 0, kSmallest, -kLargest};
        for (int i = 0; i < 300; ++i) {
            fractions.push_back(random.uniform());
            questions.push_back(random.below(2) ? values[random.below(values.size())] : item(random.below(100000)));
        }
        s.for_each_bin([&](const hist::Bin& bin) {  // edges, and one double beside them
            for (const double edge : {bin.low, bin.high}) {
                questions.push_back(edge);
                questions.push_back(std::nextafter(edge, kInfinity));
                questions.push_back(std::nextafter(edge, -kInfinity));
            }
            return questions.size() < 2000;
        });
        std::sort(fractions.begin(), fractions.end());
        std::sort(questions.begin(), questions.end(), before);
        Hist::Reader::Cursor quantiles(s), ranks(s);
        for (const double f : fractions) {
            const Bounds got = quantiles.bounds(f), one = s.bounds(f), want = bounds_by_all_bins(s, f);
            ASSERT_TRUE(same_bits(got.estimate, one.estimate) && same_bits(got.lower, one.lower) &&
                        same_bits(got.upper, one.upper));
            ASSERT_TRUE(same_bits(got.estimate, want.estimate) && same_bits(got.lower, want.lower) &&
                        same_bits(got.upper, want.upper))
                << f;
        }
        for (const double q : questions) {
            const double got = ranks.rank(q);
            ASSERT_TRUE(same_bits(got, s.rank(q))) << q;
            ASSERT_TRUE(same_bits(got, rank_by_all_bins(s, q))) << q;
        }
    }
}

TEST(Hist, BinsEndWhereTheVisitorSaysSo) {
    for (const std::size_t n : {60, 5000}) {
        const Image image = build(640, n);
        int visited = 0;
        open<Hist>(image).for_each_bin([&](const hist::Bin&) { return ++visited < 3; });
        EXPECT_EQ(visited, 3);
    }
}

// Where all values are whole numbers, a bin stands for the whole numbers in it: the answer of a bin with one of them is
// that number. A single value with a fraction ends that; and where it is taken out again, it is as if it never came.
TEST(Hist, WholeNumbersComeBackWhole) {
    Random random{21};
    int removed = 0;
    for (const int bins : {16, 160, 640, 8192})
        for (const double most : {100.0, 601.0, 5000.0, 1e6}) {
            std::vector<double> values(4000);
            for (double& v : values) v = std::floor(random.uniform() * most - (bins == 160 ? most / 2 : 0));
            values[0] = 0;
            std::vector<double> sorted = values;
            std::sort(sorted.begin(), sorted.end());
            Sketch<Hist> sketch = sketch_of(bins, values);
            const Image image = sketch.trimmed();
            const auto s = open<Hist>(image);
            int certain = 0;
            for (std::size_t row = 1; row <= values.size(); row += 7) {
                const double truth = sorted[row - 1];
                const Bounds b = s.bounds((static_cast<double>(row) - 0.5) / static_cast<double>(values.size()));
                ASSERT_TRUE(b.lower <= truth && truth <= b.upper);
                ASSERT_EQ(b.lower, std::floor(b.lower));
                ASSERT_EQ(b.upper, std::floor(b.upper));
                ASSERT_TRUE(b.lower <= b.estimate && b.estimate <= b.upper);
                ASSERT_LE(std::fabs(b.estimate - truth), s.alpha() * std::fabs(truth) * (1 + 1e-12));
                if (b.lower == b.upper) {
                    ++certain;
                    ASSERT_EQ(b.estimate, truth);
                }
            }
            if (bins >= 640 && most <= 601) {
                EXPECT_GE(certain, 100);
            }
            if (bins == 8192 && most <= 601) {
                EXPECT_EQ(certain, 572);
            }
            // The set of values alone decides, whatever came, was merged and went.
            sketch.add([&](Hist& h) { return h.add(1.5); });
            const Image mixed = sketch.trimmed();
            EXPECT_FALSE(mixed == image);
            EXPECT_EQ(open<Hist>(mixed).bounds(0).lower, sorted[0]);
            Hist::Removed gone{};
            sketch.add([&](Hist& h) {
                gone = h.remove(1.5);
                return gone == Hist::Removed::no_room ? Status::no_room : Status::ok;
            });
            EXPECT_TRUE(gone == Hist::Removed::no || sketch.trimmed() == image);
            removed += gone == Hist::Removed::yes;
            const std::vector<double> half(values.begin(), values.begin() + 2000),
                rest(values.begin() + 2000, values.end());
            Sketch<Hist> merged(sketch_of(bins, half).trimmed());
            ASSERT_EQ(merged.merge(sketch_of(bins, rest).trimmed()), Status::ok);
            EXPECT_TRUE(merged.trimmed() == image);
            Sketch<Hist> one(mixed);
            ASSERT_EQ(one.merge(image), Status::ok);
            Sketch<Hist> other(image);
            ASSERT_EQ(other.merge(mixed), Status::ok);
            EXPECT_TRUE(one.trimmed() == other.trimmed());
        }
    EXPECT_GE(removed, 8);
}

// The claim that all are whole is checked at the door.
TEST(Hist, ImagesThatClaimWholeNumbersHoldThem) {
    std::vector<double> values(100);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = 1 + static_cast<double>(i) / 16;
    Image image = sketch_of(8192, values).trimmed();
    ASSERT_EQ(Hist::check(image), Status::ok);
    ASSERT_EQ(image[kHeaderBytes + 3], std::byte{0});
    image[kHeaderBytes + 3] = std::byte{1};
    EXPECT_EQ(Hist::check(image), Status::bad_content);
    image[kHeaderBytes + 3] = std::byte{2};
    EXPECT_EQ(Hist::check(image), Status::bad_content);
}

// --- sizes -----------------------------------------------------------------------------------------------------------

// What an image asks its host for is bounded, whatever it claims.
TEST(Hist, SmallImagesBecomeNoLargeStates) {
    for (const std::size_t n : {0, 1, 63}) {
        const Image image = sketch_of(Hist::kMaxBins, std::vector<double>(n, 1.5)).trimmed();
        ASSERT_LT(image.size(), 100u);
        Sketch<Hist> sketch(image);
        ASSERT_EQ(add_one(sketch, 1.5), Status::ok);
        EXPECT_LE(sketch.kernel().bytes(), 4096u);
        ASSERT_EQ(sketch.merge(image), Status::ok);
        EXPECT_LE(sketch.kernel().bytes(), 128u << 10);
        EXPECT_LE(sketch.kernel().settle_bytes(), 128u << 10);
    }
}

// --- taking out ------------------------------------------------------------------------------------------------------

// What remove() takes out leaves the bytes of a sketch that never had it; where it declines, nothing is claimed.
TEST(Hist, RemovingIsNeverHavingAdded) {
    Random random{10};
    int removed = 0, declined = 0;
    for (int round = 0; round < 150; ++round) {
        const int bins = round % 3 == 0 ? 20 : 640;
        const std::size_t frame = 1 + random.below(round % 2 == 0 ? 50 : 400);
        std::vector<double> values(frame + 300);
        for (double& v : values) v = round % 4 == 0 ? 1 + random.uniform() * 1e-5 : item(random.below(100000));
        Sketch<Hist> sketch = sketch_of(bins, {});
        std::size_t first = 0;
        for (std::size_t next = 0; next < values.size(); ++next) {
            sketch.add([&](Hist& s) { return s.add(values[next]); });
            if (next - first < frame) continue;
            Hist::Removed answer{};
            sketch.add([&](Hist& s) {
                answer = s.remove(values[first]);
                return answer == Hist::Removed::no_room ? Status::no_room : Status::ok;
            });
            ++first;
            const Sketch<Hist> rest = sketch_of(bins, {values.begin() + static_cast<std::ptrdiff_t>(first),
                                                       values.begin() + static_cast<std::ptrdiff_t>(next + 1)});
            if (answer == Hist::Removed::yes) {
                ++removed;
                ASSERT_TRUE(sketch.trimmed() == rest.trimmed());
            } else {
                ++declined;
                sketch = rest;  // as the executor, which adds the rows of the frame anew
            }
        }
    }
    EXPECT_GT(removed, 20 * declined);
}

// Anybody may ask for values that never came in. What is left is some histogram, and is let in again.
TEST(Hist, RemovingWhatNeverCameLeavesAnImage) {
    Random random{14};
    for (int round = 0; round < 400; ++round) {
        const int bins = round % 3 == 0 ? 16 : round % 3 == 1 ? 64 : 8192;
        const int kinds = 1 + static_cast<int>(random.below(6));
        const auto value = [&] {
            if (random.below(20) == 0) return random.below(2) ? kNaN : random.below(2) ? kInfinity : -kInfinity;
            const double v =
                std::ldexp(1 + random.uniform(), static_cast<int>(random.below(static_cast<unsigned>(kinds))));
            if (round % 5 == 0)
                return std::floor(v * (random.below(30) == 0 ? 2 : 1) + 0.5) /
                       (random.below(30) == 0 ? 2 : 1);  // most are whole
            return round % 4 == 0 ? v : random.below(10) == 0 ? 0 : random.below(2) ? -v : v;
        };
        std::vector<double> values(64 + random.below(1000));
        for (double& v : values) v = value();
        Sketch<Hist> sketch = sketch_of(bins, values);
        for (int i = 0; i < 1000; ++i) {
            const double gone = random.below(3) == 0 ? values[random.below(values.size())] : value();
            sketch.add(
                [&](Hist& s) { return s.remove(gone) == Hist::Removed::no_room ? Status::no_room : Status::ok; });
            if (i % 50 != 0) continue;
            const Image image = sketch.trimmed();
            ASSERT_EQ(Hist::check(image), Status::ok) << round;
            Sketch<Hist> merged(image);
            ASSERT_EQ(merged.merge(sketch.kernel()), Status::ok);
            ASSERT_EQ(Hist::check(merged.trimmed()), Status::ok);
            if (random.below(8) == 0) sketch = Sketch<Hist>(image);
        }
    }
}

// 100 ones; the limb of their sum stands behind the head of the stored form.
TEST(Hist, ASumBeyondItsValuesIsRejected) {
    const Image image = sketch_of(640, std::vector<double>(100, 1.0)).trimmed();
    const auto with_sum = [&](std::uint32_t sum) {
        Image changed = image;
        store(changed.data() + kHeaderBytes + sizeof(hist::StoredHead), sum << 18);
        return Hist::check(changed);
    };
    EXPECT_EQ(with_sum(100), Status::ok);
    EXPECT_EQ(open<Hist>(image).total(), 100);
    EXPECT_EQ(with_sum(101), Status::bad_content);
    EXPECT_EQ(with_sum(-100u), Status::ok);  // as far as the check can tell
    EXPECT_EQ(with_sum(-101u), Status::bad_content);
}

TEST(Hist, FractionsTravelWithTheState) {
    Image image = with_fractions(640, 5000);
    EXPECT_EQ(Hist::check(image), Status::ok);
    const Image plain = build(640, 5000);
    for (const Image& other : {with_fractions(640, 30), plain, build(640, 5)}) {
        Sketch<Hist> sketch(image);
        ASSERT_EQ(sketch.merge(other), Status::ok);
        image = sketch.trimmed();
        ASSERT_EQ(Hist::check(image), Status::ok);
        ASSERT_EQ(open<Hist>(image).fractions(), 2u);
        EXPECT_EQ(open<Hist>(image).fraction(0), 0.5);
        EXPECT_EQ(open<Hist>(image).fraction(1), 0.99);
    }
    EXPECT_EQ(open<Hist>(image).values(), 10035u);
    Image outside = with_fractions(640, 3);
    const double wrong = 1.5;
    std::memcpy(outside.data() + outside.size() - 2 * sizeof wrong, &wrong, sizeof wrong);
    EXPECT_EQ(Hist::check(outside), Status::bad_content);
}

TEST(Hist, StateStartsSmallAndGrowsByDoubling) {
    Sketch<Hist> sketch(Hist::Params{640});
    EXPECT_EQ(sketch.kernel().bytes() + kLengthWordBytes, 128u);
    Random random{11};
    for (int i = 0; i < 100000; ++i) {
        sketch.add([&](Hist& s) { return s.add(std::exp(12 * random.uniform())); });
        EXPECT_TRUE(std::has_single_bit(sketch.kernel().bytes() + kLengthWordBytes));
        EXPECT_LE(sketch.kernel().bytes() + kLengthWordBytes, 8192u);
    }
}

}  // namespace
}  // namespace sketch::test
