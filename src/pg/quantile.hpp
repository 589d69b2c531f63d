// SPDX-License-Identifier: PostgreSQL
//
// What the quantile rooms share: values that are doubles, fractions, and arrays of them.
#pragma once

#include "pg/json.hpp"
#include "pg/shim.hpp"

namespace sketch::pg {

// Adds the double in argument 1. NULL values are skipped.
template <Shim T>
Datum add_float8(FunctionCallInfo fcinfo) {
    if (PG_ARGISNULL(1)) return null_or_first(fcinfo);
    const double value = PG_GETARG_FLOAT8(1);
    return add<T>(fcinfo, 2, [value](typename T::Kernel& s) { return s.add(value); });
}

// Adds the doubles in the array that is argument 1.
template <Shim T>
Datum add_all_float8(FunctionCallInfo fcinfo) {
    if (PG_ARGISNULL(1)) return null_or_first(fcinfo);
    return add_all<T>(fcinfo, elements_argument(fcinfo, 1).values,
                      [](typename T::Kernel& s, Datum element) { return s.add(DatumGetFloat8(element)); });
}

// (sketch, value, weight [, parameters]): the value as often as the weight says. NULL in either adds nothing, as 0
// does.
template <Shim T>
Datum add_weighted_float8(FunctionCallInfo fcinfo) {
    if (PG_ARGISNULL(1) || PG_ARGISNULL(2)) return null_or_first(fcinfo);
    const double value = PG_GETARG_FLOAT8(1);
    const auto times = static_cast<std::uint64_t>(whole_weight(fcinfo, 2, 0));
    if (times == 0) return null_or_first(fcinfo);
    return add<T>(fcinfo, 3, [=](typename T::Kernel& s) { return s.add(value, times); });
}

// "kll_quantile: fraction must be between 0 and 1, not 2"
double checked_fraction(FunctionCallInfo fcinfo, double fraction);
double fraction_argument(FunctionCallInfo fcinfo, int argument);

// A float8[] argument: the array, and its elements that are not NULL.
struct Doubles {
    ArrayType* array;
    std::span<double> values;
};
Doubles doubles_argument(FunctionCallInfo fcinfo, int argument);
// In a copy of its own, to be written on.
Doubles copied_doubles(FunctionCallInfo fcinfo, int argument);

// A question to a sketch, and its place among the others.
struct Question {
    std::int64_t key;  // in the order of float8, NaN above all
    std::uint32_t place;
};
// So many are sorted at a time: a few milliseconds, and 1 MB.
inline constexpr std::size_t kQuestions = std::size_t{1} << 16;

// Sorts the questions that stand in `values`.
void sort_questions(std::span<const double> values, Question* sorted);
double question_of(std::int64_t key);

// Puts the answers in the place of the questions. start(n) gives what answers n questions that do not fall, in one
// pass.
template <class Start>
void answer_all(std::span<double> values, Start start) {
    auto* sorted = static_cast<Question*>(palloc(sizeof(Question) * std::min(values.size() + 1, kQuestions)));
    in_steps(values.size(), kQuestions, [&](std::size_t from, std::size_t to) {
        sort_questions(values.subspan(from, to - from), sorted);
        auto answer = start(to - from);
        for (std::size_t i = 0; i < to - from; ++i) values[from + sorted[i].place] = answer(question_of(sorted[i].key));
    });
    pfree(sorted);
}

// An array of the shape of a float8[] argument, with the answers, and NULL for NULL.
template <class Start>
Datum answer_array(FunctionCallInfo fcinfo, int argument, Start start) {
    const Doubles of = copied_doubles(fcinfo, argument);
    answer_all(of.values, start);
    return PointerGetDatum(of.array);
}

// The share of the values in each of the n + 1 ranges that n ascending values part: at most the first one, above it and
// at most the second one, and so on.
Datum shares_of(FunctionCallInfo fcinfo, int argument, Datum (*ranks)(FunctionCallInfo));

// The same where each must be a fraction.
template <class Start>
Datum answer_fractions(FunctionCallInfo fcinfo, int argument, Start start) {
    const Doubles of = copied_doubles(fcinfo, argument);
    in_steps(of.values.size(), kQuestions, [&](std::size_t from, std::size_t to) {
        for (std::size_t i = from; i < to; ++i) checked_fraction(fcinfo, of.values[i]);
    });
    answer_all(of.values, start);
    return PointerGetDatum(of.array);
}

}  // namespace sketch::pg
