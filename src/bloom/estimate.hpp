// SPDX-License-Identifier: PostgreSQL
//
// The answers: views of a trimmed image, or of its head.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "bloom/layout.hpp"
#include "core/bytes.hpp"

namespace sketch {
class Bloom;
}

namespace sketch::bloom {

class Head : public Layout {
  public:
    explicit Head(Trimmed<Bloom> sketch) : Layout(sketch.image()) {}

    // The chance that it says yes to a value that it does not hold.
    double false_positives() const { return exact() ? 0 : std::ldexp(static_cast<double>(n()), -bits()); }

    // About how many distinct values it holds: of n prefixes some were met twice. Infinity if it has all there can be.
    double estimate() const {
        return exact() ? static_cast<double>(size()) : -std::ldexp(std::log1p(-false_positives()), bits());
    }
};

class Reader : public Head {
  public:
    using Head::Head;

    bool contains(std::uint64_t hash) const {
        if (mode() == kPacked) [[likely]]
            return packed().contains(hash >> (64 - bits()));
        if (mode() == kBitmap) return test_bit(part(), hash >> (64 - bits()));
        const std::size_t at =
            partition_index(std::size_t{0}, size(), [&](std::size_t i) { return hash_at(i) < hash; });
        return at < size() && hash_at(at) == hash;
    }

    bool is_bitmap() const { return mode() == kBitmap; }
};

}  // namespace sketch::bloom
