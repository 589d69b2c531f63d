// SPDX-License-Identifier: PostgreSQL
//
// How the values of a type are hashed: the list of what has a canonical form.
#include "pg/value.hpp"

extern "C" {
#include "parser/parse_coerce.h"
}

namespace sketch::pg {

namespace {

struct NamedForm {
    Oid type;
    Form form;
};

constexpr NamedForm kForms[] = {
    {BOOLOID, Form::boolean},
    {INT2OID, Form::integer2},
    {INT4OID, Form::integer4},
    {INT8OID, Form::integer8},
    {OIDOID, Form::oid},
    {FLOAT4OID, Form::real4},
    {FLOAT8OID, Form::real8},
    {NUMERICOID, Form::number},
    {TEXTOID, Form::text},
    {VARCHAROID, Form::text},
    {BPCHAROID, Form::padded_text},
    {NAMEOID, Form::name},
    {CHAROID, Form::single_char},
    {BYTEAOID, Form::bytes},
    {UUIDOID, Form::uuid},
    {DATEOID, Form::date},
    {TIMESTAMPOID, Form::timestamp},
    {TIMESTAMPTZOID, Form::timestamp},
    {TIMEOID, Form::time_of_day},
    {TIMETZOID, Form::zoned_time},
    {INTERVALOID, Form::interval},
    {INETOID, Form::network},
    {CIDROID, Form::network},
    {MACADDROID, Form::mac6},
    {MACADDR8OID, Form::mac8},
    {BITOID, Form::bit_string},
    {VARBITOID, Form::bit_string},
    {JSONBOID, Form::json},
    {UNKNOWNOID, Form::c_string},

    {CASHOID, Form::integer8},
    {RECORDOID, Form::composite},
};

Form form_of(Oid type) {
    for (const NamedForm& named : kForms)
        if (named.type == type) return named.form;
    if (OidIsValid(get_element_type(type))) return Form::array;
    switch (get_typtype(type)) {
        case TYPTYPE_ENUM: return Form::enumeration;
        case TYPTYPE_RANGE: return Form::range;
        case TYPTYPE_MULTIRANGE: return Form::multirange;
        case TYPTYPE_COMPOSITE: return Form::composite;
    }
    return Form::unresolved;
}

void resolve_part(ValueType& value, Oid type, Oid collation) {
    value.part = static_cast<ValueType*>(MemoryContextAllocZero(value.context, sizeof(ValueType)));
    resolve_value(*value.part, type, collation, value.context);
}

// The bounds of a range are compared under the collation of the range type, whatever that of the expression.
void resolve_bounds(ValueType& value, TypeCacheEntry* range) {
    value.cache = range;
    resolve_part(value, range->rngelemtype->type_id, range->rng_collation);
}

bool holds_text(Form form) {
    return form == Form::text || form == Form::padded_text || form == Form::name || form == Form::c_string;
}

}  // namespace

void reject_own_equality(Oid type, Oid target) {
    if (form_of(type) != Form::unresolved || !IsBinaryCoercible(type, target)) return;
    const Oid equality = lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr;
    if (!OidIsValid(equality) || equality == lookup_type_cache(target, TYPECACHE_EQ_OPR)->eq_opr) return;
    ereport(ERROR, errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
            errmsg("type %s calls values equal that differ as %s", format_type_be(type), format_type_be(target)),
            target == TEXTOID ? errhint("Write what is the same for equal values, for example lower(value)::text, or "
                                        "value::text to tell them apart.")
                              : errhint("Cast the value to what is the same for equal values."));
}

void reject_nondeterministic(Oid collation) {
    if (OidIsValid(collation) && !get_collation_isdeterministic(collation))
        ereport(
            ERROR, errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
            errmsg("text under the nondeterministic collation \"%s\" has no canonical form to hash",
                   get_collation_name(collation)),
            errhint("Add COLLATE \"C\" to the value to tell apart what differs in its bytes, or to a folded form of "
                    "it: lower(value) COLLATE \"C\"."));
}

void resolve_value(ValueType& value, Oid declared, Oid collation, MemoryContext context) {
    check_stack_depth();
    const Oid type = getBaseType(declared);
    const Form form = form_of(type);
    if (form == Form::unresolved) {
        reject_own_equality(type, TEXTOID);
        ereport(ERROR, errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                errmsg("values of type %s have no canonical form to hash", format_type_be(type)),
                errhint("Cast the value to a type that has one, for example to text."));
    }
    if (holds_text(form)) reject_nondeterministic(collation);
    value.context = context;
    get_typlenbyvalalign(type, &value.length, &value.by_value, &value.align);
    if (form == Form::array) resolve_part(value, get_element_type(type), collation);
    if (form == Form::range) resolve_bounds(value, lookup_type_cache(type, TYPECACHE_RANGE_INFO));
    if (form == Form::multirange) resolve_bounds(value, lookup_type_cache(type, TYPECACHE_MULTIRANGE_INFO)->rngtype);
    value.form = form == Form::text && text_is_utf8() ? Form::bytes : form;  // last: an error leaves it unresolved
}

void resolve_argument(ValueType& value, FunctionCallInfo fcinfo, int argument) {
    resolve_value(value, argument_type(fcinfo, argument), PG_GET_COLLATION(), fcinfo->flinfo->fn_mcxt);
}

}  // namespace sketch::pg
