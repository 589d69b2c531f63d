// SPDX-License-Identifier: PostgreSQL
#include "theta/theta.hpp"

#include <algorithm>
#include <iterator>
#include <set>

#include "confidences.hpp"
#include "core/xxh3.hpp"
#include "laws.hpp"

namespace sketch::test {
namespace {

std::uint64_t item(std::uint64_t i) { return hash_int64(static_cast<std::int64_t>(i)); }
theta::Hash kept_hash(std::uint64_t i) { return item(i) >> (64 - theta::kHashBits); }

Image build(int lg_k, std::uint64_t first, std::uint64_t end) {
    Sketch<Theta> sketch(Theta::Params{lg_k});
    for (std::uint64_t i = first; i < end; ++i) sketch.add([i](Theta& s) { return s.add(item(i)); });
    return sketch.trimmed();
}
Image build(int lg_k, std::uint64_t n) { return build(lg_k, 0, n); }

// Set operations as SQL does them.
Image trimmed(const Theta& s) {
    Room to(s.trimmed_bytes());
    const std::size_t bytes = s.trim(to.span());
    const Image image(to.span().begin(), to.span().begin() + static_cast<std::ptrdiff_t>(bytes));
    EXPECT_EQ(Theta::check(image), Status::ok);
    return image;
}
Image united(const Image& a, const Image& b) {
    Sketch<Theta> sketch(a);
    EXPECT_EQ(sketch.merge(b), Status::ok);
    return sketch.trimmed();
}
using InPlace = Status (Theta::*)(const Theta::Reader&);
using OfTwo = Status (Theta::*)(const Theta::Reader&, const Theta::Reader&);
// Of a state, in place.
Image kept(const Sketch<Theta>& state, const Image& b, InPlace operation) {
    Room room(state.kernel().bytes());
    Theta s = state.kernel().relay(room.span());
    EXPECT_EQ((s.*operation)(open<Theta>(b)), Status::ok);
    return trimmed(s);
}
// Of two stored sketches, in a new image, and in place.
Image kept(const Image& a, const Image& b, OfTwo of_two, InPlace in_place) {
    const auto from = open<Theta>(a);
    Room room(Theta::kept_bytes(from));
    Theta s(room.span());
    EXPECT_EQ((s.*of_two)(from, open<Theta>(b)), Status::ok);
    Sketch<Theta> state(Theta::Params{from.lg_k()});
    EXPECT_EQ(state.merge(a), Status::ok);
    EXPECT_EQ(kept(state, b, in_place), trimmed(s));
    return trimmed(s);
}
Image common(const Image& a, const Image& b) { return kept(a, b, &Theta::intersect, &Theta::intersect); }
Image difference(const Image& a, const Image& b) { return kept(a, b, &Theta::except, &Theta::except); }
double estimate(const Image& image) { return open<Theta>(image).estimate(); }

struct ThetaLaws {
    using Kernel = Theta;
    static constexpr bool kCanonical = true;
    static constexpr bool kIdempotent = true;

    static std::vector<Theta::Params> params() { return {{20}, {12}, {9}, {6}, {4}}; }
    static Status add(Theta& s, std::uint64_t i) { return s.add(item(i)); }
    static double read(const Theta::Reader& s) {
        const Bounds b = s.bounds(0.95);
        EXPECT_LE(b.lower, b.estimate);
        EXPECT_LE(b.estimate, b.upper);
        EXPECT_EQ(b.estimate, s.estimate());
        EXPECT_EQ(Theta::Reader::jaccard(s, s, 0.95).estimate, s.retained() == 0 && !s.exact() ? 0 : 1);
        EXPECT_EQ(Theta::Reader::containment(s, s, 0.95).upper, 1);
        Room room(Theta::kept_bytes(s));
        Theta kept(room.span());
        EXPECT_EQ(kept.intersect(s, s), Status::ok);
        EXPECT_EQ(kept.count(), s.retained());
        EXPECT_EQ(kept.except(s), Status::ok);
        EXPECT_EQ(kept.count(), 0u);
        return b.estimate;
    }
    static std::vector<std::pair<std::string, Image>> golden() {
        return {{"empty", build(12, 0)},
                {"one", build(12, 1)},
                {"exact", build(12, 40)},
                {"full16", build(4, 1000)},
                {"full64", build(6, 100000)},
                {"common", common(build(6, 0, 600), build(6, 300, 900))},
                {"difference", difference(build(6, 0, 600), build(6, 300, 900))},
                {"nothing_sampled", difference(build(5, 1000), build(5, 1000))}};
    }
};

INSTANTIATE_TYPED_TEST_SUITE_P(theta, Laws, ThetaLaws);

// By definition: the k smallest distinct hashes, and the (k+1)-th as the threshold.
TEST(Theta, KeepsTheSmallestHashes) {
    for (const std::uint64_t n : {0, 1, 15, 16, 17, 100, 5000}) {
        std::set<theta::Hash> all;
        for (std::uint64_t i = 0; i < n; ++i) all.insert(kept_hash(i));
        const Image image = build(4, n);
        const auto s = open<Theta>(image);
        EXPECT_EQ(s.retained(), std::min<std::size_t>(n, 16));
        EXPECT_EQ(s.exact(), n <= 16);
        const auto packed = std::span(image).subspan(kHeaderBytes);
        auto reader = theta::Cursor::of_coded(packed.data(), s.retained(), std::to_integer<int>(image[5]));
        auto expected = all.begin();
        for (auto run = reader.next(); !run.empty(); run = reader.next())
            for (const theta::Hash hash : run) EXPECT_EQ(hash, *expected++);
        if (n > 16) {
            EXPECT_EQ(s.estimate(), 16 / std::ldexp(static_cast<double>(*expected), -48));
        }
    }
}

// 199 distinct values, and the classic estimate of the k-th minimum value: (k - 1)/KMV, here of the 17 smallest.
TEST(Theta, TheClassicEstimate) {
    std::vector<theta::Hash> hashes;
    for (std::uint64_t i = 0; i < 199; ++i) hashes.push_back(kept_hash(i));
    std::sort(hashes.begin(), hashes.end());
    const double kmv = std::ldexp(static_cast<double>(hashes[16]), -48);
    EXPECT_DOUBLE_EQ(estimate(build(4, 199)), (17 - 1) / kmv);
    EXPECT_EQ(estimate(build(12, 199)), 199);
}

TEST(Theta, ExactUpToK) {
    for (int lg_k = Theta::kMinLgK; lg_k <= 13; ++lg_k) {
        const std::uint64_t k = std::uint64_t{1} << lg_k;
        for (const std::uint64_t n : {std::uint64_t{1}, k / 2, k - 1, k}) {
            const Bounds b = open<Theta>(build(lg_k, n)).bounds(0.95);
            EXPECT_EQ(b.lower, static_cast<double>(n));
            EXPECT_EQ(b.estimate, static_cast<double>(n));
            EXPECT_EQ(b.upper, static_cast<double>(n));
        }
        EXPECT_FALSE(open<Theta>(build(lg_k, k + 1)).exact());
    }
}

TEST(Theta, SetOperationsAreExactOnSmallSets) {
    Random random{11};
    for (int round = 0; round < 300; ++round) {
        const std::uint64_t a = random.below(400), b = random.below(400), c = random.below(400), d = random.below(400);
        const Image x = build(10, std::min(a, b), std::max(a, b)), y = build(10, std::min(c, d), std::max(c, d));
        const auto low = std::max(std::min(a, b), std::min(c, d)), high = std::min(std::max(a, b), std::max(c, d));
        const std::uint64_t both = high > low ? high - low : 0;
        const std::uint64_t in_x = std::max(a, b) - std::min(a, b), in_y = std::max(c, d) - std::min(c, d);
        EXPECT_EQ(common(x, y), build(10, low, low + both));
        EXPECT_EQ(estimate(difference(x, y)), static_cast<double>(in_x - both));
        EXPECT_EQ(estimate(united(x, y)), static_cast<double>(in_x + in_y - both));
        const Bounds j = Theta::Reader::jaccard(open<Theta>(x), open<Theta>(y), 0.95);
        const double all = static_cast<double>(in_x + in_y - both);
        EXPECT_EQ(j.lower, all == 0 ? 1 : static_cast<double>(both) / all);
        EXPECT_EQ(j.lower, j.upper);
        const Bounds part = Theta::Reader::containment(open<Theta>(x), open<Theta>(y), 0.95);
        EXPECT_EQ(part.estimate, in_x == 0 ? 1 : static_cast<double>(both) / static_cast<double>(in_x));
    }
}

TEST(Theta, Identities) {
    for (const int lg_a : {5, 9, 12})
        for (const int lg_b : {5, 9, 12})
            for (const std::uint64_t n : {0, 10, 500, 30000}) {
                const Image a = build(lg_a, n), b = build(lg_b, n / 3, n + n / 2 + 5);
                EXPECT_EQ(common(a, b), common(b, a));
                EXPECT_EQ(common(a, a), a);
                EXPECT_EQ(united(a, a), a);
                EXPECT_EQ(estimate(difference(a, a)), 0);
                const Image both = common(a, b), only = difference(a, b), at = united(both, only);
                EXPECT_EQ(common(both, only), difference(both, both));
                if (lg_a == lg_b) {
                    // A, as seen at the threshold of the two.
                    EXPECT_DOUBLE_EQ(estimate(both) + estimate(only), estimate(at));
                    EXPECT_EQ(difference(a, both), only);
                }
                EXPECT_EQ(open<Theta>(both).k(), std::size_t{1} << std::min(lg_a, lg_b));
                EXPECT_EQ(open<Theta>(only).k(), std::size_t{1} << std::min(lg_a, lg_b));
                EXPECT_EQ(common(a, common(b, at)), common(common(a, b), at));
                EXPECT_EQ(united(a, united(b, both)), united(united(a, b), both));
            }
}

// In place, a state may be anything that a working image can be: settled first, it gives what its stored form gives.
TEST(Theta, AnyStateTakesSetOperations) {
    for (const int lg_k : {4, 9, 12})
        for (const std::uint64_t n : {1, 11, 12, 13, 40, 700, 5000, 30000}) {
            const Image b = build(9, n / 2, n + n / 2);
            Sketch<Theta> state(Theta::Params{lg_k});
            for (std::uint64_t i = 0; i < 4 * n; ++i) {
                state.add([i, n](Theta& s) { return s.add(item(i * 7 % n)); });
                if (i % n == 0 || i % n == n - 1) {
                    EXPECT_EQ(kept(state, b, &Theta::intersect), common(state.trimmed(), b));
                    EXPECT_EQ(kept(state, b, &Theta::except), difference(state.trimmed(), b));
                }
            }
        }
}

// A set of no values is known to have nothing in common with any; a sample without a common value is not.
TEST(Theta, EmptyIsNotUnknown) {
    const Image none = build(12, 0), many = build(5, 100000), others = build(5, 200000, 300000);
    EXPECT_EQ(open<Theta>(common(none, many)).bounds(0.95).upper, 0);
    EXPECT_EQ(open<Theta>(common(many, none)).bounds(0.95).upper, 0);
    EXPECT_EQ(open<Theta>(difference(none, many)).bounds(0.95).upper, 0);
    EXPECT_EQ(difference(many, none), many);
    const Bounds b = open<Theta>(common(many, others)).bounds(0.95);
    EXPECT_EQ(b.estimate, 0);
    EXPECT_GT(b.upper, 1000);
    EXPECT_EQ(Theta::Reader::jaccard(open<Theta>(none), open<Theta>(none), 0.95).estimate, 1);
    EXPECT_EQ(Theta::Reader::jaccard(open<Theta>(none), open<Theta>(many), 0.95).upper, 0);
    EXPECT_EQ(Theta::Reader::containment(open<Theta>(none), open<Theta>(many), 0.95).lower, 1);
    EXPECT_EQ(Theta::Reader::containment(open<Theta>(many), open<Theta>(none), 0.95).upper, 0);
}

// 0 and the largest hash are hashes like any other.
TEST(Theta, ExtremeHashes) {
    Sketch<Theta> sketch(Theta::Params{4});
    for (const std::uint64_t hash : {std::uint64_t{0}, ~std::uint64_t{0}, std::uint64_t{1} << 16, std::uint64_t{0}})
        sketch.add([hash](Theta& s) { return s.add(hash); });
    EXPECT_EQ(Theta::check(sketch.trimmed()), Status::ok);
    EXPECT_EQ(estimate(sketch.trimmed()), 3);
}

// Adversarial hashes: neither wrong nor without an end.
TEST(Theta, AdversarialHashes) {
    for (const int shift : {0, 16, 30}) {
        Sketch<Theta> sketch(Theta::Params{12});
        for (std::uint64_t i = 0; i < 200000; ++i)
            sketch.add([h = (200000 - i) << shift](Theta& s) { return s.add(h); });
        EXPECT_EQ(Theta::check(sketch.trimmed()), Status::ok);
        EXPECT_EQ(open<Theta>(sketch.trimmed()).retained(), shift == 0 ? 4u : 4096u);
    }
}

// Set operations by definition, on hashes that are uniform, that share one bucket, that are dense but for few, and that
// come in clusters; and on sketches of different thetas.
TEST(Theta, SetOperationsAreExactOnAnyHashes) {
    Random random{13};
    using Hashes = std::vector<theta::Hash>;
    const auto image_of = [](int lg_k, const Hashes& hashes) {
        Sketch<Theta> sketch(Theta::Params{lg_k});
        for (const theta::Hash h : hashes) sketch.add([h](Theta& s) { return s.add(h << (64 - theta::kHashBits)); });
        return sketch.trimmed();
    };
    const auto hashes_of = [](const Image& image) {
        const auto packed = std::span(image).subspan(kHeaderBytes);
        auto reader =
            theta::Cursor::of_coded(packed.data(), open<Theta>(image).retained(), std::to_integer<int>(image[5]));
        Hashes hashes;
        for (auto run = reader.next(); !run.empty(); run = reader.next())
            hashes.insert(hashes.end(), run.begin(), run.end());
        return hashes;
    };
    for (int round = 0; round < 400; ++round) {
        const auto pick = [&random, kind = round % 4]() -> theta::Hash {
            switch (kind) {
                case 0: return random.below(theta::kOne);
                case 1: return random.below(100) == 0 ? random.below(theta::kOne) : random.below(3000);
                case 2: return theta::kOne - 1 - random.below(random.below(500) == 0 ? theta::kOne : 2000);
                default: return (random.below(8) << 45) + (random.below(16) << 20) + random.below(64);
            }
        };
        const Hashes shared = [&] {
            Hashes hashes(random.below(1500));
            std::generate(hashes.begin(), hashes.end(), pick);
            return hashes;
        }();
        const auto with_others = [&] {
            Hashes hashes = shared;
            for (std::size_t n = random.below(1500); n > 0; --n) hashes.push_back(pick());
            return hashes;
        };
        const Image a = image_of(round % 3 == 0 ? 8 : 12, with_others()), b = image_of(12, with_others());
        const double theta = std::min(open<Theta>(a).theta(), open<Theta>(b).theta());
        const auto below_theta = [theta](Hashes hashes) {
            std::erase_if(hashes, [theta](theta::Hash h) { return std::ldexp(static_cast<double>(h), -48) >= theta; });
            return hashes;
        };
        const Hashes x = below_theta(hashes_of(a)), y = below_theta(hashes_of(b));
        Hashes both, only;
        std::set_intersection(x.begin(), x.end(), y.begin(), y.end(), std::back_inserter(both));
        std::set_difference(x.begin(), x.end(), y.begin(), y.end(), std::back_inserter(only));
        ASSERT_EQ(hashes_of(common(a, b)), both);
        ASSERT_EQ(hashes_of(common(b, a)), both);
        ASSERT_EQ(hashes_of(difference(a, b)), only);
        const Theta::Reader::Overlap overlap = Theta::Reader::overlap(open<Theta>(a), open<Theta>(b));
        ASSERT_EQ(overlap.common, static_cast<double>(both.size()));
        ASSERT_EQ(overlap.a, static_cast<double>(x.size()));
        ASSERT_EQ(overlap.b, static_cast<double>(y.size()));
    }
}

// Lanes of any lengths, also of none, cut where both runs have a hash, or next to it.
TEST(MergePath, KeepsAsStdDoes) {
    Random random{14};
    for (int round = 0; round < 20000; ++round) {
        const auto run = [&random](std::uint64_t range) {
            std::set<theta::Hash> hashes;
            for (std::uint64_t n = random.below(60); n > 0; --n) hashes.insert(random.below(range));
            return std::vector<theta::Hash>(hashes.begin(), hashes.end());
        };
        const std::uint64_t range = std::uint64_t{2} << random.below(8);
        const auto a = run(range), b = run(random.below(2) == 0 ? range : 2 * range);
        std::vector<theta::Hash> both, only;
        std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
        std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(only));
        auto common = a, others = a;
        common.resize(
            static_cast<std::size_t>(theta::keep<theta::Keep::common>(common, b, common.data()) - common.data()));
        others.resize(
            static_cast<std::size_t>(theta::keep<theta::Keep::only_first>(others, b, others.data()) - others.data()));
        ASSERT_EQ(common, both);
        ASSERT_EQ(others, only);
    }
}

// At any confidence, and for any sample that check accepts.
TEST(Theta, BoundsAreNumbers) {
    const double thetas[] = {0x1p-48, 0x1p-47, 1e-12, 1e-6, 0.001, 0.3, 0.5, 0.999, 1 - 0x1p-30, 1 - 0x1p-48, 1};
    for (const double theta : thetas) {
        for (const double r : {0, 1, 2, 5, 9, 10, 11, 100, 4096, 1 << 20})
            expect_bounds([&](double confidence) { return theta::count_bounds(r, theta, confidence); });
        for (const double n : {1, 2, 10, 4096, 1 << 21})
            for (const double part : {0.0, 0.1, 0.5, 0.999, 1.0})
                expect_bounds(
                    [&](double confidence) { return theta::share_bounds(std::floor(part * n), n, theta, confidence); });
    }
    // The smallest threshold, with its one hash and without.
    for (const char* bytes :
         {"5401000104000000000000000100000000000000", "540100010400000001000000010000000000000001"}) {
        const Image image = from_hex(bytes), many = build(4, 1000);
        ASSERT_EQ(Theta::check(image), Status::ok);
        const auto s = open<Theta>(image), other = open<Theta>(many);
        expect_bounds([&](double confidence) { return s.bounds(confidence); });
        for (const auto& [a, b] : {std::pair{s, s}, std::pair{s, other}, std::pair{other, s}}) {
            expect_bounds([&](double confidence) { return Theta::Reader::jaccard(a, b, confidence); });
            expect_bounds([&](double confidence) { return Theta::Reader::containment(a, b, confidence); });
        }
    }
}

TEST(Theta, StateStartsSmallAndGrowsWithItsSet) {
    Sketch<Theta> sketch(Theta::Params{12});
    EXPECT_EQ(sketch.kernel().bytes() + kLengthWordBytes, 128u);
    for (std::uint64_t i = 0; i < 100000; ++i) sketch.add([i](Theta& s) { return s.add(item(i % 500)); });
    EXPECT_LE(sketch.kernel().bytes() + kLengthWordBytes, 8192u);
    const Image part = build(12, 100);
    Sketch<Theta> merged(part);
    for (int i = 0; i < 1000; ++i) ASSERT_EQ(merged.merge(part), Status::ok);
    EXPECT_LE(merged.kernel().bytes() + kLengthWordBytes, 4096u);
    for (std::uint64_t i = 0; i < 100000; ++i) sketch.add([i](Theta& s) { return s.add(item(i)); });
    EXPECT_LE(sketch.kernel().bytes(), 66000u);
}

TEST(Theta, StoredBytes) {
    EXPECT_LE(build(12, 0).size(), 20u);
    EXPECT_LE(build(12, 100).size(), 580u);
    EXPECT_LE(build(12, 1000).size(), 5300u);
    EXPECT_LE(build(12, 100000).size(), 17300u);
    EXPECT_LE(build(12, 1000000).size(), 15500u);
}

}  // namespace
}  // namespace sketch::test
