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

Datum shares_of(FunctionCallInfo fcinfo, int argument, Datum (*ranks_of)(FunctionCallInfo)) {
    const Doubles splits = doubles_argument(fcinfo, argument);
    const std::size_t n = splits.values.size();
    const auto rejected = [&](bool wrong, const char* rule) {
        if (wrong)
            ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("%s: splits must %s", function_name(fcinfo), rule));
    };
    rejected(ARR_NDIM(splits.array) > 1, "be an array of one dimension");
    rejected(array_contains_nulls(splits.array), "not contain NULL");
    rejected(n >= MaxAllocSize / sizeof(Datum) - 1, "be fewer");
    for (std::size_t i = 0; i < n; ++i) {
        CHECK_FOR_INTERRUPTS();
        rejected(std::isnan(splits.values[i]) || (i != 0 && !(splits.values[i - 1] < splits.values[i])), "ascend");
    }
    const Datum ranks = ranks_of(fcinfo);
    if (fcinfo->isnull) PG_RETURN_NULL();
    const std::span<const double> upto = doubles_of(DatumGetArrayTypeP(ranks)).values;
    auto* shares = static_cast<Datum*>(palloc(sizeof(Datum) * (n + 1)));
    double before = 0;
    for (std::size_t i = 0; i <= n; ++i) {
        CHECK_FOR_INTERRUPTS();
        const double rank = i < n ? upto[i] : 1;
        shares[i] = Float8GetDatum(std::max(rank - before, 0.0));
        before = rank;
    }
    return PointerGetDatum(
        construct_array(shares, static_cast<int>(n + 1), FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
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
