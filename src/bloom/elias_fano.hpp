// SPDX-License-Identifier: PostgreSQL
//
// A set of prefixes in ascending order, in the manner of Elias and Fano (P. Elias, "Efficient storage and retrieval by
// content and address of static files", 1974). With n prefixes the first ceil(log2 n) bits are a quotient, unary-coded,
// the others a remainder, as it is: about bits - log2 n + 2 bits a prefix. A directory, of 0.6 to 1.2 bits a prefix,
// leads to the quotient that is looked for: a probe reads an entry of it, a word of the unary code, and the remainders
// of that quotient, of which there is one at most on average.
//
//   remainders   n times, least significant bit first, padded to a byte
//   unary        for prefix i, ascending, the bit quotient + i is set; n + 2^quotient bits, padded to a byte
//   directory    for each 64 quotients: u32, the number of prefixes before them; u8, that of the first 32 of them, or
//                255 if there are more. Then n and 0. It stands last, so that words may be read from anywhere before
//                it.
//
// It may stand at any address.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "bloom/bitmap.hpp"

namespace sketch::bloom {

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

// One that is read. Trusts its bytes.
class EliasFano {
  public:
    EliasFano(const std::byte* form, std::uint64_t n, int bits)
        : sizes_(n, bits), form_(form), unary_(form + sizes_.unary_at()), directory_(form + sizes_.directory_at()) {}

    // Without a branch that depends on the prefix, but for the one in a few dozen: a misprediction would cost as much
    // as all the rest.
    bool contains(Prefix prefix) const {
        const Prefix wanted = prefix & sizes_.remainder_mask();
        const std::uint64_t quotient = prefix >> sizes_.remainder_bits;
        const Run run = run_of(quotient);
        if (!run.known || run.length > kAtOnce || sizes_.remainder_bits > kWidest) [[unlikely]]
            return contains_far(quotient, wanted);
        const std::uint64_t at = (run.start - quotient) * static_cast<std::uint64_t>(sizes_.remainder_bits);
        std::uint64_t word = load<std::uint64_t>(form_ + at / 8) >> at % 8;
        bool found = false;
        for (int i = 0; i < kAtOnce; ++i, word >>= sizes_.remainder_bits)
            found |= (run.length > i) & ((word & sizes_.remainder_mask()) == wanted);
        return found;
    }

    // Whether one prefix more leaves the quotients as long as they are, so that it can be put in.
    bool has_room() const { return Sizes(sizes_.n + 1, sizes_.bits).quotient_bits == sizes_.quotient_bits; }
    // The set with a prefix that it does not hold.
    void write_with(Prefix prefix, std::byte* to) const {
        const Sizes grown(sizes_.n + 1, sizes_.bits);
        const std::uint64_t quotient = prefix >> sizes_.remainder_bits, group = quotient / kGroup;
        const Prefix remainder = prefix & sizes_.remainder_mask();
        const auto width = static_cast<std::uint64_t>(sizes_.remainder_bits);
        std::uint64_t at = start_of(quotient);
        while (test_bit(unary_, at) && remainder_at(form_, sizes_, at - quotient) < remainder) ++at;
        insert_bits(to, form_, sizes_.remainder_total(), (at - quotient) * width, remainder, width);
        insert_bits(to + grown.unary_at(), unary_, sizes_.unary_total(), at, 1, 1);

        std::byte* const directory = to + grown.directory_at();
        copy_in_steps(directory, directory_, (sizes_.groups() + 1) * Sizes::kEntry);
        std::byte* const first = directory + group * Sizes::kEntry + 4;
        const auto in_first = load<std::uint8_t>(first);
        if (quotient % kGroup < kGroup / 2 && in_first < Sizes::kMany)
            store(first, static_cast<std::uint8_t>(in_first + 1));
        for (std::size_t i = group + 1; i <= sizes_.groups(); ++i) {
            std::byte* const entry = directory + i * Sizes::kEntry;
            store(entry, load<std::uint32_t>(entry) + 1);
        }
    }

    // All prefixes, ascending, some at a time.
    class Cursor {
      public:
        explicit Cursor(const EliasFano& set)
            : sizes_(set.sizes_), form_(set.form_), ones_(set.unary_, set.unary_bytes()) {}

        std::size_t fill(Prefix* to) {
            const std::size_t n = ones_.fill(to);
            const Sizes sizes = sizes_;
            const std::byte* const form = form_;
            for (std::uint64_t k = 0, i = i_; k < n; ++k, ++i)
                to[k] = (to[k] - i) << sizes.remainder_bits | remainder_at(form, sizes, i);
            i_ += n;
            return n;
        }
        bool ended() const { return ones_.ended(); }

      private:
        Sizes sizes_;
        const std::byte* form_;
        BitCursor ones_;
        std::uint64_t i_ = 0;
    };

    // Whether the `bytes` bytes are what Packer would write. Total.
    Status check(std::size_t bytes) const {
        if (bytes != sizes_.bytes()) return Status::wrong_size;
        if (!padded(form_, sizes_.remainder_total()) || !padded(unary_, sizes_.unary_total()))
            return Status::bad_content;
        const std::uint64_t ones = count_bits(unary_, unary_bytes());
        if (ones != sizes_.n || test_bit(unary_, sizes_.unary_total() - 1)) return Status::bad_content;
        return ascending() && led() ? Status::ok : Status::bad_content;
    }

  private:
    static constexpr std::uint64_t kGroup = Sizes::kGroup;

    bool ascending() const {
        Prefix block[kBlock], before = 0;
        bool ascends = true, first = true;
        for (Cursor cursor(*this); !cursor.ended(); check_interrupts()) {
            const std::size_t n = cursor.fill(block);
            for (std::size_t i = 0; i < n; before = block[i++], first = false) ascends &= first || block[i] > before;
        }
        return ascends;
    }
    // Whether the directory says where each group begins.
    bool led() const {
        std::uint64_t place[kBlock], i = 0, start = 0, in_first = 0;
        bool leads = true;
        std::size_t group = 0;
        const auto pass = [&](std::size_t to) {
            for (; group < to; ++group, start = i, in_first = 0) {
                const std::byte* const entry = directory_ + group * Sizes::kEntry;
                leads &= load<std::uint32_t>(entry) == start;
                leads &= load<std::uint8_t>(entry + 4) == std::min(in_first, Sizes::kMany);
            }
        };
        for (BitCursor ones(unary_, unary_bytes()); !ones.ended(); check_interrupts()) {
            const std::size_t n = ones.fill(place);
            for (std::size_t k = 0; k < n; ++k, ++i) {
                const std::uint64_t quotient = place[k] - i;
                pass(quotient / kGroup);
                in_first += quotient % kGroup < kGroup / 2;
            }
        }
        pass(sizes_.groups() + 1);
        return leads;
    }

    std::size_t unary_bytes() const { return sizes_.directory_at() - sizes_.unary_at(); }
    static Prefix remainder_at(const std::byte* form, const Sizes& sizes, std::uint64_t i) {
        const std::uint64_t at = i * static_cast<std::uint64_t>(sizes.remainder_bits);
        return load<std::uint64_t>(form + at / 8) >> at % 8 & sizes.remainder_mask();
    }

    static constexpr int kAtOnce = 3;   // remainders
    static constexpr int kWidest = 19;  // of them, in a word that begins within a byte

    // The set bits of a quotient in the unary code: each is a prefix, and they follow the clear bit that ends the
    // quotient before.
    struct Run {
        std::uint64_t start;  // the place of the first of them, or of the clear bit that follows none
        int length;
        bool known;  // not if it lies further on than one word shows
    };

    // A select: of the word that begins with the quotient's half of a group, the clear bit that ends the quotient
    // before is wanted, which is the k-th if k quotients of that half come first. (1) The directory says where the
    // half begins. (2) The word is read from there and inverted; a bit is put before it for the end of the half
    // before. (3) sums_of counts the bits up to each byte: the first byte whose sum reaches k + 1 has the bit, which
    // a table finds in it. (4) The run is what is clear in the inverted word from there on.
    Run run_of(std::uint64_t quotient) const {
        const std::uint64_t group = quotient / kGroup;
        const std::byte* const entry = directory_ + group * Sizes::kEntry;
        const std::uint64_t in_first = load<std::uint8_t>(entry + 4), second = quotient / (kGroup / 2) % 2;
        const std::uint64_t at = load<std::uint32_t>(entry) + group * kGroup + ((0 - second) & (in_first + kGroup / 2));
        const std::byte* const from = unary_ + at / 8;
        const int shift = at % 8;
        const std::uint64_t beyond = load<std::uint8_t>(from + 8);
        const std::uint64_t clear = ~(load<std::uint64_t>(from) >> shift | beyond << 1 << (63 - shift)) << 1 | 1;
        const std::uint64_t sums = sums_of(clear), wanted = quotient % (kGroup / 2) + 1;
        const std::uint64_t enough = ((sums | kTops) - wanted * kOnes) & kTops;
        const int byte = std::countr_zero(enough | std::uint64_t{1} << 63) / 8 * 8;
        const std::uint64_t before = sums << 8 >> byte & 0xFF;
        const int bit = byte + kBitOfByte[clear >> byte & 0xFF][(wanted - before - 1) % 8];
        const std::uint64_t behind = clear >> bit >> 1;
        return {at + static_cast<std::uint64_t>(bit), std::countr_zero(behind | std::uint64_t{1} << 63),
                enough != 0 && behind != 0 && in_first < Sizes::kMany};
    }

    // Where the run of a quotient begins, however far on.
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
                       kBitOfByte[clear >> byte & 0xFF][wanted - before - 1];
            }
            wanted -= sums >> 56;
            at += 56;
        }
        return at;
    }
    [[gnu::noinline]] bool contains_far(std::uint64_t quotient, Prefix wanted) const {
        for (std::uint64_t at = start_of(quotient); test_bit(unary_, at); ++at) {
            const Prefix remainder = remainder_at(form_, sizes_, at - quotient);
            if (remainder >= wanted) return remainder == wanted;
        }
        return false;
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

// Writes the form of n prefixes, which are pushed in ascending order.
class Packer {
  public:
    Packer(std::byte* to, std::uint64_t n, int bits)
        : sizes_(n, bits), remainders_(to), unary_(to + sizes_.unary_at()), directory_(to + sizes_.directory_at()) {
        fill_in_steps(unary_, 0, sizes_.directory_at() - sizes_.unary_at());
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
