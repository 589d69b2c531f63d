// SPDX-License-Identifier: PostgreSQL
//
// theta to PostgreSQL.
#include "theta/theta.hpp"

#include "pg/shim.hpp"

namespace {

using namespace sketch;

int lg_k(FunctionCallInfo fcinfo, int argument) {
    const int32 k = pg::int_in_range(fcinfo, argument, "k", 1 << Theta::kMinLgK, 1 << Theta::kMaxLgK);
    if (!std::has_single_bit(static_cast<uint32>(k)))
        ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                errmsg("%s: k must be a power of two between %d and %d, not %d", pg::function_name(fcinfo),
                       1 << Theta::kMinLgK, 1 << Theta::kMaxLgK, k));
    return std::countr_zero(static_cast<uint32>(k));
}

struct ThetaShim {
    using Kernel = Theta;
    static constexpr const char* kType = "thetasketch";

    static Theta::Params params(FunctionCallInfo fcinfo, int first) {
        if (PG_NARGS() <= first) return {Theta::kDefaultLgK};
        return {lg_k(fcinfo, first)};
    }
};

// A set operation that shrinks argument 0 by argument 1: as transition or combine function in place, else to a new
// image.
Datum shrink(FunctionCallInfo fcinfo, Status (Theta::*operation)(const Theta&, const Theta&)) {
    const bool in_place = pg::in_aggregate(fcinfo);
    const Theta a = in_place ? pg::state<ThetaShim>(fcinfo) : pg::settled_arg<ThetaShim>(fcinfo, 0);
    const Theta b = pg::settled_arg<ThetaShim>(fcinfo, 1);
    Theta to = a;
    if (!in_place || a.trimmed()) {
        const auto room = pg::allocate(a.kept_bytes()).room;
        to = Theta(room.data(), room.size());
    }
    const Status status = (to.*operation)(a, b);
    if (status != Status::ok) pg::raise(status, ThetaShim::kType);
    return in_place ? pg::datum_of(to) : pg::trimmed(to);
}

Datum bounds_row(FunctionCallInfo fcinfo, const Bounds& b) {
    return pg::row_of(fcinfo, std::array{b.lower, b.estimate, b.upper});
}

}  // namespace

SKETCH_FUNCTION(thetasketch_in) { return pg::in<ThetaShim>(fcinfo); }
SKETCH_FUNCTION(thetasketch_out) { return pg::out<ThetaShim>(fcinfo); }
SKETCH_FUNCTION(thetasketch_recv) { return pg::recv<ThetaShim>(fcinfo); }
SKETCH_FUNCTION(thetasketch_send) { return pg::to_bytes<ThetaShim>(fcinfo); }
SKETCH_FUNCTION(thetasketch_from_bytea) { return pg::from_bytes<ThetaShim>(fcinfo); }
SKETCH_FUNCTION(theta_empty) { return pg::empty<ThetaShim>({lg_k(fcinfo, 0)}); }
SKETCH_FUNCTION(theta_add) { return pg::add_value<ThetaShim>(fcinfo); }
SKETCH_FUNCTION(theta_merge) { return pg::merge<ThetaShim>(fcinfo); }
SKETCH_FUNCTION(theta_final) { return pg::final<ThetaShim>(fcinfo); }

SKETCH_FUNCTION(theta_intersect) { return shrink(fcinfo, &Theta::intersect); }
SKETCH_FUNCTION(theta_except) { return shrink(fcinfo, &Theta::except); }

SKETCH_FUNCTION(theta_estimate) { return Float8GetDatum(pg::arg<ThetaShim>(fcinfo, 0).estimate()); }

SKETCH_FUNCTION(theta_bounds) {
    const double confidence = pg::fraction_inside(fcinfo, 1, "confidence");
    return bounds_row(fcinfo, pg::arg<ThetaShim>(fcinfo, 0).bounds(confidence));
}

SKETCH_FUNCTION(theta_jaccard) {
    const double confidence = pg::fraction_inside(fcinfo, 2, "confidence");
    return bounds_row(fcinfo, Theta::jaccard(pg::arg<ThetaShim>(fcinfo, 0), pg::arg<ThetaShim>(fcinfo, 1), confidence));
}

SKETCH_FUNCTION(theta_containment) {
    const double confidence = pg::fraction_inside(fcinfo, 2, "confidence");
    return bounds_row(fcinfo,
                      Theta::containment(pg::arg<ThetaShim>(fcinfo, 0), pg::arg<ThetaShim>(fcinfo, 1), confidence));
}

SKETCH_FUNCTION(theta_info) {
    const Theta s = pg::arg<ThetaShim>(fcinfo, 0);
    return pg::json(R"({"type": "thetasketch", "version": %d, "k": %zu, "mode": "%s", "theta": %.17g, "hashes": %zu, )"
                    R"("estimate": %.17g, "relative_error": %.6f, "bytes": %zu})",
                    s.version(), s.k(), s.exact() ? "exact" : "sampled", s.theta(), s.retained(), s.estimate(),
                    s.relative_error(), s.bytes());
}
