// SPDX-License-Identifier: PostgreSQL
//
// A sketch argument that stays the same from row to row: countmin_estimate(s.sketch, v) for a million v and one stored
// sketch. It is fetched from its TOAST table, or decompressed, once for a call site and not once for a row.
#pragma once

#include "pg/shim.hpp"

namespace sketch::pg {

// The last value that was fetched at a call site, under what stood in the row: a pointer to the TOAST table, which
// names its value for as long as the statement can see it, or the compressed bytes.
struct Fetched {
    varlena* stored;
    varlena* value;
};

inline bool same_bytes(const varlena* a, const varlena* b) {
    if (VARATT_IS_EXTERNAL_ONDISK(a))  // most are, and a fixed size needs no call
        return VARATT_IS_EXTERNAL_ONDISK(b) && std::memcmp(a, b, TOAST_POINTER_SIZE) == 0;
    return VARSIZE_ANY(a) == VARSIZE_ANY(b) && std::memcmp(a, b, VARSIZE_ANY(a)) == 0;
}

[[gnu::noinline]] inline varlena* fetch_once(FunctionCallInfo fcinfo, const varlena* stored) {
    const MemoryContext context = fcinfo->flinfo->fn_mcxt;
    CallSite& site = call_site(fcinfo);
    if (site.room == nullptr) site.room = MemoryContextAllocZero(context, sizeof(Fetched));
    auto& fetched = *static_cast<Fetched*>(site.room);
    if (fetched.value != nullptr && same_bytes(fetched.stored, stored)) return fetched.value;

    if (fetched.value != nullptr) pfree(fetched.value);
    if (fetched.stored != nullptr) pfree(fetched.stored);
    fetched = {};
    const MemoryContext before = MemoryContextSwitchTo(context);
    fetched.stored = static_cast<varlena*>(palloc(VARSIZE_ANY(stored)));
    std::memcpy(fetched.stored, stored, VARSIZE_ANY(stored));
    fetched.value = detoast_attr(const_cast<varlena*>(stored));
    MemoryContextSwitchTo(before);
    return fetched.value;
}

// As reader. Uses the `room` of the call site.
template <Shim T>
typename T::Kernel::Reader cached_reader(FunctionCallInfo fcinfo, int argument) {
    auto* datum = reinterpret_cast<varlena*>(PG_GETARG_POINTER(argument));
    if (VARATT_IS_EXTERNAL_ONDISK(datum) || VARATT_IS_COMPRESSED(datum))
        return reader_of(any_of<T>(PointerGetDatum(fetch_once(fcinfo, datum))));
    return reader_of(any_of<T>(PointerGetDatum(datum)));
}

}  // namespace sketch::pg
