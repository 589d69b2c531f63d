// SPDX-License-Identifier: PostgreSQL
//
// A host may want to end what takes long: a user cancels, a time limit is passed. Loops over large images ask it now
// and then, at least once in a megabyte or a few milliseconds, and the host may leave by longjmp: kernels have nothing
// to clean up, and an image that was being written is lost.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace sketch {

// Set by the host before the first sketch; a host that never interrupts leaves it alone.
inline void (*interrupt_hook)() = nullptr;

inline void check_interrupts() {
    if (interrupt_hook != nullptr) interrupt_hook();
}

// Calls work(from, to) for [0, n) in steps of this many, and asks between them.
template <class Work>
inline void in_steps(std::size_t n, std::size_t step, Work work) {
    for (std::size_t from = 0; from < n; from += step) {
        if (from != 0) check_interrupts();
        work(from, std::min(from + step, n));
    }
}

// memcpy and memset of what may be hundreds of megabytes.
inline constexpr std::size_t kCopyStep = std::size_t{8} << 20;
inline void copy_in_steps(std::byte* to, const std::byte* from, std::size_t bytes) {
    in_steps(bytes, kCopyStep, [=](std::size_t a, std::size_t b) { std::memcpy(to + a, from + a, b - a); });
}
inline void fill_in_steps(std::byte* to, int byte, std::size_t bytes) {
    in_steps(bytes, kCopyStep, [=](std::size_t a, std::size_t b) { std::memset(to + a, byte, b - a); });
}

}  // namespace sketch
