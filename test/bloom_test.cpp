// SPDX-License-Identifier: PostgreSQL
#include "bloom/bloom.hpp"

#include "hash.hpp"
#include "laws.hpp"

namespace sketch::test {
namespace {

std::uint64_t item(std::uint64_t i) { return hash_int64(static_cast<std::int64_t>(i)); }

void add(Sketch<Bloom>& sketch, std::uint64_t first, std::uint64_t end) {
    for (std::uint64_t i = first; i < end; ++i) sketch.add([i](Bloom& s) { return s.add(item(i)); });
}
Image build(Bloom::Params params, std::uint64_t first, std::uint64_t end) {
    Sketch<Bloom> sketch(params);
    add(sketch, first, end);
    return sketch.trimmed();
}
Image merged(const Image& a, const Image& b, Status expected = Status::ok) {
    Sketch<Bloom> sketch(a);
    EXPECT_EQ(sketch.merge(b), expected);
    const Image image = sketch.trimmed();
    EXPECT_EQ(Bloom::check(image), Status::ok);
    return image;
}
// As SQL does it: the exact one of the two comes first.
Image common(const Image& a, const Image& b, Status expected = Status::ok) {
    const bool swap = open<Bloom>(b).exact();
    const Bloom from = open<Bloom>(swap ? b : a), other = open<Bloom>(swap ? a : b);
    Room room(std::max(from.grown_bytes(), from.merge_bytes(other)));
    Bloom s = from.relay(room.span());
    EXPECT_EQ(s.intersect(other), expected);
    Room to(s.trimmed_bytes());
    const std::size_t bytes = s.trim(to.span());
    const Image image(to.span().begin(), to.span().begin() + static_cast<std::ptrdiff_t>(bytes));
    EXPECT_EQ(Bloom::check(image), Status::ok);
    return image;
}
bool holds(const Image& image, std::uint64_t first, std::uint64_t end) {
    for (std::uint64_t i = first; i < end; ++i)
        if (!open<Bloom>(image).contains(item(i))) return false;
    return true;
}
// The same set in a filter of half as many blocks, and so on.
Image folded(const Image& image, int times) {
    Image result = image;
    for (; times > 0; --times) {
        std::byte* const filter = result.data() + kHeaderBytes + 16;
        const std::size_t bytes = result.size() - kHeaderBytes - 16;
        bloom::fold(filter, bytes / bloom::kBlockBytes);
        result.resize(kHeaderBytes + 16 + bytes / 2);
        store(result.data() + kHeaderBytes + 8, load<std::uint32_t>(result.data() + kHeaderBytes + 8) + 1);
    }
    return result;
}

// Filters of 16, 8, 4 and 2 blocks, of which none can be folded once its set is no longer exact: trimming loses
// nothing, so that the laws of merging hold for stored sketches.
struct BloomLaws {
    using Kernel = Bloom;
    static constexpr bool kCanonical = true;
    static constexpr bool kIdempotent = true;

    static std::vector<Bloom::Params> params() { return {{380, 0.01}, {190, 0.01}, {95, 0.01}, {47, 0.01}}; }
    static Status add(Bloom& s, std::uint64_t i) { return s.add(item(i)); }
    static double read(const Bloom& s) {
        const double rate = s.false_positives(), n = s.estimate();
        EXPECT_GE(rate, 0);
        EXPECT_LE(rate, 1);
        EXPECT_GE(n, 0);
        int yes = 0;
        for (std::uint64_t i = 0; i < 100; ++i) yes += s.contains(item(i * 1000));
        return n + yes;
    }
    static std::vector<std::pair<std::string, Image>> golden() {
        return {{"empty", build({1000, 0.01}, 0, 0)},
                {"exact", build({1000, 0.01}, 0, 20)},
                {"filter", build({300, 0.01}, 0, 300)},
                {"folded", build({100000, 0.01}, 0, 300)},
                {"past_capacity", build({47, 0.01}, 0, 1000)},
                {"rate", build({300, 0.1}, 0, 300)},
                {"common", common(build({1000, 0.01}, 0, 600), build({1000, 0.01}, 300, 900))}};
    }
};

INSTANTIATE_TYPED_TEST_SUITE_P(bloom, Laws, BloomLaws);

TEST(Bloom, SizesAscendByASixteenth) {
    for (int i = 2; i < bloom::kSizes; ++i) {
        const auto a = bloom::size_at(i - 1), b = bloom::size_at(i);
        EXPECT_TRUE(b.valid());
        EXPECT_GT(b.blocks(), a.blocks());
        EXPECT_LE(static_cast<double>(b.blocks() - a.blocks()), std::max(1.0, static_cast<double>(a.blocks()) / 16));
    }
    EXPECT_EQ(bloom::size_at(bloom::kSizes - 1).blocks(), bloom::Size::kMostBlocks);
    EXPECT_EQ(bloom::size_for(Bloom::kDefaultCapacity, Bloom::kDefaultRate).blocks(), Bloom::kDefaultSize.blocks());
}

// The figures of a plain sum over Poisson's distribution, computed apart.
TEST(Bloom, RateOfALoad) {
    const std::pair<double, double> known[] = {{8, 0.033}, {10, 0.0127}, {12, 0.0054}, {16, 0.0013}, {20, 0.00042}};
    for (const auto& [bits, rate] : known) EXPECT_NEAR(bloom::false_positives(256 / bits) / rate, 1, 0.04);
    EXPECT_EQ(bloom::false_positives(0), 0);
    EXPECT_NEAR(bloom::false_positives(599.9) / bloom::false_positives(600.1), 1, 1e-3);
    EXPECT_LE(bloom::false_positives(1e9), 1);
}

TEST(Bloom, FoldingIsBuildingSmaller) {
    for (const std::size_t blocks : {2, 6, 40, 1024})
        for (const std::size_t n : {0, 1, 100, 5000}) {
            std::vector<bloom::Block> large(blocks), small(blocks / 2);
            for (std::uint64_t i = 0; i < n; ++i) {
                bloom::set(large[bloom::block_of(item(i), blocks)], item(i));
                bloom::set(small[bloom::block_of(item(i), blocks / 2)], item(i));
            }
            auto* const bytes = reinterpret_cast<std::byte*>(large.data());
            const auto fill = bloom::fill_of(bytes, blocks);
            bloom::fold(bytes, blocks);
            EXPECT_EQ(0, std::memcmp(large.data(), small.data(), blocks / 2 * sizeof(bloom::Block)));
            EXPECT_EQ(fill.accepted_folded, bloom::fill_of(bytes, blocks / 2).accepted);
        }
}

TEST(Bloom, OnesOfALane) {
    Random random{20};
    for (int i = 0; i < 10000; ++i) {
        const auto lane = static_cast<std::uint32_t>(random());
        ASSERT_EQ(bloom::ones(lane), static_cast<std::uint32_t>(std::popcount(lane)));
    }
}

TEST(Bloom, ExactWhileSmall) {
    const Image image = build({1e6, 0.01}, 0, Bloom::kMostExact);
    EXPECT_TRUE(open<Bloom>(image).exact());
    EXPECT_TRUE(holds(image, 0, Bloom::kMostExact));
    EXPECT_EQ(open<Bloom>(image).estimate(), static_cast<double>(Bloom::kMostExact));
    EXPECT_EQ(open<Bloom>(image).false_positives(), 0);
    for (std::uint64_t i = 1000; i < 200000; ++i) ASSERT_FALSE(open<Bloom>(image).contains(item(i)));
    EXPECT_FALSE(open<Bloom>(build({1e6, 0.01}, 0, Bloom::kMostExact + 1)).exact());
}

// A list of hashes, a filter filled from it, and a filter filled row by row end as the same bytes.
TEST(Bloom, TheWayDoesNotMatter) {
    const Bloom::Params params{3000, 0.01};
    for (const std::uint64_t n : {225, 400, 580, 1000, 3000, 9000}) {
        const Image straight = build(params, 0, n);
        EXPECT_TRUE(holds(straight, 0, n));
        Sketch<Bloom> often(params);
        for (int i = 0; i < 40; ++i) add(often, 0, n);
        EXPECT_TRUE(straight == often.trimmed());
        // Working states merge without a loss.
        Sketch<Bloom> a(params), b(params);
        add(a, 0, n / 3);
        add(b, n / 4, n);
        const Image before = b.trimmed();
        ASSERT_EQ(a.merge(b.kernel()), Status::ok);
        EXPECT_TRUE(straight == a.trimmed());
        EXPECT_TRUE(before == b.trimmed());
        EXPECT_TRUE(merged(straight, straight) == straight);
    }
}

// What two stored filters have folded away is gone: they merge to the whole at the smaller of their sizes.
TEST(Bloom, StoredPartsMergeToTheWholeAtTheirSize) {
    const Bloom::Params params{100000, 0.01};
    const Image whole = build(params, 0, 60000);
    for (const std::uint64_t cut : {100, 1000, 20000, 30000, 59000}) {
        const Image a = build(params, 0, cut), b = build(params, cut, 60000), both = merged(a, b);
        EXPECT_TRUE(both == merged(b, a));
        EXPECT_TRUE(holds(both, 0, 60000));
        const std::size_t times = open<Bloom>(whole).blocks() / open<Bloom>(both).blocks();
        EXPECT_TRUE(both == folded(whole, std::countr_zero(times)));
        EXPECT_EQ(open<Bloom>(both).blocks(), open<Bloom>(a).exact()
                                                  ? open<Bloom>(b).blocks()
                                                  : std::min(open<Bloom>(a).blocks(), open<Bloom>(b).blocks()));
    }
}

TEST(Bloom, UnequalSizesMergeWhereTheyFold) {
    const Image large = build({6400, 0.01}, 0, 5000), small = build({1600, 0.01}, 5000, 6000);
    EXPECT_TRUE(merged(large, small) == merged(small, large));
    EXPECT_TRUE(holds(merged(large, small), 0, 6000));
    EXPECT_EQ(open<Bloom>(merged(large, small)).full_size().blocks(), open<Bloom>(small).full_size().blocks());

    const Image other = build({7000, 0.01}, 0, 5000);
    merged(large, other, Status::unlike);
    common(large, other, Status::unlike);
    // Hashes fit every filter.
    const Image exact = build({7000, 0.01}, 8000, 8100);
    EXPECT_TRUE(holds(merged(large, exact), 8000, 8100));
    EXPECT_TRUE(merged(large, exact) == merged(exact, large));
    EXPECT_EQ(open<Bloom>(merged(exact, large)).full_size().blocks(), open<Bloom>(large).full_size().blocks());
}

TEST(Bloom, IntersectionHoldsWhatBothHold) {
    const Bloom::Params params{20000, 0.01};
    for (const std::uint64_t n : {100, 1000, 20000})
        for (const std::uint64_t m : {100, 1000, 20000}) {
            const Image a = build(params, 0, n), b = build(params, n / 2, n / 2 + m), both = common(a, b);
            EXPECT_TRUE(both == common(b, a));
            EXPECT_TRUE(holds(both, n / 2, std::min(n, n / 2 + m)));
            EXPECT_LE(open<Bloom>(both).estimate(), std::min(open<Bloom>(a).estimate(), open<Bloom>(b).estimate()) + 1);
        }
}

TEST(Bloom, PastItsCapacity) {
    const Image image = build({1000, 0.01}, 0, 10000);
    EXPECT_TRUE(holds(image, 0, 10000));
    EXPECT_GT(open<Bloom>(image).false_positives(), 0.5);
    Sketch<Bloom> full(Bloom::Params{1, 0.5});
    add(full, 0, 100000);
    EXPECT_EQ(open<Bloom>(full.trimmed()).false_positives(), 1);
    EXPECT_TRUE(std::isinf(open<Bloom>(full.trimmed()).estimate()));
}

TEST(Bloom, CraftedHashes) {
    Sketch<Bloom> sketch(Bloom::Params{10000, 0.01});
    for (std::uint64_t i = 0; i < 50000; ++i) sketch.add([i](Bloom& s) { return s.add(~i << 40); });
    const Image image = sketch.trimmed();
    EXPECT_EQ(Bloom::check(image), Status::ok);
    for (std::uint64_t i = 0; i < 50000; ++i) ASSERT_TRUE(open<Bloom>(image).contains(~i << 40));
}

TEST(Bloom, StoredBytes) {
    EXPECT_LE(build({4e6, 0.01}, 0, 100).size(), 900u);
    EXPECT_LE(build({1e6, 0.01}, 0, 1000000).size(), 1400000u);
    EXPECT_LE(build({4e6, 0.01}, 0, 1000000).size(), 1400000u);
    EXPECT_LE(build({1e7, 0.01}, 0, 1000000).size(), 1710000u);
    EXPECT_LE(build({1e7, 0.01}, 0, 10000).size(), 17000u);
}

TEST(Bloom, StateStartsSmallAndGrowsWithItsSet) {
    Sketch<Bloom> sketch(Bloom::Params{4e6, 0.01});
    EXPECT_EQ(sketch.kernel().bytes() + kLengthWordBytes, 128u);
    for (int i = 0; i < 100; ++i) add(sketch, 0, 600);
    EXPECT_LE(sketch.kernel().bytes() + kLengthWordBytes, 8192u);
    const Image part = build({4e6, 0.01}, 0, 200);
    Sketch<Bloom> union_of(part);
    for (int i = 0; i < 1000; ++i) ASSERT_EQ(union_of.merge(part), Status::ok);
    EXPECT_LE(union_of.kernel().bytes() + kLengthWordBytes, 8192u);
}

}  // namespace
}  // namespace sketch::test
