// SPDX-License-Identifier: PostgreSQL
//
// topk to PostgreSQL.
#include "topk/topk.hpp"

#include "pg/item.hpp"
#include "pg/rows.hpp"
#include "pg/shim.hpp"

namespace {

using namespace sketch;
using heavy_hitters::kMaxEntries, heavy_hitters::kMaxTotal, heavy_hitters::kMaxWeight;
using sketch::Item;  // PostgreSQL has another

struct TopkShim {
    using Kernel = Topk;
    static constexpr const char* kType = "topksketch";
    static constexpr bool kHashes = false;

    static Topk::Params params(FunctionCallInfo fcinfo, int first) {
        if (PG_NARGS() <= first) return {Topk::kDefaultK};
        return {static_cast<std::uint32_t>(pg::whole_in_range(fcinfo, first, "k", 1, kMaxEntries))};
    }
    static void require_alike(FunctionCallInfo fcinfo, const Topk& a, const Topk& b) {
        pg::require_alike_items(fcinfo, kType, a.item_kind(), b.item_kind());
    }
    static const char* describe(const Topk::Params& params) {
        return psprintf("k %u", params.listed != 0 ? params.listed : params.k);
    }
    static constexpr const char* kParametersHint = "Weights go to topk_weighted_agg(item, weight).";
};

// approx_top_k(item, k): ten entries for each item that is asked for.
struct ListShim : TopkShim {
    static Topk::Params params(FunctionCallInfo fcinfo, int first) {
        std::uint32_t listed = 10;
        if (PG_NARGS() > first)
            listed = static_cast<std::uint32_t>(pg::whole_in_range(fcinfo, first, "k", 1, Topk::kMaxListed));
        return {std::max(10 * listed, Topk::kDefaultK), listed};
    }
};

// (sketch, item [, k]). A NULL item adds nothing.
template <class Shim>
Datum add_item(FunctionCallInfo fcinfo) {
    if (PG_ARGISNULL(1)) return pg::null_or_first(fcinfo);
    const Item item = pg::item_argument(fcinfo, 1);
    return pg::add<Shim>(
        fcinfo, 2, [=](Topk & s) __attribute__((always_inline)) {
            return pg::add_item(
                fcinfo, Shim::kType, s, item,
                [](Topk & to, const Item& i) __attribute__((always_inline)) { return to.add(i); });
        });
}

// (sketch, item, weight [, k]). A NULL item adds nothing, and neither does one of weight NULL or 0.
Datum add_weighted(FunctionCallInfo fcinfo) {
    if (PG_ARGISNULL(1) || PG_ARGISNULL(2)) return pg::null_or_first(fcinfo);
    const Item item = pg::item_argument(fcinfo, 1);
    const double weight = pg::number_in_range(fcinfo, 2, "weight", 0, kMaxWeight);
    if (weight == 0) return pg::null_or_first(fcinfo);
    return pg::add<TopkShim>(
        fcinfo, 3, [=](Topk & s) __attribute__((always_inline)) {
            return pg::add_item(
                fcinfo, TopkShim::kType, s,
                item, [=](Topk & to, const Item& i) __attribute__((always_inline)) { return to.add(i, weight); });
        });
}

// (sketch, items [, k]), an array.
Datum add_all(FunctionCallInfo fcinfo) {
    if (PG_ARGISNULL(1)) return pg::null_or_first(fcinfo);
    const pg::Elements elements = pg::elements_argument(fcinfo, 1);
    pg::CallSite& site = pg::call_site(fcinfo);
    if (site.room == nullptr) site.room = pg::resolve_item(fcinfo, elements.type);
    auto& type = *static_cast<pg::ItemType*>(site.room);
    return pg::add_all<TopkShim>(fcinfo, elements.values, [&](Topk& s, Datum element) {
        return pg::add_item(fcinfo, TopkShim::kType, s, pg::item_of(type, element),
                            [](Topk& to, const Item& i) { return to.add(i); });
    });
}

std::span<std::uint32_t> ranking(const Topk::Reader& s) {
    const std::span order(static_cast<std::uint32_t*>(palloc(sizeof(std::uint32_t) * (s.entries() + 1))), s.entries());
    s.rank(order);
    return order;
}

// How many rows argument 1 asks for; NULL asks for all.
std::size_t rows_wanted(FunctionCallInfo fcinfo, const Topk::Reader& s) {
    if (PG_ARGISNULL(1)) return s.entries();
    return std::min(std::size_t{s.entries()},
                    static_cast<std::size_t>(pg::whole_in_range(fcinfo, 1, "n", 0, PG_INT64_MAX)));
}

void put_row(pg::Rows& rows, const Topk::Reader& s, std::uint32_t i, double guarantee) {
    CHECK_FOR_INTERRUPTS();
    rows.put(pg::item_text(s.item(i)), Float8GetDatum(s.estimate(i)), Float8GetDatum(s.lower(i)),
             Float8GetDatum(s.upper(i)), BoolGetDatum(s.lower(i) >= guarantee));
}

// lower, estimate, upper of argument 1.
std::array<double, 3> bounds(FunctionCallInfo fcinfo) {
    const Topk::Reader s = pg::reader<TopkShim>(fcinfo, 0);
    const Item item = pg::asked_item(fcinfo, 1, TopkShim::kType, s);
    const std::uint32_t i = s.find(item);
    if (i == s.entries()) return {0, 0, s.floor()};
    return {s.lower(i), s.estimate(i), s.upper(i)};
}

// The first n items, as a JSON array.
void put_items(pg::Json& json, const Topk::Reader& s, std::size_t n) {
    const auto order = ranking(s);
    json.begin_array();
    for (const std::uint32_t i : order.first(std::min(n, order.size()))) {
        json.begin_object();
        pg::put_member(json, "item", s.item(i));
        json.member("count", s.estimate(i));
        json.member("lower", s.lower(i));
        json.member("upper", s.upper(i));
        json.end_object();
    }
    json.end_array();
}

}  // namespace

SKETCH_TYPE(topk, TopkShim)
SKETCH_FUNCTION(topk_new) { return pg::empty<TopkShim>(TopkShim::params(fcinfo, 0)); }
SKETCH_FUNCTION(topk_add) { return add_item<TopkShim>(fcinfo); }
SKETCH_FUNCTION(topk_add_all) { return add_all(fcinfo); }
SKETCH_FUNCTION(topk_weighted_add) { return add_weighted(fcinfo); }
SKETCH_FUNCTION(topk_list_add) { return add_item<ListShim>(fcinfo); }
SKETCH_FUNCTION(topk_fold) { return pg::fold<TopkShim>(fcinfo); }

SKETCH_FUNCTION(topk_items) {
    pg::Rows rows(fcinfo);
    if (PG_ARGISNULL(0)) return rows.done();
    const Topk::Reader s = pg::reader<TopkShim>(fcinfo, 0);
    const std::size_t n = rows_wanted(fcinfo, s);
    const auto order = ranking(s);
    const double guarantee = s.guarantee(order, n);
    for (const std::uint32_t i : order.first(n)) put_row(rows, s, i, guarantee);
    return rows.done();
}

SKETCH_FUNCTION(topk_above) {
    const double asked = pg::number_in_range(fcinfo, 1, "threshold", 0, kMaxTotal);
    const bool no_false_positives = PG_GETARG_BOOL(2);
    pg::Rows rows(fcinfo);
    const Topk::Reader s = pg::reader<TopkShim>(fcinfo, 0);
    const double threshold = asked < 1 ? asked * s.total() : asked;
    for (const std::uint32_t i : ranking(s))
        if ((no_false_positives ? s.lower(i) : s.upper(i)) > threshold) put_row(rows, s, i, threshold);
    return rows.done();
}

SKETCH_FUNCTION(topk_estimate) { return Float8GetDatum(bounds(fcinfo)[1]); }
SKETCH_FUNCTION(topk_bounds) { return pg::row_of(fcinfo, bounds(fcinfo)); }
SKETCH_FUNCTION(topk_total) { return Float8GetDatum(pg::reader<TopkShim>(fcinfo, 0).total()); }
SKETCH_FUNCTION(topk_error) { return Float8GetDatum(pg::reader<TopkShim>(fcinfo, 0).floor()); }

SKETCH_FUNCTION(topk_info) {
    const Topk::Reader s = pg::reader<TopkShim>(fcinfo, 0);
    return pg::json(R"({"type": "topksketch", "version": %d, "k": %u, "items": "%s", "entries": %u, "total": %.17g, )"
                    R"("error": %.17g, "bytes": %zu})",
                    s.version(), s.k(), pg::kind_name(s.item_kind()), s.entries(), s.total(), s.floor(), s.bytes());
}

// The final function of approx_top_k.
SKETCH_FUNCTION(topk_list) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const Topk::Reader s = pg::reader<TopkShim>(fcinfo, 0);
    pg::Json json;
    put_items(json, s, s.listed() == 0 ? s.entries() : s.listed());
    return json.done();
}

SKETCH_FUNCTION(topk_json) {
    const Topk::Reader s = pg::reader<TopkShim>(fcinfo, 0);
    pg::Json json;
    json.begin_object();
    json.member("k", std::uint64_t{s.k()});
    json.member("total", s.total());
    json.member("error", s.floor());
    json.key("items");
    put_items(json, s, s.entries());
    json.end_object();
    return json.done();
}
