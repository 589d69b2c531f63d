// SPDX-License-Identifier: PostgreSQL
//
// The forms that an image of bloom has, their sizes and parts, and how all of one is read. bloom.hpp draws the map.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "bloom/packed.hpp"
#include "bloom/table.hpp"
#include "core/hash_set.hpp"
#include "core/kernel.hpp"
#include "core/radix_sort.hpp"

namespace sketch::bloom {

class Forms : public View {
  public:
    static constexpr std::uint8_t kKind = 'B';
    static constexpr std::uint8_t kVersion = 1;
    static constexpr std::size_t kMostExact = 224;  // a row with so many hashes still fits where rows are not split

    using View::View;

    int bits() const { return p0(); }
    double rate() const { return load<double>(payload()); }
    bool exact() const { return mode() == kExact || mode() == kList || mode() == kSpread; }
    bool trimmed() const { return mode() <= kBitmap; }
    // What waits before a table or a bitmap is read with it.
    bool settled() const { return !is_list() || settled_count() == count(); }

  protected:
    enum Mode : std::uint8_t { kExact, kPacked, kBitmap, kList, kCut, kSpread, kSpreadCut, kTable, kBits };
    static constexpr std::size_t kFixedBytes = 16;        // before the hashes or prefixes
    static constexpr std::size_t kMostListed = 8000;      // more are not sorted as fast as a table takes them
    static constexpr std::size_t kMostTable = 100000000;  // prefixes of more than 32 bits
    // Room in the write buffer of a table or a bitmap. Where that is large, a row alone would wait for memory, and for
    // the address of a page; so many together are dealt to 1024 parts of the table first, and go through it in order.
    static constexpr std::size_t kFewWait = 252, kManyWait = 8192;
    static constexpr std::size_t kLarge = std::size_t{1} << 20;
    static constexpr std::size_t kTableSlack = 4 * kManyWait;  // so that a list more can be taken, and what waits

    // --- forms and their sizes ---------------------------------------------------------------------------------------

    static constexpr std::size_t exact_bytes(std::size_t n) {
        return kHeaderBytes + kFixedBytes + n * sizeof(std::uint64_t);
    }
    static constexpr std::size_t list_image(std::size_t n) { return exact_bytes(n); }
    static constexpr std::size_t list_bytes(std::size_t n) {
        return block_image(list_image(std::max<std::size_t>(n, 12)));
    }
    static constexpr std::size_t waits_in(std::size_t bytes) { return bytes < kLarge ? kFewWait : kManyWait; }
    static constexpr std::size_t words_at(std::size_t bytes) {
        return kHeaderBytes + kFixedBytes + (1 + waits_in(bytes)) * sizeof(std::uint64_t);
    }
    // With room for so many bytes of words, also if the room is larger.
    static constexpr std::size_t dense_image(std::size_t words) {
        const std::size_t small = words_at(0) + words;
        return small < kLarge - words_at(kLarge) ? small : std::max(words_at(kLarge) + words, kLarge);
    }
    static constexpr std::size_t bitmap_image(int bits) { return dense_image(bitmap_bytes(bits)); }
    static constexpr std::size_t word_bytes(int bits) { return bits < 32 ? 4 : 8; }
    static constexpr std::size_t moved_bytes(int bits) { return bits <= 32 ? 4 : 8; }
    static constexpr std::size_t table_image(std::size_t n, int bits) {
        return dense_image((n / 3 * 4 + 4 + kBeyond) * word_bytes(bits));
    }
    // Twice as large at each step, but for the last, up to which a host gives memory in one piece.
    static constexpr std::size_t table_bytes(std::size_t n, int bits) {
        const std::size_t most = table_image(kMostTable + kTableSlack, bits), need = table_image(n, bits);
        return std::max(std::min(block_image(std::max(need, 2 * list_bytes(kMostListed))), most), need);
    }
    // In so many bytes for words.
    static constexpr std::size_t slots_in(std::size_t bytes, int bits) {
        const std::size_t words = bytes / word_bytes(bits);
        return words > kBeyond ? words - kBeyond : 0;
    }

    // Whether a bitmap takes no more room than `bytes` for another form would.
    static bool bitmap_fits(int bits, std::size_t bytes) {
        return bits <= kMostBitmapBits && bitmap_image(bits) <= bytes;
    }

    bool is_list() const { return mode() >= kList && mode() <= kSpreadCut; }
    bool is_spread() const { return mode() == kSpread || mode() == kSpreadCut; }
    bool crowded() const { return p1() != 0; }
    void set_crowded() { set_header(kKind, kVersion, hash(), p0(), 1); }
    bool full_table() const { return bits() > kMostBitmapBits && !is_list() && n() > kMostTable; }
    // Whole hashes may only be cut once it is sure that there are too many to be exact.
    bool may_be_cut() const {
        if (is_list()) return settled() && (mode() == kCut || count() > kMostExact);
        return mode() != kExact;
    }

    // The form for a set of n that is not exact.
    static Mode form_for(std::size_t n, int bits) {
        if (bitmap_fits(bits, n <= kMostListed ? list_bytes(n) : table_bytes(n, bits))) return kBits;
        return n <= kMostListed ? kCut : kTable;
    }
    static std::size_t form_bytes(std::size_t n, int bits) {
        switch (form_for(n, bits)) {
            case kBits: return bitmap_image(bits);
            case kTable: return table_bytes(limited(n, bits), bits);
            default: return list_bytes(n);
        }
    }
    // A table that doubles stops at the largest first.
    static std::size_t limited(std::size_t n, int bits) {
        return bits > kMostBitmapBits ? std::min(n, kMostTable + kTableSlack) : n;
    }
    // The form of this set in so much room.
    Mode form_in(std::size_t bytes) const {
        if (mode() == kBits || mode() == kBitmap) return kBits;
        if (crowded() || !may_be_cut()) return kCut;
        if (bitmap_fits(full_table() ? kMostBitmapBits : bits(), bytes)) return kBits;
        const bool large =
            bytes > list_bytes(kMostListed) && slots_in(bytes - words_at(bytes), bits()) / 4 * 3 >= size();
        return large ? kTable : kCut;
    }

    // --- the parts of an image ---------------------------------------------------------------------------------------

    void set_rate(double rate) { store(payload(), rate); }
    std::uint64_t n() const { return load<std::uint64_t>(payload() + 8); }
    void set_n(std::uint64_t n) { store(payload() + 8, n); }
    std::size_t settled_count() const { return load<std::uint32_t>(payload() + 8); }
    void set_settled_count(std::size_t n) { store(payload() + 8, std::uint64_t{n}); }
    std::size_t table_slots() const { return load<std::uint64_t>(payload() + 16); }
    std::size_t table_capacity() const { return table_slots() / 4 * 3; }

    std::size_t wait_capacity() const { return waits_in(bytes_); }
    std::size_t waiting() const { return mode() >= kTable ? count() : 0; }
    // Of hashes or prefixes, at most.
    std::size_t size() const {
        if (is_spread()) return settled_count();
        return is_list() ? count() : n() + waiting();
    }

    const std::byte* hashes() const { return payload() + kFixedBytes + (mode() >= kTable ? 8 : 0); }
    std::byte* hashes() { return payload() + kFixedBytes + (mode() >= kTable ? 8 : 0); }
    std::uint64_t hash_at(std::size_t i) const { return load<std::uint64_t>(hashes() + i * sizeof(std::uint64_t)); }
    std::size_t list_capacity() const { return (payload_bytes() - kFixedBytes) / sizeof(std::uint64_t); }
    HashSet<std::uint64_t> spread() const {
        return {reinterpret_cast<std::uint64_t*>(const_cast<std::byte*>(hashes())), list_capacity()};
    }
    const std::byte* words() const { return mode() >= kTable ? image_ + words_at(bytes_) : hashes(); }
    std::byte* words() { return mode() >= kTable ? image_ + words_at(bytes_) : hashes(); }

    template <class Word>
    Table<Word> table() const {
        return {const_cast<std::byte*>(words()), table_slots(), bits()};
    }
    // Calls f with the table of the right words.
    template <class F>
    auto with_table(F f) const {
        return word_bytes(bits()) == 4 ? f(table<std::uint32_t>()) : f(table<std::uint64_t>());
    }

    [[gnu::always_inline]] bool append(std::uint64_t hash, std::size_t room) {
        const std::uint32_t n = count();
        if (n >= room) return false;
        store(hashes() + n * sizeof hash, hash);
        set_count(n + 1);
        return true;
    }

    // --- reading all of it -------------------------------------------------------------------------------------------

    // All but what waits: f(prefix), ascending. A list must be settled, and may repeat the prefixes of its hashes.
    template <class F>
    void each_settled(F f) const {
        switch (mode()) {
            case kPacked: Packed(hashes(), n(), bits()).each(f); break;
            case kBitmap:
            case kBits: each_bit(words(), bitmap_bytes(bits()), f); break;
            case kTable: with_table([&](auto table) { table.each(f); }); break;
            default:
                for (std::size_t i = 0; i < size(); ++i) f(hash_at(i) >> (64 - bits()));
        }
    }
    // A list or table.
    template <class F>
    void each_backwards(F f) const {
        if (mode() == kTable) {
            with_table([&](auto table) { table.each_backwards(f); });
        } else {
            for (std::size_t i = count(); i-- > 0;) f(hash_at(i) >> (64 - bits()));
        }
    }
    // All, in any order: a hash, or the prefix.
    template <class F>
    void each_hash(F f) const {
        if (is_spread()) {
            const int unread = mode() == kSpreadCut ? 64 - bits() : 0;
            spread().each([&](std::uint64_t hash) { f(hash >> unread); });
        } else if (is_list() || exact()) {
            for (std::size_t i = 0; i < size(); ++i) f(mode() == kCut ? hash_at(i) >> (64 - bits()) : hash_at(i));
        } else {
            each_settled(f);
            for (std::size_t i = 0; i < waiting(); ++i) f(hash_at(i) >> (64 - bits()));
        }
    }
    // The prefixes that wait, ascending and once, to an array with room for them: how many.
    std::size_t distinct_waiting(Prefix* to) const {
        for (std::size_t i = 0; i < waiting(); ++i) to[i] = hash_at(i) >> (64 - bits());
        return sort_distinct(to, waiting());
    }
    // All prefixes of so many bits, ascending and once.
    template <class F>
    void each(int bits, F f) const {
        Prefix waits[kManyWait];
        const std::size_t n = distinct_waiting(waits);
        std::size_t i = 0;
        const int shift = this->bits() - bits;
        Prefix last = ~Prefix{0};
        const auto give = [&](Prefix p) {
            p >>= shift;
            if (p != last) f(p);
            last = p;
        };
        each_settled([&](Prefix p) {
            while (i < n && waits[i] < p) give(waits[i++]);
            give(p);
        });
        while (i < n) give(waits[i++]);
    }
    std::uint64_t distinct(int bits) const {
        std::uint64_t n = 0;
        if (mode() >= kTable && bits == this->bits()) {
            Prefix waits[kManyWait];
            const std::size_t different = distinct_waiting(waits);
            for (std::size_t i = 0; i < different; ++i) n += !holds(waits[i]);
            return n + this->n();
        }
        each(bits, [&](Prefix) { ++n; });
        return n;
    }

    // Whether it has this prefix; a sketch that is neither a list nor exact, without what waits.
    bool holds(Prefix prefix) const {
        if (mode() == kPacked) [[likely]]
            return Packed(hashes(), n(), bits()).holds(prefix);
        if (mode() == kTable) return with_table([&](auto table) { return table.holds(prefix); });
        return test_bit(words(), prefix);
    }
};

}  // namespace sketch::bloom
