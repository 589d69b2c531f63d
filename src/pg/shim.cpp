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

// Text in steps: so many characters are so many whole groups of four, and an image may have hundreds of megabytes.
static constexpr int kTextStep = 4 << 20, kByteStep = kTextStep / 4 * 3;

Block decode_base64(const char* text, const char* type) {
    const std::size_t length = std::strlen(text);
    const Block block = allocate(length / 4 * 3 + 3);
    std::size_t bytes = 0;
    in_steps(length, kTextStep, [&](std::size_t from, std::size_t to) {
        const int n = pg_b64_decode(text + from, static_cast<int>(to - from),
                                    reinterpret_cast<Base64Byte*>(block.room.data() + bytes),
                                    static_cast<int>(std::min<std::size_t>(block.room.size() - bytes, kByteStep)));
        // A group that is padded ends the text.
        if (n < 0 || (to != length && n != kByteStep))
            ereport(ERROR, errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
                    errmsg("invalid input syntax for type %s", type),
                    errhint("The text form of a sketch is the base64 of its bytes."));
        bytes += static_cast<std::size_t>(n);
    });
    block.finish(bytes);
    return {block.datum, block.room.first(bytes)};
}

char* encode_base64(std::span<const std::byte> bytes) {
    const std::size_t room = (bytes.size() + 2) / 3 * 4;
    auto* text = static_cast<char*>(palloc(room + 1));
    std::size_t length = 0;
    in_steps(bytes.size(), kByteStep, [&](std::size_t from, std::size_t to) {
        const int n =
            pg_b64_encode(reinterpret_cast<const Base64Byte*>(bytes.data() + from), static_cast<int>(to - from),
                          text + length, static_cast<int>(std::min<std::size_t>(room - length, kTextStep)));
        if (n < 0) elog(ERROR, "sketch: base64 encoding failed");
        length += static_cast<std::size_t>(n);
    });
    text[length] = '\0';
    return text;
}

template <class T>
static Datum row_of_numbers(FunctionCallInfo fcinfo, std::span<const T> values) {
    TupleDesc columns;
    if (get_call_result_type(fcinfo, nullptr, &columns) != TYPEFUNC_COMPOSITE)
        ereport(ERROR, errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                errmsg("function returning record called in context that cannot accept type record"));
    constexpr int kMaxColumns = 8;
    Assert(columns->natts == static_cast<int>(values.size()) && columns->natts <= kMaxColumns);
    Datum datums[kMaxColumns];
    bool nulls[kMaxColumns] = {};
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
