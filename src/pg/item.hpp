// SPDX-License-Identifier: PostgreSQL
//
// SQL values as items of a sketch, which are kept whole: integers as 8 bytes, bytea as it is, all else as text in UTF-8
// that is the same for equal values, whatever the settings of the session.
//
//   smallint, integer, bigint         integers
//   text, varchar, name, "char"       their bytes; char(n) without its padding
//   an enum                           its label, as text
//   boolean                           true, false
//   numeric, double precision         plain digits without zeros at the end: 1.50 as 1.5; more than 40 of them as the
//                                     shortest decimal of a double, 1e+300, if they are one
//   real                              the shortest decimal that is this real
//   date, timestamp                   ISO 8601
//   jsonb                             its output, with numbers as numeric has them
//   inet, cidr                        the output of inet
//   uuid, time, timetz, oid,          their output
//   macaddr, macaddr8, bit, varbit
//
// Any other type (timestamptz, money, arrays, point, ...) raises an error that names a cast. Equal numbers are one item
// in a sketch of numbers, whatever their type; but a real is not the numeric that is written like it.
#pragma once

#include "core/item.hpp"
#include "core/kernel.hpp"

#include "pg/json.hpp"
#include "pg/pg.hpp"
#include "pg/value.hpp"

namespace sketch::pg {

// How to make items of one SQL type: found once for a call site.
struct ItemType {
    ItemKind kind;
    Oid type;
    bool as_is;  // the bytes of a varlena, without a conversion
    FmgrInfo output;
};
ItemType* resolve_item(FunctionCallInfo fcinfo, Oid type);

// Of any type, with all checks.
Item item_of(ItemType& type, Datum value);

// The item in an argument that is not NULL; its bytes live in the short-lived context.
[[gnu::always_inline]] inline Item item_argument(FunctionCallInfo fcinfo, int argument) {
    CallSite& site = call_site(fcinfo);
    if (site.room == nullptr) [[unlikely]]
        site.room = resolve_item(fcinfo, argument_type(fcinfo, argument));
    auto& type = *static_cast<ItemType*>(site.room);
    const Datum value = PG_GETARG_DATUM(argument);
    if (type.type == INT8OID) return Item::of(DatumGetInt64(value));
    if (type.as_is) {
        const auto* bytes = reinterpret_cast<const varlena*>(DatumGetPointer(value));
        if (!VARATT_IS_EXTERNAL(bytes) && !VARATT_IS_COMPRESSED(bytes) && VARSIZE_ANY_EXHDR(bytes) <= kMaxItemBytes)
            [[likely]]
            return Item::of(type.kind, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
    }
    return item_of(type, value);
}

// An item for a sketch that holds items of another kind: the same number, if both are numbers and there is one; else an
// error that names both kinds.
Item reconciled(FunctionCallInfo fcinfo, const char* type, const Item& item, ItemKind held);

template <class Kernel, class Add>
[[gnu::noinline, gnu::cold]] Status add_reconciled(FunctionCallInfo fcinfo, const char* type, Kernel& s, Item item,
                                                   Add add_to) {
    return add_to(s, reconciled(fcinfo, type, item, s.item_kind()));
}

// Gives an item to a kernel: add_to(kernel, item).
template <class Kernel, class Add>
[[gnu::always_inline]] inline Status add_item(FunctionCallInfo fcinfo, const char* type, Kernel& s, const Item& item,
                                              Add add_to) {
    const Status status = add_to(s, item);
    if (status != Status::unlike_items) [[likely]]
        return status;
    return add_reconciled(fcinfo, type, s, item, add_to);
}

// The item in an argument to a reader of a sketch.
template <class Reader>
Item asked_item(FunctionCallInfo fcinfo, int argument, const char* type, const Reader& s) {
    const Item item = item_argument(fcinfo, argument);
    if (s.item_kind() == ItemKind::none || s.item_kind() == item.kind) return item;
    return reconciled(fcinfo, type, item, s.item_kind());
}

// An error unless two sketches hold items of one kind, or none.
void require_alike_items(FunctionCallInfo fcinfo, const char* type, ItemKind a, ItemKind b);

// An item as SQL text, in the encoding of the server; bytea as \x and hexadecimal digits, a string of jsonb without its
// quotes. A character that the encoding has not is escaped as \u20ac or \U0001f600, a byte that is no text as \xff.
Datum item_text(const Item& item);

// "integer", "text", ...
const char* kind_name(ItemKind kind);

// A member that is an item: integers as numbers, all else as strings.
void put_member(Json& json, const char* name, const Item& item);

}  // namespace sketch::pg
