// SPDX-License-Identifier: PostgreSQL
//
// Dates and times as numbers, for quantile sketches, and back.
#pragma once

#include "pg/pg.hpp"

namespace sketch::pg {

// date in days, timestamp, timestamptz and time in microseconds; interval in microseconds with months of 30 days and
// days of 24 hours, as its = compares. Infinity stays infinity. A double holds every microsecond of the years 1715 to
// 2285.
double number_of_time(FunctionCallInfo fcinfo, Oid type, Datum time);

// The nearest value of the type, within its range.
Datum time_of_number(FunctionCallInfo fcinfo, Oid type, double number);

// Both raise this for another type.
[[noreturn]] void reject_no_time(FunctionCallInfo fcinfo, Oid type);

}  // namespace sketch::pg
