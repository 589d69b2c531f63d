// SPDX-License-Identifier: PostgreSQL
#include "fuzz.hpp"
#include "topk/topk.hpp"

#include <vector>

namespace {

struct Room {
    using Kernel = sketch::Topk;
    static sketch::Status add(sketch::Topk& s, std::uint64_t i) {
        using sketch::Item;
        const std::uint64_t text = i * 0x9E3779B97F4A7C15;
        const bool integers = s.item_kind() <= sketch::ItemKind::integer;
        return s.add(integers ? Item::of(static_cast<std::int64_t>(i)) : Item::of(s.item_kind(), &text, i % 9), 2);
    }
    static void read(const sketch::Topk::Reader& s) {
        std::vector<std::uint32_t> order(s.entries());
        s.rank(order);
        for (const std::uint32_t i : order)
            if (s.find(s.item(i)) != i) std::abort();
    }
};

}  // namespace

SKETCH_FUZZ(Room)
