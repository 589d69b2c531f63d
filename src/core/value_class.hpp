// SPDX-License-Identifier: PostgreSQL
//
// The class of the values that a sketch of hashes holds. Values of two classes are never equal in SQL, or only by a
// cast that somebody has to write; so a sketch remembers the class of the first, and asking a sketch of numbers for a
// text is a mistake, and not "no".
#pragma once

#include <cstdint>

namespace sketch {

// The numbers are stored, in four bits. `none`: no values yet, or hashes of which nobody said what they were made of;
// it goes with all.
enum class ValueClass : std::uint8_t {
    none,
    number,
    text,  // enum labels, names and "char" too
    bytes,
    boolean,
    uuid,
    timestamp,  // and date
    timestamptz,
    time,
    timetz,
    interval,
    network,
    mac,
    bit_string,
    jsonb,
    nested,  // rows, arrays, ranges and multiranges
};
inline constexpr int kValueClasses = 16;

}  // namespace sketch
