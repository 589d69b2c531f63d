// SPDX-License-Identifier: PostgreSQL
//
// The parameters of a call, such as the precision of hll_agg(value, precision). They begin a sketch; and a sketch that
// the call adds to must have the same, so that no row's parameters are silently ignored.
#pragma once

#include "pg/argument.hpp"
#include "pg/value.hpp"

namespace sketch::pg {

inline constexpr const char* kSeveralColumns = "For several columns write (a, b): they are one value then.";

// Whether the arguments from `first` on are the same for all rows of a running aggregate.
bool are_constant(FunctionCallInfo fcinfo, int first);

// was, is: parameters in words.
[[noreturn]] void raise_unlike_params(FunctionCallInfo fcinfo, const char* was, const char* is, const char* hint);

// Constants of an aggregate are read once for a call site, which keeps them.
template <Shim T>
typename T::Kernel::Params read_params(FunctionCallInfo fcinfo, int first) {
    using Params = typename T::Kernel::Params;
    if (const void* const kept = call_site(fcinfo).parameters) return *static_cast<const Params*>(kept);
    if (!are_constant(fcinfo, first)) return T::params(fcinfo, first);
    const MemoryContext before = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
    auto* const kept = static_cast<Params*>(palloc(sizeof(Params)));
    *kept = T::params(fcinfo, first);
    MemoryContextSwitchTo(before);
    call_site(fcinfo).parameters = kept;
    return *kept;
}

template <Shim T>
[[gnu::noinline, gnu::cold]] void compare_params(FunctionCallInfo fcinfo, int first, typename T::Kernel s) {
    typename T::Kernel::Params given = read_params<T>(fcinfo, first);
    if constexpr (requires { T::fill_in(given, fcinfo, first, s.params()); })
        T::fill_in(given, fcinfo, first, s.params());
    if (!(given == s.params()))
        raise_unlike_params(fcinfo, T::describe(s.params()), T::describe(given), T::kParametersHint);
}

// Before an item is added to a sketch that is there.
template <Shim T>
[[gnu::always_inline]] inline void expect_params(FunctionCallInfo fcinfo, int first, const typename T::Kernel& s) {
    if (PG_NARGS() > first) compare_params<T>(fcinfo, first, s);
}

// Before an item is added to a working state. Where the parameters are constants, this call site made it with them: an
// initial state that somebody gave to an aggregate is trimmed.
template <Shim T>
[[gnu::always_inline]] inline void expect_params_of_state(FunctionCallInfo fcinfo, int first,
                                                          const typename T::Kernel& s) {
    if (PG_NARGS() <= first || call_site(fcinfo).parameters != nullptr) [[likely]]
        return;
    compare_params<T>(fcinfo, first, s);
}

}  // namespace sketch::pg
