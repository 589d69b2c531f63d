// SPDX-License-Identifier: PostgreSQL
#include "countmin/answers.hpp"
#include "fuzz.hpp"

namespace {

struct Room {
    using Kernel = sketch::CountMin;
    static sketch::Status add(Kernel& s, std::uint64_t i) {
        return s.add(i * 0x9E3779B97F4A7C15, i % 5 == 0 ? -static_cast<std::int64_t>(i) : std::int64_t{1} << i);
    }
    static void read(const Kernel& s) {
        const sketch::cm::Answers answers(s);
        answers.count_bounds(s.listed() > 0 ? s.listed(0).key : 1, 0.95);
        if (!s.ranges()) {
            answers.join_bounds(answers, 0.95);
            return;
        }
        answers.range_bounds(-1000, std::int64_t{1} << 40, 0.95);
        if (s.total() > 0) answers.quantile(0.5);
    }
};

}  // namespace

SKETCH_FUZZ(Room)
