// SPDX-License-Identifier: PostgreSQL
#include "fuzz.hpp"
#include "theta/theta.hpp"

namespace {

struct Room {
    using Kernel = sketch::Theta;
    static sketch::Status add(sketch::Theta& s, std::uint64_t i) { return s.add(i * 0x9E3779B97F4A7C15); }
    static void read(const sketch::Theta::Reader& s) {
        s.bounds(0.95);
        sketch::Theta::Reader::jaccard(s, s, 0.95);
        sketch::Theta::Reader::containment(s, s, 0.95);
        sketch::test::Room room(sketch::Theta::kept_bytes(s));
        sketch::Theta kept(room.span());
        kept.intersect(s, s);
        if (kept.count() != s.retained()) std::abort();
        kept.except(s);
        if (kept.count() != 0) std::abort();
    }
};

}  // namespace

SKETCH_FUZZ(Room)
