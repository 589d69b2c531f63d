// SPDX-License-Identifier: PostgreSQL
#include <set>
#include <vector>

#include "hll/hll.hpp"

#include "confidences.hpp"
#include "core/xxh3.hpp"
#include "laws.hpp"

namespace sketch::test {
namespace {

Image build(int precision, std::uint64_t n, std::uint64_t first = 0) {
    Sketch<Hll> sketch(Hll::Params{precision});
    for (std::uint64_t i = first; i < first + n; ++i)
        sketch.add([i](Hll& s) { return s.add(hash_int64(static_cast<std::int64_t>(i))); });
    return sketch.trimmed();
}

struct HllLaws {
    using Kernel = Hll;
    static constexpr bool kCanonical = true;
    static constexpr bool kIdempotent = true;

    static std::vector<Hll::Params> params() { return {{18}, {14}, {12}, {11}, {8}, {6}, {5}, {4}}; }

    // One item in 16 has a hash of many leading zeros, as only an immense number of items would bring.
    static Status add(Hll& s, std::uint64_t i) {
        const std::uint64_t hash = hash_int64(static_cast<std::int64_t>(i));
        return s.add(i % 16 == 0 ? hash >> (i / 16 % 64) : hash);
    }
    static double read(const Hll::Reader& s) {
        const Bounds b = s.bounds(0.95);
        EXPECT_LE(b.lower, b.estimate);
        EXPECT_LE(b.estimate, b.upper);
        EXPECT_EQ(b.estimate, s.estimate());
        return b.estimate;
    }
    static std::vector<std::pair<std::string, Image>> golden() {
        return {{"empty", build(12, 0)},       {"sparse", build(12, 20)},     {"list", build(12, 300)},
                {"codes2", build(10, 400)},    {"codes4", build(10, 100000)}, {"plain", build(4, 1000)},
                {"precision4", build(4, 100)}, {"precision18", build(18, 5)}};
    }
};

INSTANTIATE_TYPED_TEST_SUITE_P(hll, Laws, HllLaws);

TEST(Hll, TokenKeepsWhatARegisterNeeds) {
    Random random{7};
    for (int i = 0; i < 100000; ++i) {
        const std::uint64_t hash = random() >> random.below(64);
        const std::uint64_t same = hll::hash_of(hll::token_of(hash));
        for (int p = hll::kMinPrecision; p <= hll::kMaxPrecision; ++p) {
            ASSERT_EQ(hll::index_of(hash, p), hll::index_of(same, p));
            ASSERT_EQ(hll::update_value(hash, p), hll::update_value(same, p));
        }
    }
}

// The register as the set of its last three values, by definition.
TEST(Hll, RegistersFollowTheDefinition) {
    Random random{8};
    for (int round = 0; round < 20000; ++round) {
        std::uint64_t values = 0;
        hll::Register a = 0, b = 0;
        for (std::uint64_t n = random.below(12); n > 0; --n) {
            const int value = 1 + std::countl_zero(random());
            values |= std::uint64_t{1} << value;
            hll::Register& half = random.below(2) ? a : b;
            half = hll::updated(half, value);
        }
        const hll::Register r = hll::merged(a, b);
        if (values == 0) {
            ASSERT_EQ(r, 0);
            continue;
        }
        const int top = std::bit_width(values) - 1;
        ASSERT_EQ(hll::value_of(r), top);
        if (top > 1) {
            ASSERT_EQ(r >> 1 & 1, static_cast<int>(values >> (top - 1) & 1));
        }
        if (top > 2) {
            ASSERT_EQ(r & 1, static_cast<int>(values >> (top - 2) & 1));
        }
        ASSERT_TRUE(hll::possible(r, 4));
    }
}

TEST(Hll, ManyRegistersMergeAsOne) {
    for (int a = 0; a < 256; ++a)
        for (int b = 0; b < 256; ++b) {
            const auto x = static_cast<hll::Register>(a), y = static_cast<hll::Register>(b);
            hll::Register many[33], one = x;
            std::fill(many, many + 33, x);
            hll::Register from[33];
            std::fill(from, from + 33, y);
            hll::merge_run(many, from, 33);
            hll::merge_into(one, y);
            for (const hll::Register r : many) ASSERT_EQ(r, one);
            ASSERT_EQ(hll::merged(x, y), one);
        }
}

TEST(Hll, ExactWhileSparse) {
    for (std::uint64_t n = 0; n <= 189; ++n) {
        const Image image = build(12, n, 1000);
        const Bounds b = open<Hll>(image).bounds(0.95);
        EXPECT_TRUE(open<Hll>(image).sparse());
        EXPECT_EQ(b.lower, static_cast<double>(n));
        EXPECT_EQ(b.estimate, static_cast<double>(n));
        EXPECT_EQ(b.upper, static_cast<double>(n));
    }
    EXPECT_FALSE(open<Hll>(build(12, 190)).sparse());
}

TEST(Hll, StateStartsSmallAndStaysInPowersOfTwo) {
    Sketch<Hll> sketch(Hll::Params{12});
    EXPECT_EQ(sketch.kernel().bytes() + kLengthWordBytes, 64u);
    for (std::int64_t i = 0; i < 5000; ++i) {
        sketch.add([i](Hll& s) { return s.add(hash_int64(i)); });
        EXPECT_TRUE(std::has_single_bit(sketch.kernel().bytes() + kLengthWordBytes));
        EXPECT_LE(sketch.kernel().bytes() + kLengthWordBytes, 8192u);
    }
}

TEST(Hll, StoredBytes) {
    EXPECT_LE(build(12, 10).size(), 60u);
    EXPECT_LE(build(12, 1000).size(), 1420u);
    for (const std::uint64_t n : {3000, 10000, 100000, 1000000}) EXPECT_LE(build(12, n).size(), 2500u);
}

// Hashes of which only the lowest bits differ from zero fill every register to its last value.
TEST(Hll, SaturationIsAnAnswer) {
    Sketch<Hll> sketch(Hll::Params{4});
    for (std::uint64_t i = 0; i < 16; ++i)
        for (int zeros = 0; zeros <= 60; ++zeros)
            sketch.add([&](Hll& s) { return s.add(i | (zeros == 60 ? 0 : std::uint64_t{1} << (63 - zeros))); });
    const Image image = sketch.trimmed();
    EXPECT_EQ(Hll::check(image), Status::ok);
    const Bounds b = open<Hll>(image).bounds(0.95);
    EXPECT_GT(b.estimate, 1e18);
    EXPECT_FALSE(std::isnan(b.lower));
    EXPECT_FALSE(std::isnan(b.upper));
}

// approx_count_distinct reads a state without trimming it.
// Every coding: a list, codes of two and of four bits, and plain registers.
TEST(Hll, CodedRegistersAreCountedWithoutDecoding) {
    std::set<int> widths;
    for (int p = hll::kMinPrecision; p <= 14; p += 2)
        for (double load = 0.01; load < 100; load *= 1.7) {
            Random random{static_cast<std::uint64_t>(p)};
            std::vector<hll::Register> registers(std::size_t{1} << p), decoded(registers.size());
            for (double i = 0; i < load * static_cast<double>(registers.size()); ++i) {
                const std::uint64_t hash = random();
                hll::Register& r = registers[hll::index_of(hash, p)];
                r = hll::updated(r, hll::update_value(hash, p));
            }
            if (load > 50)
                for (auto& r : registers) r = static_cast<hll::Register>(random());  // whatever a byte can be
            const hll::Histogram histogram = hll::histogram_of(registers.data(), registers.size());
            const hll::Coding coding = hll::plan_coding(histogram, p);
            std::vector<std::byte> bytes(coding.bytes + hll::kCodingSlack);
            hll::encode(registers.data(), histogram, p, coding, bytes.data());
            const hll::Coded coded(bytes.data(), coding.bytes, p);
            hll::decode(coded, p, decoded.data());
            ASSERT_EQ(decoded, registers);
            ASSERT_EQ(hll::histogram_of(coded, p), histogram) << "precision " << p << ", load " << load;
            widths.insert(coding.width);
        }
    EXPECT_EQ(widths, (std::set{0, 2, 4, 8}));
}

TEST(Hll, SettledStatesEstimateAsTrimmedOnes) {
    for (const int precision : {4, 8, 12, 18})
        for (const std::uint64_t n : {0, 1, 9, 10, 100, 189, 190, 1000, 20000})
            for (const std::uint64_t distinct : {n, n / 8 + 1}) {
                Sketch<Hll> sketch(Hll::Params{precision});
                for (std::uint64_t i = 0; i < n; ++i)
                    sketch.add([h = hash_int64(static_cast<std::int64_t>(i % distinct))](Hll& s) { return s.add(h); });
                const Image image = sketch.trimmed();
                Room room(sketch.kernel().settle_bytes());
                Hll state = sketch.kernel().relay(room.span());
                EXPECT_EQ(state.settle_and_estimate(), open<Hll>(image).estimate());
                EXPECT_TRUE(state.settled());
                EXPECT_EQ(Hll(std::span(image)).settle_and_estimate(), open<Hll>(image).estimate());
            }
}

// Registers are stored where there are too many tokens, and so never if all are empty.
TEST(Hll, NothingIsSparse) {
    EXPECT_EQ(Hll::check(from_hex("480100010c02000000000000")), Status::ok);
    EXPECT_EQ(Hll::check(from_hex("480102010c0200000000000000000000")), Status::bad_content);
}

// At any confidence and any content that check accepts, also registers that no real stream would fill.
TEST(Hll, BoundsAreNumbers) {
    const auto expect = [](const Image& image) {
        ASSERT_EQ(Hll::check(image), Status::ok);
        expect_bounds([&](double confidence) { return open<Hll>(image).bounds(confidence); });
        EXPECT_LE(open<Hll>(image).bounds(0.95).upper, 0x1p64);
    };
    for (const int precision : {4, 12, 18})
        for (const std::uint64_t n : {0, 1, 9, 10, 189, 190, 270, 5000, 100000}) expect(build(precision, n));
    // All registers at their last value, of which one bit or none is missing.
    for (const unsigned last : {0xf4u, 0xf5u, 0xf6u, 0xf7u}) {
        Image image = from_hex("4801020104020000000000000201000000000000f7");
        image.back() = static_cast<std::byte>(last);
        expect(image);
    }
    Random random{10};
    for (int round = 0; round < 300; ++round) {
        const int values = 1 + static_cast<int>(random.below(61)), odds = 1 + static_cast<int>(random.below(16));
        Sketch<Hll> sketch(Hll::Params{4});
        for (std::uint64_t i = 0; i < 200; ++i) {
            const std::uint64_t index = random.below(static_cast<std::uint64_t>(odds));
            const std::uint64_t zeros = 61 - random.below(static_cast<std::uint64_t>(values));
            sketch.add([h = index | std::uint64_t{1} << 63 >> (zeros - 1)](Hll& s) { return s.add(h); });
        }
        expect(sketch.trimmed());
    }
}

}  // namespace
}  // namespace sketch::test
