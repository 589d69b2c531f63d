// SPDX-License-Identifier: PostgreSQL
#include "pg/number.hpp"

namespace sketch::pg {

namespace {

constexpr int kDoubleDigits = 17;  // no shortest decimal of a double has more

// digits * 10^exponent, with no zero at either end of the digits.
struct Decimal {
    bool negative;
    int digits;  // kDoubleDigits + 1 stands for "more"
    long exponent;
    char digit[kDoubleDigits];
};

// Reads "-12.50", "1e+25", "5e-324".
Decimal parse_decimal(const char* text) {
    Decimal d{};
    if (*text == '-') {
        d.negative = true;
        ++text;
    }
    bool fraction = false;
    long zeros = 0;  // seen, and significant only if another digit follows
    for (; *text != '\0' && *text != 'e'; ++text) {
        if (*text == '.') {
            fraction = true;
            continue;
        }
        if (fraction) --d.exponent;
        if (*text == '0') {
            if (d.digits != 0) ++zeros;
            continue;
        }
        for (; zeros > 0 && d.digits <= kDoubleDigits; --zeros, ++d.digits)
            if (d.digits < kDoubleDigits) d.digit[d.digits] = '0';
        zeros = 0;
        if (d.digits < kDoubleDigits) d.digit[d.digits] = *text;
        if (d.digits <= kDoubleDigits) ++d.digits;
    }
    d.exponent += zeros;
    if (*text == 'e') d.exponent += std::strtol(text + 1, nullptr, 10);
    return d;
}

bool equal(const Decimal& a, const Decimal& b) {
    return a.digits <= kDoubleDigits && a.negative == b.negative && a.digits == b.digits && a.exponent == b.exponent &&
           std::memcmp(a.digit, b.digit, static_cast<std::size_t>(a.digits)) == 0;
}

// An integer such as "-123" that fits an int64.
bool parse_int64(const char* text, int64* value) {
    const bool negative = *text == '-';
    if (negative) ++text;
    int128 sum = 0;
    int digits = 0;
    for (; *text >= '0' && *text <= '9'; ++text, ++digits) {
        if (digits == 19) return false;
        sum = sum * 10 + (*text - '0');
    }
    if (*text != '\0') return false;
    if (negative) sum = -sum;
    if (sum < PG_INT64_MIN || sum > PG_INT64_MAX) return false;
    *value = static_cast<int64>(sum);
    return true;
}

// An integer of up to 16 digits straight from the stored form of numeric: a header of 16 bits (10, the sign, 6 bits of
// scale, 7 of weight), then digits to the base 10000. The general way makes a string of every number.
bool read_small_integer(const varlena* number, int64* value) {
    if (VARATT_IS_EXTERNAL(number) || VARATT_IS_COMPRESSED(number)) return false;
    const std::size_t words = VARSIZE_ANY_EXHDR(number) / sizeof(uint16);
    uint16 word[5];
    if (words == 0 || words > std::size(word)) return false;
    std::memcpy(word, VARDATA_ANY(number), words * sizeof(uint16));
    const int weight = (word[0] & 0x3F) - (word[0] & 0x40);
    if ((word[0] & 0xC000) != 0x8000 || weight > 3 || static_cast<int>(words) > weight + 2) return false;
    int64 sum = 0;
    for (std::size_t i = 1; i <= static_cast<std::size_t>(weight + 1); ++i)
        sum = sum * 10000 + (i < words ? word[i] : 0);
    *value = (word[0] & 0x2000) != 0 ? -sum : sum;
    return true;
}

}  // namespace

std::uint64_t hash_double(double value) {
    if (std::isnan(value)) return hash_int64(0x7FF8000000000000);
    // Exactly the doubles from -2^63 to below 2^63 may be converted.
    if (value >= -0x1p63 && value < 0x1p63) {
        const auto integer = static_cast<int64>(value);
        if (static_cast<double>(integer) == value) return hash_int64(integer);
    }
    return hash_int64(std::bit_cast<int64>(value));
}

static std::uint64_t hash_decimal(const char* text) {
    int64 integer;
    if (parse_int64(text, &integer)) return hash_int64(integer);

    const Decimal decimal = parse_decimal(text);
    if (decimal.digits <= kDoubleDigits) {
        const double value = std::strtod(text, nullptr);  // the server's numbers are in the locale "C"
        if (std::isfinite(value)) {
            char shortest[DOUBLE_SHORTEST_DECIMAL_LEN];
            shortest[double_to_shortest_decimal_buf(value, shortest)] = '\0';
            if (equal(decimal, parse_decimal(shortest))) return hash_double(value);
        }
    }
    return hash_bytes(text, std::strlen(text));
}

std::uint64_t hash_numeric(Datum datum) {
    int64 integer;
    if (read_small_integer(reinterpret_cast<const varlena*>(DatumGetPointer(datum)), &integer))
        return hash_int64(integer);
    const Numeric number = DatumGetNumeric(datum);
    std::uint64_t hash;
    if (numeric_is_nan(number)) {
        hash = hash_double(NAN);
    } else {
        char* const text = numeric_normalize(number);  // no zeros at the end of a fraction
        if (numeric_is_inf(number))
            hash = hash_double(*text == '-' ? -INFINITY : INFINITY);
        else
            hash = hash_decimal(text);
        pfree(text);
    }
    if (reinterpret_cast<Pointer>(number) != DatumGetPointer(datum)) pfree(number);
    return hash;
}

}  // namespace sketch::pg
