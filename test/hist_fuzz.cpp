// SPDX-License-Identifier: PostgreSQL
#include "fuzz.hpp"
#include "hist/hist.hpp"
#include "hist/plot.hpp"

namespace {

struct Room {
    using Kernel = sketch::Hist;
    static sketch::Status add(sketch::Hist& s, std::uint64_t i) {
        const double value = static_cast<double>(i) - 9.5;
        if (i % 5 == 3) return s.add(value, 1 + i * 1000);
        if (i % 5 != 4) return s.add(value);
        const double gone = i % 2 == 0 ? value - 2 : 1.0;  // some never came in
        return s.remove(gone) == sketch::Hist::Removed::no_room ? sketch::Status::no_room : sketch::Status::ok;
    }
    static void read(const sketch::Hist::Reader& s) {
        if (s.empty()) return;
        s.bounds(0.5);
        s.rank(s.max());
        s.total();
        sketch::Hist::Reader::Cursor quantiles(s), ranks(s);
        for (int i = 0; i <= 16; ++i) quantiles.quantile(i / 16.0);
        for (const double value : {-1e300, s.min(), -0.5, 0.0, 1e-310, 3.0, 1e300}) ranks.rank(value);
        std::uint64_t counted = 0, shown = 0;
        s.for_each_bin([&](const sketch::hist::Bin& bin) {
            counted += bin.count;
            return true;
        });
        const sketch::hist::Bars bars(s);
        for (int i = 0; i < bars.n(); ++i) shown += bars[i].count;
        if (counted != s.values() || shown != counted) std::abort();
    }
};

}  // namespace

SKETCH_FUZZ(Room)
