// SPDX-License-Identifier: PostgreSQL
//
// bloom: was it seen? It answers as a Bloom filter does, and never says no to what it holds, but keeps no bit array: it
// keeps the set of the first r bits of the 64-bit hashes (quotienting: Cleary, "Compact Hash Tables Using Bidirectional
// Linear Probing", 1984; Pagh, Pagh, Rao, "An Optimal Bloom Filter Replacement", 2005; Bender et al., "Don't Thrash:
// How to Cache Your Hash on Flash", 2012). Such sets merge exactly, at any time and in any order, also when they were
// stored; a longer prefix can be shortened to r bits; and they are smaller than the bit array of the same rate.
//
// Error: none while it holds at most 224 values, whose hashes it keeps. Then it says yes to a value that it does not
// hold with probability n / 2^r, where n is the number of its prefixes. Made for c values and a rate, it has
// r = ceil(log2(c / rate)), so that c values are asked at most at that rate, and at least at half of it. Past its
// capacity it goes on, and the rate rises in proportion. Sketches with unequal r merge to the smaller.
//
// Header: p0 = r (1 to 44), p1 = 1 if crowded (a list that does not become a table, see table.hpp), count = hashes that
// are listed or wait.
//
//   mode     payload: f64 rate, then
//   exact    u64 n, hashes of 8 bytes, ascending, distinct. Trimmed.
//   packed   u64 n, prefixes as in packed.hpp. Trimmed.
//   bitmap   u64 n, a bit for each prefix there can be, where that is smaller. Trimmed.
//   list     u32 settled, u32 zero, whole hashes; the first `settled` of them ascending and distinct; slack. Working.
//   cut      the same, of which only the first r bits are meant. Working.
//   table    u64 n, u64 slots, room for 252 hashes, or 8192 in an image of 1 MB and more, of which `count` wait; then
//            table.hpp: words of 4 bytes, or 8 from r = 32 on. Working.
//   bits     u64 n, u64 zero, the same room, then the bitmap. Working.
//
// Trimmed bytes depend on the set of values alone. A state has room for 10^8 prefixes of more than 32 bits; with more
// it is cut to 32, which a bitmap of 512 MB can hold all.
#pragma once

#include <algorithm>
#include <cmath>

#include "bloom/packed.hpp"
#include "bloom/table.hpp"
#include "hashes.hpp"
#include "sketch.hpp"

namespace sketch {

class Bloom : public View {
  public:
    static constexpr std::uint8_t kKind = 'B';
    static constexpr std::uint8_t kVersion = 1;
    static constexpr std::size_t kMostExact = 224;  // a row with so many hashes still fits where rows are not split
    static constexpr double kDefaultCapacity = 4e6, kDefaultRate = 0.01, kMostRate = 0.5, kLeastRate = 1e-5;
    static constexpr std::int64_t kMostCapacity = 100000000;
    static constexpr int kMostBits = 44;
    struct Params {
        double capacity, rate;
    };
    using Prefix = bloom::Prefix;

    using View::View;

    static std::size_t bytes_for(Params) { return list_bytes(12); }

    static constexpr int bits_for(Params params) {
        int bits = 1;
        while (params.rate * static_cast<double>(std::uint64_t{1} << bits) < params.capacity) ++bits;
        return bits;
    }

    static Bloom create(std::span<std::byte> room, Params params) {
        Bloom s(room.data(), room.size());
        s.set_header(kKind, kVersion, kHashXxh3, static_cast<std::uint8_t>(bits_for(params)), 0);
        s.set_rate(params.rate);
        s.start_list(kList, 0, 0);
        return s;
    }

    static Status check(std::span<const std::byte> image) {
        if (const Status status = check_header(image, kKind, kVersion); status != Status::ok) return status;
        const Bloom s(image);
        if (image.size() < kHeaderBytes + kFixedBytes) return Status::wrong_size;
        if (s.bits() < 1 || s.bits() > kMostBits || s.hash() != kHashXxh3) return Status::bad_parameter;
        if (!(s.rate() >= kLeastRate && s.rate() <= kMostRate)) return Status::bad_parameter;
        if (s.p1() != 0 || s.slots() != 0 || s.count() != 0) return Status::bad_content;
        switch (s.mode()) {
            case kExact: return s.check_exact();
            case kPacked: return s.check_packed();
            case kBitmap: return s.check_bitmap();
        }
        return Status::bad_content;
    }

    int bits() const { return p0(); }
    double rate() const { return load<double>(payload()); }
    bool exact() const { return mode() == kExact || mode() == kList; }
    bool trimmed() const { return mode() <= kBitmap; }

    // --- building ---------------------------------------------------------------------------------------------------

    Status add(std::uint64_t hash) {
        if (mode() >= kTable && append(hash, wait_capacity())) [[likely]]
            return Status::ok;
        return add_to_full(hash);
    }

    std::size_t grown_bytes() const {
        // A table grows by two steps at once while it is small: what costs is to move it.
        const std::size_t times = size() < 1000000 ? 4 : 2;
        const std::size_t n = mode() == kTable ? times * size() : size() + size() / 2 + 1;
        if (mode() == kBits || mode() == kBitmap) return bitmap_image(bits());
        if (full_table()) return bitmap_image(bloom::kMostBitmapBits);
        return crowded() || !may_be_cut() ? list_bytes(n) : form_bytes(n, bits());
    }

    Bloom relay(std::span<std::byte> room) const {
        Bloom s(room.data(), room.size());
        std::memcpy(s.image_, image_, kHeaderBytes + kFixedBytes);
        switch (form_in(room.size())) {
            case kBits: s.start_bits(full_table() ? bloom::kMostBitmapBits : bits()); break;
            case kTable:
                if (s.start_table(*this)) break;
                s.set_crowded();
                [[fallthrough]];
            default: s.start_list_of(*this); return s;
        }
        if (s.mode() == kBits) {
            if (mode() == kBits || mode() == kBitmap)
                std::memcpy(s.words(), words(), bloom::bitmap_bytes(bits()));
            else
                each_settled([&](Prefix p) { bloom::set_bit(s.words(), p >> (bits() - s.bits())); });
            s.count_bits();
        }
        for (std::size_t i = 0; i < waiting(); ++i) {
            if (s.count() == s.wait_capacity()) s.flush();
            s.append(hash_at(i), s.wait_capacity());
        }
        return s;
    }

    // --- set operations ---------------------------------------------------------------------------------------------
    // All leave the shorter prefixes and the larger rate of the two.

    std::size_t merge_bytes(const Bloom& other) const {
        const Joint joint = joint_with(other);
        if (mode() == kBits || mode() == kBitmap) return std::max(bitmap_image(bits()), trimmed() ? 0 : bytes_);
        if (stays_list(other, joint)) return list_bytes(joint.n);
        const std::size_t need = form_bytes(joint.n, joint.bits);
        const bool grows = form_for(joint.n, joint.bits) == kTable && bits() == joint.bits &&
                           (mode() == kTable || (mode() == kPacked && form_in(need) == kTable));
        // It may have to be a list, if the hashes turn out to be crowded; to eight bytes a hash a large word adds none.
        if (grows) {
            const std::size_t room = word_bytes(bits()) == 4 ? std::max(need, list_bytes(joint.n)) : need;
            return mode() == kTable && table_capacity() < joint.n ? std::max(room, bytes_ + 1) : room;
        }
        // To be built anew in its place, next to what it was.
        const std::size_t before = std::max<std::size_t>(size(), 2 * kMostExact);
        return std::max(need + before * moved_bytes(joint.bits), list_bytes(std::max(before, joint.n)));
    }

    Status merge(const Bloom& other) {
        if (hash() != other.hash()) return Status::unlike_hash;
        const Joint joint = joint_with(other);
        const bool list = stays_list(other, joint);
        set_rate(std::max(rate(), other.rate()));
        if (mode() == kBits) {
            fold_bits(joint.bits);
        } else if (mode() == kTable) {
            if (bits() != joint.bits || table_capacity() < joint.n) rebuild(joint);
        } else {
            const bool whole = exact() && other.exact();
            if (bits() != joint.bits || (mode() == kList && !whole)) set_settled_count(0);
            set_p0(static_cast<std::uint8_t>(joint.bits));
            if (!whole) set_mode(kCut);
            if (!list) {
                settle();
                if (!whole || count() > kMostExact) rebuild(joint);
            }
        }
        const int unread = other.exact() ? 0 : 64 - other.bits();
        other.each_hash([&](std::uint64_t hash) { take(hash << unread, joint); });
        // Repetitions must not make the next merge ask for more room; the work is paid by what was appended.
        if (is_list() && count() - settled_count() > settled_count() / 2) settle();
        return Status::ok;
    }

    // What both hold, up to values that share a prefix; of two trimmed sketches. Exact if one of the two is, but for
    // the values that the other takes for its own by mistake. The room has intersect_bytes.
    static std::size_t intersect_bytes(const Bloom& a, const Bloom& b) {
        const std::size_t n = std::min(a.exact() ? a.size() : ~std::size_t{0}, b.exact() ? b.size() : ~std::size_t{0});
        if (n != ~std::size_t{0}) return list_bytes(n);
        const int bits = std::min(a.bits(), b.bits());
        const std::size_t list = list_bytes(std::min(a.size(), b.size()));
        return bits > bloom::kMostBitmapBits ? list : std::min(list, bitmap_image(bits));
    }

    static Bloom intersect(const Bloom& a, const Bloom& b, std::span<std::byte> room) {
        if (!a.exact() && (b.exact() || a.bits() < b.bits())) return intersect(b, a, room);
        Bloom s(room.data(), room.size());
        const int bits = std::min(a.bits(), b.bits());
        s.set_header(kKind, kVersion, a.hash(), static_cast<std::uint8_t>(bits), 0);
        s.set_rate(std::max(a.rate(), b.rate()));
        if (a.exact()) {
            s.start_list(kList, 0, 0);
            for (std::uint32_t i = 0; i < a.size(); ++i)
                if (b.contains(a.hash_at(i))) s.append(a.hash_at(i), s.list_capacity());
            s.set_settled_count(s.count());
        } else if (bits <= bloom::kMostBitmapBits && room.size() == bitmap_image(bits)) {
            s.start_bits(bits);
            a.each(bits, [&](Prefix p) {
                if (b.holds(p)) bloom::set_bit(s.words(), p);
            });
            s.count_bits();
            if (s.n() == 0) s.start_list(kCut, 0, 0);
        } else {
            s.start_list(kCut, 0, 0);
            a.each(bits, [&](Prefix p) {
                if (b.holds(p)) s.append(p << (64 - bits), s.list_capacity());
            });
            s.set_settled_count(s.count());
        }
        return s;
    }

    // --- settling and trimming --------------------------------------------------------------------------------------
    // What waits before a table or a bitmap is read with it.

    bool settled() const { return !is_list() || settled_count() == count(); }
    std::size_t settle_bytes() const { return bytes_; }

    void settle() {
        if (settled()) return;
        auto* const first = reinterpret_cast<std::uint64_t*>(hashes());
        if (mode() == kCut) {
            const std::uint64_t meant = ~std::uint64_t{0} << (64 - bits());
            for (std::uint32_t i = 0; i < count(); ++i) first[i] &= meant;
        }
        set_count(sort_distinct(first, count()));
        set_settled_count(count());
    }

    std::size_t trimmed_bytes() const {
        if (trimmed()) return bytes_;
        if (trims_to_exact()) return exact_bytes(count());
        return kHeaderBytes + kFixedBytes + bloom::stored_bytes(size(), bits());
    }

    std::size_t trim(std::span<std::byte> room) const {
        std::memcpy(room.data(), image_, trimmed() ? bytes_ : kHeaderBytes + kFixedBytes);
        if (trimmed()) return bytes_;
        Bloom s(room.data(), room.size());
        s.set_header(kKind, kVersion, hash(), p0(), 0);
        s.set_count(0);
        if (trims_to_exact()) {
            s.set_mode(kExact);
            s.set_n(count());
            std::memcpy(s.hashes(), hashes(), count() * sizeof(std::uint64_t));
            return exact_bytes(count());
        }
        int bits = this->bits();
        std::uint64_t n = distinct(bits);
        if (bits > bloom::kMostBitmapBits && n > kMostTable) {
            bits = bloom::kMostBitmapBits;
            n = distinct(bits);
        }
        s.set_p0(static_cast<std::uint8_t>(bits));
        s.set_n(n);
        const bool bitmap = bloom::is_bitmap(n, bits);
        s.set_mode(bitmap ? kBitmap : kPacked);
        if (bitmap) {
            std::memset(s.hashes(), 0, bloom::bitmap_bytes(bits));
            each(bits, [&](Prefix p) { bloom::set_bit(s.hashes(), p); });
        } else {
            bloom::Packer packer(s.hashes(), n, bits);
            each(bits, [&](Prefix p) { packer.push(p); });
            packer.finish();
        }
        return kHeaderBytes + kFixedBytes + bloom::stored_bytes(n, bits);
    }

    // --- reading trimmed images -------------------------------------------------------------------------------------

    bool contains(std::uint64_t hash) const {
        if (!exact()) return holds(hash >> (64 - bits()));
        std::size_t low = 0, high = size();
        while (low < high) {
            const std::size_t middle = (low + high) / 2;
            if (hash_at(middle) < hash)
                low = middle + 1;
            else
                high = middle;
        }
        return low < size() && hash_at(low) == hash;
    }

    // The chance that it says yes to a value that it does not hold.
    double false_positives() const { return exact() ? 0 : std::ldexp(static_cast<double>(n()), -bits()); }

    // About how many distinct values it holds: of n prefixes some were met twice. Infinity if it has all there can be.
    double estimate() const {
        return exact() ? static_cast<double>(size()) : -std::ldexp(std::log1p(-false_positives()), bits());
    }

    bool is_bitmap() const { return mode() == kBitmap; }

  private:
    enum Mode : std::uint8_t { kExact, kPacked, kBitmap, kList, kCut, kTable, kBits };
    static constexpr std::size_t kFixedBytes = 16;        // before the hashes or prefixes
    static constexpr std::size_t kMostListed = 8000;      // more are not sorted as fast as a table takes them
    static constexpr std::size_t kMostTable = 100000000;  // prefixes of more than 32 bits
    // Room in the write buffer of a table or a bitmap. Where that is large, a row alone would wait for memory, and for
    // the address of a page; so many together are dealt to 1024 parts of the table first, and go through it in order.
    static constexpr std::size_t kFewWait = 252, kManyWait = 8192;
    static constexpr std::size_t kLarge = std::size_t{1} << 20;
    static constexpr std::size_t kTableSlack = 4 * kManyWait;  // so that a list more can be taken, and what waits

    // --- forms and their sizes ---

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
    static constexpr std::size_t bitmap_image(int bits) { return dense_image(bloom::bitmap_bytes(bits)); }
    static constexpr std::size_t word_bytes(int bits) { return bits < 32 ? 4 : 8; }
    static constexpr std::size_t moved_bytes(int bits) { return bits <= 32 ? 4 : 8; }
    static constexpr std::size_t table_image(std::size_t n, int bits) {
        return dense_image((n / 3 * 4 + 4 + bloom::kBeyond) * word_bytes(bits));
    }
    // Twice as large at each step, but for the last, up to which a host gives memory in one piece.
    static constexpr std::size_t table_bytes(std::size_t n, int bits) {
        const std::size_t most = table_image(kMostTable + kTableSlack, bits), need = table_image(n, bits);
        return std::max(std::min(block_image(std::max(need, 2 * list_bytes(kMostListed))), most), need);
    }
    // In so many bytes for words.
    static constexpr std::size_t slots_in(std::size_t bytes, int bits) {
        const std::size_t words = bytes / word_bytes(bits);
        return words > bloom::kBeyond ? words - bloom::kBeyond : 0;
    }

    // Whether a bitmap takes no more room than `bytes` for another form would.
    static bool bitmap_fits(int bits, std::size_t bytes) {
        return bits <= bloom::kMostBitmapBits && bitmap_image(bits) <= bytes;
    }

    bool is_list() const { return mode() == kList || mode() == kCut; }
    bool crowded() const { return p1() != 0; }
    void set_crowded() { set_header(kKind, kVersion, hash(), p0(), 1); }
    bool full_table() const { return bits() > bloom::kMostBitmapBits && !is_list() && n() > kMostTable; }
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
        return bits > bloom::kMostBitmapBits ? std::min(n, kMostTable + kTableSlack) : n;
    }
    // The form of this set in so much room.
    Mode form_in(std::size_t bytes) const {
        if (mode() == kBits || mode() == kBitmap) return kBits;
        if (crowded() || !may_be_cut()) return kCut;
        if (bitmap_fits(full_table() ? bloom::kMostBitmapBits : bits(), bytes)) return kBits;
        const bool large =
            bytes > list_bytes(kMostListed) && slots_in(bytes - words_at(bytes), bits()) / 4 * 3 >= size();
        return large ? kTable : kCut;
    }

    // --- the parts of an image ---

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
    std::size_t size() const { return is_list() ? count() : n() + waiting(); }

    const std::byte* hashes() const { return payload() + kFixedBytes + (mode() >= kTable ? 8 : 0); }
    std::byte* hashes() { return payload() + kFixedBytes + (mode() >= kTable ? 8 : 0); }
    std::uint64_t hash_at(std::size_t i) const { return load<std::uint64_t>(hashes() + i * sizeof(std::uint64_t)); }
    std::size_t list_capacity() const { return (payload_bytes() - kFixedBytes) / sizeof(std::uint64_t); }
    const std::byte* words() const { return mode() >= kTable ? image_ + words_at(bytes_) : hashes(); }
    std::byte* words() { return mode() >= kTable ? image_ + words_at(bytes_) : hashes(); }

    template <class Word>
    bloom::Table<Word> table() const {
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

    // --- starting a form ---

    void start_list(Mode mode, std::size_t n, std::size_t settled) {
        set_mode(mode);
        set_slots(0);
        set_count(n);
        set_settled_count(settled);
    }
    void start_list_of(const Bloom& from) {
        start_list(from.exact() ? kList : kCut, 0, 0);
        if (from.is_list() || from.exact()) {
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
        std::memset(words(), 0, bloom::bitmap_bytes(bits));
    }
    // Whether the prefixes of another, settled image are not too crowded for a table.
    bool start_table(const Bloom& from) {
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

    // --- building in place ---

    // To a list, or after a full write buffer.
    [[gnu::noinline]] Status add_to_full(std::uint64_t hash) {
        if (mode() >= kTable) return flush() && append(hash, wait_capacity()) ? Status::ok : Status::no_room;
        if (mode() >= kList) {
            if (append(hash, list_capacity())) [[likely]]
                return Status::ok;
            settle();
            // A quarter of the room must come free, so that the work is paid by the hashes that fill it.
            if (count() <= list_capacity() / 4 * 3 && append(hash, list_capacity())) return Status::ok;
        }
        return Status::no_room;
    }

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
    static constexpr std::size_t kAhead = 24;  // so many places are fetched before the first is needed
    template <class Word>
    bool flush_to(bloom::Table<Word> table) {
        Word dealt[kManyWait];
        deal(dealt);
        const std::size_t n = count(), fetched = std::min(kAhead, n);
        std::uint64_t fresh = 0;
        bloom::Inserted inserted = bloom::Inserted::no;
        for (std::size_t i = 0; i < fetched; ++i) table.fetch(dealt[i]);
        for (std::size_t i = 0; i < n && inserted != bloom::Inserted::crowded; ++i) {
            if (i + kAhead < n) table.fetch(dealt[i + kAhead]);
            inserted = table.insert(dealt[i]);
            fresh += inserted == bloom::Inserted::yes;
        }
        set_n(this->n() + fresh);
        return inserted != bloom::Inserted::crowded;
    }
    bool flush_to_bits() {
        std::uint32_t dealt[kManyWait];
        deal(dealt);
        std::byte* const bits = words();
        const std::size_t n = count();
        std::uint64_t fresh = 0;
        for (std::size_t i = 0; i < n; ++i) {
            if (i + kAhead < n) __builtin_prefetch(bits + dealt[i + kAhead] / 8, 1);
            fresh += bloom::set_bit(bits, dealt[i]);
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
        for (std::size_t at = 0; at < bloom::bitmap_bytes(this->bits()); ++at) {
            auto byte = load<std::uint8_t>(to + at);
            store(to + at, std::uint8_t{0});
            for (; byte != 0; byte &= static_cast<std::uint8_t>(byte - 1)) {
                const std::uint64_t bit = at * 8 + static_cast<std::uint64_t>(std::countr_zero(byte));
                bloom::set_bit(to, bit >> (this->bits() - bits));
            }
        }
        const std::size_t waiting = count();
        set_p0(static_cast<std::uint8_t>(bits));
        count_bits();
        set_count(waiting);
    }
    void count_bits() {
        std::uint64_t n = 0;
        for (std::size_t at = 0; at < bloom::bitmap_bytes(bits()); ++at)
            n += bloom::kBitsOfByte.count[load<std::uint8_t>(words() + at)];
        set_n(n);
    }

    // --- merging ---

    // The prefix length of a union, and how many there are in it at most.
    struct Joint {
        int bits;
        std::size_t n;
    };
    Joint joint_with(const Bloom& other) const {
        const Bloom& finer = bits() < other.bits() ? other : *this;
        const Bloom& coarser = bits() < other.bits() ? *this : other;
        const Joint joint{coarser.bits(), size() + other.size()};
        if (joint.bits <= bloom::kMostBitmapBits || joint.n <= kMostTable + kTableSlack) return joint;
        std::uint64_t n = joint.n;
        if (!is_list() && !other.is_list()) {
            n = coarser.size();
            finer.each(joint.bits, [&](Prefix p) { n += !coarser.holds(p); });
        }
        if (n <= kMostTable + kTableSlack) return {joint.bits, n};
        return {bloom::kMostBitmapBits, joint.n};
    }
    // Whether a list, or what will be one, takes the other set without becoming anything else.
    bool stays_list(const Bloom& other, Joint joint) const {
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
        bloom::Inserted inserted = bloom::Inserted::no;
        if (mode() == kBits)
            inserted = bloom::set_bit(words(), prefix) ? bloom::Inserted::yes : bloom::Inserted::no;
        else
            inserted = with_table([&](auto table) { return table.insert(prefix); });
        set_n(n() + (inserted == bloom::Inserted::yes));
        if (inserted == bloom::Inserted::crowded) {
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
            all([&](Prefix p) { bloom::set_bit(words(), p); });
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

    // --- reading all of it ---

    // All but what waits: f(prefix), ascending. A list must be settled, and may repeat the prefixes of its hashes.
    template <class F>
    void each_settled(F f) const {
        switch (mode()) {
            case kPacked: bloom::Packed(hashes(), n(), bits()).each(f); break;
            case kBitmap:
            case kBits: bloom::each_bit(words(), bloom::bitmap_bytes(bits()), f); break;
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
        if (is_list() || exact()) {
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
            return bloom::Packed(hashes(), n(), bits()).holds(prefix);
        if (mode() == kTable) return with_table([&](auto table) { return table.holds(prefix); });
        return bloom::test_bit(words(), prefix);
    }

    bool trims_to_exact() const { return is_list() && count() <= (mode() == kList ? kMostExact : 0); }

    // --- checking ---

    Status check_exact() const {
        if (n() > kMostExact) return Status::bad_content;
        if (bytes_ != exact_bytes(n())) return Status::wrong_size;
        for (std::size_t i = 1; i < n(); ++i)
            if (hash_at(i) <= hash_at(i - 1)) return Status::bad_content;
        return Status::ok;
    }
    bool check_count() const {
        if (n() == 0 || n() > std::uint64_t{1} << bits()) return false;
        return bits() <= bloom::kMostBitmapBits || n() <= kMostTable;
    }
    Status check_packed() const {
        if (!check_count() || bloom::is_bitmap(n(), bits())) return Status::bad_content;
        const std::size_t bytes = payload_bytes() - kFixedBytes;
        if (bytes != bloom::Layout(n(), bits()).bytes()) return Status::wrong_size;
        return bloom::Packed(hashes(), n(), bits()).check(bytes);
    }
    Status check_bitmap() const {
        if (!check_count() || !bloom::is_bitmap(n(), bits())) return Status::bad_content;
        const std::size_t bytes = payload_bytes() - kFixedBytes;
        if (bytes != bloom::bitmap_bytes(bits())) return Status::wrong_size;
        std::uint64_t ones = 0;
        for (std::size_t i = 0; i < bytes; ++i) ones += bloom::kBitsOfByte.count[load<std::uint8_t>(hashes() + i)];
        const bool padded = bits() >= 3 || load<std::uint8_t>(hashes()) >> (1 << bits()) == 0;
        return padded && ones == n() ? Status::ok : Status::bad_content;
    }
};

static_assert(Kernel<Bloom>);

}  // namespace sketch
