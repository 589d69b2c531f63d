// SPDX-License-Identifier: PostgreSQL
#include "fuzz.hpp"
#include "kll/kll.hpp"

namespace {

struct Room {
    using Kernel = sketch::Kll;
    static sketch::Status add(sketch::Kll& s, std::uint64_t i) { return s.add(static_cast<double>(i) - 9.5); }
    static void read(const sketch::Kll::Reader& s) {
        if (s.values() == 0) return;
        s.bounds(0.5, 0.95);
        s.rank(s.max());
    }
};

}  // namespace

SKETCH_FUZZ(Room)
