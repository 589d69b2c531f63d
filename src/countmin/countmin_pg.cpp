// SPDX-License-Identifier: PostgreSQL
//
// countmin to PostgreSQL.
#include "countmin/countmin.hpp"

#include "pg/cached.hpp"
#include "pg/shim.hpp"

namespace {

using namespace sketch;
using Reader = CountMin::Reader;

CountMin::Params checked_params(FunctionCallInfo fcinfo, double epsilon, double confidence, bool ranges) {
    const CountMin::Params params = CountMin::params_for(epsilon, confidence, ranges);
    if (!CountMin::possible(params))
        ereport(ERROR, errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                errmsg("%s: epsilon %g with confidence %g could need %.0f MB, and the limit is %zu MB",
                       pg::function_name(fcinfo), epsilon, confidence,
                       std::ceil(CountMin::cell_bytes_at_most(params) / 0x1p20), countmin::kMaxCellBytes >> 20),
                errhint("Allow a greater epsilon or a lower confidence."));
    return params;
}

[[noreturn, gnu::noinline]] void raise_unlike_values(FunctionCallInfo fcinfo, bool has_ranges) {
    ereport(ERROR, errcode(ERRCODE_DATATYPE_MISMATCH),
            errmsg("%s: this countminsketch %s", pg::function_name(fcinfo),
                   has_ranges ? "has levels for ranges, and counts bigint values only" : "has no levels for ranges"),
            errhint(has_ranges ? "Add to it with countmin_range_add." : "Add to it with countmin_add."));
    pg_unreachable();
}

template <bool ranges>
struct CountMinShim {
    using Kernel = CountMin;
    static constexpr const char* kType = "countminsketch";
    static constexpr bool kHashes = true;
    static constexpr bool kRanges = ranges;
    // A range is the sum of up to kMaxNodes cells in which all levels collide, and on values all over bigint they do:
    // 1 % would need rows of 2M cells. (Other radixes, exact top levels, and parents less some of their children win a
    // factor below three between them.)
    static constexpr double kEpsilon = ranges ? 0.1 : 0.001, kConfidence = 0.99;

    static void require_alike(FunctionCallInfo fcinfo, const CountMin& a, const CountMin& b) {
        if (a.ranges() != b.ranges())
            ereport(
                ERROR, errcode(ERRCODE_DATATYPE_MISMATCH),
                errmsg("%s: one countminsketch has levels for ranges, and the other none", pg::function_name(fcinfo)),
                errhint("Build both with countmin_agg, or both with countmin_range_agg."));
    }

    static void expect_values(FunctionCallInfo fcinfo, const CountMin& s) {
        if (s.ranges() != ranges) [[unlikely]]
            raise_unlike_values(fcinfo, s.ranges());
    }

    // Epsilons and confidences with the same width and depth give the same sketch.
    static const char* describe(const CountMin::Params& params) {
        return psprintf("width %d and depth %d", 1 << params.lg_width, params.depth);
    }
    static constexpr const char* kParametersHint =
        "epsilon and confidence set the width and the depth. Weights go to countmin_weighted_agg(value, weight); for "
        "several columns write (a, b): they are one value then.";

    static CountMin::Params params(FunctionCallInfo fcinfo, int first) {
        if (PG_NARGS() <= first) return CountMin::params_for(kEpsilon, kConfidence, ranges);
        const double epsilon = pg::fraction_inside(fcinfo, first, "epsilon");
        return checked_params(fcinfo, epsilon, pg::fraction_inside(fcinfo, first + 1, "confidence"), ranges);
    }
};
using Plain = CountMinShim<false>;
using Ranges = CountMinShim<true>;

// --- building -------------------------------------------------------------------------------------------------------

// (sketch, value [, epsilon, confidence]), or (sketch, value, weight [, epsilon, confidence])
constexpr int kWeight = 2;
using pg::Weights;
constexpr int parameters_after(Weights weights) { return weights == Weights::given ? kWeight + 1 : kWeight; }

// The key of a value, and its class.
template <class T>
pg::HashedValue value_argument(FunctionCallInfo fcinfo) {
    if constexpr (T::kRanges) return {countmin::biased_key(PG_GETARG_INT64(1)), ValueClass::number};
    return pg::hash_argument(fcinfo, 1);
}

int64 weight_argument(FunctionCallInfo fcinfo) { return pg::whole_weight(fcinfo, kWeight, -pg::kMaxWholeWeight); }

// Flat, so that a row costs one call.
template <class T, Weights weights>
[[gnu::flatten]] Datum add(FunctionCallInfo fcinfo) {
    constexpr bool weighted = weights == Weights::given;
    if (PG_ARGISNULL(1) || (weighted && PG_ARGISNULL(kWeight))) return pg::null_or_first(fcinfo);
    const pg::HashedValue value = value_argument<T>(fcinfo);
    const auto admit = [=](CountMin& s) {
        T::expect_values(fcinfo, s);
        pg::admit<T>(fcinfo, s, value.value_class);
    };
    constexpr int first = parameters_after(weights);
    if constexpr (!weighted) return pg::add<T>(fcinfo, first, [=](CountMin& s) { return admit(s), s.add(value.hash); });
    const int64 weight = weight_argument(fcinfo);
    if (weight == 0) return pg::null_or_first(fcinfo);
    return pg::add<T>(fcinfo, first, [=](CountMin& s) { return admit(s), s.add(value.hash, weight); });
}

// The moving form of the aggregates: rows come in and go out. Its functions are strict, so that the executor counts the
// rows that are not NULL, and goes back to the initial state when the last of them leaves. That state is a trimmed and
// empty sketch of whatever parameters: the first row brings those it was called with. A user's own aggregate may begin
// with another, which is kept.
bool is_initial(const CountMin& s) { return s.trimmed() && s.empty(); }

template <class T, Weights weights>
Datum slide(FunctionCallInfo fcinfo, bool in) {
    constexpr int first = parameters_after(weights);
    const bool aggregate = pg::in_transition(fcinfo);
    const pg::HashedValue value = value_argument<T>(fcinfo);
    const int64 weight = weights == Weights::given ? weight_argument(fcinfo) : 1;
    if (weight == 0) return PG_GETARG_DATUM(0);
    CountMin s = aggregate ? pg::state<T>(fcinfo) : pg::value<T>(fcinfo, 0);
    if (is_initial(s)) {
        const CountMin::Params params = T::params(fcinfo, first);
        s = CountMin::create(pg::allocate(CountMin::bytes_for(params)).room, params);
    } else if (s.trimmed() || !aggregate) {
        s = pg::relaid(s, s.grown_bytes());
    }
    T::expect_values(fcinfo, s);
    pg::expect_params<T>(fcinfo, first, s);
    pg::admit<T>(fcinfo, s, value.value_class);
    pg::add_growing<T>(
        s, [=](CountMin& to) { return in ? to.add(value.hash, weight) : to.take_back(value.hash, weight); });
    return aggregate ? pg::returned<T>(fcinfo, s) : pg::trimmed(s);
}

// Whether a window calls: no other node has an inverse transition.
bool in_window(FunctionCallInfo fcinfo) { return fcinfo->context != nullptr && IsA(fcinfo->context, WindowAggState); }

Datum subtract(FunctionCallInfo fcinfo) {
    pg::Both<Plain> both(fcinfo);
    return pg::combine<Plain>(
        fcinfo, both, [](const CountMin& to, const CountMin& from) { return to.subtract_bytes(from); },
        [fcinfo](CountMin& to, const CountMin& from) {
            Plain::require_alike(fcinfo, to, from);
            return to.subtract(from);
        });
}

// --- reading --------------------------------------------------------------------------------------------------------

// Flat, as it is asked for many values of one sketch.
[[gnu::flatten]] Datum estimate(FunctionCallInfo fcinfo) {
    const Reader s = pg::cached_reader<Plain>(fcinfo, 0);
    const auto [hash, given] = pg::hash_argument(fcinfo, 1);
    pg::expect_class(fcinfo, Plain::kType, s, given);
    return Int64GetDatum(s.count(hash));
}

Reader ranges_argument(FunctionCallInfo fcinfo) {
    const Reader s = pg::cached_reader<Plain>(fcinfo, 0);
    if (!s.ranges())
        ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                errmsg("%s: this countminsketch has no levels for ranges", pg::function_name(fcinfo)),
                errhint("Build it with countmin_range_agg."));
    return s;
}

Datum row_of(FunctionCallInfo fcinfo, const countmin::Count& c) {
    const std::array<int64, 3> row{c.lower, c.estimate, c.upper};
    return pg::row_of(fcinfo, std::span<const int64>(row));
}

Reader join_argument(FunctionCallInfo fcinfo, int argument) {
    const Reader s = pg::reader<Plain>(fcinfo, argument);
    if (s.ranges())
        ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                errmsg("%s: a countminsketch with levels for ranges has no join size", pg::function_name(fcinfo)),
                errhint("Build it with countmin_agg."));
    return s;
}

// What the sketch promises, in words.
const char* guarantee_of(const Reader& s, double confidence) {
    if (s.exact()) return "few values, listed: every answer is exact";
    const double count = std::floor(s.error(1, confidence)), percent = 100 * confidence;
    const char* range =
        !s.ranges() ? "" : psprintf(", a range at most %.0f", std::floor(s.error(countmin::kMaxNodes, confidence)));
    if (s.negative_cells())
        return psprintf(
            "some counts are below zero: the median of the rows answers; a count is off by at most %.0f "
            "either way%s, each with a confidence of %.5g %%",
            count, range, percent);
    return psprintf("no answer is too low%s; a count is too high by at most %.0f%s, each with a confidence of %.5g %%",
                    s.removed() > 0 ? ", if no value was removed more often than it was added" : "", count, range,
                    percent);
}

}  // namespace

SKETCH_TYPE(countmin, Plain)

SKETCH_FUNCTION(countmin_new) { return pg::empty<Plain>(Plain::params(fcinfo, 0)); }
SKETCH_FUNCTION(countmin_range_new) { return pg::empty<Ranges>(Ranges::params(fcinfo, 0)); }
SKETCH_FUNCTION(countmin_add) { return add<Plain, Weights::one>(fcinfo); }
SKETCH_FUNCTION(countmin_weighted_add) { return add<Plain, Weights::given>(fcinfo); }
SKETCH_FUNCTION(countmin_range_add) { return add<Ranges, Weights::one>(fcinfo); }
SKETCH_FUNCTION(countmin_range_weighted_add) { return add<Ranges, Weights::given>(fcinfo); }
SKETCH_FUNCTION(countmin_add_all) { return pg::add_all_values<Plain>(fcinfo); }
SKETCH_FUNCTION(countmin_add_hash) { return pg::add_hash<Plain>(fcinfo); }
SKETCH_FUNCTION(countmin_slide_add) { return slide<Plain, Weights::one>(fcinfo, true); }
SKETCH_FUNCTION(countmin_slide_remove) { return slide<Plain, Weights::one>(fcinfo, false); }
SKETCH_FUNCTION(countmin_weighted_slide_add) { return slide<Plain, Weights::given>(fcinfo, true); }
SKETCH_FUNCTION(countmin_weighted_slide_remove) { return slide<Plain, Weights::given>(fcinfo, false); }
SKETCH_FUNCTION(countmin_range_slide_add) { return slide<Ranges, Weights::one>(fcinfo, true); }
SKETCH_FUNCTION(countmin_range_slide_remove) { return slide<Ranges, Weights::one>(fcinfo, false); }
SKETCH_FUNCTION(countmin_range_weighted_slide_add) { return slide<Ranges, Weights::given>(fcinfo, true); }
SKETCH_FUNCTION(countmin_range_weighted_slide_remove) { return slide<Ranges, Weights::given>(fcinfo, false); }

SKETCH_FUNCTION(countmin_slide_final) {
    const CountMin s = pg::value<Plain>(fcinfo, 0);
    if (is_initial(s)) PG_RETURN_NULL();
    return pg::datum_of(pg::copied(s));
}

SKETCH_FUNCTION(countmin_slide_merge) { return pg::merge<Plain>(fcinfo); }

// NULL is a sketch of nothing, but as the state of an aggregate, where nothing was seen yet.
SKETCH_FUNCTION(countmin_subtract) {
    if (PG_ARGISNULL(0) && pg::in_transition(fcinfo)) return pg::second_or_null(fcinfo);
    if (PG_ARGISNULL(1)) return pg::null_or_first(fcinfo);
    if (PG_ARGISNULL(0)) fcinfo->args[0] = {pg::empty_like<Plain>(fcinfo, 1), false};
    return subtract(fcinfo);
}

// The way of a sketch out of a moving frame. There NULL sends the executor to build the frame anew: sketches of unequal
// parameters were in it, and the least may be those of the one that leaves. As the transition function of a user's own
// aggregate it folds, as everywhere: a state that was only ever subtracted from is not `folded`.
SKETCH_FUNCTION(countmin_slide_subtract) {
    if (in_window(fcinfo) && pg::state<Plain>(fcinfo).folded()) PG_RETURN_NULL();
    return subtract(fcinfo);
}

SKETCH_FUNCTION(countmin_estimate) { return estimate(fcinfo); }

SKETCH_FUNCTION(countmin_bounds) {
    const double confidence = pg::fraction_inside(fcinfo, 2, "confidence");
    const Reader s = pg::cached_reader<Plain>(fcinfo, 0);
    const auto [hash, given] = pg::hash_argument(fcinfo, 1);
    pg::expect_class(fcinfo, Plain::kType, s, given);
    return row_of(fcinfo, s.count_bounds(hash, confidence));
}

SKETCH_FUNCTION(countmin_total) { return Int64GetDatum(pg::head<Plain>(fcinfo, 0).total()); }

SKETCH_FUNCTION(countmin_range) {
    return Int64GetDatum(ranges_argument(fcinfo).range(PG_GETARG_INT64(1), PG_GETARG_INT64(2)));
}

SKETCH_FUNCTION(countmin_range_bounds) {
    const double confidence = pg::fraction_inside(fcinfo, 3, "confidence");
    return row_of(fcinfo, ranges_argument(fcinfo).range_bounds(PG_GETARG_INT64(1), PG_GETARG_INT64(2), confidence));
}

SKETCH_FUNCTION(countmin_range_quantile) {
    const double fraction = PG_GETARG_FLOAT8(1);
    if (!(fraction >= 0 && fraction <= 1))
        ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                errmsg("%s: fraction must be between 0 and 1, not %g", pg::function_name(fcinfo), fraction));
    const Reader answers = ranges_argument(fcinfo);
    if (answers.total() <= 0) PG_RETURN_NULL();
    return Int64GetDatum(answers.quantile(fraction));
}

SKETCH_FUNCTION(countmin_join_size) {
    const Reader a = join_argument(fcinfo, 0), b = join_argument(fcinfo, 1);
    return Float8GetDatum(a.join_size(b));
}

SKETCH_FUNCTION(countmin_join_bounds) {
    const double confidence = pg::fraction_inside(fcinfo, 2, "confidence");
    const Reader a = join_argument(fcinfo, 0), b = join_argument(fcinfo, 1);
    const Bounds bounds = a.join_bounds(b, confidence);
    return pg::row_of(fcinfo, std::array{bounds.lower, bounds.estimate, bounds.upper});
}

SKETCH_FUNCTION(countmin_info) {
    const Reader s = pg::reader<Plain>(fcinfo, 0);
    const double nodes = s.ranges() ? double{countmin::kMaxNodes} * countmin::kLevels : 1;
    const double confidence = -std::expm1(-s.depth());
    return pg::json(R"({"type": "countminsketch", "version": %d, "mode": "%s", "ranges": %s, "width": %zu, )"
                    R"("depth": %d, "epsilon": %.6g, "confidence": %.6g, "total": %lld, "added": %lld, )"
                    R"("removed": %lld, "negative": %s, "guarantee": "%s", "bytes": %zu})",
                    s.version(), s.is_table() ? "table" : "list", s.ranges() ? "true" : "false", s.width(), s.depth(),
                    2.718281828459045 * nodes / static_cast<double>(s.width()), confidence,
                    static_cast<long long>(s.total()), static_cast<long long>(s.added()),
                    static_cast<long long>(s.removed()), s.negative() ? "true" : "false", guarantee_of(s, confidence),
                    s.bytes());
}
