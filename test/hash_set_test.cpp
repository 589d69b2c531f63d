// SPDX-License-Identifier: PostgreSQL
#include "core/hash_set.hpp"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "host.hpp"

namespace sketch::test {
namespace {

using Set = HashSet<std::uint64_t>;

std::set<std::uint64_t> held(const Set& set) {
    std::set<std::uint64_t> hashes;
    set.each([&](std::uint64_t hash) { EXPECT_TRUE(hashes.insert(hash).second); });
    return hashes;
}

TEST(HashSet, HoldsWhatASetHolds) {
    Random random{31};
    for (const std::size_t slots : {4, 5, 12, 28, 60, 1019, 8192})
        for (const int unset_bits : {0, 20, 40}) {  // high ones below a threshold, or low ones of a prefix
            const auto hash = [&] { return unset_bits < 30 ? random() >> unset_bits : random() << unset_bits; };
            std::vector<std::uint64_t> room(slots, 7);
            std::set<std::uint64_t> expected;
            while (expected.size() < slots / 2) expected.insert(hash());
            std::copy(expected.begin(), expected.end(), room.begin());
            ASSERT_TRUE(Set::fits(slots / 2, slots));
            Set set(room.data(), slots);
            ASSERT_TRUE(set.from_list(slots / 2));
            while (expected.size() < Set::most(slots)) {
                const std::uint64_t h = hash();
                ASSERT_EQ(set.holds(h), expected.count(h) == 1);
                if (!set.holds(h) && set.put(h)) expected.insert(h);
            }
            for (const std::uint64_t h : expected) ASSERT_TRUE(set.holds(h));
            ASSERT_EQ(held(set), expected);
            room.resize(set.to_list());
            ASSERT_EQ(std::set<std::uint64_t>(room.begin(), room.end()), expected);
        }
}

// The multiplier of the home slots, inverted: hashes that all have one.
std::uint64_t adversarial(std::uint64_t i) {
    std::uint64_t inverse = kGolden;
    for (int step = 0; step < 5; ++step) inverse *= 2 - kGolden * inverse;
    return ((std::uint64_t{1} << 62) + i) * inverse;
}

TEST(HashSet, AdversarialHashesAreRefused) {
    std::vector<std::uint64_t> room(8192);
    Set set(room.data(), room.size());
    ASSERT_TRUE(set.from_list(0));
    std::size_t n = 0;
    while (n < 4000 && set.put(adversarial(n))) ++n;
    EXPECT_EQ(n, 256u);
    EXPECT_TRUE(set.holds(adversarial(0)));
    EXPECT_TRUE(set.holds(adversarial(255)));
    EXPECT_FALSE(set.holds(adversarial(256)));

    for (std::size_t i = 0; i < 1000; ++i) room[i] = adversarial(i);
    const std::vector<std::uint64_t> list(room.begin(), room.begin() + 1000);
    EXPECT_FALSE(set.from_list(1000));
    EXPECT_TRUE(std::equal(list.begin(), list.end(), room.begin()));
}

}  // namespace
}  // namespace sketch::test
