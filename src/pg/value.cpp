// SPDX-License-Identifier: PostgreSQL
//
// Types, and their canonical bytes. Numbers have a file of their own (number.cpp).
#include "pg/value.hpp"

#include "pg/number.hpp"

namespace sketch::pg {

namespace {

// Microseconds and days from PostgreSQL's epoch (2000-01-01) to Unix's, which the rest of the world counts from.
constexpr int64 kEpochDays = POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE;
constexpr int64 kEpochMicroseconds = kEpochDays * USECS_PER_DAY;

// A canonical byte string of several parts. Nested values contribute their hashes, so it stays short.
struct Writer {
    StringInfoData bytes;

    Writer() { initStringInfo(&bytes); }
    template <class T>
    void put(T value) {
        appendBinaryStringInfo(&bytes, reinterpret_cast<const char*>(&value), sizeof value);
    }
    std::uint64_t hash() const { return hash_bytes(bytes.data, static_cast<std::size_t>(bytes.len)); }
};
static_assert(std::is_trivially_destructible_v<Writer>);

std::uint64_t hash_utf8(const char* text, std::size_t length) {
    if (text_is_utf8()) return hash_bytes(text, length);
    const char* utf8 = pg_server_to_any(text, static_cast<int>(length), PG_UTF8);
    return hash_bytes(utf8, utf8 == text ? length : std::strlen(utf8));
}

std::uint64_t hash_text(Datum value, bool padded) {
    const auto* text = reinterpret_cast<const varlena*>(PG_DETOAST_DATUM_PACKED(value));
    const char* data = VARDATA_ANY(text);
    const auto length = static_cast<int>(VARSIZE_ANY_EXHDR(text));
    return hash_utf8(data, static_cast<std::size_t>(padded ? bpchartruelen(const_cast<char*>(data), length) : length));
}

// "char" as the text that it converts to: nothing, one ASCII character, or an octal escape.
std::uint64_t hash_char(unsigned char c) {
    if (c < 0x80) return hash_bytes(&c, c == 0 ? 0 : 1);
    const char escape[] = {'\\', static_cast<char>('0' + (c >> 6)), static_cast<char>('0' + ((c >> 3) & 7)),
                           static_cast<char>('0' + (c & 7))};
    return hash_bytes(escape, sizeof escape);
}

std::uint64_t hash_timestamp(Timestamp at) {
    return hash_int64(TIMESTAMP_NOT_FINITE(at) ? at : at + kEpochMicroseconds);
}

// A date is the timestamp of its midnight; one that no timestamp reaches is 16 bytes of microseconds.
std::uint64_t hash_date(DateADT date) {
    if (DATE_IS_NOBEGIN(date)) return hash_timestamp(DT_NOBEGIN);
    if (DATE_IS_NOEND(date)) return hash_timestamp(DT_NOEND);
    const int128 at = static_cast<int128>(date + kEpochDays) * USECS_PER_DAY;
    if (at - kEpochMicroseconds < END_TIMESTAMP) return hash_int64(static_cast<int64>(at));
    return hash_bytes(&at, sizeof at);
}

std::uint64_t hash_interval(const Interval* interval) {
    const int128 days = static_cast<int128>(interval->month) * DAYS_PER_MONTH + interval->day;
    const int128 microseconds = days * USECS_PER_DAY + interval->time;
    return hash_bytes(&microseconds, sizeof microseconds);
}

std::uint64_t hash_time_with_zone(const TimeTzADT* time) {
    Writer w;
    w.put(time->time);
    w.put(time->zone);
    return w.hash();
}

// inet and cidr: 4 or 6, the length of the netmask, the address.
std::uint64_t hash_network(Datum value) {
    const auto* network = reinterpret_cast<const inet*>(PG_DETOAST_DATUM_PACKED(value));
    unsigned char bytes[2 + 16];
    bytes[0] = ip_family(network) == PGSQL_AF_INET ? 4 : 6;
    bytes[1] = ip_bits(network);
    std::memcpy(bytes + 2, ip_addr(network), ip_addrsize(network));
    return hash_bytes(bytes, 2 + ip_addrsize(network));
}

// macaddr as the macaddr8 that it is equal to.
std::uint64_t hash_mac(const macaddr* mac) {
    const unsigned char bytes[8] = {mac->a, mac->b, mac->c, 0xFF, 0xFE, mac->d, mac->e, mac->f};
    return hash_bytes(bytes, sizeof bytes);
}

std::uint64_t hash_bits(Datum value) {
    const auto* bits = reinterpret_cast<const VarBit*>(PG_DETOAST_DATUM(value));
    Writer w;
    w.put(static_cast<int32>(VARBITLEN(bits)));
    appendBinaryStringInfo(&w.bytes, reinterpret_cast<const char*>(VARBITS(bits)), VARBITBYTES(bits));
    return w.hash();
}

std::uint64_t hash_enum(Oid value) {
    const HeapTuple tuple = SearchSysCache1(ENUMOID, ObjectIdGetDatum(value));
    if (!HeapTupleIsValid(tuple))
        ereport(ERROR, errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
                errmsg("invalid internal value for enum: %u", value));
    const char* label = NameStr(reinterpret_cast<Form_pg_enum>(GETSTRUCT(tuple))->enumlabel);
    const std::uint64_t hash = hash_utf8(label, std::strlen(label));
    ReleaseSysCache(tuple);
    return hash;
}

std::uint64_t hash_json(JsonbIterator** iterator, JsonbIteratorToken token, JsonbValue* value);

std::uint64_t hash_json_scalar(const JsonbValue* value) {
    Writer w;
    switch (value->type) {
        case jbvNull: w.put('0'); break;
        case jbvBool: w.put(value->val.boolean ? 't' : 'f'); break;
        case jbvNumeric:
            w.put('n');
            w.put(hash_numeric(NumericGetDatum(value->val.numeric)));
            break;
        case jbvString:
            w.put('s');
            w.put(hash_utf8(value->val.string.val, static_cast<std::size_t>(value->val.string.len)));
            break;
        default: elog(ERROR, "sketch: unexpected jsonb value of type %d", static_cast<int>(value->type));
    }
    return w.hash();
}

// The elements of an array in order; the pairs of an object as a sum, since their stored order depends on the
// encoding of the server.
std::uint64_t hash_json_array(JsonbIterator** iterator, const JsonbValue* array) {
    Writer w;
    w.put(array->val.array.rawScalar ? '=' : '[');
    JsonbValue value;
    JsonbIteratorToken token;
    while ((token = JsonbIteratorNext(iterator, &value, false)) != WJB_END_ARRAY)
        w.put(hash_json(iterator, token, &value));
    return w.hash();
}

std::uint64_t hash_json_object(JsonbIterator** iterator) {
    std::uint64_t sum = 0;
    JsonbValue value;
    while (JsonbIteratorNext(iterator, &value, false) != WJB_END_OBJECT) {
        Writer pair;
        pair.put(hash_json_scalar(&value));
        const JsonbIteratorToken token = JsonbIteratorNext(iterator, &value, false);
        pair.put(hash_json(iterator, token, &value));
        sum += pair.hash();
    }
    Writer w;
    w.put('{');
    w.put(sum);
    return w.hash();
}

std::uint64_t hash_json(JsonbIterator** iterator, JsonbIteratorToken token, JsonbValue* value) {
    check_stack_depth();
    if (token == WJB_BEGIN_ARRAY) return hash_json_array(iterator, value);
    if (token == WJB_BEGIN_OBJECT) return hash_json_object(iterator);
    return hash_json_scalar(value);
}

std::uint64_t hash_jsonb(Datum datum) {
    JsonbIterator* iterator = JsonbIteratorInit(&DatumGetJsonbP(datum)->root);
    JsonbValue value;
    const JsonbIteratorToken token = JsonbIteratorNext(&iterator, &value, false);
    return hash_json(&iterator, token, &value);
}

void put_nullable(Writer& w, ValueType& type, Datum value, bool is_null) {
    w.put(static_cast<char>(is_null ? 0 : 1));
    if (!is_null) w.put(hash_value(type, value));
}

// Dimensions and lower bounds count, as they do for =.
std::uint64_t hash_array(ValueType& type, Datum value) {
    const ArrayType* array = DatumGetArrayTypeP(value);
    Writer w;
    const int dimensions = ARR_NDIM(array);
    w.put(static_cast<int32>(dimensions));
    for (int i = 0; i < dimensions; ++i) {
        w.put(static_cast<int32>(ARR_DIMS(array)[i]));
        w.put(static_cast<int32>(ARR_LBOUND(array)[i]));
    }
    const ArrayIterator iterator = array_create_iterator(const_cast<ArrayType*>(array), 0, nullptr);
    Datum element;
    bool is_null;
    while (array_iterate(iterator, &element, &is_null)) put_nullable(w, *type.part, element, is_null);
    return w.hash();
}

std::uint64_t hash_range(ValueType& type, const RangeType* range) {
    RangeBound lower, upper;
    bool empty;
    range_deserialize(type.cache, range, &lower, &upper, &empty);
    Writer w;
    w.put(empty);
    if (empty) return w.hash();
    for (const RangeBound& bound : {lower, upper}) {
        w.put(bound.infinite);
        w.put(bound.inclusive);
        if (!bound.infinite) w.put(hash_value(*type.part, bound.val));
    }
    return w.hash();
}

std::uint64_t hash_multirange(ValueType& type, Datum value) {
    const MultirangeType* ranges = DatumGetMultirangeTypeP(value);
    Writer w;
    for (uint32 i = 0; i < ranges->rangeCount; ++i)
        w.put(hash_range(type, multirange_get_range(type.cache, ranges, static_cast<int>(i))));
    return w.hash();
}

void resolve(ValueType& value, Oid type, Oid collation, MemoryContext context);

// The columns of a composite, from its own row type: a call site may see several, and one may be altered.
void resolve_columns(ValueType& value, TupleDesc columns, uint64 row_type) {
    if (value.part != nullptr && value.row_type == row_type) return;
    value.part = static_cast<ValueType*>(
        MemoryContextAllocZero(value.context, sizeof(ValueType) * static_cast<Size>(Max(columns->natts, 1))));
    value.row_type = 0;  // until all columns are resolved
    for (int i = 0; i < columns->natts; ++i) {
        const Form_pg_attribute column = TupleDescAttr(columns, i);
        if (!column->attisdropped) resolve(value.part[i], column->atttypid, column->attcollation, value.context);
    }
    value.row_type = row_type;
}

std::uint64_t hash_composite(ValueType& type, Datum value) {
    check_stack_depth();
    const HeapTupleHeader header = DatumGetHeapTupleHeader(value);
    const Oid row_type = HeapTupleHeaderGetTypeId(header);
    const int32 typmod = HeapTupleHeaderGetTypMod(header);
    const TupleDesc columns = lookup_rowtype_tupdesc_copy(row_type, typmod);
    resolve_columns(type, columns, assign_record_type_identifier(row_type, typmod));

    HeapTupleData tuple{};
    tuple.t_len = HeapTupleHeaderGetDatumLength(header);
    ItemPointerSetInvalid(&tuple.t_self);
    tuple.t_data = header;
    auto* values = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(Max(columns->natts, 1))));
    auto* nulls = static_cast<bool*>(palloc(sizeof(bool) * static_cast<Size>(Max(columns->natts, 1))));
    heap_deform_tuple(&tuple, columns, values, nulls);
    Writer w;
    for (int i = 0; i < columns->natts; ++i)
        if (!TupleDescAttr(columns, i)->attisdropped) put_nullable(w, type.part[i], values[i], nulls[i]);
    return w.hash();
}

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

void resolve_part(ValueType& value, Oid type) {
    value.part = static_cast<ValueType*>(MemoryContextAllocZero(value.context, sizeof(ValueType)));
    resolve(*value.part, type, value.collation, value.context);
}

void resolve(ValueType& value, Oid declared, Oid collation, MemoryContext context) {
    const Oid type = getBaseType(declared);
    const Form form = form_of(type);
    if (form == Form::unresolved)
        ereport(ERROR, errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                errmsg("values of type %s have no canonical form to hash", format_type_be(type)),
                errhint("Cast the value to a type that has one, for example to text."));
    const bool is_text = form == Form::text || form == Form::padded_text;
    if (is_text) reject_nondeterministic(collation);
    value.type = type;
    value.collation = collation;
    value.context = context;
    get_typlenbyvalalign(type, &value.length, &value.by_value, &value.align);
    if (form == Form::array) resolve_part(value, get_element_type(type));
    if (form == Form::range) {
        value.cache = lookup_type_cache(type, TYPECACHE_RANGE_INFO);
        resolve_part(value, value.cache->rngelemtype->type_id);
    }
    if (form == Form::multirange) {
        value.cache = lookup_type_cache(type, TYPECACHE_MULTIRANGE_INFO)->rngtype;
        resolve_part(value, value.cache->rngelemtype->type_id);
    }
    value.form = form == Form::text && text_is_utf8() ? Form::bytes : form;  // last: an error leaves it unresolved
}

}  // namespace

Oid argument_type(FunctionCallInfo fcinfo, int argument) {
    const HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(fcinfo->flinfo->fn_oid));
    if (!HeapTupleIsValid(tuple)) elog(ERROR, "cache lookup failed for function %u", fcinfo->flinfo->fn_oid);
    const auto* function = reinterpret_cast<const FormData_pg_proc*>(GETSTRUCT(tuple));
    Oid type = argument < function->pronargs ? function->proargtypes.values[argument] : InvalidOid;
    ReleaseSysCache(tuple);
    if (type == ANYELEMENTOID) type = get_fn_expr_argtype(fcinfo->flinfo, argument);
    if (!OidIsValid(type))
        ereport(ERROR, errcode(ERRCODE_INDETERMINATE_DATATYPE), errmsg("could not determine the type of the value"),
                errhint("Cast the value to its type."));
    return type;
}

void reject_nondeterministic(Oid collation) {
    if (OidIsValid(collation) && !get_collation_isdeterministic(collation))
        ereport(ERROR, errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                errmsg("text under the nondeterministic collation \"%s\" has no canonical form to hash",
                       get_collation_name(collation)),
                errhint("Add COLLATE \"C\" to the value to tell apart what differs in its bytes, or fold it first, "
                        "for example with lower()."));
}

void resolve_argument(ValueType& value, FunctionCallInfo fcinfo, int argument) {
    resolve(value, argument_type(fcinfo, argument), PG_GET_COLLATION(), fcinfo->flinfo->fn_mcxt);
}

std::uint64_t hash_other(ValueType& type, Datum value) {
    switch (type.form) {
        case Form::boolean: {
            const char truth = DatumGetBool(value) ? 1 : 0;
            return hash_bytes(&truth, 1);
        }
        case Form::integer2: return hash_int64(DatumGetInt16(value));
        case Form::integer4:
        case Form::integer8:
        case Form::bytes: return hash_value(type, value);  // where they are hashed inline
        case Form::oid: return hash_int64(DatumGetObjectId(value));
        case Form::real4: return hash_double(DatumGetFloat4(value));
        case Form::real8: return hash_double(DatumGetFloat8(value));
        case Form::number: return hash_numeric(value);
        case Form::text: return hash_text(value, false);
        case Form::padded_text: return hash_text(value, true);
        case Form::name: return hash_utf8(NameStr(*DatumGetName(value)), std::strlen(NameStr(*DatumGetName(value))));
        case Form::c_string: return hash_utf8(DatumGetCString(value), std::strlen(DatumGetCString(value)));
        case Form::single_char: return hash_char(static_cast<unsigned char>(DatumGetChar(value)));
        case Form::uuid: return hash_bytes(DatumGetUUIDP(value)->data, UUID_LEN);
        case Form::date: return hash_date(DatumGetDateADT(value));
        case Form::timestamp: return hash_timestamp(DatumGetTimestamp(value));
        case Form::time_of_day: return hash_int64(DatumGetTimeADT(value));
        case Form::zoned_time: return hash_time_with_zone(DatumGetTimeTzADTP(value));
        case Form::interval: return hash_interval(DatumGetIntervalP(value));
        case Form::network: return hash_network(value);
        case Form::mac6: return hash_mac(DatumGetMacaddrP(value));
        case Form::mac8: return hash_bytes(DatumGetMacaddr8P(value), sizeof(macaddr8));
        case Form::bit_string: return hash_bits(value);
        case Form::enumeration: return hash_enum(DatumGetObjectId(value));
        case Form::json: return hash_jsonb(value);
        case Form::array: return hash_array(type, value);
        case Form::range: return hash_range(type, DatumGetRangeTypeP(value));
        case Form::multirange: return hash_multirange(type, value);
        case Form::composite: return hash_composite(type, value);
        case Form::unresolved: break;
    }
    elog(ERROR, "sketch: value of an unresolved type");
    pg_unreachable();
}

}  // namespace sketch::pg

// sketch_hash(value) → bigint
SKETCH_FUNCTION(sketch_hash) { return Int64GetDatum(static_cast<int64>(sketch::pg::hash_argument(fcinfo, 0))); }
