// SPDX-License-Identifier: PostgreSQL
//
// The coding of registers in stored images: whichever of three takes about the fewest bytes. At precision 12 that is
// 0.8 kB for 500 values, 1.4 kB for 1,000 and 2.5 kB for any large number, against 4 kB of plain registers.
//
// All begin with: u8 width, u8 symbols, u16 zero.
//
//   width    coding       bytes
//   0        list         an inverted list of the filled registers, while they are few
//              indexes      p bits each, least significant bit first, padded to a byte; ascending within a group
//              directory    for each of the `symbols` groups, ascending: u32, the register in its low 8 bits, then how
//                           many have it
//   2 or 4   dictionary   about 40 different registers occur, unevenly: the most frequent have a code, the others are
//                         exceptions (as PDICT: Zukowski, Heman, Nes, Boncz, ICDE 2006)
//              codes        width * 2^p bits, least significant bit first; the last code is an escape
//              dictionary   the `symbols` registers that have a code, at most 2^width - 1, ascending, a byte each
//              exceptions   the registers under an escape, in their order, a byte each
//   8        plain        the registers; symbols is 0
//
// The coding is canonical: equal registers give equal bytes.
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

namespace sketch::hll {

inline constexpr int kListWidth = 0;
inline constexpr int kPlainWidth = 8;
inline constexpr std::size_t kCodingHeadBytes = 4;

constexpr std::size_t code_bytes(int p, int width) { return ((std::size_t{1} << p) >> 3) * width; }
constexpr std::size_t index_bytes(int p, std::size_t filled) { return (filled * p + 7) / 8; }

struct Coding {
    int width;
    int symbols;
    Register symbol[kRegisterValues];  // ascending
    std::size_t bytes;
};

// The coding of fewest bytes; of equals, the first in the order of the table. A list may be an eighth larger than
// a dictionary, since it merges several times as fast.
inline Coding plan_coding(const Histogram& histogram, int p) {
    std::uint32_t
        ranked[kRegisterValues];  // by frequency, then by register; a count of at most 2^18 leaves room for both
    int distinct = 0;
    for (int s = 0; s < kRegisterValues; ++s)
        if (histogram[s] != 0)
            ranked[distinct++] = histogram[s] << 8 | static_cast<std::uint32_t>(kRegisterValues - 1 - s);
    std::sort(ranked, ranked + distinct, [](std::uint32_t a, std::uint32_t b) { return a > b; });

    const std::size_t m = std::size_t{1} << p, filled = m - histogram[0];
    const int groups = distinct - (histogram[0] != 0);
    Coding best{kListWidth, groups, {}, kCodingHeadBytes + index_bytes(p, filled) + sizeof(std::uint32_t) * groups};
    std::size_t listed = 0;  // registers that have a code
    int symbols = 0;
    for (const int width : {2, 4}) {
        for (; symbols < distinct && symbols < (1 << width) - 1; ++symbols) listed += ranked[symbols] >> 8;
        const std::size_t bytes = kCodingHeadBytes + code_bytes(p, width) + symbols + (m - listed);
        const std::size_t handicap = best.width == kListWidth ? best.bytes / 8 : 0;
        if (bytes + handicap < best.bytes) best = {width, symbols, {}, bytes};
    }
    if (kCodingHeadBytes + m < best.bytes) best = {kPlainWidth, 0, {}, kCodingHeadBytes + m};

    if (best.width == kListWidth) {
        int n = 0;
        for (int s = 1; s < kRegisterValues; ++s)
            if (histogram[s] != 0) best.symbol[n++] = static_cast<Register>(s);
    } else {
        for (int i = 0; i < best.symbols; ++i)
            best.symbol[i] = static_cast<Register>(kRegisterValues - 1 - (ranked[i] & 255));
        std::sort(best.symbol, best.symbol + best.symbols);
    }
    return best;
}

// Bytes that encode may write behind the coded registers: it stores every register as if it were the next exception,
// and an index as a word, and moves on only as far as it should, which spares unpredictable branches.
inline constexpr std::size_t kCodingSlack = 4;

inline void encode_list(const Register* registers, const Histogram& histogram, int p, const Coding& coding,
                        std::byte* to) {
    const std::size_t m = std::size_t{1} << p;
    std::byte* directory = to + index_bytes(p, m - histogram[0]);
    std::memset(to, 0, static_cast<std::size_t>(directory - to));
    std::uint32_t next[kRegisterValues];  // where in the list each group goes on
    std::uint32_t start = 0;
    for (int i = 0; i < coding.symbols; ++i) {
        const Register s = coding.symbol[i];
        next[s] = start;
        start += histogram[s];
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
    for (int i = 0; i < coding.symbols; ++i, directory += sizeof(std::uint32_t))
        store(directory, histogram[coding.symbol[i]] << 8 | coding.symbol[i]);
}

template <int width>
inline void encode_dictionary(const Register* registers, int p, const Coding& coding, std::byte* to) {
    constexpr std::uint8_t kEscape = (1 << width) - 1;
    std::uint8_t code_of[kRegisterValues];
    std::memset(code_of, kEscape, sizeof code_of);
    for (int i = 0; i < coding.symbols; ++i) code_of[coding.symbol[i]] = static_cast<std::uint8_t>(i);

    std::byte* exception = to + code_bytes(p, width);
    std::memcpy(exception, coding.symbol, static_cast<std::size_t>(coding.symbols));
    exception += coding.symbols;
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

inline void encode(const Register* registers, const Histogram& histogram, int p, const Coding& coding, std::byte* to) {
    store(to, static_cast<std::uint8_t>(coding.width));
    store(to + 1, static_cast<std::uint8_t>(coding.symbols));
    store(to + 2, std::uint16_t{0});
    to += kCodingHeadBytes;
    switch (coding.width) {
        case kListWidth: return encode_list(registers, histogram, p, coding, to);
        case 2: return encode_dictionary<2>(registers, p, coding, to);
        case 4: return encode_dictionary<4>(registers, p, coding, to);
        default: std::memcpy(to, registers, std::size_t{1} << p);
    }
}

// Coded registers, read in place. Trusts its bytes.
class Coded {
  public:
    Coded(const std::byte* bytes, std::size_t size, int p) : bytes_(bytes), size_(size), p_(p) {}

    int width() const { return load<std::uint8_t>(bytes_); }
    int symbols() const { return load<std::uint8_t>(bytes_ + 1); }
    const std::byte* body() const { return bytes_ + kCodingHeadBytes; }
    const std::byte* end() const { return bytes_ + size_; }

    // Of a list.
    const std::byte* directory() const { return end() - symbols() * sizeof(std::uint32_t); }
    std::uint32_t index(std::size_t i) const {
        const std::size_t bit = i * static_cast<std::size_t>(p_);
        // The directory stands behind, so the word never ends outside the form.
        return load<std::uint32_t>(body() + bit / 8) >> bit % 8 & static_cast<std::uint32_t>(low_bits(p_));
    }

    // Of a dictionary.
    const std::byte* dictionary() const { return body() + code_bytes(p_, width()); }
    const std::byte* exceptions() const { return dictionary() + symbols(); }

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

    // Calls visit(index of the first, registers, how many) for runs that together are all registers of a dictionary
    // coding or of plain ones, in order.
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
        std::memcpy(symbol, dictionary(), static_cast<std::size_t>(symbols()));
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

inline Histogram list_histogram(const Coded& coded, int p) {
    Histogram histogram{};
    histogram[0] = std::uint32_t{1} << p;
    for (const std::byte* g = coded.directory(); g != coded.end(); g += sizeof(std::uint32_t)) {
        const auto group = load<std::uint32_t>(g);
        histogram[group & 255] = group >> 8;
        histogram[0] -= group >> 8;
    }
    return histogram;
}

// Without decoding: whole bytes of codes are counted, then what is in them.
inline Histogram dictionary_histogram(const Coded& coded, int p) {
    const int width = coded.width();
    const Histogram bytes = histogram_of(reinterpret_cast<const Register*>(coded.body()), code_bytes(p, width));
    std::uint32_t halves[16] = {}, codes[16] = {};
    for (std::uint32_t high = 0; high < 16; ++high)
        for (std::uint32_t low = 0; low < 16; ++low) {
            halves[low] += bytes[high << 4 | low];
            halves[high] += bytes[high << 4 | low];
        }
    for (std::uint32_t half = 0; half < 16; ++half) {
        if (width == 4) {
            codes[half] = halves[half];
        } else {
            codes[half & 3] += halves[half];
            codes[half >> 2] += halves[half];
        }
    }
    const auto exceptions = static_cast<std::size_t>(coded.end() - coded.exceptions());
    Histogram histogram = histogram_of(reinterpret_cast<const Register*>(coded.exceptions()), exceptions);
    for (int i = 0; i < coded.symbols(); ++i) histogram[load<Register>(coded.dictionary() + i)] += codes[i];
    return histogram;
}

inline Histogram histogram_of(const Coded& coded, int p) {
    switch (coded.width()) {
        case kListWidth: return list_histogram(coded, p);
        case kPlainWidth: return histogram_of(reinterpret_cast<const Register*>(coded.body()), std::size_t{1} << p);
        default: return dictionary_histogram(coded, p);
    }
}

inline void decode(const Coded& coded, int p, Register* to) {
    if (coded.width() == kListWidth) {
        std::memset(to, 0, std::size_t{1} << p);
        coded.for_each_listed(0, [&](std::uint32_t i, Register r) { to[i] = r; });
    } else {
        coded.for_each_run(
            [&](std::uint32_t first, const Register* run, std::size_t n) { std::memcpy(to + first, run, n); });
    }
}

// To registers of the same precision.
inline void merge_coded(const Coded& coded, int p, Register* to) {
    if (coded.width() == kListWidth) {
        // A rollup of many sketches soon has larger values in every register than most of a part: those are skipped.
        const int telling = value_of(least_of(to, std::size_t{1} << p)) - 2;
        coded.for_each_listed(telling, [&](std::uint32_t i, Register r) { merge_into(to[i], r); });
    } else {
        coded.for_each_run(
            [&](std::uint32_t first, const Register* run, std::size_t n) { merge_run(to + first, run, n); });
    }
}

}  // namespace sketch::hll
