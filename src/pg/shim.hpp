// SPDX-License-Identifier: PostgreSQL
//
// What is the same for all sketches: types, aggregates and merges over any kernel. A room gives a Shim:
//
//   struct HllShim {
//       using Kernel = Hll;
//       static constexpr const char* kType = "hllsketch";
//       static Hll::Params params(FunctionCallInfo fcinfo, int first);  // arguments from `first` on, or defaults
//   };
//
// The transition state of an aggregate is a working image. It lives in the aggregate's memory context, is written in
// place, and grows by being re-laid in the short-lived context and returned: the executor copies it and frees the old
// one. What final functions, doors and plain functions return is trimmed. How arguments come in: argument.hpp.
#pragma once

#include "pg/argument.hpp"
#include "pg/value.hpp"

namespace sketch::pg {

template <class Kernel>
Datum trimmed(const Kernel& s) {
    return PointerGetDatum(trimmed_copy(s));
}

// --- doors ----------------------------------------------------------------------------------------------------------

template <Shim T>
Datum checked(const Block& block) {
    const Status status = T::Kernel::check(block.room);
    if (status != Status::ok) raise(status, T::kType);
    return PointerGetDatum(block.datum);
}

std::span<const std::byte> bytea_argument(FunctionCallInfo fcinfo, int argument);
Block decode_base64(const char* text, const char* type);
char* encode_base64(std::span<const std::byte> bytes);

template <Shim T>
Datum in(FunctionCallInfo fcinfo) {
    return checked<T>(decode_base64(PG_GETARG_CSTRING(0), T::kType));
}

template <Shim T>
Datum out(FunctionCallInfo fcinfo) {
    const auto s = reader<T>(fcinfo, 0);
    return CStringGetDatum(encode_base64({s.image(), s.bytes()}));
}

template <Shim T>
Datum recv(FunctionCallInfo fcinfo) {
    auto* message = reinterpret_cast<StringInfo>(PG_GETARG_POINTER(0));
    const Block block = allocate(static_cast<std::size_t>(message->len - message->cursor));
    pq_copymsgbytes(message, reinterpret_cast<char*>(block.room.data()), static_cast<int>(block.room.size()));
    return checked<T>(block);
}

// send, and the cast to bytea: a bytea of the trimmed image.
template <Shim T>
Datum to_bytes(FunctionCallInfo fcinfo) {
    const auto s = any<T>(fcinfo, 0);
    return s.trimmed() ? datum_of(copied(s)) : trimmed(s);
}

template <Shim T>
Datum from_bytes(FunctionCallInfo fcinfo) {
    const auto bytes = bytea_argument(fcinfo, 0);
    const Block block = allocate(bytes.size());
    copy_in_steps(block.room.data(), bytes.data(), bytes.size());
    return checked<T>(block);
}

template <Shim T>
Datum empty(typename T::Kernel::Params params) {
    return trimmed(T::Kernel::create(allocate(T::Kernel::bytes_for(params)).room, params));
}

// --- aggregates -----------------------------------------------------------------------------------------------------

// Two sketches of a kernel that has a Union (core/kernel.hpp), in the trimmed form.
template <Shim T>
typename T::Kernel united(const typename T::Kernel& a, const typename T::Kernel& b) {
    using Kernel = typename T::Kernel;
    const typename Kernel::Union both(settled(a), settled(b));
    if (both.status() != Status::ok) [[unlikely]]
        raise(both.status(), T::kType);
    if (both.bytes() > kMaxImageBytes) [[unlikely]]
        raise_too_large(both.bytes());
    const Block block = allocate(both.bytes());
    both.write(block.room);
    return {block.room.data(), block.room.size()};
}

// A sketch that is not the state of an aggregate, and one item more.
template <Shim T, class Add>
Datum add_to_value(const typename T::Kernel& value, Add add_to) {
    using Kernel = typename T::Kernel;
    constexpr bool unites = HasUnion<Kernel>;
    Kernel s(nullptr, 0);
    if constexpr (unites)
        s = value.create_like(allocate(value.like_bytes()).room);
    else
        s = relaid(value, value.grown_bytes());
    Status status;
    while ((status = add_to(s)) == Status::no_room) s = relaid(s, s.grown_bytes());
    if (status != Status::ok) raise(status, T::kType);
    if constexpr (unites) return datum_of(united<T>(value, s));
    return trimmed(s);
}

// The rows that create a state, let it grow, or are no rows of an aggregate at all. Apart, so that the others save no
// registers for it. `full`: the state has just refused the item.
template <Shim T, class Add>
[[gnu::noinline, gnu::cold]] Datum add_with_room(FunctionCallInfo fcinfo, int first, Add add_to, bool full) {
    using Kernel = typename T::Kernel;
    const bool aggregate = in_transition(fcinfo);
    Kernel s(nullptr, 0);
    if (PG_ARGISNULL(0)) {
        const auto params = T::params(fcinfo, first);
        s = Kernel::create(allocate(Kernel::bytes_for(params)).room, params);
    } else if (aggregate) {
        s = state<T>(fcinfo);
        // Asked again, it might take the item: it wanted more room than for one, having found few repetitions to clear.
        if (full) s = relaid(s, s.grown_bytes());
    } else {
        return add_to_value<T>(any<T>(fcinfo, 0), add_to);
    }
    Status status;
    while ((status = add_to(s)) == Status::no_room) s = relaid(s, s.grown_bytes());
    if (status != Status::ok) raise(status, T::kType);
    return aggregate ? datum_of(s) : trimmed(s);
}

// Adds one item: as the transition of an aggregate in place, else to a trimmed copy. `add_to(kernel)` gives it to the
// kernel and answers with the kernel's status; `first` is the argument where the parameters begin.
template <Shim T, class Add>
Datum add(FunctionCallInfo fcinfo, int first, Add add_to) {
    bool full = false;
    if (!PG_ARGISNULL(0) && in_transition(fcinfo)) [[likely]] {
        auto* datum = reinterpret_cast<varlena*>(PG_GETARG_POINTER(0));
        if (aligned(datum)) [[likely]] {
            auto s = in_place<T>(datum);
            if (add_to(s) == Status::ok) [[likely]]
                return PointerGetDatum(datum);
            full = true;
        }
    }
    return add_with_room<T>(fcinfo, first, add_to, full);
}

inline Datum null_or_first(FunctionCallInfo fcinfo) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    return PG_GETARG_DATUM(0);
}

// Adds the hash of argument 1. NULL values are skipped.
template <Shim T>
Datum add_value(FunctionCallInfo fcinfo) {
    if (PG_ARGISNULL(1)) return null_or_first(fcinfo);
    const std::uint64_t hash = hash_argument(fcinfo, 1);
    return add<T>(fcinfo, 2, [hash](typename T::Kernel& s) { return s.add(hash); });
}

// Gives argument 1 to argument 0: as combine function or transition of an aggregate in place, else to a trimmed copy.
// `need(to, from)` answers how large a working image `combine(to, from)` wants. Neither argument is NULL.
template <Shim T, class Need, class Combine>
Datum combine(FunctionCallInfo fcinfo, Need need, Combine combine_with) {
    using Kernel = typename T::Kernel;
    const bool aggregate = in_transition(fcinfo);
    Kernel to = aggregate ? state<T>(fcinfo) : any<T>(fcinfo, 0);
    const Kernel from = any<T>(fcinfo, 1);
    const std::size_t bytes = need(to, from);
    if (!aggregate || to.trimmed() || to.bytes() < bytes) to = relaid(to, std::max(bytes, to.bytes()));
    const Status status = combine_with(to, from);
    if (status != Status::ok) [[unlikely]]
        raise(status, T::kType);
    return aggregate ? datum_of(to) : trimmed(to);
}

// Of a kernel that has a Union: in place where the state of an aggregate can take a small sketch, else that.
template <Shim T>
Datum merge_or_unite(FunctionCallInfo fcinfo) {
    using Kernel = typename T::Kernel;
    const Kernel from = any<T>(fcinfo, 1);
    if (!in_transition(fcinfo)) return datum_of(united<T>(any<T>(fcinfo, 0), from));
    Kernel to = state<T>(fcinfo);
    if (const std::size_t bytes = to.merge_bytes(from); bytes != 0) {
        if (to.trimmed() || to.bytes() < bytes) to = relaid(to, std::max(bytes, to.bytes()));
        const Status status = to.merge(from);
        if (status == Status::ok) return datum_of(to);
        if (status != Status::no_room) raise(status, T::kType);
    }
    if (!to.trimmed() && to.settle_bytes() <= to.bytes()) to.settle();
    return datum_of(united<T>(to, from));
}

// NULL merged with a sketch is that sketch.
template <Shim T>
Datum merge(FunctionCallInfo fcinfo) {
    using Kernel = typename T::Kernel;
    if (PG_ARGISNULL(1)) return null_or_first(fcinfo);
    if (PG_ARGISNULL(0)) return PG_GETARG_DATUM(1);
    if constexpr (HasUnion<Kernel>) return merge_or_unite<T>(fcinfo);
    return combine<T>(
        fcinfo, [](const Kernel& to, const Kernel& from) { return to.merge_bytes(from); },
        [](Kernel& to, const Kernel& from) { return to.merge(from); });
}

template <Shim T>
Datum final(FunctionCallInfo fcinfo) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    return trimmed(any<T>(fcinfo, 0));
}

// --- results --------------------------------------------------------------------------------------------------------

// A row of doubles or of bigints, for functions with OUT parameters.
Datum row_of(FunctionCallInfo fcinfo, std::span<const double> values);
Datum row_of(FunctionCallInfo fcinfo, std::span<const int64> values);

// jsonb from printf-made JSON text.
Datum json(const char* format, ...) pg_attribute_printf(1, 2);

}  // namespace sketch::pg
