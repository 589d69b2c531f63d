// SPDX-License-Identifier: PostgreSQL
//
// Sketches as keys: equal are those with the same stored bytes, and their order is that of these bytes. So DISTINCT,
// UNION, unique indexes, and replication by whole rows work. A working state counts as its trimmed form.
#pragma once

#include "core/xxh3.hpp"

#include "pg/argument.hpp"

namespace sketch::pg {

int compare_bytes(std::span<const std::byte> a, std::span<const std::byte> b);

template <Shim T>
int compare(FunctionCallInfo fcinfo) {
    const auto a = reader<T>(fcinfo, 0), b = reader<T>(fcinfo, 1);
    return compare_bytes({a.image(), a.bytes()}, {b.image(), b.bytes()});
}

// For hash joins, grouping and hash indexes: the same on every machine and version.
template <Shim T>
std::uint64_t hash_of(FunctionCallInfo fcinfo, std::uint64_t seed) {
    const auto s = reader<T>(fcinfo, 0);
    return XXH3_64bits_withSeed(s.image(), s.bytes(), seed);
}

}  // namespace sketch::pg
