// SPDX-License-Identifier: PostgreSQL
//
// Any SQL value as one 64-bit hash. The law: values that SQL calls equal hash equal, on every machine, in every
// database, in every version of PostgreSQL. docs/hashing.md lists the canonical form of each type.
#pragma once

#include "core/value_class.hpp"
#include "core/xxh3.hpp"

#include "pg/pg.hpp"

namespace sketch::pg {

enum class Form : uint8 {
    unresolved,
    boolean,
    integer2,
    integer4,
    integer8,
    oid,
    real4,
    real8,
    number,
    text,
    padded_text,
    name,
    c_string,  // a literal of unknown type, inside a row
    single_char,
    bytes,  // bytea; and text where the server's encoding is UTF-8 already
    uuid,
    date,
    timestamp,
    time_of_day,
    zoned_time,
    interval,
    network,
    mac6,
    mac8,
    bit_string,
    enumeration,
    json,
    array,
    range,
    multirange,
    composite,
};

struct RowType;

// How to hash one SQL type: found once for a call site, then used for every row.
struct ValueType {
    Form form;
    int16 length;  // as in pg_type: of an element of an array
    bool by_value;
    char align;
    int row_types;               // how many there are in `rows`
    ValueType* part;             // element of an array, range or multirange
    TypeCacheEntry* cache;       // of a range, or of the ranges of a multirange
    RowType* rows;               // of a composite: the row types that were met
    MemoryContext context;       // where the parts live
    MemoryContext rows_context;  // where the row types live
};

// What a function keeps between the rows of one call site. A room that wants to keep something of its own (a filter
// that was read once) hangs it on `room`. Some planners give every row a new call site: never rely on what is here.
struct CallSite {
    ValueType value;
    ValueClass value_class;
    void* room;
    void* parameters;
};

CallSite& call_site(FunctionCallInfo fcinfo);

// The declared type of the argument or, where that is anyelement, the type in this call. Raises an error where a type
// with an = of its own, such as citext, came to be text without having been asked.
Oid argument_type(FunctionCallInfo fcinfo, int argument);

// Whether the bytes of text are taken as they are: an SQL_ASCII server does not know what they mean.
inline bool text_is_utf8() { return GetDatabaseEncoding() == PG_UTF8 || GetDatabaseEncoding() == PG_SQL_ASCII; }

// Text that differs in its bytes may be equal under such a collation.
void reject_nondeterministic(Oid collation);

// Values of some types are other bytes where their = says equal, though they can be taken as text: citext.
void reject_own_equality(Oid type, Oid target);

// Finds how to hash the argument, or any type. Raises an error for a type that has no canonical form.
void resolve_argument(ValueType& value, FunctionCallInfo fcinfo, int argument);
void resolve_value(ValueType& value, Oid declared, Oid collation, MemoryContext context);

std::uint64_t hash_other(ValueType& type, Datum value);
std::uint64_t hash_toasted(const varlena* bytes);
std::uint64_t hash_utf8(const char* text, std::size_t length);

// Values are made of many values: what detoasting one has copied goes when it has been hashed.
inline void free_copy(void* copy, Datum value) {
    if (copy != DatumGetPointer(value)) pfree(copy);
}

[[gnu::always_inline]] inline std::uint64_t hash_value(ValueType& type, Datum value) {
    if (type.form == Form::integer8) return hash_int64(DatumGetInt64(value));
    if (type.form == Form::integer4) return hash_int64(DatumGetInt32(value));
    if (type.form == Form::bytes) {
        const auto* bytes = reinterpret_cast<const varlena*>(DatumGetPointer(value));
        if (VARATT_IS_EXTERNAL(bytes) || VARATT_IS_COMPRESSED(bytes)) [[unlikely]]
            return hash_toasted(bytes);
        return hash_bytes(VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
    }
    return hash_other(type, value);
}

// resolve_argument, and the class of the argument's values.
[[gnu::cold]] void resolve_site(CallSite& site, FunctionCallInfo fcinfo, int argument);

inline CallSite& call_site(FunctionCallInfo fcinfo) {
    if (fcinfo->flinfo->fn_extra == nullptr) [[unlikely]]
        fcinfo->flinfo->fn_extra = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(CallSite));
    return *static_cast<CallSite*>(fcinfo->flinfo->fn_extra);
}

// resolve_site, of values of this type: the elements of an array.
[[gnu::cold]] void resolve_elements(CallSite& site, FunctionCallInfo fcinfo, Oid element);

// The elements of an array argument that are not NULL, and their type.
struct Elements {
    Oid type;
    std::span<const Datum> values;
};
Elements elements_argument(FunctionCallInfo fcinfo, int argument);

// What a sketch takes of an argument that is not NULL.
struct HashedValue {
    std::uint64_t hash;
    ValueClass value_class;
};

[[gnu::always_inline]] inline HashedValue hash_argument(FunctionCallInfo fcinfo, int argument) {
    CallSite& site = call_site(fcinfo);
    if (site.value.form == Form::unresolved) [[unlikely]]
        resolve_site(site, fcinfo, argument);
    const ValueClass value_class = site.value_class;
    return {hash_value(site.value, PG_GETARG_DATUM(argument)), value_class};
}

}  // namespace sketch::pg
