// SPDX-License-Identifier: PostgreSQL
//
// The log of updates that a list is while it is built, and that waits before the cells of a table. It holds keys alone
// while all weights are 1, as those of most streams are, and it is short; else updates.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/kernel.hpp"
#include "countmin/iblt.hpp"
#include "countmin/rows.hpp"

namespace sketch::countmin {

// Updates that are compacted by way of a hash table; more are sorted.
inline constexpr std::size_t kMaxHashed = 2 * std::size_t{kMaxListed};

// Which entry of a log has this key? Open addressing over the entries' numbers, with at least twice as many slots as
// entries. A probe is bounded: keys that were chosen to collide find no slot.
template <std::size_t max_entries>
class KeyIndex {
  public:
    static constexpr std::uint16_t kFree = 0xFFFF;

    explicit KeyIndex(std::size_t entries) : lg_(std::bit_width(2 * entries)) {
        std::memset(slots_, 0xFF, sizeof slots_[0] << lg_);
    }
    // The slot of the key, which holds its entry's number or is free; nullptr where the probe became too long.
    // key_of(number) is the key of an entry.
    template <class KeyOf>
    std::uint16_t* find(Key key, KeyOf key_of) {
        constexpr int kMaxProbes = 256;
        const std::size_t mask = (std::size_t{1} << lg_) - 1;
        std::size_t slot = (key * kGolden) >> (64 - lg_);
        for (int probes = 0; probes < kMaxProbes; ++probes, slot = (slot + 1) & mask)
            if (slots_[slot] == kFree || key_of(slots_[slot]) == key) return slots_ + slot;
        return nullptr;
    }

  private:
    int lg_;
    std::uint16_t slots_[4 * max_entries];
};

// Updates of the same key to one, and those of weight zero to none; n is how many there are. False where a weight
// overflows.
inline bool compact_by_sorting(Update* log, std::size_t& n) {
    std::sort(log, log + n, [](const Update& a, const Update& b) { return a.key < b.key; });
    std::size_t keys = 0;
    bool fit = true;
    for (std::size_t i = 0; i < n;) {
        const Key key = log[i].key;
        __int128 sum = 0;
        for (; i < n && log[i].key == key; ++i) sum += log[i].weight;
        fit &= sum == static_cast<std::int64_t>(sum);
        if (sum != 0) log[keys++] = {key, static_cast<std::int64_t>(sum)};
    }
    n = keys;
    return fit;
}
inline bool compact_log(Update* log, std::size_t& n) {
    if (n > kMaxHashed) return compact_by_sorting(log, n);
    KeyIndex<kMaxHashed> index(n);
    std::size_t keys = 0;
    bool fit = true;
    for (std::size_t i = 0; i < n; ++i) {
        std::uint16_t* const slot = index.find(log[i].key, [log](std::size_t at) { return log[at].key; });
        if (slot == nullptr) {
            n = static_cast<std::size_t>(std::copy(log + i, log + n, log + keys) - log);
            return compact_by_sorting(log, n) && fit;
        }
        if (*slot == KeyIndex<kMaxHashed>::kFree) {
            *slot = static_cast<std::uint16_t>(keys);
            log[keys++] = log[i];
        } else {
            fit &= !__builtin_add_overflow(log[*slot].weight, log[i].weight, &log[*slot].weight);
        }
    }
    n = static_cast<std::size_t>(std::remove_if(log, log + keys, [](const Update& u) { return u.weight == 0; }) - log);
    return fit;
}

// Keys of weight 1, at most `most` distinct ones, to an update for each, in place; n is how many there are. Else false,
// and nothing is changed.
inline bool count_keys(std::byte* log, std::size_t& n, std::size_t most) {
    most = std::min<std::size_t>(most, kMaxListed);
    Update keys[kMaxListed];
    KeyIndex<kMaxListed> index(most + 1);
    std::size_t found = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const Key key = load<Key>(log + i * sizeof(Key));
        std::uint16_t* const slot = index.find(key, [&keys](std::size_t at) { return keys[at].key; });
        if (slot == nullptr) return false;
        if (*slot != KeyIndex<kMaxListed>::kFree) {
            ++keys[*slot].weight;
            continue;
        }
        if (found == most) return false;
        *slot = static_cast<std::uint16_t>(found);
        keys[found++] = update_of(key);
    }
    n = found;
    std::memcpy(log, keys, n * sizeof(Update));
    return true;
}

// Whether the log surely names more than `most` keys: so many bits of a bitmap are set, and no weight could take a key
// back. Spares most logs the decoding.
template <class Entry>
inline bool names_more(const std::byte* log, std::size_t n, std::size_t most) {
    constexpr int kLgBits = 12;
    if (n <= most || most >= std::size_t{1} << (kLgBits - 1)) return false;
    std::uint64_t bitmap[(1 << kLgBits) / 64] = {};
    std::size_t set = 0;
    for (std::size_t i = 0; i < n && set <= most; ++i) {
        const Update u = update_of(load<Entry>(log + i * sizeof(Entry)));
        if (u.weight <= 0) return false;
        const std::uint64_t place = (u.key * kGolden) >> (64 - kLgBits), bit = std::uint64_t{1} << place % 64;
        set += (bitmap[place / 64] & bit) == 0;
        bitmap[place / 64] |= bit;
    }
    return set > most;
}

}  // namespace sketch::countmin
