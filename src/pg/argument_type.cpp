// SPDX-License-Identifier: PostgreSQL
//
// The type of an argument, and the one that it had in the query before a cast that nobody wrote.
#include "pg/value.hpp"

extern "C" {
#include "catalog/pg_aggregate.h"
#include "nodes/nodeFuncs.h"
}

namespace sketch::pg {

namespace {

// Raises an error if the expression is one that was cast silently to the declared type, and whose own type has another
// equality: hll_agg(value citext) takes the overload for text, and text tells apart what citext calls equal.
void reject_silent_cast(const Node* expression, bool element_of, Oid declared) {
    const Node* source = expression;
    while (IsA(source, RelabelType)) {
        const auto* cast = reinterpret_cast<const RelabelType*>(source);
        if (cast->relabelformat != COERCE_IMPLICIT_CAST) break;
        source = reinterpret_cast<const Node*>(cast->arg);
    }
    if (IsA(source, ArrayCoerceExpr) &&
        reinterpret_cast<const ArrayCoerceExpr*>(source)->coerceformat == COERCE_IMPLICIT_CAST)
        source = reinterpret_cast<const Node*>(reinterpret_cast<const ArrayCoerceExpr*>(source)->arg);
    if (source == expression) return;
    Oid type = getBaseType(exprType(source));
    if (element_of) type = getBaseType(get_base_element_type(type));
    if (OidIsValid(type)) reject_own_equality(type, declared);
}

void reject_silent_cast(List* arguments, int argument, Oid declared) {
    if (argument < 0 || argument >= list_length(arguments)) return;
    const auto* expression = static_cast<const Node*>(list_nth(arguments, argument));
    if (IsA(expression, TargetEntry))
        expression = reinterpret_cast<const Node*>(reinterpret_cast<const TargetEntry*>(expression)->expr);
    reject_silent_cast(expression, false, declared);
}

bool is_transition_of(Oid function, Oid aggregate) {
    const HeapTuple tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(aggregate));
    if (!HeapTupleIsValid(tuple)) return false;
    const auto* found = reinterpret_cast<const FormData_pg_aggregate*>(GETSTRUCT(tuple));
    const bool is = found->aggtransfn == function || found->aggmtransfn == function;
    ReleaseSysCache(tuple);
    return is;
}

// A window does not tell its functions which of them is called. Any one with such a cast fails the query, so that it
// may fail here.
void reject_silent_casts_of_window(const WindowAggState* window, Oid function, int argument, Oid declared) {
    ListCell* cell;
    foreach (cell, window->funcs) {
        const WindowFunc* call = static_cast<const WindowFuncExprState*>(lfirst(cell))->wfunc;
        if (call->winagg && is_transition_of(function, call->winfnoid))
            reject_silent_cast(call->args, argument - 1, declared);
    }
}

void reject_silent_casts(FunctionCallInfo fcinfo, int argument, Oid declared) {
    const Node* call = fcinfo->flinfo->fn_expr;
    if (const Aggref* aggregate = AggGetAggref(fcinfo))
        reject_silent_cast(aggregate->args, argument - 1, declared);
    else if (fcinfo->context != nullptr && IsA(fcinfo->context, WindowAggState))
        reject_silent_casts_of_window(reinterpret_cast<const WindowAggState*>(fcinfo->context), fcinfo->flinfo->fn_oid,
                                      argument, declared);
    else if (call == nullptr)
        return;
    else if (IsA(call, FuncExpr))
        reject_silent_cast(reinterpret_cast<const FuncExpr*>(call)->args, argument, declared);
    else if (IsA(call, OpExpr))
        reject_silent_cast(reinterpret_cast<const OpExpr*>(call)->args, argument, declared);
    else if (IsA(call, ScalarArrayOpExpr) && argument == 1)
        reject_silent_cast(static_cast<const Node*>(lsecond(reinterpret_cast<const ScalarArrayOpExpr*>(call)->args)),
                           true, declared);
}

}  // namespace

Elements elements_argument(FunctionCallInfo fcinfo, int argument) {
    ArrayType* const array = PG_GETARG_ARRAYTYPE_P(argument);
    const Oid type = ARR_ELEMTYPE(array);
    int16 length;
    bool by_value, *nulls;
    char alignment;
    Datum* values;
    int n, kept = 0;
    get_typlenbyvalalign(type, &length, &by_value, &alignment);
    deconstruct_array(array, type, length, by_value, alignment, &values, &nulls, &n);
    for (int i = 0; i < n; ++i)
        if (!nulls[i]) values[kept++] = values[i];
    return {type, {values, static_cast<std::size_t>(kept)}};
}

Oid argument_type(FunctionCallInfo fcinfo, int argument) {
    const HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(fcinfo->flinfo->fn_oid));
    if (!HeapTupleIsValid(tuple)) elog(ERROR, "cache lookup failed for function %u", fcinfo->flinfo->fn_oid);
    const auto* function = reinterpret_cast<const FormData_pg_proc*>(GETSTRUCT(tuple));
    const Oid declared = argument < function->pronargs ? function->proargtypes.values[argument] : InvalidOid;
    ReleaseSysCache(tuple);
    const Oid type = declared == ANYELEMENTOID ? get_fn_expr_argtype(fcinfo->flinfo, argument) : declared;
    if (!OidIsValid(type))
        ereport(ERROR, errcode(ERRCODE_INDETERMINATE_DATATYPE), errmsg("could not determine the type of the value"),
                errhint("Cast the value to its type."));
    // Of anyelement too: an aggregate's parts may be declared so where itself is not.
    reject_silent_casts(fcinfo, argument, type);
    return type;
}

}  // namespace sketch::pg
