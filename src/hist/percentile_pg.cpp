// SPDX-License-Identifier: PostgreSQL
//
// approx_percentile: a histogram that carries the fractions it was asked for, so that its state is a histsketch like
// any other, and plans may split it as they split hist_agg.
#include "hist/hist.hpp"

#include "pg/quantile.hpp"
#include "pg/shim.hpp"

namespace {

using namespace sketch;

// The fractions of the first row hold.
struct PercentileShim {
    using Kernel = Hist;
    static constexpr const char* kType = "histsketch";

    static Hist::Params params(FunctionCallInfo fcinfo, int first) {
        auto* fractions = static_cast<double*>(palloc(sizeof(double)));
        fractions[0] = pg::fraction_argument(fcinfo, first);
        return {Hist::kDefaultBins, {fractions, 1}};
    }
};

struct PercentilesShim : PercentileShim {
    static Hist::Params params(FunctionCallInfo fcinfo, int first) {
        pg::reject_null(fcinfo, first, "fractions");
        const pg::Doubles wanted = pg::doubles_argument(fcinfo, first);
        if (ARR_NDIM(wanted.array) > 1 || wanted.n > static_cast<int>(Hist::kMostFractions))
            ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("approx_percentile: fractions must be an array of one dimension with at most %zu elements",
                           Hist::kMostFractions));
        auto* fractions = static_cast<double*>(palloc(sizeof(double) * static_cast<Size>(wanted.n + 1)));
        for (int i = 0; i < wanted.n; ++i) {
            if (wanted.null[i])
                ereport(ERROR, errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
                        errmsg("approx_percentile: fractions must not contain NULL"));
            fractions[i] = pg::checked_fraction(fcinfo, DatumGetFloat8(wanted.values[i]));
        }
        return {Hist::kDefaultBins, {fractions, static_cast<std::size_t>(wanted.n)}};
    }
};

}  // namespace

SKETCH_FUNCTION(approx_percentile_add) { return pg::add_float8<PercentileShim>(fcinfo); }
SKETCH_FUNCTION(approx_percentiles_add) { return pg::add_float8<PercentilesShim>(fcinfo); }

SKETCH_FUNCTION(approx_percentile_final) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const Hist::Reader s = pg::reader<PercentileShim>(fcinfo, 0);
    if (s.values() == 0 || s.fractions() == 0) PG_RETURN_NULL();
    return Float8GetDatum(s.quantile(s.fraction(0)));
}

SKETCH_FUNCTION(approx_percentiles_final) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const Hist::Reader s = pg::reader<PercentileShim>(fcinfo, 0);
    if (s.values() == 0) PG_RETURN_NULL();
    const auto n = static_cast<int>(s.fractions());
    auto* answers = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(n + 1)));
    for (int i = 0; i < n; ++i) answers[i] = Float8GetDatum(s.quantile(s.fraction(static_cast<std::size_t>(i))));
    return PointerGetDatum(construct_array(answers, n, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}
