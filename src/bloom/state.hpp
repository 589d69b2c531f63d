// SPDX-License-Identifier: PostgreSQL
//
// A working image: how it takes hashes and sketches in place, what it grows to, and how one form is converted to
// another. The forms are those of bloom.hpp's map.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "bloom/prefixes.hpp"

namespace sketch::bloom {

class State : public Layout {
  public:
    using Layout::Layout;

    // --- adding ------------------------------------------------------------------------------------------------------

    Status add(std::uint64_t hash) {
        if (!trimmed() && append(hash)) [[likely]]
            return Status::ok;
        if (is_hash_set() && held(kept(hash))) return Status::ok;  // without a call, as most come again
        return add_to_full(hash);
    }

    // --- settling: a list is ascending, each once, and none that is packed -------------------------------------------

    std::size_t settle_bytes() const { return bytes_; }

    void settle() {
        if (settled()) return;
        if (is_hash_set()) to_list();
        auto* const first = reinterpret_cast<std::uint64_t*>(buffer());
        if (mode() == kLog)
            in_steps(count(), kStep, [=, mask = mask()](std::size_t from, std::size_t to) {
                for (std::size_t i = from; i < to; ++i) first[i] &= mask;
            });
        std::size_t n = sort_distinct(first, count());
        if (this->n() != 0) n = without_packed(first, n);
        set_count(n);
        set_sorted(n);
    }

    // --- growing: the form is chosen here alone ----------------------------------------------------------------------

    // Never the size it has: in that it would be copied as it is.
    std::size_t grown_bytes() const {
        const std::size_t grown = bytes_to_grow();
        return grown == bytes_ ? grown + sizeof(std::uint64_t) : grown;
    }

    // From any image, in the form that suits the room. What it cannot keep in order, it takes hash by hash.
    void convert(const State& from) {
        std::memcpy(image_, from.image_, kHeaderBytes + sizeof(double));
        set_slots(0);
        switch (from.form_in(bytes_)) {
            case kBits: start_bits(from); break;
            case kTable:
                if (start_table(from)) break;
                set_clustered();
                [[fallthrough]];
            case kLog: from.listed_in(bytes_) ? start_list(from) : start_log(from); break;
            default: start_list(from);
        }
    }

  protected:
    void start(Mode mode, std::size_t room) {
        set_mode(mode);
        set_count(0);
        set_n(0);
        set_room(room);
        set_sorted(0);
    }
    void start_list(Mode mode) { start(mode, (bytes_ - kBufferAt) / sizeof(std::uint64_t)); }

    // --- merging in place --------------------------------------------------------------------------------------------

    // How large this must be to take another in place; 0 if the union of both in new room is the better way, as it is
    // when the other is no small part of it.
    std::size_t bytes_to_take(const State& other) const {
        if (!trimmed() && has_room_for(other)) return bytes_;
        const bool shorter = other.bits() < bits();
        const std::size_t n = size() + other.size(), list = list_bytes(n);
        if (n <= kMaxListed && !is_dense() && !is_bits() && !packs()) {
            if (exact_with(other) || !bits_fit(std::min(bits(), other.bits()), list)) return list;
        }
        if (shorter || must_be_list() || !settled()) return 0;
        if (is_bits() || bits_fit(bits(), list)) return bits_bytes(bits());
        if (is_logged() && std::min(size() / 8, logged_with(size()) / 2) < other.size()) return 0;
        return bytes_for(n);
    }

    // No room: a union of both is wanted. What was taken until then does no harm.
    Status take(const State& other) {
        if (is_hash_set()) settle();
        if (!has_room_for(other)) return Status::no_room;
        set_rate(std::max(rate(), other.rate()));
        if (is_list()) {
            if (other.bits() < bits() || (mode() == kList && !other.exact())) set_sorted(0);
            if (!other.exact()) set_mode(kLog);
            if (other.bits() < bits()) set_p0(other.p0());
        }
        bool taken = true;
        if (is_dense())
            other.each_hash([&, shift = 64 - bits()](std::uint64_t hash) { taken = taken && insert(hash >> shift); });
        else
            other.each_hash([&](std::uint64_t hash) { append(hash); });
        // Repetitions must not make the next merge ask for more room; the work is paid by what was appended.
        if (is_list() && count() - sorted() > (sorted() + n()) / 2) settle();
        return taken ? Status::ok : Status::no_room;
    }

    // How many prefixes a table and its buffer have, without a pass over it.
    std::uint64_t count_table() const {
        std::uint64_t waiting[kManyBuffered], fresh = 0;
        for (std::size_t i = 0; i < count(); ++i) waiting[i] = hash_at(i) >> (64 - bits());
        const std::size_t n = sort_distinct(waiting, count());
        for (std::size_t i = 0; i < n; ++i) fresh += !table().contains(waiting[i]);
        return this->n() + fresh;
    }

  private:
    static constexpr std::size_t kStep = std::size_t{1} << 20;

    // --- a full buffer -----------------------------------------------------------------------------------------------

    [[gnu::noinline]] Status add_to_full(std::uint64_t hash) {
        if (is_hash_set()) return add_to_hash_set(hash);
        if (is_dense()) return flush() && append(hash) ? Status::ok : Status::no_room;
        if (!is_list()) return Status::no_room;
        const std::size_t before = sorted(), came = count() - before;
        settle();
        if (n() == 0 && count() <= before + came / 2 && to_hash_set()) return add_to_hash_set(hash);
        return add_to_sorted(hash);
    }
    // What a hash set keeps of a hash, and whether it has it.
    std::uint64_t kept(std::uint64_t hash) const { return mode() == kPrefixSet ? hash & mask() : hash; }
    bool held(std::uint64_t kept) const { return kept != Hashes::kNone && hash_set().holds(kept); }
    Status add_to_hash_set(std::uint64_t hash) {
        const std::uint64_t kept = this->kept(hash);
        if (held(kept)) return Status::ok;
        if (kept != Hashes::kNone && n() < Hashes::most(part_bytes() / sizeof kept) && hash_set().put(kept)) {
            set_n(n() + 1);
            return Status::ok;
        }
        settle();
        return add_to_sorted(hash);
    }
    // Half of the room must be free, so that the work is paid by the hashes that fill it.
    Status add_to_sorted(std::uint64_t hash) {
        return count() <= room() / 2 && append(hash) ? Status::ok : Status::no_room;
    }

    // A settled list to a hash set over its room, and back, in no order.
    bool to_hash_set() {
        const std::size_t n = count(), slots = room();
        if (n != 0 && hash_at(n - 1) == Hashes::kNone) return false;
        if (!Hashes::fits(n, slots) || !Hashes(reinterpret_cast<std::uint64_t*>(buffer()), slots).from_list(n))
            return false;
        start(mode() == kList ? kHashSet : kPrefixSet, 0);
        set_n(n);
        return true;
    }
    void to_list() {
        const std::size_t n = hash_set().to_list();
        start_list(mode() == kHashSet ? kList : kLog);
        set_count(n);
    }
    // What of a hash is meant in a log.
    std::uint64_t mask() const { return ~std::uint64_t{0} << (64 - bits()); }

    // Of n ascending hashes those of which the prefixes are not packed: how many.
    std::size_t without_packed(std::uint64_t* hashes, std::size_t n) {
        Buffered<Part> packed(Part::main(*this, bits()));
        const int shift = 64 - bits();
        std::size_t kept = 0;
        for (std::size_t i = 0; i < n; ++i) {
            const Prefix prefix = hashes[i] >> shift;
            while (packed.more() && packed.next() < prefix) packed.pass();
            hashes[kept] = hashes[i];
            kept += !packed.more() || packed.next() != prefix;
        }
        return kept;
    }

    // Applies the buffer of a table or bitmap; whether there was room. What is there already does no harm.
    [[gnu::noinline]] bool flush() {
        if (mode() == kTable && n() + count() > table_capacity()) return false;
        if (!(mode() == kBits ? flush_to_bits() : flush_to_table())) {
            set_clustered();
            return false;
        }
        set_count(0);
        return true;
    }
    // So many places are fetched before the first is needed: more than the memory takes at once, as others use it too.
    static constexpr std::size_t kAhead = 128;
    // Whether a prefix is new is unpredictable: those that are near their homes are first left out without a branch,
    // so many at a time that the others find their places in the nearest cache.
    bool flush_to_table() {
        constexpr std::size_t kTogether = 64;
        LinearProbing table = this->table();
        LinearProbing::Word prefix[kManyBuffered], others[kTogether];
        partition(prefix);
        const std::size_t n = count();
        for (std::size_t i = 0; i < std::min(kAhead, n); ++i) table.prefetch(prefix[i]);
        std::uint64_t fresh = 0;
        bool fits = true;
        for (std::size_t from = 0; from < n && fits; from += kTogether) {
            const std::size_t end = std::min(from + kTogether, n);
            std::size_t many = 0;
            for (std::size_t i = from; i < end; ++i) {
                table.prefetch(prefix[std::min(i + kAhead, n - 1)]);
                others[many] = prefix[i];
                many += !table.contains_near(prefix[i]);
            }
            for (std::size_t i = 0; i < many && fits; ++i) {
                const Inserted inserted = table.insert(others[i]);
                fresh += inserted != Inserted::no;
                fits = inserted != Inserted::clustered;
            }
        }
        set_n(this->n() + fresh);
        return fits;
    }
    bool flush_to_bits() {
        LinearProbing::Word prefix[kManyBuffered];
        partition(prefix);
        std::byte* const bits = part();
        const std::size_t n = count();
        std::uint64_t fresh = 0;
        for (std::size_t i = 0; i < n; ++i) {
            if (i + kAhead < n) __builtin_prefetch(bits + prefix[i + kAhead] / 8, 1);
            fresh += set_bit(bits, prefix[i]);
        }
        set_n(this->n() + fresh);
        return true;
    }
    // A radix partition of the prefixes in the buffer by their leading bits, if they are many.
    void partition(LinearProbing::Word* to) const {
        constexpr int kPartBits = 10, kParts = 1 << kPartBits;
        const auto* const hashes = reinterpret_cast<const std::uint64_t*>(buffer());
        const std::size_t n = count();
        const int shift = 64 - bits();
        if (n <= kFewBuffered) {
            for (std::size_t i = 0; i < n; ++i) to[i] = static_cast<LinearProbing::Word>(hashes[i] >> shift);
            return;
        }
        std::uint32_t next[kParts + 1] = {};
        for (std::size_t i = 0; i < n; ++i) ++next[(hashes[i] >> (64 - kPartBits)) + 1];
        for (int part = 1; part < kParts; ++part) next[part] += next[part - 1];
        for (std::size_t i = 0; i < n; ++i)
            to[next[hashes[i] >> (64 - kPartBits)]++] = static_cast<LinearProbing::Word>(hashes[i] >> shift);
    }

    // To a table or bitmap, past the buffer.
    bool insert(Prefix prefix) {
        if (mode() == kBits) {
            set_n(n() + set_bit(part(), prefix));
            return true;
        }
        const Inserted inserted = table().insert(prefix);
        set_n(n() + (inserted != Inserted::no));
        if (inserted == Inserted::clustered) set_clustered();
        return inserted != Inserted::clustered;
    }

    // --- which form --------------------------------------------------------------------------------------------------

    // Whole hashes may only be cut once it is sure that there are too many to be exact.
    bool must_be_list() const { return exact() && (!settled() || size() <= kMaxExact); }
    bool too_many() const { return bits() > kMaxBitmapBits && settled() && size() > kMaxLong; }
    std::size_t listed_room() const {
        return is_list() || is_hash_set() ? (bytes_ - kBufferAt) / sizeof(std::uint64_t) : 0;
    }
    bool is_logged() const { return bits() > kMaxBitmapBits || clustered() || packs(); }
    bool exact_with(const State& other) const { return exact() && other.exact() && size() + other.size() <= kMaxExact; }

    // Has packed some.
    bool packs() const { return mode() == kLog && n() != 0; }
    // For n, of which what is there already is packed, where it will be.
    std::size_t bytes_for(std::size_t n) const {
        const std::size_t need = n <= kMaxListed && !packs() ? list_bytes(n)
                                 : is_logged()               ? log_bytes(size(), bits())
                                                             : table_bytes(n);
        return bits_fit(bits(), need) ? bits_bytes(bits()) : need;
    }
    std::size_t bytes_to_grow() const {
        if (is_bits()) return bits_bytes(bits());
        const std::size_t list = std::max(size() + size() / 2, listed_room()) + 1;
        if (must_be_list()) return list_bytes(list);
        if (!settled()) return buffered_bytes(std::max(2 * room(), size())) + packed_bytes(n(), bits());
        if (too_many()) return bits_bytes(kMaxBitmapBits);
        if (mode() != kTable) return bytes_for(list);
        // The next power of two; or that after it while it is small, as what costs is to move it.
        return bytes_for(size() * (bytes_ < 4 * kLarge ? 2 : 1) + kManyBuffered);
    }
    // All as a list; a log that has packed nothing is one.
    bool listed_in(std::size_t bytes) const {
        return (size() <= kMaxListed || !settled()) && !packs() && bytes <= largest_list() &&
               buffered_bytes(size()) <= bytes;
    }
    Mode form_in(std::size_t bytes) const {
        if (is_bits()) return kBits;
        if (must_be_list()) return kList;
        if (!settled()) return kLog;
        if (too_many() || bits_fit(bits(), bytes)) return kBits;
        if (listed_in(bytes)) return exact() ? kList : kLog;
        const std::size_t head = buffered_bytes(buffered_in(bytes));
        return !is_logged() && bytes > head && capacity_in(bytes - head) >= size() ? kTable : kLog;
    }

    // --- starting a form from another image --------------------------------------------------------------------------

    // Hashes in no order, of an image that is not settled or is dense.
    void take_buffer(const State& from) {
        for (std::size_t i = 0; i < from.count(); ++i)
            if (!append(from.hash_at(i))) flush(), append(from.hash_at(i));
    }
    void start_list(const State& from) {
        start_list(from.exact() ? kList : kLog);
        if (from.is_hash_set() || !from.settled()) {
            from.each_hash([this](std::uint64_t hash) { append(hash); });
            if (!from.is_hash_set()) set_sorted(from.sorted());
            return;
        }
        if (from.exact()) {
            std::memcpy(buffer(), from.buffer(), from.size() * sizeof(std::uint64_t));
            set_count(from.size());
        } else {
            each(Prefixes(from, bits()), [this](Prefix p) { append(p << (64 - bits())); });
        }
        set_sorted(count());
    }
    void start_bits(const State& from) {
        const int bits = std::min(from.bits(), kMaxBitmapBits);
        start(kBits, buffered_in(bytes_));
        set_p0(static_cast<std::uint8_t>(bits));
        if (from.is_bits()) {
            copy_in_steps(part(), from.part(), bitmap_bytes(bits));
            set_n(from.n());
            take_buffer(from);
            return;
        }
        fill_in_steps(part(), 0, bitmap_bytes(bits));
        std::uint64_t n = 0;
        each(Prefixes(from, bits), [to = part(), &n](Prefix p) {
            set_bit(to, p);
            ++n;
        });
        set_n(n);
    }
    // Whether the prefixes are not too clustered for a table. What waits before a smaller table goes on to wait.
    bool start_table(const State& from) {
        start(kTable, buffered_in(bytes_));
        if (from.mode() != kTable || from.count() > room()) return fill_table(Prefixes(from, bits()));
        if (!fill_table(Part::main(from, bits()))) return false;
        std::memcpy(buffer(), from.buffer(), from.count() * sizeof(std::uint64_t));
        set_count(from.count());
        return true;
    }
    template <class Source>
    bool fill_table(Source&& source) {
        LinearProbing table = this->table();
        table.clear();
        std::size_t next = 0, n = 0;
        Prefix block[kBlock];
        while (const std::size_t more = source.fill(block)) {
            for (std::size_t i = 0; i < more; ++i)
                if (!table.push(block[i], next)) return false;
            n += more;
        }
        set_n(n);
        return true;
    }
    // Of a settled image everything is packed; else what is packed already.
    void start_log(const State& from) {
        const std::size_t n = from.settled() ? count_settled(from) : from.n();
        start(kLog, (bytes_ - kBufferAt - packed_bytes(n, bits())) / sizeof(std::uint64_t));
        set_n(n);
        if (!from.settled()) {
            copy_in_steps(part(), from.part(), packed_bytes(n, bits()));
            take_buffer(from);
            return;
        }
        Packer packer(part(), n, bits());
        each(Prefixes(from, bits()), [&](Prefix p) { packer.push(p); });
        packer.finish();
    }
    // How many prefixes: those that are not packed yet were compared with those that are, when it was settled.
    static std::size_t count_settled(const State& from) {
        return from.mode() == kLog || from.trimmed() ? from.size() : bloom::count(Prefixes(from, from.bits()));
    }

    // --- another sketch ----------------------------------------------------------------------------------------------

    bool has_room_for(const State& other) const {
        const std::size_t n = other.size();
        if (other.bits() < bits() && (is_dense() || this->n() != 0)) return false;
        if (mode() == kTable) return !clustered() && this->n() + count() + n <= table_capacity();
        if (is_hash_set()) return this->n() + n <= part_bytes() / sizeof(std::uint64_t) / 2;
        return mode() == kBits || (is_list() && count() + n <= room());
    }
    // All hashes, in any order; for a prefix one that begins with it.
    template <class F>
    void each_hash(F f) const {
        const int unread = 64 - bits();
        if (is_hash_set())
            hash_set().each(f);
        else if (mode() == kExact)
            for (std::size_t i = 0; i < n(); ++i) f(hash_at(i));
        else
            each(Part::main(*this, bits()), [&](Prefix p) { f(p << unread); });
        for (std::size_t i = 0; i < count(); ++i) f(hash_at(i));
    }
};

}  // namespace sketch::bloom
