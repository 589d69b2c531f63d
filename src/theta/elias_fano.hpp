// SPDX-License-Identifier: PostgreSQL
//
// The coding of a stored theta sketch: ascending distinct hashes of 48 bits below a threshold, as Elias and Fano code
// them (P. Elias, "Efficient storage and retrieval by content and address of static files", 1974; S. Vigna,
// "Quasi-succinct indices", arXiv:1206.4300). At k = 4096 and 10^6 values that is 30 bits a hash, two more than the
// mean distance of two neighbours has, and it is read at half a nanosecond a hash (cursor.hpp).
//
//   threshold  u64: theta times 2^48
//   lows       the `width` low bits of each hash, least significant bit first, padded to a byte; width is a multiple
//              of 4, so that two hashes always fill whole bytes
//   highs      the rest, unary: for each hash i, ascending, the bit (hash >> width) + i is set; ends with the byte of
//              the last one
//
// Readers load words that end where the lows of a hash end: what stands before is theirs to read as well.
// The width is the one of fewest bits for this count and threshold: equal sets give equal bytes.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "core/kernel.hpp"

namespace sketch::theta {

using Hash = std::uint64_t;

inline constexpr int kHashBits = 48;
inline constexpr Hash kOne = Hash{1} << kHashBits;  // the threshold theta = 1: every hash is below it

// Of equals the smallest.
constexpr int low_width(std::uint64_t n, Hash threshold) {
    int best = 0;
    std::uint64_t fewest = ~std::uint64_t{0};
    for (int width = 0; n != 0 && width < kHashBits; width += 4) {
        const std::uint64_t bits = n * static_cast<std::uint64_t>(width) + ((threshold - 1) >> width);
        if (bits >= fewest) continue;
        fewest = bits;
        best = width;
    }
    return best;
}

constexpr std::size_t low_bytes(std::size_t n, int width) { return (n * static_cast<std::size_t>(width) + 7) / 8; }

// Of n coded hashes and their threshold at most, with the room that encode needs to write whole words.
constexpr std::size_t max_coded_bytes(std::size_t n, Hash threshold) {
    const int width = low_width(n, threshold);
    if (n == 0) return sizeof(Hash);
    return low_bytes(n, width) + (n + ((threshold - 1) >> width)) / 8 + 1 + 2 * sizeof(Hash);
}

// The low parts of hash(0) to hash(n - 1). Each store also clears, or leaves to the next, what stands behind its pair.
template <class Hashes>
inline void encode_lows(Hashes hash, std::size_t n, int width, std::byte* to) {
    const Hash mask = (Hash{1} << width) - 1;
    if (width <= 32) {
        for (std::size_t i = 0; i + 1 < n; i += 2, to += width / 4) store(to, (hash(i) & mask) | hash(i + 1) << width);
    } else {
        // An odd hash begins in the middle of a byte if width does.
        for (std::size_t i = 0; i + 1 < n; i += 2, to += width / 4) {
            const Hash even = hash(i) & mask, odd = hash(i + 1) & mask;
            store(to, even);
            store(to + width / 8, (width & 4 ? even >> (width - 4) : 0) | odd << (width & 4));
        }
    }
    if (n % 2 != 0) store(to, hash(n - 1) & mask);
}

// The high parts. To set bit after bit, each would wait for the word that the one before it has changed. So each sets a
// byte of a window, and then eight bytes at a time become one. Returns where they end.
template <class Hashes>
inline std::byte* encode_highs(Hashes hash, std::size_t n, int width, std::byte* to) {
    constexpr std::uint64_t kWindow = 4096;
    constexpr std::uint64_t kGather = 0x0102040810204080;  // the lowest bit of byte i to bit 56 + i
    const auto bit = [hash, width](std::size_t i) { return (hash(i) >> width) + i; };
    const std::uint64_t bits = bit(n - 1) + 1;
    std::byte window[kWindow];
    std::size_t i = 0;
    for (std::uint64_t first = 0; first < bits; first += kWindow) {
        const std::uint64_t size = std::min(kWindow, bits - first);
        const std::size_t stop = partition_index(i, n, [&](std::size_t j) { return bit(j) < first + size; });
        std::memset(window, 0, (size + 7) / 8 * 8);
        for (; i < stop; ++i) window[bit(i) - first] = std::byte{1};
        for (std::uint64_t at = 0; at < size; at += 8)
            store(to++, static_cast<std::uint8_t>(load<std::uint64_t>(window + at) * kGather >> 56));
    }
    return to;
}

// Codes n ascending hashes, which stand at any address, and their threshold. Returns the bytes.
inline std::size_t encode(const std::byte* hashes, std::size_t n, Hash threshold, std::byte* to) {
    const auto hash = [hashes](std::size_t i) { return load<Hash>(hashes + i * sizeof(Hash)); };
    store(to, threshold);
    if (n == 0) return sizeof(Hash);
    const int width = low_width(n, threshold);
    std::byte* const lows = to + sizeof(Hash);
    encode_lows(hash, n, width, lows);
    return static_cast<std::size_t>(encode_highs(hash, n, width, lows + low_bytes(n, width)) - to);
}

}  // namespace sketch::theta
