// SPDX-License-Identifier: PostgreSQL
#include "fuzz.hpp"
#include "hll/hll.hpp"

namespace {

struct Room {
    using Kernel = sketch::Hll;
    static sketch::Status add(sketch::Hll& s, std::uint64_t i) { return s.add(i * 0x9E3779B97F4A7C15); }
    static void read(const sketch::Hll::Reader& s) { s.bounds(0.95); }
};

}  // namespace

SKETCH_FUZZ(Room)
