// SPDX-License-Identifier: PostgreSQL
#include "topk/topk.hpp"

#include <cmath>
#include <map>
#include <string>

#include "laws.hpp"

namespace sketch::test {
namespace {

Item text(const std::string& s) { return Item::of(ItemKind::text, s.data(), s.size()); }

// Strings of 0 to 40 bytes, many with the same beginning.
std::string name(std::uint64_t i) {
    if (i == 0) return {};
    std::string s = "item-";
    s.resize(i * i % 37 + 3, 'x');
    return s + std::to_string(i);
}

std::vector<std::uint32_t> ranking(const Topk::Reader& s) {
    std::vector<std::uint32_t> order(s.entries());
    s.rank(order);
    return order;
}

// Every reader, folded into one number.
double read_all(const Topk::Reader& s) {
    double sum = s.total() + 3 * s.floor();
    double place = 1;
    for (const std::uint32_t i : ranking(s)) {
        EXPECT_LE(s.lower(i), s.upper(i));
        EXPECT_EQ(s.find(s.item(i)), i);
        sum += place++ * s.lower(i) + 0.5 * s.upper(i) + static_cast<double>(s.item(i).size() % 7);
    }
    EXPECT_EQ(s.find(text("not there at all")), s.entries());
    return sum + s.guarantee(ranking(s), 3);
}

std::uint64_t skewed(std::uint64_t i) {
    Random random{i * 77};
    return static_cast<std::uint64_t>(3 / (random.uniform() + 0.0005));
}

// A skewed list of strings: depends on the order by design, once more than 2k of them are there.
struct TopkLaws {
    using Kernel = Topk;
    static constexpr bool kCanonical = false;
    static constexpr bool kIdempotent = false;

    static std::vector<Topk::Params> params() { return {{300}, {128, 10}, {16}, {3}, {1}}; }
    static Status add(Topk& s, std::uint64_t i) {
        const std::string item = name(skewed(i));
        const Status status = s.add(text(item), static_cast<double>(i % 3));
        return status == Status::unlike_items ? Status::ok : status;
    }
    static double read(const Topk::Reader& s) { return read_all(s); }

    static Image build(Topk::Params params, std::uint64_t n) {
        Sketch<Topk> sketch(params);
        for (std::uint64_t i = 0; i < n; ++i) sketch.add([i](Topk& s) { return add(s, i); });
        return sketch.trimmed();
    }
    static Image integers(std::uint32_t k, std::int64_t n) {
        Sketch<Topk> sketch(Topk::Params{k});
        for (std::int64_t i = 0; i < n; ++i) sketch.add([i](Topk& s) { return s.add(Item::of(i * i % 1000 - 500)); });
        return sketch.trimmed();
    }
    static std::vector<std::pair<std::string, Image>> golden() {
        return {{"empty", build({128}, 0)},      {"exact", build({128}, 100)},
                {"pruned", build({16}, 5000)},   {"listed", build({100, 10}, 50)},
                {"integers", integers(128, 50)}, {"integers_pruned", integers(8, 5000)}};
    }
};
INSTANTIATE_TYPED_TEST_SUITE_P(topk, Laws, TopkLaws);

// While there are at most k items, a sketch is exact, and its bytes depend on the multiset of its rows alone.
struct TopkExactLaws : TopkLaws {
    static constexpr bool kCanonical = true;

    static std::vector<Topk::Params> params() { return {{1000}, {200}, {128}, {97}}; }
    static Status add(Topk& s, std::uint64_t i) {
        const std::string item = name(i * i % 193);  // 97 squares
        const Status status = s.add(text(item));
        return status == Status::unlike_items ? Status::ok : status;
    }
    static std::vector<std::pair<std::string, Image>> golden() { return {}; }
};
INSTANTIATE_TYPED_TEST_SUITE_P(topk_exact, Laws, TopkExactLaws);

struct TopkIntegerLaws : TopkExactLaws {
    static Status add(Topk& s, std::uint64_t i) {
        const Status status = s.add(Item::of(static_cast<std::int64_t>(i * i % 193) - 90), static_cast<double>(i % 5));
        return status == Status::unlike_items ? Status::ok : status;
    }
};
INSTANTIATE_TYPED_TEST_SUITE_P(topk_integers, Laws, TopkIntegerLaws);

// Items of all lengths, some longer than a log; sketches with unequal k; rows, merges with states and with stored
// bytes, and sketches that are stored and written on: whatever happens, the bounds hold for every item.
class Program {
  public:
    explicit Program(std::uint64_t seed) : random_{seed} {
        for (int i = 0; i < 3; ++i) start();
    }

    void run(int steps) {
        for (int i = 0; i < steps; ++i) step();
        while (parts_.size() > 1) merge();
    }

    void expect_bounds() const {
        const Image image = parts_[0].sketch.trimmed();
        ASSERT_EQ(Topk::check(image), Status::ok);
        const Topk::Reader s = open<Topk>(image);
        double total = 0;
        for (const auto& [item, weight] : parts_[0].truth) {
            total += weight;
            const std::uint32_t i = s.find(text(item));
            const bool held = i != s.entries();
            EXPECT_LE(held ? s.lower(i) : 0, weight);
            EXPECT_GE(held ? s.upper(i) : s.floor(), weight);
        }
        EXPECT_EQ(s.total(), total);
        EXPECT_LE(s.floor(), total / (s.k() + 1));
    }

  private:
    struct Part {
        Sketch<Topk> sketch;
        std::map<std::string, double> truth;
    };

    void start() {
        static constexpr std::uint32_t kSizes[] = {1, 2, 5, 20, 128, 300};
        parts_.push_back({Sketch<Topk>(Topk::Params{kSizes[random_.below(6)]}), {}});
    }

    std::string item() {
        const auto rank = static_cast<std::uint64_t>(5 / (random_.uniform() + 0.002));
        std::string s = "item " + std::to_string(rank);
        s.resize(s.size() + (rank % 97 == 13 ? kMaxItemBytes - 20 : rank % 31 == 5 ? 700 : rank * rank % 40), '.');
        return s;
    }

    void step() {
        const std::uint64_t choice = random_.below(1000);
        if (choice == 0) return start();
        if (choice < 4) return merge();
        Part& part = parts_[random_.below(parts_.size())];
        if (choice < 7) {
            part.sketch = Sketch<Topk>(part.sketch.trimmed());
            return;
        }
        const std::string added = item();
        const auto weight = static_cast<double>(random_.below(4)) / 2;
        ASSERT_EQ(part.sketch.add([&](Topk& s) { return s.add(text(added), weight); }), Status::ok);
        part.truth[added] += weight;
    }

    void merge() {
        if (parts_.size() < 2) return;
        const std::size_t a = random_.below(parts_.size());
        std::swap(parts_[a], parts_.back());
        const Part from = std::move(parts_.back());
        parts_.pop_back();
        Part& to = parts_[random_.below(parts_.size())];
        const Status status =
            random_.below(2) ? to.sketch.merge(from.sketch.kernel()) : to.sketch.merge(from.sketch.trimmed());
        ASSERT_EQ(status, Status::ok);
        for (const auto& [item, weight] : from.truth) to.truth[item] += weight;
    }

    Random random_;
    std::vector<Part> parts_;
};

TEST(Topk, BoundsHoldWhateverHappens) {
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        SCOPED_TRACE(seed);
        Program program(seed);
        program.run(static_cast<int>(100 + seed * 100));
        program.expect_bounds();
    }
}

// --- safety ---------------------------------------------------------------------------------------------------------

// The integer whose XXH3 is this: on 8 bytes the hash is a bijection, and anybody can compute its inverse.
std::int64_t unhashed(std::uint64_t h) {
    const auto rotated = [](std::uint64_t v, int n) { return v << n | v >> (64 - n); };
    std::uint64_t inverse = 1;
    for (int i = 0; i < 6; ++i) inverse *= 2 - 0x9FB21C651E98DF25 * inverse;
    h ^= h >> 28 ^ h >> 56;
    h *= inverse;
    h ^= (h >> 35) + 8;
    h *= inverse;
    for (int i = 0; i < 63; ++i) h ^= rotated(h, 49) ^ rotated(h, 24);  // 64 times is the identity
    const std::uint64_t keyed = h ^ XXH_readLE64(XXH3_kSecret + 8) ^ XXH_readLE64(XXH3_kSecret + 16);
    return static_cast<std::int64_t>(rotated(keyed, 32));
}

// No entry stands further from its home than a probe goes, or the index is sorted.
void expect_bounded_probes(const Topk& s, bool sorted) {
    const auto table = s.summary().table;
    EXPECT_EQ(table.sorted, sorted);
    for (std::uint32_t i = 0; i < table.size(); ++i) {
        const auto at = table.probe(table.item(i), table.hash(i));
        ASSERT_TRUE(at.found && at.entry == i);
    }
}

// Integers whose hashes share 32 bits, or 16, or come in bundles: the bounds hold, and every probe is short.
TEST(Topk, AdversarialIntegers) {
    for (const int shared : {32, 16, 12}) {
        Sketch<Topk> sketch(Topk::Params{10000});
        std::map<std::int64_t, double> truth;
        for (std::uint64_t i = 0; i < 40000; ++i) {
            const std::int64_t item =
                unhashed(shared == 12 ? i % 400 << 52 | i << 20 : 0xABCDull << 48 | i << (48 - shared));
            ASSERT_EQ(sketch.add([&](Topk& s) { return s.add(Item::of(item)); }), Status::ok);
            ++truth[item];
            if (i % 10000 == 9999) expect_bounded_probes(sketch.kernel(), true);
        }
        ASSERT_EQ(truth.size(), 40000u);
        ASSERT_EQ(sketch.merge(sketch.trimmed()), Status::ok);
        const Image image = sketch.trimmed();
        const Topk::Reader s = open<Topk>(image);
        EXPECT_EQ(s.total(), 80000);
        for (const auto& [item, weight] : truth) {
            const std::uint32_t i = s.find(Item::of(item));
            ASSERT_LE(i == s.entries() ? 0 : s.lower(i), 2 * weight);
            ASSERT_GE(i == s.entries() ? s.floor() : s.upper(i), 2 * weight);
        }
    }
    Sketch<Topk> random(Topk::Params{10000});
    for (std::int64_t i = 0; i < 40000; ++i) random.add([i](Topk& s) { return s.add(Item::of(i)); });
    expect_bounded_probes(random.kernel(), false);
}

// Strings of eight bytes, and once the index is sorted, random ones among them.
TEST(Topk, AdversarialStrings) {
    Sketch<Topk> sketch(Topk::Params{1000});
    for (std::uint64_t i = 0; i < 1200; ++i) {
        const std::int64_t word = unhashed(0x12345678ull << 32 | i);
        const std::string other = name(i + 1);
        ASSERT_EQ(sketch.add([&](Topk& s) { return s.add(Item::of(ItemKind::text, &word, 8), 5); }), Status::ok);
        ASSERT_EQ(sketch.add([&](Topk& s) { return s.add(text(other)); }), Status::ok);
    }
    expect_bounded_probes(sketch.kernel(), true);
    const Image image = sketch.trimmed();
    ASSERT_EQ(Topk::check(image), Status::ok);
    EXPECT_EQ(open<Topk>(image).total(), 7200);
    Sketch<Topk> merged(Topk::Params{1000});
    ASSERT_EQ(merged.merge(image), Status::ok);
    ASSERT_EQ(merged.merge(sketch.kernel()), Status::ok);
    EXPECT_EQ(open<Topk>(merged.trimmed()).total(), 14400);
}

// A stored value may be handed to add by mistake of its owner: it answers that there is no room, and writes nothing.
TEST(Topk, AddDoesNotWriteTrimmedImages) {
    for (const int n : {0, 1, 100}) {
        Image image = TopkLaws::build({128}, static_cast<std::uint64_t>(n));
        const Image before = image;
        Topk s(image.data(), image.size());
        EXPECT_EQ(s.add(text("x"), 0.5), Status::no_room);
        EXPECT_EQ(s.add(text(std::string(kMaxItemBytes, 'x'))), Status::no_room);
        EXPECT_TRUE(image == before);
    }
}

// What a state takes follows from what is in it, not from its k.
TEST(Topk, SmallImagesMakeSmallStates) {
    for (const std::int64_t n : {0, 1, 10, 100, 1000}) {
        const Image image = TopkLaws::integers(10000, n);
        Sketch<Topk> added(image), merged(Topk::Params{10000});
        const bool none = open<Topk>(image).item_kind() == ItemKind::none;
        added.add([&](Topk& s) { return none ? s.add(Item::of(1)) : s.add(Item::of(7)); });
        merged.merge(image);
        EXPECT_LE(added.kernel().bytes(), 4 * image.size() + 512) << n;
        EXPECT_LE(merged.kernel().bytes(), 4 * image.size() + 512) << n;
    }
    const std::string longest(kMaxItemBytes, 'x');
    Sketch<Topk> sketch(Topk::Params{10000});
    sketch.add([&](Topk& s) { return s.add(text(longest)); });
    EXPECT_LE(sketch.kernel().bytes(), 4 * kMaxItemBytes);
}

// The memory of long items: at most 1.25 k of them, and not half as much again.
TEST(Topk, LongItemsTakeWhatKPromises) {
    constexpr std::uint32_t k = 400;
    Sketch<Topk> sketch(Topk::Params{k});
    for (std::uint64_t i = 0; i < 4000; ++i) {
        std::string item = std::to_string(i);
        item.resize(8000, '.');
        ASSERT_EQ(sketch.add([&](Topk& s) { return s.add(text(item)); }), Status::ok);
    }
    EXPECT_LE(sketch.kernel().bytes(), k * 5 / 4 * std::size_t{8100} * 21 / 20);
    EXPECT_GE(open<Topk>(sketch.trimmed()).entries(), k / 4);
}

int interrupts = 0;

TEST(Topk, LongWorkAsksForInterrupts) {
    interrupt_hook = [] { ++interrupts; };
    constexpr std::uint32_t k = 2000;
    Sketch<Topk> sketch(Topk::Params{k});
    const auto asked = [](auto work) {
        interrupts = 0;
        work();
        return interrupts;
    };
    const auto add = [&](std::uint64_t i) {
        std::string item = std::to_string(i);
        item.insert(0, 8000, '.');
        ASSERT_EQ(sketch.add([&](Topk& s) { return s.add(text(item), static_cast<double>(1 + i % 2)); }), Status::ok);
    };
    EXPECT_GE(asked([&] {
                  for (std::uint64_t i = 0; i < 6000; ++i) add(i);
              }),
              8);
    Image image;
    EXPECT_GE(asked([&] { image = sketch.trimmed(); }), 8);
    ASSERT_GE(image.size(), std::size_t{8} << 20);
    EXPECT_GE(asked([&] { EXPECT_EQ(Topk::check(image), Status::ok); }), 8);
    EXPECT_GE(asked([&] { ranking(open<Topk>(image)); }), 8);
    EXPECT_GE(asked([&] { ASSERT_EQ(sketch.merge(image), Status::ok); }), 8);
    interrupt_hook = nullptr;
}

// Weights of any size, whose sums are rounded: the exact ones, in units of 2^-60, are within the bounds.
TEST(Topk, RoundingIsWithinTheBounds) {
    for (std::uint64_t seed = 0; seed < 12; ++seed) {
        Random random{seed};
        const std::uint32_t k = seed % 2 ? 20 : 300;
        std::map<std::int64_t, __int128> truth;
        std::vector<Sketch<Topk>> parts;
        for (int i = 0; i < 3; ++i) parts.emplace_back(Topk::Params{k});
        for (int i = 0; i < 20000; ++i) {
            const auto item = static_cast<std::int64_t>(3 / (random.uniform() + 0.005));
            const std::uint64_t mantissa = random() >> 11 | 1;
            const int exponent = static_cast<int>(random.below(seed % 3 == 0 ? 1 : 30));
            truth[item] += static_cast<__int128>(mantissa) << exponent;
            const double weight = std::ldexp(static_cast<double>(mantissa), exponent - 60);
            ASSERT_EQ(parts[random.below(3)].add([&](Topk& s) { return s.add(Item::of(item), weight); }), Status::ok);
        }
        ASSERT_EQ(parts[0].merge(parts[1].kernel()), Status::ok);
        ASSERT_EQ(parts[0].merge(parts[2].trimmed()), Status::ok);
        const Image image = parts[0].trimmed();
        const Topk::Reader s = open<Topk>(image);
        EXPECT_GT(s.roundings(), 0);
        EXPECT_LE(s.roundings(), 60000);
        for (const auto& [item, exact] : truth) {
            const std::uint32_t i = s.find(Item::of(item));
            const auto weight = static_cast<long double>(exact) * 0x1p-60L;
            ASSERT_LE(i == s.entries() ? 0 : s.lower(i), weight);
            ASSERT_GE(i == s.entries() ? s.floor() : s.upper(i), weight);
            if (i == s.entries()) continue;
            ASSERT_LE(s.lower(i), s.estimate(i));
            ASSERT_GE(s.upper(i), s.estimate(i));
        }
    }
}

// Integers, and halves, are counted exactly: nothing is widened.
TEST(Topk, ExactSumsHaveNoRoundings) {
    for (const double unit : {1.0, 0.5, 0x1p30, 0x1p-40, 0x1p300}) {
        Sketch<Topk> a(Topk::Params{20}), b(Topk::Params{20});
        for (std::uint64_t i = 0; i < 30000; ++i)
            (i % 3 ? a : b).add([&](Topk& s) {
                return s.add(Item::of(static_cast<std::int64_t>(skewed(i))), unit * static_cast<double>(1 + i % 5));
            });
        ASSERT_EQ(a.merge(b.trimmed()), Status::ok);
        const Image image = a.trimmed();
        const Topk::Reader s = open<Topk>(image);
        EXPECT_EQ(s.roundings(), 0) << unit;
        for (std::uint32_t i = 0; i < s.entries(); ++i) EXPECT_EQ(s.lower(i), s.estimate(i));
    }
    Sketch<Topk> thirds(Topk::Params{20});
    for (int i = 0; i < 10; ++i) thirds.add([](Topk& s) { return s.add(Item::of(1), 0.1); });
    const Image image = thirds.trimmed();
    EXPECT_LT(open<Topk>(image).lower(0), 1.0000000000000000555);
    EXPECT_GT(open<Topk>(image).upper(0), 1.0000000000000000555);
}

// 2^53 and more: one is lost beside it, and the bounds know it. Subnormal weights and the largest are weights as well.
TEST(Topk, WeightsAtTheEdge) {
    Sketch<Topk> large(Topk::Params{20});
    for (const double weight : {0x1p53, 1.0, 1.0, 1.0}) large.add([&](Topk& s) { return s.add(Item::of(1), weight); });
    Image image = large.trimmed();
    EXPECT_GE(open<Topk>(image).upper(0), 0x1p53 + 4);
    EXPECT_LE(open<Topk>(image).lower(0), 0x1p53 + 2);
    for (const double weight : {5e-324, 1e-310, 1e100}) {
        Sketch<Topk> sketch(Topk::Params{5});
        for (std::int64_t i = 0; i < 1000; ++i)
            sketch.add([&](Topk& s) { return s.add(Item::of(i % 100 * (i % 2)), weight); });
        image = sketch.trimmed();
        ASSERT_EQ(Topk::check(image), Status::ok);
        const Topk::Reader s = open<Topk>(image);
        const std::uint32_t i = s.find(Item::of(0));
        ASSERT_LT(i, s.entries());
        EXPECT_LE(s.lower(i), 500 * weight);
        EXPECT_GE(s.upper(i), 500 * weight * (1 - 1e-15));
    }
}

// Working states of other k, listed and plain, in each other's logs.
TEST(Topk, UnsettledStatesMerge) {
    Sketch<Topk> listed(Topk::Params{128, 7}), plain(Topk::Params{50});
    for (int i = 0; i < 3; ++i) listed.add([i](Topk& s) { return s.add(Item::of(i)); });
    for (int i = 0; i < 4; ++i) plain.add([i](Topk& s) { return s.add(Item::of(i)); });
    ASSERT_FALSE(listed.kernel().settled());
    ASSERT_FALSE(plain.kernel().settled());
    ASSERT_EQ(plain.merge(listed.kernel()), Status::ok);
    const Image image = plain.trimmed();
    EXPECT_EQ(open<Topk>(image).listed(), 7u);
    EXPECT_EQ(open<Topk>(image).k(), 50u);
    EXPECT_EQ(open<Topk>(image).total(), 7);
    EXPECT_EQ(open<Topk>(image).entries(), 4u);
}

}  // namespace
}  // namespace sketch::test
