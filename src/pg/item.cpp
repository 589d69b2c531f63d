// SPDX-License-Identifier: PostgreSQL
#include "pg/item.hpp"

extern "C" {
#include "utils/datetime.h"
#include "utils/json.h"
}

namespace sketch::pg {

namespace {

struct NamedKind {
    Oid type;
    ItemKind kind;
};

constexpr NamedKind kKinds[] = {
    {INT2OID, ItemKind::integer},        {INT4OID, ItemKind::integer},   {INT8OID, ItemKind::integer},
    {TEXTOID, ItemKind::text},           {VARCHAROID, ItemKind::text},   {BPCHAROID, ItemKind::text},
    {NAMEOID, ItemKind::text},           {CHAROID, ItemKind::text},      {BYTEAOID, ItemKind::bytes},
    {BOOLOID, ItemKind::boolean},        {NUMERICOID, ItemKind::number}, {FLOAT4OID, ItemKind::real},
    {FLOAT8OID, ItemKind::real},         {UUIDOID, ItemKind::uuid},      {DATEOID, ItemKind::date},
    {TIMESTAMPOID, ItemKind::timestamp},
};

ItemKind kind_of(Oid type) {
    for (const NamedKind& named : kKinds)
        if (named.type == type) return named.kind;
    return ItemKind::other;
}

[[noreturn]] void reject_type(Oid type) {
    const char* hint = "Cast the value to text, with a format of your choice.";
    if (type == TIMESTAMPTZOID)
        hint = "Write (value AT TIME ZONE 'UTC') to count timestamps without time zone.";
    else if (type == CASHOID)
        hint = "Write value::numeric.";
    ereport(ERROR, errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
            errmsg("values of type %s cannot be items: their text depends on settings", format_type_be(type)),
            errhint("%s", hint));
    pg_unreachable();
}

std::span<const char> date_text(DateADT date) {
    auto* text = static_cast<char*>(palloc(MAXDATELEN + 1));
    if (DATE_NOT_FINITE(date)) {
        EncodeSpecialDate(date, text);
    } else {
        pg_tm tm{};
        j2date(date + POSTGRES_EPOCH_JDATE, &tm.tm_year, &tm.tm_mon, &tm.tm_mday);
        EncodeDateOnly(&tm, USE_ISO_DATES, text);
    }
    return {text, std::strlen(text)};
}

std::span<const char> timestamp_text(Timestamp at) {
    auto* text = static_cast<char*>(palloc(MAXDATELEN + 1));
    pg_tm tm{};
    fsec_t fraction;
    if (TIMESTAMP_NOT_FINITE(at))
        EncodeSpecialTimestamp(at, text);
    else if (timestamp2tm(at, nullptr, &tm, &fraction, nullptr, nullptr) == 0)
        EncodeDateTime(&tm, fraction, false, 0, nullptr, USE_ISO_DATES, text);
    else
        ereport(ERROR, errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("timestamp out of range"));
    return {text, std::strlen(text)};
}

// The canonical text of a value, in the encoding of the server.
std::span<const char> text_of(ItemType& type, Datum value) {
    const auto terminated = [](const char* text) { return std::span(text, std::strlen(text)); };
    switch (type.type) {
        case BOOLOID: return terminated(DatumGetBool(value) ? "true" : "false");
        case TEXTOID:
        case VARCHAROID:
        case BPCHAROID: {
            auto* text = reinterpret_cast<varlena*>(PG_DETOAST_DATUM_PACKED(value));
            const auto size = static_cast<int>(VARSIZE_ANY_EXHDR(text));
            const int kept = type.type == BPCHAROID ? bpchartruelen(VARDATA_ANY(text), size) : size;
            return {VARDATA_ANY(text), static_cast<std::size_t>(kept)};
        }
        case NUMERICOID: return terminated(numeric_normalize(DatumGetNumeric(value)));
        case FLOAT4OID:
        case FLOAT8OID: {
            double number = type.type == FLOAT4OID ? DatumGetFloat4(value) : DatumGetFloat8(value);
            if (number == 0) number = 0;  // -0 is equal to 0
            return terminated(double_to_shortest_decimal(number));
        }
        case DATEOID: return date_text(DatumGetDateADT(value));
        case TIMESTAMPOID: return timestamp_text(DatumGetTimestamp(value));
        default: return terminated(OutputFunctionCall(&type.output, value));
    }
}

Item checked_item(ItemKind kind, const char* data, std::size_t size) {
    if (size > kMaxItemBytes)
        ereport(ERROR, errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                errmsg("an item may have up to %zu bytes, not %zu", kMaxItemBytes, size),
                errhint("Count a shorter form of it, for example left(value, 100) or md5(value)."));
    return Item::of(kind, data, size);
}

Item utf8_item(ItemKind kind, std::span<const char> text) {
    const char* utf8 = pg_server_to_any(text.data(), static_cast<int>(text.size()), PG_UTF8);
    return checked_item(kind, utf8, utf8 == text.data() ? text.size() : std::strlen(utf8));
}

}  // namespace

// Found before it is hung on the call site: an error leaves nothing half done.
ItemType* resolve_item(FunctionCallInfo fcinfo, int argument) {
    ItemType found{};
    found.type = getBaseType(argument_type(fcinfo, argument));
    found.kind = kind_of(found.type);
    if (found.kind == ItemKind::text) reject_nondeterministic(PG_GET_COLLATION());
    const bool plain = found.type == TEXTOID || found.type == VARCHAROID;
    found.as_is = found.kind == ItemKind::bytes || (plain && text_is_utf8());
    Oid output;
    bool varlena;
    getTypeOutputInfo(found.type, &output, &varlena);
    if (found.kind == ItemKind::other && !type_is_enum(found.type) && func_volatile(output) != PROVOLATILE_IMMUTABLE)
        reject_type(found.type);
    fmgr_info_cxt(output, &found.output, fcinfo->flinfo->fn_mcxt);
    auto* kept = static_cast<ItemType*>(MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, sizeof(ItemType)));
    *kept = found;
    return kept;
}

Item item_of(ItemType& type, Datum value) {
    switch (type.type) {
        case INT8OID: return Item::of(DatumGetInt64(value));
        case INT4OID: return Item::of(DatumGetInt32(value));
        case INT2OID: return Item::of(DatumGetInt16(value));
    }
    if (!type.as_is) return utf8_item(type.kind, text_of(type, value));
    auto* bytes = reinterpret_cast<varlena*>(PG_DETOAST_DATUM_PACKED(value));
    return checked_item(type.kind, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
}

// The UTF-8 text of an item that is no integer, in the encoding of the server. It is verified: the bytes may have come
// from elsewhere.
static std::span<const char> server_text(const Item& item) {
    const auto* data = reinterpret_cast<const char*>(item.data);
    if (item.size() == 0) return {"", 0};
    const char* text = pg_any_to_server(data, static_cast<int>(item.size()), PG_UTF8);
    return {text, text == data ? item.size() : std::strlen(text)};
}

static char* hexadecimal(const Item& item) {
    auto* text = static_cast<char*>(palloc(2 * item.size() + 3));
    std::memcpy(text, "\\x", 2);
    text[2 + hex_encode(reinterpret_cast<const char*>(item.data), item.size(), text + 2)] = '\0';
    return text;
}

Datum item_text(const Item& item) {
    if (item.kind == ItemKind::integer)
        return PointerGetDatum(cstring_to_text(psprintf("%lld", static_cast<long long>(item.integer()))));
    if (item.kind == ItemKind::bytes) return PointerGetDatum(cstring_to_text(hexadecimal(item)));
    const std::span<const char> text = server_text(item);
    return PointerGetDatum(cstring_to_text_with_len(text.data(), static_cast<int>(text.size())));
}

const char* kind_name(ItemKind kind) {
    static constexpr const char* kNames[] = {"none", "integer", "text", "bytea",     "boolean", "numeric",
                                             "real", "uuid",    "date", "timestamp", "other"};
    static_assert(std::size(kNames) == static_cast<std::size_t>(kLastItemKind) + 1);
    return kNames[static_cast<std::size_t>(kind)];
}

void append_json(StringInfo to, const Item& item) {
    if (item.kind == ItemKind::integer) {
        appendStringInfo(to, "%lld", static_cast<long long>(item.integer()));
        return;
    }
    escape_json(to, text_to_cstring(DatumGetTextPP(item_text(item))));
}

}  // namespace sketch::pg
