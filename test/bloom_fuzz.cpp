// SPDX-License-Identifier: PostgreSQL
#include "bloom/bloom.hpp"
#include "fuzz.hpp"

namespace {

struct Room {
    using Kernel = sketch::Bloom;
    static sketch::Status add(sketch::Bloom& s, std::uint64_t i) { return s.add(i * 0x9E3779B97F4A7C15); }
    static void read(const sketch::Bloom::Reader& s) {
        s.false_positives();
        s.estimate();
        s.contains(0x9E3779B97F4A7C15);
    }
};

}  // namespace

SKETCH_FUZZ(Room)
