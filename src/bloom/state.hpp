// SPDX-License-Identifier: PostgreSQL
//
// The state of a build: how it starts in a form, takes hashes in place, and goes over into another form.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "bloom/forms.hpp"

namespace sketch::bloom {

class State : public Forms {
  public:
    using Forms::Forms;

    // A list: ascending, each once.
    std::size_t settle_bytes() const { return bytes_; }

    void settle() {
        if (settled()) return;
        if (is_spread()) gather();
        auto* const first = reinterpret_cast<std::uint64_t*>(hashes());
        if (mode() == kCut)
            for (std::uint64_t i = 0, n = count(), kept = meant(); i < n; ++i) first[i] &= kept;
        set_count(sort_distinct(first, count()));
        set_settled_count(count());
    }

  protected:
    // --- starting a form ---------------------------------------------------------------------------------------------

    void start_list(Mode mode, std::size_t n, std::size_t settled) {
        set_mode(mode);
        set_slots(0);
        set_count(n);
        set_settled_count(settled);
    }
    void start_list_of(const State& from) {
        start_list(from.exact() ? kList : kCut, 0, 0);
        if (from.is_spread()) {
            from.spread().each([this](std::uint64_t hash) { append(hash, list_capacity()); });
        } else if (from.is_list() || from.exact()) {
            std::memcpy(hashes(), from.hashes(), from.size() * sizeof(std::uint64_t));
            set_count(from.size());
            set_settled_count(from.is_list() ? from.settled_count() : from.size());
        } else {
            from.each_settled([&](Prefix p) { append(p << (64 - bits()), list_capacity()); });
            set_settled_count(count());
            for (std::size_t i = 0; i < from.waiting(); ++i) append(from.hash_at(i), list_capacity());
        }
    }
    void start_dense(Mode mode, std::size_t slots) {
        set_mode(mode);
        set_slots(0);
        set_count(0);
        set_n(0);
        store(payload() + 16, std::uint64_t{slots});
    }
    void start_bits(int bits) {
        start_dense(kBits, 0);
        set_header(kKind, kVersion, hash(), static_cast<std::uint8_t>(bits), 0);
        std::memset(words(), 0, bitmap_bytes(bits));
    }
    // Whether the prefixes of another, settled image are not too crowded for a table.
    bool start_table(const State& from) {
        start_dense(kTable, slots_in(bytes_ - words_at(bytes_), bits()));
        return fill_table([&](auto push) { from.each_settled(push); });
    }
    // all(push) pushes them in ascending order, and may repeat them.
    template <class All>
    bool fill_table(All all) {
        return with_table([&](auto table) {
            table.clear();
            std::size_t next = 0;
            std::uint64_t n = 0;
            bool fits = true;
            Prefix last = ~Prefix{0};
            all([&](Prefix p) {
                if (p == last || !fits) return;
                last = p;
                fits = table.push(p, next);
                n += fits;
            });
            set_n(n);
            return fits;
        });
    }

    // --- building in place -------------------------------------------------------------------------------------------

    // To a list, or after a full write buffer.
    [[gnu::noinline]] Status add_to_full(std::uint64_t hash) {
        if (mode() >= kTable) return flush() && append(hash, wait_capacity()) ? Status::ok : Status::no_room;
        if (is_spread()) return add_to_spread(hash);
        if (!is_list()) return Status::no_room;
        if (append(hash, list_capacity())) [[likely]]
            return Status::ok;
        const std::size_t before = settled_count(), came = count() - before;
        settle();
        if (count() <= before + came / 2 && spread_list()) return add_to_spread(hash);
        return add_to_sorted(hash);
    }
    Status add_to_spread(std::uint64_t hash) {
        const std::uint64_t kept = mode() == kSpreadCut ? hash & meant() : hash;
        if (kept != HashSet<std::uint64_t>::kNone) {
            if (spread().holds(kept)) return Status::ok;
            if (size() < HashSet<std::uint64_t>::most(list_capacity()) && spread().put(kept)) {
                set_settled_count(size() + 1);
                return Status::ok;
            }
        }
        settle();
        return add_to_sorted(hash);
    }
    // Half of the room must be free, so that the work is paid by the hashes that fill it.
    Status add_to_sorted(std::uint64_t hash) {
        return count() <= list_capacity() / 2 && append(hash, list_capacity()) ? Status::ok : Status::no_room;
    }

    // A list, settled, as a table over its room. `count` says that it is full.
    bool spread_list() {
        using Table = HashSet<std::uint64_t>;
        if (count() != 0 && hash_at(count() - 1) == Table::kNone) return false;
        if (!Table::fits(count(), list_capacity()) || !spread().from_list(count())) return false;
        set_mode(exact() ? kSpread : kSpreadCut);
        set_count(list_capacity());
        return true;
    }
    void gather() { start_list(exact() ? kList : kCut, spread().to_list(), 0); }
    // What of a hash is kept in a list that is cut.
    std::uint64_t meant() const { return ~std::uint64_t{0} << (64 - bits()); }

    // Applies the write buffer; whether there was room.
    [[gnu::noinline]] bool flush() {
        if (mode() == kTable && n() + count() > table_capacity()) return false;
        const bool fits =
            mode() == kBits ? flush_to_bits() : with_table([this](auto table) { return flush_to(table); });
        if (fits)
            set_count(0);
        else
            set_crowded();
        return fits;
    }
    // So many places are fetched before the first is needed: more than the memory takes at once, as others use it too.
    static constexpr std::size_t kAhead = 128;
    // Whether a prefix is new nobody can foresee: those that stand near their homes are first left out without a
    // branch, so many at a time that the others find their places in the nearest cache.
    template <class Word>
    bool flush_to(Table<Word> table) {
        constexpr std::size_t kTogether = 64;
        Word dealt[kManyWait], others[kTogether];
        deal(dealt);
        const std::size_t n = count();
        for (std::size_t i = 0; i < std::min(kAhead, n); ++i) table.fetch(dealt[i]);
        std::uint64_t fresh = 0;
        bool fits = true;
        for (std::size_t from = 0; from < n && fits; from += kTogether) {
            const std::size_t end = std::min(from + kTogether, n);
            std::size_t many = 0;
            for (std::size_t i = from; i < end; ++i) {
                table.fetch(dealt[std::min(i + kAhead, n - 1)]);
                others[many] = dealt[i];
                many += !table.near(dealt[i]);
            }
            for (std::size_t i = 0; i < many && fits; ++i) {
                const Inserted inserted = table.insert(others[i]);
                fresh += inserted == Inserted::yes;
                fits = inserted != Inserted::crowded;
            }
        }
        set_n(this->n() + fresh);
        return fits;
    }
    bool flush_to_bits() {
        std::uint32_t dealt[kManyWait];
        deal(dealt);
        std::byte* const bits = words();
        const std::size_t n = count();
        std::uint64_t fresh = 0;
        for (std::size_t i = 0; i < n; ++i) {
            if (i + kAhead < n) __builtin_prefetch(bits + dealt[i + kAhead] / 8, 1);
            fresh += set_bit(bits, dealt[i]);
        }
        set_n(this->n() + fresh);
        return true;
    }
    // The prefixes that wait; many of them in the order of their leading bits.
    template <class Word>
    void deal(Word* to) const {
        constexpr int kPartBits = 10, kParts = 1 << kPartBits;
        const auto* const waits = reinterpret_cast<const std::uint64_t*>(hashes());
        const std::size_t n = count();
        const int shift = 64 - bits();
        if (n <= kFewWait) {
            for (std::size_t i = 0; i < n; ++i) to[i] = static_cast<Word>(waits[i] >> shift);
            return;
        }
        std::uint32_t next[kParts + 1] = {};
        for (std::size_t i = 0; i < n; ++i) ++next[(waits[i] >> (64 - kPartBits)) + 1];
        for (int part = 1; part < kParts; ++part) next[part] += next[part - 1];
        for (std::size_t i = 0; i < n; ++i)
            to[next[waits[i] >> (64 - kPartBits)]++] = static_cast<Word>(waits[i] >> shift);
    }

    // To shorter prefixes. What is written is never ahead of what is read.
    void fold_bits(int bits) {
        if (bits == this->bits()) return;
        std::byte* const to = words();
        for (std::size_t at = 0; at < bitmap_bytes(this->bits()); ++at) {
            auto byte = load<std::uint8_t>(to + at);
            store(to + at, std::uint8_t{0});
            for (; byte != 0; byte &= static_cast<std::uint8_t>(byte - 1)) {
                const std::uint64_t bit = at * 8 + static_cast<std::uint64_t>(std::countr_zero(byte));
                set_bit(to, bit >> (this->bits() - bits));
            }
        }
        const std::size_t waiting = count();
        set_p0(static_cast<std::uint8_t>(bits));
        count_bits();
        set_count(waiting);
    }
    void count_bits() {
        std::uint64_t n = 0;
        for (std::size_t at = 0; at < bitmap_bytes(bits()); ++at)
            n += kBitsOfByte.count[load<std::uint8_t>(words() + at)];
        set_n(n);
    }

    // --- merging -----------------------------------------------------------------------------------------------------

    // The prefix length of a union, and how many there are in it at most.
    struct Joint {
        int bits;
        std::size_t n;
    };
    Joint joint_with(const State& other) const {
        const State& finer = bits() < other.bits() ? other : *this;
        const State& coarser = bits() < other.bits() ? *this : other;
        const Joint joint{coarser.bits(), size() + other.size()};
        if (joint.bits <= kMostBitmapBits || joint.n <= kMostTable + kTableSlack) return joint;
        std::uint64_t n = joint.n;
        if (!is_list() && !other.is_list()) {
            n = coarser.size();
            finer.each(joint.bits, [&](Prefix p) { n += !coarser.holds(p); });
        }
        if (n <= kMostTable + kTableSlack) return {joint.bits, n};
        return {kMostBitmapBits, joint.n};
    }
    // Whether a list, or what will be one, takes the other set without becoming anything else.
    bool stays_list(const State& other, Joint joint) const {
        if (mode() == kTable || mode() == kBits || mode() == kBitmap) return false;
        if (crowded()) return true;
        if (joint.n > kMostListed) return false;
        return (exact() && other.exact() && joint.n <= kMostExact) || !bitmap_fits(joint.bits, list_bytes(joint.n));
    }

    // Takes one hash of another sketch, for which there is room.
    void take(std::uint64_t hash, Joint joint) {
        if (mode() == kList && !crowded() && count() == list_limit(joint)) {
            settle();
            if (count() > kMostExact) rebuild(joint);
        }
        if (is_list()) {
            if (count() == list_capacity()) settle();
            append(hash, list_capacity());
            return;
        }
        const Prefix prefix = hash >> (64 - bits());
        Inserted inserted = Inserted::no;
        if (mode() == kBits)
            inserted = set_bit(words(), prefix) ? Inserted::yes : Inserted::no;
        else
            inserted = with_table([&](auto table) { return table.insert(prefix); });
        set_n(n() + (inserted == Inserted::yes));
        if (inserted == Inserted::crowded) {
            set_crowded();
            rebuild(joint);
            append(hash, list_capacity());
        }
    }
    // How many whole hashes a list takes before it is asked whether they are too many to be exact.
    std::size_t list_limit(Joint joint) const {
        const bool stays = joint.n <= kMostListed && !bitmap_fits(joint.bits, list_bytes(joint.n));
        return stays ? list_capacity() : 2 * kMostExact;
    }

    // A list that is settled, or a table, to the form for the joint set, in place: its prefixes first move to the end
    // of the room. What waits is kept.
    void rebuild(Joint joint) {
        std::uint64_t kept[kManyWait];
        const std::size_t waiting = this->waiting();
        std::memcpy(kept, hashes(), waiting * sizeof kept[0]);
        if (moved_bytes(joint.bits) == 4)
            rebuild_from<std::uint32_t>(joint);
        else
            rebuild_from<std::uint64_t>(joint);
        for (std::size_t i = 0; i < waiting; ++i) append(kept[i], is_list() ? list_capacity() : wait_capacity());
    }
    template <class Moved>
    void rebuild_from(Joint joint) {
        const Mode form = crowded() ? kCut : form_for(joint.n, joint.bits);
        const std::byte* const end = image_ + bytes_;
        std::byte* from = image_ + bytes_;
        const int shift = bits() - joint.bits;
        Prefix last = ~Prefix{0};
        each_backwards([&](Prefix p) {
            if ((p >> shift) == last) return;
            last = p >> shift;
            from -= sizeof(Moved);
            store(from, static_cast<Moved>(last));
        });
        const auto all = [from, end](auto f) {
            for (const std::byte* at = from; at != end; at += sizeof(Moved)) f(Prefix{load<Moved>(at)});
        };
        set_p0(static_cast<std::uint8_t>(joint.bits));
        if (form == kBits) {
            start_bits(joint.bits);
            all([&](Prefix p) { set_bit(words(), p); });
            set_n(static_cast<std::size_t>(end - from) / sizeof(Moved));
            return;
        }
        if (form == kTable) {
            const std::size_t room = bytes_ - words_at(bytes_) - static_cast<std::size_t>(end - from);
            start_dense(kTable, slots_in(room, joint.bits));
            if (fill_table(all)) return;
            set_crowded();
        }
        start_list(kCut, 0, 0);
        all([&](Prefix p) { append(p << (64 - joint.bits), list_capacity()); });
        set_settled_count(count());
    }
};

}  // namespace sketch::bloom
