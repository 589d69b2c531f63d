// SPDX-License-Identifier: PostgreSQL
//
// Sets of prefixes as they are stored. A prefix is the first `bits` bits of a hash; all of a set have the same length.
//
// bitmap   one bit for each prefix that there can be. For sets that have a good part of them all.
// packed   ascending, in the manner of Elias and Fano (P. Elias, "Efficient storage and retrieval by content and
//          address of static files", 1974): with n prefixes the first ceil(log2 n) bits are a quotient, told in unary,
//          the others a remainder, told as it is: about bits - log2 n + 2 bits a prefix. A directory, of 0.6 to 1.2
//          bits a prefix, leads to the quotient that is looked for: a question reads it, a word of the unary code, and
//          the remainders of that quotient, of which there is one at most on average.
//
//   remainders   n times, least significant bit first, padded to a byte
//   unary        for prefix i, ascending, the bit quotient + i is set; n + 2^quotient bits, padded to a byte
//   directory    for each 64 quotients: u32, the number of prefixes before them; u8, that of the first 32 of them, or
//                255 if there are more. Then n and 0. It stands last, so that words may be read from anywhere before
//                it.
//
// Both may stand at any address. The smaller of them is the one.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/kernel.hpp"

namespace sketch::bloom {

using Prefix = std::uint64_t;

inline constexpr int kMostBitmapBits = 32;  // 512 MB

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

// Calls f(at) for each set bit, ascending.
template <class F>
inline void each_bit(const std::byte* bits, std::size_t bytes, F f) {
    const auto each_of = [&](std::size_t byte, std::uint64_t word) {
        for (; word != 0; word &= word - 1) f(byte * 8 + static_cast<std::uint64_t>(std::countr_zero(word)));
    };
    std::size_t byte = 0;
    for (; byte + sizeof(std::uint64_t) <= bytes; byte += sizeof(std::uint64_t))
        each_of(byte, load<std::uint64_t>(bits + byte));
    for (; byte < bytes; ++byte) each_of(byte, load<std::uint8_t>(bits + byte));
}

// How many bits are set in a byte, and where the i-th of them is.
struct BitsOfByte {
    std::array<std::uint8_t, 256> count;
    std::array<std::array<std::uint8_t, 8>, 256> at;
};
inline constexpr BitsOfByte kBitsOfByte = [] {
    BitsOfByte table{};
    for (std::size_t byte = 0; byte < 256; ++byte)
        for (std::uint8_t bit = 0; bit < 8; ++bit)
            if (byte >> bit & 1) table.at[byte][table.count[byte]++] = bit;
    return table;
}();

// The sizes that follow from the number of prefixes, which is not 0, and from their length.
struct Sizes {
    static constexpr std::uint64_t kGroup = 64;  // quotients
    static constexpr std::size_t kEntry = 5;     // bytes of the directory for a group
    static constexpr std::uint64_t kMany = 255;

    std::uint64_t n;
    int bits, quotient_bits, remainder_bits;

    Sizes(std::uint64_t count, int prefix_bits)
        : n(count),
          bits(prefix_bits),
          quotient_bits(static_cast<int>(std::bit_width(count - 1))),
          remainder_bits(prefix_bits - quotient_bits) {}

    std::uint64_t quotients() const { return std::uint64_t{1} << quotient_bits; }
    std::size_t groups() const { return std::max<std::uint64_t>(quotients() / kGroup, 1); }
    std::uint64_t remainder_total() const { return n * static_cast<std::uint64_t>(remainder_bits); }
    std::uint64_t unary_total() const { return n + quotients(); }
    std::size_t unary_at() const { return (remainder_total() + 7) / 8; }
    std::size_t directory_at() const { return unary_at() + (unary_total() + 7) / 8; }
    std::size_t bytes() const { return directory_at() + (groups() + 1) * kEntry; }
    Prefix remainder_mask() const { return (Prefix{1} << remainder_bits) - 1; }
};

inline bool is_bitmap(std::uint64_t n, int bits) {
    return bits <= kMostBitmapBits && bitmap_bytes(bits) <= Sizes(n, bits).bytes();
}
inline std::size_t stored_bytes(std::uint64_t n, int bits) {
    return is_bitmap(n, bits) ? bitmap_bytes(bits) : Sizes(n, bits).bytes();
}

// A packed form that is read. Trusts its bytes.
class Packed {
  public:
    Packed(const std::byte* form, std::uint64_t n, int bits)
        : sizes_(n, bits), form_(form), unary_(form + sizes_.unary_at()), directory_(form + sizes_.directory_at()) {}

    // Without a branch that depends on the prefix, but for the one in a few dozen: a wrong guess would cost as much as
    // all the rest.
    bool holds(Prefix prefix) const {
        const Prefix wanted = prefix & sizes_.remainder_mask();
        const std::uint64_t quotient = prefix >> sizes_.remainder_bits;
        const Run run = run_of(quotient);
        if (!run.known || run.length > kAtOnce || sizes_.remainder_bits > kWidest) [[unlikely]]
            return holds_far(quotient, wanted);
        const std::uint64_t at = (run.start - quotient) * static_cast<std::uint64_t>(sizes_.remainder_bits);
        std::uint64_t word = load<std::uint64_t>(form_ + at / 8) >> at % 8;
        bool found = false;
        for (int i = 0; i < kAtOnce; ++i, word >>= sizes_.remainder_bits)
            found |= (run.length > i) & ((word & sizes_.remainder_mask()) == wanted);
        return found;
    }

    // Calls f(prefix) for each, ascending.
    template <class F>
    void each(F f) const {
        std::uint64_t i = 0;
        each_bit(unary_, sizes_.directory_at() - sizes_.unary_at(), [&](std::uint64_t at) {
            f((at - i) << sizes_.remainder_bits | remainder_at(i));
            ++i;
        });
    }

    // Whether the `bytes` bytes are a packed form that pack would write.
    Status check(std::size_t bytes) const {
        if (bytes != sizes_.bytes()) return Status::wrong_size;
        if (!padded(form_, sizes_.remainder_total()) || !padded(unary_, sizes_.unary_total()))
            return Status::bad_content;
        std::uint64_t ones = 0;
        for (const std::byte* byte = unary_; byte != directory_; ++byte)
            ones += kBitsOfByte.count[load<std::uint8_t>(byte)];
        if (ones != sizes_.n || test_bit(unary_, sizes_.unary_total() - 1)) return Status::bad_content;

        bool ascending = true, led = true;
        std::uint64_t i = 0, start = 0, in_first = 0;
        std::size_t group = 0;
        Prefix before = 0;
        const auto pass = [&](std::size_t to) {
            for (; group < to; ++group, start = i, in_first = 0) {
                const std::byte* const entry = directory_ + group * Sizes::kEntry;
                led &= load<std::uint32_t>(entry) == start;
                led &= load<std::uint8_t>(entry + 4) == std::min(in_first, Sizes::kMany);
            }
        };
        each([&](Prefix prefix) {
            const std::uint64_t quotient = prefix >> sizes_.remainder_bits;
            pass(quotient / kGroup);
            in_first += quotient % kGroup < kGroup / 2;
            ascending &= i == 0 || prefix > before;
            before = prefix;
            ++i;
        });
        pass(sizes_.groups() + 1);
        return ascending && led ? Status::ok : Status::bad_content;
    }

  private:
    static constexpr std::uint64_t kGroup = Sizes::kGroup;

    Prefix remainder_at(std::uint64_t i) const {
        const std::uint64_t at = i * static_cast<std::uint64_t>(sizes_.remainder_bits);
        return load<std::uint64_t>(form_ + at / 8) >> at % 8 & sizes_.remainder_mask();
    }

    static constexpr int kAtOnce = 3;   // remainders
    static constexpr int kWidest = 19;  // of them, in a word that begins within a byte

    // In the unary code the set bits of a quotient, of which each is a prefix, follow the clear bit that ends the one
    // before it.
    struct Run {
        std::uint64_t start;
        int length;
        bool known;  // not if it lies further on than is looked for
    };

    // Looks through one word from the quotient's half of a group on, for as many clear bits as there are quotients
    // before it. They are counted in each byte and then, by one multiplication, in each byte and all before it.
    Run run_of(std::uint64_t quotient) const {
        const std::uint64_t group = quotient / kGroup;
        const std::byte* const entry = directory_ + group * Sizes::kEntry;
        const std::uint64_t in_first = load<std::uint8_t>(entry + 4), second = quotient / (kGroup / 2) % 2;
        const std::uint64_t at = load<std::uint32_t>(entry) + group * kGroup + ((0 - second) & (in_first + kGroup / 2));
        const std::byte* const from = unary_ + at / 8;
        const int shift = at % 8;
        const std::uint64_t beyond = load<std::uint8_t>(from + 8);
        // The end of the quotient before comes first.
        const std::uint64_t clear = ~(load<std::uint64_t>(from) >> shift | beyond << 1 << (63 - shift)) << 1 | 1;
        const std::uint64_t sums = sums_of(clear), wanted = quotient % (kGroup / 2) + 1;
        const std::uint64_t enough = ((sums | kTops) - wanted * kOnes) & kTops;
        const int byte = std::countr_zero(enough | std::uint64_t{1} << 63) / 8 * 8;
        const std::uint64_t before = sums << 8 >> byte & 0xFF;
        const int bit = byte + kBitsOfByte.at[clear >> byte & 0xFF][(wanted - before - 1) % 8];
        const std::uint64_t behind = clear >> bit >> 1;
        return {at + static_cast<std::uint64_t>(bit), std::countr_zero(behind | std::uint64_t{1} << 63),
                enough != 0 && behind != 0 && in_first < Sizes::kMany};
    }

    // The same, however far on.
    std::uint64_t start_of(std::uint64_t quotient) const {
        const std::uint64_t group = quotient / kGroup;
        std::uint64_t at = load<std::uint32_t>(directory_ + group * Sizes::kEntry) + group * kGroup;
        for (std::uint64_t wanted = quotient % kGroup; wanted != 0;) {
            const std::uint64_t clear = ~load<std::uint64_t>(unary_ + at / 8) >> at % 8 << 8 >> 8;
            const std::uint64_t sums = sums_of(clear), enough = ((sums | kTops) - wanted * kOnes) & kTops;
            if (enough != 0) {
                const int byte = std::countr_zero(enough) / 8 * 8;
                const std::uint64_t before = sums << 8 >> byte & 0xFF;
                return at + static_cast<std::uint64_t>(byte) + 1 +
                       kBitsOfByte.at[clear >> byte & 0xFF][wanted - before - 1];
            }
            wanted -= sums >> 56;
            at += 56;
        }
        return at;
    }
    [[gnu::noinline]] bool holds_far(std::uint64_t quotient, Prefix wanted) const {
        for (std::uint64_t at = start_of(quotient); test_bit(unary_, at); ++at) {
            const Prefix remainder = remainder_at(at - quotient);
            if (remainder >= wanted) return remainder == wanted;
        }
        return false;
    }

    static constexpr std::uint64_t kOnes = 0x0101010101010101, kTops = kOnes << 7;
    static std::uint64_t sums_of(std::uint64_t bits) {
        bits -= bits >> 1 & kOnes * 0x55;
        bits = (bits & kOnes * 0x33) + (bits >> 2 & kOnes * 0x33);
        return ((bits + (bits >> 4)) & kOnes * 0x0F) * kOnes;
    }

    // Whether the bits behind the last, up to the end of its byte, are clear.
    static bool padded(const std::byte* bits, std::uint64_t n) {
        return n % 8 == 0 || load<std::uint8_t>(bits + n / 8) >> n % 8 == 0;
    }

    Sizes sizes_;
    const std::byte* form_;
    const std::byte* unary_;
    const std::byte* directory_;
};

// Writes the stored form of n prefixes, which are pushed in ascending order.
class Packer {
  public:
    Packer(std::byte* to, std::uint64_t n, int bits)
        : sizes_(n, bits), remainders_(to), unary_(to + sizes_.unary_at()), directory_(to + sizes_.directory_at()) {
        std::memset(unary_, 0, sizes_.directory_at() - sizes_.unary_at());
    }

    void push(Prefix prefix) {
        // All 32 bits of a word, and what is left over begins the next.
        pending_ |= (prefix & sizes_.remainder_mask() & 0xFFFFFFFF) << pending_bits_;
        pend(std::min(sizes_.remainder_bits, 32));
        if (sizes_.remainder_bits > 32) {
            pending_ |= (prefix & sizes_.remainder_mask()) >> 32 << pending_bits_;
            pend(sizes_.remainder_bits - 32);
        }
        const std::uint64_t quotient = prefix >> sizes_.remainder_bits;
        set_bit(unary_, quotient + i_);
        lead_to(quotient / Sizes::kGroup);
        ++i_;
        if (quotient % Sizes::kGroup < Sizes::kGroup / 2)
            store(directory_ - 1, static_cast<std::uint8_t>(std::min(i_ - start_, Sizes::kMany)));
    }

    void finish() {
        for (; pending_bits_ > 0; pending_bits_ -= 8, pending_ >>= 8)
            store(remainders_++, static_cast<std::uint8_t>(pending_));
        lead_to(sizes_.groups());
    }

  private:
    void pend(int bits) {
        pending_bits_ += bits;
        if (pending_bits_ < 32) return;
        store(remainders_, static_cast<std::uint32_t>(pending_));
        remainders_ += sizeof(std::uint32_t);
        pending_ >>= 32;
        pending_bits_ -= 32;
    }
    // Up to and with this group: `directory_` stands behind its entry.
    void lead_to(std::size_t group) {
        for (; groups_ <= group; ++groups_, directory_ += Sizes::kEntry) {
            store(directory_, static_cast<std::uint32_t>(i_));
            store(directory_ + 4, std::uint8_t{0});
            start_ = i_;
        }
    }

    Sizes sizes_;
    std::byte* remainders_;
    std::byte* unary_;
    std::byte* directory_;
    std::uint64_t pending_ = 0;
    int pending_bits_ = 0;
    std::uint64_t i_ = 0, start_ = 0;  // prefixes, and of them those before the group
    std::size_t groups_ = 0;
};

}  // namespace sketch::bloom
