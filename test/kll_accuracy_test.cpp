// SPDX-License-Identifier: PostgreSQL
//
// The rank error of kll against its promise, by seeded simulation: single streams of a thousand to ten million values,
// and random merge trees of a thousand parts, on data that are kind to a sketch and data that are not.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "accuracy.hpp"
#include "kll/kll.hpp"

namespace sketch::test {
namespace {

enum class Shape { uniform, lognormal, sorted, reversed, zoomed, two_valued, equal };

const char* name_of(Shape shape) {
    constexpr const char* kNames[] = {"uniform", "lognormal", "sorted", "reversed", "zoomed in", "two values", "equal"};
    return kNames[static_cast<int>(shape)];
}

// A data set as a rank-to-value map and an order of arrival, so that true ranks need no sorting.
struct Data {
    Shape shape;
    std::uint64_t n;
    Random random;

    double next(std::uint64_t i) {
        switch (shape) {
            case Shape::uniform: return random.uniform();
            case Shape::lognormal: return std::exp(normal() * 2);
            case Shape::sorted: return static_cast<double>(i);
            case Shape::reversed: return static_cast<double>(n - i);
            // From both ends inwards: every value is new between all that came before.
            case Shape::zoomed: return static_cast<double>(i % 2 == 0 ? i : 2 * n - i);
            case Shape::two_valued: return random.below(10) < 3 ? 1 : 2;
            case Shape::equal: return 7;
        }
        return 0;
    }
    double normal() {
        double sum = -6;
        for (int i = 0; i < 12; ++i) sum += random.uniform();
        return sum;
    }
};

struct Errors {
    double runs = 0, within = 0, worst = 0, squares = 0, count = 0, covered = 0;

    // The rank error of 99 quantiles of n rows: how far the asked row is from the rows that the answer's equals take.
    // rows_of(answer): how many rows are below it, and how many are not above it.
    template <class RowsOf>
    void add(const Kll::Reader& s, double n, RowsOf rows_of) {
        double largest = 0;
        for (int p = 1; p < 100; ++p) {
            const double row = std::ceil(p / 100.0 * n);
            const auto distance = [&](double answer) {
                const auto [below, upto] = rows_of(answer);
                return row <= below ? row - below - 1 : row > upto ? row - upto : 0.0;
            };
            const Bounds b = s.bounds(p / 100.0, 0.95);
            const double error = distance(b.estimate) / n;
            covered += distance(b.lower) >= 0 && distance(b.upper) <= 0;
            squares += error * error;
            largest = std::max(largest, std::fabs(error));
            ++count;
        }
        ++runs;
        within += largest <= s.epsilon();
        worst = std::max(worst, largest);
    }
    void add(const Kll::Reader& s, std::vector<double>& values) {
        std::sort(values.begin(), values.end());
        add(s, static_cast<double>(values.size()), [&](double answer) {
            const auto [first, end] = std::equal_range(values.begin(), values.end(), answer);
            return std::pair(static_cast<double>(first - values.begin()), static_cast<double>(end - values.begin()));
        });
    }
    double rms() const { return std::sqrt(squares / count); }
    void print(const std::string& what, double n) const {
        std::printf(
            "  %-24s n = %-6.0e %3.0f runs  rms %.3f %%  worst %.3f %%  within epsilon %5.1f %%  covered %.1f %%\n",
            what.c_str(), n, runs, 100 * rms(), 100 * worst, 100 * within / runs, 100 * covered / count);
    }
};

Errors simulate(Shape shape, std::uint64_t n, int runs, std::size_t parts, int k = Kll::kDefaultK) {
    Errors errors;
    std::vector<double> values(n);
    for (int run = 0; run < runs; ++run) {
        Data data{shape, n, {static_cast<std::uint64_t>(run) * 1000003 + n}};
        for (std::uint64_t i = 0; i < n; ++i) values[i] = data.next(i);
        // Without randomness in the data, runs differ by where the stream is cut into two.
        std::vector<Sketch<Kll>> forest;
        std::vector<std::size_t> cuts = {0, n};
        for (std::size_t i = 1; i < parts; ++i) cuts.push_back(data.random.below(n + 1));
        std::sort(cuts.begin(), cuts.end());
        const bool turn = parts == 1 && (shape == Shape::sorted || shape == Shape::reversed);
        const std::size_t first = turn ? data.random.below(1000) : 0;
        for (std::size_t part = 0; part + 1 < cuts.size(); ++part) {
            forest.emplace_back(Kll::Params{k});
            for (std::size_t i = cuts[part]; i < cuts[part + 1]; ++i)
                forest.back().add([v = values[i] + static_cast<double>(first)](Kll& s) { return s.add(v); });
        }
        while (forest.size() > 1) {
            const std::size_t a = data.random.below(forest.size());
            std::swap(forest[a], forest.back());
            const Image last = forest.back().trimmed();
            forest.pop_back();
            forest[data.random.below(forest.size())].merge(last);
        }
        const Image image = forest[0].trimmed();
        if (first != 0)
            for (double& v : values) v += static_cast<double>(first);
        errors.add(open<Kll>(image), values);
    }
    return errors;
}

constexpr Shape kShapes[] = {Shape::uniform, Shape::lognormal,  Shape::sorted, Shape::reversed,
                             Shape::zoomed,  Shape::two_valued, Shape::equal};

void expect_promise(const Errors& e) {
    EXPECT_GE(e.within, 0.99 * e.runs);
    EXPECT_LE(e.rms(), e.runs >= 60 ? 0.002 : 0.0023);
    EXPECT_GE(e.covered / e.count, 0.95);
}

// Most of their time goes into the true ranks. RUNS=200 for the full number.
int runs_of_ten_million() {
    const char* const wanted = std::getenv("RUNS");
    return wanted != nullptr ? std::atoi(wanted) : 5;
}

class KllAccuracy : public testing::TestWithParam<Shape> {};

TEST_P(KllAccuracy, SingleStream) {
    for (const std::uint64_t n : {1000, 10000, 100000, 1000000, 10000000}) {
        const Errors e = simulate(GetParam(), n, n <= 1000000 ? 200 : runs_of_ten_million(), 1);
        e.print(name_of(GetParam()), static_cast<double>(n));
        expect_promise(e);
    }
}

TEST_P(KllAccuracy, RandomMergeTrees) {
    for (const std::uint64_t n : {10000, 1000000}) {
        const Errors e = simulate(GetParam(), n, n <= 10000 ? 200 : 60, 1000);
        e.print(name_of(GetParam()) + std::string(", 1000 parts"), static_cast<double>(n));
        expect_promise(e);
    }
}

INSTANTIATE_TEST_SUITE_P(K200, KllAccuracy, testing::ValuesIn(kShapes));

// --- weights ---------------------------------------------------------------------------------------------------------

enum class Weights { few, counts, skewed, first, last };

const char* name_of(Weights weights) {
    constexpr const char* kNames[] = {"1 to 4", "1 to 1000", "2^0 to 2^40", "first row half", "last row half"};
    return kNames[static_cast<int>(weights)];
}

std::uint64_t weight_of(Weights weights, std::uint64_t i, std::uint64_t n, Random& random) {
    switch (weights) {
        case Weights::few: return 1 + random.below(4);
        case Weights::counts: return 1 + random.below(1000);
        case Weights::skewed: return std::uint64_t{1} << random.below(41);
        case Weights::first: return i == 0 ? 3 * n : 1 + random.below(5);
        case Weights::last: return i == n - 1 ? 3 * n : 1 + random.below(5);
    }
    return 1;
}

// Rows with weights, in parts that are merged: as working states every other time.
Errors simulate(Shape shape, Weights weights, std::uint64_t n, int runs, std::size_t parts) {
    Errors errors;
    std::vector<std::pair<double, double>> rows(n);  // value; the weight, then all weights up to it
    for (int run = 0; run < runs; ++run) {
        Data data{shape, n, {static_cast<std::uint64_t>(run) * 1000003 + n}};
        std::uint64_t total = 0;
        std::vector<Sketch<Kll>> forest(parts, Sketch<Kll>(Kll::Params{Kll::kDefaultK}));
        for (std::uint64_t i = 0; i < n; ++i) {
            const std::uint64_t weight = weight_of(weights, i, n, data.random);
            const double value = data.next(i) + run;
            rows[i] = {value, static_cast<double>(weight)};
            total += weight;
            forest[i * parts / n].add([=](Kll& s) { return s.add(value, weight); });
        }
        for (std::size_t part = 1; part < parts; ++part)
            part % 2 == 0 ? forest[0].merge(forest[part].kernel()) : forest[0].merge(forest[part].trimmed());
        std::sort(rows.begin(), rows.end());
        double all = 0;
        for (auto& [value, weight] : rows) weight = all += weight;
        const Image image = forest[0].trimmed();
        const Kll::Reader s = open<Kll>(image);
        EXPECT_EQ(s.values(), total);
        errors.add(s, all, [&](double answer) {
            const auto first = std::lower_bound(rows.begin(), rows.end(), std::pair(answer, -1.0));
            const auto end = std::lower_bound(rows.begin(), rows.end(), std::pair(std::nextafter(answer, 1e300), -1.0));
            return std::pair(first == rows.begin() ? 0.0 : (first - 1)->second,
                             end == rows.begin() ? 0.0 : (end - 1)->second);
        });
    }
    return errors;
}

class KllWeights : public testing::TestWithParam<Weights> {};

TEST_P(KllWeights, KeepThePromise) {
    for (const Shape shape : {Shape::uniform, Shape::sorted, Shape::zoomed})
        for (const std::uint64_t n : {1000, 30000, 300000})
            for (const std::size_t parts : {1, 30}) {
                if (n == 300000 && shape != Shape::uniform) continue;
                const Errors e = simulate(shape, GetParam(), n, n == 300000 ? 20 : 60, parts);
                e.print(std::string(name_of(shape)) + ", " + name_of(GetParam()) + (parts > 1 ? ", 30 parts" : ""),
                        static_cast<double>(n));
                expect_promise(e);
            }
}

INSTANTIATE_TEST_SUITE_P(K200, KllWeights,
                         testing::Values(Weights::few, Weights::counts, Weights::skewed, Weights::first,
                                         Weights::last));

TEST(KllAccuracy, EveryK) {
    for (const int k : {8, 20, 50, 100, 400, 1600}) {
        const Errors e = simulate(Shape::uniform, 100000, 200, 1, k);
        e.print("k = " + std::to_string(k), 1e5);
        EXPECT_GE(e.within, 0.99 * e.runs);
        EXPECT_GE(e.covered / e.count, 0.95);
    }
}

}  // namespace
}  // namespace sketch::test
