// SPDX-License-Identifier: PostgreSQL
#include "core/bytes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "host.hpp"

namespace sketch::test {
namespace {

TEST(Bytes, LoadsWhatWasStoredAtAnyAddress) {
    std::byte room[24];
    for (std::size_t at = 0; at < 8; ++at) {
        store(room + at, std::uint64_t{0x0102030405060708} << at);
        store(room + at + 8, -1.5);
        EXPECT_EQ(load<std::uint64_t>(room + at), std::uint64_t{0x0102030405060708} << at);
        EXPECT_EQ(load<double>(room + at + 8), -1.5);
        EXPECT_EQ(load<std::uint8_t>(room + at), static_cast<std::uint8_t>(0x08 << at));
    }
}

// The first outputs of the reference implementation for the seed 1234567.
TEST(Bytes, SplitmixIsTheReference) {
    std::uint64_t state = 1234567;
    for (const std::uint64_t expected : {6457827717110365317u, 3203168211198807973u, 9817491932198370423u}) {
        EXPECT_EQ(splitmix64(state), expected);
        state += kGolden;
    }
}

TEST(Bytes, PartitionIndexIsStdPartitionPoint) {
    Random random{21};
    for (int round = 0; round < 2000; ++round) {
        std::vector<std::uint64_t> sorted(random.below(50));
        for (auto& value : sorted) value = random.below(40);
        std::sort(sorted.begin(), sorted.end());
        const std::uint64_t wanted = random.below(42);
        const auto below = [&](std::size_t i) { return sorted[i] < wanted; };
        const auto expected = std::lower_bound(sorted.begin(), sorted.end(), wanted) - sorted.begin();
        EXPECT_EQ(partition_index(std::size_t{0}, sorted.size(), below), static_cast<std::size_t>(expected));
    }
}

}  // namespace
}  // namespace sketch::test
