// SPDX-License-Identifier: PostgreSQL
//
// The laws of every sketch, as one suite of tests. A room joins by naming itself:
//
//   struct HllLaws {
//       using Kernel = Hll;
//       static constexpr bool kCanonical = true;   // trimmed bytes depend on the multiset of items alone
//       static constexpr bool kIdempotent = true;  // a sketch merged with itself is itself
//       static std::vector<Hll::Params> params();  // from the finest to the coarsest; any two can be merged
//       static Status add(Hll& s, std::uint64_t i);          // adds item i of an endless list
//       static double read(const Hll::Reader& s);            // calls every reader; s is trimmed and checked
//       static std::vector<std::pair<std::string, Image>> golden();  // images that must stay readable for ever
//   };
//   INSTANTIATE_TYPED_TEST_SUITE_P(hll, Laws, HllLaws);  // the stem, as the golden file is named
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <string>

#include "host.hpp"

namespace sketch::test {

inline std::string hex(const Image& image) {
    std::string text;
    for (const std::byte b : image)
        for (const int nibble : {std::to_integer<int>(b) >> 4, std::to_integer<int>(b) & 15})
            text += "0123456789abcdef"[nibble];
    return text;
}

inline Image from_hex(const std::string& text) {
    Image image;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2)
        image.push_back(static_cast<std::byte>(std::stoi(text.substr(i, 2), nullptr, 16)));
    return image;
}

template <class Room>
class Laws : public testing::Test {
  protected:
    using S = typename Room::Kernel;
    using Items = std::vector<std::uint64_t>;

    static Items items(std::size_t n) {
        Items list(n);
        for (std::size_t i = 0; i < n; ++i) list[i] = i;
        return list;
    }
    static void fill(Sketch<S>& sketch, const Items& list) {
        for (const std::uint64_t i : list) ASSERT_EQ(sketch.add([i](S& s) { return Room::add(s, i); }), Status::ok);
    }
    static Image build(typename S::Params params, const Items& list) {
        Sketch<S> sketch(params);
        fill(sketch, list);
        return sketch.trimmed();
    }
    static Image merged(const Image& a, const Image& b) {
        Sketch<S> sketch(a);
        EXPECT_EQ(sketch.merge(b), Status::ok);
        return sketch.trimmed();
    }

    // The forms in which a sketch of these items may come along: as it was built, settled, settled and then added to,
    // of items that came many times, merged, trimmed.
    static std::vector<Sketch<S>> forms(typename S::Params params, const Items& list) {
        const auto middle = list.begin() + static_cast<std::ptrdiff_t>(list.size() / 3);
        std::vector<Sketch<S>> forms(Room::kIdempotent ? 5 : 4, Sketch<S>(params));
        fill(forms[0], list);
        forms[1] = forms[0];
        forms[1].settle();
        fill(forms[2], {list.begin(), middle});
        forms[2].settle();
        fill(forms[2], {middle, list.end()});
        EXPECT_EQ(forms[3].merge(forms[2].kernel()), Status::ok);
        if constexpr (Room::kIdempotent)
            for (int i = 0; i < 6; ++i) fill(forms[4], list);
        forms.emplace_back(forms[0].trimmed());
        return forms;
    }

    // Whether two images tell the same: by their bytes where those are canonical, else by their readers.
    static void expect_same(const Image& a, const Image& b) {
        EXPECT_EQ(S::check(a), Status::ok);
        EXPECT_EQ(S::check(b), Status::ok);
        if constexpr (Room::kCanonical) {
            EXPECT_TRUE(a == b) << a.size() << " and " << b.size() << " bytes";
        } else {
            EXPECT_EQ(Room::read(open<S>(a)), Room::read(open<S>(b)));
        }
    }

    static constexpr std::size_t kSizes[] = {0, 1, 2, 3, 10, 50, 100, 200, 400, 1000, 3000, 20000};
};

TYPED_TEST_SUITE_P(Laws);

TYPED_TEST_P(Laws, EmptyIsChecked) {
    for (const auto params : TypeParam::params()) {
        const Image image = TestFixture::build(params, {});
        EXPECT_EQ(TypeParam::Kernel::check(image), Status::ok);
        TypeParam::read(open<typename TypeParam::Kernel>(image));
    }
}

TYPED_TEST_P(Laws, SameItemsInSameOrderGiveSameBytes) {
    for (const auto params : TypeParam::params())
        for (const std::size_t n : TestFixture::kSizes) {
            const auto list = TestFixture::items(n);
            EXPECT_TRUE(TestFixture::build(params, list) == TestFixture::build(params, list));
        }
}

TYPED_TEST_P(Laws, OrderDoesNotMatter) {
    if (!TypeParam::kCanonical) GTEST_SKIP() << "depends on the order by design";
    Random random{1};
    for (const auto params : TypeParam::params())
        for (const std::size_t n : TestFixture::kSizes) {
            auto list = TestFixture::items(n);
            const Image straight = TestFixture::build(params, list);
            random.shuffle(list);
            TestFixture::expect_same(straight, TestFixture::build(params, list));
        }
}

TYPED_TEST_P(Laws, RepeatedSetsDoNotMatter) {
    if (!TypeParam::kIdempotent) GTEST_SKIP() << "counts repetitions";
    Random random{2};
    for (const auto params : TypeParam::params())
        for (const std::size_t n : {std::size_t{1}, std::size_t{9}, std::size_t{150}, std::size_t{2000}}) {
            const auto once = TestFixture::items(n);
            auto often = once;
            for (int i = 0; i < 5; ++i) often.insert(often.end(), once.begin(), once.end());
            random.shuffle(often);
            TestFixture::expect_same(TestFixture::build(params, once), TestFixture::build(params, often));
        }
}

// Values that come again and again, few and then many, in states that are merged, copied and stored meanwhile.
TYPED_TEST_P(Laws, RepetitionsAmidMergesDoNotMatter) {
    if (!TypeParam::kIdempotent) GTEST_SKIP() << "counts repetitions";
    using S = typename TypeParam::Kernel;
    Random random{6};
    for (const auto params : TypeParam::params())
        for (const std::size_t most : {2, 10, 60, 200, 900, 6000}) {
            Sketch<S> a(params), b(params);
            std::set<std::uint64_t> seen;
            for (int round = 0; round < 16; ++round) {
                const std::size_t range = 1 + random.below(most);
                std::vector<std::uint64_t> draws(random.below(2) ? 3 * range : 40 + range / 8);
                for (auto& draw : draws) draw = random.below(range);
                seen.insert(draws.begin(), draws.end());
                TestFixture::fill(random.below(2) ? a : b, draws);
                const auto action = random.below(8);
                if (action == 0) std::swap(a, b);
                if (action == 1) {
                    ASSERT_EQ(a.merge(b.kernel()), Status::ok);
                }
                if (action == 2) a = Sketch<S>(a.trimmed());
                if (action == 3) b.trimmed();
            }
            ASSERT_EQ(a.merge(b.kernel()), Status::ok);
            TestFixture::expect_same(TestFixture::build(params, {seen.begin(), seen.end()}), a.trimmed());
        }
}

// Interruptions: store and reopen in the middle of the stream.
TYPED_TEST_P(Laws, ReopeningDoesNotMatter) {
    if (!TypeParam::kCanonical) GTEST_SKIP() << "trimming makes room that the order then fills otherwise";
    Random random{3};
    for (const auto params : TypeParam::params()) {
        const auto list = TestFixture::items(3000);
        Sketch<typename TypeParam::Kernel> sketch(params);
        for (std::size_t at = 0; at < list.size();) {
            const std::size_t end = std::min(list.size(), at + random.below(at + 2) + 1);
            TestFixture::fill(sketch, {list.begin() + static_cast<std::ptrdiff_t>(at),
                                       list.begin() + static_cast<std::ptrdiff_t>(end)});
            const Image image = sketch.trimmed();
            ASSERT_EQ(TypeParam::Kernel::check(image), Status::ok);
            sketch = Sketch<typename TypeParam::Kernel>(image);
            EXPECT_TRUE(image == sketch.trimmed());
            at = end;
        }
        TestFixture::expect_same(TestFixture::build(params, list), sketch.trimmed());
    }
}

TYPED_TEST_P(Laws, AnySplitAndMergeTreeIsTheWhole) {
    if (!TypeParam::kCanonical) GTEST_SKIP() << "depends on the merge tree by design";
    Random random{4};
    for (const auto params : TypeParam::params())
        for (const std::size_t n : TestFixture::kSizes)
            for (const std::size_t parts : {2, 3, 17}) {
                std::vector<std::vector<std::uint64_t>> split(parts);
                for (std::uint64_t i = 0; i < n; ++i) split[random.below(parts)].push_back(i);
                std::vector<Image> forest;
                for (const auto& part : split) forest.push_back(TestFixture::build(params, part));
                while (forest.size() > 1) {
                    random.shuffle(forest);
                    const Image last = forest.back();
                    forest.pop_back();
                    forest.back() = TestFixture::merged(forest.back(), last);
                }
                TestFixture::expect_same(TestFixture::build(params, TestFixture::items(n)), forest[0]);
            }
}

// As an aggregate does: a working state takes items and merges in turn, and unsettled states are merged.
TYPED_TEST_P(Laws, MergingIntoAWorkingStateIsTheWhole) {
    if (!TypeParam::kCanonical) GTEST_SKIP() << "depends on the merge tree by design";
    Random random{5};
    for (const auto params : TypeParam::params())
        for (const std::size_t n : TestFixture::kSizes) {
            Sketch<typename TypeParam::Kernel> a(params), b(params);
            for (std::uint64_t i = 0; i < n; ++i) TestFixture::fill(random.below(2) ? a : b, {i});
            const Image before = b.trimmed();
            ASSERT_EQ(a.merge(b.kernel()), Status::ok);
            EXPECT_TRUE(before == b.trimmed());
            TestFixture::expect_same(TestFixture::build(params, TestFixture::items(n)), a.trimmed());
        }
}

// Whatever the forms of the two: `other` may be any image, and the state any but a trimmed one, which is re-laid.
TYPED_TEST_P(Laws, MergingAnyFormIsTheWhole) {
    using S = typename TypeParam::Kernel;
    const auto params = TypeParam::params();
    for (const auto p : {params.front(), params[params.size() / 2], params.back()})
        for (const std::size_t n : {0, 7, 30, 150, 900, 6000}) {
            const auto list = TestFixture::items(n + n / 2);
            const auto first = list.begin() + static_cast<std::ptrdiff_t>(n);
            const auto a = TestFixture::forms(p, {list.begin(), first});
            // Some items are in both; every item is in one of them alone where a sketch counts repetitions.
            const auto b = TestFixture::forms(
                p, {first - static_cast<std::ptrdiff_t>(TypeParam::kIdempotent ? n / 4 : 0), list.end()});
            const Image whole = TestFixture::build(p, list);
            for (const Sketch<S>& to : a)
                for (const Sketch<S>& from : b) {
                    const auto& other = from.kernel();
                    const Image before(other.image(), other.image() + other.bytes());
                    Sketch<S> merged(to);
                    ASSERT_EQ(merged.merge(other), Status::ok);
                    EXPECT_TRUE(before == Image(other.image(), other.image() + other.bytes()));
                    if (TypeParam::kCanonical)
                        TestFixture::expect_same(whole, merged.trimmed());
                    else
                        TypeParam::read(open<S>(merged.trimmed()));
                }
        }
}

// A state is its bytes: moved to another address, as the executor moves what has grown, it goes on in the same way.
TYPED_TEST_P(Laws, StatesMayBeMoved) {
    using S = typename TypeParam::Kernel;
    Random random{7};
    for (const auto params : TypeParam::params()) {
        Sketch<S> stays(params), moves(params);
        for (std::uint64_t i = 0; i < 2000; ++i) {
            const std::uint64_t item = random.below(random.below(2) ? 50 : i + 1);
            TestFixture::fill(stays, {item});
            TestFixture::fill(moves, {item});
            if (random.below(16) == 0) moves = Sketch<S>(moves);
        }
        EXPECT_TRUE(stays.trimmed() == moves.trimmed());
        ASSERT_EQ(stays.merge(Sketch<S>(stays).kernel()), Status::ok);
        ASSERT_EQ(moves.merge(Sketch<S>(moves).kernel()), Status::ok);
        EXPECT_TRUE(stays.trimmed() == moves.trimmed());
    }
}

TYPED_TEST_P(Laws, MergeIsCommutative) {
    if (!TypeParam::kCanonical) GTEST_SKIP() << "random choices depend on the sides";
    for (const auto p : TypeParam::params())
        for (const auto q : TypeParam::params())
            for (const std::size_t n : TestFixture::kSizes) {
                auto list = TestFixture::items(n + n / 2 + 3);
                const Image a = TestFixture::build(p, {list.begin(), list.begin() + static_cast<std::ptrdiff_t>(n)});
                const Image b = TestFixture::build(q, {list.begin() + static_cast<std::ptrdiff_t>(n / 2), list.end()});
                TestFixture::expect_same(TestFixture::merged(a, b), TestFixture::merged(b, a));
            }
}

TYPED_TEST_P(Laws, MergeWithEmptyOrItself) {
    for (const auto params : TypeParam::params())
        for (const std::size_t n : TestFixture::kSizes) {
            const Image a = TestFixture::build(params, TestFixture::items(n));
            const Image none = TestFixture::build(params, {});
            TestFixture::expect_same(a, TestFixture::merged(a, none));
            TestFixture::expect_same(a, TestFixture::merged(none, a));
            if (TypeParam::kIdempotent) TestFixture::expect_same(a, TestFixture::merged(a, a));
        }
}

TYPED_TEST_P(Laws, UnequalParametersFoldToTheCoarser) {
    if (!TypeParam::kCanonical) GTEST_SKIP() << "folding makes choices";
    const auto params = TypeParam::params();
    for (std::size_t fine = 0; fine < params.size(); ++fine)
        for (std::size_t coarse = fine; coarse < params.size(); ++coarse)
            for (const std::size_t n : TestFixture::kSizes) {
                const auto list = TestFixture::items(n);
                const Image empty = TestFixture::build(params[coarse], {});
                const Image direct = TestFixture::build(params[coarse], list);
                TestFixture::expect_same(direct, TestFixture::merged(empty, TestFixture::build(params[fine], list)));
                TestFixture::expect_same(direct, TestFixture::merged(TestFixture::build(params[fine], list), empty));
                TestFixture::expect_same(TestFixture::merged(direct, direct),
                                         TestFixture::merged(TestFixture::build(params[fine], list), direct));
            }
}

TYPED_TEST_P(Laws, ReadingChangesNothing) {
    for (const auto params : TypeParam::params())
        for (const std::size_t n : TestFixture::kSizes) {
            Sketch<typename TypeParam::Kernel> sketch(params);
            TestFixture::fill(sketch, TestFixture::items(n));
            const auto& s = sketch.kernel();
            const Image state(s.image(), s.image() + s.bytes());
            const Image image = sketch.trimmed();
            TypeParam::read(open<typename TypeParam::Kernel>(image));
            EXPECT_TRUE(state == Image(s.image(), s.image() + s.bytes()));
            EXPECT_TRUE(image == sketch.trimmed());
        }
}

TYPED_TEST_P(Laws, EveryTruncationIsRejected) {
    for (const auto params : TypeParam::params())
        for (const std::size_t n : {0, 1, 10, 300, 3000}) {
            Image image = TestFixture::build(params, TestFixture::items(n));
            Image longer = image;
            longer.push_back(std::byte{0});
            EXPECT_NE(TypeParam::Kernel::check(longer), Status::ok);
            const std::size_t step = image.size() > 20000 ? 97 : 1;
            for (std::size_t cut = step; cut <= image.size(); cut += step) {
                // A new vector each time, so that AddressSanitizer knows where the image ends.
                const Image part(image.begin(), image.end() - static_cast<std::ptrdiff_t>(cut));
                ASSERT_NE(TypeParam::Kernel::check(part), Status::ok) << cut << " bytes cut";
            }
        }
}

// What opens must be safe to use: read, grow, settle, merge, trim.
template <class Room>
void use(const Image& image) {
    using S = typename Room::Kernel;
    Room::read(open<S>(image));
    Sketch<S> sketch(image);
    for (std::uint64_t i = 0; i < 20; ++i) sketch.add([i](S& s) { return Room::add(s, i); });
    sketch.merge(image);
    Sketch<S> other(Room::params().back());
    other.merge(image);
    EXPECT_EQ(S::check(other.trimmed()), Status::ok);
    EXPECT_EQ(S::check(sketch.trimmed()), Status::ok);
}

TYPED_TEST_P(Laws, MutatedImagesAreRejectedOrSafe) {
    const char* const wanted = std::getenv("MUTATIONS");
    const int rounds = wanted != nullptr ? std::atoi(wanted) : 1000000;
    std::vector<Image> seeds;
    for (const auto params : TypeParam::params())
        for (const std::size_t n : {0, 1, 5, 40, 300, 2000}) {
            const Image image = TestFixture::build(params, TestFixture::items(n));
            if (image.size() < 20000) seeds.push_back(image);
        }
    Random random{6};
    int opened = 0;
    for (int i = 0; i < rounds; ++i) {
        Image image = seeds[random.below(seeds.size())];
        for (std::uint64_t edits = random.below(4) + 1; edits > 0; --edits) {
            if (image.empty()) break;
            // Half of the edits go where the structure is: the header and what follows it.
            const std::size_t at =
                random.below(random.below(2) ? std::min<std::size_t>(image.size(), 24) : image.size());
            switch (random.below(4)) {
                case 0: image[at] = static_cast<std::byte>(random()); break;
                case 1: image[at] ^= static_cast<std::byte>(1 << random.below(8)); break;
                case 2: image.resize(at); break;
                case 3: image.insert(image.end(), random.below(9), static_cast<std::byte>(random())); break;
            }
        }
        if (TypeParam::Kernel::check(image) != Status::ok) continue;
        ++opened;
        use<TypeParam>(image);
    }
    testing::Test::RecordProperty("opened", opened);
}

TYPED_TEST_P(Laws, GoldenBytesStayReadable) {
    // SKETCH_GOLDEN is the folder of the files; a new room writes its own with GOLDEN=write.
    const auto* suite = testing::UnitTest::GetInstance()->current_test_suite()->name();
    const std::string room = std::string(suite).substr(0, std::string(suite).find('/'));
    const std::string path = std::string(SKETCH_GOLDEN) + "/" + room + ".txt";
    const auto golden = TypeParam::golden();
    if (const char* mode = std::getenv("GOLDEN"); mode != nullptr && std::string(mode) == "write" && !golden.empty()) {
        std::ofstream file(path);
        for (const auto& [name, image] : golden) file << name << ' ' << hex(image) << '\n';
    }
    std::map<std::string, std::string> known;
    std::ifstream file(path);
    for (std::string name, bytes; file >> name >> bytes;) known[name] = bytes;
    EXPECT_EQ(known.size(), golden.size()) << path;
    for (const auto& [name, image] : golden) {
        EXPECT_EQ(TypeParam::Kernel::check(image), Status::ok) << name;
        EXPECT_EQ(known[name], hex(image)) << name;
    }
}

REGISTER_TYPED_TEST_SUITE_P(Laws, EmptyIsChecked, SameItemsInSameOrderGiveSameBytes, OrderDoesNotMatter,
                            RepeatedSetsDoNotMatter, RepetitionsAmidMergesDoNotMatter, ReopeningDoesNotMatter,
                            AnySplitAndMergeTreeIsTheWhole, MergingIntoAWorkingStateIsTheWhole,
                            MergingAnyFormIsTheWhole, StatesMayBeMoved, MergeIsCommutative, MergeWithEmptyOrItself,
                            UnequalParametersFoldToTheCoarser, ReadingChangesNothing, EveryTruncationIsRejected,
                            MutatedImagesAreRejectedOrSafe, GoldenBytesStayReadable);

}  // namespace sketch::test
