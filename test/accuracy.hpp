// SPDX-License-Identifier: PostgreSQL
//
// Seeded trials of an estimator against the known truth.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>

#include "core/bounds.hpp"
#include "host.hpp"

namespace sketch::test {

class Trials {
  public:
    void add(double truth, Bounds b) {
        const double error = truth == 0 ? b.estimate : b.estimate / truth - 1;
        ++runs_;
        sum_ += error;
        squares_ += error * error;
        covered_ += b.lower <= truth && truth <= b.upper;
        const double promised = b.estimate == 0 ? 0 : (b.upper - b.lower) / (2 * 1.959964 * b.estimate);
        promised_ += promised * promised;
    }
    // All relative to the truth.
    double bias() const { return sum_ / runs_; }
    double rmse() const { return std::sqrt(squares_ / runs_); }
    double promised() const { return std::sqrt(promised_ / runs_); }  // the error that bounds of 95 % stand for
    double coverage() const { return covered_ / runs_; }

    void print(const char* what, int parameter, double n) const {
        std::printf(
            "  %-18s %6d  n = %-8.3g %5.0f runs  bias %+.4f %%  rmse %.4f %%  promised %.4f %%  covered %.1f %%\n",
            what, parameter, n, runs_, 100 * bias(), 100 * rmse(), 100 * promised(), 100 * coverage());
    }

  private:
    double runs_ = 0, sum_ = 0, squares_ = 0, promised_ = 0, covered_ = 0;
};

}  // namespace sketch::test
