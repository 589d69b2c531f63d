// SPDX-License-Identifier: PostgreSQL
//
// Hashes of values that are made of values. Each works through its parts in place, one at a time: beside the value it
// takes constant memory, and it ends soon after a cancel.
#pragma once

#include "pg/value.hpp"

namespace sketch::pg {

std::uint64_t hash_array(ValueType& type, Datum value);
std::uint64_t hash_range(ValueType& type, Datum value);
std::uint64_t hash_multirange(ValueType& type, Datum value);
std::uint64_t hash_composite(ValueType& type, Datum value);
std::uint64_t hash_jsonb(Datum value);

}  // namespace sketch::pg
