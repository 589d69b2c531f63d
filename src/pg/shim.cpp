// SPDX-License-Identifier: PostgreSQL
#include "pg/shim.hpp"

namespace sketch::pg {

std::span<const std::byte> bytea_argument(FunctionCallInfo fcinfo, int argument) {
    return image_of(reinterpret_cast<varlena*>(PG_GETARG_BYTEA_PP(argument)));
}

// PostgreSQL 18 changed the signatures from char to uint8.
#if PG_VERSION_NUM >= 180000
using Base64Byte = uint8;
#else
using Base64Byte = char;
#endif

Block decode_base64(const char* text, const char* type) {
    const auto length = static_cast<int>(std::strlen(text));
    const Block block = allocate(static_cast<std::size_t>(pg_b64_dec_len(length)));
    const int bytes = pg_b64_decode(text, length, reinterpret_cast<Base64Byte*>(block.room.data()),
                                    static_cast<int>(block.room.size()));
    if (bytes < 0)
        ereport(ERROR, errcode(ERRCODE_INVALID_TEXT_REPRESENTATION), errmsg("invalid input syntax for type %s", type),
                errhint("The text form of a sketch is the base64 of its bytes."));
    block.finish(static_cast<std::size_t>(bytes));
    return {block.datum, block.room.first(static_cast<std::size_t>(bytes))};
}

char* encode_base64(std::span<const std::byte> bytes) {
    const int room = pg_b64_enc_len(static_cast<int>(bytes.size()));
    auto* text = static_cast<char*>(palloc(static_cast<Size>(room) + 1));
    const int length =
        pg_b64_encode(reinterpret_cast<const Base64Byte*>(bytes.data()), static_cast<int>(bytes.size()), text, room);
    if (length < 0) elog(ERROR, "sketch: base64 encoding failed");
    text[length] = '\0';
    return text;
}

template <class T>
static Datum row_of_numbers(FunctionCallInfo fcinfo, std::span<const T> values) {
    TupleDesc columns;
    if (get_call_result_type(fcinfo, nullptr, &columns) != TYPEFUNC_COMPOSITE)
        ereport(ERROR, errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                errmsg("function returning record called in context that cannot accept type record"));
    constexpr int kMost = 8;
    Assert(columns->natts == static_cast<int>(values.size()) && columns->natts <= kMost);
    Datum datums[kMost];
    bool nulls[kMost] = {};
    for (std::size_t i = 0; i < values.size(); ++i)
        datums[i] =
            std::is_same_v<T, double> ? Float8GetDatum(values[i]) : Int64GetDatum(static_cast<int64>(values[i]));
    return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), datums, nulls));
}

Datum row_of(FunctionCallInfo fcinfo, std::span<const double> values) { return row_of_numbers(fcinfo, values); }
Datum row_of(FunctionCallInfo fcinfo, std::span<const int64> values) { return row_of_numbers(fcinfo, values); }

Datum json(const char* format, ...) {
    StringInfoData text;
    initStringInfo(&text);
    for (;;) {
        va_list args;
        va_start(args, format);
        const int need = appendStringInfoVA(&text, format, args);
        va_end(args);
        if (need == 0) break;
        enlargeStringInfo(&text, need);
    }
    return DirectFunctionCall1(jsonb_in, CStringGetDatum(text.data));
}

}  // namespace sketch::pg
