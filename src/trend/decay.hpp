// SPDX-License-Identifier: PostgreSQL
//
// Powers of two for exponential decay: the same bits on every machine, so no library's exp2.
#pragma once

#include <bit>
#include <cstdint>

namespace sketch::decay {

// 2^x for 0 <= x < 1, within 2 units of the last place: 2^(i/16) from a table, the rest by Taylor's polynomial.
inline double exp2_fraction(double x) {
    static constexpr double kSteps[16] = {
        0x1.0000000000000p+0, 0x1.0b5586cf9890fp+0, 0x1.172b83c7d517bp+0, 0x1.2387a6e756238p+0,
        0x1.306fe0a31b715p+0, 0x1.3dea64c123422p+0, 0x1.4bfdad5362a27p+0, 0x1.5ab07dd485429p+0,
        0x1.6a09e667f3bcdp+0, 0x1.7a11473eb0187p+0, 0x1.8ace5422aa0dbp+0, 0x1.9c49182a3f090p+0,
        0x1.ae89f995ad3adp+0, 0x1.c199bdd85529cp+0, 0x1.d5818dcfba487p+0, 0x1.ea4afa2a490dap+0};
    const int i = static_cast<int>(x * 16);
    const double r = (x - i * 0.0625) * 0x1.62e42fefa39efp-1;
    const double r2 = r * r, r4 = r2 * r2;
    const double low = 1 + r + r2 * (1.0 / 2 + r * (1.0 / 6));
    const double high = 1.0 / 24 + r * (1.0 / 120) + r2 * (1.0 / 720 + r * (1.0 / 5040)) + r4 * (1.0 / 40320);
    return kSteps[i] * (low + r4 * high);
}

// A moment as whole half-lives since the epoch and the part of one that follows.
struct Moment {
    std::int64_t whole;
    std::int64_t rest;  // microseconds, 0 <= rest < half_life
};

// half_life is a second or more, so that the quotient of doubles is off by one at most.
inline Moment moment_of(std::int64_t at, std::int64_t half_life) {
    const double quotient = static_cast<double>(at) / static_cast<double>(half_life);
    Moment m{static_cast<std::int64_t>(quotient), 0};
    m.rest = static_cast<std::int64_t>(static_cast<std::uint64_t>(at) -
                                       static_cast<std::uint64_t>(m.whole) * static_cast<std::uint64_t>(half_life));
    if (m.rest >= half_life) {
        ++m.whole;
        m.rest -= half_life;
    }
    while (m.rest < 0) {
        --m.whole;
        m.rest += half_life;
    }
    return m;
}

// 2^(rest / half_life) and 2^-(rest / half_life).
inline double gain(Moment m, std::int64_t half_life) {
    return exp2_fraction(static_cast<double>(m.rest) / static_cast<double>(half_life));
}
inline double loss(Moment m, std::int64_t half_life) {
    if (m.rest == 0) return 1;
    return 0.5 * exp2_fraction(static_cast<double>(half_life - m.rest) / static_cast<double>(half_life));
}

}  // namespace sketch::decay
