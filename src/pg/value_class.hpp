// SPDX-License-Identifier: PostgreSQL
//
// Classes of values in SQL: which type belongs to which, what they are called, and the error where two meet.
#pragma once

#include "core/value_class.hpp"

#include "pg/argument.hpp"
#include "pg/value.hpp"

namespace sketch::pg {

// The class of the values of a type, a domain or an array included.
ValueClass class_of(Oid type);

// A value of a class that the sketch does not hold, or a sketch of another class.
[[noreturn]] void raise_unlike_value(FunctionCallInfo fcinfo, const char* type, ValueClass held, ValueClass given);
[[noreturn]] void raise_unlike_sketches(FunctionCallInfo fcinfo, const char* type, ValueClass a, ValueClass b);

// What two sketches hold together.
inline ValueClass joint_class(FunctionCallInfo fcinfo, const char* type, const View& a, const View& b) {
    const ValueClass c = a.value_class(), d = b.value_class();
    if (c == d || d == ValueClass::none) [[likely]]
        return c;
    if (c != ValueClass::none) raise_unlike_sketches(fcinfo, type, c, d);
    return d;
}

// Before a sketch takes a value of this class. A state in which nothing is left holds none.
template <Shim T>
[[gnu::noinline, gnu::cold]] void admit_other(FunctionCallInfo fcinfo, typename T::Kernel& s, ValueClass given) {
    const ValueClass held = s.value_class();
    if (given == ValueClass::none) return;
    if (held != ValueClass::none && trimmed_form(s).value_class() != ValueClass::none)
        raise_unlike_value(fcinfo, T::kType, held, given);
    s.set_value_class(given);
}
template <Shim T>
[[gnu::always_inline]] inline void admit(FunctionCallInfo fcinfo, typename T::Kernel& s, ValueClass given) {
    if (s.value_class() != given) [[unlikely]]
        admit_other<T>(fcinfo, s, given);
}

// Before a sketch is asked for a value of this class.
inline void expect_class(FunctionCallInfo fcinfo, const char* type, const View& s, ValueClass given) {
    const ValueClass held = s.value_class();
    if (held != given && held != ValueClass::none && given != ValueClass::none) [[unlikely]]
        raise_unlike_value(fcinfo, type, held, given);
}

}  // namespace sketch::pg
