// SPDX-License-Identifier: PostgreSQL
//
// SQL values as items of a sketch, which are kept whole: integers as 8 bytes, bytea as it is, all else as text in UTF-8
// that is the same for equal values, whatever the settings of the session.
//
//   smallint, integer, bigint         integers
//   text, varchar, name, "char"       their bytes; char(n) without its padding
//   boolean                           true, false
//   numeric                           without trailing zeros: 1.50 as 1.5
//   real, double precision            the shortest decimal that is this value
//   date, timestamp                   ISO 8601
//   an enum                           its label
//   any other type                    its output, if that is immutable: uuid, inet, jsonb, ...
//
// A type whose output depends on settings (timestamptz, money, arrays) raises an error that names a cast.
#pragma once

#include "items.hpp"

#include "pg/pg.hpp"

namespace sketch::pg {

// The item in an argument that is not NULL; its bytes live in the short-lived context.
Item item_argument(FunctionCallInfo fcinfo, int argument);

// An item as SQL text, in the encoding of the server; bytea as \x and hexadecimal digits.
Datum item_text(const Item& item);

// "integer", "text", ...
const char* kind_name(ItemKind kind);

// Appends an item as JSON: integers as they are, all else as a string.
void append_json(StringInfo to, const Item& item);

}  // namespace sketch::pg
