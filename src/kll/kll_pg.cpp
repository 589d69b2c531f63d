// SPDX-License-Identifier: PostgreSQL
//
// kll to PostgreSQL.
#include "kll/kll.hpp"

#include "pg/percentile.hpp"
#include "pg/quantile.hpp"
#include "pg/shim.hpp"

namespace {

using namespace sketch;

struct KllShim {
    using Kernel = Kll;
    static constexpr const char* kType = "kllsketch";
    static constexpr bool kHashes = false;

    static constexpr Kll::Params kDefaults{Kll::kDefaultK};
    static Kll::Params params(FunctionCallInfo fcinfo, int first) { return params(fcinfo, first, kDefaults); }
    static Kll::Params params(FunctionCallInfo fcinfo, int first, Kll::Params defaults) {
        if (PG_NARGS() <= first) return defaults;
        return {static_cast<int>(pg::whole_in_range(fcinfo, first, "k", Kll::kMinK, Kll::kMaxK))};
    }
    static const char* describe(const Kll::Params& params) { return psprintf("k %d", params.k); }
    static constexpr const char* kParametersHint = "Weights go to kll_weighted_agg(value, weight).";
};

// approx_percentile of dates and times. A rank error, because a relative error of a date would be of the time since
// 2000; and a k at which it is 0.28 %.
struct TimeShim : KllShim {
    static constexpr Kll::Params kDefaults{1000};
    static Kll::Params params(FunctionCallInfo fcinfo, int first) { return KllShim::params(fcinfo, first, kDefaults); }
};

}  // namespace

SKETCH_TYPE(kll, KllShim)
SKETCH_FUNCTION(kll_new) { return pg::empty<KllShim>(KllShim::params(fcinfo, 0)); }
SKETCH_FUNCTION(kll_fold) { return pg::fold<KllShim>(fcinfo); }
SKETCH_FUNCTION(kll_add) { return pg::add_float8<KllShim>(fcinfo); }
SKETCH_FUNCTION(kll_add_all) { return pg::add_all_float8<KllShim>(fcinfo); }
SKETCH_FUNCTION(kll_weighted_add) { return pg::add_weighted_float8<KllShim>(fcinfo); }

SKETCH_FUNCTION(approx_percentile_time_add) { return pg::add_time<pg::OneFraction<TimeShim>>(fcinfo); }
SKETCH_FUNCTION(approx_percentiles_time_add) { return pg::add_time<pg::ManyFractions<TimeShim>>(fcinfo); }
SKETCH_FUNCTION(approx_percentile_time_final) { return pg::time_percentile<TimeShim>(fcinfo); }
SKETCH_FUNCTION(approx_percentiles_time_final) { return pg::time_percentiles<TimeShim>(fcinfo); }

// The readers answer NULL for a sketch of no values.

SKETCH_FUNCTION(kll_quantile) {
    const Kll::Reader s = pg::reader<KllShim>(fcinfo, 0);
    const double fraction = pg::fraction_argument(fcinfo, 1);
    if (s.empty()) PG_RETURN_NULL();
    return Float8GetDatum(s.quantile(fraction));
}

SKETCH_FUNCTION(kll_quantiles) {
    const Kll::Reader s = pg::reader<KllShim>(fcinfo, 0);
    if (s.empty()) PG_RETURN_NULL();
    return pg::answer_fractions(fcinfo, 1, [&](std::size_t n) {
        return [cursor = Kll::Reader::Cursor(s, n)](double fraction) mutable { return cursor.quantile(fraction); };
    });
}

SKETCH_FUNCTION(kll_bounds) {
    const Kll::Reader s = pg::reader<KllShim>(fcinfo, 0);
    const double fraction = pg::fraction_argument(fcinfo, 1);
    const double confidence = pg::fraction_inside(fcinfo, 2, "confidence");
    if (s.empty()) PG_RETURN_NULL();
    const Bounds b = s.bounds(fraction, confidence);
    return pg::row_of(fcinfo, std::array{b.lower, b.estimate, b.upper});
}

SKETCH_FUNCTION(kll_rank) {
    const Kll::Reader s = pg::reader<KllShim>(fcinfo, 0);
    if (s.empty()) PG_RETURN_NULL();
    return Float8GetDatum(s.rank(PG_GETARG_FLOAT8(1)));
}

SKETCH_FUNCTION(kll_cdf) {
    const Kll::Reader s = pg::reader<KllShim>(fcinfo, 0);
    if (s.empty()) PG_RETURN_NULL();
    return pg::answer_array(fcinfo, 1, [&](std::size_t n) {
        return [cursor = Kll::Reader::Cursor(s, n)](double value) mutable { return cursor.rank(value); };
    });
}

SKETCH_FUNCTION(kll_pmf) { return pg::shares_of(fcinfo, 1, kll_cdf); }

SKETCH_FUNCTION(kll_min) {
    const Kll::Reader s = pg::reader<KllShim>(fcinfo, 0);
    if (s.empty()) PG_RETURN_NULL();
    return Float8GetDatum(s.min());
}

SKETCH_FUNCTION(kll_max) {
    const Kll::Reader s = pg::reader<KllShim>(fcinfo, 0);
    if (s.empty()) PG_RETURN_NULL();
    return Float8GetDatum(s.max());
}

SKETCH_FUNCTION(kll_count) { return Int64GetDatum(static_cast<int64>(pg::reader<KllShim>(fcinfo, 0).values())); }

SKETCH_FUNCTION(kll_json) {
    const Kll::Reader s = pg::reader<KllShim>(fcinfo, 0);
    pg::Json json;
    json.begin_object();
    json.member("count", s.values());
    json.member("nans", s.nans());
    json.member("epsilon", s.epsilon());
    json.key("items");
    json.begin_array();
    s.for_each_item([&](double value, std::uint64_t weight) {
        json.begin_object();
        json.member("value", value);
        json.member("count", weight);
        json.end_object();
    });
    json.end_array();
    json.end_object();
    return json.done();
}

SKETCH_FUNCTION(kll_info) {
    const Kll::Reader s = pg::reader<KllShim>(fcinfo, 0);
    return pg::json(R"({"type": "kllsketch", "version": %d, "k": %d, "mode": "%s", "count": %llu, "nans": %llu, )"
                    R"("levels": %d, "items": %zu, "epsilon": %.6f, "bytes": %zu})",
                    s.version(), s.k(), s.exact() ? "exact" : "levels", static_cast<unsigned long long>(s.values()),
                    static_cast<unsigned long long>(s.nans()), s.levels_used(), s.stored_items(), s.epsilon(),
                    s.bytes());
}
