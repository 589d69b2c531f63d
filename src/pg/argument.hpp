// SPDX-License-Identifier: PostgreSQL
//
// How a sketch comes in as an argument: the one place that knows what PostgreSQL may hand to a function. That is any
// image which some function of ours returned: trimmed, or the working state of an aggregate that somebody made of our
// functions without a final function. It may have been stored meanwhile: compressed, out of line, under a short header
// and without alignment. And it may be the state of a running aggregate, which others share; a large one is an expanded
// object then (expanded.hpp).
//
//   reader<T>(fcinfo, i)   to answer questions: a view of the trimmed form
//   head<T>(fcinfo, i)     the same, of the first bytes alone
//   any<T>(fcinfo, i)      to merge from: any image, never written to
//   value<T>(fcinfo, i)    the trimmed form, to make another sketch of it outside of aggregates
//   state<T>(fcinfo)       to write on: argument 0 of a transition or combine function, which owns it
//
// A kernel's readers take a Trimmed<S>, and only this file and the final step make one.
#pragma once

#include <utility>

#include "core/interrupts.hpp"
#include "core/kernel.hpp"

#include "pg/error.hpp"
#include "pg/expanded.hpp"
#include "pg/pg.hpp"

namespace sketch::pg {

template <class T>
concept Shim = Kernel<typename T::Kernel> && requires(FunctionCallInfo fcinfo) {
    { T::kType } -> std::convertible_to<const char*>;
    { T::kHashes } -> std::convertible_to<bool>;  // whether it keeps hashes of values, and so remembers their class
    { T::params(fcinfo, 0) } -> std::same_as<typename T::Kernel::Params>;
    { T::describe(T::params(fcinfo, 0)) } -> std::same_as<const char*>;
    { T::kParametersHint } -> std::convertible_to<const char*>;
};

// --- images in varlenas ---------------------------------------------------------------------------------------------

// A new varlena and the room for its image.
struct Block {
    varlena* datum;
    std::span<std::byte> room;

    Datum finish(std::size_t bytes) const {
        SET_VARSIZE(datum, VARHDRSZ + bytes);
        return PointerGetDatum(datum);
    }
};

// A size that PostgreSQL has no value for is an error of ours.
inline void expect_size(std::size_t bytes) {
    if (bytes > MaxAllocSize - VARHDRSZ) [[unlikely]]
        raise_too_large(bytes);
}

inline Block block_of(void* memory, std::size_t bytes) {
    auto* datum = static_cast<varlena*>(memory);
    SET_VARSIZE(datum, VARHDRSZ + bytes);
    return {datum, {reinterpret_cast<std::byte*>(VARDATA(datum)), bytes}};
}

// Of a result.
inline Block allocate(std::size_t bytes) {
    expect_size(bytes);
    return block_of(palloc(VARHDRSZ + bytes), bytes);
}

// Of a state.
inline Block allocate_state(std::size_t bytes) {
    expect_size(bytes);
    return block_of(allocate_state_block(VARHDRSZ + bytes), bytes);
}

inline std::span<const std::byte> image_of(const varlena* datum) {
    return {reinterpret_cast<const std::byte*>(VARDATA_ANY(datum)), VARSIZE_ANY_EXHDR(datum)};
}

template <class Kernel>
Datum datum_of(const Kernel& s) {
    return PointerGetDatum(const_cast<std::byte*>(s.image()) - VARHDRSZ);
}

// Whether an image stands as kernels want to write it, or read it while it is a working one.
inline bool aligned(const varlena* datum) {
    return VARATT_IS_4B_U(datum) && reinterpret_cast<std::uintptr_t>(datum) % 8 == 0;
}

template <class Kernel>
Kernel copied(const Kernel& s) {
    const Block block = allocate(s.bytes());
    copy_in_steps(block.room.data(), s.image(), s.bytes());
    return {block.room.data(), block.room.size()};
}

// The same sketch in new, larger room.
template <class Kernel>
Kernel relaid(const Kernel& s, std::size_t bytes) {
    Kernel larger = s.relay(allocate_state(bytes).room);
    larger.set_value_class(s.value_class());
    return larger;
}

// --- to read --------------------------------------------------------------------------------------------------------

// Of an expanded object: the canonical image.
template <Shim T>
const varlena* flat_form(const varlena* state);

template <Shim T>
inline constexpr ExpandedObjectMethods kExpanded = {
    [](ExpandedObjectHeader* object) -> Size {
        return flat_size(*reinterpret_cast<ExpandedState*>(object), flat_form<T>);
    },
    [](ExpandedObjectHeader* object, void* result, Size size) {
        flatten(*reinterpret_cast<ExpandedState*>(object), result, size);
    }};

// Of the bytes of an image only what a newer release could have written is refused: they passed a door, or we wrote
// them.
template <Shim T>
void expect_header(const typename T::Kernel& s) {
    using Kernel = typename T::Kernel;
    const Status status = check_header({s.image(), s.bytes()}, Kernel::kKind, Kernel::kVersion);
    if (status != Status::ok) [[unlikely]]
        raise(status, T::kType);
}

// Any image.
template <Shim T>
typename T::Kernel any_of(Datum value) {
    using Kernel = typename T::Kernel;
    const ExpandedState* const object =
        expanded_state(reinterpret_cast<varlena*>(DatumGetPointer(value)), &kExpanded<T>);
    const auto* datum = object != nullptr ? object->state : reinterpret_cast<varlena*>(PG_DETOAST_DATUM_PACKED(value));
    const Kernel s(image_of(datum));
    expect_header<T>(s);
    if (!s.trimmed() && !aligned(datum)) [[unlikely]]
        return copied(s);
    return s;
}

template <Shim T>
typename T::Kernel any(FunctionCallInfo fcinfo, int argument) {
    return any_of<T>(PG_GETARG_DATUM(argument));
}

// With nothing left in the write buffer. Never touches s: other aggregates may share it.
template <class Kernel>
Kernel settled(const Kernel& s) {
    if (s.settled()) return s;
    Kernel copy = relaid(s, s.settle_bytes());
    copy.settle();
    return copy;
}

// The canonical image, in a varlena of its own. Never inlined: it may need much of the stack, which readers do not.
template <class Kernel>
[[gnu::noinline]] varlena* trimmed_copy(const Kernel& s) {
    const Kernel whole = settled(s);
    const Block block = allocate(whole.trimmed_bytes());
    const std::size_t bytes = whole.trim(block.room);
    Kernel image(block.room.data(), bytes);
    image.set_value_class(image.empty() ? ValueClass::none : s.value_class());
    Assert(Kernel::check(block.room.first(bytes)) == Status::ok);
    if (bytes > kMaxImageBytes) [[unlikely]]
        raise_too_large(bytes);
    block.finish(bytes);
    return block.datum;
}

template <class Kernel>
Kernel trimmed_form(const Kernel& s) {
    if (s.trimmed()) [[likely]]
        return s;
    return Kernel(image_of(trimmed_copy(s)));
}

template <Shim T>
const varlena* flat_form(const varlena* state) {
    const typename T::Kernel s(image_of(state));
    return s.trimmed() ? state : trimmed_copy(s);
}

template <class Kernel>
typename Kernel::Reader reader_of(const Kernel& s) {
    const Kernel whole = trimmed_form(s);
    return typename Kernel::Reader(Trimmed<Kernel>({whole.image(), whole.bytes()}));
}

template <Shim T>
typename T::Kernel::Reader reader(FunctionCallInfo fcinfo, int argument) {
    return reader_of(any<T>(fcinfo, argument));
}

// Whether a value is stored so that its first bytes can be had without the rest.
inline bool has_slices(Datum value) {
    const auto* datum = reinterpret_cast<const varlena*>(DatumGetPointer(value));
    return VARATT_IS_EXTERNAL_ONDISK(datum) || VARATT_IS_COMPRESSED(datum);
}

template <Shim T>
requires HasHead<typename T::Kernel>
typename T::Kernel::Head head(FunctionCallInfo fcinfo, int argument) {
    using Kernel = typename T::Kernel;
    const Datum value = PG_GETARG_DATUM(argument);
    if (has_slices(value)) {
        const auto image = image_of(reinterpret_cast<varlena*>(PG_DETOAST_DATUM_SLICE(value, 0, kHeadBytes)));
        const Kernel s(image);
        expect_header<T>(s);
        if (s.trimmed()) [[likely]]
            return typename Kernel::Head(Trimmed<Kernel>(image));
    }
    return reader<T>(fcinfo, argument);
}

// A plain function makes the same of a working state and of its trimmed form: also where that shows that nothing is
// left.
template <Shim T>
typename T::Kernel value(FunctionCallInfo fcinfo, int argument) {
    return trimmed_form(any<T>(fcinfo, argument));
}

// --- to write -------------------------------------------------------------------------------------------------------

// Whether this is the call of a transition, combine or inverse function, whose argument 0 is a state that the aggregate
// owns. A final function is called by the same node, and its state is shared: it must not be written to. A window calls
// its final functions as it calls the others, but gives them no argument beside the state that is not NULL, and nothing
// is written then. (As AggCheckCallContext, without its call: it is asked for every row.)
inline bool in_transition(FunctionCallInfo fcinfo) {
    const auto* context = fcinfo->context;
    if (context == nullptr) return false;
    if (IsA(context, AggState)) [[likely]]
        return reinterpret_cast<const AggState*>(context)->curperagg == nullptr;
    return IsA(context, WindowAggState);
}

template <Shim T>
typename T::Kernel in_place(varlena* datum) {
    return {reinterpret_cast<std::byte*>(VARDATA(datum)), VARSIZE(datum) - VARHDRSZ};
}

// An expanded object that may be written on.
template <Shim T>
[[gnu::noinline]] varlena* writable_state(varlena* datum) {
    if (!VARATT_IS_EXTERNAL_EXPANDED_RW(datum)) return nullptr;
    ExpandedState* const object = expanded_state(datum, &kExpanded<T>);
    if (object == nullptr) return nullptr;
    forget_flat_form(*object);
    return object->state;
}

// The state in a transition, to be written in place; null where it cannot be: it came out of a tuple.
template <Shim T>
[[gnu::always_inline]] inline varlena* own_state(FunctionCallInfo fcinfo) {
    auto* datum = reinterpret_cast<varlena*>(PG_GETARG_POINTER(0));
    if (aligned(datum)) [[likely]]
        return datum;
    return writable_state<T>(datum);
}

// The same, or a copy. It may be trimmed, and is then to be re-laid.
template <Shim T>
typename T::Kernel state(FunctionCallInfo fcinfo) {
    if (varlena* const own = own_state<T>(fcinfo)) return in_place<T>(own);
    const auto copy = in_place<T>(PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(0)));
    expect_header<T>(copy);
    return copy;
}

// What a transition returns: argument 0 if the state was written in place, else the new one.
template <Shim T>
Datum returned(FunctionCallInfo fcinfo, const typename T::Kernel& s) {
    auto* const state = reinterpret_cast<varlena*>(DatumGetPointer(datum_of(s)));
    const ExpandedState* const object =
        PG_ARGISNULL(0) ? nullptr : expanded_state(reinterpret_cast<varlena*>(PG_GETARG_POINTER(0)), &kExpanded<T>);
    if (object != nullptr && object->state == state) return PG_GETARG_DATUM(0);
    return expanded(fcinfo, state, &kExpanded<T>);
}

}  // namespace sketch::pg
