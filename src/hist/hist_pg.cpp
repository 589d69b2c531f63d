// SPDX-License-Identifier: PostgreSQL
//
// hist to PostgreSQL.
#include "hist/hist.hpp"

#include "hist/plot.hpp"
#include "pg/percentile.hpp"
#include "pg/quantile.hpp"
#include "pg/rows.hpp"
#include "pg/shim.hpp"

namespace {

using namespace sketch;

struct HistShim {
    using Kernel = Hist;
    static constexpr const char* kType = "histsketch";
    static constexpr bool kHashes = false;

    static constexpr Hist::Params kDefaults{Hist::kDefaultBins};
    static Hist::Params params(FunctionCallInfo fcinfo, int first) {
        if (PG_NARGS() <= first) return kDefaults;
        return {static_cast<int>(pg::whole_in_range(fcinfo, first, "max_bins", Hist::kMinBins, Hist::kMaxBins))};
    }
    static const char* describe(const Hist::Params& params) { return psprintf("max_bins %d", params.max_bins); }
    static constexpr const char* kParametersHint = "Weights go to hist_weighted_agg(value, weight).";
};

// What lies between two fractions of the values in order. A bin that a fraction cuts counts in proportion.
struct Between {
    double rows, sum;
};
Between trimmed_argument(FunctionCallInfo fcinfo) {
    const Hist::Reader s = pg::reader<HistShim>(fcinfo, 0);
    const double low = pg::checked_fraction(fcinfo, PG_GETARG_FLOAT8(1));
    const double high = pg::checked_fraction(fcinfo, PG_GETARG_FLOAT8(2));
    if (low > high)
        ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                errmsg("%s: low must be at most high, not %g above %g", pg::function_name(fcinfo), low, high));
    if (s.empty()) return {0, 0};
    const auto n = static_cast<double>(s.values());
    Between kept{0, 0};
    double below = 0;
    s.for_each_bin([&](const hist::Bin& bin) {
        const double upto = below + static_cast<double>(bin.count);
        const double rows = std::min(upto, high * n) - std::max(below, low * n);
        if (rows > 0) {
            kept.rows += rows;
            kept.sum += rows * bin.middle();
        }
        below = upto;
        return below < high * n;
    });
    return kept;
}

}  // namespace

SKETCH_TYPE(hist, HistShim)
SKETCH_FUNCTION(hist_new) { return pg::empty<HistShim>(HistShim::params(fcinfo, 0)); }
SKETCH_FUNCTION(hist_fold) { return pg::fold<HistShim>(fcinfo); }

SKETCH_FUNCTION(hist_add) { return pg::add_float8<HistShim>(fcinfo); }
SKETCH_FUNCTION(hist_add_all) { return pg::add_all_float8<HistShim>(fcinfo); }
SKETCH_FUNCTION(hist_weighted_add) { return pg::add_weighted_float8<HistShim>(fcinfo); }

SKETCH_FUNCTION(approx_percentile_add) { return pg::add_float8<pg::OneFraction<HistShim>>(fcinfo); }
SKETCH_FUNCTION(approx_percentiles_add) { return pg::add_float8<pg::ManyFractions<HistShim>>(fcinfo); }
SKETCH_FUNCTION(approx_percentile_weighted_add) { return pg::add_weighted_float8<pg::OneFraction<HistShim>>(fcinfo); }
SKETCH_FUNCTION(approx_percentiles_weighted_add) {
    return pg::add_weighted_float8<pg::ManyFractions<HistShim>>(fcinfo);
}
SKETCH_FUNCTION(approx_percentile_interval_add) { return pg::add_time<pg::OneFraction<HistShim>>(fcinfo); }
SKETCH_FUNCTION(approx_percentiles_interval_add) { return pg::add_time<pg::ManyFractions<HistShim>>(fcinfo); }
SKETCH_FUNCTION(approx_percentile_final) { return pg::float8_percentile<HistShim>(fcinfo); }
SKETCH_FUNCTION(approx_percentiles_final) { return pg::float8_percentiles<HistShim>(fcinfo); }
SKETCH_FUNCTION(approx_percentile_interval_final) { return pg::time_percentile<HistShim>(fcinfo); }
SKETCH_FUNCTION(approx_percentiles_interval_final) { return pg::time_percentiles<HistShim>(fcinfo); }

// The aggregate over a moving frame. Its state is never NULL, and one that is empty is the result NULL.

static void expect_frame(FunctionCallInfo fcinfo) {
    if (!pg::in_transition(fcinfo))
        ereport(ERROR, errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                errmsg("this function is for aggregates over a moving window frame only"));
}

SKETCH_FUNCTION(hist_moving_add) {
    expect_frame(fcinfo);
    if (!PG_ARGISNULL(1)) return pg::add_float8<HistShim>(fcinfo);
    return PG_ARGISNULL(0) ? pg::empty<HistShim>(HistShim::params(fcinfo, 2)) : PG_GETARG_DATUM(0);
}

// NULL where the state must be built anew.
SKETCH_FUNCTION(hist_moving_remove) {
    expect_frame(fcinfo);
    if (PG_ARGISNULL(0) || PG_ARGISNULL(1)) return pg::null_or_first(fcinfo);
    const double value = PG_GETARG_FLOAT8(1);
    Hist s = pg::state<HistShim>(fcinfo);
    Hist::Removed removed;
    while ((removed = s.remove(value)) == Hist::Removed::no_room) s = pg::relaid(s, s.grown_bytes());
    if (removed == Hist::Removed::no) PG_RETURN_NULL();
    return pg::returned<HistShim>(fcinfo, s);
}

SKETCH_FUNCTION(hist_moving_final) {
    if (PG_ARGISNULL(0) || pg::any<HistShim>(fcinfo, 0).values() == 0) PG_RETURN_NULL();
    return pg::final<HistShim>(fcinfo);
}

// The readers answer NULL for a sketch of no values.

SKETCH_FUNCTION(hist_quantile) {
    const Hist::Reader s = pg::reader<HistShim>(fcinfo, 0);
    const double fraction = pg::fraction_argument(fcinfo, 1);
    if (s.empty()) PG_RETURN_NULL();
    return Float8GetDatum(s.quantile(fraction));
}

SKETCH_FUNCTION(hist_quantiles) {
    const Hist::Reader s = pg::reader<HistShim>(fcinfo, 0);
    if (s.empty()) PG_RETURN_NULL();
    return pg::answer_fractions(fcinfo, 1, [&](std::size_t) {
        return [cursor = Hist::Reader::Cursor(s)](double fraction) mutable { return cursor.quantile(fraction); };
    });
}

SKETCH_FUNCTION(hist_bounds) {
    const Hist::Reader s = pg::reader<HistShim>(fcinfo, 0);
    const double fraction = pg::fraction_argument(fcinfo, 1);
    if (s.empty()) PG_RETURN_NULL();
    const Bounds b = s.bounds(fraction);
    return pg::row_of(fcinfo, std::array{b.lower, b.estimate, b.upper});
}

SKETCH_FUNCTION(hist_rank) {
    const Hist::Reader s = pg::reader<HistShim>(fcinfo, 0);
    if (s.empty()) PG_RETURN_NULL();
    return Float8GetDatum(s.rank(PG_GETARG_FLOAT8(1)));
}

SKETCH_FUNCTION(hist_cdf) {
    const Hist::Reader s = pg::reader<HistShim>(fcinfo, 0);
    if (s.empty()) PG_RETURN_NULL();
    return pg::answer_array(fcinfo, 1, [&](std::size_t) {
        return [cursor = Hist::Reader::Cursor(s)](double value) mutable { return cursor.rank(value); };
    });
}

SKETCH_FUNCTION(hist_pmf) { return pg::shares_of(fcinfo, 1, hist_cdf); }

SKETCH_FUNCTION(hist_min) {
    const Hist::Reader s = pg::reader<HistShim>(fcinfo, 0);
    if (s.empty()) PG_RETURN_NULL();
    return Float8GetDatum(s.min());
}

SKETCH_FUNCTION(hist_max) {
    const Hist::Reader s = pg::reader<HistShim>(fcinfo, 0);
    if (s.empty()) PG_RETURN_NULL();
    return Float8GetDatum(s.max());
}

SKETCH_FUNCTION(hist_count) { return Int64GetDatum(static_cast<int64>(pg::reader<HistShim>(fcinfo, 0).values())); }

SKETCH_FUNCTION(hist_sum) {
    const Hist::Reader s = pg::reader<HistShim>(fcinfo, 0);
    if (s.empty()) PG_RETURN_NULL();
    return Float8GetDatum(s.total());
}

SKETCH_FUNCTION(hist_mean) {
    const Hist::Reader s = pg::reader<HistShim>(fcinfo, 0);
    if (s.empty()) PG_RETURN_NULL();
    return Float8GetDatum(s.total() / static_cast<double>(s.values()));
}

SKETCH_FUNCTION(hist_trimmed_sum) {
    const Between kept = trimmed_argument(fcinfo);
    if (kept.rows == 0) PG_RETURN_NULL();
    return Float8GetDatum(kept.sum);
}

SKETCH_FUNCTION(hist_trimmed_mean) {
    const Between kept = trimmed_argument(fcinfo);
    if (kept.rows == 0) PG_RETURN_NULL();
    return Float8GetDatum(kept.sum / kept.rows);
}

SKETCH_FUNCTION(hist_json) {
    const Hist::Reader s = pg::reader<HistShim>(fcinfo, 0);
    pg::Json json;
    json.begin_object();
    json.member("count", s.values());
    s.empty() ? json.null_member("sum") : json.member("sum", s.total());
    json.member("error", s.alpha());
    json.key("bins");
    json.begin_array();
    s.for_each_bin([&](const hist::Bin& bin) {
        json.begin_object();
        json.member("low", bin.low);
        json.member("high", bin.high);
        json.member("count", bin.count);
        json.end_object();
        return true;
    });
    json.end_array();
    json.end_object();
    return json.done();
}

SKETCH_FUNCTION(hist_error) { return Float8GetDatum(pg::reader<HistShim>(fcinfo, 0).alpha()); }

SKETCH_FUNCTION(hist_buckets) {
    const Hist::Reader s = pg::reader<HistShim>(fcinfo, 0);
    pg::Rows rows(fcinfo);
    s.for_each_bin([&](const hist::Bin& bin) {
        rows.put(Float8GetDatum(bin.low), Float8GetDatum(bin.high), Int64GetDatum(static_cast<int64>(bin.count)));
        return true;
    });
    return rows.done();
}

SKETCH_FUNCTION(hist_plot) {
    const Hist::Reader s = pg::reader<HistShim>(fcinfo, 0);
    const auto width = static_cast<int>(pg::whole_in_range(fcinfo, 1, "width", 1, 1000));
    const hist::Bars bars(s);
    std::uint64_t most = 1;
    char label[hist::kMaxBars][2][32];
    int label_width[2] = {0, 0}, count_width = 0;
    for (int i = 0; i < bars.n(); ++i) {
        const double ends[2] = {bars[i].low, bars[i].high};
        for (int e = 0; e < 2; ++e)
            label_width[e] = std::max(label_width[e], snprintf(label[i][e], sizeof label[i][e], "%.4g", ends[e]));
        count_width =
            std::max(count_width, snprintf(nullptr, 0, "%llu", static_cast<unsigned long long>(bars[i].count)));
        most = std::max(most, bars[i].count);
    }
    StringInfoData text;
    initStringInfo(&text);
    for (int i = 0; i < bars.n(); ++i) {
        const std::uint64_t count = bars[i].count;
        appendStringInfo(&text, "%s%*s .. %*s  %*llu", i > 0 ? "\n" : "", label_width[0], label[i][0], label_width[1],
                         label[i][1], count_width, static_cast<unsigned long long>(count));
        const auto length = static_cast<int>(std::ceil(static_cast<double>(count) / static_cast<double>(most) * width));
        if (length > 0) appendStringInfoString(&text, "  ");
        for (int j = 0; j < length; ++j) appendStringInfoChar(&text, '#');
    }
    return PointerGetDatum(cstring_to_text_with_len(text.data, text.len));
}

SKETCH_FUNCTION(hist_info) {
    const Hist::Reader s = pg::reader<HistShim>(fcinfo, 0);
    return pg::json(R"({"type": "histsketch", "version": %d, "max_bins": %d, "mode": "%s", "count": %llu, )"
                    R"("nans": %llu, "scale": %d, "bins": %zu, "error": %.9g, "bytes": %zu})",
                    s.version(), s.max_bins(), s.exact() ? "exact" : "bins",
                    static_cast<unsigned long long>(s.values()), static_cast<unsigned long long>(s.nans()), s.scale(),
                    s.bins(), s.alpha(), s.bytes());
}
