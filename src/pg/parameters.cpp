// SPDX-License-Identifier: PostgreSQL
#include "pg/parameters.hpp"

extern "C" {
#include "nodes/primnodes.h"
}

namespace sketch::pg {

static bool is_constant(const Node* argument) {
    return IsA(argument, Const) ||
           (IsA(argument, Param) && reinterpret_cast<const Param*>(argument)->paramkind == PARAM_EXTERN);
}

bool are_constant(FunctionCallInfo fcinfo, int first) {
    const Aggref* const aggregate = in_transition(fcinfo) ? AggGetAggref(fcinfo) : nullptr;
    if (aggregate == nullptr || list_length(aggregate->args) < PG_NARGS() - 1) return false;
    for (int i = first; i < PG_NARGS(); ++i) {
        const auto* const entry = static_cast<const TargetEntry*>(list_nth(aggregate->args, i - 1));
        if (!is_constant(reinterpret_cast<const Node*>(entry->expr))) return false;
    }
    return true;
}

void raise_unlike_params(FunctionCallInfo fcinfo, const char* was, const char* is, const char* hint) {
    const char* const name = function_name(fcinfo);
    if (in_transition(fcinfo))
        ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                errmsg("%s: the parameters must be the same in every row: %s before, %s now", name, was, is),
                errhint("%s", hint));
    ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
            errmsg("%s: the sketch has %s, and the call says %s", name, was, is), errhint("%s", hint));
    pg_unreachable();
}

}  // namespace sketch::pg
