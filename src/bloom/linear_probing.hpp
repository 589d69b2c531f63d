// SPDX-License-Identifier: PostgreSQL
//
// A set of prefixes of less than 32 bits that is being built: a hash table with linear probing, kept in the order of
// the prefixes (Amble, Knuth, "Ordered hash tables", 1974). A prefix has a home, which is its share of the slots, and
// is stored there or behind it, before all larger ones; free slots are larger than any. So a prefix is found, or known
// not to be there, within a few neighbours; the whole is read in ascending order, and a larger table is filled in one
// pass over the smaller.
//
// Hashes are uniform, so three quarters of the slots may be taken. Adversarial hashes can be clustered around one home:
// once a prefix stands kMaxProbe slots from home the table says so, and the set must be kept otherwise.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "bloom/bitmap.hpp"
#include "core/interrupts.hpp"

namespace sketch::bloom {

// By chance alone the chance of so long a run, in 10^8 slots, is below 10^-20.
inline constexpr std::size_t kMaxProbe = 2048;
inline constexpr std::size_t kBeyond = kMaxProbe + 8;  // slots behind the last home

enum class Inserted : std::uint8_t { no, yes, clustered };

class LinearProbing {
  public:
    using Word = std::uint32_t;
    static constexpr Word kFree = ~Word{0};

    LinearProbing(std::byte* words, std::size_t slots, int bits)
        : words_(reinterpret_cast<Word*>(words)), slots_(slots), to_hash_(64 - bits) {}

    void clear() { fill_in_steps(reinterpret_cast<std::byte*>(words_), 0xFF, (slots_ + kBeyond) * sizeof(Word)); }

    // For a table that is filled in ascending order: `next` is the slot behind the last prefix. Whether it fits.
    bool push(Prefix prefix, std::size_t& next) {
        const std::size_t home_at = home(prefix), at = std::max(home_at, next);
        if (at - home_at >= kMaxProbe) [[unlikely]]
            return false;
        words_[at] = static_cast<Word>(prefix);
        next = at + 1;
        return true;
    }

    std::size_t home(Prefix prefix) const { return (prefix << to_hash_ >> 32) * slots_ >> 32; }

    // To the second cache, which waits for more of them at a time. The first four slots may be in two cache lines.
    void prefetch(Prefix prefix) const {
        const Word* const from = words_ + home(prefix);
        __builtin_prefetch(from, 0, 2);
        __builtin_prefetch(from + 3, 0, 2);
    }

    // Whether one of the first four slots has it. Compared without a branch for each, which would be unpredictable.
    bool contains_near(Prefix prefix) const {
        const auto word = static_cast<Word>(prefix);
        const Word* const from = words_ + home(prefix);
        return (from[0] == word) | (from[1] == word) | (from[2] == word) | (from[3] == word);
    }

    // The prefix is there afterwards, also if it says that they are clustered.
    Inserted insert(Prefix prefix) {
        const auto word = static_cast<Word>(prefix);
        Word *const from = words_ + home(prefix), *at = from;
        while (*at < word) ++at;
        if (*at == word) return Inserted::no;
        for (Word moved = word;; ++at) {
            std::swap(moved, *at);
            if (moved == kFree) break;
        }
        return static_cast<std::size_t>(at - from) < kMaxProbe ? Inserted::yes : Inserted::clustered;
    }

    bool contains(Prefix prefix) const {
        const auto word = static_cast<Word>(prefix);
        const Word* at = words_ + home(prefix);
        while (*at < word) ++at;
        return *at == word;
    }

    // All prefixes, ascending, some at a time.
    class Cursor {
      public:
        explicit Cursor(const LinearProbing& table) : words_(table.words_), slots_(table.slots_ + kBeyond) {}

        // To an array of kBlock: how many; maybe none before the end. Which slots are free is unpredictable, so that
        // each is written, and the next over it if it was.
        std::size_t fill(Prefix* to) {
            constexpr std::size_t kTogether = 64, kGap = std::size_t{1} << 18;
            const Word* const words = words_;
            const std::size_t gap = std::min(slots_, at_ + kGap);
            std::size_t n = 0, at = at_;
            while (at < gap && n <= kBlock - kTogether)
                for (const std::size_t end = std::min(at + kTogether, gap); at < end; ++at) {
                    to[n] = words[at];
                    n += words[at] != kFree;
                }
            at_ = at;
            return n;
        }
        bool ended() const { return at_ >= slots_; }

      private:
        const Word* words_;
        std::size_t slots_;
        std::size_t at_ = 0;
    };

  private:
    Word* words_;
    std::size_t slots_;
    int to_hash_;
};

}  // namespace sketch::bloom
