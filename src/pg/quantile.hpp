// SPDX-License-Identifier: PostgreSQL
//
// What the quantile rooms share: values that are doubles, fractions, and arrays of them.
#pragma once

#include "pg/shim.hpp"

namespace sketch::pg {

// Adds the double in argument 1. NULL values are skipped.
template <Shim T>
Datum add_float8(FunctionCallInfo fcinfo) {
    if (PG_ARGISNULL(1)) return null_or_first(fcinfo);
    const double value = PG_GETARG_FLOAT8(1);
    return add<T>(fcinfo, 2, [value](typename T::Kernel& s) { return s.add(value); });
}

// "kll_quantile: fraction must be between 0 and 1, not 2"
double checked_fraction(FunctionCallInfo fcinfo, double fraction);
double fraction_argument(FunctionCallInfo fcinfo, int argument);

// The elements of a float8[] argument. NULL is one of them only where `null` is true.
struct Doubles {
    ArrayType* array;
    Datum* values;
    bool* null;
    int n;
};
Doubles doubles_argument(FunctionCallInfo fcinfo, int argument);

// An array of the same shape: of(double) for each element, NULL for NULL.
Datum array_like(const Doubles& from, Datum* values);

template <class Of>
Datum map_doubles(FunctionCallInfo fcinfo, int argument, Of of) {
    const Doubles from = doubles_argument(fcinfo, argument);
    for (int i = 0; i < from.n; ++i)
        if (!from.null[i]) from.values[i] = Float8GetDatum(of(DatumGetFloat8(from.values[i])));
    return array_like(from, from.values);
}

}  // namespace sketch::pg
