// SPDX-License-Identifier: PostgreSQL
#include "pg/time.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "pg/error.hpp"

extern "C" {
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
}

namespace sketch::pg {

static constexpr double kInfinity = std::numeric_limits<double>::infinity();

static double number_of_interval(const Interval* span) {
#ifdef INTERVAL_NOT_FINITE
    if (INTERVAL_IS_NOBEGIN(span)) return -kInfinity;
    if (INTERVAL_IS_NOEND(span)) return kInfinity;
#endif
    const double days = static_cast<double>(span->month) * DAYS_PER_MONTH + span->day;
    return days * static_cast<double>(USECS_PER_DAY) + static_cast<double>(span->time);
}

double number_of_time(FunctionCallInfo fcinfo, Oid type, Datum time) {
    switch (type) {
        case DATEOID:
            if (DATE_IS_NOBEGIN(DatumGetDateADT(time))) return -kInfinity;
            if (DATE_IS_NOEND(DatumGetDateADT(time))) return kInfinity;
            return DatumGetDateADT(time);
        case TIMESTAMPOID:
        case TIMESTAMPTZOID:
            if (TIMESTAMP_IS_NOBEGIN(DatumGetTimestamp(time))) return -kInfinity;
            if (TIMESTAMP_IS_NOEND(DatumGetTimestamp(time))) return kInfinity;
            return static_cast<double>(DatumGetTimestamp(time));
        case TIMEOID: return static_cast<double>(DatumGetTimeADT(time));
        case INTERVALOID: return number_of_interval(DatumGetIntervalP(time));
        default: break;
    }
    const Oid base = getBaseType(type);
    if (base == type) reject_no_time(fcinfo, type);
    return number_of_time(fcinfo, base, time);
}

void reject_no_time(FunctionCallInfo fcinfo, Oid type) {
    ereport(ERROR, errcode(ERRCODE_DATATYPE_MISMATCH),
            errmsg("%s: value must be a date, timestamp, time or interval, not of type %s", function_name(fcinfo),
                   format_type_be(type)));
}

static std::int64_t whole_between(double number, std::int64_t least, std::int64_t most) {
    if (!(number > static_cast<double>(least))) return least;
    return number < static_cast<double>(most) ? std::llrint(number) : most;
}

static Datum interval_of_number(double number) {
    auto* span = static_cast<Interval*>(palloc0(sizeof(Interval)));
#ifdef INTERVAL_NOT_FINITE
    if (std::isinf(number)) {
        if (number < 0)
            INTERVAL_NOBEGIN(span);
        else
            INTERVAL_NOEND(span);
        return IntervalPGetDatum(span);
    }
#endif
    const std::int64_t days = std::llrint(std::trunc(number / static_cast<double>(USECS_PER_DAY)));
    const std::int64_t months =
        days / PG_INT32_MAX == 0 ? 0 : days / DAYS_PER_MONTH;  // where the days alone do not fit
    span->month = static_cast<int32>(months);
    span->day = static_cast<int32>(days - months * DAYS_PER_MONTH);
    span->time = std::llrint(std::fmod(number, static_cast<double>(USECS_PER_DAY)));
    return IntervalPGetDatum(span);
}

Datum time_of_number(FunctionCallInfo fcinfo, Oid type, double number) {
    switch (type) {
        case DATEOID:
            if (std::isinf(number)) return DateADTGetDatum(number < 0 ? DATEVAL_NOBEGIN : DATEVAL_NOEND);
            return DateADTGetDatum(
                static_cast<DateADT>(whole_between(number, DATETIME_MIN_JULIAN - POSTGRES_EPOCH_JDATE,
                                                   std::int64_t{DATE_END_JULIAN} - POSTGRES_EPOCH_JDATE - 1)));
        case TIMESTAMPOID:
        case TIMESTAMPTZOID:
            if (std::isinf(number)) return TimestampGetDatum(number < 0 ? DT_NOBEGIN : DT_NOEND);
            return TimestampGetDatum(whole_between(number, MIN_TIMESTAMP, END_TIMESTAMP - 1));
        case TIMEOID: return TimeADTGetDatum(whole_between(number, 0, USECS_PER_DAY));
        case INTERVALOID: return interval_of_number(number);
        default: reject_no_time(fcinfo, type);
    }
}

}  // namespace sketch::pg
