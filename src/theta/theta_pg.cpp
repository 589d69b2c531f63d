// SPDX-License-Identifier: PostgreSQL
//
// theta to PostgreSQL.
#include "theta/theta.hpp"

#include "pg/shim.hpp"

namespace {

using namespace sketch;

int lg_k(FunctionCallInfo fcinfo, int argument) {
    const int64 k = pg::whole_in_range(fcinfo, argument, "k", 1 << Theta::kMinLgK, 1 << Theta::kMaxLgK);
    if (!std::has_single_bit(static_cast<uint32>(k)))
        ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                errmsg("%s: k must be a power of two between %d and %d, not %lld", pg::function_name(fcinfo),
                       1 << Theta::kMinLgK, 1 << Theta::kMaxLgK, static_cast<long long>(k)));
    return std::countr_zero(static_cast<uint32>(k));
}

struct ThetaShim {
    using Kernel = Theta;
    static constexpr const char* kType = "thetasketch";
    static constexpr bool kHashes = true;

    static Theta::Params params(FunctionCallInfo fcinfo, int first) {
        if (PG_NARGS() <= first) return {Theta::kDefaultLgK};
        return {lg_k(fcinfo, first)};
    }
    static const char* describe(const Theta::Params& params) { return psprintf("k %d", 1 << params.lg_k); }
    static constexpr const char* kParametersHint = pg::kSeveralColumns;
};

// A set operation that leaves some of argument 0: as transition or combine function in place, else as a new sketch.
template <Status (Theta::*in_place)(const Theta::Reader&),
          Status (Theta::*of_two)(const Theta::Reader&, const Theta::Reader&)>
Datum set_operation(FunctionCallInfo fcinfo) {
    const Theta::Reader b = pg::reader<ThetaShim>(fcinfo, 1);
    const auto expect_ok = [](Status status) {
        if (status != Status::ok) pg::raise(status, ThetaShim::kType);
    };
    if (pg::in_transition(fcinfo)) {
        Theta a = pg::state<ThetaShim>(fcinfo);
        const ValueClass held = pg::joint_class(fcinfo, ThetaShim::kType, a, b);
        if (a.trimmed()) a = pg::relaid(a, a.grown_bytes());
        expect_ok((a.*in_place)(b));
        a.set_value_class(held);
        return pg::returned<ThetaShim>(fcinfo, a);
    }
    const Theta::Reader a = pg::reader<ThetaShim>(fcinfo, 0);
    Theta kept(pg::allocate(Theta::kept_bytes(a)).room);
    expect_ok((kept.*of_two)(a, b));
    kept.set_value_class(pg::joint_class(fcinfo, ThetaShim::kType, a, b));
    return pg::trimmed(kept);
}

Datum bounds_row(FunctionCallInfo fcinfo, const Bounds& b) {
    return pg::row_of(fcinfo, std::array{b.lower, b.estimate, b.upper});
}

Datum compare(FunctionCallInfo fcinfo, Bounds (*alike)(const Theta::Reader&, const Theta::Reader&, double)) {
    const double confidence = pg::fraction_inside(fcinfo, 2, "confidence");
    const Theta::Reader a = pg::reader<ThetaShim>(fcinfo, 0), b = pg::reader<ThetaShim>(fcinfo, 1);
    pg::joint_class(fcinfo, ThetaShim::kType, a, b);
    return bounds_row(fcinfo, alike(a, b, confidence));
}

}  // namespace

SKETCH_TYPE(theta, ThetaShim)
SKETCH_FUNCTION(theta_new) { return pg::empty<ThetaShim>(ThetaShim::params(fcinfo, 0)); }
SKETCH_FUNCTION(theta_add) { return pg::add_value<ThetaShim>(fcinfo); }
SKETCH_FUNCTION(theta_add_all) { return pg::add_all_values<ThetaShim>(fcinfo); }
SKETCH_FUNCTION(theta_add_hash) { return pg::add_hash<ThetaShim>(fcinfo); }
SKETCH_FUNCTION(theta_fold) { return pg::fold<ThetaShim>(fcinfo); }

// NULL is a sketch of nothing, but as the state of an aggregate, where nothing was seen yet.
SKETCH_FUNCTION(theta_intersect) {
    if (PG_ARGISNULL(0) && pg::in_transition(fcinfo)) return pg::second_or_null(fcinfo);
    if (PG_ARGISNULL(0) && PG_ARGISNULL(1)) PG_RETURN_NULL();
    if (PG_ARGISNULL(0) || PG_ARGISNULL(1)) return pg::empty_like<ThetaShim>(fcinfo, PG_ARGISNULL(0) ? 1 : 0);
    return set_operation<&Theta::intersect, &Theta::intersect>(fcinfo);
}
// The transition of the aggregate remembers a first sketch that is NULL: by the largest k, so that the others decide on
// the result's.
SKETCH_FUNCTION(theta_intersect_add) {
    if (PG_ARGISNULL(0) && PG_ARGISNULL(1)) return pg::empty<ThetaShim>({Theta::kMaxLgK});
    if (PG_ARGISNULL(0)) return PG_GETARG_DATUM(1);
    return theta_intersect(fcinfo);
}
SKETCH_FUNCTION(theta_except) {
    if (PG_ARGISNULL(0) && pg::in_transition(fcinfo)) return pg::second_or_null(fcinfo);
    if (PG_ARGISNULL(0) || PG_ARGISNULL(1)) return pg::null_or_first(fcinfo);
    return set_operation<&Theta::except, &Theta::except>(fcinfo);
}

SKETCH_FUNCTION(theta_estimate) { return Float8GetDatum(pg::head<ThetaShim>(fcinfo, 0).estimate()); }

SKETCH_FUNCTION(theta_bounds) {
    const double confidence = pg::fraction_inside(fcinfo, 1, "confidence");
    return bounds_row(fcinfo, pg::head<ThetaShim>(fcinfo, 0).bounds(confidence));
}

SKETCH_FUNCTION(theta_jaccard) { return compare(fcinfo, &Theta::Reader::jaccard); }
SKETCH_FUNCTION(theta_containment) { return compare(fcinfo, &Theta::Reader::containment); }

SKETCH_FUNCTION(theta_info) {
    const Theta::Reader s = pg::reader<ThetaShim>(fcinfo, 0);
    return pg::json(R"({"type": "thetasketch", "version": %d, "k": %zu, "mode": "%s", "theta": %.17g, "hashes": %zu, )"
                    R"("estimate": %.17g, "relative_error": %.6f, "bytes": %zu})",
                    s.version(), s.k(), s.exact() ? "exact" : "sampled", s.theta(), s.retained(), s.estimate(),
                    s.relative_error(), s.bytes());
}
