// SPDX-License-Identifier: PostgreSQL
//
// Large states as expanded objects. What a transition returns the executor copies, and a state that grows would be in
// memory three times: the one before, the new one, and its copy, which nobody can interrupt. An expanded object whose
// memory context is a child of the aggregate's it takes as it is.
//
// Only for states of an Agg node, which hands them to functions of ours alone: to the transition or combine function to
// be written on, to all others read-only. (A window has an inverse transition function too. That may be anybody's, and
// could take such an object for its own.) Whoever stores or copies one gets the trimmed form.
#pragma once

#include "core/kernel.hpp"

#include "pg/pg.hpp"

namespace sketch::pg {

// From so many bytes on: below, a copy costs less than a memory context. (test/fuzz sets it low, so that most states
// are expanded objects.)
#ifndef SKETCH_LARGE_STATE
#define SKETCH_LARGE_STATE (1 << 20)
#endif
inline constexpr std::size_t kLargeState = SKETCH_LARGE_STATE;

struct ExpandedState {
    ExpandedObjectHeader header;
    varlena* state;         // the image, as every other: a varlena with a length word of four bytes
    MemoryContext scratch;  // while somebody asks for the flat form of the state as it is: the context of
    const varlena* flat;    // that form. Else null.
};

// A block for a state, and what grows: a large one in a memory context of its own, so that expanded() can keep it.
void* allocate_state_block(std::size_t bytes);

// The state as the aggregate's own, if its block is such a one. Else, or if this is no Agg node: as it is.
Datum expanded(FunctionCallInfo fcinfo, varlena* state, const ExpandedObjectMethods* methods);

// What a datum holds, if it is an expanded object of this kind; else null.
inline ExpandedState* expanded_state(const varlena* datum, const ExpandedObjectMethods* methods) {
    if (!VARATT_IS_EXTERNAL_EXPANDED(datum)) [[likely]]
        return nullptr;
    auto* const object = reinterpret_cast<ExpandedState*>(DatumGetEOHP(PointerGetDatum(datum)));
    return object->header.eoh_methods == methods ? object : nullptr;
}

// The flat form, which trim() makes of the state.
Size flat_size(ExpandedState& object, const varlena* (*trim)(const varlena*));
void flatten(ExpandedState& object, void* result, Size size);
void forget_flat_form(ExpandedState& object);

}  // namespace sketch::pg
