// SPDX-License-Identifier: PostgreSQL
//
// The one hash function: XXH3, 64 bits, seed 0 (Collet, https://xxhash.com; stable since xxHash 0.8.0). On 8 bytes it
// is a bijection, so 64-bit integers never collide.
#pragma once

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstddef>
#include <cstdint>

namespace sketch {

inline std::uint64_t hash_bytes(const void* data, std::size_t bytes) { return XXH3_64bits(data, bytes); }

// Flattened: of the code for all lengths only the dozen instructions for eight bytes are left.
[[gnu::flatten]] inline std::uint64_t hash_int64(std::int64_t value) { return XXH3_64bits(&value, sizeof value); }

}  // namespace sketch
