// SPDX-License-Identifier: PostgreSQL
#include "pg/json.hpp"

namespace sketch::pg {

static JsonbValue string_of(std::span<const char> text) {
    JsonbValue value;
    value.type = jbvString;
    value.val.string.val = const_cast<char*>(text.data());
    value.val.string.len = static_cast<int>(text.size());
    return value;
}

void Json::key(const char* name) {
    CHECK_FOR_INTERRUPTS();
    JsonbValue value = string_of({name, std::strlen(name)});
    push(WJB_KEY, &value);
}

void Json::push_number(const char* name, Numeric number) {
    key(name);
    JsonbValue value;
    value.type = jbvNumeric;
    value.val.numeric = number;
    push(WJB_VALUE, &value);
}

void Json::member(const char* name, double value) {
    char* const text = const_cast<char*>(double_to_shortest_decimal(value));
    if (!std::isfinite(value)) return member(name, std::span<const char>(text, std::strlen(text)));
    push_number(name, DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(text),
                                                          ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1))));
}

void Json::member(const char* name, std::int64_t value) { push_number(name, int64_to_numeric(value)); }

void Json::member(const char* name, std::span<const char> text) {
    key(name);
    JsonbValue value = string_of(text);
    push(WJB_VALUE, &value);
}

void Json::null_member(const char* name) {
    key(name);
    JsonbValue value;
    value.type = jbvNull;
    push(WJB_VALUE, &value);
}

}  // namespace sketch::pg
