// SPDX-License-Identifier: PostgreSQL
#include "topk/topk.hpp"

#include <map>
#include <string>

#include "laws.hpp"

namespace sketch::test {
namespace {

Item text(const std::string& s) { return Item::of(ItemKind::text, s.data(), s.size()); }

// Strings of 0 to 40 bytes, many with the same beginning.
std::string name(std::uint64_t i) {
    if (i == 0) return {};
    std::string s = "item-";
    s.resize(i * i % 37 + 3, 'x');
    return s + std::to_string(i);
}

std::vector<std::uint32_t> ranking(const Topk& s) {
    std::vector<std::uint32_t> order(s.entries());
    s.rank(order);
    return order;
}

// Every reader, folded into one number.
double read_all(const Topk& s) {
    double sum = s.total() + 3 * s.floor();
    double place = 1;
    for (const std::uint32_t i : ranking(s)) {
        EXPECT_LE(s.lower(i), s.upper(i));
        EXPECT_EQ(s.find(s.item(i)), i);
        sum += place++ * s.lower(i) + 0.5 * s.error(i) + static_cast<double>(s.item(i).size() % 7);
    }
    EXPECT_EQ(s.find(text("not there at all")), s.entries());
    return sum + s.bar(ranking(s), 3);
}

std::uint64_t skewed(std::uint64_t i) {
    Random random{i * 77};
    return static_cast<std::uint64_t>(3 / (random.uniform() + 0.0005));
}

// A skewed list of strings: depends on the order by design, once more than 2k of them are there.
struct TopkLaws {
    using Kernel = Topk;
    static constexpr bool kCanonical = false;
    static constexpr bool kIdempotent = false;

    static std::vector<Topk::Params> params() { return {{300}, {128, 10}, {16}, {3}, {1}}; }
    static Status add(Topk& s, std::uint64_t i) {
        const std::string item = name(skewed(i));
        const Status status = s.add(text(item), static_cast<double>(i % 3));
        return status == Status::unlike_items ? Status::ok : status;
    }
    static double read(const Topk& s) { return read_all(s); }

    static Image build(Topk::Params params, std::uint64_t n) {
        Sketch<Topk> sketch(params);
        for (std::uint64_t i = 0; i < n; ++i) sketch.add([i](Topk& s) { return add(s, i); });
        return sketch.trimmed();
    }
    static Image integers(std::uint32_t k, std::int64_t n) {
        Sketch<Topk> sketch(Topk::Params{k});
        for (std::int64_t i = 0; i < n; ++i) sketch.add([i](Topk& s) { return s.add(Item::of(i * i % 1000 - 500)); });
        return sketch.trimmed();
    }
    static std::vector<std::pair<std::string, Image>> golden() {
        return {{"empty", build({128}, 0)},      {"exact", build({128}, 100)},
                {"pruned", build({16}, 5000)},   {"listed", build({100, 10}, 50)},
                {"integers", integers(128, 50)}, {"integers_pruned", integers(8, 5000)}};
    }
};
INSTANTIATE_TYPED_TEST_SUITE_P(topk, Laws, TopkLaws);

// While there are at most k items, a sketch is exact, and its bytes depend on the multiset of its rows alone.
struct TopkExactLaws : TopkLaws {
    static constexpr bool kCanonical = true;

    static std::vector<Topk::Params> params() { return {{1000}, {200}, {128}, {97}}; }
    static Status add(Topk& s, std::uint64_t i) {
        const std::string item = name(i * i % 193);  // 97 squares
        const Status status = s.add(text(item));
        return status == Status::unlike_items ? Status::ok : status;
    }
    static std::vector<std::pair<std::string, Image>> golden() { return {}; }
};
INSTANTIATE_TYPED_TEST_SUITE_P(topk_exact, Laws, TopkExactLaws);

struct TopkIntegerLaws : TopkExactLaws {
    static Status add(Topk& s, std::uint64_t i) {
        const Status status = s.add(Item::of(static_cast<std::int64_t>(i * i % 193) - 90), static_cast<double>(i % 5));
        return status == Status::unlike_items ? Status::ok : status;
    }
};
INSTANTIATE_TYPED_TEST_SUITE_P(topk_integers, Laws, TopkIntegerLaws);

}  // namespace
}  // namespace sketch::test
