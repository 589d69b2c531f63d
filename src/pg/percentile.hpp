// SPDX-License-Identifier: PostgreSQL
//
// approx_percentile over a quantile sketch: the state carries the fractions that it was asked for (core/asked.hpp), so
// that plans may split it as they split the sketch's own aggregate. Room is the shim of the sketch's room.
#pragma once

#include "pg/quantile.hpp"
#include "pg/shim.hpp"
#include "pg/time.hpp"

namespace sketch::pg {

// "fractions 0.5, 0.9"
const char* describe_fractions(std::span<const std::byte> fractions);
std::span<const std::byte> one_fraction(FunctionCallInfo fcinfo, int argument);
std::span<const std::byte> many_fractions(FunctionCallInfo fcinfo, int argument);

// (sketch, value, fractions [, the room's parameter])
template <Shim Room, std::span<const std::byte> (*kFractions)(FunctionCallInfo, int)>
struct Percentile : Room {
    using Params = typename Room::Kernel::Params;

    static Params params(FunctionCallInfo fcinfo, int first) {
        const std::span<const std::byte> fractions = kFractions(fcinfo, first);
        Params params = Room::params(fcinfo, first + 1);
        params.fractions = fractions;
        return params;
    }
    static const char* describe(const Params& params) {
        const char* const fractions = describe_fractions(params.fractions);
        Params plain = params;
        plain.fractions = {};
        if (plain == Room::kDefaults) return fractions;
        return psprintf("%s and %s", fractions, Room::describe(plain));
    }
    static constexpr const char* kParametersHint =
        "Write approx_percentile(value, fraction), with the same fraction for every row.";
};
template <Shim Room>
using OneFraction = Percentile<Room, one_fraction>;
template <Shim Room>
using ManyFractions = Percentile<Room, many_fractions>;

// Adds the date, time or interval in argument 1. NULL values are skipped.
template <Shim T>
Datum add_time(FunctionCallInfo fcinfo) {
    if (PG_ARGISNULL(1)) return null_or_first(fcinfo);
    const double value = number_of_time(fcinfo, get_fn_expr_argtype(fcinfo->flinfo, 1), PG_GETARG_DATUM(1));
    return add<T>(fcinfo, 2, [value](typename T::Kernel& s) { return s.add(value); });
}

// What was asked for first, or NULL.
template <Shim Room, class Answer>
Datum percentile(FunctionCallInfo fcinfo, Answer answer) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const typename Room::Kernel::Reader s = reader<Room>(fcinfo, 0);
    if (s.empty() || s.fractions() == 0) PG_RETURN_NULL();
    return answer(s.quantile(s.fraction(0)));
}

// All that was asked for, in an array.
template <Shim Room, class Answer>
Datum percentiles(FunctionCallInfo fcinfo, Oid type, Answer answer) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    using Reader = typename Room::Kernel::Reader;
    const Reader s = reader<Room>(fcinfo, 0);
    if (s.empty()) PG_RETURN_NULL();
    const std::size_t n = s.fractions();
    double answers[Reader::kMaxFractions];
    for (std::size_t i = 0; i < n; ++i) answers[i] = s.fraction(i);
    answer_all({answers, n}, [&](std::size_t questions) {
        return [cursor = typename Reader::Cursor(s, questions)](double fraction) mutable {
            return cursor.quantile(fraction);
        };
    });
    Datum elements[Reader::kMaxFractions];
    for (std::size_t i = 0; i < n; ++i) elements[i] = answer(answers[i]);
    int16 length;
    bool by_value;
    char alignment;
    get_typlenbyvalalign(type, &length, &by_value, &alignment);
    return PointerGetDatum(construct_array(elements, static_cast<int>(n), type, length, by_value, alignment));
}

template <Shim Room>
Datum float8_percentile(FunctionCallInfo fcinfo) {
    return percentile<Room>(fcinfo, [](double value) { return Float8GetDatum(value); });
}
template <Shim Room>
Datum float8_percentiles(FunctionCallInfo fcinfo) {
    return percentiles<Room>(fcinfo, FLOAT8OID, [](double value) { return Float8GetDatum(value); });
}

// (sketch, a value of the type that the answer has, fractions ...)
template <Shim Room>
Datum time_percentile(FunctionCallInfo fcinfo) {
    const Oid type = get_fn_expr_argtype(fcinfo->flinfo, 1);
    return percentile<Room>(fcinfo, [=](double value) { return time_of_number(fcinfo, type, value); });
}
template <Shim Room>
Datum time_percentiles(FunctionCallInfo fcinfo) {
    const Oid type = get_fn_expr_argtype(fcinfo->flinfo, 1);
    return percentiles<Room>(fcinfo, type, [=](double value) { return time_of_number(fcinfo, type, value); });
}

}  // namespace sketch::pg
