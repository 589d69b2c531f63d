// SPDX-License-Identifier: PostgreSQL
//
// The r-th largest of many numbers, without moving them: a radix selection on their bits, eight at a time, that ends
// early where many are alike.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "core/kernel.hpp"

namespace sketch {

// Of n doubles that are not negative, `stride` bytes apart; rank counts from 0, the largest. Such doubles stand in the
// order of their bits. Where the stride is a constant, the passes are vectorised.
template <class Stride>
double nth_largest(const std::byte* first, Stride stride, std::size_t n, std::size_t rank) {
    const auto at = [=](std::size_t i) { return load<double>(first + i * stride); };
    const auto bits = [](double v) { return std::bit_cast<std::uint64_t>(v); };
    double low = at(0), high = low;
    for (std::size_t i = 1; i < n; ++i) {
        const double v = at(i);
        low = v < low ? v : low;
        high = v > high ? v : high;
    }
    // The answer is one of those in [low, high], and rank counts among them.
    while (low != high) {
        std::uint64_t above = 0;
        for (std::size_t i = 0; i < n; ++i) {
            const double v = at(i);
            above += v > low && v <= high ? 1 : 0;
        }
        if (above <= rank) break;

        const int shift = std::max(0, static_cast<int>(std::bit_width(bits(low) ^ bits(high))) - 8);
        std::uint32_t bins[256] = {};
        for (std::size_t i = 0; i < n; ++i)
            if (at(i) >= low && at(i) <= high) ++bins[bits(at(i)) >> shift & 255];
        std::uint64_t bin = 255;
        while (rank >= bins[bin]) rank -= bins[bin--];
        double least = high, most = low;
        for (std::size_t i = 0; i < n; ++i) {
            const double v = at(i);
            if (v < low || v > high || (bits(v) >> shift & 255) != bin) continue;
            least = v < least ? v : least;
            most = v > most ? v : most;
        }
        low = least;
        high = most;
    }
    return low;
}

}  // namespace sketch
