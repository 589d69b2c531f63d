// SPDX-License-Identifier: PostgreSQL
//
// A list of hashes (radix_sort.hpp) suits values that are new. Where most come again, it would be sorted over and over
// to find that out; so its room becomes a hash set: open addressing, linear probing, and a value that comes again costs
// one probe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/bytes.hpp"

namespace sketch {

template <class Hash>
class HashSet {
  public:
    static constexpr std::size_t kMaxSlots = 8192;
    static constexpr Hash kNone = static_cast<Hash>(~Hash{0});  // stands in free slots, and may not be put

    // At least four slots, of which some are always free.
    HashSet(Hash* slot, std::size_t slots) : slot_(slot), slots_(slots) {}

    // Whether a list can become a set that is not soon too full.
    static bool fits(std::size_t list, std::size_t slots) { return list * 8 <= slots * 5 && slots <= kMaxSlots; }
    // So many it may hold. Until then an eighth of the room is filled, which pays for having made it.
    static std::size_t most(std::size_t slots) { return slots / 4 * 3; }

    // From the n distinct hashes at its beginning; or false, and nothing has changed.
    bool from_list(std::size_t n) {
        Hash list[kMaxSlots];
        std::memcpy(list, slot_, n * sizeof(Hash));
        std::fill_n(slot_, slots_, kNone);
        for (std::size_t i = 0; i < n; ++i)
            if (!put(list[i])) {
                std::memcpy(slot_, list, n * sizeof(Hash));
                return false;
            }
        return true;
    }
    // Back to a list, in no order; its length.
    std::size_t to_list() { return static_cast<std::size_t>(std::remove(slot_, slot_ + slots_, kNone) - slot_); }
    template <class F>
    void each(F f) const {
        for (std::size_t i = 0; i < slots_; ++i)
            if (slot_[i] != kNone) f(slot_[i]);
    }

    bool holds(Hash hash) const {
        const std::size_t i = home(hash);
        // Nearly all stand here, so that the branch is predicted.
        if ((slot_[i] == hash) | (slot_[i + 1] == hash) | (slot_[i + 2] == hash) | (slot_[i + 3] == hash)) [[likely]]
            return true;
        const std::size_t at = place(hash);
        return at != slots_ && slot_[at] == hash;
    }
    // A hash that it does not hold; whether there was a place for it.
    bool put(Hash hash) {
        const std::size_t at = place(hash);
        if (at == slots_) return false;
        slot_[at] = hash;
        return true;
    }

  private:
    // By all bits of the hash, as its high ones may be small and its low ones zero.
    std::size_t home(Hash hash) const {
        return static_cast<std::size_t>((std::uint64_t{hash} * kGolden >> 32) * (slots_ - 3) >> 32);
    }
    // Where it is, or would be. There is no place so far from home that only adversarial hashes come to it.
    [[gnu::noinline]] std::size_t place(Hash hash) const {
        constexpr int kMaxProbes = 256;
        std::size_t i = home(hash);
        for (int steps = 0; steps < kMaxProbes; ++steps, i = i + 1 == slots_ ? 0 : i + 1)
            if (slot_[i] == hash || slot_[i] == kNone) return i;
        return slots_;
    }

    Hash* slot_;
    std::size_t slots_;
};

}  // namespace sketch
