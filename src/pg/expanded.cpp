// SPDX-License-Identifier: PostgreSQL
#include "pg/expanded.hpp"

#include "core/interrupts.hpp"

namespace sketch::pg {

// Its address tells that a context holds one state and nothing else.
static const char kContextName[] = "sketch state";

void* allocate_state_block(std::size_t bytes) {
    if (bytes < kLargeState) return palloc(bytes);
    const MemoryContext own = AllocSetContextCreateInternal(CurrentMemoryContext, kContextName, ALLOCSET_SMALL_SIZES);
    return MemoryContextAlloc(own, bytes);
}

Datum expanded(FunctionCallInfo fcinfo, varlena* state, const ExpandedObjectMethods* methods) {
    const MemoryContext own = VARSIZE(state) < kLargeState ? nullptr : GetMemoryChunkContext(state);
    MemoryContext aggregate;
    if (own == nullptr || own->name != kContextName || !IsA(fcinfo->context, AggState) ||
        AggCheckCallContext(fcinfo, &aggregate) == 0)
        return PointerGetDatum(state);
    auto* const object = static_cast<ExpandedState*>(MemoryContextAlloc(own, sizeof(ExpandedState)));
    EOH_init_header(&object->header, methods, own);
    object->state = state;
    object->scratch = nullptr;
    object->flat = nullptr;
    MemoryContextSetParent(own, aggregate);
    return EOHPGetRWDatum(&object->header);
}

Size flat_size(ExpandedState& object, const varlena* (*trim)(const varlena*)) {
    if (object.flat == nullptr) {
        forget_flat_form(object);  // an error may have left a part of it
        object.scratch = AllocSetContextCreate(object.header.eoh_context, "sketch flat form", ALLOCSET_SMALL_SIZES);
        const MemoryContext before = MemoryContextSwitchTo(object.scratch);
        object.flat = trim(object.state);
        MemoryContextSwitchTo(before);
    }
    return VARSIZE(object.flat);
}

void flatten(ExpandedState& object, void* result, Size size) {
    copy_in_steps(static_cast<std::byte*>(result), reinterpret_cast<const std::byte*>(object.flat), size);
    forget_flat_form(object);
}

void forget_flat_form(ExpandedState& object) {
    if (object.scratch != nullptr) MemoryContextDelete(object.scratch);
    object.scratch = nullptr;
    object.flat = nullptr;
}

}  // namespace sketch::pg
