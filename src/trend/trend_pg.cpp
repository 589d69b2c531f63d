// SPDX-License-Identifier: PostgreSQL
//
// trend to PostgreSQL.
#include "trend/trend.hpp"

#include "pg/item.hpp"
#include "pg/rows.hpp"
#include "pg/shim.hpp"

extern "C" {
#include "access/xact.h"
}

namespace {

using namespace sketch;
using heavy_hitters::kMaxEntries, heavy_hitters::kMaxScales, heavy_hitters::kMaxWeight;
using sketch::Item;  // PostgreSQL has another

// A duration of fixed length in microseconds.
std::int64_t duration(FunctionCallInfo fcinfo, const Interval* interval, const char* name, std::int64_t low,
                      const char* low_text) {
    if (interval->month != 0)
        ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                errmsg("%s: %s must be a fixed length of time, and months are not", pg::function_name(fcinfo), name),
                errhint("Write it in days or hours, for example '30 days'."));
    const int128 length = static_cast<int128>(interval->day) * USECS_PER_DAY + interval->time;
    if (length < low || length > Trend::kMaxDuration)
        ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                errmsg("%s: %s must be between %s and 365250 days, not %s", pg::function_name(fcinfo), name, low_text,
                       DatumGetCString(DirectFunctionCall1(interval_out, IntervalPGetDatum(interval)))));
    return static_cast<std::int64_t>(length);
}

// One half-life, or an array of up to four, in any order.
void read_half_lives(FunctionCallInfo fcinfo, int argument, bool many, Trend::Params& params) {
    const Datum value = PG_GETARG_DATUM(argument);
    if (!many) {
        params.scales = 1;
        params.half_lives[0] = duration(fcinfo, DatumGetIntervalP(value), "half_life", Trend::kSecond, "1 second");
        return;
    }
    Datum* elements;
    bool* nulls;
    int n;
    deconstruct_array(DatumGetArrayTypeP(value), INTERVALOID, sizeof(Interval), false, TYPALIGN_DOUBLE, &elements,
                      &nulls, &n);
    if (n < 1 || n > kMaxScales)
        ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                errmsg("%s: half_lives must be between 1 and %d half-lives, not %d", pg::function_name(fcinfo),
                       kMaxScales, n));
    for (int i = 0; i < n; ++i) {
        if (nulls[i])
            ereport(ERROR, errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
                    errmsg("%s: half_lives must not contain NULL", pg::function_name(fcinfo)));
        params.half_lives[i] =
            duration(fcinfo, DatumGetIntervalP(elements[i]), "half_life", Trend::kSecond, "1 second");
    }
    std::sort(params.half_lives, params.half_lives + n);
    if (std::adjacent_find(params.half_lives, params.half_lives + n) != params.half_lives + n)
        ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                errmsg("%s: half_lives must differ from each other", pg::function_name(fcinfo)));
    params.scales = n;
}

// k and max_ahead; where an argument is not there, its default.
void read_others(FunctionCallInfo fcinfo, int k, int ahead, Trend::Params& params) {
    params.k = Trend::kDefaultK;
    if (PG_NARGS() > k)
        params.k = static_cast<std::uint32_t>(pg::whole_in_range(fcinfo, k, "k", kMaxScales, kMaxEntries));
    params.ahead = Trend::kDay;
    if (PG_NARGS() > ahead) {
        pg::reject_null(fcinfo, ahead, "max_ahead");
        params.ahead = duration(fcinfo, PG_GETARG_INTERVAL_P(ahead), "max_ahead", 0, "0");
    }
}

// The rule that keeps one wrong clock from making everything else old: a moment may be so far after the start of the
// transaction. What was right once stays right, whenever it is added again.
// Most events are over, which the start of an earlier transaction tells as well.
std::int64_t known_start = Trend::kFirst;

[[gnu::noinline]] void reject_after_start(FunctionCallInfo fcinfo, std::int64_t at, std::int64_t ahead) {
    known_start = GetCurrentTransactionStartTimestamp();
    if (at <= known_start || at - known_start <= ahead) return;
    ereport(
        ERROR, errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
        errmsg("%s: an event at %s is too far in the future: beside it, all others would count for nothing",
               pg::function_name(fcinfo), timestamptz_to_str(at)),
        errhint("An event may be max_ahead (default 1 day) after now(). Raise that parameter if the moment is right."));
}

inline void reject_future(FunctionCallInfo fcinfo, std::int64_t at, std::int64_t ahead) {
    if (at > known_start) reject_after_start(fcinfo, at, ahead);
}

template <bool kMany>
struct TrendShim {
    using Kernel = Trend;
    static constexpr const char* kType = "trendsketch";
    static constexpr bool kHashes = false;

    // half_life, k, max_ahead
    static Trend::Params params(FunctionCallInfo fcinfo, int first) {
        Trend::Params params{};
        pg::reject_null(fcinfo, first, kMany ? "half_lives" : "half_life");
        read_half_lives(fcinfo, first, kMany, params);
        read_others(fcinfo, first + 1, first + 2, params);
        return params;
    }
    // A sketch from elsewhere may be ahead of time as an event may be.
    static void require_alike(FunctionCallInfo fcinfo, const Trend& a, const Trend& b) {
        pg::require_alike_items(fcinfo, kType, a.item_kind(), b.item_kind());
        const std::int64_t ahead = std::min(a.ahead(), b.ahead());
        reject_future(fcinfo, a.latest(), ahead);
        reject_future(fcinfo, b.latest(), ahead);
    }
    static void fill_in(Trend::Params& given, FunctionCallInfo fcinfo, int first, const Trend::Params& held) {
        if (PG_NARGS() <= first + 1) given.k = held.k;
        if (PG_NARGS() <= first + 2) given.ahead = held.ahead;
    }
    static const char* describe(const Trend::Params& params) {
        StringInfoData text;
        initStringInfo(&text);
        appendStringInfoString(&text, params.scales == 1 ? "half_life" : "half_lives");
        for (int t = 0; t < params.scales; ++t)
            appendStringInfo(&text, "%s%s", t == 0 ? " " : ", ", text_of(params.half_lives[t]));
        appendStringInfo(&text, ", k %u, max_ahead %s", params.k, text_of(params.ahead));
        return text.data;
    }
    static constexpr const char* kParametersHint = "Weights go to trend_weighted_agg(item, at, weight, half_life).";

  private:
    static const char* text_of(std::int64_t length) {
        const Interval interval{length, 0, 0};
        return DatumGetCString(DirectFunctionCall1(interval_out, IntervalPGetDatum(&interval)));
    }
};
using OneScale = TrendShim<false>;
using ManyScales = TrendShim<true>;
using Shim = OneScale;  // where it is all the same

std::int64_t finite(FunctionCallInfo fcinfo, int argument, const char* name) {
    const TimestampTz at = PG_GETARG_TIMESTAMPTZ(argument);
    if (TIMESTAMP_NOT_FINITE(at))
        ereport(ERROR, errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
                errmsg("%s: %s must not be infinite", pg::function_name(fcinfo), name));
    return at;
}

double weight_argument(FunctionCallInfo fcinfo, int argument) {
    const double weight = pg::number_in_range(fcinfo, argument, "weight", 0, kMaxWeight);
    if (weight > 0 && weight < Trend::kMinWeight)
        ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                errmsg("%s: weight must be 0, or between %g and %g, not %g", pg::function_name(fcinfo),
                       Trend::kMinWeight, kMaxWeight, weight));
    return weight;
}

// (sketch, item, at [, weight], half_life [, k [, max_ahead]]). Adds nothing if one of item, at and weight is NULL, or
// the weight is 0.
template <class T, pg::Weights weights>
Datum add_event(FunctionCallInfo fcinfo) {
    constexpr bool weighted = weights == pg::Weights::given;
    constexpr int kItem = 1, kAt = 2, kWeight = 3, kHalfLife = weighted ? 4 : 3;
    if (PG_ARGISNULL(kItem) || PG_ARGISNULL(kAt) || (weighted && PG_ARGISNULL(kWeight)))
        return pg::null_or_first(fcinfo);
    const Item item = pg::item_argument(fcinfo, kItem);
    const std::int64_t at = finite(fcinfo, kAt, "at");
    const double weight = weighted ? weight_argument(fcinfo, kWeight) : 1;
    if (weight == 0) return pg::null_or_first(fcinfo);
    return pg::add<T>(
        fcinfo, kHalfLife, [=](Trend & s) __attribute__((always_inline)) {
            reject_future(fcinfo, at, s.ahead());
            return pg::add_item(
                fcinfo, T::kType, s,
                item, [=](Trend & to, const Item& i) __attribute__((always_inline)) { return to.add(i, at, weight); });
        });
}

// What a reader asks for: a moment (NULL: of the newest event) and one of the half-lives (NULL: the shortest).
struct Question {
    Trend::Reader s;
    int scale;
    double decay;
    double per_second;  // a steady rate of events scores half_life / ln 2 times that rate

    Question(FunctionCallInfo fcinfo, int as_of) : s(pg::reader<Shim>(fcinfo, 0)), scale(0) {
        std::int64_t at = Trend::kNever;
        if (!PG_ARGISNULL(as_of)) at = finite(fcinfo, as_of, "as_of");
        if (!PG_ARGISNULL(as_of + 1)) {
            const std::int64_t wanted =
                duration(fcinfo, PG_GETARG_INTERVAL_P(as_of + 1), "half_life", Trend::kSecond, "1 second");
            while (scale < s.scales() && s.half_life(scale) != wanted) ++scale;
            if (scale == s.scales())
                ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("%s: this trendsketch does not have the half-life %s", pg::function_name(fcinfo),
                               DatumGetCString(DirectFunctionCall1(interval_out, PG_GETARG_DATUM(as_of + 1)))),
                        errhint("trend_info lists those that it has, in seconds."));
        }
        decay = s.decay_to(at, scale);
        per_second = 0.69314718055994531 * 1e6 / static_cast<double>(s.half_life(scale));
    }
    double estimate(std::uint32_t i) const { return s.estimate(i, scale) * decay; }
    double lower(std::uint32_t i) const { return s.lower(i, scale) * decay; }
    double upper(std::uint32_t i) const { return s.upper(i, scale) * decay; }
};
static_assert(std::is_trivially_destructible_v<Question>);

std::span<std::uint32_t> order_for(const Trend::Reader& s) {
    return {static_cast<std::uint32_t*>(palloc(sizeof(std::uint32_t) * (s.entries() + 1))), s.entries()};
}

std::size_t rows_wanted(FunctionCallInfo fcinfo, int argument, const Trend::Reader& s) {
    if (PG_ARGISNULL(argument)) return s.entries();
    const int64 n = pg::whole_in_range(fcinfo, argument, "n", 0, PG_INT64_MAX);
    return std::min(std::size_t{s.entries()}, static_cast<std::size_t>(n));
}

// lower, estimate, upper of the item in argument 1.
std::array<double, 3> bounds(FunctionCallInfo fcinfo) {
    const Question q(fcinfo, 2);
    const Item item = pg::asked_item(fcinfo, 1, Shim::kType, q.s);
    const std::uint32_t i = q.s.find(item);
    if (i == q.s.entries()) return {0, 0, q.s.floor(q.scale) * q.decay};
    return {q.lower(i), q.estimate(i), q.upper(i)};
}

Datum empty(FunctionCallInfo fcinfo, bool many) {
    Trend::Params params{};
    read_half_lives(fcinfo, 0, many, params);
    read_others(fcinfo, 1, 2, params);
    return pg::empty<Shim>(params);
}

}  // namespace

SKETCH_TYPE(trend, Shim)
SKETCH_FUNCTION(trend_new) { return empty(fcinfo, false); }
SKETCH_FUNCTION(trend_scales_new) { return empty(fcinfo, true); }
SKETCH_FUNCTION(trend_add) { return add_event<OneScale, pg::Weights::one>(fcinfo); }
SKETCH_FUNCTION(trend_weighted_add) { return add_event<OneScale, pg::Weights::given>(fcinfo); }
SKETCH_FUNCTION(trend_scales_add) { return add_event<ManyScales, pg::Weights::one>(fcinfo); }
SKETCH_FUNCTION(trend_scales_weighted_add) { return add_event<ManyScales, pg::Weights::given>(fcinfo); }

SKETCH_FUNCTION(trend_items) {
    pg::Rows rows(fcinfo);
    if (PG_ARGISNULL(0)) return rows.done();
    const Question q(fcinfo, 2);
    const std::size_t n = rows_wanted(fcinfo, 1, q.s);
    const auto order = order_for(q.s);
    q.s.rank(order, q.scale);
    for (const std::uint32_t i : order.first(n)) {
        CHECK_FOR_INTERRUPTS();
        rows.put(pg::item_text(q.s.item(i)), Float8GetDatum(q.estimate(i)), Float8GetDatum(q.lower(i)),
                 Float8GetDatum(q.upper(i)), Float8GetDatum(q.estimate(i) * q.per_second));
    }
    return rows.done();
}

SKETCH_FUNCTION(trend_bursts) {
    pg::Rows rows(fcinfo);
    if (PG_ARGISNULL(0)) return rows.done();
    const Trend::Reader s = pg::reader<Shim>(fcinfo, 0);
    if (s.scales() < 2)
        ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                errmsg("trend_bursts compares two half-lives, and this trendsketch has one"),
                errhint("Build it with trend_scales_agg(item, at, half_lives)."));
    const std::size_t n = rows_wanted(fcinfo, 1, s);
    const auto order = order_for(s);
    auto* bursts = static_cast<Trend::Reader::Burst*>(palloc(sizeof(Trend::Reader::Burst) * (s.entries() + 1)));
    for (std::uint32_t i = 0; i < s.entries(); ++i) {
        order[i] = i;
        bursts[i] = s.burst(i);
    }
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        CHECK_FOR_INTERRUPTS();
        return bursts[a].strength != bursts[b].strength ? bursts[a].strength > bursts[b].strength
                                                        : s.item(a) < s.item(b);
    });
    for (const std::uint32_t i : order.first(n)) {
        if (bursts[i].strength <= 0) break;
        CHECK_FOR_INTERRUPTS();
        rows.put(pg::item_text(s.item(i)), Float8GetDatum(bursts[i].strength), Float8GetDatum(bursts[i].score),
                 Float8GetDatum(bursts[i].expected));
    }
    return rows.done();
}

SKETCH_FUNCTION(trend_score) {
    if (PG_ARGISNULL(0) || PG_ARGISNULL(1)) PG_RETURN_NULL();
    return Float8GetDatum(bounds(fcinfo)[1]);
}

SKETCH_FUNCTION(trend_bounds) {
    if (PG_ARGISNULL(0) || PG_ARGISNULL(1)) PG_RETURN_NULL();
    return pg::row_of(fcinfo, bounds(fcinfo));
}

SKETCH_FUNCTION(trend_total) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const Question q(fcinfo, 1);
    return Float8GetDatum(q.s.total(q.scale) * q.decay);
}

SKETCH_FUNCTION(trend_error) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const Question q(fcinfo, 1);
    return Float8GetDatum(q.s.floor(q.scale) * q.decay);
}

SKETCH_FUNCTION(trend_latest) {
    const Trend::Reader s = pg::reader<Shim>(fcinfo, 0);
    if (s.latest() == Trend::kNever) PG_RETURN_NULL();
    return TimestampTzGetDatum(s.latest());
}

SKETCH_FUNCTION(trend_info) {
    const Trend::Reader s = pg::reader<Shim>(fcinfo, 0);
    StringInfoData scales;
    initStringInfo(&scales);
    for (int t = 0; t < s.scales(); ++t) {
        const double decay = s.decay_to(Trend::kNever, t);
        appendStringInfo(&scales, R"(%s{"half_life": %.17g, "total": %.17g, "error": %.17g})", t == 0 ? "" : ", ",
                         static_cast<double>(s.half_life(t)) / 1e6, s.total(t) * decay, s.floor(t) * decay);
    }
    return pg::json(R"({"type": "trendsketch", "version": %d, "k": %u, "items": "%s", "entries": %u, )"
                    R"("max_ahead": %.17g, "scales": [%s], "bytes": %zu})",
                    s.version(), s.k(), pg::kind_name(s.item_kind()), s.entries(), static_cast<double>(s.ahead()) / 1e6,
                    scales.data, s.bytes());
}
