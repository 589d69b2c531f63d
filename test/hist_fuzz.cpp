// SPDX-License-Identifier: PostgreSQL
#include "fuzz.hpp"
#include "hist/hist.hpp"

namespace {

struct Room {
    using Kernel = sketch::Hist;
    static sketch::Status add(sketch::Hist& s, std::uint64_t i) { return s.add(static_cast<double>(i) - 9.5); }
    static void read(const sketch::Hist::Reader& s) {
        if (s.values() == 0) return;
        s.bounds(0.5);
        s.rank(s.max());
        s.total();
    }
};

}  // namespace

SKETCH_FUZZ(Room)
