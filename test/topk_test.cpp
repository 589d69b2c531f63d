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

std::vector<std::uint32_t> ranking(const Topk::Reader& s) {
    std::vector<std::uint32_t> order(s.entries());
    s.rank(order);
    return order;
}

// Every reader, folded into one number.
double read_all(const Topk::Reader& s) {
    double sum = s.total() + 3 * s.floor();
    double place = 1;
    for (const std::uint32_t i : ranking(s)) {
        EXPECT_LE(s.lower(i), s.upper(i));
        EXPECT_EQ(s.find(s.item(i)), i);
        sum += place++ * s.lower(i) + 0.5 * s.upper(i) + static_cast<double>(s.item(i).size() % 7);
    }
    EXPECT_EQ(s.find(text("not there at all")), s.entries());
    return sum + s.guarantee(ranking(s), 3);
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
    static double read(const Topk::Reader& s) { return read_all(s); }

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

// Items of all lengths, some longer than a log; sketches with unequal k; rows, merges with states and with stored
// bytes, and sketches that are stored and written on: whatever happens, the bounds hold for every item.
class Program {
  public:
    explicit Program(std::uint64_t seed) : random_{seed} {
        for (int i = 0; i < 3; ++i) start();
    }

    void run(int steps) {
        for (int i = 0; i < steps; ++i) step();
        while (parts_.size() > 1) merge();
    }

    void expect_bounds() const {
        const Image image = parts_[0].sketch.trimmed();
        ASSERT_EQ(Topk::check(image), Status::ok);
        const Topk::Reader s = open<Topk>(image);
        double total = 0;
        for (const auto& [item, weight] : parts_[0].truth) {
            total += weight;
            const std::uint32_t i = s.find(text(item));
            const bool held = i != s.entries();
            EXPECT_LE(held ? s.lower(i) : 0, weight);
            EXPECT_GE(held ? s.upper(i) : s.floor(), weight);
        }
        EXPECT_EQ(s.total(), total);
        EXPECT_LE(s.floor(), total / (s.k() + 1));
    }

  private:
    struct Part {
        Sketch<Topk> sketch;
        std::map<std::string, double> truth;
    };

    void start() {
        static constexpr std::uint32_t kSizes[] = {1, 2, 5, 20, 128, 300};
        parts_.push_back({Sketch<Topk>(Topk::Params{kSizes[random_.below(6)]}), {}});
    }

    std::string item() {
        const auto rank = static_cast<std::uint64_t>(5 / (random_.uniform() + 0.002));
        std::string s = "item " + std::to_string(rank);
        s.resize(s.size() + (rank % 97 == 13 ? kMaxItemBytes - 20 : rank % 31 == 5 ? 700 : rank * rank % 40), '.');
        return s;
    }

    void step() {
        const std::uint64_t choice = random_.below(1000);
        if (choice == 0) return start();
        if (choice < 4) return merge();
        Part& part = parts_[random_.below(parts_.size())];
        if (choice < 7) {
            part.sketch = Sketch<Topk>(part.sketch.trimmed());
            return;
        }
        const std::string added = item();
        const auto weight = static_cast<double>(random_.below(4)) / 2;
        ASSERT_EQ(part.sketch.add([&](Topk& s) { return s.add(text(added), weight); }), Status::ok);
        part.truth[added] += weight;
    }

    void merge() {
        if (parts_.size() < 2) return;
        const std::size_t a = random_.below(parts_.size());
        std::swap(parts_[a], parts_.back());
        const Part from = std::move(parts_.back());
        parts_.pop_back();
        Part& to = parts_[random_.below(parts_.size())];
        const Status status =
            random_.below(2) ? to.sketch.merge(from.sketch.kernel()) : to.sketch.merge(from.sketch.trimmed());
        ASSERT_EQ(status, Status::ok);
        for (const auto& [item, weight] : from.truth) to.truth[item] += weight;
    }

    Random random_;
    std::vector<Part> parts_;
};

TEST(Topk, BoundsHoldWhateverHappens) {
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        SCOPED_TRACE(seed);
        Program program(seed);
        program.run(static_cast<int>(100 + seed * 100));
        program.expect_bounds();
    }
}

}  // namespace
}  // namespace sketch::test
