// SPDX-License-Identifier: PostgreSQL
//
// libFuzzer over a room's check: what it lets in must be safe to use. <stem>_fuzz.cpp has a struct with the members
// Kernel, add and read of the room's laws (laws.hpp), and SKETCH_FUZZ of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "host.hpp"

namespace sketch::test {

// A working state as an aggregate without a final function hands it on: every reader sees it settled and trimmed, and
// where a tuple has copied it, it is still the same sketch, to be read, merged and written on.
template <class Room>
void hand_on(const Sketch<typename Room::Kernel>& sketch) {
    using S = typename Room::Kernel;
    const Image whole = sketch.trimmed();
    if (S::check(whole) != Status::ok) std::abort();
    Room::read(open<S>(whole));
    const S& s = sketch.kernel();
    Sketch<S> copy(Image(s.image(), s.image() + s.bytes()));
    if (copy.trimmed() != whole) std::abort();
    Sketch<S> taker(whole);
    if (taker.merge(copy.kernel()) == Status::ok && S::check(taker.trimmed()) != Status::ok) std::abort();
    if (copy.merge(s) == Status::ok && S::check(copy.trimmed()) != Status::ok) std::abort();
    copy.add([](S& to) { return Room::add(to, 99); });
    if (S::check(copy.trimmed()) != Status::ok) std::abort();
}

template <class Room>
int fuzz(const std::uint8_t* data, std::size_t size) {
    using S = typename Room::Kernel;
    const Image image(reinterpret_cast<const std::byte*>(data), reinterpret_cast<const std::byte*>(data) + size);
    if (S::check(image) != Status::ok) return 0;
    Room::read(open<S>(image));
    Sketch<S> sketch(image);
    for (std::uint64_t i = 0; i < 20; ++i) {
        sketch.add([i](S& s) { return Room::add(s, i); });
        if (i == 0 || i == 7) hand_on<Room>(sketch);
    }
    sketch.merge(image);
    hand_on<Room>(sketch);
    return 0;
}

}  // namespace sketch::test

#define SKETCH_FUZZ(Room)                                                               \
    extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { \
        return sketch::test::fuzz<Room>(data, size);                                    \
    }
