// SPDX-License-Identifier: PostgreSQL
#include "pg/error.hpp"

namespace sketch::pg {

void raise(Status status, const char* type) {
    switch (status) {
        case Status::wrong_kind:
            ereport(ERROR, errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
                    errmsg("these bytes are not of type %s", type),
                    errhint("Another type of sketch may have been stored here, or something that is no sketch."));
            break;
        case Status::wrong_version:
            ereport(ERROR, errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
                    errmsg("this %s has a format version that this release cannot read", type),
                    errhint("Install a newer version of the extension sketch."));
            break;
        case Status::wrong_size:
            ereport(ERROR, errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
                    errmsg("this %s is damaged: its length does not fit its content", type),
                    errhint("It may have been cut off or padded on its way here."));
            break;
        case Status::bad_parameter:
            ereport(ERROR, errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
                    errmsg("this %s is damaged: a parameter is out of its range", type));
            break;
        case Status::bad_content:
            ereport(ERROR, errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
                    errmsg("this %s is damaged: no values can have produced its content", type));
            break;
        case Status::unlike_hash:
            ereport(ERROR, errcode(ERRCODE_DATATYPE_MISMATCH),
                    errmsg("cannot merge two values of type %s that were built with different hash functions", type));
            break;
        case Status::unlike:
            ereport(ERROR, errcode(ERRCODE_DATATYPE_MISMATCH),
                    errmsg("cannot merge two values of type %s with different parameters", type),
                    errhint("Build both with the same parameters."));
            break;
        case Status::unlike_items:
            ereport(ERROR, errcode(ERRCODE_DATATYPE_MISMATCH),
                    errmsg("cannot mix items of different types in one %s", type),
                    errhint("Cast the items to one type, for example to text."));
            break;
        case Status::overflow:
            ereport(ERROR, errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
                    errmsg("a total in this %s would be out of range", type));
            break;
        case Status::ok:
        case Status::no_room: break;
    }
    elog(ERROR, "sketch: unexpected status %d of a %s", static_cast<int>(status), type);
    pg_unreachable();
}

void raise_too_large(std::size_t bytes) {
    ereport(ERROR, errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
            errmsg("a sketch would need %zu bytes, and may have %zu", bytes, kMaxImageBytes),
            errhint("Build it for fewer values or a greater error."));
    pg_unreachable();
}

// The functions that an aggregate is made of speak for it: its name is what the user wrote.
static bool is_made_of(Oid aggregate, Oid function) {
    const HeapTuple tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(aggregate));
    if (!HeapTupleIsValid(tuple)) return false;
    const auto* parts = reinterpret_cast<const FormData_pg_aggregate*>(GETSTRUCT(tuple));
    const bool found = function == parts->aggtransfn || function == parts->aggfinalfn ||
                       function == parts->aggmtransfn || function == parts->aggminvtransfn ||
                       function == parts->aggmfinalfn;
    ReleaseSysCache(tuple);
    return found;
}

static Oid called_function(FunctionCallInfo fcinfo) {
    const Oid function = fcinfo->flinfo->fn_oid;
    if (const Aggref* aggregate = AggGetAggref(fcinfo); aggregate != nullptr) return aggregate->aggfnoid;
    if (fcinfo->context == nullptr || !IsA(fcinfo->context, WindowAggState)) return function;
    ListCell* cell;
    foreach (cell, reinterpret_cast<const WindowAggState*>(fcinfo->context)->funcs) {
        const Oid aggregate = static_cast<const WindowFuncExprState*>(lfirst(cell))->wfunc->winfnoid;
        if (is_made_of(aggregate, function)) return aggregate;
    }
    return function;
}

const char* function_name(FunctionCallInfo fcinfo) {
    const char* name = get_func_name(called_function(fcinfo));
    return name != nullptr ? name : "sketch";
}

void reject_null(FunctionCallInfo fcinfo, int argument, const char* name) {
    if (PG_ARGISNULL(argument))
        ereport(ERROR, errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
                errmsg("%s: %s must not be NULL", function_name(fcinfo), name));
}

int64 whole_in_range(FunctionCallInfo fcinfo, int argument, const char* name, int64 low, int64 high) {
    reject_null(fcinfo, argument, name);
    const int64 value = PG_GETARG_INT64(argument);
    if (value < low || value > high)
        ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                errmsg("%s: %s must be between %lld and %lld, not %lld", function_name(fcinfo), name,
                       static_cast<long long>(low), static_cast<long long>(high), static_cast<long long>(value)));
    return value;
}

double number_in_range(FunctionCallInfo fcinfo, int argument, const char* name, double low, double high) {
    reject_null(fcinfo, argument, name);
    const double value = PG_GETARG_FLOAT8(argument);
    if (!(value >= low && value <= high))
        ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                errmsg("%s: %s must be between %g and %g, not %g", function_name(fcinfo), name, low, high, value));
    return value;
}

void raise_weight(FunctionCallInfo fcinfo, int64 low, double weight) {
    ereport(ERROR, errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
            errmsg("%s: weight must be a whole number from %lld to %lld, not %s", function_name(fcinfo),
                   static_cast<long long>(low), static_cast<long long>(kMaxWholeWeight),
                   double_to_shortest_decimal(weight)));
    pg_unreachable();
}

double fraction_inside(FunctionCallInfo fcinfo, int argument, const char* name) {
    reject_null(fcinfo, argument, name);
    const double value = PG_GETARG_FLOAT8(argument);
    if (!(value > 0 && value < 1))
        ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                errmsg("%s: %s must be greater than 0 and less than 1, not %g", function_name(fcinfo), name, value));
    return value;
}

}  // namespace sketch::pg
