// SPDX-License-Identifier: PostgreSQL
//
// libFuzzer over a room's check: what it lets in must be safe to use. One line in <stem>_fuzz.cpp:
//   SKETCH_FUZZ(HllRoom)
// with the members Kernel, params, add and read of a room's laws (laws.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "host.hpp"

namespace sketch::test {

template <class Room>
int fuzz(const std::uint8_t* data, std::size_t size) {
    using S = typename Room::Kernel;
    const Image image(reinterpret_cast<const std::byte*>(data), reinterpret_cast<const std::byte*>(data) + size);
    if (S::check(image) != Status::ok) return 0;
    Room::read(open<S>(image));
    Sketch<S> sketch(image);
    for (std::uint64_t i = 0; i < 20; ++i) sketch.add([i](S& s) { return Room::add(s, i); });
    sketch.merge(image);
    if (S::check(sketch.trimmed()) != Status::ok) std::abort();
    return 0;
}

}  // namespace sketch::test

#define SKETCH_FUZZ(Room)                                                               \
    extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { \
        return sketch::test::fuzz<Room>(data, size);                                    \
    }
