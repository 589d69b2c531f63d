// SPDX-License-Identifier: PostgreSQL
//
// approx_percentile: a histogram that carries the fractions it was asked for, so that its state is a histsketch like
// any other, and plans may split it as they split hist_agg.
#include "hist/hist.hpp"

#include "pg/quantile.hpp"
#include "pg/shim.hpp"

namespace {

using namespace sketch;

struct PercentileShim {
    using Kernel = Hist;
    static constexpr const char* kType = "histsketch";
    static constexpr bool kHashes = false;

    static Hist::Params params(FunctionCallInfo fcinfo, int first) {
        auto* fractions = static_cast<double*>(palloc(sizeof(double)));
        fractions[0] = pg::fraction_argument(fcinfo, first);
        return {bins(fcinfo, first + 1), std::as_bytes(std::span(fractions, 1))};
    }
    static int bins(FunctionCallInfo fcinfo, int argument) {
        if (PG_NARGS() <= argument) return Hist::kDefaultBins;
        return static_cast<int>(pg::whole_in_range(fcinfo, argument, "max_bins", Hist::kMinBins, Hist::kMaxBins));
    }

    static const char* describe(const Hist::Params& params) {
        StringInfoData text;
        initStringInfo(&text);
        appendStringInfoString(&text, params.fractions.size() == sizeof(double) ? "fraction" : "fractions");
        for (std::size_t i = 0; i < params.fractions.size(); i += sizeof(double))
            appendStringInfo(&text, "%s%g", i == 0 ? " " : ", ", load<double>(params.fractions.data() + i));
        if (params.max_bins != Hist::kDefaultBins) appendStringInfo(&text, " and max_bins %d", params.max_bins);
        return text.data;
    }
    static constexpr const char* kParametersHint =
        "Write approx_percentile(value, fraction), with the same fraction for every row.";
};

struct PercentilesShim : PercentileShim {
    static Hist::Params params(FunctionCallInfo fcinfo, int first) {
        pg::reject_null(fcinfo, first, "fractions");
        const auto [array, wanted] = pg::doubles_argument(fcinfo, first);
        if (ARR_NDIM(array) > 1 || ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)) > kMaxFractions)
            ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("approx_percentile: fractions must be an array of one dimension with at most %d elements",
                           kMaxFractions));
        if (array_contains_nulls(array))
            ereport(ERROR, errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
                    errmsg("approx_percentile: fractions must not contain NULL"));
        for (const double fraction : wanted) pg::checked_fraction(fcinfo, fraction);
        return {bins(fcinfo, first + 1), std::as_bytes(wanted)};
    }
    static constexpr int kMaxFractions = static_cast<int>(Hist::kMaxFractions);
};

}  // namespace

SKETCH_FUNCTION(approx_percentile_add) { return pg::add_float8<PercentileShim>(fcinfo); }
SKETCH_FUNCTION(approx_percentiles_add) { return pg::add_float8<PercentilesShim>(fcinfo); }
SKETCH_FUNCTION(approx_percentile_weighted_add) { return pg::add_weighted_float8<PercentileShim>(fcinfo); }
SKETCH_FUNCTION(approx_percentiles_weighted_add) { return pg::add_weighted_float8<PercentilesShim>(fcinfo); }

SKETCH_FUNCTION(approx_percentile_final) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const Hist::Reader s = pg::reader<PercentileShim>(fcinfo, 0);
    if (s.empty() || s.fractions() == 0) PG_RETURN_NULL();
    return Float8GetDatum(s.quantile(s.fraction(0)));
}

SKETCH_FUNCTION(approx_percentiles_final) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const Hist::Reader s = pg::reader<PercentileShim>(fcinfo, 0);
    if (s.empty()) PG_RETURN_NULL();
    const std::size_t n = s.fractions();
    double answers[Hist::kMaxFractions];
    for (std::size_t i = 0; i < n; ++i) answers[i] = s.fraction(i);
    pg::answer_all({answers, n}, [&](std::size_t) {
        return [cursor = Hist::Reader::Cursor(s)](double fraction) mutable { return cursor.quantile(fraction); };
    });
    Datum elements[Hist::kMaxFractions];
    for (std::size_t i = 0; i < n; ++i) elements[i] = Float8GetDatum(answers[i]);
    return PointerGetDatum(
        construct_array(elements, static_cast<int>(n), FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}
