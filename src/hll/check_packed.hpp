// SPDX-License-Identifier: PostgreSQL
//
// Total: are these bytes a packed form (packed.hpp) that pack would write? Looks at nothing outside them.
#pragma once

#include "hll/packed.hpp"

namespace sketch::ull {

// Groups of an ascending directory that add up to the indexes, each group ascending, no register twice, no bit of
// padding set.
inline Status check_list(const Packed& packed, int p) {
    const auto body = static_cast<std::size_t>(packed.end() - packed.body());
    const std::size_t groups = static_cast<std::size_t>(packed.symbols());
    if (body < groups * sizeof(std::uint32_t)) return Status::wrong_size;
    std::size_t filled = 0;
    int previous = 0;
    for (const std::byte* g = packed.directory(); g != packed.end(); g += sizeof(std::uint32_t)) {
        const auto group = load<std::uint32_t>(g);
        const int symbol = static_cast<int>(group & 255);
        if (symbol <= previous || group >> 8 == 0) return Status::bad_content;
        previous = symbol;
        filled += group >> 8;
    }
    if (filled > std::size_t{1} << p) return Status::bad_content;
    const std::size_t indexes = index_bytes(p, filled);
    if (body != indexes + groups * sizeof(std::uint32_t)) return Status::wrong_size;
    if (filled * static_cast<std::size_t>(p) % 8 != 0 &&
        load<std::uint8_t>(packed.body() + indexes - 1) >> (filled * static_cast<std::size_t>(p) % 8) != 0)
        return Status::bad_content;

    std::uint64_t seen[(std::size_t{1} << kMaxPrecision) / 64];
    std::memset(seen, 0, std::max<std::size_t>((std::size_t{1} << p) / 8, sizeof seen[0]));
    std::size_t i = 0;
    for (const std::byte* g = packed.directory(); g != packed.end(); g += sizeof(std::uint32_t)) {
        for (std::size_t in_group = 0; in_group < load<std::uint32_t>(g) >> 8; ++in_group, ++i) {
            const std::uint32_t index = packed.index(i);
            if (in_group != 0 && index <= packed.index(i - 1)) return Status::bad_content;
            if (seen[index / 64] >> index % 64 & 1) return Status::bad_content;
            seen[index / 64] |= std::uint64_t{1} << index % 64;
        }
    }
    return Status::ok;
}

// Every code names a listed symbol, there are as many exceptions as codes that call for one, and no exception is
// listed.
template <int width>
inline Status check_codes(const Packed& packed, int p) {
    constexpr int kEscape = (1 << width) - 1;
    if (packed.symbols() > kEscape) return Status::bad_content;
    if (static_cast<std::size_t>(packed.end() - packed.body()) < code_bytes(p, width) + packed.symbols())
        return Status::wrong_size;
    std::size_t escapes = 0, unlisted = 0;
    for (std::size_t at = 0; at < code_bytes(p, width); at += 8) {
        std::uint64_t word = packed.word_at(at, width);
        const std::size_t bits = std::min<std::size_t>(64, (code_bytes(p, width) - at) * 8);
        for (std::size_t i = 0; i < bits; i += width, word >>= width) {
            const int code = static_cast<int>(word) & kEscape;
            escapes += code == kEscape;
            unlisted += code != kEscape && code >= packed.symbols();
        }
    }
    if (unlisted != 0) return Status::bad_content;
    if (escapes != static_cast<std::size_t>(packed.end() - packed.exceptions())) return Status::wrong_size;
    bool listed[kSymbols] = {};
    for (const std::byte* s = packed.symbol_list(); s != packed.exceptions(); ++s) listed[load<Register>(s)] = true;
    for (const std::byte* e = packed.exceptions(); e != packed.end(); ++e)
        if (listed[load<Register>(e)]) return Status::bad_content;
    return Status::ok;
}

inline Status check_layout(const Packed& packed, int p) {
    switch (packed.width()) {
        case kListWidth: return check_list(packed, p);
        case 2: return check_codes<2>(packed, p);
        case 4: return check_codes<4>(packed, p);
        case kPlainWidth:
            if (packed.symbols() != 0) return Status::bad_content;
            return static_cast<std::size_t>(packed.end() - packed.body()) == std::size_t{1} << p ? Status::ok
                                                                                                 : Status::wrong_size;
        default: return Status::bad_content;
    }
}

inline Status check_packed(const std::byte* bytes, std::size_t size, int p) {
    if (size < kPackedHeadBytes) return Status::wrong_size;
    if (load<std::uint16_t>(bytes + 2) != 0) return Status::bad_content;
    const Packed packed(bytes, size, p);
    if (const Status status = check_layout(packed, p); status != Status::ok) return status;

    const Census census = census_of(packed, p);
    for (int s = 1; s < kSymbols; ++s)
        if (census[s] != 0 && !possible(static_cast<Register>(s), p)) return Status::bad_content;

    // Canonical: the same plan, and the same list of symbols.
    const Packing plan = plan_packing(census, p);
    if (plan.width != packed.width() || plan.symbols != packed.symbols() || plan.bytes != size)
        return Status::bad_content;
    if (plan.width == 2 || plan.width == 4)
        for (int i = 0; i < plan.symbols; ++i)
            if (load<Register>(packed.symbol_list() + i) != plan.symbol[i]) return Status::bad_content;
    return Status::ok;
}

}  // namespace sketch::ull
