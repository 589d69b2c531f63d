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
//   spread   as list, but for the hashes: a table (core/hash_set.hpp) of `settled` hashes, while most values come
//   again; also
//            of hashes that were cut to r bits. Working.
//   table    u64 n, u64 slots, room for 252 hashes, or 8192 in an image of 1 MB and more, of which `count` wait; then
//            table.hpp: words of 4 bytes, or 8 from r = 32 on. Working.
//   bits     u64 n, u64 zero, the same room, then the bitmap. Working.
//
// Trimmed bytes depend on the set of values alone. A state has room for 10^8 prefixes of more than 32 bits; with more
// it is cut to 32, which a bitmap of 512 MB can hold all.
#pragma once

#include <algorithm>
#include <cmath>

#include "bloom/state.hpp"
#include "core/kernel.hpp"

namespace sketch {

class Bloom : public bloom::State {
  public:
    class Reader;
    static constexpr double kDefaultCapacity = 4e6, kDefaultRate = 0.01, kMostRate = 0.5, kLeastRate = 1e-5;
    static constexpr std::int64_t kMostCapacity = 100000000;
    static constexpr int kMostBits = 44;
    struct Params {
        double capacity, rate;
    };
    using bloom::State::State;
    using Prefix = bloom::Prefix;

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

    // --- building ---------------------------------------------------------------------------------------------------

    Status add(std::uint64_t hash) {
        if (mode() >= kTable && append(hash, wait_capacity())) [[likely]]
            return Status::ok;
        return add_to_full(hash);
    }

    std::size_t grown_bytes() const {
        // A table grows by two steps at once while it is small: what costs is to move it.
        const std::size_t times = size() < 1000000 ? 4 : 2;
        const std::size_t n = mode() == kTable ? times * size() : std::max(size() + size() / 2, list_capacity()) + 1;
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
        if (is_spread()) settle();
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
    bool trims_to_exact() const { return is_list() && count() <= (mode() == kList ? kMostExact : 0); }

    // --- checking ----------------------------------------------------------------------------------------------------

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
        if (bytes != bloom::Sizes(n(), bits()).bytes()) return Status::wrong_size;
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

// Answers questions about trimmed images.
class Bloom::Reader : public Bloom {
  public:
    explicit Reader(Trimmed<Bloom> sketch) : Bloom(sketch.image()) {}
};

static_assert(Kernel<Bloom>);

}  // namespace sketch
