// SPDX-License-Identifier: PostgreSQL
#include <limits>

#include "fuzz.hpp"
#include "kll/kll.hpp"

namespace {

struct Room {
    using Kernel = sketch::Kll;
    static sketch::Status add(sketch::Kll& s, std::uint64_t i) {
        if (i % 5 == 0) return s.add(static_cast<double>(i % 100), i % 2 == 0 ? i % 1000 : i % 1024 << 40);
        return s.add(i % 7 == 3 ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(i) - 9.5);
    }
    static void read(const sketch::Kll::Reader& s) {
        if (s.empty()) return;
        s.bounds(0.5, 0.95);
        s.rank(s.max());
        for (const std::size_t questions : {std::size_t{1}, s.stored_items()}) {
            sketch::Kll::Reader::Cursor quantiles(s, questions), ranks(s, questions);
            for (int i = 0; i <= 16; ++i) {
                const double got = quantiles.quantile(i / 16.0), want = s.quantile(i / 16.0);
                if (!(got == want) && !(std::isnan(got) && std::isnan(want))) std::abort();
            }
            for (const double value : {-1e300, -0.5, 0.0, 1e-310, 3.0, 1e300})
                if (ranks.rank(value) != s.rank(value)) std::abort();
        }
    }
};

}  // namespace

SKETCH_FUZZ(Room)
