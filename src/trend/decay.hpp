// SPDX-License-Identifier: PostgreSQL
//
// Powers of two for exponential decay: the same bits on every machine, so no library's exp2.
#pragma once

#include <bit>
#include <cstdint>

namespace sketch::trend {

// 2^x for 0 <= x < 1, within 2 units of the last place: 2^(i/16) from a table, the rest by Taylor's polynomial.
struct Exp2 {
    double step, rest;

    explicit Exp2(double x) {
        static constexpr double kSteps[16] = {
            0x1.0000000000000p+0, 0x1.0b5586cf9890fp+0, 0x1.172b83c7d517bp+0, 0x1.2387a6e756238p+0,
            0x1.306fe0a31b715p+0, 0x1.3dea64c123422p+0, 0x1.4bfdad5362a27p+0, 0x1.5ab07dd485429p+0,
            0x1.6a09e667f3bcdp+0, 0x1.7a11473eb0187p+0, 0x1.8ace5422aa0dbp+0, 0x1.9c49182a3f090p+0,
            0x1.ae89f995ad3adp+0, 0x1.c199bdd85529cp+0, 0x1.d5818dcfba487p+0, 0x1.ea4afa2a490dap+0};
        const int i = static_cast<int>(x * 16);
        step = kSteps[i];
        rest = x - i * 0.0625;
    }

    static double of_rest(double rest) {
        const double r = rest * 0x1.62e42fefa39efp-1;
        const double r2 = r * r, r4 = r2 * r2;
        const double low = 1 + r + r2 * (1.0 / 2 + r * (1.0 / 6));
        const double high = 1.0 / 24 + r * (1.0 / 120) + r2 * (1.0 / 720 + r * (1.0 / 5040)) + r4 * (1.0 / 40320);
        return low + r4 * high;
    }
};
inline double exp2_fraction(double x) {
    const Exp2 e(x);
    return e.step * Exp2::of_rest(e.rest);
}

// A moment as whole half-lives since the epoch and the part of one that follows.
struct Moment {
    std::int64_t whole;
    std::int64_t rest;  // microseconds, 0 <= rest < half-life
};

// Of a second or more, so that a quotient of doubles is off by one at most, also as a product with the inverse.
class HalfLife {
  public:
    explicit HalfLife(std::int64_t length) : length_(length), inverse_(1 / static_cast<double>(length)) {}

    Moment moment(std::int64_t at) const {
        Moment m{static_cast<std::int64_t>(static_cast<double>(at) * inverse_), 0};
        m.rest = static_cast<std::int64_t>(static_cast<std::uint64_t>(at) -
                                           static_cast<std::uint64_t>(m.whole) * static_cast<std::uint64_t>(length_));
        const int step = (m.rest >= length_) - (m.rest < 0);
        m.whole += step;
        m.rest -= step * length_;
        if (m.rest < 0) [[unlikely]] {  // it was rounded up, and cut off towards zero
            --m.whole;
            m.rest += length_;
        }
        return m;
    }

    // Whether a moment is of the half-life that begins then.
    bool within(std::int64_t at, std::int64_t begin) const {
        return static_cast<std::uint64_t>(at) - static_cast<std::uint64_t>(begin) < static_cast<std::uint64_t>(length_);
    }

    // 2^(rest / half-life), and 2^-(rest / half-life).
    Exp2 gain(std::int64_t rest) const { return Exp2(share(rest)); }
    double loss(Moment m) const { return m.rest == 0 ? 1 : 0.5 * exp2_fraction(share(length_ - m.rest)); }

  private:
    // Below 1, also where the product rounds up.
    double share(std::int64_t rest) const {
        const double x = static_cast<double>(rest) * inverse_;
        return x < 1 ? x : 0x1.fffffffffffffp-1;
    }

    std::int64_t length_;
    double inverse_;
};

}  // namespace sketch::trend
