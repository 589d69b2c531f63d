// SPDX-License-Identifier: PostgreSQL
//
// A set of prefixes as one bit for each that there can be; for sets that have a good part of them all. And what is done
// to bits elsewhere. A bitmap stands at any address.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "core/interrupts.hpp"
#include "core/kernel.hpp"

namespace sketch::bloom {

using Prefix = std::uint64_t;

// A bitmap of so many bits, 256 MiB, is the largest for which kMaxImageBytes has room.
inline constexpr int kMaxBitmapBits = 31;
static_assert(std::size_t{1} << (kMaxBitmapBits - 2) > kMaxImageBytes);

// Prefixes are read so many at a time.
inline constexpr std::size_t kBlock = 256;

constexpr std::size_t bitmap_bytes(int bits) { return ((std::size_t{1} << bits) + 7) / 8; }

inline bool test_bit(const std::byte* bitmap, std::uint64_t at) {
    return (load<std::uint8_t>(bitmap + at / 8) >> at % 8 & 1) != 0;
}
// Whether it was clear.
inline bool set_bit(std::byte* bitmap, std::uint64_t at) {
    const auto byte = load<std::uint8_t>(bitmap + at / 8);
    store(bitmap + at / 8, static_cast<std::uint8_t>(byte | 1 << at % 8));
    return (byte >> at % 8 & 1) == 0;
}

// The word at a byte; behind the end of the bitmap all is clear.
inline std::uint64_t word_at(const std::byte* bitmap, std::size_t byte, std::size_t bytes) {
    if (byte + sizeof(std::uint64_t) <= bytes) [[likely]]
        return load<std::uint64_t>(bitmap + byte);
    std::uint64_t word = 0;
    for (std::size_t i = bytes; i-- > byte;) word = word << 8 | load<std::uint8_t>(bitmap + i);
    return word;
}

// Of what word_at gives there.
inline void put_word(std::byte* bitmap, std::size_t byte, std::size_t bytes, std::uint64_t word) {
    if (byte + sizeof word <= bytes) [[likely]]
        return store(bitmap + byte, word);
    for (; byte < bytes; ++byte, word >>= 8) store(bitmap + byte, static_cast<std::uint8_t>(word));
}

inline void or_bitmap(std::byte* to, const std::byte* from, std::size_t bytes) {
    in_steps(bytes, kCopyStep, [=](std::size_t begin, std::size_t end) {
        for (std::size_t at = begin; at < end; at += 8)
            put_word(to, at, bytes, word_at(to, at, bytes) | word_at(from, at, bytes));
    });
}

inline constexpr std::uint64_t kOnes = 0x0101010101010101, kTops = kOnes << 7;

// In each byte, how many bits are set in it and all bytes below (SWAR: Warren, "Hacker's Delight", 5-1).
constexpr std::uint64_t sums_of(std::uint64_t bits) {
    bits -= bits >> 1 & kOnes * 0x55;
    bits = (bits & kOnes * 0x33) + (bits >> 2 & kOnes * 0x33);
    return ((bits + (bits >> 4)) & kOnes * 0x0F) * kOnes;
}

// How many bits are set in words; word(byte) gives the one at a byte.
template <class Word>
std::uint64_t count_bits(std::size_t bytes, Word word) {
    std::uint64_t n = 0;
    in_steps(bytes, kCopyStep, [&](std::size_t from, std::size_t to) {
        for (std::size_t at = from; at < to; at += 8) n += sums_of(word(at)) >> 56;
    });
    return n;
}
inline std::uint64_t count_bits(const std::byte* bitmap, std::size_t bytes) {
    return count_bits(bytes, [=](std::size_t at) { return word_at(bitmap, at, bytes); });
}

// Where the i-th bit is that is set in a byte.
inline constexpr std::array<std::array<std::uint8_t, 8>, 256> kBitOfByte = [] {
    std::array<std::array<std::uint8_t, 8>, 256> table{};
    for (std::size_t byte = 0; byte < 256; ++byte)
        for (std::uint8_t bit = 0, i = 0; bit < 8; ++bit)
            if (byte >> bit & 1) table[byte][i++] = bit;
    return table;
}();

// The places of all bits that are set, ascending, some at a time.
class BitCursor {
  public:
    BitCursor(const std::byte* bitmap, std::size_t bytes) : bitmap_(bitmap), bytes_(bytes) {}

    // To an array of kBlock: how many. None, it may be, before the end as well: a long gap is passed in steps.
    std::size_t fill(std::uint64_t* to) {
        constexpr std::size_t kGap = std::size_t{1} << 20, kWord = 64;
        const std::size_t bytes = bytes_, end = std::min(bytes, byte_ + kGap);
        std::size_t n = 0, byte = byte_;
        for (; byte < end && n <= kBlock - kWord; byte += 8)
            for (std::uint64_t word = word_at(bitmap_, byte, bytes); word != 0; word &= word - 1)
                to[n++] = byte * 8 + static_cast<std::uint64_t>(std::countr_zero(word));
        byte_ = byte;
        return n;
    }
    bool ended() const { return byte_ >= bytes_; }

  private:
    const std::byte* bitmap_;
    std::size_t bytes_;
    std::size_t byte_ = 0;
};

// The n bits of `from` with `width` bits of a value put in at a place.
inline void insert_bits(std::byte* to, const std::byte* from, std::uint64_t n, std::uint64_t at, std::uint64_t value,
                        std::uint64_t width) {
    const std::size_t bytes = (n + 7) / 8, to_bytes = (n + width + 7) / 8;
    const auto source = [=](std::uint64_t bit) {
        const std::size_t byte = std::min<std::size_t>(bit / 8, bytes);
        const std::uint64_t word = word_at(from, byte, bytes), shift = bit % 8;
        if (shift == 0 || byte + 8 >= bytes) return word >> shift;
        return word >> shift | std::uint64_t{load<std::uint8_t>(from + byte + 8)} << (64 - shift);
    };
    // A word with some of the value, between what stays and what moves.
    const auto joined = [=](std::uint64_t bit) {
        std::uint64_t word = at < bit ? value >> (bit - at) : value << (at - bit);
        if (at > bit) word |= source(bit) & ((std::uint64_t{1} << (at - bit)) - 1);
        if (at + width < bit + 64) word |= source(at) << (at + width - bit);
        return word;
    };
    in_steps(to_bytes, kCopyStep, [=](std::size_t begin, std::size_t end) {
        for (std::size_t byte = begin; byte < end; byte += 8) {
            const std::uint64_t bit = byte * 8;
            const std::uint64_t word = bit + 64 <= at      ? source(bit)
                                       : bit >= at + width ? source(bit - width)
                                                           : joined(bit);
            put_word(to, byte, to_bytes, word);
        }
    });
}

// A bitmap that is stored: as many bits as it says, and none behind the last that there can be.
inline Status check_bitmap(const std::byte* bitmap, std::size_t bytes, std::uint64_t n, int bits) {
    if (bytes != bitmap_bytes(bits)) return Status::wrong_size;
    const bool padded = bits >= 3 || load<std::uint8_t>(bitmap) >> (1 << bits) == 0;
    return padded && count_bits(bitmap, bytes) == n ? Status::ok : Status::bad_content;
}

}  // namespace sketch::bloom
