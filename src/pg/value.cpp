// SPDX-License-Identifier: PostgreSQL
//
// Canonical bytes of the types that are not made of others. Numbers have a file of their own (number.cpp), and so have
// values that are made of values (nested.cpp).
#include "pg/value.hpp"

#include "pg/hash_writer.hpp"
#include "pg/nested.hpp"
#include "pg/number.hpp"

namespace sketch::pg {

namespace {

// Microseconds and days from PostgreSQL's epoch (2000-01-01) to Unix's, which the rest of the world counts from.
constexpr int64 kEpochDays = POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE;
constexpr int64 kEpochMicroseconds = kEpochDays * USECS_PER_DAY;

// Text of another encoding, converted piece by piece. No conversion to UTF-8 looks beyond one character.
std::uint64_t hash_converted(const char* text, int length) {
    constexpr int kMaxPiece = 8192;
    HashWriter w;
    while (length > 0) {
        CHECK_FOR_INTERRUPTS();
        const int whole = pg_mbcliplen(text, length, kMaxPiece);
        const int piece = whole > 0 ? whole : length;
        char* utf8 = pg_server_to_any(text, piece, PG_UTF8);
        w.put_bytes(utf8, utf8 == text ? static_cast<std::size_t>(piece) : std::strlen(utf8));
        if (utf8 != text) pfree(utf8);
        text += piece;
        length -= piece;
    }
    return w.hash();
}

std::uint64_t hash_text(Datum value, bool padded) {
    varlena* text = PG_DETOAST_DATUM_PACKED(value);
    char* data = VARDATA_ANY(text);
    const auto length = static_cast<int>(VARSIZE_ANY_EXHDR(text));
    const std::uint64_t hash = hash_utf8(data, static_cast<std::size_t>(padded ? bpchartruelen(data, length) : length));
    free_copy(text, value);
    return hash;
}

// "char" as the text that it converts to: nothing, one ASCII character, or an octal escape.
std::uint64_t hash_char(unsigned char c) {
    if (c < 0x80) return hash_bytes(&c, c == 0 ? 0 : 1);
    const char escape[] = {'\\', static_cast<char>('0' + (c >> 6)), static_cast<char>('0' + ((c >> 3) & 7)),
                           static_cast<char>('0' + (c & 7))};
    return hash_bytes(escape, sizeof escape);
}

std::uint64_t hash_timestamp(Timestamp at) {
    // The last years of timestamp wrap around, beyond the first.
    const auto wrapped = static_cast<int64>(static_cast<uint64>(at) + static_cast<uint64>(kEpochMicroseconds));
    return hash_int64(TIMESTAMP_NOT_FINITE(at) ? at : wrapped);
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

std::uint64_t hash_time_with_zone(const TimeTzADT* time) { return hash_of_parts(time->time, time->zone); }

// inet and cidr: 4 or 6, the length of the netmask, the address.
std::uint64_t hash_network(Datum value) {
    auto* network = reinterpret_cast<inet*>(PG_DETOAST_DATUM_PACKED(value));
    unsigned char bytes[2 + 16];
    bytes[0] = ip_family(network) == PGSQL_AF_INET ? 4 : 6;
    bytes[1] = ip_bits(network);
    const auto size = static_cast<std::size_t>(ip_addrsize(network));
    std::memcpy(bytes + 2, ip_addr(network), size);
    free_copy(network, value);
    return hash_bytes(bytes, 2 + size);
}

// macaddr as the macaddr8 that it is equal to.
std::uint64_t hash_mac(const macaddr* mac) {
    const unsigned char bytes[8] = {mac->a, mac->b, mac->c, 0xFF, 0xFE, mac->d, mac->e, mac->f};
    return hash_bytes(bytes, sizeof bytes);
}

std::uint64_t hash_bits(Datum value) {
    auto* bits = reinterpret_cast<VarBit*>(PG_DETOAST_DATUM(value));
    HashWriter w;
    w.put(static_cast<int32>(VARBITLEN(bits)));
    w.put_bytes(VARBITS(bits), VARBITBYTES(bits));
    free_copy(bits, value);
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

}  // namespace

std::uint64_t hash_utf8(const char* text, std::size_t length) {
    return text_is_utf8() ? hash_bytes(text, length) : hash_converted(text, static_cast<int>(length));
}

std::uint64_t hash_toasted(const varlena* bytes) {
    varlena* whole = detoast_attr(const_cast<varlena*>(bytes));
    const std::uint64_t hash = hash_bytes(VARDATA_ANY(whole), VARSIZE_ANY_EXHDR(whole));
    pfree(whole);
    return hash;
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
        case Form::range: return hash_range(type, value);
        case Form::multirange: return hash_multirange(type, value);
        case Form::composite: return hash_composite(type, value);
        case Form::unresolved: break;
    }
    elog(ERROR, "sketch: value of an unresolved type");
    pg_unreachable();
}

}  // namespace sketch::pg

// sketch_hash(value) → bigint
SKETCH_FUNCTION(sketch_hash) { return Int64GetDatum(static_cast<int64>(sketch::pg::hash_argument(fcinfo, 0).hash)); }
