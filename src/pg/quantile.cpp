// SPDX-License-Identifier: PostgreSQL
#include "pg/quantile.hpp"

#include <algorithm>
#include <bit>

#include "core/float_order.hpp"

namespace sketch::pg {

double checked_fraction(FunctionCallInfo fcinfo, double fraction) {
    if (!(fraction >= 0 && fraction <= 1))
        ereport(ERROR, errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
                errmsg("%s: fraction must be between 0 and 1, not %g", function_name(fcinfo), fraction));
    return fraction;
}

double fraction_argument(FunctionCallInfo fcinfo, int argument) {
    reject_null(fcinfo, argument, "fraction");
    return checked_fraction(fcinfo, PG_GETARG_FLOAT8(argument));
}

// A float8 has no padding, and a NULL takes no place: the elements are one array of C.
static Doubles doubles_of(ArrayType* array) {
    const auto* data = reinterpret_cast<std::byte*>(ARR_DATA_PTR(array));
    const auto* end = reinterpret_cast<std::byte*>(array) + VARSIZE(array);
    const auto n = std::min(static_cast<std::size_t>(ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array))),
                            static_cast<std::size_t>(end - data) / sizeof(double));
    return {array, {reinterpret_cast<double*>(ARR_DATA_PTR(array)), n}};
}

Doubles doubles_argument(FunctionCallInfo fcinfo, int argument) { return doubles_of(PG_GETARG_ARRAYTYPE_P(argument)); }

Doubles copied_doubles(FunctionCallInfo fcinfo, int argument) {
    ArrayType* const array = PG_GETARG_ARRAYTYPE_P(argument);
    if (PointerGetDatum(array) != PG_GETARG_DATUM(argument)) return doubles_of(array);  // detoasting made one
    auto* copy = static_cast<ArrayType*>(palloc(VARSIZE(array)));
    copy_in_steps(reinterpret_cast<std::byte*>(copy), reinterpret_cast<std::byte*>(array), VARSIZE(array));
    return doubles_of(copy);
}

// The bits of a double as an integer in the same order, and back: the sign of a negative one stays, its other bits are
// flipped.
static std::int64_t flipped(std::int64_t bits) {
    return bits ^ static_cast<std::int64_t>(static_cast<std::uint64_t>(bits >> 63) >> 1);
}

double question_of(std::int64_t key) { return std::bit_cast<double>(flipped(key)); }

void sort_questions(std::span<const double> values, Question* sorted) {
    bool ascending = true;
    for (std::size_t i = 0; i < values.size(); ++i) {
        sorted[i] = {flipped(std::bit_cast<std::int64_t>(canonical(values[i]))), static_cast<std::uint32_t>(i)};
        ascending = ascending && (i == 0 || sorted[i - 1].key <= sorted[i].key);
    }
    if (ascending) return;
    std::sort(sorted, sorted + values.size(), [](const Question& a, const Question& b) { return a.key < b.key; });
}

}  // namespace sketch::pg
