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
// capacity it goes on, and the rate rises in proportion. Sketches with unequal r merge to the smaller. More than 10^8
// prefixes of more than 31 bits are cut to 31, of which a bitmap of 256 MiB can hold all.
//
// Header: p0 = r (1 to 44), p1 = 1 if working and clustered (linear_probing.hpp), count = hashes in the buffer.
//
//   trimmed   payload: f64 rate, u64 n, then
//   exact     n hashes of 8 bytes, ascending, distinct
//   packed    n prefixes as in elias_fano.hpp
//   bitmap    a bit for each prefix there can be, where that is smaller
//
//   working   payload: f64 rate, u64 n, u32 room, u32 sorted, a buffer of `room` hashes; then the main part, of n:
//   list      none: the hashes are in the buffer, the first `sorted` of them ascending and distinct
//   log       packed prefixes, to which those in the buffer are added together (the log-structured merge tree of O'Neil
//             et al., 1996, with one run). Of a hash in the buffer only r bits are meant; the first `sorted` of them
//             are ascending, distinct, and not packed. n may be 0
//   hash set, prefix set    hashes in open addressing (core/hash_set.hpp), for values that come again; room is 0
//   table     prefixes in a linear-probing table. r is at most 31
//   bits      the bitmap
//
//   from        to          when
//   any list    hash set    it was full, and less than half of what came was new; back when that is three quarters full
//   list, log   table       more than 8000, r up to 31        (until then larger lists)
//   list, log   log         more than 8000, r from 32 on; it packs what its buffer held as often as that is full
//   table       log         the prefixes are clustered
//   all         bits        a bitmap is no larger than the next size; or there are more than 10^8 of 32 bits or more
//
// Trimmed bytes depend on the set of values alone. A working image of a trimmed one of s bytes has at most
// 32 s + 256 KiB.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "bloom/estimate.hpp"
#include "bloom/set_operations.hpp"
#include "bloom/state.hpp"
#include "bloom/stored.hpp"
#include "core/kernel.hpp"

namespace sketch {

class Bloom : public bloom::State {
  public:
    using Reader = bloom::Reader;
    using Head = bloom::Head;
    using Union = bloom::Union;
    using Intersection = bloom::Intersection;
    static constexpr double kDefaultCapacity = 4e6, kDefaultRate = 0.01;
    static constexpr std::int64_t kMaxCapacity = 100000000;
    struct Params {
        int bits = 1;  // of a prefix
        double rate;

        // For so many values, and false positives at this rate.
        constexpr Params(double capacity, double rate) : rate(rate) {
            while (rate * static_cast<double>(std::uint64_t{1} << bits) < capacity) ++bits;
        }
        bool operator==(const Params&) const = default;
        // How many values there may be.
        double capacity() const { return rate * static_cast<double>(std::uint64_t{1} << bits); }
    };
    using bloom::State::State;

    static std::size_t bytes_for(Params) { return list_bytes(0); }

    static Bloom create(std::span<std::byte> room, Params params) { return begin(room, params.bits, params.rate); }
    Params params() const {
        Params params(0, rate());
        params.bits = bits();
        return params;
    }

    // An empty one with the parameters of this.
    std::size_t like_bytes() const { return list_bytes(0); }
    Bloom create_like(std::span<std::byte> room) const { return begin(room, bits(), rate()); }

    static Status check(std::span<const std::byte> image) { return bloom::Stored::check(image); }

    bool empty() const { return size() == 0; }

    // The same in other room. In as much room as it has it is copied, so that it can settle.
    Bloom relay(std::span<std::byte> room) const {
        Bloom s(room.data(), room.size());
        if (!trimmed() && room.size() == bytes_)
            copy_in_steps(s.image_, image_, bytes_);
        else
            s.convert(*this);
        return s;
    }

    std::size_t merge_bytes(const Bloom& other) const { return bytes_to_take(other); }

    Status merge(const Bloom& other) { return hash() == other.hash() ? take(other) : Status::unlike_hash; }

    std::size_t trimmed_bytes() const {
        if (trimmed()) return bytes_;
        return trims_to_exact() ? exact_bytes(count()) : bloom::Stored::max_bytes(size(), bits());
    }

    std::size_t trim(std::span<std::byte> room) const {
        if (trimmed()) {
            copy_in_steps(room.data(), image_, bytes_);
            return bytes_;
        }
        bloom::Stored to(room);
        if (trims_to_exact())
            return to.write_exact(reinterpret_cast<const std::uint64_t*>(buffer()), count(), bits(), rate());
        if (mode() == kBits && bitmap_is_smaller(n(), bits())) return trim_bits(to);
        const auto prefixes = [this](int bits) { return bloom::Prefixes(*this, bits); };
        const bloom::Content content =
            mode() == kTable ? bloom::Content{count_table(), bits()} : bloom::counted(bits(), prefixes);
        return to.write_prefixes(content, rate(), prefixes);
    }

  private:
    static Bloom begin(std::span<std::byte> room, int bits, double rate) {
        Bloom s(room.data(), room.size());
        s.set_header(kKind, kVersion, kHashXxh3, static_cast<std::uint8_t>(bits), 0);
        s.set_slots(0);
        s.set_rate(rate);
        s.start_list(kList);
        return s;
    }
    std::size_t trim_bits(bloom::Stored& to) const {
        to.start_bitmap(part(), bits(), rate());
        for (std::size_t i = 0; i < count(); ++i) bloom::set_bit(to.bitmap(), hash_at(i) >> (64 - bits()));
        return to.finish_bitmap();
    }
    bool trims_to_exact() const { return size() == 0 || (mode() == kList && count() <= kMaxExact); }
};

static_assert(Kernel<Bloom>);

}  // namespace sketch
