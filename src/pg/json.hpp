// SPDX-License-Identifier: PostgreSQL
//
// A jsonb that is built piece by piece: between the pieces a query can be cancelled, which PostgreSQL's parser of JSON
// text does not allow.
#pragma once

#include "pg/pg.hpp"

namespace sketch::pg {

class Json {
  public:
    void begin_object() { push(WJB_BEGIN_OBJECT, nullptr); }
    void end_object() { push(WJB_END_OBJECT, nullptr); }
    void begin_array() { push(WJB_BEGIN_ARRAY, nullptr); }
    void end_array() { push(WJB_END_ARRAY, nullptr); }
    void key(const char* name);

    // Members of an object. A double that is not finite is a string.
    void member(const char* name, double value);
    void member(const char* name, std::int64_t value);
    void member(const char* name, std::uint64_t value) { member(name, static_cast<std::int64_t>(value)); }
    void member(const char* name, std::span<const char> text);
    void null_member(const char* name);

    // After the end of the outermost.
    Datum done() const { return PointerGetDatum(JsonbValueToJsonb(whole_)); }

  private:
    void push(JsonbIteratorToken token, JsonbValue* value) { whole_ = pushJsonbValue(&state_, token, value); }
    void push_number(const char* name, Numeric number);

    JsonbParseState* state_ = nullptr;
    JsonbValue* whole_ = nullptr;
};

}  // namespace sketch::pg
