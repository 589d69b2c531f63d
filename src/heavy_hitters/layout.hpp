// SPDX-License-Identifier: PostgreSQL
//
// Heavy hitters, the bytes (heavy_hitters.hpp has the table): header fields, sizes, and where everything stands.
//
// A room's Form says how it differs:
//
//   static constexpr std::size_t kRowWords      words of its own that a row of the log begins with
//   static constexpr bool kIntegers             weights are integers up to kExactWeight, or the room watches from there
//                                               on; and there is one scale
//   static int scales(std::uint8_t p0)
//   static std::size_t own_bytes(int scales)    its part of the head
//   static void weigh(Layout&, Batch&)          the weights of rows, for each scale
//   static Status agree(Layout& to, const Layout& from, double* factors)
//                                               before a merge: by what the weights of `from` are multiplied
//   static void normalize(Layout&)              before trimming: weights in their canonical scale
#pragma once

#include <bit>

#include "heavy_hitters/log.hpp"
#include "heavy_hitters/summary.hpp"

namespace sketch::heavy_hitters {

// Up to these, sums of integers are exact, a whole log included.
inline constexpr double kExactWeight = 0x1p40, kExactTotal = 0x1p52;

// More rows than anybody can add.
inline constexpr float kMaxRoundings = 0x1p50f;

template <class Form>
class Layout : public View {
  public:
    using View::View;
    using Log = heavy_hitters::Log<Form::kRowWords>;
    using Batch = heavy_hitters::Batch<Form::kRowWords>;

    std::uint32_t k() const { return load<std::uint32_t>(payload()); }
    std::uint32_t entries() const { return load<std::uint32_t>(payload() + kEntriesAt); }
    ItemKind item_kind() const { return static_cast<ItemKind>(mode()); }
    int scales() const { return Form::scales(p0()); }
    bool trimmed() const { return slots() == 0; }
    bool settled() const { return count() == 0; }

    // What a room keeps of its own.
    std::byte* own() const { return image_ + kHeaderBytes + kFixedHead; }
    double total(int scale = 0) const { return load<double>(sums_at() + 16 * scale); }

    Summary summary() const { return {k(), table(), filter(), sums_at()}; }
    Log log() const { return {image_ + 8, log_at(), slots()}; }
    EntryTable table() const;

    // So many roundings lie, at most, between a bound and the sum that it stands for. Rounded up, as floats are coarse.
    float roundings() const { return load<float>(payload() + kRoundingsAt); }

  protected:
    static constexpr std::size_t kFixedHead = 16, kRoundingsAt = 8;
    static constexpr std::size_t kWorkingHead = 8;  // which trimmed images do not have
    static constexpr std::uint32_t kWatched = 2;    // in the flags; the other is of the entry table

    void set_k(std::uint32_t k) { store(payload(), k); }
    void set_kind(ItemKind kind) { set_mode(static_cast<std::uint8_t>(kind)); }
    void set_roundings(float n) { store(payload() + kRoundingsAt, n); }

    // --- the head of a working image --------------------------------------------------------------------------------

    struct Shape {
        std::size_t log;              // words
        std::size_t capacity, cells;  // entries; of the filter
    };
    std::size_t capacity() const { return trimmed() ? entries() : load<std::uint32_t>(working_head()) & 0xFFFFFF; }
    std::size_t cells() const { return trimmed() ? 0 : std::size_t{1} << load<std::uint8_t>(working_head() + 3) >> 1; }
    void set_shape(Shape shape) {
        set_slots(shape.log);
        const auto cells = static_cast<std::uint32_t>(std::bit_width(shape.cells));
        store(working_head(), static_cast<std::uint32_t>(shape.capacity) | cells << 24);
    }
    // Whether sums may be rounded: once a weight is no integer, or a total is large, or nothing is known.
    bool watched() const { return (load<std::uint32_t>(working_head() + 4) & kWatched) != 0; }
    void set_flags(std::uint32_t flags) { store(working_head() + 4, flags); }
    void watch() { set_flags(load<std::uint32_t>(working_head() + 4) | kWatched); }

    // --- sizes ------------------------------------------------------------------------------------------------------

    std::size_t sum_bytes() const { return sizeof(double) * static_cast<std::size_t>(scales()); }
    static std::size_t head_bytes(int scales) {  // of a trimmed image
        return kHeaderBytes + kFixedHead + Form::own_bytes(scales) + 16 * static_cast<std::size_t>(scales);
    }
    std::size_t head_bytes() const { return head_bytes(scales()); }
    std::size_t stride() const { return 8 + 2 * sum_bytes(); }
    static std::size_t slots_for(std::size_t capacity) { return capacity == 0 ? 0 : std::bit_ceil(4 * capacity); }
    std::size_t bytes_of(Shape shape, std::size_t arena) const {
        return head_bytes() + kWorkingHead + 8 * shape.log + shape.cells * sum_bytes() + 2 * slots_for(shape.capacity) +
               shape.capacity * stride() + arena;
    }
    std::size_t arena_used() const { return load<std::uint32_t>(payload() + kArenaUsedAt); }

    // --- places -----------------------------------------------------------------------------------------------------

    std::byte* sums_at() const { return own() + Form::own_bytes(scales()); }
    std::byte* working_head() const { return image_ + head_bytes(); }
    std::byte* log_at() const { return working_head() + kWorkingHead; }
    Filter filter() const { return {log_at() + 8 * slots(), cells(), static_cast<std::size_t>(scales())}; }
};

template <class Form>
EntryTable Layout<Form>::table() const {
    EntryTable t;
    t.head = image_ + kHeaderBytes;
    t.kind = item_kind();
    t.scales = static_cast<std::size_t>(scales());
    t.stride = stride();
    t.capacity = capacity();
    t.end = image_ + bytes_;
    const std::size_t slots = trimmed() ? 0 : slots_for(t.capacity);
    t.slot_mask = slots - 1;
    t.shift = 32 - std::countr_zero(slots | 1u << 31);
    t.flags = working_head() + 4;
    t.sorted = !trimmed() && (load<std::uint32_t>(t.flags) & 1) != 0;
    t.slots = trimmed() ? working_head() : filter().cells + cells() * sum_bytes();
    t.entries = t.slots + 2 * slots;
    t.arena = t.entries + t.capacity * t.stride;
    return t;
}

}  // namespace sketch::heavy_hitters
