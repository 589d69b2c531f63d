// SPDX-License-Identifier: PostgreSQL
//
// Where everything stands in an image of hll, and how large images are. The table of modes: hll.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/hash_set.hpp"
#include "core/kernel.hpp"
#include "hll/coding.hpp"
#include "hll/registers.hpp"
#include "hll/token.hpp"

namespace sketch::hll {

// The numbers are stored.
enum class Mode : std::uint8_t { sparse = 0, dense = 1, packed = 2, sparse_set = 3 };

class Layout : public View {
  public:
    static constexpr std::uint8_t kKind = 'H';
    static constexpr std::uint8_t kVersion = 1;
    static constexpr std::uint8_t kExtraBits = 2;  // in a register, beside its value

    using View::count, View::hash, View::p1, View::payload_bytes, View::slots;
    using View::View;

    Mode mode() const { return static_cast<Mode>(View::mode()); }
    int precision() const { return p0(); }
    std::size_t register_count() const { return std::size_t{1} << precision(); }
    bool sparse() const { return mode() == Mode::sparse || mode() == Mode::sparse_set; }
    bool trimmed() const { return slots() == 0 && mode() != Mode::sparse_set; }

    // --- sizes ------------------------------------------------------------------------------------------------------

    // How many distinct tokens a sparse sketch may have: less than a fifth of what the registers take.
    static constexpr std::size_t sparse_limit(int p) {
        const std::size_t m = std::size_t{1} << p;
        return m <= 256 ? 9 : (m / 16 - 4) / 4 * 3;
    }
    // Room for tokens in the largest sparse image: more than double where that costs little, so that sorting is rare
    // however often old values come again.
    static constexpr std::size_t sparse_slots(int p) {
        const std::size_t m = std::size_t{1} << p;
        return m <= 256 ? 12 : std::max(m / 16 - 4, std::min<std::size_t>(m / 8 - 4, 1020));
    }
    // Room for tokens before the registers: with them, the length word and the header a power of two where that is
    // at most 8 kB, the largest block that PostgreSQL's allocator keeps in its lists.
    static constexpr std::size_t dense_slots(int p) {
        const std::size_t m = std::size_t{1} << p;
        if (m <= 64) return 12;
        return m <= 4096 ? m / 4 - 4 : std::max<std::size_t>(1020, sparse_slots(p));
    }

    static constexpr std::size_t sparse_bytes(std::size_t tokens, int p) {
        return block_image(kHeaderBytes + std::min(tokens, sparse_slots(p)) * sizeof(Token));
    }
    static constexpr std::size_t dense_bytes(int p) {
        return kHeaderBytes + dense_slots(p) * sizeof(Token) + (std::size_t{1} << p);
    }

    // --- places -----------------------------------------------------------------------------------------------------

    // Of a sparse image, also where it may stand at any address.
    Token token(std::size_t i) const { return load<Token>(payload() + i * sizeof(Token)); }
    std::size_t sparse_room() const { return std::min(payload_bytes() / sizeof(Token), sparse_slots(precision())); }
    HashSet<Token> token_set() const { return {reinterpret_cast<Token*>(image_ + kHeaderBytes), sparse_room()}; }

    // Of a dense image.
    const Register* registers() const {
        return reinterpret_cast<const Register*>(payload() + dense_slots(precision()) * sizeof(Token));
    }
    Register* registers() { return const_cast<Register*>(static_cast<const Layout*>(this)->registers()); }

    // Of a packed image.
    Coded coded() const { return {payload(), payload_bytes(), precision()}; }

  protected:
    void set_mode(Mode mode) { View::set_mode(static_cast<std::uint8_t>(mode)); }
};

}  // namespace sketch::hll
