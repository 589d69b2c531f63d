// SPDX-License-Identifier: PostgreSQL
//
// Heavy hitters, the filter. Once something was dropped, a newcomer has to pass it (Homem, Carvalho: "Finding top-k
// elements in data streams", Information Sciences 180, 2010): each cell bounds what an item of its hash weighs that has
// no entry, and takes what such items bring. Only where a cell would rise above the floor is the item of that moment
// entered, with the cell as its error. So most rows of rare items touch one number, and the floor rises that much
// slower. Items that share a cell, by chance or by design, weaken its bound and nothing else.
#pragma once

#include <algorithm>

#include "core/kernel.hpp"

namespace sketch::heavy_hitters {

// f64 for each cell and each scale. count is 0, or a power of two.
struct Filter {
    std::byte* cells;
    std::size_t count, scales;

    explicit operator bool() const { return count != 0; }
    std::byte* cell(std::uint32_t hash, int scale) const {
        return cells + sizeof(double) * ((hash & (count - 1)) * scales + static_cast<std::size_t>(scale));
    }
    double bound(std::uint32_t hash, int scale) const { return load<double>(cell(hash, scale)); }
    void raise(std::uint32_t hash, int scale, double least) const {
        store(cell(hash, scale), std::max(bound(hash, scale), least));
    }
};

}  // namespace sketch::heavy_hitters
