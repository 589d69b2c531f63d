// SPDX-License-Identifier: PostgreSQL
//
// The stored form of hll, trimmed: tokens, ascending and distinct, or coded registers (coding.hpp). How a settled image
// comes to it; and the check that any string of bytes is one that would be written so. It looks at nothing outside
// them.
#pragma once

#include <algorithm>
#include <cstring>
#include <span>

#include "hll/layout.hpp"

namespace sketch::hll {

// --- writing ---------------------------------------------------------------------------------------------------------

class Stored : public Layout {
  public:
    using Layout::Layout;

    // Of a settled image at most, with what encode may write behind its registers.
    static std::size_t max_bytes(const Layout& settled) {
        if (settled.trimmed()) return settled.bytes();
        if (settled.sparse()) return kHeaderBytes + settled.count() * sizeof(Token);
        return kHeaderBytes + kCodingHeadBytes + settled.register_count() + kCodingSlack;
    }

    // This image becomes the stored form of a settled one. Returns its bytes.
    std::size_t write(const Layout& settled) {
        if (settled.trimmed() || settled.sparse()) {
            const std::size_t bytes = max_bytes(settled);
            std::memcpy(image_, settled.image(), bytes);
            set_slots(0);
            return bytes;
        }
        std::memcpy(image_, settled.image(), kHeaderBytes);
        set_mode(Mode::packed);
        set_slots(0);
        const int p = settled.precision();
        const Histogram histogram = histogram_of(settled.registers(), settled.register_count());
        const Coding coding = plan_coding(histogram, p);
        encode(settled.registers(), histogram, p, coding, payload());
        return kHeaderBytes + coding.bytes;
    }
};

// --- checking --------------------------------------------------------------------------------------------------------

// Ascending and valid tokens, not too many.
inline Status check_tokens(const Layout& s) {
    if (s.count() > Layout::sparse_limit(s.precision())) return Status::bad_content;
    if (s.payload_bytes() != s.count() * sizeof(Token)) return Status::wrong_size;
    for (std::uint32_t i = 0; i < s.count(); ++i) {
        if (!valid_token(s.token(i))) return Status::bad_content;
        if (i != 0 && s.token(i) <= s.token(i - 1)) return Status::bad_content;
    }
    return Status::ok;
}

// Of a list: groups of an ascending directory that add up to the indexes, and no bit of padding set.
inline Status check_directory(const Coded& coded, int p) {
    const auto body = static_cast<std::size_t>(coded.end() - coded.body());
    const std::size_t directory = static_cast<std::size_t>(coded.symbols()) * sizeof(std::uint32_t);
    if (body < directory) return Status::wrong_size;
    std::size_t filled = 0;
    int previous = 0;
    for (const std::byte* g = coded.directory(); g != coded.end(); g += sizeof(std::uint32_t)) {
        const auto group = load<std::uint32_t>(g);
        const int symbol = static_cast<int>(group & 255);
        if (symbol <= previous || group >> 8 == 0) return Status::bad_content;
        previous = symbol;
        filled += group >> 8;
    }
    if (filled == 0 || filled > std::size_t{1} << p) return Status::bad_content;
    const std::size_t indexes = index_bytes(p, filled), bits = filled * static_cast<std::size_t>(p);
    if (body != indexes + directory) return Status::wrong_size;
    const auto last = load<std::uint8_t>(coded.body() + indexes - 1);
    return bits % 8 != 0 && last >> bits % 8 != 0 ? Status::bad_content : Status::ok;
}

// And each group ascending, no register twice.
inline Status check_list(const Coded& coded, int p) {
    if (const Status status = check_directory(coded, p); status != Status::ok) return status;
    std::uint64_t seen[(std::size_t{1} << kMaxPrecision) / 64];
    std::memset(seen, 0, std::max<std::size_t>((std::size_t{1} << p) / 8, sizeof seen[0]));
    std::size_t i = 0;
    for (const std::byte* g = coded.directory(); g != coded.end(); g += sizeof(std::uint32_t)) {
        for (std::size_t in_group = 0; in_group < load<std::uint32_t>(g) >> 8; ++in_group, ++i) {
            const std::uint32_t index = coded.index(i);
            if (in_group != 0 && index <= coded.index(i - 1)) return Status::bad_content;
            if (seen[index / 64] >> index % 64 & 1) return Status::bad_content;
            seen[index / 64] |= std::uint64_t{1} << index % 64;
        }
    }
    return Status::ok;
}

// Every code names a symbol of the dictionary, there are as many exceptions as escapes, and no exception has a code.
template <int width>
inline Status check_dictionary(const Coded& coded, int p) {
    constexpr int kEscape = (1 << width) - 1;
    if (coded.symbols() > kEscape) return Status::bad_content;
    if (static_cast<std::size_t>(coded.end() - coded.body()) < code_bytes(p, width) + coded.symbols())
        return Status::wrong_size;
    std::size_t escapes = 0, unlisted = 0;
    for (std::size_t at = 0; at < code_bytes(p, width); at += 8) {
        std::uint64_t word = coded.word_at(at, width);
        const std::size_t bits = std::min<std::size_t>(64, (code_bytes(p, width) - at) * 8);
        for (std::size_t i = 0; i < bits; i += width, word >>= width) {
            const int code = static_cast<int>(word) & kEscape;
            escapes += code == kEscape;
            unlisted += code != kEscape && code >= coded.symbols();
        }
    }
    if (unlisted != 0) return Status::bad_content;
    if (escapes != static_cast<std::size_t>(coded.end() - coded.exceptions())) return Status::wrong_size;
    bool listed[kRegisterValues] = {};
    for (const std::byte* s = coded.dictionary(); s != coded.exceptions(); ++s) listed[load<Register>(s)] = true;
    for (const std::byte* e = coded.exceptions(); e != coded.end(); ++e)
        if (listed[load<Register>(e)]) return Status::bad_content;
    return Status::ok;
}

inline Status check_plain(const Coded& coded, int p) {
    if (coded.symbols() != 0) return Status::bad_content;
    const auto registers = static_cast<std::size_t>(coded.end() - coded.body());
    return registers == std::size_t{1} << p ? Status::ok : Status::wrong_size;
}

// From here on the registers can be read: they are possible ones, and this is how encode would code them.
inline Status check_canonical(const Coded& coded, int p, std::size_t bytes) {
    const Histogram histogram = histogram_of(coded, p);
    for (int r = 1; r < kRegisterValues; ++r)
        if (histogram[r] != 0 && !possible(static_cast<Register>(r), p)) return Status::bad_content;
    const Coding coding = plan_coding(histogram, p);
    if (coding.width != coded.width() || coding.symbols != coded.symbols() || coding.bytes != bytes)
        return Status::bad_content;
    if (coding.width == 2 || coding.width == 4)
        for (int i = 0; i < coding.symbols; ++i)
            if (load<Register>(coded.dictionary() + i) != coding.symbol[i]) return Status::bad_content;
    return Status::ok;
}

inline Status check_coding(const Coded& coded, int p) {
    switch (coded.width()) {
        case kListWidth: return check_list(coded, p);
        case 2: return check_dictionary<2>(coded, p);
        case 4: return check_dictionary<4>(coded, p);
        case kPlainWidth: return check_plain(coded, p);
        default: return Status::bad_content;
    }
}

inline Status check(std::span<const std::byte> image) {
    if (const Status status = check_header(image, Layout::kKind, Layout::kVersion); status != Status::ok) return status;
    const Layout s(image);
    const int p = s.precision();
    if (p < kMinPrecision || p > kMaxPrecision) return Status::bad_parameter;
    if (s.p1() != Layout::kExtraBits || s.hash() != kHashXxh3) return Status::bad_parameter;
    if (s.slots() != 0) return Status::bad_content;
    if (s.mode() == Mode::sparse) return check_tokens(s);
    if (s.mode() != Mode::packed || s.count() != 0) return Status::bad_content;
    if (s.payload_bytes() < kCodingHeadBytes) return Status::wrong_size;
    if (load<std::uint16_t>(image.data() + kHeaderBytes + 2) != 0) return Status::bad_content;
    if (const Status status = check_coding(s.coded(), p); status != Status::ok) return status;
    return check_canonical(s.coded(), p, s.payload_bytes());
}

}  // namespace sketch::hll
