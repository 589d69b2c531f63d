// SPDX-License-Identifier: PostgreSQL
#include "fuzz.hpp"
#include "trend/trend.hpp"

#include <vector>

namespace {

struct Room {
    using Kernel = sketch::Trend;
    static sketch::Status add(sketch::Trend& s, std::uint64_t i) {
        using sketch::Item;
        const std::uint64_t text = i * 0x9E3779B97F4A7C15;
        const bool integers = s.item_kind() <= sketch::ItemKind::integer;
        return s.add(integers ? Item::of(static_cast<std::int64_t>(i)) : Item::of(s.item_kind(), &text, i % 9),
                     8000 * sketch::Trend::kDay + static_cast<std::int64_t>(i) * sketch::Trend::kDay, 2);
    }
    static void read(const sketch::Trend::Reader& s) {
        std::vector<std::uint32_t> order(s.entries());
        s.rank(order, s.scales() - 1);
        for (const std::uint32_t i : order)
            if (s.find(s.item(i)) != i) std::abort();
    }
};

}  // namespace

SKETCH_FUZZ(Room)
