// SPDX-License-Identifier: PostgreSQL
//
// What is the same for all sketches: types, aggregates and merges over any kernel. A room gives a Shim:
//
//   struct HllShim {
//       using Kernel = Hll;
//       static constexpr const char* kType = "hllsketch";
//       static constexpr bool kHashes = true;  // keeps hashes of values, and so remembers their class
//       static Hll::Params params(FunctionCallInfo fcinfo, int first);  // arguments from `first` on, or defaults
//       static const char* describe(const Hll::Params& params);         // in words, as an error wants them
//       static void fill_in(Hll::Params& given, FunctionCallInfo fcinfo, int first, const Hll::Params& held);
//                                                               // may be missing: what the call leaves open, as held
//       static constexpr const char* kParametersHint = "...";           // what was probably meant where they differ
//       static void require_alike(FunctionCallInfo fcinfo, const Hll& a, const Hll& b);
//                                                               // may be missing: an error if they cannot merge
//       static void expect_values(FunctionCallInfo fcinfo, const CountMin& s);
//                                                               // may be missing: an error if s takes no plain values
//   };
//
// The transition state of an aggregate is a working image. It lives in the aggregate's memory context, is written in
// place, and grows by being re-laid in the short-lived context and returned: the executor copies it, but for a large
// one (expanded.hpp), and frees the old one. What final functions, doors and plain functions return is trimmed. How
// arguments come in: argument.hpp.
#pragma once

#include "pg/argument.hpp"
#include "pg/compare.hpp"
#include "pg/parameters.hpp"
#include "pg/value.hpp"
#include "pg/value_class.hpp"

namespace sketch::pg {

template <class Kernel>
Datum trimmed(const Kernel& s) {
    return PointerGetDatum(trimmed_copy(s));
}

// --- doors ----------------------------------------------------------------------------------------------------------

template <Shim T>
Datum checked(const Block& block) {
    using Kernel = typename T::Kernel;
    Status status = Kernel::check(block.room);
    // A sketch of nothing holds no class of values.
    if (const Kernel s(block.room.data(), block.room.size());
        status == Status::ok && s.value_class() != ValueClass::none && (!T::kHashes || s.empty()))
        status = Status::bad_content;
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

// A new trimmed image, of values of this class; of nothing, of none.
template <class Kernel>
Datum of_class(Kernel s, ValueClass c) {
    s.set_value_class(s.empty() ? ValueClass::none : c);
    return datum_of(s);
}

template <Shim T>
Datum empty(typename T::Kernel::Params params) {
    return trimmed(T::Kernel::create(allocate(T::Kernel::bytes_for(params)).room, params));
}

// Of nothing, with the parameters of the sketch in an argument.
template <Shim T>
Datum empty_like(FunctionCallInfo fcinfo, int argument) {
    return empty<T>(any<T>(fcinfo, argument).params());
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
    const Block block = allocate_state(both.bytes());
    both.write(block.room);
    return {block.room.data(), block.room.size()};
}

// Gives an item to a working state, which grows as it must.
template <Shim T, class Add>
void add_growing(typename T::Kernel& s, Add add_to) {
    Status status;
    while ((status = add_to(s)) == Status::no_room) s = relaid(s, s.grown_bytes());
    if (status != Status::ok) raise(status, T::kType);
}

// A sketch that is not the state of an aggregate, and what give(s) adds to it.
template <Shim T, class Give>
Datum give_to_value(const typename T::Kernel& value, Give give) {
    using Kernel = typename T::Kernel;
    if constexpr (HasUnion<Kernel>) {
        Kernel s = value.create_like(allocate(value.like_bytes()).room);
        s.set_value_class(value.value_class());  // that of the items is to be the same
        give(s);
        Kernel both = united<T>(value, s);
        both.set_value_class(s.value_class());
        return datum_of(both);
    } else {
        Kernel s = relaid(value, value.grown_bytes());
        give(s);
        return trimmed(s);
    }
}

// What give(s) adds: as the transition of an aggregate to its state, else to a copy of argument 0, which is trimmed
// again. `first` is the argument where the parameters begin. `full`: the state has just refused an item. Apart from
// add(), whose common case would have to save registers for it.
template <Shim T, class Give>
[[gnu::noinline, gnu::cold]] Datum give_with_room(FunctionCallInfo fcinfo, int first, bool full, Give give) {
    using Kernel = typename T::Kernel;
    const bool aggregate = in_transition(fcinfo);
    Kernel s(nullptr, 0);
    if (PG_ARGISNULL(0)) {
        const auto params = T::params(fcinfo, first);
        s = Kernel::create(allocate_state(Kernel::bytes_for(params)).room, params);
    } else {
        s = aggregate ? state<T>(fcinfo) : value<T>(fcinfo, 0);
        expect_params<T>(fcinfo, first, s);
        if (!aggregate) return give_to_value<T>(s, give);
        // Asked again, it might take the item: it wanted more room than for one, having found few repetitions to clear.
        if (full) s = relaid(s, s.grown_bytes());
    }
    give(s);
    return aggregate ? returned<T>(fcinfo, s) : trimmed(s);
}

// Adds one item: as the transition of an aggregate in place, else to a trimmed copy. `add_to(kernel)` gives it to the
// kernel and answers with the kernel's status; `first` is the argument where the parameters begin.
template <Shim T, class Add>
Datum add(FunctionCallInfo fcinfo, int first, Add add_to) {
    bool full = false;
    if (!PG_ARGISNULL(0) && in_transition(fcinfo)) [[likely]] {
        if (varlena* const own = own_state<T>(fcinfo)) [[likely]] {
            auto s = in_place<T>(own);
            expect_params_of_state<T>(fcinfo, first, s);
            if (add_to(s) == Status::ok) [[likely]]
                return PG_GETARG_DATUM(0);
            full = true;
        }
    }
    return give_with_room<T>(fcinfo, first, full, [&](typename T::Kernel& s) { add_growing<T>(s, add_to); });
}

inline Datum null_or_first(FunctionCallInfo fcinfo) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    return PG_GETARG_DATUM(0);
}

inline Datum second_or_null(FunctionCallInfo fcinfo) {
    if (PG_ARGISNULL(1)) PG_RETURN_NULL();
    return PG_GETARG_DATUM(1);
}

// Adds the hash of argument 1. NULL values are skipped.
template <Shim T>
Datum add_value(FunctionCallInfo fcinfo) {
    if (PG_ARGISNULL(1)) return null_or_first(fcinfo);
    const HashedValue value = hash_argument(fcinfo, 1);
    return add<T>(fcinfo, 2, [=](typename T::Kernel& s) {
        admit<T>(fcinfo, s, value.value_class);
        return s.add(value.hash);
    });
}

template <Shim T>
void expect_values(FunctionCallInfo fcinfo, const typename T::Kernel& s) {
    if constexpr (requires { T::expect_values(fcinfo, s); }) T::expect_values(fcinfo, s);
}

// Adds argument 1, which is a hash already: the 64 bits of sketch_hash, or of any hash function as good. It may be that
// of any class of values.
template <Shim T>
Datum add_hash(FunctionCallInfo fcinfo) {
    if (PG_ARGISNULL(1)) return null_or_first(fcinfo);
    const auto hash = static_cast<std::uint64_t>(PG_GETARG_INT64(1));
    return add<T>(fcinfo, 2, [=](typename T::Kernel& s) {
        expect_values<T>(fcinfo, s);
        return s.add(hash);
    });
}

// Adds the elements of the array in argument 1 that are not NULL, as if they came in rows: add_to(kernel, element).
template <Shim T, class Add>
Datum add_all(FunctionCallInfo fcinfo, std::span<const Datum> elements, Add add_to) {
    using Kernel = typename T::Kernel;
    if (elements.empty()) return null_or_first(fcinfo);
    return give_with_room<T>(fcinfo, 2, false, [&](Kernel& s) {
        for (const Datum element : elements) {
            CHECK_FOR_INTERRUPTS();
            add_growing<T>(s, [&](Kernel& to) { return add_to(to, element); });
        }
    });
}

// Adds the hashes of the elements of argument 1.
template <Shim T>
Datum add_all_values(FunctionCallInfo fcinfo) {
    if (PG_ARGISNULL(1)) return null_or_first(fcinfo);
    const Elements elements = elements_argument(fcinfo, 1);
    CallSite& site = call_site(fcinfo);
    if (site.value.form == Form::unresolved) resolve_elements(site, fcinfo, elements.type);
    return add_all<T>(fcinfo, elements.values, [&](typename T::Kernel& s, Datum element) {
        expect_values<T>(fcinfo, s);
        admit<T>(fcinfo, s, site.value_class);
        return s.add(hash_value(site.value, element));
    });
}

// Whether each row counts once, or as often as an argument says.
enum class Weights { one, given };

// Arguments 0 and 1 of a function that gives the one to the other; neither is NULL. In a transition the first is the
// aggregate's own.
template <Shim T>
struct Both {
    bool aggregate;
    typename T::Kernel to;
    const typename T::Kernel from;

    explicit Both(FunctionCallInfo fcinfo)
        : aggregate(in_transition(fcinfo)),
          to(aggregate ? state<T>(fcinfo) : value<T>(fcinfo, 0)),
          from(aggregate ? any<T>(fcinfo, 1) : value<T>(fcinfo, 1)) {}
};

// Gives `from` to `to`: as combine function or transition of an aggregate in place, else to a trimmed copy.
// `need(to, from)` answers how large a working image `combine(to, from)` wants.
template <Shim T, class Need, class Combine>
Datum combine(FunctionCallInfo fcinfo, Both<T>& both, Need need, Combine combine_with) {
    auto& [aggregate, to, from] = both;
    const ValueClass held = joint_class(fcinfo, T::kType, to, from);
    const std::size_t bytes = need(to, from);
    if (!aggregate || to.trimmed() || to.bytes() < bytes) to = relaid(to, std::max(bytes, to.bytes()));
    const Status status = combine_with(to, from);
    if (status != Status::ok) [[unlikely]]
        raise(status, T::kType);
    if (to.value_class() != held) to.set_value_class(held);
    return aggregate ? returned<T>(fcinfo, to) : trimmed(to);
}

// Of a kernel that has a Union: in place where the state of an aggregate can take a small sketch, else that.
template <Shim T>
Datum merge_or_unite(FunctionCallInfo fcinfo, Both<T>& both) {
    auto& [aggregate, to, from] = both;
    const ValueClass held = joint_class(fcinfo, T::kType, to, from);
    bool merged = false;
    if (const std::size_t bytes = aggregate ? to.merge_bytes(from) : 0; bytes != 0) {
        if (to.trimmed() || to.bytes() < bytes) to = relaid(to, std::max(bytes, to.bytes()));
        const Status status = to.merge(from);
        if (status != Status::ok && status != Status::no_room) raise(status, T::kType);
        merged = status == Status::ok;
    }
    if (!merged) {
        if (aggregate && !to.trimmed() && to.settle_bytes() <= to.bytes()) to.settle();
        to = united<T>(to, from);
    }
    to.set_value_class(held);
    return aggregate ? returned<T>(fcinfo, to) : datum_of(to);
}

// What the parameters of two sketches must be to be merged: any (the coarser ones remain), or the same.
enum class Parameters { any, same };

// NULL and a sketch of nothing, merged with a sketch, are that sketch.
template <Shim T, Parameters parameters = Parameters::any>
Datum merge(FunctionCallInfo fcinfo) {
    using Kernel = typename T::Kernel;
    if (PG_ARGISNULL(1)) return null_or_first(fcinfo);
    if (PG_ARGISNULL(0)) return PG_GETARG_DATUM(1);
    Both<T> both(fcinfo);
    if constexpr (parameters == Parameters::same)
        if (const auto a = both.to.params(), b = both.from.params(); !(a == b))
            raise_unlike_params(fcinfo, T::describe(a), T::describe(b), T::kParametersHint);
    if (both.from.empty()) return PG_GETARG_DATUM(0);
    if (both.to.empty()) return PG_GETARG_DATUM(1);
    if constexpr (HasUnion<Kernel>)
        return merge_or_unite<T>(fcinfo, both);
    else
        return combine<T>(
            fcinfo, both, [](const Kernel& to, const Kernel& from) { return to.merge_bytes(from); },
            [fcinfo](Kernel& to, const Kernel& from) {
                if constexpr (requires { T::require_alike(fcinfo, to, from); }) T::require_alike(fcinfo, to, from);
                return to.merge(from);
            });
}

// A sketch at parameters that are coarser: as it is where it is merged with one that has them.
template <Shim T>
Datum fold(FunctionCallInfo fcinfo) {
    using Kernel = typename T::Kernel;
    const Kernel from = value<T>(fcinfo, 0);
    const auto params = T::params(fcinfo, 1);
    Kernel to = Kernel::create(allocate(Kernel::bytes_for(params)).room, params);
    if (const std::size_t bytes = to.merge_bytes(from); to.bytes() < bytes) to = relaid(to, bytes);
    const Status status = to.merge(from);
    if (status != Status::ok) raise(status, T::kType);
    if (to.params() == from.params()) return datum_of(copied(from));
    to.set_value_class(from.value_class());
    return trimmed(to);
}

// Two states of one aggregate: their rows had the same parameters.
template <Shim T>
Datum combine_states(FunctionCallInfo fcinfo) {
    return merge<T, Parameters::same>(fcinfo);
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

// What every sketch has: input and output, casts, comparison; merging, and the ends of its aggregates. One line a room,
// as CREATE SKETCH in its .sql.
#define SKETCH_TYPE(stem, T)                                                                                     \
    SKETCH_FUNCTION(stem##_merge) { return sketch::pg::merge<T>(fcinfo); }                                       \
    SKETCH_FUNCTION(stem##_combine) { return sketch::pg::combine_states<T>(fcinfo); }                            \
    SKETCH_FUNCTION(stem##_final) { return sketch::pg::final<T>(fcinfo); }                                       \
    SKETCH_FUNCTION(stem##sketch_in) { return sketch::pg::in<T>(fcinfo); }                                       \
    SKETCH_FUNCTION(stem##sketch_out) { return sketch::pg::out<T>(fcinfo); }                                     \
    SKETCH_FUNCTION(stem##sketch_recv) { return sketch::pg::recv<T>(fcinfo); }                                   \
    SKETCH_FUNCTION(stem##sketch_send) { return sketch::pg::to_bytes<T>(fcinfo); }                               \
    SKETCH_FUNCTION(stem##sketch_from_bytea) { return sketch::pg::from_bytes<T>(fcinfo); }                       \
    SKETCH_FUNCTION(stem##sketch_eq) { return BoolGetDatum(sketch::pg::compare<T>(fcinfo) == 0); }               \
    SKETCH_FUNCTION(stem##sketch_ne) { return BoolGetDatum(sketch::pg::compare<T>(fcinfo) != 0); }               \
    SKETCH_FUNCTION(stem##sketch_lt) { return BoolGetDatum(sketch::pg::compare<T>(fcinfo) < 0); }                \
    SKETCH_FUNCTION(stem##sketch_le) { return BoolGetDatum(sketch::pg::compare<T>(fcinfo) <= 0); }               \
    SKETCH_FUNCTION(stem##sketch_gt) { return BoolGetDatum(sketch::pg::compare<T>(fcinfo) > 0); }                \
    SKETCH_FUNCTION(stem##sketch_ge) { return BoolGetDatum(sketch::pg::compare<T>(fcinfo) >= 0); }               \
    SKETCH_FUNCTION(stem##sketch_cmp) { return Int32GetDatum(sketch::pg::compare<T>(fcinfo)); }                  \
    SKETCH_FUNCTION(stem##sketch_hash) {                                                                         \
        return Int32GetDatum(static_cast<int32>(sketch::pg::hash_of<T>(fcinfo, 0)));                             \
    }                                                                                                            \
    SKETCH_FUNCTION(stem##sketch_hash_extended) {                                                                \
        return Int64GetDatum(                                                                                    \
            static_cast<int64>(sketch::pg::hash_of<T>(fcinfo, static_cast<std::uint64_t>(PG_GETARG_INT64(1))))); \
    }
