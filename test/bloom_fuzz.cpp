// SPDX-License-Identifier: PostgreSQL
#include "bloom/bloom.hpp"
#include "fuzz.hpp"

namespace {

using sketch::Bloom, sketch::Status;

struct Room {
    using Kernel = Bloom;
    static Status add(Bloom& s, std::uint64_t i) { return s.add(i * sketch::kGolden); }
    static void read(const Bloom::Reader& s) {
        s.false_positives();
        s.estimate();
        s.contains(sketch::kGolden);
        const Bloom::Intersection both(s, s);
        sketch::test::Room room(both.bytes());
        if (both.write(room.span()) != both.bytes() || Bloom::check(room.span()) != Status::ok) std::abort();
        sketch::test::Sketch<Bloom> united(sketch::test::Image(s.image(), s.image() + s.bytes()));
        if (united.unite_with_item([](Bloom& one) { return one.add(~sketch::kGolden); }) != Status::ok) std::abort();
        if (Bloom::check(united.trimmed()) != Status::ok) std::abort();
    }
};

}  // namespace

SKETCH_FUZZ(Room)
