// SPDX-License-Identifier: PostgreSQL
#include "pg/nested.hpp"

#include "pg/hash_writer.hpp"
#include "pg/number.hpp"

namespace sketch::pg {

namespace {

void put_nullable(HashWriter& w, ValueType& type, Datum value, bool is_null) {
    w.put(static_cast<char>(is_null ? 0 : 1));
    if (!is_null) w.put(hash_value(type, value));
}

void put_elements(HashWriter& w, ValueType& element, const ArrayType* array) {
    const int count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
    const bits8* present = ARR_NULLBITMAP(array);
    char* at = ARR_DATA_PTR(array);
    for (int i = 0; i < count; ++i) {
        CHECK_FOR_INTERRUPTS();
        if (present != nullptr && (present[i / 8] & (1 << (i % 8))) == 0) {
            put_nullable(w, element, Datum{0}, true);
            continue;
        }
        put_nullable(w, element, fetch_att(at, element.by_value, element.length), false);
        at = att_addlength_pointer(at, element.length, at);
        at = reinterpret_cast<char*>(att_align_nominal(at, element.align));
    }
}

std::uint64_t hash_bounds(ValueType& type, const RangeBound& lower, const RangeBound& upper) {
    HashWriter w;
    w.put(false);  // not empty
    for (const RangeBound* bound : {&lower, &upper}) {
        w.put(bound->infinite);
        w.put(bound->inclusive);
        if (!bound->infinite) w.put(hash_value(*type.part, bound->val));
    }
    return w.hash();
}

}  // namespace

// Dimensions and lower bounds count, as they do for =.
std::uint64_t hash_array(ValueType& type, Datum value) {
    check_stack_depth();
    ArrayType* array = DatumGetArrayTypeP(value);
    HashWriter w;
    const int dimensions = ARR_NDIM(array);
    w.put(static_cast<int32>(dimensions));
    for (int i = 0; i < dimensions; ++i) {
        w.put(static_cast<int32>(ARR_DIMS(array)[i]));
        w.put(static_cast<int32>(ARR_LBOUND(array)[i]));
    }
    put_elements(w, *type.part, array);
    free_copy(array, value);
    return w.hash();
}

std::uint64_t hash_range(ValueType& type, Datum value) {
    check_stack_depth();
    RangeType* range = DatumGetRangeTypeP(value);
    RangeBound lower, upper;
    bool empty;
    range_deserialize(type.cache, range, &lower, &upper, &empty);
    const std::uint64_t hash = empty ? hash_of_parts(empty) : hash_bounds(type, lower, upper);
    free_copy(range, value);
    return hash;
}

std::uint64_t hash_multirange(ValueType& type, Datum value) {
    check_stack_depth();
    MultirangeType* ranges = DatumGetMultirangeTypeP(value);
    HashWriter w;
    for (uint32 i = 0; i < ranges->rangeCount; ++i) {
        CHECK_FOR_INTERRUPTS();
        RangeBound lower, upper;
        multirange_get_bounds(type.cache, ranges, i, &lower, &upper);
        w.put(hash_bounds(type, lower, upper));
    }
    free_copy(ranges, value);
    return w.hash();
}

// --- composites -----------------------------------------------------------------------------------------------------

// The columns of one row type in its present form, with room for the values of a row.
struct RowType {
    RowType* next;
    uint64 identifier;
    TupleDesc columns;
    ValueType* parts;
    Datum* values;
    bool* nulls;
};

// Row types that a call site keeps; one more, and it begins anew. A call site may see several: CASE WHEN ... THEN
// ROW(1) ELSE ROW('a') END.
static constexpr int kMaxRowTypes = 8;

template <class T>
static T* zeroed_array(MemoryContext context, int count) {
    return static_cast<T*>(MemoryContextAllocZero(context, sizeof(T) * static_cast<Size>(Max(count, 1))));
}

// Memory for one row type more. It is counted before it is filled: what an error leaves half done goes with the others.
static MemoryContext memory_for_row_type(ValueType& type) {
    if (type.rows_context == nullptr)
        type.rows_context = AllocSetContextCreate(type.context, "sketch row types", ALLOCSET_SMALL_SIZES);
    if (type.row_types == kMaxRowTypes) {
        type.rows = nullptr;
        type.row_types = 0;
        MemoryContextReset(type.rows_context);
    }
    ++type.row_types;
    return type.rows_context;
}

static RowType& resolve_row_type(ValueType& type, Oid row_type, int32 typmod, uint64 identifier) {
    const MemoryContext context = memory_for_row_type(type);
    auto* row = zeroed_array<RowType>(context, 1);
    const MemoryContext before = MemoryContextSwitchTo(context);
    row->columns = lookup_rowtype_tupdesc_copy(row_type, typmod);
    MemoryContextSwitchTo(before);
    const int count = row->columns->natts;
    row->parts = zeroed_array<ValueType>(context, count);
    row->values = zeroed_array<Datum>(context, count);
    row->nulls = zeroed_array<bool>(context, count);
    for (int i = 0; i < count; ++i) {
        const Form_pg_attribute column = TupleDescAttr(row->columns, i);
        if (!column->attisdropped) resolve_value(row->parts[i], column->atttypid, column->attcollation, context);
    }
    row->identifier = identifier;
    row->next = type.rows;
    type.rows = row;
    return *row;
}

// By the row's own type: the declared one may be record, and a row type may be altered between two calls.
static RowType& row_type_of(ValueType& type, HeapTupleHeader header) {
    const Oid row_type = HeapTupleHeaderGetTypeId(header);
    const int32 typmod = HeapTupleHeaderGetTypMod(header);
    const uint64 identifier = assign_record_type_identifier(row_type, typmod);
    for (RowType* row = type.rows; row != nullptr; row = row->next)
        if (row->identifier == identifier) return *row;
    return resolve_row_type(type, row_type, typmod, identifier);
}

std::uint64_t hash_composite(ValueType& type, Datum value) {
    check_stack_depth();
    HeapTupleHeader header = DatumGetHeapTupleHeader(value);
    const RowType& row = row_type_of(type, header);
    HeapTupleData tuple{};
    tuple.t_len = HeapTupleHeaderGetDatumLength(header);
    ItemPointerSetInvalid(&tuple.t_self);
    tuple.t_data = header;
    heap_deform_tuple(&tuple, row.columns, row.values, row.nulls);
    HashWriter w;
    for (int i = 0; i < row.columns->natts; ++i) {
        CHECK_FOR_INTERRUPTS();
        if (!TupleDescAttr(row.columns, i)->attisdropped) put_nullable(w, row.parts[i], row.values[i], row.nulls[i]);
    }
    free_copy(header, value);
    return w.hash();
}

// --- jsonb ----------------------------------------------------------------------------------------------------------

static std::uint64_t hash_json_scalar(const JsonbValue* value) {
    switch (value->type) {
        case jbvNull: return hash_of_parts('0');
        case jbvBool: return hash_of_parts(value->val.boolean ? 't' : 'f');
        case jbvNumeric: return hash_of_parts('n', hash_numeric(NumericGetDatum(value->val.numeric)));
        case jbvString:
            return hash_of_parts('s',
                                 hash_utf8(value->val.string.val, static_cast<std::size_t>(value->val.string.len)));
        default: elog(ERROR, "sketch: unexpected jsonb value of type %d", static_cast<int>(value->type));
    }
    pg_unreachable();
}

// An array or object that has begun. jsonb nests deeper than our frames would fit the stack.
struct Level {
    Level* outer;
    Level* inner;  // used before, and kept
    bool object;
    std::uint64_t key;
    std::uint64_t pairs;  // a sum, since the stored order of keys depends on the encoding of the server
    HashWriter elements;
};

static Level* enter(Level* outer, bool object) {
    if (outer->inner == nullptr) {
        outer->inner = static_cast<Level*>(palloc(sizeof(Level)));
        *outer->inner = {};
        outer->inner->outer = outer;
    }
    outer->inner->object = object;
    outer->inner->pairs = 0;
    return outer->inner;
}

static void add(Level* level, std::uint64_t hash) {
    if (level->object)
        level->pairs += hash_of_parts(level->key, hash);
    else
        level->elements.put(hash);
}

static void free_levels(Level* level) {
    while (level != nullptr) {
        Level* const inner = level->inner;
        pfree(level);
        level = inner;
    }
}

static std::uint64_t hash_json(JsonbIterator* iterator) {
    Level top{};
    Level* level = &top;
    std::uint64_t hash = 0;  // of what was met last: in the end, of all
    JsonbValue value;
    JsonbIteratorToken token;
    while ((token = JsonbIteratorNext(&iterator, &value, false)) != WJB_DONE) {
        CHECK_FOR_INTERRUPTS();
        switch (token) {
            case WJB_BEGIN_ARRAY:
                level = enter(level, false);
                level->elements.put(value.val.array.rawScalar ? '=' : '[');
                continue;
            case WJB_BEGIN_OBJECT: level = enter(level, true); continue;
            case WJB_KEY: level->key = hash_json_scalar(&value); continue;
            case WJB_END_ARRAY: hash = level->elements.hash(); break;
            case WJB_END_OBJECT: hash = hash_of_parts('{', level->pairs); break;
            default: hash = hash_json_scalar(&value);
        }
        if (token == WJB_END_ARRAY || token == WJB_END_OBJECT) level = level->outer;
        add(level, hash);
    }
    free_levels(top.inner);
    return hash;
}

std::uint64_t hash_jsonb(Datum datum) {
    Jsonb* json = DatumGetJsonbP(datum);
    const std::uint64_t hash = hash_json(JsonbIteratorInit(&json->root));
    free_copy(json, datum);
    return hash;
}

}  // namespace sketch::pg
