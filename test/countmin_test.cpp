// SPDX-License-Identifier: PostgreSQL
#include "countmin/countmin.hpp"

#include <map>

#include "core/xxh3.hpp"
#include "laws.hpp"

namespace sketch::test {
namespace {

using Reader = CountMin::Reader;

std::uint64_t hash_of(std::uint64_t i) { return hash_int64(static_cast<std::int64_t>(i)); }

constexpr CountMin::Params kDefault{12, 5, false};

using Stream = std::vector<std::pair<std::uint64_t, std::int64_t>>;  // values and weights

std::uint64_t key_of(CountMin::Params params, std::uint64_t value) {
    return params.ranges ? countmin::biased_key(static_cast<std::int64_t>(value)) : hash_of(value);
}

Sketch<CountMin> sketch_of(CountMin::Params params, const Stream& stream) {
    Sketch<CountMin> sketch(params);
    for (const auto& [value, weight] : stream)
        EXPECT_EQ(sketch.add([&, v = value, w = weight](CountMin& s) { return s.add(key_of(params, v), w); }),
                  Status::ok);
    return sketch;
}
Image build(CountMin::Params params, const Stream& stream) { return sketch_of(params, stream).trimmed(); }

Stream ones(std::uint64_t first, std::uint64_t n) {
    Stream stream;
    for (std::uint64_t i = first; i < first + n; ++i) stream.emplace_back(i, 1);
    return stream;
}

Image merged(const Image& a, const Image& b) {
    Sketch<CountMin> sketch(a);
    EXPECT_EQ(sketch.merge(b), Status::ok);
    return sketch.trimmed();
}
// The trimmed difference, and what the kernel said.
std::pair<Image, Status> subtracted(const Image& a, const Image& b) {
    const CountMin other{std::span<const std::byte>(b)};
    const CountMin from{std::span<const std::byte>(a)};
    Room room(std::max(from.subtract_bytes(other), a.size()));
    CountMin s = from.relay(room.span());
    const Status status = s.subtract(other);
    if (status != Status::ok) return {{}, status};
    Room settled(s.settle_bytes());
    CountMin whole = s.relay(settled.span());
    whole.settle();
    Room out(whole.trimmed_bytes());
    const std::size_t bytes = whole.trim(out.span());
    return {Image(out.span().begin(), out.span().begin() + static_cast<std::ptrdiff_t>(bytes)), status};
}
Image difference(const Image& a, const Image& b) {
    const auto [image, status] = subtracted(a, b);
    EXPECT_EQ(status, Status::ok);
    EXPECT_EQ(CountMin::check(image), Status::ok);
    return image;
}

// Calls every reader, and checks what must hold of any image.
double read_all(const Reader& answers) {
    double sum = 0;
    for (std::uint64_t i = 0; i < 8; ++i) {
        const countmin::Count c = answers.count_bounds(hash_of(i), 0.95);
        EXPECT_LE(c.lower, c.estimate);
        EXPECT_LE(c.estimate, c.upper);
        sum += static_cast<double>(c.estimate);
    }
    if (const std::size_t bytes = answers.unpacked_bytes(); bytes != 0) {
        Room cells(bytes);
        answers.unpack(cells.span().data());
        Reader unpacked = answers;
        unpacked.read_unpacked(cells.span().data());
        for (std::uint64_t i = 0; i < 64; ++i) EXPECT_EQ(unpacked.count(hash_of(i)), answers.count(hash_of(i)));
        EXPECT_TRUE(!answers.ranges() || unpacked.range(-3, 1000) == answers.range(-3, 1000));
    }
    if (answers.ranges()) {
        const countmin::Count c = answers.range_bounds(-3, 1000, 0.9);
        EXPECT_LE(c.lower, c.estimate);
        EXPECT_LE(c.estimate, c.upper);
        if (answers.total() > 0)
            sum += static_cast<double>(answers.quantile(0.5)) + static_cast<double>(answers.range(INT64_MIN, 5));
    } else {
        const Bounds join = answers.join_bounds(answers, 0.95);
        EXPECT_LE(join.lower, join.estimate);
        EXPECT_LE(join.estimate, join.upper);
    }
    return sum;
}

struct CountMinLaws {
    using Kernel = CountMin;
    static constexpr bool kCanonical = true;
    static constexpr bool kIdempotent = false;

    static std::vector<CountMin::Params> params() {
        return {{14, 7, false}, {12, 5, false}, {9, 5, false}, {8, 4, false}, {5, 4, false}, {3, 2, false}};
    }
    // Values that come often, once, and with weights that need wider cells; some are removed.
    static Status add(CountMin& s, std::uint64_t i) {
        const std::int64_t weight = i % 97 == 96 ? 40000 : i % 11 == 10 ? -1 : 1 + static_cast<std::int64_t>(i % 3);
        return s.add(hash_of(i % 5 == 0 ? i % 64 : i), weight);
    }
    static double read(const Reader& s) { return read_all(s); }
    static std::vector<std::pair<std::string, Image>> golden() {
        Stream wide = ones(0, 300);
        wide.emplace_back(7, std::int64_t{1} << 40);
        Stream below = ones(0, 300);
        below.emplace_back(8, -5);
        const CountMin::Params ranges{6, 2, true};
        const auto minus = [](std::int64_t value) { return static_cast<std::uint64_t>(-value); };
        return {{"empty", build(kDefault, {})},
                {"list", build(kDefault, ones(0, 10))},
                {"removed", build(kDefault, {{1, 5}, {1, -2}, {2, -1}})},
                {"table1", build({6, 2, false}, ones(0, 300))},
                {"table2", build({4, 3, false}, ones(0, 3000))},
                {"table8", build({4, 2, false}, wide)},
                {"below", build({8, 2, false}, below)},
                {"deep", build({5, 7, false}, ones(0, 100))},
                {"range_list", build(ranges, {{1, 2}, {minus(7), 1}, {std::uint64_t{1} << 63, 3}})},
                {"range_table", build(ranges, ones(minus(50), 100))}};
    }
};

struct RangeLaws : CountMinLaws {
    static std::vector<CountMin::Params> params() { return {{10, 6, true}, {8, 3, true}, {4, 3, true}}; }
    static Status add(CountMin& s, std::uint64_t i) {
        const auto value = static_cast<std::int64_t>(i % 5 == 0 ? i % 64 : i * i) - 1000;
        return s.add(countmin::biased_key(value), i % 97 == 96 ? 4000 : i % 11 == 10 ? -1 : 2);
    }
};
using BothLaws = testing::Types<CountMinLaws, RangeLaws>;
INSTANTIATE_TYPED_TEST_SUITE_P(countmin, Laws, BothLaws);

// A stream of updates against a map of counts.
struct Truth {
    std::map<std::uint64_t, std::int64_t> counts;
    void add(const Stream& stream) {
        for (const auto& [value, weight] : stream) counts[value] += weight;
    }
};

TEST(CountMin, ExactWhileListed) {
    Random random{20};
    for (int round = 0; round < 300; ++round) {
        const CountMin::Params params{3 + static_cast<int>(random.below(14)), 1 + static_cast<int>(random.below(6)),
                                      round % 3 == 0};
        const std::uint64_t distinct =
            1 + random.below(static_cast<std::uint64_t>(countmin::list_limit(params.lg_width)));
        Stream stream;
        for (std::uint64_t i = 0; i < 3 * distinct; ++i)
            stream.emplace_back(random.below(distinct), static_cast<std::int64_t>(random.below(1000)) - 300);
        Truth truth;
        truth.add(stream);
        const Image image = build(params, stream);
        const Reader answers = open<CountMin>(image);
        if (!answers.exact()) continue;
        for (std::uint64_t i = 0; i < distinct + 10; ++i) {
            const auto known = truth.counts.find(i);
            const std::int64_t count = known == truth.counts.end() ? 0 : known->second;
            const countmin::Count c = answers.count_bounds(hash_of(i), 0.95);
            ASSERT_EQ(c.estimate, count);
            ASSERT_EQ(c.lower, count);
            ASSERT_EQ(c.upper, count);
        }
    }
}

// Up to half of the cells of the IBLT, the list comes apart; the rare sets of values that do not stay a table.
TEST(CountMin, FewValuesAreListed) {
    Random random{21};
    int tables = 0;
    for (int round = 0; round < 2000; ++round) tables += open<CountMin>(build(kDefault, ones(random(), 64))).is_table();
    EXPECT_LE(tables, 12);
    EXPECT_TRUE(open<CountMin>(build(kDefault, ones(0, 65))).is_table());
    for (std::uint64_t n = 0; n < 60; ++n) EXPECT_FALSE(open<CountMin>(build(kDefault, ones(0, n))).is_table()) << n;
}

TEST(CountMin, DifferenceIsTheRestByteForByte) {
    Random random{22};
    for (const bool ranges : {false, true})
        for (const int lg : {3, 7, 10, 12})
            for (const std::uint64_t n : {1, 10, 60, 200, 3000})
                for (const std::uint64_t keep : {std::uint64_t{0}, std::uint64_t{1}, n / 2, n}) {
                    const CountMin::Params params{lg, 4, ranges};
                    Stream all, part, rest;
                    for (std::uint64_t i = 0; i < n; ++i) {
                        const std::int64_t weight = static_cast<std::int64_t>(random.below(70000)) - 5000;
                        const std::uint64_t value = random.below(n);
                        all.emplace_back(value, weight);
                        (i < keep ? rest : part).emplace_back(value, weight);
                    }
                    const Image whole = build(params, all), left = build(params, rest);
                    ASSERT_TRUE(difference(whole, build(params, part)) == left) << lg << ' ' << n << ' ' << keep;
                    ASSERT_TRUE(merged(left, build(params, part)) == whole);
                    ASSERT_TRUE(difference(whole, build(params, {})) == whole);
                    ASSERT_TRUE(difference(whole, whole) == build(params, {}));
                }
}

// Logs of keys alone turn into logs of updates wherever another weight comes, and back.
TEST(CountMin, OtherWeightsComeAtAnyTime) {
    Random random{28};
    for (int round = 0; round < 400; ++round) {
        const CountMin::Params params{6 + 3 * (round % 4), 5, round % 5 == 0};
        const std::uint64_t distinct = 1 + random.below(1500);
        Stream stream;
        while (stream.size() < 3000) {
            for (std::uint64_t run = random.below(1300); run > 0; --run) stream.emplace_back(random.below(distinct), 1);
            for (std::uint64_t run = random.below(3); run > 0; --run)
                stream.emplace_back(random.below(distinct), static_cast<std::int64_t>(random.below(5)) - 1);
        }
        // One update a value, all of the same weights; and in two halves, put together before they are settled.
        Truth truth;
        truth.add(stream);
        std::map<std::uint64_t, std::int64_t> removed;
        for (const auto& [value, weight] : stream)
            if (weight < 0) removed[value] -= weight;
        Stream summed;
        for (const auto& [value, weight] : truth.counts) {
            if (weight + removed[value] != 0) summed.emplace_back(value, weight + removed[value]);
            if (removed[value] != 0) summed.emplace_back(value, -removed[value]);
        }
        const Image whole = build(params, stream);
        ASSERT_TRUE(build(params, summed) == whole) << round;
        const auto middle = stream.begin() + static_cast<std::ptrdiff_t>(random.below(stream.size()));
        Sketch<CountMin> first = sketch_of(params, {stream.begin(), middle});
        const Sketch<CountMin> second = sketch_of(params, {middle, stream.end()});
        ASSERT_EQ(first.merge(second.kernel()), Status::ok);
        ASSERT_TRUE(first.trimmed() == whole) << round;
    }
}

TEST(CountMin, DifferenceOfUnequalWidths) {
    const Image wide = build({13, 5, false}, ones(0, 4000)), narrow = build({8, 5, false}, ones(0, 3000));
    const Image rest = build({8, 5, false}, ones(3000, 1000));
    EXPECT_TRUE(difference(wide, narrow) == rest);
    EXPECT_TRUE(difference(build({8, 5, false}, ones(0, 4000)), build({13, 5, false}, ones(0, 3000))) == rest);
}

TEST(CountMin, TakingBackIsNotHavingAdded) {
    Random random{23};
    for (const bool ranges : {false, true}) {
        const CountMin::Params params{9, 4, ranges};
        const Stream stream = [&] {
            Stream s;
            for (int i = 0; i < 5000; ++i)
                s.emplace_back(random.below(900), static_cast<std::int64_t>(random.below(400)) - 10);
            return s;
        }();
        Sketch<CountMin> window(params);
        for (std::size_t i = 0; i < stream.size(); ++i) {
            const auto [value, weight] = stream[i];
            ASSERT_EQ(window.add([&, v = value, w = weight](CountMin& s) { return s.add(key_of(params, v), w); }),
                      Status::ok);
            if (i >= 700) {
                const auto [old, old_weight] = stream[i - 700];
                ASSERT_EQ(
                    window.add([&, v = old, w = old_weight](CountMin& s) { return s.take_back(key_of(params, v), w); }),
                    Status::ok);
            }
            if (i % 333 == 0) {
                const std::size_t first = i >= 700 ? i - 699 : 0;
                const Stream inside(stream.begin() + static_cast<std::ptrdiff_t>(first),
                                    stream.begin() + static_cast<std::ptrdiff_t>(i + 1));
                ASSERT_TRUE(window.trimmed() == build(params, inside)) << i;
            }
        }
    }
    Sketch<CountMin> none(kDefault);
    EXPECT_EQ(none.add([](CountMin& s) { return s.take_back(1, 1); }), Status::overflow);
    EXPECT_EQ(none.add([](CountMin& s) { return s.take_back(1, INT64_MIN); }), Status::overflow);
}

// Strict streams: never too low, and within the bounds of the confidence.
TEST(CountMin, NeverTooLowAfterRemovals) {
    Random random{24};
    Truth truth;
    Stream stream;
    for (int i = 0; i < 40000; ++i)
        stream.emplace_back(random.below(5000), 1 + static_cast<std::int64_t>(random.below(3)));
    truth.add(stream);
    Stream removals;
    for (const auto& [value, count] : truth.counts)
        if (value % 3 != 0) removals.emplace_back(value, -count / 2);
    truth.add(removals);
    stream.insert(stream.end(), removals.begin(), removals.end());
    random.shuffle(stream);
    const Image image = build(kDefault, stream);
    const Reader s = open<CountMin>(image);
    EXPECT_FALSE(s.negative_cells());
    EXPECT_GT(s.removed(), 0);
    std::int64_t total = 0, outside = 0;
    for (const auto& [value, count] : truth.counts) {
        const countmin::Count c = s.count_bounds(hash_of(value), 0.99);
        EXPECT_GE(c.upper, count);
        outside += c.lower > count;
        total += count;
    }
    EXPECT_EQ(s.total(), total);
    EXPECT_LE(outside, static_cast<std::int64_t>(truth.counts.size() / 100));
}

// Counts below zero: the sketch knows, and its bounds hold on both sides.
TEST(CountMin, CountsBelowZero) {
    Random random{25};
    Truth truth;
    Stream stream;
    for (int i = 0; i < 30000; ++i)
        stream.emplace_back(random.below(3000), static_cast<std::int64_t>(random.below(9)) - 4);
    truth.add(stream);
    const Image image = build(kDefault, stream);
    const Reader s = open<CountMin>(image);
    EXPECT_TRUE(s.negative_cells());
    EXPECT_TRUE(s.negative());
    std::size_t outside = 0, below = 0;
    for (const auto& [value, count] : truth.counts) {
        const countmin::Count c = s.count_bounds(hash_of(value), 0.95);
        outside += count < c.lower || count > c.upper;
        below += c.estimate < 0;
    }
    EXPECT_LE(outside, truth.counts.size() / 20);
    EXPECT_GT(below, truth.counts.size() / 4);
}

// More is taken away than there was: the totals still bound what is left, and adding it again gives the counts back.
TEST(CountMin, DifferenceBelowZero) {
    for (const std::uint64_t n : {10, 500}) {
        const Image few = build(kDefault, ones(0, n / 2)), many = build(kDefault, ones(0, n));
        const Image rest = difference(few, many);
        const Reader answers = open<CountMin>(rest);
        EXPECT_TRUE(answers.negative());
        EXPECT_EQ(open<CountMin>(rest).total(), -static_cast<std::int64_t>(n / 2));
        EXPECT_EQ(answers.count(hash_of(n - 1)), -1);
        const Image again = merged(rest, many);
        for (std::uint64_t i = 0; i < n; ++i) EXPECT_EQ(open<CountMin>(again).count(hash_of(i)), i < n / 2 ? 1 : 0);
    }
}

TEST(CountMin, TotalsPastBigintAreAnError) {
    for (const std::uint64_t others : {0, 500}) {
        Stream stream = ones(1000, others);
        Sketch<CountMin> sketch = sketch_of(kDefault, stream);
        const auto left = static_cast<std::int64_t>(INT64_MAX - others);
        const auto add = [&](std::int64_t w) { return sketch.add([w](CountMin& s) { return s.add(hash_of(1), w); }); };
        EXPECT_EQ(add(left), Status::ok);
        EXPECT_EQ(add(1), Status::overflow);
        EXPECT_EQ(add(-INT64_MAX), Status::ok);
        EXPECT_EQ(add(-1), Status::overflow);
        EXPECT_EQ(add(INT64_MIN), Status::overflow);
        const Image image = sketch.trimmed();
        EXPECT_EQ(CountMin::check(image), Status::ok);
        EXPECT_EQ(open<CountMin>(image).total(), 0);
        EXPECT_EQ(open<CountMin>(image).count(hash_of(1)), left - INT64_MAX);

        const Image most = build(kDefault, {{1, INT64_MAX}}), least = build(kDefault, {{1, -INT64_MAX}});
        Sketch<CountMin> both(most);
        EXPECT_EQ(both.merge(most), Status::overflow);
        EXPECT_EQ(subtracted(least, most).second, Status::overflow);
        EXPECT_EQ(subtracted(most, least).second, Status::overflow);
        EXPECT_EQ(open<CountMin>(merged(most, least)).count(hash_of(1)), 0);
    }
    Sketch<CountMin> ranges(CountMin::Params{10, 3, true});
    const auto add = [&](std::int64_t w) { return ranges.add([w](CountMin& s) { return s.add(5, w); }); };
    EXPECT_EQ(add(INT64_MAX / 16), Status::ok);
    EXPECT_EQ(add(16), Status::overflow);
}

TEST(CountMin, UnlikeSketches) {
    Sketch<CountMin> sketch(kDefault);
    EXPECT_EQ(sketch.merge(build({12, 5, true}, ones(0, 3))), Status::unlike);
    EXPECT_EQ(sketch.merge(build({11, 4, false}, ones(0, 3))), Status::ok);
}

// Wider and shallower meets narrower and deeper: the least of both, whichever takes in the other, and in whatever form.
TEST(CountMin, UnequalWidthsAndDepthsFoldToTheLeast) {
    for (const bool ranges : {false, true})
        for (const std::uint64_t n : {3, 40, 900, 5000})
            for (const std::uint64_t m : {3, 40, 900, 5000}) {
                const CountMin::Params shallow{11, 2, ranges}, deep{7, 8, ranges}, least{7, 2, ranges};
                const Image a = build(shallow, ones(0, n)), b = build(deep, ones(n / 2, m));
                Stream both = ones(0, n);
                for (const auto& update : ones(n / 2, m)) both.push_back(update);
                const Image whole = build(least, both);
                ASSERT_TRUE(merged(a, b) == whole) << n << ' ' << m;
                ASSERT_TRUE(merged(b, a) == whole) << n << ' ' << m;
                Sketch<CountMin> working = sketch_of(shallow, ones(0, n));
                ASSERT_EQ(working.merge(sketch_of(deep, ones(n / 2, m)).kernel()), Status::ok);
                ASSERT_TRUE(working.trimmed() == whole) << n << ' ' << m;
                ASSERT_TRUE(difference(whole, b) == build(least, ones(0, n))) << n << ' ' << m;
                ASSERT_TRUE(difference(merged(a, b), a) == build(least, ones(n / 2, m))) << n << ' ' << m;
            }
}

TEST(CountMin, CellsAreAsNarrowAsTheyCanBe) {
    const auto bytes = [](std::int64_t weight) {
        Stream stream = ones(0, 100);
        stream.emplace_back(0, weight);
        const Image image = build({6, 2, false}, stream);
        EXPECT_TRUE(open<CountMin>(image).is_table());
        return open<CountMin>(image).cell_bytes();
    };
    EXPECT_EQ(bytes(1), 1);
    EXPECT_EQ(bytes(1000), 2);
    EXPECT_EQ(bytes(-1000), 2);
    EXPECT_EQ(bytes(100000), 4);
    EXPECT_EQ(bytes(INT64_C(10000000000)), 8);
    EXPECT_EQ(bytes(INT64_C(-10000000000)), 8);
}

TEST(CountMin, StateStartsSmallAndStopsGrowing) {
    Sketch<CountMin> sketch(kDefault);
    EXPECT_EQ(sketch.kernel().bytes() + kLengthWordBytes, 128u);
    for (std::uint64_t i = 0; i < 200000; ++i) sketch.add([i](CountMin& s) { return s.add(hash_of(i % 40), 1); });
    EXPECT_LE(sketch.kernel().bytes(), 2048u);  // few values, often
    for (std::uint64_t i = 0; i < 200000; ++i) sketch.add([i](CountMin& s) { return s.add(hash_of(i), 1); });
    EXPECT_LE(sketch.kernel().bytes(), 65536u);
    EXPECT_LE(build(kDefault, ones(0, 10)).size(), 200u);
    EXPECT_LE(build(kDefault, ones(0, 10000)).size(), 25000u);
}

// A state with levels for ranges takes bytes in proportion to its values, not to its rows of a megabyte.
TEST(CountMin, StatesGrowWithTheirValues) {
    const auto bytes_of = [](std::uint64_t values, std::uint64_t times) {
        Sketch<CountMin> sketch(CountMin::params_for(0.1, 0.99, true));
        std::size_t before = sketch.kernel().bytes();
        for (std::uint64_t i = 0; i < values * times; ++i) {
            const countmin::Key key = countmin::biased_key(static_cast<std::int64_t>(i % values));
            EXPECT_EQ(sketch.add([key](CountMin& s) { return s.add(key, 1); }), Status::ok);
            EXPECT_LE(sketch.kernel().bytes(), 11 * before);  // in steps; the last to cells of four bytes
            before = sketch.kernel().bytes();
        }
        return before;
    };
    EXPECT_LE(bytes_of(1000, 1), 16384u);
    EXPECT_LE(bytes_of(2000, 1), 32768u);
    EXPECT_LE(bytes_of(2000, 20), 131072u);
    EXPECT_LE(bytes_of(10000, 3), 40u * 10000);
    EXPECT_LE(bytes_of(30000, 1), 600000u);
    EXPECT_LE(bytes_of(60000, 1), 6u << 20);
}

TEST(CountMin, StoredTablesArePacked) {
    const CountMin::Params ranges = CountMin::params_for(0.1, 0.99, true);
    EXPECT_LE(build(ranges, ones(1, 2000)).size(), 160000u);
    Random random{29};
    Sketch<CountMin> skewed(kDefault);
    for (int i = 0; i < 1000000; ++i) {
        const auto value = static_cast<std::int64_t>(1 / (random.uniform() + 1e-6));
        ASSERT_EQ(skewed.add([&](CountMin& s) { return s.add(hash_int64(value + random() % 8 * 1000003), 1); }),
                  Status::ok);
    }
    EXPECT_LE(skewed.trimmed().size(), 35000u);
}

// What a working image takes is bounded by the bytes of the stored ones in it, and what is too short for its parameters
// is no image.
TEST(CountMin, FewBytesNeverTakeMany) {
    for (const auto params : {CountMin::Params{20, 5, false}, CountMin::Params{17, 37, false}}) {
        const Image table = build(params, {{1, INT64_MAX / 2}, {2, 1}, {3, -7}});
        EXPECT_LE(open<CountMin>(table).bytes(), 200u);  // a list
        const Image many = build(params, ones(0, 1500));
        const CountMin s{std::span<const std::byte>(many)};
        EXPECT_TRUE(s.is_table());
        EXPECT_LE(s.grown_bytes(), 256 * many.size());
        for (const std::size_t bytes : {std::size_t{28}, std::size_t{1000}, many.size() / 2, many.size() - 1})
            EXPECT_NE(CountMin::check(std::span<const std::byte>(many).first(bytes)), Status::ok);
        Sketch<CountMin> lists(table);
        ASSERT_EQ(lists.merge(build(params, ones(100, 900))), Status::ok);
        EXPECT_LE(lists.kernel().bytes(), 65536u);
    }
}

// Keys that all go to one slot of a hash table by kGolden.
TEST(CountMin, AdversarialKeysCostNoMoreThanSorting) {
    const std::uint64_t inverse = countmin::inverse_of(kGolden);
    const CountMin::Params params{14, 3, true};
    const auto build_with = [&](std::int64_t weight, std::uint64_t step) {
        Sketch<CountMin> sketch(params);
        for (std::uint64_t i = 0; i < 4000; ++i) {
            const countmin::Key key = (1 + i * step % 4000 / 2) * inverse;
            EXPECT_EQ(sketch.add([=](CountMin& s) { return s.add(key, weight); }), Status::ok);
        }
        return sketch.trimmed();
    };
    for (const std::int64_t weight : {1, 3}) EXPECT_TRUE(build_with(weight, 1) == build_with(weight, 1999));
}

TEST(CountMin, BoundsAtEveryConfidence) {
    Stream below = ones(0, 3000);
    below.emplace_back(8, -5000);
    for (const Stream& stream : {ones(0, 3000), below})
        for (const bool ranges : {false, true})
            for (const int depth : {1, 2, 5, 37}) {
                const Image image = build({9, depth, ranges}, stream);
                const Reader s = open<CountMin>(image);
                for (const double confidence : {1e-300, 1e-17, 0.5, 0.999999, std::nextafter(1.0, 0.0)}) {
                    const countmin::Count c =
                        ranges ? s.range_bounds(5, 900, confidence) : s.count_bounds(hash_of(5), confidence);
                    EXPECT_LE(c.lower, c.estimate);
                    EXPECT_LE(c.estimate, c.upper);
                    EXPECT_TRUE(std::isfinite(s.error(3, confidence)) && s.error(3, confidence) >= 0);
                    const countmin::Count all = s.range_bounds(INT64_MIN, INT64_MAX, confidence);
                    EXPECT_TRUE(!ranges || all.upper == all.lower);
                }
            }
}

// --- packed cells ---------------------------------------------------------------------------------------------------

TEST(CountMinPacked, BlocksComeBackAndAreCanonical) {
    Random random{30};
    for (int round = 0; round < 20000; ++round) {
        const std::size_t n = std::size_t{8} << random.below(6);
        std::vector<std::int64_t> cells(n), again(n);
        const int bits = static_cast<int>(random.below(65)), outliers = static_cast<int>(random.below(65));
        const auto base = static_cast<std::int64_t>(random()) >> random.below(64);
        const auto below = [&random](int width) { return width == 0 ? 0 : random() >> (64 - width); };
        for (auto& cell : cells)
            cell = static_cast<std::int64_t>(static_cast<std::uint64_t>(base) +
                                             below(random.below(20) == 0 ? outliers : bits));
        if (round % 50 == 0) cells.assign(n, 0);
        std::vector<std::byte> block(countmin::kMaxBlockBytes + countmin::kBlockPadding);
        const auto packed =
            countmin::pack_block<std::int64_t>(block.data(), reinterpret_cast<std::byte*>(cells.data()), n);
        const auto bytes = static_cast<std::size_t>(packed.end - block.data());
        ASSERT_LE(bytes, 8 + 8 * n);
        std::vector<std::byte> exact(block.begin(),
                                     block.begin() + static_cast<std::ptrdiff_t>(bytes + countmin::kBlockPadding));
        countmin::unpack_block(packed.frame, exact.data(), n, again.data());
        ASSERT_EQ(cells, again);
        for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(countmin::block_cell(packed.frame, exact.data(), n, i), cells[i]);
        std::size_t checked = 0;
        ASSERT_TRUE(countmin::check_block(packed.frame, exact.data(), bytes, n, checked));
        ASSERT_EQ(checked, bytes);
        ASSERT_FALSE(bytes > 0 && countmin::check_block(packed.frame, exact.data(), bytes - 1, n, checked));
    }
}

TEST(CountMin, ParametersFollowTheTheorem) {
    for (const double epsilon : {0.5, 0.1, 0.01, 0.001, 0.0001})
        for (const double confidence : {0.5, 0.9, 0.95, 0.99, 0.999}) {
            const auto p = CountMin::params_for(epsilon, confidence, false);
            EXPECT_GE(std::ldexp(epsilon, p.lg_width), std::exp(1.0));
            EXPECT_TRUE(p.lg_width == countmin::kMinLgWidth || std::ldexp(epsilon, p.lg_width - 1) < std::exp(1.0));
            EXPECT_GE(1 - std::exp(-p.depth), confidence);
            EXPECT_TRUE(p.depth == 1 || 1 - std::exp(-(p.depth - 1)) < confidence);
        }
    const auto p = CountMin::params_for(0.001, 0.99, false);
    EXPECT_EQ(p.lg_width, kDefault.lg_width);
    EXPECT_EQ(p.depth, kDefault.depth);
    EXPECT_TRUE(CountMin::possible(p));
    EXPECT_FALSE(CountMin::possible(CountMin::params_for(1e-9, 0.99, false)));
    EXPECT_FALSE(CountMin::possible(CountMin::params_for(5e-324, std::nextafter(1.0, 0.0), true)));
    EXPECT_LE(CountMin::params_for(0.5, std::nextafter(1.0, 0.0), false).depth, countmin::kMaxDepth);
}

// --- ranges ---------------------------------------------------------------------------------------------------------

TEST(CountMinRange, ListedRangesAndQuantilesAreExact) {
    const CountMin::Params params{12, 5, true};
    std::map<std::int64_t, std::int64_t> truth{{INT64_MIN, 3}, {-100, 1}, {-1, 4}, {0, 2}, {7, 5}, {INT64_MAX, 6}};
    Stream stream;
    for (const auto& [value, count] : truth) stream.emplace_back(static_cast<std::uint64_t>(value), count);
    const Image image = build(params, stream);
    const Reader answers = open<CountMin>(image);
    EXPECT_TRUE(answers.exact());
    const std::int64_t ends[] = {INT64_MIN, INT64_MIN + 1, -101, -100, -99, -1, 0, 1, 7, 8, INT64_MAX - 1, INT64_MAX};
    for (const std::int64_t low : ends)
        for (const std::int64_t high : ends) {
            std::int64_t count = 0;
            for (const auto& [value, n] : truth) count += low <= value && value <= high ? n : 0;
            EXPECT_EQ(answers.range(low, high), count) << low << ' ' << high;
        }
    for (const auto& [value, count] : truth) EXPECT_EQ(answers.count(hash_int64(value)), count);
    std::int64_t rank = 0;
    for (const auto& [value, count] : truth) {
        EXPECT_EQ(answers.quantile((static_cast<double>(rank) + 0.5) / 21), value);
        rank += count;
        EXPECT_EQ(answers.quantile(static_cast<double>(rank) / 21), value);
    }
    EXPECT_EQ(answers.quantile(0), INT64_MIN);
    EXPECT_EQ(answers.quantile(1), INT64_MAX);
}

// In a table so wide that nothing collides, every decomposition into intervals gives the exact count.
TEST(CountMinRange, IntervalsCoverTheRangeOnce) {
    const CountMin::Params params{20, 5, true};
    Random random{26};
    std::map<std::int64_t, std::int64_t> truth;
    Stream stream;
    for (int i = 0; i < 1500; ++i) {
        const auto value = static_cast<std::int64_t>(random()) >> random.below(64);
        ++truth[value];
        stream.emplace_back(static_cast<std::uint64_t>(value), 1);
    }
    const Image image = build(params, stream);
    const Reader answers = open<CountMin>(image);
    EXPECT_FALSE(answers.exact());
    const auto exact = [&](std::int64_t low, std::int64_t high) {
        std::int64_t n = 0;
        for (auto at = truth.lower_bound(low); at != truth.end() && at->first <= high; ++at) n += at->second;
        return n;
    };
    for (int round = 0; round < 2000; ++round) {
        auto low = static_cast<std::int64_t>(random()) >> random.below(64);
        auto high = static_cast<std::int64_t>(random()) >> random.below(64);
        if (round % 10 == 0) low = INT64_MIN;
        if (round % 15 == 0) high = INT64_MAX;
        if (low > high) std::swap(low, high);
        EXPECT_EQ(answers.range(low, high), exact(low, high)) << low << ' ' << high;
        EXPECT_EQ(answers.range(low, low), exact(low, low));
    }
    EXPECT_EQ(answers.range(1, 0), 0);
    for (int i = 1; i <= 100; ++i) {
        const std::int64_t value = answers.quantile(i / 100.0);
        const auto rank = static_cast<std::int64_t>(std::ceil(i / 100.0 * 1500));
        EXPECT_GE(exact(INT64_MIN, value), rank);
        EXPECT_LT(exact(INT64_MIN, value) - exact(value, value), rank);
    }
}

// --- join size ------------------------------------------------------------------------------------------------------

TEST(CountMinJoin, ListsAreExactAndTablesNeverTooLow) {
    Random random{27};
    for (const std::uint64_t n : {20, 2000}) {
        Stream a, b;
        Truth in_a, in_b;
        for (std::uint64_t i = 0; i < 4 * n; ++i) {
            a.emplace_back(random.below(n), 1 + static_cast<std::int64_t>(random.below(4)));
            b.emplace_back(random.below(2 * n), 2);
        }
        in_a.add(a);
        in_b.add(b);
        double exact = 0;
        for (const auto& [value, count] : in_a.counts)
            if (const auto other = in_b.counts.find(value); other != in_b.counts.end())
                exact += static_cast<double>(count) * static_cast<double>(other->second);
        for (const int lg : {12, 8}) {
            const Image x = build({12, 5, false}, a), y = build({lg, 5, false}, b);
            const Bounds forth = open<CountMin>(x).join_bounds(open<CountMin>(y), 0.99);
            const Bounds back = open<CountMin>(y).join_bounds(open<CountMin>(x), 0.99);
            EXPECT_EQ(forth.estimate, back.estimate);
            EXPECT_LE(forth.lower, exact);
            EXPECT_GE(forth.upper, exact);
            if (n == 20 && lg == 12) {
                EXPECT_EQ(forth.estimate, exact);
                EXPECT_EQ(forth.lower, exact);
            }
        }
    }
}

// Sums of products are exact: past 2^53 the bounds say by how much a double is off.
TEST(CountMinJoin, LargeSizesAndUnequalDepths) {
    const std::int64_t weight = (std::int64_t{1} << 31) + 1;
    const Image a = build(kDefault, {{1, weight}, {2, 1}}), b = build(kDefault, {{1, weight}, {3, 1}});
    const Bounds exact = open<CountMin>(a).join_bounds(open<CountMin>(b), 0.95);
    EXPECT_LT(exact.lower, 0x1p62 + 0x1p32);
    EXPECT_GT(exact.upper, 0x1p62 + 0x1p32);
    const Image deep = build({12, 9, false}, ones(0, 3000)), shallow = build({10, 2, false}, ones(1000, 3000));
    const Bounds forth = open<CountMin>(deep).join_bounds(open<CountMin>(shallow), 0.9);
    EXPECT_EQ(forth.estimate, open<CountMin>(shallow).join_bounds(open<CountMin>(deep), 0.9).estimate);
    EXPECT_EQ(forth.estimate, open<CountMin>(build({12, 2, false}, ones(0, 3000))).join_size(open<CountMin>(shallow)));
    EXPECT_LE(forth.lower, 2000);
    EXPECT_GE(forth.upper, 2000);
}

// A list against a table gives what the table of the list would have given.
TEST(CountMinJoin, ListAgainstTable) {
    const Image list = build({12, 5, false}, ones(0, 30)), table = build({12, 5, false}, ones(0, 5000));
    double least = 1e300;
    for (int row = 0; row < 5; ++row) {
        double sum = 0;
        for (std::uint64_t i = 0; i < 30; ++i)
            countmin::for_each_row<countmin::Rows::narrow>(hash_of(i), 12, 5, [&](int r, std::size_t index) {
                if (r == row) sum += static_cast<double>(open<CountMin>(table).packed().cell(row, index));
            });
        least = std::min(least, sum);
    }
    EXPECT_EQ(open<CountMin>(list).join_size(open<CountMin>(table)), least);
    EXPECT_GE(least, 30);
}

// Anybody can take back what never came: some sketch is left, or nothing, and never an image that check refuses.
TEST(CountMin, TakingBackWhatNeverCameLeavesAnImage) {
    Random random{31};
    for (const bool ranges : {false, true})
        for (int round = 0; round < 60; ++round) {
            Sketch<CountMin> sketch(CountMin::params_for(0.3, 0.9, ranges)),
                other(CountMin::params_for(0.1, 0.99, ranges));
            const std::uint64_t keys = 1 + random.below(round % 2 ? 20 : 3000);
            for (int i = 0; i < 400; ++i) {
                const std::uint64_t key = random.below(keys) * 0x9E3779B97F4A7C15;
                const auto weight = static_cast<std::int64_t>(random.below(1000)) - (random.below(4) ? 0 : 500);
                const bool back = random.below(3) == 0;
                Sketch<CountMin>& to = random.below(4) ? sketch : other;
                to.add([&](CountMin& s) { return back ? s.take_back(key, weight) : s.add(key, weight); });
                if (random.below(40) != 0) continue;
                ASSERT_EQ(CountMin::check(to.trimmed()), Status::ok);
                ASSERT_EQ(sketch.merge(other.kernel()), Status::ok);
                ASSERT_EQ(CountMin::check(sketch.trimmed()), Status::ok);
            }
        }
}

}  // namespace
}  // namespace sketch::test
