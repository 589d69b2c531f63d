// SPDX-License-Identifier: PostgreSQL
//
// The result of a set-returning function, row by row:
//
//   pg::Rows rows(fcinfo);
//   for (...) rows.put(item, Float8GetDatum(estimate));
//   return rows.done();
//
// The columns are those of RETURNS TABLE, in order; their number is a matter of the room's .sql, and checked.
#pragma once

#include <type_traits>

#include "pg/pg.hpp"

extern "C" {
#include "utils/tuplestore.h"
}

namespace sketch::pg {

class Rows {
  public:
    explicit Rows(FunctionCallInfo fcinfo) {
        InitMaterializedSRF(fcinfo, 0);
        result_ = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    }

    // One row of values, none of them NULL.
    template <class... Datums>
    void put(Datums... columns) {
        constexpr std::size_t n = sizeof...(Datums);
        const Datum values[n] = {columns...};
        constexpr bool nulls[n] = {};
        if (result_->setDesc->natts != static_cast<int>(n))
            elog(ERROR, "sketch: a row of %zu columns for %d", n, result_->setDesc->natts);
        tuplestore_putvalues(result_->setResult, result_->setDesc, const_cast<Datum*>(values),
                             const_cast<bool*>(nulls));
    }

    // What the function returns.
    Datum done() const { return Datum{0}; }

  private:
    ReturnSetInfo* result_;
};
static_assert(std::is_trivially_destructible_v<Rows>);

}  // namespace sketch::pg
