// SPDX-License-Identifier: PostgreSQL
//
// The exact sum of doubles: one long integer that counts multiples of the smallest double, 2^-1074. Whatever the order
// of the values, the sum is the same to the last bit, and a value can be taken out again. It is rounded when it is
// read.
//
// Working: kLimbs signed limbs, each worth 2^32 times the one before, with carries outstanding. Stored: the limbs that
// matter, in two's complement.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace sketch::hist {

inline constexpr int kLimbs = 68;  // the largest double, 2^62 times

struct Sum {
    std::int64_t limb[kLimbs];

    // Adds a finite value once (sign = 1) or takes it away (-1). 2^30 of these fit before carries must be settled.
    void add(double value, std::int64_t sign = 1) {
        const auto [mantissa, shift, negative] = parts(value);
        const std::int64_t factor = negative ? -sign : sign;
        const int bits = shift & 31;
        std::int64_t* const at = limb + (shift >> 5);
        const std::uint64_t low = mantissa << bits;
        at[0] += factor * static_cast<std::int64_t>(low & 0xFFFFFFFF);
        at[1] += factor * static_cast<std::int64_t>(low >> 32);
        at[2] += factor * static_cast<std::int64_t>(mantissa >> 1 >> (63 - bits));
    }

    __extension__ using Wide = __int128;

    // Where the lowest bit of a double of this exponent (of two) stands.
    static int position(int exponent) { return std::clamp(exponent + 1022, 0, 2045); }
    // A value in units of the bit at `low`, up to 63 places below its own; 0 for infinities and NaN.
    static Wide scaled(double value, int low) {
        const auto bits = std::bit_cast<std::int64_t>(value);
        const auto exponent = static_cast<int>(bits >> 52 & 0x7FF);
        const std::int64_t sign = bits >> 63;
        auto mantissa = static_cast<std::int64_t>(bits & ((std::int64_t{1} << 52) - 1));
        mantissa |= std::int64_t{exponent != 0} << 52;
        mantissa = exponent == 0x7FF ? 0 : mantissa;
        mantissa = (mantissa ^ sign) - sign;
        const int places = (std::max(exponent - 1, 0) - low) & 63;
        const auto below = static_cast<std::uint64_t>(mantissa) << places;
        return static_cast<Wide>(mantissa >> 1 >> (63 - places)) << 64 | below;
    }
    // Adds a number of such units below 2^123.
    void add_units(Wide units, int low) {
        const bool negative = units < 0;
        __extension__ unsigned __int128 rest = negative ? -units : units;
        for (std::int64_t* at = limb + (low >> 5); rest != 0; rest >>= 32, ++at) {
            const std::uint64_t piece = static_cast<std::uint64_t>(rest & 0xFFFFFFFF) << (low & 31);
            const auto first = static_cast<std::int64_t>(piece & 0xFFFFFFFF),
                       next = static_cast<std::int64_t>(piece >> 32);
            at[0] += negative ? -first : first;
            at[1] += negative ? -next : next;
        }
    }

    // `times` up to 2^62, in pieces of 32 bits.
    void add_times(double value, std::uint64_t times) {
        const auto [mantissa, shift, negative] = parts(value);
        __extension__ unsigned __int128 product = mantissa;
        product *= times;
        std::int64_t* at = limb + (shift >> 5);
        if (times >> 32 == 0) [[likely]] {  // below 2^85, and shifted below 2^116
            product <<= shift & 31;
            const std::int64_t factor = negative ? -1 : 1;
            for (int i = 0; i < 4; ++i, product >>= 32)
                at[i] += factor * static_cast<std::int64_t>(product & 0xFFFFFFFF);
            return;
        }
        for (; product != 0; product >>= 32, ++at) {
            const std::uint64_t piece = static_cast<std::uint64_t>(product & 0xFFFFFFFF) << (shift & 31);
            const auto low = static_cast<std::int64_t>(piece & 0xFFFFFFFF),
                       high = static_cast<std::int64_t>(piece >> 32);
            at[0] += negative ? -low : low;
            at[1] += negative ? -high : high;
        }
    }

    // Afterwards every limb but the last is in [0, 2^32): equal sums have equal limbs.
    void carry() {
        for (int i = 0; i + 1 < kLimbs; ++i) {
            limb[i + 1] += limb[i] >> 32;
            limb[i] &= 0xFFFFFFFF;
        }
    }

    // Both with carries settled.
    void add(const Sum& other) {
        for (int i = 0; i < kLimbs; ++i) limb[i] += other.limb[i];
    }
    void subtract(const Sum& other) {
        for (int i = 0; i < kLimbs; ++i) limb[i] -= other.limb[i];
    }

    // Whether this is more than a bound that is not negative (1), less than its opposite (-1), or neither.
    int outside(const Sum& bound) const {
        Sum above = bound, below = *this;
        above.subtract(*this);
        above.carry();
        below.add(bound);
        below.carry();
        return above.negative() ? 1 : below.negative() ? -1 : 0;
    }

    bool negative() const { return limb[kLimbs - 1] < 0; }

    // The limbs that matter, with carries settled: from the first that is not 0 to the first that only repeats the
    // sign.
    int first() const {
        int i = 0;
        while (i < kLimbs && limb[i] == 0) ++i;
        return i == kLimbs ? 0 : i;
    }
    int end() const {
        const std::int64_t sign = limb[kLimbs - 1] >> 32;  // 0 or -1
        int n = kLimbs;
        while (n > 0 && static_cast<std::uint32_t>(limb[n - 1]) == static_cast<std::uint32_t>(sign)) --n;
        // One limb more where the highest bit would be taken for the sign.
        const bool negative = n > 0 && (static_cast<std::uint32_t>(limb[n - 1]) >> 31) != 0;
        if (n == 0) return sign == 0 ? 0 : 1;
        return negative == (sign != 0) ? n : n + 1;
    }

    // Rounded to the nearest double, with carries settled.
    double value() const {
        const bool negative = this->negative();
        std::uint32_t magnitude[kLimbs];
        std::uint64_t carry = negative;
        int top = -1;
        for (int i = 0; i < kLimbs; ++i) {
            const auto word = static_cast<std::uint32_t>(limb[i]);
            carry += negative ? ~word : word;
            magnitude[i] = static_cast<std::uint32_t>(carry);
            carry >>= 32;
            if (magnitude[i] != 0) top = i;
        }
        if (top < 0) return 0;
        const int bits = top * 32 + std::bit_width(magnitude[top]);
        const auto bit = [&](int i) -> std::uint64_t { return magnitude[i >> 5] >> (i & 31) & 1; };
        std::uint64_t mantissa = 0;
        const int low = std::max(0, bits - 53);
        for (int i = bits - 1; i >= low; --i) mantissa = mantissa << 1 | bit(i);
        if (low > 0 && bit(low - 1)) {  // half or more is cut off: up, or to the even one
            bool more = (mantissa & 1) != 0;
            for (int i = 0; i < low - 1 && !more; ++i) more = bit(i) != 0;
            mantissa += more;
        }
        const double result = std::ldexp(static_cast<double>(mantissa), low - 1074);
        return negative ? -result : result;
    }

  private:
    struct Parts {
        std::uint64_t mantissa;
        int shift;
        bool negative;
    };
    static Parts parts(double value) {
        const auto bits = std::bit_cast<std::uint64_t>(value);
        const auto exponent = static_cast<int>(bits >> 52 & 0x7FF);
        const std::uint64_t fraction = bits & ((std::uint64_t{1} << 52) - 1);
        if (exponent == 0) return {fraction, 0, bits >> 63 != 0};
        return {fraction | std::uint64_t{1} << 52, exponent - 1, bits >> 63 != 0};
    }
};

}  // namespace sketch::hist
