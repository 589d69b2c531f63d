// SPDX-License-Identifier: PostgreSQL
//
// Kernel statuses as PostgreSQL errors: the one place where they get an SQLSTATE and words.
#pragma once

#include "core/kernel.hpp"

#include "pg/pg.hpp"

namespace sketch::pg {

// Raises the error of a status; type is the SQL name of the sketch, such as "hllsketch".
[[noreturn]] void raise(Status status, const char* type);

// An image that would need so many bytes is larger than a value may be.
[[noreturn]] void raise_too_large(std::size_t bytes);

// The name of the function or aggregate that the user called.
const char* function_name(FunctionCallInfo fcinfo);

// "hll_agg: precision must be between 4 and 18, not 3"
int64 whole_in_range(FunctionCallInfo fcinfo, int argument, const char* name, int64 low, int64 high);

double number_in_range(FunctionCallInfo fcinfo, int argument, const char* name, double low, double high);

// A weight where the kernel counts: a whole number, which a double holds exactly up to this.
inline constexpr int64 kMaxWholeWeight = (int64{1} << 53) - 1;

[[noreturn]] void raise_weight(FunctionCallInfo fcinfo, int64 low, double weight);

// From `low` to kMaxWholeWeight.
[[gnu::always_inline]] inline int64 whole_weight(FunctionCallInfo fcinfo, int argument, int64 low) {
    const double weight = PG_GETARG_FLOAT8(argument);
    if (weight >= static_cast<double>(low) && weight <= static_cast<double>(kMaxWholeWeight)) [[likely]]
        if (const auto whole = static_cast<int64>(weight); static_cast<double>(whole) == weight) [[likely]]
            return whole;
    raise_weight(fcinfo, low, weight);
}

// An argument strictly between 0 and 1.
double fraction_inside(FunctionCallInfo fcinfo, int argument, const char* name);

// The value of a parameter may not be NULL even where the function is not strict.
void reject_null(FunctionCallInfo fcinfo, int argument, const char* name);

}  // namespace sketch::pg
