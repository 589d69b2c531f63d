// SPDX-License-Identifier: PostgreSQL
//
// hll to PostgreSQL.
#include "hll/hll.hpp"

#include "pg/shim.hpp"

namespace {

using namespace sketch;

struct HllShim {
    using Kernel = Hll;
    static constexpr const char* kType = "hllsketch";
    static constexpr bool kHashes = true;

    static Hll::Params params(FunctionCallInfo fcinfo, int first) {
        if (PG_NARGS() <= first) return {Hll::kDefaultPrecision};
        return {
            static_cast<int>(pg::whole_in_range(fcinfo, first, "precision", Hll::kMinPrecision, Hll::kMaxPrecision))};
    }
    static const char* describe(const Hll::Params& params) { return psprintf("precision %d", params.precision); }
    static constexpr const char* kParametersHint = pg::kSeveralColumns;
};

}  // namespace

SKETCH_TYPE(hll, HllShim)
SKETCH_FUNCTION(hll_new) { return pg::empty<HllShim>(HllShim::params(fcinfo, 0)); }
SKETCH_FUNCTION(hll_add) { return pg::add_value<HllShim>(fcinfo); }
SKETCH_FUNCTION(hll_add_all) { return pg::add_all_values<HllShim>(fcinfo); }
SKETCH_FUNCTION(hll_add_hash) { return pg::add_hash<HllShim>(fcinfo); }
SKETCH_FUNCTION(hll_fold) { return pg::fold<HllShim>(fcinfo); }

SKETCH_FUNCTION(hll_estimate) { return Float8GetDatum(pg::reader<HllShim>(fcinfo, 0).estimate()); }

SKETCH_FUNCTION(hll_bounds) {
    const double confidence = pg::fraction_inside(fcinfo, 1, "confidence");
    const Bounds b = pg::reader<HllShim>(fcinfo, 0).bounds(confidence);
    return pg::row_of(fcinfo, std::array{b.lower, b.estimate, b.upper});
}

SKETCH_FUNCTION(hll_info) {
    const Hll::Reader s = pg::reader<HllShim>(fcinfo, 0);
    return pg::json(R"({"type": "hllsketch", "version": %d, "precision": %d, "mode": "%s", "estimate": %.17g, )"
                    R"("relative_error": %.6f, "bytes": %zu})",
                    s.version(), s.precision(), s.sparse() ? "sparse" : "dense", s.estimate(),
                    s.sparse() ? 0.0 : s.relative_error(), s.bytes());
}

// approx_count_distinct(value, 0.05) asks for an error, as elsewhere, where the precision is meant.
struct WholePrecision : HllShim {
    static Hll::Params params(FunctionCallInfo fcinfo, int first) {
        pg::reject_null(fcinfo, first, "precision");
        const double given = PG_GETARG_FLOAT8(first);
        if (given == std::trunc(given) && given >= Hll::kMinPrecision && given <= Hll::kMaxPrecision)
            return {static_cast<int>(given)};
        int fits = Hll::kMinPrecision;
        while (fits < Hll::kMaxPrecision && given < 0.76 / std::sqrt(std::ldexp(1, fits))) ++fits;
        ereport(
            ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
            errmsg("%s: precision must be a whole number between %d and %d, not %g", pg::function_name(fcinfo),
                   Hll::kMinPrecision, Hll::kMaxPrecision, given),
            given > 0 && given < 1
                ? errhint("The relative standard error is 0.76/sqrt(2^precision). For one of %g write %d.", given, fits)
                : errhint("The relative standard error is 0.76/sqrt(2^precision)."));
        pg_unreachable();
    }
};
SKETCH_FUNCTION(approx_count_distinct_add) { return pg::add_value<WholePrecision>(fcinfo); }

// The final function of approx_count_distinct: no rows count as 0. Others may share the state: settled makes a copy of
// what still has to be settled.
SKETCH_FUNCTION(hll_count) {
    if (PG_ARGISNULL(0)) return Int64GetDatum(0);
    Hll s = pg::settled(pg::any<HllShim>(fcinfo, 0));
    const double n = std::nearbyint(s.settle_and_estimate());
    return Int64GetDatum(n < 0x1p63 ? static_cast<int64>(n) : PG_INT64_MAX);
}
