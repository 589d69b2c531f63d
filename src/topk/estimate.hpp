// SPDX-License-Identifier: PostgreSQL
//
// topk, the readers.
#pragma once

#include "topk/layout.hpp"

namespace sketch {

class Topk;

namespace topk {

class Reader : public heavy_hitters::Reader<Layout> {
  public:
    explicit Reader(Trimmed<Topk> sketch) : heavy_hitters::Reader<Layout>(sketch.image(), 0) {}

    // What an entry must have weighed for sure to be one of the first n of the ranking in truth: no entry behind them,
    // and nothing without an entry, can be heavier.
    double guarantee(std::span<const std::uint32_t> order, std::size_t n) const {
        double most = floor();
        for (const std::uint32_t i : order.subspan(std::min(n, order.size()))) most = std::max(most, upper(i));
        return most;
    }
};

}  // namespace topk
}  // namespace sketch
