// SPDX-License-Identifier: PostgreSQL
//
// bloom to PostgreSQL.
#include "bloom/bloom.hpp"

#include "pg/cached.hpp"
#include "pg/shim.hpp"

namespace {

using namespace sketch;

Bloom::Params checked_params(FunctionCallInfo fcinfo, int capacity_argument, int rate_argument) {
    double capacity = Bloom::kDefaultCapacity, rate = Bloom::kDefaultRate;
    if (PG_NARGS() > capacity_argument)
        capacity =
            static_cast<double>(pg::whole_in_range(fcinfo, capacity_argument, "capacity", 1, Bloom::kMaxCapacity));
    if (PG_NARGS() > rate_argument) {
        pg::reject_null(fcinfo, rate_argument, "fpp");
        rate = PG_GETARG_FLOAT8(rate_argument);
        if (!(rate >= Bloom::kMinRate && rate <= Bloom::kMaxRate))
            ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("%s: fpp must be between %g and %g, not %g", pg::function_name(fcinfo), Bloom::kMinRate,
                           Bloom::kMaxRate, rate));
    }
    return {capacity, rate};
}

struct BloomShim {
    using Kernel = Bloom;
    static constexpr const char* kType = "bloomsketch";
    static constexpr bool kHashes = true;

    static Bloom::Params params(FunctionCallInfo fcinfo, int first) { return checked_params(fcinfo, first, first + 1); }
    static void fill_in(Bloom::Params& given, FunctionCallInfo fcinfo, int first, const Bloom::Params& held) {
        if (PG_NARGS() > first + 1) return;
        const auto capacity = static_cast<double>(PG_GETARG_INT64(first));
        given = {capacity, held.rate};
    }
    // Capacities with the same bits of a prefix give the same sketch.
    static const char* describe(const Bloom::Params& params) {
        return psprintf("a capacity of up to %.0f at fpp %g", std::floor(params.capacity()), params.rate);
    }
    static constexpr const char* kParametersHint = pg::kSeveralColumns;
};

}  // namespace

SKETCH_TYPE(bloom, BloomShim)
SKETCH_FUNCTION(bloom_new) { return pg::empty<BloomShim>(checked_params(fcinfo, 0, 1)); }
SKETCH_FUNCTION(bloom_add) { return pg::add_value<BloomShim>(fcinfo); }
SKETCH_FUNCTION(bloom_add_all) { return pg::add_all_values<BloomShim>(fcinfo); }
SKETCH_FUNCTION(bloom_add_hash) { return pg::add_hash<BloomShim>(fcinfo); }

// NULL is a sketch of nothing.
SKETCH_FUNCTION(bloom_intersect) {
    if (PG_ARGISNULL(0) && PG_ARGISNULL(1)) PG_RETURN_NULL();
    if (PG_ARGISNULL(0) || PG_ARGISNULL(1)) return pg::empty_like<BloomShim>(fcinfo, PG_ARGISNULL(0) ? 1 : 0);
    const Bloom::Reader a = pg::reader<BloomShim>(fcinfo, 0), b = pg::reader<BloomShim>(fcinfo, 1);
    const ValueClass held = pg::joint_class(fcinfo, BloomShim::kType, a, b);
    const Bloom::Intersection both(a, b);
    const pg::Block block = pg::allocate(both.bytes());
    both.write(block.room);
    return pg::of_class(Bloom(block.room.data(), block.room.size()), held);
}

SKETCH_FUNCTION(bloom_contains) {
    const auto [hash, given] = pg::hash_argument(fcinfo, 1);
    // A WHERE clause probes the same stored filter for every row: it is fetched once.
    const auto s = pg::cached_reader<BloomShim>(fcinfo, 0);
    pg::expect_class(fcinfo, BloomShim::kType, s, given);
    return BoolGetDatum(s.contains(hash));
}

SKETCH_FUNCTION(bloom_estimate) { return Float8GetDatum(pg::head<BloomShim>(fcinfo, 0).estimate()); }
SKETCH_FUNCTION(bloom_fpp) { return Float8GetDatum(pg::head<BloomShim>(fcinfo, 0).false_positives()); }

SKETCH_FUNCTION(bloom_info) {
    const Bloom::Reader s = pg::reader<BloomShim>(fcinfo, 0);
    const double n = s.estimate(), rate = s.false_positives();
    char estimate[32] = "null";  // it has all prefixes there can be
    if (std::isfinite(n)) snprintf(estimate, sizeof estimate, "%.17g", n);
    return pg::json(R"({"type": "bloomsketch", "version": %d, "mode": "%s", "asked_fpp": %.17g, "fpp": %.6g, )"
                    R"("past_capacity": %s, "estimate": %s, "prefix_bits": %d, "bytes": %zu})",
                    s.version(),
                    s.exact()       ? "exact"
                    : s.is_bitmap() ? "bitmap"
                                    : "packed",
                    s.rate(), rate, rate > s.rate() ? "true" : "false", estimate, s.bits(), s.bytes());
}
