// SPDX-License-Identifier: PostgreSQL
//
// A set of prefixes that is being built: an open table in the order of the prefixes. A prefix has a home, which is its
// share of the slots, and stands there or behind it, before all larger ones; free slots are larger than any. So a
// prefix is found, or known not to be there, within a few neighbours; the whole is read in ascending order, and a
// larger table is filled in one pass over the smaller.
//
// Hashes are uniform, so three quarters of the slots may be taken. Somebody who chooses the hashes can crowd them
// around one home: once prefixes stand kFarthest slots from home it says so, and the set must be kept otherwise.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include "bloom/packed.hpp"

namespace sketch::bloom {

// By chance alone the chance of so long a run, in 10^8 slots, is below 10^-20.
inline constexpr std::size_t kFarthest = 2048;
inline constexpr std::size_t kBeyond = kFarthest + 8;  // slots behind the last home

enum class Inserted : std::uint8_t { no, yes, crowded };

template <class Word>
class Table {
  public:
    static constexpr Word kFree = ~Word{0};

    Table(std::byte* words, std::size_t slots, int bits)
        : words_(reinterpret_cast<Word*>(words)), slots_(slots), to_hash_(64 - bits) {}

    void clear() { std::memset(static_cast<void*>(words_), 0xFF, (slots_ + kBeyond) * sizeof(Word)); }

    // For a table that is filled in ascending order: `next` is the slot behind the last prefix.
    bool push(Prefix prefix, std::size_t& next) {
        const std::size_t home_at = home(prefix), at = std::max(home_at, next);
        if (at - home_at >= kFarthest) [[unlikely]]
            return false;
        words_[at] = static_cast<Word>(prefix);
        next = at + 1;
        return true;
    }

    std::size_t home(Prefix prefix) const { return (prefix << to_hash_ >> 32) * slots_ >> 32; }

    // To the second cache, which waits for more of them at a time. The four slots that are asked first may stand in two
    // cache lines.
    void fetch(Prefix prefix) const {
        const Word* const from = words_ + home(prefix);
        __builtin_prefetch(from, 0, 2);
        __builtin_prefetch(from + 3, 0, 2);
    }

    // Whether one of the first four slots has it. Without a branch for each: which one it is nobody can foresee.
    bool near(Prefix prefix) const {
        const auto word = static_cast<Word>(prefix);
        const Word* const from = words_ + home(prefix);
        return (from[0] == word) | (from[1] == word) | (from[2] == word) | (from[3] == word);
    }

    Inserted insert(Prefix prefix) {
        const auto word = static_cast<Word>(prefix);
        Word *const from = words_ + home(prefix), *at = from;
        while (*at < word) ++at;
        if (*at == word) return Inserted::no;
        for (Word moved = word;; ++at) {
            std::swap(moved, *at);
            if (moved == kFree) break;
        }
        return static_cast<std::size_t>(at - from) < kFarthest ? Inserted::yes : Inserted::crowded;
    }

    bool holds(Prefix prefix) const {
        const auto word = static_cast<Word>(prefix);
        const Word* at = words_ + home(prefix);
        while (*at < word) ++at;
        return *at == word;
    }

    // Where a slot is free nobody can foresee either: those that are not are first moved together.
    template <class F>
    void each(F f) const {
        constexpr std::size_t kBlock = 64;
        Word taken[kBlock];
        for (std::size_t from = 0; from < slots_ + kBeyond; from += kBlock) {
            const std::size_t end = std::min(from + kBlock, slots_ + kBeyond);
            std::size_t n = 0;
            for (std::size_t i = from; i < end; ++i) {
                taken[n] = words_[i];
                n += words_[i] != kFree;
            }
            for (std::size_t i = 0; i < n; ++i) f(Prefix{taken[i]});
        }
    }
    template <class F>
    void each_backwards(F f) const {
        for (std::size_t i = slots_ + kBeyond; i-- > 0;)
            if (words_[i] != kFree) f(Prefix{words_[i]});
    }

  private:
    Word* words_;
    std::size_t slots_;
    int to_hash_;
};

}  // namespace sketch::bloom
