// SPDX-License-Identifier: PostgreSQL
//
// Split-block Bloom filters: the layout of Apache Parquet (BloomFilter.md of parquet-format; after Putze, Sanders,
// Singler: "Cache-, Hash- and Space-Efficient Bloom Filters", 2009). A block is 256 bits, 8 lanes of 32; a hash has one
// block, and one bit in each of its lanes: a probe touches one cache line.
//
// The block is taken from the high half of the hash by multiplication, so any number of blocks will do, and a filter of
// 2B blocks folds to exactly the filter of B blocks by joining its neighbours.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "sketch.hpp"

namespace sketch::bloom {

inline constexpr std::size_t kLanes = 8;
inline constexpr std::size_t kBlockBytes = 32;
inline constexpr std::uint32_t kSalt[kLanes] = {0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d,
                                                0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31};

struct Block {
    std::uint32_t lane[kLanes];
};
static_assert(sizeof(Block) == kBlockBytes);

constexpr std::size_t block_of(std::uint64_t hash, std::uint64_t blocks) { return (hash >> 32) * blocks >> 32; }

// The bits of a hash: in each lane the bit (low half * salt) >> 27. A shift by that number would be taken lane by lane;
// as the exponent of a float it is computed in four lanes at once on every machine. Bits up to 15 are exact as integers
// of either sign, and the upper half is the lower one moved.
inline Block bits_of(std::uint64_t hash) {
    Block bits;
    for (std::size_t i = 0; i < kLanes; ++i) {
        const std::uint32_t mixed = static_cast<std::uint32_t>(hash) * kSalt[i];
        const auto power = std::bit_cast<float>(((mixed >> 27 & 15) + 127) << 23);
        const auto bit = static_cast<std::uint32_t>(static_cast<std::int32_t>(power));
        const std::uint32_t upper = 0 - (mixed >> 31);
        bits.lane[i] = (bit & ~upper) | (bit << 16 & upper);
    }
    return bits;
}

inline void set(Block& block, std::uint64_t hash) {
    const Block bits = bits_of(hash);
    for (std::size_t i = 0; i < kLanes; ++i) block.lane[i] |= bits.lane[i];
}

// `filter` stands at any address.
inline bool test(const std::byte* filter, std::size_t blocks, std::uint64_t hash) {
    const auto block = load<Block>(filter + block_of(hash, blocks) * kBlockBytes);
    const Block bits = bits_of(hash);
    std::uint32_t missing = 0;
    for (std::size_t i = 0; i < kLanes; ++i) missing |= ~block.lane[i] & bits.lane[i];
    return missing == 0;
}

constexpr std::uint32_t ones(std::uint32_t lane) {
    lane -= lane >> 1 & 0x55555555;
    lane = (lane & 0x33333333) + (lane >> 2 & 0x33333333);
    return ((lane + (lane >> 4)) & 0x0F0F0F0F) * 0x01010101 >> 24;
}

// The number of hashes, of the 2^40 kinds that one block can tell apart, that a block answers yes to. Summed over all
// blocks of a filter it is below 2^64, and the same on every machine.
inline std::uint64_t accepted(const Block& block) {
    std::uint64_t product = 1;
    for (const std::uint32_t lane : block.lane) product *= ones(lane);
    return product;
}
inline constexpr double kKinds = 0x1p40;

// What a filter tells of itself, in one pass.
struct Fill {
    std::uint64_t ones = 0;
    std::uint64_t accepted = 0;         // of hashes, over all blocks
    std::uint64_t accepted_folded = 0;  // by the filter of half as many blocks
};
inline Fill fill_of(const std::byte* filter, std::size_t blocks) {
    Fill fill;
    for (std::size_t b = 0; b < blocks; b += 2) {
        auto block = load<Block>(filter + b * kBlockBytes);
        for (const std::uint32_t lane : block.lane) fill.ones += ones(lane);
        fill.accepted += accepted(block);
        if (b + 1 == blocks) break;
        const auto next = load<Block>(filter + (b + 1) * kBlockBytes);
        for (const std::uint32_t lane : next.lane) fill.ones += ones(lane);
        fill.accepted += accepted(next);
        for (std::size_t i = 0; i < kLanes; ++i) block.lane[i] |= next.lane[i];
        fill.accepted_folded += accepted(block);
    }
    return fill;
}

// To half as many blocks, in place.
inline void fold(std::byte* filter, std::size_t blocks) {
    for (std::size_t b = 0; b < blocks; b += 2) {
        auto block = load<Block>(filter + b * kBlockBytes);
        const auto next = load<Block>(filter + (b + 1) * kBlockBytes);
        for (std::size_t i = 0; i < kLanes; ++i) block.lane[i] |= next.lane[i];
        store(filter + b / 2 * kBlockBytes, block);
    }
}

// The false-positive rate of a filter whose blocks hold `load` hashes on average: over the number i in a block, which
// is Poisson, the chance (1 - (31/32)^i)^8 that all lanes have the bit. The usual formula takes every block for the
// average one, and promises 0.4 % where there are 0.65 %.
inline double false_positives(double load) {
    if (load > 600) return std::pow(-std::expm1(-load / 32), 8);  // e^-load is no number any more, and its spread small
    double probability = std::exp(-load), empty = 1, sum = 0;
    for (int i = 1; i < 20 + load + 12 * std::sqrt(load); ++i) {
        probability *= load / i;
        empty *= 31.0 / 32;
        const double set = 1 - empty, squared = set * set, fourth = squared * squared;
        sum += probability * fourth * fourth;
    }
    return sum;
}

// Sizes in blocks with at most five significant bits, ascending: 1 to 31, then 16 to 31 times 2^exponent. They leave
// room for folding, and are at most a sixteenth above what is needed.
struct Size {
    int mantissa, exponent;

    std::size_t blocks() const { return static_cast<std::size_t>(mantissa) << exponent; }
    bool valid() const {
        return mantissa >= 1 && mantissa <= 31 && exponent >= 0 && exponent <= 19 &&
               (exponent == 0 || mantissa >= 16) && blocks() <= kMostBlocks;
    }
    static constexpr std::size_t kMostBlocks = std::size_t{1} << 23;  // 256 MB
};
constexpr Size size_at(int index) { return index < 32 ? Size{index, 0} : Size{16 + index % 16, index / 16 - 1}; }
inline constexpr int kSizes = 20 * 16 + 1;  // size_at(kSizes - 1) has kMostBlocks

// The smallest size that holds n hashes at this rate; the largest if none does.
inline Size size_for(double n, double rate) {
    int low = 1, high = kSizes - 1;
    while (low < high) {
        const int middle = (low + high) / 2;
        if (false_positives(n / static_cast<double>(size_at(middle).blocks())) <= rate)
            high = middle;
        else
            low = middle + 1;
    }
    return size_at(low);
}

}  // namespace sketch::bloom
