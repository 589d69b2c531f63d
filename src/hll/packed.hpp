// SPDX-License-Identifier: PostgreSQL
//
// The stored form of dense registers, in whichever of three layouts takes about the fewest bytes. At precision 12 that
// is 0.8 kB for 500 values, 1.4 kB for 1,000 and 2.5 kB for any large number, against 4 kB of plain registers.
//
// All begin with: u8 width, u8 symbols, u16 zero.
//
//   width 0, list: few registers are filled. Their indexes, grouped by what the registers hold.
//       indexes     p bits each, least significant bit first, padded to a byte; ascending within a group
//       directory   for each of the `symbols` groups, ascending: u32, the register in the low 8 bits, then the length
//   width 2 or 4, codes: about 40 different registers occur, unevenly. Each is a code into a list of the 2^width - 1
//   most frequent; the last code is an escape, and the register stands in the list of exceptions.
//       codes       width * 2^p bits, least significant bit first
//       symbols     the listed registers, ascending, a byte each
//       exceptions  a byte each, in the order of their registers
//   width 8, plain: the registers.
//
// The form is canonical: equal registers give equal bytes.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "core/kernel.hpp"
#include "hll/registers.hpp"

namespace sketch::ull {

inline constexpr int kListWidth = 0;
inline constexpr int kPlainWidth = 8;
inline constexpr std::size_t kPackedHeadBytes = 4;
inline constexpr int kSymbols = 256;

// How often each register value occurs: all that packing and estimating need to know.
using Census = std::array<std::uint32_t, kSymbols>;

// Registers are counted in four tables, so that a run of equal ones does not wait for its own stores.
inline Census census_of(const Register* registers, std::size_t n) {
    std::uint32_t lanes[4][kSymbols] = {};
    for (std::size_t i = 0; i < n; i += 4)
        for (std::size_t lane = 0; lane < 4; ++lane) ++lanes[lane][registers[i + lane]];
    Census census;
    for (int s = 0; s < kSymbols; ++s) census[s] = lanes[0][s] + lanes[1][s] + lanes[2][s] + lanes[3][s];
    return census;
}

constexpr std::size_t code_bytes(int p, int width) { return ((std::size_t{1} << p) >> 3) * width; }
constexpr std::size_t index_bytes(int p, std::size_t filled) { return (filled * p + 7) / 8; }

struct Packing {
    int width;
    int symbols;
    Register symbol[kSymbols];  // ascending
    std::size_t bytes;
};

// The packing of fewest bytes; of equals, the first in the order list, 2, 4, plain. A list may be an eighth larger than
// codes, since it merges several times as fast.
inline Packing plan_packing(const Census& census, int p) {
    std::uint32_t ranked[kSymbols];  // by frequency, then by register; a count of at most 2^18 leaves room for both
    int distinct = 0;
    for (int s = 0; s < kSymbols; ++s)
        if (census[s] != 0) ranked[distinct++] = census[s] << 8 | static_cast<std::uint32_t>(kSymbols - 1 - s);
    std::sort(ranked, ranked + distinct, [](std::uint32_t a, std::uint32_t b) { return a > b; });

    const std::size_t m = std::size_t{1} << p, filled = m - census[0];
    const int groups = distinct - (census[0] != 0);
    Packing best{kListWidth, groups, {}, kPackedHeadBytes + index_bytes(p, filled) + sizeof(std::uint32_t) * groups};
    std::size_t listed = 0;  // registers that have a code
    int symbols = 0;
    for (const int width : {2, 4}) {
        for (; symbols < distinct && symbols < (1 << width) - 1; ++symbols) listed += ranked[symbols] >> 8;
        const std::size_t bytes = kPackedHeadBytes + code_bytes(p, width) + symbols + (m - listed);
        const std::size_t handicap = best.width == kListWidth ? best.bytes / 8 : 0;
        if (bytes + handicap < best.bytes) best = {width, symbols, {}, bytes};
    }
    if (kPackedHeadBytes + m < best.bytes) best = {kPlainWidth, 0, {}, kPackedHeadBytes + m};

    if (best.width == kListWidth) {
        int n = 0;
        for (int s = 1; s < kSymbols; ++s)
            if (census[s] != 0) best.symbol[n++] = static_cast<Register>(s);
    } else {
        for (int i = 0; i < best.symbols; ++i) best.symbol[i] = static_cast<Register>(kSymbols - 1 - (ranked[i] & 255));
        std::sort(best.symbol, best.symbol + best.symbols);
    }
    return best;
}

// Bytes that pack may write behind the packed form: it stores every register as if it were the next exception, and an
// index as a word, and moves on only as far as it should, which spares branches that nothing could predict.
inline constexpr std::size_t kPackSlack = 4;

inline void pack_list(const Register* registers, const Census& census, int p, const Packing& packing, std::byte* to) {
    const std::size_t m = std::size_t{1} << p;
    std::byte* directory = to + index_bytes(p, m - census[0]);
    std::memset(to, 0, static_cast<std::size_t>(directory - to));
    std::uint32_t next[kSymbols];  // where in the list each group goes on
    std::uint32_t start = 0;
    for (int i = 0; i < packing.symbols; ++i) {
        const Register s = packing.symbol[i];
        next[s] = start;
        start += census[s];
    }
    const auto put = [&](std::uint32_t index) {
        const std::size_t bit = std::size_t{next[registers[index]]++} * static_cast<std::size_t>(p);
        std::byte* const word = to + bit / 8;
        store(word, load<std::uint32_t>(word) | index << bit % 8);
    };
    std::uint32_t pending[256 + 1];
    for (std::uint32_t i = 0; i < m; i += 256) {
        std::size_t filled = 0;
        for (std::uint32_t j = i; j < std::min<std::size_t>(i + 256, m); ++j) {
            pending[filled] = j;
            filled += registers[j] != 0;
        }
        for (std::size_t k = 0; k < filled; ++k) put(pending[k]);
    }
    for (int i = 0; i < packing.symbols; ++i, directory += sizeof(std::uint32_t))
        store(directory, census[packing.symbol[i]] << 8 | packing.symbol[i]);
}

template <int width>
inline void pack_codes(const Register* registers, int p, const Packing& packing, std::byte* to) {
    constexpr std::uint8_t kEscape = (1 << width) - 1;
    std::uint8_t code_of[kSymbols];
    std::memset(code_of, kEscape, sizeof code_of);
    for (int i = 0; i < packing.symbols; ++i) code_of[packing.symbol[i]] = static_cast<std::uint8_t>(i);

    std::byte* exception = to + code_bytes(p, width);
    std::memcpy(exception, packing.symbol, static_cast<std::size_t>(packing.symbols));
    exception += packing.symbols;
    for (std::size_t i = 0; i < std::size_t{1} << p; i += 8, to += width) {
        std::uint64_t codes = 0;
        for (int j = 0; j < 8; ++j) {
            const Register r = registers[i + j];
            codes |= std::uint64_t{code_of[r]} << (j * width);
            store(exception, r);
            exception += code_of[r] == kEscape;
        }
        std::memcpy(to, &codes, width);
    }
}

inline void pack(const Register* registers, const Census& census, int p, const Packing& packing, std::byte* to) {
    store(to, static_cast<std::uint8_t>(packing.width));
    store(to + 1, static_cast<std::uint8_t>(packing.symbols));
    store(to + 2, std::uint16_t{0});
    to += kPackedHeadBytes;
    switch (packing.width) {
        case kListWidth: return pack_list(registers, census, p, packing, to);
        case 2: return pack_codes<2>(registers, p, packing, to);
        case 4: return pack_codes<4>(registers, p, packing, to);
        default: std::memcpy(to, registers, std::size_t{1} << p);
    }
}

// A packed form, read in place. Trusts its bytes.
class Packed {
  public:
    Packed(const std::byte* bytes, std::size_t size, int p) : bytes_(bytes), size_(size), p_(p) {}

    int width() const { return load<std::uint8_t>(bytes_); }
    int symbols() const { return load<std::uint8_t>(bytes_ + 1); }
    const std::byte* body() const { return bytes_ + kPackedHeadBytes; }
    const std::byte* end() const { return bytes_ + size_; }

    // Of a list.
    const std::byte* directory() const { return end() - symbols() * sizeof(std::uint32_t); }
    std::uint32_t index(std::size_t i) const {
        const std::size_t bit = i * static_cast<std::size_t>(p_);
        // The directory stands behind, so the word never ends outside the form.
        return load<std::uint32_t>(body() + bit / 8) >> bit % 8 & static_cast<std::uint32_t>(low_bits(p_));
    }

    // Of codes.
    const std::byte* symbol_list() const { return body() + code_bytes(p_, width()); }
    const std::byte* exceptions() const { return symbol_list() + symbols(); }

    // Calls visit(index, register) for the registers of a list with at least this value, the largest first.
    template <class Visit>
    void for_each_listed(int least_value, Visit visit) const {
        std::size_t last = 0;
        for (const std::byte* g = directory(); g != end(); g += sizeof(std::uint32_t))
            last += load<std::uint32_t>(g) >> 8;
        for (const std::byte* g = end(); g != directory();) {
            g -= sizeof(std::uint32_t);
            const auto group = load<std::uint32_t>(g);
            const auto r = static_cast<Register>(group);
            if (value_of(r) < least_value) return;
            const std::size_t first = last - (group >> 8);
            for (std::size_t i = first; i < last; ++i) visit(index(i), r);
            last = first;
        }
    }

    // Calls visit(index of the first, registers, how many) for runs that together are all registers of codes or of
    // plain registers, in order.
    template <class Visit>
    void for_each_run(Visit visit) const {
        switch (width()) {
            case 2: return decode<2>(visit);
            case 4: return decode<4>(visit);
            default: visit(0u, reinterpret_cast<const Register*>(body()), std::size_t{1} << p_);
        }
    }

    // One bit for each code of a word that is an escape: its lowest.
    template <int width>
    static std::uint64_t escapes(std::uint64_t word) {
        word &= word >> 1;
        if constexpr (width == 4) word &= word >> 2;
        return word & ~std::uint64_t{0} / ((1 << width) - 1);
    }

    // 64 bits of codes; 2^p codes of 2 bits may be fewer.
    std::uint64_t word_at(std::size_t at, int width) const {
        const std::size_t left = code_bytes(p_, width) - at;
        if (left >= 8) [[likely]]
            return load<std::uint64_t>(body() + at);
        std::uint64_t word = 0;
        std::memcpy(&word, body() + at, left);
        return word;
    }

  private:
    // A byte of codes at a time names 8/width registers in a table; escapes are filled in after.
    template <int width, class Visit>
    void decode(Visit visit) const {
        constexpr int kEscape = (1 << width) - 1, kPerByte = 8 / width;
        constexpr std::size_t kPerWord = 64 / width, kRun = 256;
        Register symbol[kEscape + 1] = {};
        std::memcpy(symbol, symbol_list(), static_cast<std::size_t>(symbols()));
        Register table[256][kPerByte];
        for (int byte = 0; byte < 256; ++byte)
            for (int i = 0; i < kPerByte; ++i) table[byte][i] = symbol[(byte >> (i * width)) & kEscape];

        const std::byte* next = exceptions();
        const std::size_t m = std::size_t{1} << p_;
        for (std::size_t first = 0; first < m; first += kRun) {
            Register run[kRun] = {};
            const std::size_t n = std::min(kRun, m - first);
            for (std::size_t at = 0; at < n; at += kPerWord) {
                const std::uint64_t word = word_at((first + at) * width / 8, width);
                for (int byte = 0; byte < 8; ++byte)
                    std::memcpy(run + at + byte * kPerByte, table[(word >> (byte * 8)) & 255], kPerByte);
                for (std::uint64_t set = escapes<width>(word); set != 0; set &= set - 1)
                    run[at + static_cast<std::size_t>(std::countr_zero(set)) / width] = load<Register>(next++);
            }
            visit(static_cast<std::uint32_t>(first), static_cast<const Register*>(run), n);
        }
    }

    const std::byte* bytes_;
    std::size_t size_;
    int p_;
};

inline Census census_of(const Packed& packed, int p) {
    Census census{};
    if (packed.width() == kListWidth) {
        census[0] = std::uint32_t{1} << p;
        for (const std::byte* g = packed.directory(); g != packed.end(); g += sizeof(std::uint32_t)) {
            const auto group = load<std::uint32_t>(g);
            census[group & 255] = group >> 8;
            census[0] -= group >> 8;
        }
    } else {
        packed.for_each_run([&](std::uint32_t, const Register* run, std::size_t n) {
            for (std::size_t i = 0; i < n; ++i) ++census[run[i]];
        });
    }
    return census;
}

inline void unpack(const Packed& packed, int p, Register* to) {
    if (packed.width() == kListWidth) {
        std::memset(to, 0, std::size_t{1} << p);
        packed.for_each_listed(0, [&](std::uint32_t i, Register r) { to[i] = r; });
    } else {
        packed.for_each_run(
            [&](std::uint32_t first, const Register* run, std::size_t n) { std::memcpy(to + first, run, n); });
    }
}

// To registers of the same precision.
inline void merge_packed(const Packed& packed, int p, Register* to) {
    if (packed.width() == kListWidth) {
        // A rollup of many sketches soon has larger values in every register than most of a part: those are skipped.
        const int telling = value_of(least_of(to, std::size_t{1} << p)) - 2;
        packed.for_each_listed(telling, [&](std::uint32_t i, Register r) { merge_into(to[i], r); });
    } else {
        packed.for_each_run(
            [&](std::uint32_t first, const Register* run, std::size_t n) { merge_run(to + first, run, n); });
    }
}

}  // namespace sketch::ull
