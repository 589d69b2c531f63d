// SPDX-License-Identifier: PostgreSQL
//
// Counts in few bytes, and one of them read without the others: patched frame of reference (PFOR; Zukowski, Héman, Nes,
// Boncz, ICDE 2006). Counts of a row are alike but for a few that stand out, so a block of up to 256 stores each as its
// distance to the least, in the same number of bits; the high bits of those that do not fit follow as exceptions.
//
// A frame is a word that describes a block:
//
//   bits  27  where the block begins
//          6  b, the bits of a distance: 0 to 56, or 63 for 64
//          1  whether there are exceptions
//         30  the least count, with its sign; or -2^29, and it is in the block
//
//   block      8 bytes: the least count, where the frame has no room for it
//              n * b / 8 bytes: the lowest b bits of the n distances
//              exceptions: 1 byte how many, a byte for the place of each, ascending; and for each a varint, never zero,
//              of the bits above the lowest b
//
// So a block of zeros is a frame and nothing else. Canonical: the b that takes the fewest bytes, where having
// exceptions is reckoned half a bit a count, as they cost time; of such the greatest.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "core/kernel.hpp"
#include "countmin/cells.hpp"

namespace sketch::countmin {

inline constexpr int kLgBlock = 8;
inline constexpr std::size_t kBlock = std::size_t{1} << kLgBlock;
inline constexpr int kMaxBits = 56;  // that any eight bytes hold, wherever in a byte they begin; else all 64
inline constexpr std::size_t kMaxVarint = 10;
inline constexpr std::size_t kMaxBlockBytes = 8 + kBlock * 8;
// Readers load whole words: so many bytes must follow the last block.
inline constexpr std::size_t kBlockPadding = 8;

class Frame {
  public:
    static constexpr int kOffsetBits = 27;

    explicit constexpr Frame(std::uint64_t word) : word_(word) {}
    constexpr Frame(int bits, bool patched, std::int64_t least)
        : word_(static_cast<std::uint64_t>(bits > kMaxBits ? 63 : bits) << kOffsetBits |
                std::uint64_t{patched} << kPatchedAt |
                static_cast<std::uint64_t>(has_room_for(least) ? least : kElsewhere) << kLeastAt) {}

    constexpr std::uint64_t word() const { return word_; }
    constexpr std::size_t begin() const { return word_ & ((std::uint64_t{1} << kOffsetBits) - 1); }
    constexpr int bits() const {
        const int code = static_cast<int>(word_ >> kOffsetBits) & 63;
        return code > kMaxBits ? 64 : code;
    }
    constexpr bool patched() const { return (word_ >> kPatchedAt & 1) != 0; }
    constexpr bool least_is_elsewhere() const { return least() == kElsewhere; }
    constexpr std::int64_t least() const { return static_cast<std::int64_t>(word_) >> kLeastAt; }
    constexpr bool zeros() const { return word_ >> kOffsetBits == 0; }

  private:
    static constexpr int kPatchedAt = kOffsetBits + 6, kLeastAt = kPatchedAt + 1;
    static constexpr std::int64_t kElsewhere = -(std::int64_t{1} << (63 - kLeastAt));

    static constexpr bool has_room_for(std::int64_t least) { return least > kElsewhere && least < -kElsewhere; }

    std::uint64_t word_;
};

constexpr std::uint64_t low_bits(int bits) { return bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1; }

// --- varints: seven bits a byte, the lowest first, all but the last with the highest bit set ------------------------

constexpr std::size_t varint_bytes(int bits) { return static_cast<std::size_t>(std::max(bits, 1) + 6) / 7; }
inline std::byte* put_varint(std::byte* to, std::uint64_t x) {
    for (; x >= 128; x >>= 7) store(to++, static_cast<std::uint8_t>(x | 128));
    store(to++, static_cast<std::uint8_t>(x));
    return to;
}
inline std::uint64_t get_varint(const std::byte*& from) {
    std::uint64_t x = 0;
    for (int shift = 0;; shift += 7) {
        const auto byte = load<std::uint8_t>(from++);
        x |= static_cast<std::uint64_t>(byte & 127) << (shift & 63);
        if (byte < 128) return x;
    }
}
// Bytes of the varint at `from`, or none if it does not end in time.
inline std::size_t checked_varint(const std::byte* from, std::size_t room) {
    for (std::size_t i = 0; i < std::min(room, kMaxVarint); ++i)
        if (load<std::uint8_t>(from + i) < 128) return i + 1;
    return 0;
}

// --- writing --------------------------------------------------------------------------------------------------------

// The bits of a distance: histogram[w] distances have w bits. An exception costs its place and its high bits.
inline int best_bits(const std::uint16_t* histogram, int widest, std::size_t n) {
    int best = widest > kMaxBits ? 64 : widest;
    std::size_t least = n * static_cast<std::size_t>(best) / 8;
    for (int bits = std::min(widest - 1, kMaxBits); bits >= 0; --bits) {
        std::size_t bytes = n * static_cast<std::size_t>(bits) / 8 + 1 + n / 16;
        for (int w = bits + 1; w <= widest && bytes < least; ++w)
            if (histogram[w] != 0) bytes += histogram[w] * (1 + varint_bytes(w - bits));
        if (bytes >= least) continue;
        least = bytes;
        best = bits;
    }
    return best;
}

inline std::byte* put_bits(std::byte* to, const std::uint64_t* distances, std::size_t n, int bits) {
    const std::uint64_t mask = low_bits(bits);
    std::uint64_t word = 0;
    int used = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const std::uint64_t low = distances[i] & mask;
        word |= low << used;
        used += bits;
        if (used < 64) continue;
        store(to, word);
        to += 8;
        used -= 64;
        word = used == 0 ? 0 : low >> (bits - used);
    }
    for (; used > 0; used -= 8, word >>= 8) store(to++, static_cast<std::uint8_t>(word));
    return to;
}

// The distances of a block. Where all are below 256, as in a table of few thousand values, they are bytes, and loops
// over them are for vector instructions.
template <class D>
struct Distances {
    D at[kBlock];
    std::size_t n;  // 8, or a multiple of 16
    int widest;     // the bits of the greatest

    // histogram[w]: how many have w bits, for w from 1 on.
    void count_widths(std::uint16_t* histogram) const {
        if constexpr (sizeof(D) == 1) {
            std::uint16_t wider = 0;  // than w bits
            for (int w = widest; w > 0; --w) {
                const std::uint16_t from = count_from(static_cast<D>(1 << (w - 1)));
                histogram[w] = static_cast<std::uint16_t>(from - wider);
                wider = from;
            }
        } else {
            for (std::size_t i = 0; i < n; ++i) ++histogram[std::bit_width(at[i])];
        }
    }

    // Writes the low bits of all; of bytes, up to eight bytes more.
    std::byte* put_low(std::byte* to, int bits) const {
        if constexpr (sizeof(D) == 1) {
            if (bits == 0) return to;
            if (bits == 1) return put_joined(to, 1, join_ones);
            if (bits == 2) return put_joined(to, 2, join_twos);
            std::uint64_t words[kBlock / 8];  // apart from storing them, so that they are joined by vector instructions
            for (std::size_t i = 0; i < n / 8; ++i) words[i] = join_low(eight(i), bits);
            for (std::size_t i = 0; i < n / 8; ++i, to += bits) store(to, words[i]);
            return to;
        } else {
            return put_bits(to, at, n, bits);
        }
    }

    // And those with more bits: their places, and their high bits.
    std::byte* put_exceptions(std::byte* to, int bits) const {
        std::byte* const places = to + 1;
        std::size_t exceptions = 0;
        for_each_wider(bits, [&](std::size_t i) { store(places + exceptions++, static_cast<std::uint8_t>(i)); });
        store(to, static_cast<std::uint8_t>(exceptions));
        to = places + exceptions;
        for (std::size_t i = 0; i < exceptions; ++i)
            to = put_varint(to, std::uint64_t{at[load<std::uint8_t>(places + i)]} >> bits);
        return to;
    }

  private:
    static constexpr std::uint64_t kBytes = 0x00FF00FF00FF00FF;  // every other one

    std::uint16_t count_from(D limit) const {
        std::uint8_t lanes[16] = {};
        for (std::size_t i = 0; i < n; i += 16)
            for (std::size_t j = 0; j < 16; ++j) lanes[j] = static_cast<std::uint8_t>(lanes[j] + (at[i + j] >= limit));
        std::uint64_t sums = 0;  // of pairs of lanes
        for (const std::size_t half : {0, 8}) {
            const auto eight = load<std::uint64_t>(reinterpret_cast<const std::byte*>(lanes + half));
            sums += (eight & kBytes) + (eight >> 8 & kBytes);
        }
        return static_cast<std::uint16_t>(sums * 0x0001000100010001 >> 48);
    }

    std::uint64_t eight(std::size_t i) const {
        return load<std::uint64_t>(reinterpret_cast<const std::byte*>(at) + 8 * i);
    }

    // By a function that puts the lowest bits of eight side by side.
    template <class Join>
    [[gnu::always_inline]] std::byte* put_joined(std::byte* to, int bits, Join join) const {
        for (std::size_t i = 0; i < n / 8; ++i, to += bits) store(to, join(eight(i)));
        return to;
    }

    // One bit or two of each byte: the product moves each to its place in the highest byte or two, and no two of its
    // terms share a bit, so that none carries into another. Pairs of two bits are joined before.
    static constexpr std::uint64_t join_ones(std::uint64_t x) {
        return (x & 0x0101010101010101) * 0x0102040810204080 >> 56;
    }
    static constexpr std::uint64_t join_twos(std::uint64_t x) {
        x &= 0x0303030303030303;
        x = (x | x >> 6) & 0x000F000F000F000F;
        return x * 0x0001001001001000 >> 48;
    }
    // Any number of the lowest bits: of neighbours, of pairs, and of fours.
    static constexpr std::uint64_t join_low(std::uint64_t x, int bits) {
        constexpr std::uint64_t kPairs = 0x0000FFFF0000FFFF, kFours = 0x00000000FFFFFFFF;
        x &= low_bits(bits) * 0x0101010101010101;
        x = (x & kBytes) | (x >> 8 & kBytes) << bits;
        x = (x & kPairs) | (x >> 16 & kPairs) << 2 * bits;
        return (x & kFours) | x >> 32 << 4 * bits;
    }

    template <class Visit>
    void for_each_wider(int bits, Visit visit) const {
        constexpr std::size_t kTogether = 8 / sizeof(D);
        const std::uint64_t low = sizeof(D) == 1 ? low_bits(bits) * 0x0101010101010101 : low_bits(bits);
        for (std::size_t i = 0; i < n; i += kTogether) {
            std::uint64_t wider = load<std::uint64_t>(reinterpret_cast<const std::byte*>(at + i)) & ~low;
            while (wider != 0) {
                const int first = kTogether == 1 ? 0 : std::countr_zero(wider) / 8;
                visit(i + static_cast<std::size_t>(first));
                wider = kTogether == 1 ? 0 : wider & ~(std::uint64_t{0xFF} << 8 * first);
            }
        }
    }
};

struct PackedBlock {
    std::byte* end;
    Frame frame;  // but for where it begins
    Extent extent;
};

template <class D>
inline std::byte* pack_distances(std::byte* to, const Distances<D>& distances, std::int64_t least, Frame& frame) {
    std::uint16_t histogram[65] = {};
    distances.count_widths(histogram);
    const int bits = best_bits(histogram, distances.widest, distances.n);
    frame = Frame(bits, bits < distances.widest, least);
    if (frame.least_is_elsewhere()) {
        store(to, least);
        to += 8;
    }
    to = distances.put_low(to, bits);
    return frame.patched() ? distances.put_exceptions(to, bits) : to;
}

// n cells, which are a power of two from 8 to kBlock. May write kBlockPadding bytes more than it says.
template <class T>
[[gnu::noinline]] inline PackedBlock pack_block(std::byte* to, const std::byte* cells, std::size_t n) {
    PackedBlock block{to, Frame(0), extent_of<T>(cells, n)};
    const auto [least, most] = block.extent;
    if (least == 0 && most == 0) return block;
    const std::uint64_t range = static_cast<std::uint64_t>(most) - static_cast<std::uint64_t>(least);
    const auto pack = [&]<class D>(D) {
        Distances<D> distances;
        distances.n = n;
        distances.widest = static_cast<int>(std::bit_width(range));
        if (n < 16) std::fill_n(distances.at, 16, D{0});
        for (std::size_t i = 0; i < n; ++i)
            distances.at[i] = static_cast<D>(load<T>(cells + i * sizeof(T)) - static_cast<D>(block.extent.least));
        block.end = pack_distances(to, distances, block.extent.least, block.frame);
    };
    range < 256 ? pack(std::uint8_t{}) : pack(std::uint64_t{});
    return block;
}

// --- reading --------------------------------------------------------------------------------------------------------

// A block at hand.
struct Block {
    int bits;
    std::uint64_t least;
    const std::byte* distances;

    [[gnu::always_inline]] Block(Frame frame, const std::byte* at)
        : bits(frame.bits()), least(static_cast<std::uint64_t>(frame.least())), distances(at) {
        if (!frame.least_is_elsewhere()) return;
        least = load<std::uint64_t>(at);
        distances = at + 8;
    }
    std::uint64_t distance(std::size_t i) const {
        const std::size_t at = i * static_cast<std::size_t>(bits);
        return load<std::uint64_t>(distances + at / 8) >> at % 8 & low_bits(bits);
    }
    const std::byte* exceptions(std::size_t n) const { return distances + n * static_cast<std::size_t>(bits) / 8; }
    // The high bits of one cell.
    std::uint64_t exception(std::size_t n, std::size_t i) const {
        const std::byte* const places = exceptions(n) + 1;
        const auto count = load<std::uint8_t>(places - 1);
        int before = 0;
        while (before < count && load<std::uint8_t>(places + before) < i) ++before;
        if (before == count || load<std::uint8_t>(places + before) != i) return 0;
        const std::byte* high = places + count;
        while (before-- > 0) get_varint(high);
        return get_varint(high) << (bits & 63);
    }
    // All cells but for the exceptions; `together` of them are read with one load.
    template <int together, class T>
    void unpack(std::size_t n, T* cells) const {
        const std::uint64_t mask = low_bits(bits);
        for (std::size_t i = 0; i < n; i += together) {
            const std::size_t at = i * static_cast<std::size_t>(bits);
            std::uint64_t word = load<std::uint64_t>(distances + at / 8) >> at % 8;
            const auto next = [&](std::size_t j) {
                cells[i + j] = static_cast<T>(least + (word & mask));
                if constexpr (together > 1) word >>= bits;
            };
            [&]<std::size_t... j>(std::index_sequence<j...>) { (next(j), ...); }
            (std::make_index_sequence<together>{});
        }
    }
};

// To cells that hold them.
template <class T>
[[gnu::noinline]] inline void unpack_block(Frame frame, const std::byte* at, std::size_t n, T* cells) {
    const Block block(frame, at);
    if (block.bits == 0)
        std::fill_n(cells, n, static_cast<T>(block.least));
    else if (block.bits <= 8)
        block.unpack<8>(n, cells);
    else if (block.bits <= 14)
        block.unpack<4>(n, cells);
    else if (block.bits <= 28)
        block.unpack<2>(n, cells);
    else
        block.unpack<1>(n, cells);
    if (!frame.patched()) return;
    const std::byte* const places = block.exceptions(n) + 1;
    const auto count = load<std::uint8_t>(places - 1);
    const std::byte* high = places + count;
    for (int i = 0; i < count; ++i) {
        T& cell = cells[load<std::uint8_t>(places + i)];
        cell = static_cast<T>(static_cast<std::uint64_t>(cell) + (get_varint(high) << (block.bits & 63)));
    }
}

// One of n cells.
[[gnu::always_inline]] inline std::int64_t block_cell(Frame frame, const std::byte* at, std::size_t n, std::size_t i) {
    const Block block(frame, at);
    std::uint64_t cell = block.least + block.distance(i);
    if (frame.patched()) [[unlikely]]
        cell += block.exception(n, i);
    return static_cast<std::int64_t>(cell);
}

// --- checking -------------------------------------------------------------------------------------------------------

// Whether a block of n cells stands in `room` bytes, which are followed by kBlockPadding more, so that it can be
// unpacked; how many it takes. Not yet whether it is the canonical one.
inline bool check_block(Frame frame, const std::byte* at, std::size_t room, std::size_t n, std::size_t& bytes) {
    if (frame.bits() == 64 && frame.patched()) return false;
    bytes = (frame.least_is_elsewhere() ? 8 : 0) + n * static_cast<std::size_t>(frame.bits()) / 8;
    if (!frame.patched()) return bytes <= room;
    if (bytes >= room) return false;
    const std::size_t count = load<std::uint8_t>(at + bytes);
    const std::byte* const places = at + ++bytes;
    bytes += count;
    for (std::size_t i = 0; i < count; ++i) {
        if (bytes >= room || load<std::uint8_t>(places + i) >= n) return false;
        const std::size_t varint = checked_varint(at + bytes, room - bytes);
        if (varint == 0) return false;
        bytes += varint;
    }
    return bytes <= room;
}

}  // namespace sketch::countmin
