// SPDX-License-Identifier: PostgreSQL
//
// A sketch argument that stays the same from row to row: countmin_estimate(s.sketch, v) for a million v and one stored
// sketch. It is fetched from its TOAST table, or decompressed, once for a call site and not once for a row. Of a sketch
// whose reader can also read it unpacked, that form is made and kept once it is asked often.
#pragma once

#include "pg/shim.hpp"

namespace sketch::pg {

// The last value that was fetched at a call site, under what stood in the row: a pointer to the TOAST table, which
// names its value for as long as the statement can see it, or the compressed bytes.
struct Fetched {
    varlena* stored;
    varlena* value;
    std::byte* unpacked;
    std::uint32_t questions;
};

template <class Reader>
concept Unpacks = requires(Reader reader, std::byte* room) {
    { reader.unpacked_bytes() } -> std::same_as<std::size_t>;
    reader.unpack(room);
    reader.read_unpacked(room);
};

// After so many questions, unpacking a sketch costs no more than they did.
inline constexpr std::uint32_t kOften = 256;

inline bool same_bytes(const varlena* a, const varlena* b) {
    if (VARATT_IS_EXTERNAL_ONDISK(a))  // most are, and a fixed size needs no call
        return VARATT_IS_EXTERNAL_ONDISK(b) && std::memcmp(a, b, TOAST_POINTER_SIZE) == 0;
    return VARSIZE_ANY(a) == VARSIZE_ANY(b) && std::memcmp(a, b, VARSIZE_ANY(a)) == 0;
}

[[gnu::noinline]] inline Fetched& fetch_once(FunctionCallInfo fcinfo, const varlena* stored) {
    const MemoryContext context = fcinfo->flinfo->fn_mcxt;
    CallSite& site = call_site(fcinfo);
    if (site.room == nullptr) site.room = MemoryContextAllocZero(context, sizeof(Fetched));
    auto& fetched = *static_cast<Fetched*>(site.room);
    if (fetched.value != nullptr && same_bytes(fetched.stored, stored)) return fetched;

    if (fetched.value != nullptr) pfree(fetched.value);
    if (fetched.stored != nullptr) pfree(fetched.stored);
    if (fetched.unpacked != nullptr) pfree(fetched.unpacked);
    fetched = {};
    const MemoryContext before = MemoryContextSwitchTo(context);
    fetched.stored = static_cast<varlena*>(palloc(VARSIZE_ANY(stored)));
    std::memcpy(fetched.stored, stored, VARSIZE_ANY(stored));
    fetched.value = detoast_attr(const_cast<varlena*>(stored));
    MemoryContextSwitchTo(before);
    return fetched;
}

template <class Reader>
[[gnu::noinline]] void unpack_if_worth_it(FunctionCallInfo fcinfo, Fetched& fetched, const Reader& reader) {
    const std::size_t bytes = reader.unpacked_bytes();
    if (bytes == 0 || fetched.unpacked != nullptr) return;
    auto* const room = static_cast<std::byte*>(MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, bytes));
    reader.unpack(room);
    fetched.unpacked = room;
}

// As reader. Uses the `room` of the call site.
template <Shim T>
typename T::Kernel::Reader cached_reader(FunctionCallInfo fcinfo, int argument) {
    auto* datum = reinterpret_cast<varlena*>(PG_GETARG_POINTER(argument));
    if (VARATT_IS_EXTERNAL_ONDISK(datum) || VARATT_IS_COMPRESSED(datum)) {
        Fetched& fetched = fetch_once(fcinfo, datum);
        auto reader = reader_of(any_of<T>(PointerGetDatum(fetched.value)));
        if constexpr (Unpacks<typename T::Kernel::Reader>) {
            if (++fetched.questions == kOften) unpack_if_worth_it(fcinfo, fetched, reader);
            if (fetched.unpacked != nullptr) reader.read_unpacked(fetched.unpacked);
        }
        return reader;
    }
    return reader_of(any_of<T>(PointerGetDatum(datum)));
}

}  // namespace sketch::pg
