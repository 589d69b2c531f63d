// SPDX-License-Identifier: PostgreSQL
//
// Heavy hitters, the stored form: the k entries that stay, in the order of hash and item.
#pragma once

#include "heavy_hitters/log.hpp"

namespace sketch {

template <class Room, int kRowWords>
class EntryTrim : public EntryLog<Room, kRowWords> {
  public:
    using Base = EntryLog<Room, kRowWords>;
    using Base::Base;
    using Base::entries, Base::floor, Base::item, Base::item_kind, Base::k, Base::trimmed;

    // Of a settled image; room has trimmed_bytes().
    std::size_t trim(std::span<std::byte> room) const {
        if (trimmed()) {
            std::memcpy(room.data(), image_, bytes_);
            return bytes_;
        }
        switch (scales()) {
            case 1: return trim_scales<1>(room);
            case 2: return trim_scales<2>(room);
            case 3: return trim_scales<3>(room);
            default: return trim_scales<4>(room);
        }
    }

  protected:
    using Base::arena_used, Base::bytes_, Base::head_bytes, Base::image_, Base::places, Base::scales, Base::set_floor;
    using typename Base::Places;

  private:
    template <int kScales>
    struct Raw {
        std::uint64_t word;
        double upper[kScales], error[kScales];
    };

    template <int kScales>
    std::size_t trim_scales(std::span<std::byte> room) const {
        const std::size_t head = kHeaderBytes + head_bytes();
        const Places p = places();
        std::memcpy(room.data(), image_, head);
        std::memcpy(room.data() + head, p.entries, entries() * p.stride);
        Room s(room.data(), room.size());
        s.set_slots(0);
        s.set_count(0);
        s.set_capacity(0, 0);
        s.bring_up();

        // While they are sorted, entries of strings hold their number here in the place of an offset.
        auto* const raw = reinterpret_cast<Raw<kScales>*>(room.data() + head);
        const bool integers = item_kind() == ItemKind::integer;
        std::uint32_t n = 0;
        for (std::uint32_t i = 0; i < entries(); ++i) {
            const Raw<kScales> entry = raw[i];
            if (!integers) raw[i].word = entry.word >> 32 << 32 | i;
            if (std::any_of(entry.upper, entry.upper + kScales, [](double c) { return c > 0; })) raw[n++] = raw[i];
        }
        const auto whole = [&](const Raw<kScales>& r) {
            return integers ? Item::of(static_cast<std::int64_t>(r.word)) : item(p, static_cast<std::uint32_t>(r.word));
        };
        if (n > k()) n = s.template choose<kScales>(raw, n, whole);
        std::sort(raw, raw + n, [&](const Raw<kScales>& a, const Raw<kScales>& b) {
            if (!integers && a.word >> 32 != b.word >> 32) return a.word < b.word;
            return whole(a) < whole(b);
        });
        std::byte* const arena = room.data() + head + n * sizeof(Raw<kScales>);
        std::size_t used = 0;
        for (std::uint32_t i = 0; i < n && !integers; ++i) {
            const Item item = whole(raw[i]);
            if (item.size() != 0) std::memcpy(arena + used, item.data, item.size());
            raw[i].word = raw[i].word >> 32 << 32 | used;
            used += item.size();
        }
        s.set_entries(n);
        s.set_arena_used(used);
        return head + n * sizeof(Raw<kScales>) + used;
    }

    // The k entries that stay: the best of each scale, then of the first. Ties are broken by error, then by item. The
    // sign of the first error marks what is chosen.
    template <int kScales, class Whole>
    std::uint32_t choose(Raw<kScales>* raw, std::uint32_t n, Whole whole) {
        const auto best_of = [&whole](int t) {
            return [t, &whole](const Raw<kScales>& a, const Raw<kScales>& b) {
                if (a.upper[t] != b.upper[t]) return a.upper[t] > b.upper[t];
                const double e = std::fabs(a.error[t]), f = std::fabs(b.error[t]);
                return e != f ? e < f : whole(a) < whole(b);
            };
        };
        const std::uint32_t most = k(), quota = most / kScales;
        Raw<kScales>* const end = raw + n;
        for (int t = 0; t < kScales; ++t) {
            std::nth_element(raw, raw + quota, end, best_of(t));
            for (std::uint32_t i = 0; i < quota; ++i) raw[i].error[0] = -std::fabs(raw[i].error[0]);
        }
        const auto chosen = [](const Raw<kScales>& r) { return std::signbit(r.error[0]); };
        Raw<kScales>* const rest = std::partition(raw, end, chosen);
        std::nth_element(rest, raw + most, end, best_of(0));
        for (Raw<kScales>* r = raw; r < rest; ++r) r->error[0] = std::fabs(r->error[0]);
        for (Raw<kScales>* r = raw + most; r < end; ++r)
            for (int t = 0; t < kScales; ++t) set_floor(t, std::max(floor(t), r->upper[t]));
        return most;
    }
};

}  // namespace sketch
