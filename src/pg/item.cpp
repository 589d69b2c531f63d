// SPDX-License-Identifier: PostgreSQL
#include "pg/item.hpp"

#include <cctype>
#include <cerrno>

#include "pg/error.hpp"

extern "C" {
#include "access/detoast.h"
#include "utils/datetime.h"
#include "utils/json.h"
}

namespace sketch::pg {

namespace {

struct NamedKind {
    Oid type;
    ItemKind kind;
};

// What can be an item. A type is here only if its text is the same for equal values and depends on no setting: that its
// output function is marked immutable does not say so (geometric types follow extra_float_digits).
constexpr NamedKind kKinds[] = {
    {INT2OID, ItemKind::integer},        {INT4OID, ItemKind::integer},   {INT8OID, ItemKind::integer},
    {TEXTOID, ItemKind::text},           {VARCHAROID, ItemKind::text},   {BPCHAROID, ItemKind::text},
    {NAMEOID, ItemKind::text},           {CHAROID, ItemKind::text},      {BYTEAOID, ItemKind::bytes},
    {BOOLOID, ItemKind::boolean},        {NUMERICOID, ItemKind::number}, {FLOAT4OID, ItemKind::real},
    {FLOAT8OID, ItemKind::number},       {UUIDOID, ItemKind::uuid},      {DATEOID, ItemKind::date},
    {TIMESTAMPOID, ItemKind::timestamp}, {TIMEOID, ItemKind::other},     {TIMETZOID, ItemKind::other},
    {OIDOID, ItemKind::other},           {INETOID, ItemKind::other},     {CIDROID, ItemKind::other},
    {MACADDROID, ItemKind::other},       {MACADDR8OID, ItemKind::other}, {BITOID, ItemKind::other},
    {VARBITOID, ItemKind::other},        {JSONBOID, ItemKind::json},
};

// none: values of the type cannot be items.
ItemKind kind_of(Oid type) {
    for (const NamedKind& named : kKinds)
        if (named.type == type) return named.kind;
    return type_is_enum(type) ? ItemKind::text : ItemKind::none;
}

[[noreturn]] void reject_type(Oid type) {
    reject_own_equality(type, TEXTOID);
    const char* hint = "Cast the value to text, with a format of your choice.";
    if (type == TIMESTAMPTZOID)
        hint = "Write (value AT TIME ZONE 'UTC') to count timestamps without time zone.";
    else if (type == CASHOID)
        hint = "Write value::numeric.";
    Oid output;
    bool varlena;
    getTypeOutputInfo(type, &output, &varlena);
    const bool stable = func_volatile(output) == PROVOLATILE_IMMUTABLE;  // or so it says
    ereport(ERROR, errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
            errmsg("values of type %s cannot be items: their text %s", format_type_be(type),
                   stable ? "may depend on settings, or differ for equal values" : "depends on settings"),
            errhint("%s", hint));
    pg_unreachable();
}

constexpr char kTooMany[] = "8192 or more";
static_assert(kMaxItemBytes == 8191);

[[noreturn]] void reject_size(const char* size) {
    ereport(ERROR, errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
            errmsg("an item may have up to %zu bytes, not %s", kMaxItemBytes, size),
            errhint("Count a shorter form of it, for example left(value, 100) or md5(value)."));
    pg_unreachable();
}

std::span<const char> terminated(const char* text) { return {text, std::strlen(text)}; }

std::span<const char> date_text(DateADT date) {
    auto* text = static_cast<char*>(palloc(MAXDATELEN + 1));
    if (DATE_NOT_FINITE(date)) {
        EncodeSpecialDate(date, text);
    } else {
        pg_tm tm{};
        j2date(date + POSTGRES_EPOCH_JDATE, &tm.tm_year, &tm.tm_mon, &tm.tm_mday);
        EncodeDateOnly(&tm, USE_ISO_DATES, text);
    }
    return terminated(text);
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
    return terminated(text);
}

void append_json_scalar(StringInfo to, const JsonbValue* value) {
    switch (value->type) {
        case jbvNull: appendStringInfoString(to, "null"); break;
        case jbvBool: appendStringInfoString(to, value->val.boolean ? "true" : "false"); break;
        case jbvNumeric: appendStringInfoString(to, numeric_normalize(value->val.numeric)); break;
        case jbvString:
            escape_json(to, pnstrdup(value->val.string.val, static_cast<Size>(value->val.string.len)));
            break;
        default: elog(ERROR, "sketch: unexpected jsonb value of type %d", static_cast<int>(value->type));
    }
}

// As jsonb has it, but for its numbers: equal values have one text, 1.0 is 1. It ends where it is too long for an item.
std::span<const char> json_text(Datum datum) {
    Jsonb* json = DatumGetJsonbP(datum);
    const bool bare = JB_ROOT_IS_SCALAR(json);
    JsonbIterator* iterator = JsonbIteratorInit(&json->root);
    StringInfoData text;
    initStringInfo(&text);
    const char* separator = "";
    JsonbValue value;
    JsonbIteratorToken token;
    while ((token = JsonbIteratorNext(&iterator, &value, false)) != WJB_DONE) {
        const bool ends = token == WJB_END_ARRAY || token == WJB_END_OBJECT;
        const bool begins = token == WJB_BEGIN_ARRAY || token == WJB_BEGIN_OBJECT;
        if (bare && (begins || ends)) continue;
        if (!ends) appendStringInfoString(&text, separator);
        switch (token) {
            case WJB_BEGIN_ARRAY: appendStringInfoChar(&text, '['); break;
            case WJB_END_ARRAY: appendStringInfoChar(&text, ']'); break;
            case WJB_BEGIN_OBJECT: appendStringInfoChar(&text, '{'); break;
            case WJB_END_OBJECT: appendStringInfoChar(&text, '}'); break;
            default: append_json_scalar(&text, &value);
        }
        separator = begins ? "" : token == WJB_KEY ? ": " : ", ";
        if (static_cast<std::size_t>(text.len) > kMaxItemBytes) reject_size(kTooMany);
    }
    return {text.data, static_cast<std::size_t>(text.len)};
}

// Numbers have one text, whichever type they come from: plain digits, as numeric has them, up to a length that can be
// read; what is longer as the shortest decimal of a double, with an exponent, if it is one.
constexpr std::size_t kLongestPlain = 40;

Datum numeric_of(const char* text) {
    return DirectFunctionCall3(numeric_in, CStringGetDatum(text), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
}

std::span<const char> numeric_text(Datum number) {
    const char* const plain = numeric_normalize(DatumGetNumeric(number));
    if (std::strlen(plain) <= kLongestPlain) return terminated(plain);
    const char* const shortest = double_to_shortest_decimal(std::strtod(plain, nullptr));
    const bool finite = std::isdigit(static_cast<unsigned char>(shortest[std::strlen(shortest) - 1])) != 0;
    const bool same = finite && DatumGetBool(DirectFunctionCall2(numeric_eq, number, numeric_of(shortest)));
    return terminated(same ? shortest : plain);
}

std::span<const char> double_text(double number) {
    if (number == 0) number = 0;  // -0 is equal to 0
    const char* const shortest = double_to_shortest_decimal(number);
    return std::strchr(shortest, 'e') == nullptr ? terminated(shortest) : numeric_text(numeric_of(shortest));
}

std::span<const char> real_text(float number) {
    if (number == 0) number = 0;
    return terminated(float_to_shortest_decimal(number));
}

// The canonical text of a value, in the encoding of the server.
std::span<const char> text_of(ItemType& type, Datum value) {
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
        case NUMERICOID: return numeric_text(value);
        case FLOAT4OID: return real_text(DatumGetFloat4(value));
        case FLOAT8OID: return double_text(DatumGetFloat8(value));
        case JSONBOID: return json_text(value);
        case DATEOID: return date_text(DatumGetDateADT(value));
        case TIMESTAMPOID: return timestamp_text(DatumGetTimestamp(value));
        default: return terminated(OutputFunctionCall(&type.output, value));
    }
}

// What is surely too long is not fetched, nor made text of.
void reject_large(Oid type, Datum value) {
    const bool as_is = type == TEXTOID || type == VARCHAROID || type == BYTEAOID;
    const bool bits = type == BITOID || type == VARBITOID;
    if (!as_is && !bits && type != JSONBOID) return;
    const Size most = type == JSONBOID ? 8 * kMaxItemBytes : kMaxItemBytes;  // "0, " takes 12 bytes as jsonb
    const Size size = toast_raw_datum_size(value) - VARHDRSZ;
    if (size > most) reject_size(as_is ? psprintf("%zu", size) : kTooMany);
}

Item checked_item(ItemKind kind, const char* data, std::size_t size) {
    if (size > kMaxItemBytes) reject_size(psprintf("%zu", size));
    return Item::of(kind, data, size);
}

Item utf8_item(ItemKind kind, std::span<const char> text) {
    if (text_is_utf8()) return checked_item(kind, text.data(), text.size());
    const char* utf8 = pg_server_to_any(text.data(), static_cast<int>(text.size()), PG_UTF8);
    return checked_item(kind, utf8, utf8 == text.data() ? text.size() : std::strlen(utf8));
}

// --- numbers of several kinds ---------------------------------------------------------------------------------------

// A whole number in the range of bigint, written without an exponent as items of numeric are, or with one.
bool whole_number(const Item& item, std::int64_t* whole) {
    const char* const text = pnstrdup(reinterpret_cast<const char*>(item.data), item.size());
    char* end;
    errno = 0;
    *whole = std::strtoll(text, &end, 10);
    if (*end == '\0') return errno == 0 && end != text;
    const double number = std::strtod(text, &end);
    if (item.kind != ItemKind::real || *end != '\0' || !(std::fabs(number) < 0x1p63)) return false;
    *whole = static_cast<std::int64_t>(number);
    return static_cast<double>(*whole) == number;
}

// The same number as an item of another kind; of the kind none if it is none.
Item as_kind(const Item& item, ItemKind kind) {
    constexpr Item kNone{ItemKind::none, 0, nullptr};
    const auto is_text = [](ItemKind k) { return k == ItemKind::number || k == ItemKind::real; };
    if (kind == ItemKind::integer && is_text(item.kind)) {
        std::int64_t whole;
        return whole_number(item, &whole) ? Item::of(whole) : kNone;
    }
    if (item.kind != ItemKind::integer || !is_text(kind)) return kNone;
    const auto real = static_cast<float>(item.integer());
    std::span<const char> text = terminated(psprintf("%lld", static_cast<long long>(item.integer())));
    if (kind == ItemKind::real) {
        if (!(std::fabs(real) < 0x1p63F) || static_cast<std::int64_t>(real) != item.integer()) return kNone;
        text = real_text(real);
    }
    return Item::of(kind, text.data(), text.size());
}

struct KindWords {
    const char* plural;
    const char* cast;  // what makes a value one of this kind
};
constexpr KindWords kWords[] = {{"items of any type", ""},
                                {"integers", "a whole number, or value::bigint"},
                                {"text", "value::text"},
                                {"bytea", "value::bytea"},
                                {"booleans", "true, false or value::boolean"},
                                {"numbers (numeric or double precision)", "value::numeric"},
                                {"numbers (real)", "value::real"},
                                {"uuids", "value::uuid"},
                                {"dates", "value::date"},
                                {"timestamps", "value::timestamp"},
                                {"items of another type", "a value of the type that was counted"},
                                {"jsonb", "value::jsonb"}};
static_assert(std::size(kWords) == static_cast<std::size_t>(kLastItemKind) + 1);

const KindWords& words(ItemKind kind) { return kWords[static_cast<std::size_t>(kind)]; }

}  // namespace

Item reconciled(FunctionCallInfo fcinfo, const char* type, const Item& item, ItemKind held) {
    if (const Item same = as_kind(item, held); same.kind == held) return same;
    ereport(ERROR, errcode(ERRCODE_DATATYPE_MISMATCH),
            errmsg("%s: this %s holds %s, and was given %s", function_name(fcinfo), type, words(held).plural,
                   words(item.kind).plural),
            errhint("Write %s. An untyped literal or parameter is text.", words(held).cast));
    pg_unreachable();
}

void require_alike_items(FunctionCallInfo fcinfo, const char* type, ItemKind a, ItemKind b) {
    if (a == b || a == ItemKind::none || b == ItemKind::none) return;
    ereport(
        ERROR, errcode(ERRCODE_DATATYPE_MISMATCH),
        errmsg("%s: one %s holds %s, and the other %s", function_name(fcinfo), type, words(a).plural, words(b).plural),
        errhint("Build both from items of one type; cast the others, for example to text."));
}

// Found before it is hung on the call site: an error leaves nothing half done.
ItemType* resolve_item(FunctionCallInfo fcinfo, Oid type) {
    ItemType found{};
    found.type = getBaseType(type);
    found.kind = kind_of(found.type);
    if (found.kind == ItemKind::none) reject_type(found.type);
    if (found.kind == ItemKind::text) reject_nondeterministic(PG_GET_COLLATION());
    const bool plain = found.type == TEXTOID || found.type == VARCHAROID;
    found.as_is = found.kind == ItemKind::bytes || (plain && text_is_utf8());
    Oid output;
    bool varlena;
    // A cidr may be equal to an inet: both as inet.
    getTypeOutputInfo(found.type == CIDROID ? INETOID : found.type, &output, &varlena);
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
    reject_large(type.type, value);
    if (!type.as_is) return utf8_item(type.kind, text_of(type, value));
    auto* bytes = reinterpret_cast<varlena*>(PG_DETOAST_DATUM_PACKED(value));
    return checked_item(type.kind, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
}

}  // namespace sketch::pg
