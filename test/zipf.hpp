// SPDX-License-Identifier: PostgreSQL
//
// Skewed streams: item r of 1, 2, ... comes with a probability proportional to r^-alpha.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "host.hpp"

namespace sketch::test {

class Zipf {
  public:
    Zipf(double alpha, std::size_t universe, std::uint64_t seed) : random_{seed}, below_(universe) {
        double sum = 0;
        for (std::size_t r = 0; r < universe; ++r) below_[r] = sum += std::pow(static_cast<double>(r + 1), -alpha);
    }
    std::uint64_t operator()() {
        const double u = random_.uniform() * below_.back();
        return static_cast<std::uint64_t>(std::upper_bound(below_.begin(), below_.end(), u) - below_.begin()) + 1;
    }

  private:
    Random random_;
    std::vector<double> below_;
};

}  // namespace sketch::test
