// SPDX-License-Identifier: PostgreSQL
//
// What a sparse sketch keeps of a hash (the sparse representation of Heule, Nunkesser, Hall: "HyperLogLog in Practice",
// EDBT 2013): a token of 32 bits, its 26 low bits and the number of leading zeros of the other 38. It loses nothing
// that a register of precision 26 or below would keep. Two distinct hashes share a token with probability 2^-26 / 3.
#pragma once

#include <bit>
#include <cstdint>

#include "hll/registers.hpp"

namespace sketch::hll {

using Token = std::uint32_t;
inline constexpr int kTokenBits = 26;

constexpr Token token_of(std::uint64_t hash) {
    const int zeros = std::countl_zero(hash | low_bits(kTokenBits));
    return static_cast<Token>((hash & low_bits(kTokenBits)) << 6) | static_cast<Token>(zeros);
}
constexpr bool valid_token(Token token) { return (token & 63) <= 64 - kTokenBits; }

// A hash with the same token.
constexpr std::uint64_t hash_of(Token token) {
    return (token >> 6) | (low_bits(64 - kTokenBits) >> (token & 63)) << kTokenBits;
}

inline void add_token(Register* registers, int p, Token token) {
    const int zeros = static_cast<int>(token & 63);
    // Only where all of the 38 bits are zero does the value go on into the 26.
    const int value = zeros < 64 - kTokenBits ? zeros + 1 : update_value(hash_of(token), p);
    merge_into(registers[token >> 6 & low_bits(p)], static_cast<Register>(value << 2));
}

}  // namespace sketch::hll
