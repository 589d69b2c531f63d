// SPDX-License-Identifier: PostgreSQL
//
// How many distinct values, by maximum likelihood from a histogram of registers (Ertl, "UltraLogLog", arXiv:2308.16862,
// sections 3 and 4). Relative standard error 0.7609/sqrt(m) for m = 2^p registers: 1.19 % at p = 12. No tables, no
// ranges with formulas of their own, and so no bump where one would hand over to another.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "core/bounds.hpp"
#include "core/power_of_two.hpp"
#include "hll/layout.hpp"

namespace sketch {

class Hll;

namespace hll {

// First-order bias of the maximum of the likelihood, relative, times m.
inline constexpr double kBias = 0.4814738;

// With L = n/m the log-likelihood is -alpha L + sum_j beta_j ln(1 - exp(-L/2^j)): alpha is the probability, per hash,
// of the updates that were not seen, beta_j counts the updates of probability 2^-j that were.
struct Likelihood {
    double alpha = 0;
    std::uint32_t beta[65] = {};
    int max_j = 0;
};

inline Likelihood likelihood(const Histogram& histogram, int p) {
    Likelihood l;
    const int q = 64 - p;  // values q and q+1 share the probability 2^-q
    const auto probability = [&](int value) { return value < q ? value : q; };
    l.max_j = q;
    l.alpha = histogram[0];
    for (int s = 1; s < kRegisterValues; ++s) {
        const std::uint32_t n = histogram[s];
        if (n == 0) continue;
        const int value = s >> 2;
        const int j = probability(value);
        l.alpha += (1 + j - value) * power_of_two(-j) * n;
        l.beta[j] += n;
        for (int below = 1; below <= 2 && below < value; ++below) {
            const int k = probability(value - below);
            if (s & (4 >> below))
                l.beta[k] += n;
            else
                l.alpha += power_of_two(-k) * n;
        }
    }
    return l;
}

struct Estimate {
    double n;
    double relative_error;  // one standard error, for this very sketch
};

// There are no more hashes. A sketch of which all registers are at their last value, or nearly all, could not tell.
inline constexpr double kMaxEstimate = 0x1p64;

// Solves alpha L = sum_j beta_j h(L/2^j) with h(y) = y/(e^y - 1), by Newton's method in ln L from a lower bound of the
// root. The slope at the root is the observed Fisher information of ln n. Of all h, only that of the largest j takes an
// exponential: h(2y) = 2 h(y)^2 / (2 h(y) + y).
inline Estimate solve(const Likelihood& l, int p) {
    const double m = power_of_two(p);
    double s0 = 0, s1 = 0;
    int least_j = 0, most_j = 0;
    for (int j = 1; j <= l.max_j; ++j) {
        if (l.beta[j] == 0) continue;
        least_j = least_j == 0 ? j : least_j;
        most_j = j;
        s0 += l.beta[j];
        s1 += l.beta[j] * power_of_two(-j);
    }
    if (s0 == 0) return {0, 0};
    if (!(l.alpha > 0)) return {kMaxEstimate, std::numeric_limits<double>::infinity()};

    double load = std::log1p(s1 / l.alpha) * s0 / s1;
    double information = 0;
    for (int i = 0; i < 64; ++i) {
        double g = l.alpha * load;
        information = g;
        double y = load * power_of_two(-most_j), h = y / std::expm1(y);
        for (int j = most_j; j >= least_j; --j) {
            g -= l.beta[j] * h;
            information -= l.beta[j] * h * (1 - y - h);
            h = 2 * h * h / (2 * h + y);
            y *= 2;
        }
        const double step = g / information;
        load *= step < 1 ? 1 - step : 0.5;
        if (std::fabs(step) < 1e-12) break;
    }
    const double n = m * load / (1 + kBias / m);
    // For a fixed n the number of hashes is known: its Poisson noise is no part of the error.
    const double variance = 1 / information - 1 / n;
    return {std::min(n, kMaxEstimate), variance > 0 ? std::sqrt(variance) : 0};
}

// filled: so many registers are not empty, and so many distinct values were seen at least.
inline Bounds dense_bounds(const Estimate& e, double filled, double confidence) {
    const double factor = std::exp(normal_z(confidence) * e.relative_error);
    if (std::isinf(e.relative_error)) return {std::min(filled, e.n), e.n, kMaxEstimate};
    return {std::max(e.n / factor, std::min(filled, e.n)), e.n, std::min(e.n * factor, kMaxEstimate)};
}

inline Estimate estimate(const Histogram& histogram, int p) { return solve(likelihood(histogram, p), p); }

// Sparse: tokens are the values themselves but for the few that share a token. That number is Poisson with this mean,
// which is below 1/2.
inline double expected_collisions(double tokens) {
    return tokens * tokens / (6.0 * static_cast<double>(1 << kTokenBits));
}
inline double sparse_estimate(double tokens) { return std::nearbyint(tokens + expected_collisions(tokens)); }

// Up to the fewest collisions that are not passed with this confidence. What is beyond them is summed up from its far
// end, where the terms are not lost in rounding.
inline Bounds sparse_bounds(double tokens, double confidence) {
    constexpr int kMaxCollisions = 64;
    const double mean = expected_collisions(tokens);
    double probability[kMaxCollisions + 1] = {std::exp(-mean)};
    for (int i = 1; i <= kMaxCollisions; ++i) probability[i] = probability[i - 1] * mean / i;
    int collisions = kMaxCollisions;
    for (double beyond = 0; collisions > 0; --collisions)
        if ((beyond += probability[collisions]) > 1 - confidence) break;
    return {tokens, sparse_estimate(tokens), tokens + collisions};
}

// --- of images -------------------------------------------------------------------------------------------------------

inline Histogram histogram_of(const Layout& settled) {
    return settled.mode() == Mode::packed ? histogram_of(settled.coded(), settled.precision())
                                          : histogram_of(settled.registers(), settled.register_count());
}

// Of a settled image, which need not be trimmed.
inline double estimate_of(const Layout& settled) {
    if (settled.sparse()) return sparse_estimate(settled.count());
    return estimate(histogram_of(settled), settled.precision()).n;
}

// Answers questions about trimmed images.
class Reader : public Layout {
  public:
    explicit Reader(Trimmed<Hll> sketch) : Layout(sketch.image()) {}

    double estimate() const { return estimate_of(*this); }

    Bounds bounds(double confidence) const {
        if (sparse()) return sparse_bounds(count(), confidence);
        const Histogram histogram = histogram_of(*this);
        const auto filled = static_cast<double>(register_count() - histogram[0]);
        return dense_bounds(hll::estimate(histogram, precision()), filled, confidence);
    }

    // One relative standard error of a dense sketch of this precision.
    double relative_error() const { return 0.7608621 / std::sqrt(static_cast<double>(register_count())); }
};

}  // namespace hll
}  // namespace sketch
