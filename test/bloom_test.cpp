// SPDX-License-Identifier: PostgreSQL
#include <algorithm>
#include <cmath>

#include "bloom/bloom.hpp"
#include "core/xxh3.hpp"
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
Image common(const Image& a, const Image& b) {
    const Bloom::Intersection both(open<Bloom>(a), open<Bloom>(b));
    Room to(both.bytes());
    EXPECT_EQ(both.write(to.span()), both.bytes());
    const Image image(to.span().begin(), to.span().end());
    EXPECT_EQ(Bloom::check(image), Status::ok);
    return image;
}
bool holds(const Image& image, std::uint64_t first, std::uint64_t end) {
    for (std::uint64_t i = first; i < end; ++i)
        if (!open<Bloom>(image).contains(item(i))) return false;
    return true;
}
Image join(const std::vector<Image>& parts) {
    Sketch<Bloom> sketch(parts[0]);
    for (const Image& part : parts) EXPECT_EQ(sketch.merge(part), Status::ok);
    return sketch.trimmed();
}

// Tables and packed prefixes, then bitmaps, of which the last is full at once.
struct BloomLaws {
    using Kernel = Bloom;
    static constexpr bool kCanonical = true;
    static constexpr bool kIdempotent = true;

    static std::vector<Bloom::Params> params() { return {{4e6, 0.01}, {20000, 0.01}, {380, 0.01}, {1, 0.5}}; }
    static Status add(Bloom& s, std::uint64_t i) { return s.add(item(i)); }
    static double read(const Bloom::Reader& s) {
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
                {"packed", build({300, 0.01}, 0, 300)},
                {"packed_long", build({1e8, 0.0001}, 0, 300)},
                {"bitmap", build({100, 0.1}, 0, 400)},
                {"past_capacity", build({47, 0.01}, 0, 1000)},
                {"rate", build({300, 0.1}, 0, 300)},
                {"common", common(build({1000, 0.01}, 0, 600), build({1000, 0.01}, 300, 900))}};
    }
};

INSTANTIATE_TYPED_TEST_SUITE_P(bloom, Laws, BloomLaws);

TEST(Bloom, PrefixesAreAsLongAsAsked) {
    EXPECT_EQ(Bloom::Params(Bloom::kDefaultCapacity, Bloom::kDefaultRate).bits, 29);
    EXPECT_EQ(Bloom::Params(1, 0.5).bits, 1);
    EXPECT_EQ(Bloom::Params(1e8, 1e-5).bits, Bloom::kMaxBits);
    for (const double capacity : {1.0, 7.0, 1000.0, 1e6, 1e8})
        for (const double rate : {0.5, 0.1, 0.01, 0.001, 1e-5}) {
            const double all = std::ldexp(1, Bloom::Params(capacity, rate).bits);
            EXPECT_LE(capacity / all, rate);
            EXPECT_GE(2 * capacity / all, rate);
        }
}

// Every prefix that was packed is found, and every other one of a small universe is not; also where the prefixes crowd
// in one quotient, or leave most of them empty.
TEST(Bloom, PackedPrefixesAreFoundWhereTheyStand) {
    Random random{20};
    for (int round = 0; round < 3000; ++round) {
        const int bits = 1 + static_cast<int>(random.below(14));
        const std::uint64_t all = std::uint64_t{1} << bits, share = 1 + random.below(all);
        const std::uint64_t from = random.below(all), to = from + 1 + random.below(all - from);
        std::vector<bool> in(all);
        std::uint64_t n = 0;
        for (std::uint64_t p = from; p < to; ++p)
            if (random.below(all) < share) in[p] = true, ++n;
        if (n == 0) continue;
        Image form(bloom::Sizes(n, bits).bytes());
        bloom::Packer packer(form.data(), n, bits);
        for (std::uint64_t p = 0; p < all; ++p)
            if (in[p]) packer.push(p);
        packer.finish();
        const bloom::EliasFano packed(form.data(), n, bits);
        ASSERT_EQ(packed.check(form.size()), Status::ok);
        for (std::uint64_t p = 0; p < all; ++p) ASSERT_EQ(packed.contains(p), in[p]) << bits << " bits, prefix " << p;
        std::uint64_t next = 0;
        bloom::Prefix block[bloom::kBlock];
        for (bloom::EliasFano::Cursor cursor(packed); !cursor.ended();)
            for (std::size_t i = 0, k = cursor.fill(block); i < k; ++i) {
                while (!in[next]) ++next;
                EXPECT_EQ(block[i], next++);
            }
    }
}

TEST(Bloom, PackedPrefixesOfEveryLength) {
    Random random{21};
    for (int bits = 9; bits <= Bloom::kMaxBits; ++bits)
        for (const std::size_t n : {1, 2, 63, 64, 65, 300}) {
            std::vector<std::uint64_t> held(n);
            for (auto& p : held) p = random() >> (64 - bits);
            held.resize(sort_distinct(held.data(), n));
            Image form(bloom::Sizes(held.size(), bits).bytes());
            bloom::Packer packer(form.data(), held.size(), bits);
            for (const std::uint64_t p : held) packer.push(p);
            packer.finish();
            const bloom::EliasFano packed(form.data(), held.size(), bits);
            ASSERT_EQ(packed.check(form.size()), Status::ok);
            for (const std::uint64_t p : held) ASSERT_TRUE(packed.contains(p));
            for (int i = 0; i < 200; ++i) {
                const std::uint64_t p = random() >> (64 - bits);
                ASSERT_EQ(packed.contains(p), std::binary_search(held.begin(), held.end(), p));
            }
        }
}

TEST(Bloom, ATableIsASet) {
    Random random{22};
    for (const int bits : {10, 20, 29, 31}) {
        const std::size_t slots = 1000;
        std::vector<std::uint32_t> words(slots + bloom::kBeyond);
        std::vector<std::uint64_t> all;
        bloom::LinearProbing table(reinterpret_cast<std::byte*>(words.data()), slots, bits);
        table.clear();
        for (int i = 0; i < 700; ++i) {
            const std::uint64_t p = random() >> (64 - bits);
            const bool there = std::find(all.begin(), all.end(), p) != all.end();
            EXPECT_EQ(table.contains(p), there);
            EXPECT_EQ(table.insert(p), there ? bloom::Inserted::no : bloom::Inserted::yes);
            if (!there) all.push_back(p);
        }
        std::sort(all.begin(), all.end());
        std::vector<std::uint64_t> read;
        bloom::Prefix block[bloom::kBlock];
        for (bloom::LinearProbing::Cursor cursor(table); !cursor.ended();)
            for (std::size_t i = 0, k = cursor.fill(block); i < k; ++i) read.push_back(block[i]);
        EXPECT_EQ(read, all);
    }
}

TEST(Bloom, ExactWhileSmall) {
    const Image image = build({1e6, 0.01}, 0, Bloom::kMaxExact);
    EXPECT_TRUE(open<Bloom>(image).exact());
    EXPECT_TRUE(holds(image, 0, Bloom::kMaxExact));
    EXPECT_EQ(open<Bloom>(image).estimate(), static_cast<double>(Bloom::kMaxExact));
    EXPECT_EQ(open<Bloom>(image).false_positives(), 0);
    for (std::uint64_t i = 1000; i < 200000; ++i) ASSERT_FALSE(open<Bloom>(image).contains(item(i)));
    EXPECT_FALSE(open<Bloom>(build({1e6, 0.01}, 0, Bloom::kMaxExact + 1)).exact());
}

// A list of hashes, a table or bitmap filled from it, and one filled row by row end as the same bytes.
TEST(Bloom, TheWayDoesNotMatter) {
    for (const Bloom::Params params : {Bloom::Params{3000, 0.01}, Bloom::Params{4e6, 0.01}, Bloom::Params{1e8, 0.001}})
        for (const std::uint64_t n : {225, 400, 1000, 3000, 9000, 70000, 300000}) {
            const Image straight = build(params, 0, n);
            EXPECT_EQ(Bloom::check(straight), Status::ok);
            EXPECT_TRUE(holds(straight, 0, n));
            Sketch<Bloom> often(params);
            for (int i = 0; i < 3; ++i) add(often, 0, n);
            EXPECT_TRUE(straight == often.trimmed());
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

// Whatever was stored in between.
TEST(Bloom, StoredPartsMergeToTheWhole) {
    Random random{24};
    for (const Bloom::Params params :
         {Bloom::Params{1000, 0.1}, Bloom::Params{100000, 0.01}, Bloom::Params{1e8, 0.01}}) {
        const Image whole = build(params, 0, 60000);
        for (const std::uint64_t cut : {1, 100, 1000, 20000, 30000, 59000}) {
            const Image a = build(params, 0, cut), b = build(params, cut, 60000);
            EXPECT_TRUE(merged(a, b) == whole);
            EXPECT_TRUE(merged(b, a) == whole);
        }
        std::vector<Image> days;
        for (std::uint64_t day = 0; day < 100; ++day) days.push_back(build(params, day * 600, day * 600 + 600));
        random.shuffle(days);
        EXPECT_TRUE(join(days) == whole);
        std::vector<Image> weeks;
        for (std::size_t day = 0; day < 100; day += 20)
            weeks.push_back(join({days.begin() + static_cast<std::ptrdiff_t>(day),
                                  days.begin() + static_cast<std::ptrdiff_t>(day + 20)}));
        EXPECT_TRUE(join(weeks) == whole);
    }
}

// A finer sketch is cut to the prefixes of the coarser one, in every form: list, table and bitmap.
TEST(Bloom, UnequalPrefixesMergeToTheShorter) {
    const Bloom::Params kinds[] = {{1e8, 0.0001}, {4e7, 0.01}, {4e6, 0.01}, {1e5, 0.01}, {3000, 0.1}};
    for (const auto& fine : kinds)
        for (const auto& coarse : kinds) {
            if (fine.bits <= coarse.bits) continue;
            for (const std::uint64_t n : {100, 3000, 30000, 300000})
                for (const std::uint64_t m : {100, 3000, 30000}) {
                    Image expected = build(coarse, 0, n + m);
                    store(expected.data() + kHeaderBytes, std::max(fine.rate, coarse.rate));
                    const Image a = build(fine, 0, n), b = build(coarse, n, n + m);
                    ASSERT_TRUE(merged(a, b) == expected) << n << " and " << m;
                    ASSERT_TRUE(merged(b, a) == expected) << n << " and " << m;
                    Sketch<Bloom> working(fine);
                    add(working, 0, n);
                    ASSERT_EQ(working.merge(b), Status::ok);
                    add(working, n / 2, n + m);
                    ASSERT_TRUE(working.trimmed() == expected) << n << " and " << m;
                }
        }
}

TEST(Bloom, IntersectionHoldsWhatBothHold) {
    for (const Bloom::Params other : {Bloom::Params{20000, 0.01}, Bloom::Params{500, 0.01}, Bloom::Params{1e8, 0.001}})
        for (const std::uint64_t n : {100, 1000, 20000})
            for (const std::uint64_t m : {100, 1000, 20000}) {
                const Image a = build({20000, 0.01}, 0, n), b = build(other, n / 2, n / 2 + m), both = common(a, b);
                EXPECT_TRUE(both == common(b, a));
                EXPECT_TRUE(holds(both, n / 2, std::min(n, n / 2 + m)));
                // No more than what both hold, and what one of them takes for its own.
                const double smaller = static_cast<double>(std::min(n, m)),
                             shared = static_cast<double>(std::min(n, n / 2 + m) - n / 2);
                const double rate = std::max(open<Bloom>(a).false_positives(), open<Bloom>(b).false_positives());
                if (rate < 0.1) {
                    EXPECT_LE(open<Bloom>(both).estimate(), shared + smaller * rate * 1.5 + 10);
                }
            }
    const Image a = build({1e6, 0.01}, 0, 300), b = build({1e6, 0.01}, 1000, 1300);
    EXPECT_LE(open<Bloom>(common(a, b)).estimate(), 3);
}

TEST(Bloom, PastItsCapacity) {
    const Image image = build({1000, 0.01}, 0, 10000);
    EXPECT_TRUE(holds(image, 0, 10000));
    // 17 bits: 10,000 of 131,072 prefixes.
    EXPECT_NEAR(open<Bloom>(image).false_positives(), 0.0735, 0.002);
    EXPECT_NEAR(open<Bloom>(image).estimate(), 10000, 150);
    Sketch<Bloom> full(Bloom::Params{1, 0.5});
    add(full, 0, 1000);
    EXPECT_EQ(open<Bloom>(full.trimmed()).false_positives(), 1);
    EXPECT_TRUE(std::isinf(open<Bloom>(full.trimmed()).estimate()));
}

// Hashes that somebody chose: all in one corner of the table, or with one prefix. The state stays in its bounds, and
// merges of it are the whole.
TEST(Bloom, CraftedHashes) {
    const auto corner = [](std::uint64_t i) { return ~(i << 35); };
    const auto same = [](std::uint64_t i) { return std::uint64_t{1} << 63 | i; };
    const auto middle = [](std::uint64_t i) { return (std::uint64_t{1} << 62) + (i << 27); };
    for (const auto hash : {+corner, +same, +middle})
        for (const Bloom::Params params :
             {Bloom::Params{4e6, 0.01}, Bloom::Params{1e8, 0.001}, Bloom::Params{5000, 0.01}}) {
            constexpr std::uint64_t kAll = 100000;
            const auto fill = [&](Sketch<Bloom>& s, std::uint64_t from, std::uint64_t to) {
                for (std::uint64_t i = from; i < to; ++i) s.add([&](Bloom& b) { return b.add(hash(i)); });
            };
            Sketch<Bloom> sketch(params), first(params), second(params), mixed(params);
            fill(sketch, 0, kAll);
            const Image image = sketch.trimmed();
            EXPECT_EQ(Bloom::check(image), Status::ok);
            for (std::uint64_t i = 0; i < kAll; ++i) ASSERT_TRUE(open<Bloom>(image).contains(hash(i)));
            fill(first, 0, kAll / 3);
            fill(second, kAll / 3, kAll);
            EXPECT_TRUE(merged(first.trimmed(), second.trimmed()) == image);
            EXPECT_TRUE(merged(second.trimmed(), first.trimmed()) == image);
            ASSERT_EQ(first.merge(second.kernel()), Status::ok);
            EXPECT_TRUE(first.trimmed() == image);
            // A table of other hashes, to which they come by merging.
            add(mixed, 0, 50000);
            Sketch<Bloom> expected(params);
            fill(expected, 0, kAll);
            add(expected, 0, 50000);
            ASSERT_EQ(mixed.merge(image), Status::ok);
            EXPECT_TRUE(mixed.trimmed() == expected.trimmed());
        }
}

// What fits stored merges, in any order and also where no working image is made, and takes one value more: the forms of
// blooms of 40 million values (D1), and a large one with one of few (B9), in their small.
TEST(Bloom, WhatFitsStoredMerges) {
    const Bloom::Params kinds[] = {{1e8, 0.05}, {1e8, 1e-5}, {4e6, 0.01}, {30000, 0.05}};
    for (const auto& p : kinds)
        for (const auto& q : kinds)
            for (const std::uint64_t n : {0, 200, 1000, 24000})
                for (const std::uint64_t m : {1, 224, 9000}) {
                    const Image a = build(p, 0, n), b = build(q, n, n + m);
                    Image expected = build(p.bits < q.bits ? p : q, 0, n + m);
                    store(expected.data() + kHeaderBytes, std::max(p.rate, q.rate));
                    for (const auto& [x, y] : {std::pair(a, b), std::pair(b, a)}) {
                        Sketch<Bloom> scalar(x);
                        ASSERT_EQ(scalar.unite(Bloom(std::span<const std::byte>(y))), Status::ok);
                        ASSERT_TRUE(scalar.trimmed() == expected) << n << " and " << m;
                        ASSERT_TRUE(merged(x, y) == expected) << n << " and " << m;
                    }
                }
}

TEST(Bloom, OneValueMore) {
    for (const Bloom::Params params : {Bloom::Params{1e8, 0.001}, Bloom::Params{4e6, 0.01}, Bloom::Params{2000, 0.01}})
        for (const std::uint64_t n : {0, 1, 223, 224, 225, 1023, 1024, 20000}) {
            Sketch<Bloom> sketch(build(params, 0, n));
            for (std::uint64_t i = n; i < n + 5; ++i)
                ASSERT_EQ(sketch.unite_with_item([i](Bloom& s) { return s.add(item(i)); }), Status::ok);
            EXPECT_TRUE(sketch.trimmed() == build(params, 0, n + 5));
            ASSERT_EQ(sketch.unite_with_item([](Bloom& s) { return s.add(item(0)); }), Status::ok);
            EXPECT_TRUE(sketch.trimmed() == build(params, 0, n + 5));
        }
}

// One by one to a stored sketch, also where prefixes are clustered in few quotients.
TEST(Bloom, ValuesOneByOne) {
    const auto clustered = [](std::uint64_t i) { return std::uint64_t{1} << 63 | i << 24; };
    for (const Bloom::Params params : {Bloom::Params{1e8, 1e-5}, Bloom::Params{4e6, 0.01}, Bloom::Params{3000, 0.01}})
        for (const auto hash : {&item, +clustered}) {
            Sketch<Bloom> whole(params), one_by_one(whole.trimmed());
            for (std::uint64_t i = 0; i < 1500; ++i) {
                const auto add = [&](Bloom& s) { return s.add(hash(i * 7)); };
                whole.add(add);
                ASSERT_EQ(one_by_one.unite_with_item(add), Status::ok);
                if (i % 17 == 0 || i > 1022) {
                    ASSERT_TRUE(whole.trimmed() == one_by_one.trimmed()) << i;
                }
            }
        }
}

// Every form of a working image, merged as a state of its own or read by a scalar, in all pairs.
TEST(Bloom, WorkingImagesOfAllFormsMerge) {
    for (const Bloom::Params params : {Bloom::Params{1e8, 0.001}, Bloom::Params{4e6, 0.01}, Bloom::Params{3e5, 0.3}}) {
        const std::uint64_t sizes[] = {3, 150, 700, 9000, 40000};
        for (const std::uint64_t n : sizes)
            for (const std::uint64_t m : sizes)
                for (const int rounds : {1, 3}) {
                    Sketch<Bloom> a(params), b(params);
                    for (int i = 0; i < rounds; ++i) add(a, 0, n), add(b, n / 2, n / 2 + m);
                    const Image whole = build(params, 0, std::max(n, n / 2 + m));
                    const Image before = b.trimmed();
                    Sketch<Bloom> scalar(a.trimmed());
                    ASSERT_EQ(scalar.unite(b.kernel()), Status::ok);
                    EXPECT_TRUE(scalar.trimmed() == whole) << n << " and " << m;
                    ASSERT_EQ(a.merge(b.kernel()), Status::ok);
                    add(a, 0, std::min<std::uint64_t>(300, n));
                    EXPECT_TRUE(a.trimmed() == whole) << n << " and " << m;
                    EXPECT_TRUE(b.trimmed() == before);
                }
    }
}

// The most that a host holds at once is the image it grows from, the one it grows to, and a copy of that.
TEST(Bloom, BytesAValueWhileItIsBuilt) {
    for (const Bloom::Params params :
         {Bloom::Params{1e8, 1e-5}, Bloom::Params{1e8, 0.01}, Bloom::Params{1e8, 0.05}, Bloom::Params{4e6, 0.01}}) {
        Sketch<Bloom> sketch(params);
        std::size_t before = sketch.kernel().bytes();
        for (std::uint64_t i = 0; i < 2500000; ++i) {
            add(sketch, i, i + 1);
            const std::size_t bytes = sketch.kernel().bytes();
            if (bytes != before && i >= 1000000) {
                EXPECT_LE(before + 2 * bytes, 32 * i) << i << " values of " << params.bits << " bits";
            }
            before = bytes;
        }
    }
    // At 10^8 values of 44 bits, of which the working image is the largest.
    struct Sizes : bloom::Layout {
        static std::size_t largest() { return log_bytes(kMaxLong, kMaxBits); }
        static std::size_t bits() { return bits_bytes(bloom::kMaxBitmapBits); }
        static std::size_t stored() { return stored_bytes(kMaxLong, kMaxBits); }
    };
    EXPECT_LE(3 * Sizes::largest(), 1100000000u);
    EXPECT_LE(Sizes::largest() + 2 * Sizes::bits(), 1100000000u);
    EXPECT_LE(std::max(Sizes::stored(), Sizes::bits()), kMaxImageBytes);
}

// No small image from outside asks for a large state.
TEST(Bloom, AStateIsInProportionToWhatIsStored) {
    for (int bits = 1; bits <= Bloom::kMaxBits; ++bits)
        for (std::uint64_t n = 1; n <= 1000000 && n <= std::uint64_t{1} << bits; n = n * 3 + 1) {
            // Clustered as much as can be, and spread out.
            for (const std::uint64_t step : {std::uint64_t{1}, (std::uint64_t{1} << bits) / n}) {
                struct Source {
                    std::uint64_t n, step, i = 0;
                    std::size_t fill(bloom::Prefix* to) {
                        std::size_t k = 0;
                        for (; k < bloom::kBlock && i < n; ++k, ++i) to[k] = i * step;
                        return k;
                    }
                };
                Image image(bloom::Stored::max_bytes(n, bits));
                const auto make = [&](int) { return Source{n, step}; };
                const std::size_t bytes =
                    bloom::Stored(std::span<std::byte>(image)).write_prefixes({n, bits}, 0.01, make);
                image.resize(bytes);
                if (n < 100000) {
                    ASSERT_EQ(Bloom::check(image), Status::ok) << n << " of " << bits << " bits";
                }
                const Bloom s{std::span<const std::byte>(image)};
                EXPECT_LE(s.grown_bytes(), 32 * bytes + (256u << 10)) << n << " of " << bits << " bits";
                EXPECT_LE(s.merge_bytes(s), 32 * bytes + (256u << 10)) << n << " of " << bits << " bits";
            }
        }
}

// A host that wants to end finds an occasion in whatever is long.
TEST(Bloom, AsksForInterrupts) {
    static std::size_t asked;
    const Bloom::Params params{1e8, 0.001};
    const Image a = build(params, 0, 200000), b = build(params, 150000, 400000);
    const auto asks = [](auto work) {
        asked = 0;
        interrupt_hook = [] { ++asked; };
        work();
        interrupt_hook = nullptr;
        return asked;
    };
    constexpr std::size_t kBlocks = 200000 / bloom::kBlock;
    EXPECT_GE(asks([&] { EXPECT_EQ(Bloom::check(a), Status::ok); }), kBlocks);
    EXPECT_GE(asks([&] { Sketch<Bloom>(a).unite(Bloom(std::span<const std::byte>(b))); }), 2 * kBlocks);
    EXPECT_GE(asks([&] { common(a, b); }), 2 * kBlocks);
    Sketch<Bloom> sketch(a);
    EXPECT_GE(asks([&] { add(sketch, 0, 1); }), kBlocks);  // re-laid
    EXPECT_GE(asks([&] { sketch.trimmed(); }), kBlocks);
}

TEST(Bloom, StoredBytes) {
    EXPECT_LE(build({4e6, 0.01}, 0, 100).size(), 900u);
    EXPECT_LE(build({1e6, 0.01}, 0, 1000000).size(), 1250000u);
    EXPECT_LE(build({4e6, 0.01}, 0, 1000000).size(), 1500000u);
    EXPECT_LE(build({1e7, 0.01}, 0, 1000000).size(), 1600000u);
    EXPECT_LE(build({1e7, 0.01}, 0, 10000).size(), 25000u);
}

// In a table of hashes that come again, this one would look like a free slot.
TEST(Bloom, TheLastHashIsHeldToo) {
    constexpr std::uint64_t kLast = ~std::uint64_t{0};
    for (const std::uint64_t others : {0, 5, 20, 100, 1000}) {
        Sketch<Bloom> sketch(Bloom::Params{4e6, 0.01});
        for (int round = 0; round < 50; ++round) {
            add(sketch, 0, others);
            if (round % 3 == 1) sketch.add([](Bloom& s) { return s.add(kLast); });
        }
        const Image image = sketch.trimmed();
        EXPECT_TRUE(open<Bloom>(image).contains(kLast));
        EXPECT_TRUE(holds(image, 0, others));
        EXPECT_NEAR(open<Bloom>(image).estimate(), static_cast<double>(others + 1), 0.01);
    }
}

TEST(Bloom, StateStartsSmallAndGrowsWithItsSet) {
    Sketch<Bloom> sketch(Bloom::Params{4e6, 0.01});
    EXPECT_EQ(sketch.kernel().bytes() + kLengthWordBytes, 128u);
    for (int i = 0; i < 100; ++i) add(sketch, 0, 600);
    EXPECT_LE(sketch.kernel().bytes() + kLengthWordBytes, 8192u);
    add(sketch, 0, 1100000);
    EXPECT_LE(sketch.kernel().bytes() + kLengthWordBytes, std::size_t{1} << 24);
    const Image part = build({4e6, 0.01}, 0, 200);
    Sketch<Bloom> union_of(part);
    for (int i = 0; i < 1000; ++i) ASSERT_EQ(union_of.merge(part), Status::ok);
    EXPECT_LE(union_of.kernel().bytes() + kLengthWordBytes, 8192u);
    // However often it is filled, a bitmap is the most that a small sketch becomes.
    Sketch<Bloom> small(Bloom::Params{1000, 0.01});
    add(small, 0, 200000);
    EXPECT_LE(small.kernel().bytes(), 20000u);
    EXPECT_LE(small.trimmed().size(), 16500u);
}

}  // namespace
}  // namespace sketch::test
