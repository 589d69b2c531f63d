// SPDX-License-Identifier: PostgreSQL
#include "pg/quantile.hpp"

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

Doubles doubles_argument(FunctionCallInfo fcinfo, int argument) {
    Doubles d{PG_GETARG_ARRAYTYPE_P(argument), nullptr, nullptr, 0};
    deconstruct_array(d.array, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &d.values, &d.null, &d.n);
    return d;
}

Datum array_like(const Doubles& from, Datum* values) {
    return PointerGetDatum(construct_md_array(values, from.null, ARR_NDIM(from.array), ARR_DIMS(from.array),
                                              ARR_LBOUND(from.array), FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL,
                                              TYPALIGN_DOUBLE));
}

}  // namespace sketch::pg
