// SPDX-License-Identifier: PostgreSQL
#include "pg/value_class.hpp"

namespace sketch::pg {

ValueClass class_of(Oid declared) {
    const Oid type = getBaseType(declared);
    switch (type) {
        case INT2OID:
        case INT4OID:
        case INT8OID:
        case OIDOID:
        case FLOAT4OID:
        case FLOAT8OID:
        case NUMERICOID:
        case CASHOID: return ValueClass::number;
        case TEXTOID:
        case VARCHAROID:
        case BPCHAROID:
        case NAMEOID:
        case CHAROID:
        case UNKNOWNOID: return ValueClass::text;
        case BYTEAOID: return ValueClass::bytes;
        case BOOLOID: return ValueClass::boolean;
        case UUIDOID: return ValueClass::uuid;
        case DATEOID:
        case TIMESTAMPOID: return ValueClass::timestamp;
        case TIMESTAMPTZOID: return ValueClass::timestamptz;
        case TIMEOID: return ValueClass::time;
        case TIMETZOID: return ValueClass::timetz;
        case INTERVALOID: return ValueClass::interval;
        case INETOID:
        case CIDROID: return ValueClass::network;
        case MACADDROID:
        case MACADDR8OID: return ValueClass::mac;
        case BITOID:
        case VARBITOID: return ValueClass::bit_string;
        case JSONBOID: return ValueClass::jsonb;
    }
    return get_typtype(type) == TYPTYPE_ENUM ? ValueClass::text : ValueClass::nested;
}

namespace {

struct ClassWords {
    const char* plural;
    const char* cast;  // what makes a value one of this class
};

constexpr ClassWords kWords[kValueClasses] = {
    {"values of any type", ""},
    {"numbers", "42 or '42'::bigint"},
    {"text", "'42' or value::text"},
    {"bytea", "value::bytea"},
    {"booleans", "true or value::boolean"},
    {"uuids", "value::uuid"},
    {"dates and timestamps", "value::date or value::timestamp"},
    {"timestamps with time zone", "value::timestamptz"},
    {"times of day", "value::time"},
    {"times of day with time zone", "value::timetz"},
    {"intervals", "value::interval"},
    {"network addresses", "value::inet"},
    {"MAC addresses", "value::macaddr8"},
    {"bit strings", "value::varbit"},
    {"jsonb", "value::jsonb"},
    {"rows, arrays or ranges", "a value of the type that was counted"},
};

const ClassWords& words(ValueClass c) { return kWords[static_cast<int>(c)]; }

}  // namespace

void raise_unlike_value(FunctionCallInfo fcinfo, const char* type, ValueClass held, ValueClass given) {
    ereport(ERROR, errcode(ERRCODE_DATATYPE_MISMATCH),
            errmsg("%s: this %s holds %s, and was given %s", function_name(fcinfo), type, words(held).plural,
                   words(given).plural),
            errhint("Write %s. An untyped literal or parameter is text.", words(held).cast));
    pg_unreachable();
}

void raise_unlike_sketches(FunctionCallInfo fcinfo, const char* type, ValueClass a, ValueClass b) {
    ereport(
        ERROR, errcode(ERRCODE_DATATYPE_MISMATCH),
        errmsg("%s: one %s holds %s, and the other %s", function_name(fcinfo), type, words(a).plural, words(b).plural),
        errhint("Build both from values of one type; cast the others, for example to text."));
    pg_unreachable();
}

void resolve_site(CallSite& site, FunctionCallInfo fcinfo, int argument) {
    resolve_argument(site.value, fcinfo, argument);
    site.value_class = class_of(argument_type(fcinfo, argument));
}

void resolve_elements(CallSite& site, FunctionCallInfo fcinfo, Oid element) {
    resolve_value(site.value, element, PG_GET_COLLATION(), fcinfo->flinfo->fn_mcxt);
    site.value_class = class_of(element);
}

}  // namespace sketch::pg
