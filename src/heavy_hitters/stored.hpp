// SPDX-License-Identifier: PostgreSQL
//
// Heavy hitters, the stored form: packing, and whether bytes are one.
#pragma once

#include "heavy_hitters/layout.hpp"
#include "heavy_hitters/pack.hpp"

namespace sketch::heavy_hitters {

inline constexpr double kMaxTotal = 1e200;  // of images that may still be merged

template <class Form>
class Stored : public Layout<Form> {
  public:
    using Base = Layout<Form>;
    using Base::Base;

    // Writes a settled sketch into room; its bytes.
    static std::size_t pack(const Base& from, std::span<std::byte> room) {
        if (from.trimmed()) {
            copy_in_steps(room.data(), from.image(), from.bytes());
            return from.bytes();
        }
        Stored to(room.data(), room.size());
        const EntryTable entries = from.table();
        std::memcpy(room.data(), from.image(), Base::head_bytes(from.scales()));
        to.set_slots(0);
        to.set_count(0);
        copy_in_steps(to.table().entries, entries.entries, entries.size() * entries.stride);
        Form::normalize(to);
        switch (to.scales()) {
            case 1: return to.template pack_entries<1>(entries);
            case 2: return to.template pack_entries<2>(entries);
            case 3: return to.template pack_entries<3>(entries);
            default: return to.template pack_entries<4>(entries);
        }
    }

    // The part of check that follows the room's own.
    Status check_body() const {
        if (this->item_kind() > kLastItemKind) return Status::bad_parameter;
        if (this->k() < static_cast<std::uint32_t>(this->scales()) || this->k() > kMaxEntries)
            return Status::bad_parameter;
        const std::uint32_t n = this->entries();
        const std::size_t arena = this->arena_used();
        if (this->slots() != 0 || this->count() != 0 || n > this->k()) return Status::bad_content;
        if (this->bytes() != this->head_bytes() + n * this->stride() + arena) return Status::wrong_size;
        if ((n != 0 || arena != 0) && this->item_kind() == ItemKind::none) return Status::bad_content;
        return sums_are_valid() && items_are_valid() ? Status::ok : Status::bad_content;
    }

  private:
    static bool is_sum(double value) { return value >= 0 && !std::signbit(value) && value <= kMaxTotal; }

    template <int kScales>
    std::size_t pack_entries(const EntryTable& entries) {
        Packing<kScales> packing(this->summary(), entries);
        packing.run();
        return this->head_bytes() + packing.bytes();
    }

    bool sums_are_valid() const {
        const Summary s = this->summary();
        const float roundings = this->roundings();
        if (!(roundings >= 0) || std::signbit(roundings) || roundings > kMaxRoundings) return false;
        bool any = false;
        for (int t = 0; t < s.scales(); ++t) {
            if (!is_sum(s.total(t)) || !is_sum(s.floor(t)) || s.floor(t) > s.total(t)) return false;
            any |= s.total(t) > 0;
        }
        for (std::uint32_t i = 0; i < s.table.size(); ++i)
            if (!bounds_are_valid(s, i)) return false;
        return any || s.table.size() == 0;
    }
    static bool bounds_are_valid(const Summary& s, std::uint32_t i) {
        bool counts = false;
        for (int t = 0; t < s.scales(); ++t) {
            const double c = s.table.upper(i, t), e = s.table.error(i, t);
            if (!is_sum(c) || !is_sum(e) || e > c || e > s.floor(t) || c > s.total(t)) return false;
            counts |= c > 0;
        }
        return counts && (s.scales() > 1 || s.table.upper(i, 0) >= s.floor(0));
    }

    bool items_are_valid() const {
        const EntryTable table = this->table();
        const std::uint32_t n = table.size();
        const std::size_t used = table.arena_used();
        if (table.kind == ItemKind::integer) {
            for (std::uint32_t i = 1; i < n; ++i)
                if (!(table.item(i - 1) < table.item(i))) return false;
            return used == 0;
        }
        if (n == 0) return used == 0;
        if (table.offset(0) != 0) return false;
        Patience patience;
        for (std::uint32_t i = 0; i < n; ++i) {
            const std::size_t begin = table.offset(i), end = i + 1 < n ? table.offset(i + 1) : used;
            if (begin > end || end > used || end - begin > kMaxItemBytes) return false;
            const Item item = table.item(i);
            patience.spend(64 + item.size());
            if (item.hash() != table.hash(i)) return false;
            if (i != 0 && !table.is_before(i - 1, table.hash(i), item)) return false;
        }
        return true;
    }
};

}  // namespace sketch::heavy_hitters
