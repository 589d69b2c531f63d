// SPDX-License-Identifier: PostgreSQL
#include "core/radix_sort.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "host.hpp"

namespace sketch::test {
namespace {

void expect_sorted_as_std_does(std::vector<std::uint64_t> hashes) {
    std::vector<std::uint64_t> expected = hashes;
    std::sort(expected.begin(), expected.end());
    expected.erase(std::unique(expected.begin(), expected.end()), expected.end());
    hashes.resize(sort_distinct(hashes.data(), hashes.size()));
    ASSERT_EQ(hashes, expected);
}

TEST(RadixSort, SortsAsStdDoes) {
    Random random{12};
    for (int round = 0; round < 2000; ++round) {
        std::vector<std::uint64_t> hashes(random.below(round % 100 == 0 ? 20000 : 300));
        const std::uint64_t range = std::uint64_t{1} << random.below(64);
        for (auto& hash : hashes) hash = random.below(4) == 0 ? ~random.below(range) : random.below(range);
        expect_sorted_as_std_does(hashes);
    }
}

// Up to six clusters within clusters, as an adversary could bring about.
TEST(RadixSort, SortsAdversarialHashes) {
    Random random{13};
    for (int round = 0; round < 500; ++round) {
        std::vector<std::uint64_t> hashes(random.below(round % 20 == 0 ? 20000 : 3000));
        const std::uint64_t fanout = 1 + random.below(40);
        const auto levels = static_cast<int>(1 + random.below(6));
        for (auto& hash : hashes) {
            hash = 0;
            for (int level = 0; level < levels; ++level) hash = hash << 10 | random.below(fanout);
        }
        expect_sorted_as_std_does(hashes);
    }
}

// Two million hashes take longer than a user who cancels should wait.
TEST(RadixSort, AsksForInterrupts) {
    static int asked;
    for (const int shift : {0, 20}) {
        std::vector<std::uint64_t> hashes(1 << 21);
        Random random{14};
        for (auto& hash : hashes) hash = random() >> shift << shift / 2;
        asked = 0;
        interrupt_hook = [] { ++asked; };
        sort_hashes(hashes.data(), hashes.size());
        interrupt_hook = nullptr;
        EXPECT_GE(asked, 64);
        EXPECT_TRUE(std::is_sorted(hashes.begin(), hashes.end()));
    }
}

TEST(RadixSort, SortsSortedAndReversed) {
    for (const std::size_t n : {0, 1, 2, 32, 33, 8192, 8193, 100000}) {
        std::vector<std::uint64_t> hashes(n);
        for (std::size_t i = 0; i < n; ++i) hashes[i] = i * 0x9E3779B97F;
        expect_sorted_as_std_does(hashes);
        std::reverse(hashes.begin(), hashes.end());
        expect_sorted_as_std_does(hashes);
    }
}

}  // namespace
}  // namespace sketch::test
