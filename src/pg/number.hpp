// SPDX-License-Identifier: PostgreSQL
//
// Numbers as hashes, alike across their types wherever SQL's = says that they are equal:
//   an integer in the range of bigint         its int64: 5, 5.0 and 5::float8 alike
//   any other double                          its 8 bytes; one NaN; a real as the double that it widens to
//   a numeric that is the shortest decimal    that double: 0.1 as 0.1::float8
//     of a double
//   any other numeric                         its digits, without trailing zeros: 1.50 as 1.5
// SQL's = is not transitive between doubles and other numbers (it compares as doubles, so that bigint 2^53+1 equals
// double 2^53); there a hash can only follow the exact value.
#pragma once

#include "core/xxh3.hpp"

#include "pg/pg.hpp"

namespace sketch::pg {

std::uint64_t hash_double(double value);
std::uint64_t hash_numeric(Datum value);

}  // namespace sketch::pg
