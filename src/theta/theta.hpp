// SPDX-License-Identifier: PostgreSQL
//
// theta: how many distinct, in unions, intersections and differences? The k smallest hashes of a set (KMV: Bar-Yossef
// et al., "Counting Distinct Elements in a Data Stream", 2002; Beyer et al., SIGMOD 2007) with the threshold theta
// below which all of its hashes are kept (Dasgupta, Lang, Rhodes, Thaler: "A Framework for Estimating Stream Expression
// Cardinalities", ICDT 2016).
//
// Error: exact up to k distinct values; then a relative standard error of 1/sqrt(k - 1): 1.6 % at the default k = 4096.
// Of an intersection or a difference that is the share J of the union: about 1/sqrt(k J).
//
// A hash is the 48 high bits of the 64-bit hash. Two of n distinct values share one with probability n/2^49: at 10^9
// values the estimate is low by 2 in a million. The threshold is one of the hashes, or 2^48 for theta = 1; once there
// are more than k hashes it is the (k+1)-th smallest, which makes k/theta the unbiased estimate. It is above every kept
// hash, so 0 is a hash like any other.
//
// Header: p0 = log2 k (4 to 20), p1 = bits of the low parts of a packed form, count = hashes.
//
//   mode      payload                                                                                   stored
//   packed    Elias-Fano coded hashes and the threshold (elias_fano.hpp)                                yes
//   list      u64 threshold, u32 sorted, u32 append_limit; then room for `append_limit` hashes of 8     no
//             bytes, the first `count` filled, of which the first `sorted` are ascending and distinct
//   hash_set  the same, with sorted and append_limit 0: the room is a hash set (core/hash_set.hpp)      no
//
//   list -- is full, and most that came repeat --> hash_set -- is full --> list
//   packed -- relay --> list; any working form -- settle, trim --> packed
//
// Whatever the order, splits and merges: the threshold and the hashes below it depend on the set of the values alone.
//
//   layout.hpp    where everything stands, and sizes   elias_fano.hpp  the coding of stored hashes
//   state.hpp     working images                       cursor.hpp      ascending runs of a settled image
//   stored.hpp    trimmed images: written, checked     merge_path.hpp  what two sketches have in common
//   estimate.hpp  the reader
#pragma once

#include "theta/estimate.hpp"
#include "theta/state.hpp"
#include "theta/stored.hpp"

namespace sketch {

class Theta : public theta::State {
  public:
    using Reader = theta::Reader;
    using Head = theta::Head;
    using Hash = theta::Hash;
    static constexpr int kMinLgK = theta::kMinLgK, kMaxLgK = theta::kMaxLgK, kDefaultLgK = 12;
    struct Params {
        int lg_k;
        bool operator==(const Params&) const = default;
    };

    using State::State;

    static std::size_t bytes_for(Params) { return working_bytes(12); }

    Params params() const { return {lg_k()}; }

    static Theta create(std::span<std::byte> room, Params params) {
        Theta s(room.data(), room.size());
        s.start(kHashXxh3, static_cast<std::uint8_t>(params.lg_k), theta::kOne);
        return s;
    }

    static Status check(std::span<const std::byte> image) { return theta::check(image); }

    bool empty() const { return nothing(); }

    // --- building ---------------------------------------------------------------------------------------------------

    Status add(std::uint64_t hash) {
        if (trimmed()) [[unlikely]]
            return Status::no_room;
        const Hash h = hash >> (64 - theta::kHashBits);
        if (h >= threshold()) return Status::ok;
        if (count() >= append_limit()) [[unlikely]] {
            if (mode() == theta::Mode::hash_set && set().holds(h)) return Status::ok;  // no call, as most come again
            return add_to_full(h);
        }
        append(h);
        return Status::ok;
    }

    std::size_t grown_bytes() const { return bytes_with(trimmed() ? count() + 1 : capacity() + 1, lg_k()); }

    Theta relay(std::span<std::byte> room) const {
        Theta s(room.data(), room.size());
        s.start_as(*this);
        return s;
    }

    // --- set operations: all leave the smaller k and the smaller theta of the two -----------------------------------

    std::size_t merge_bytes(const Theta& other) const {
        const std::size_t both = bytes_with(std::size_t{count()} + other.count(), std::min(lg_k(), other.lg_k()));
        return std::max(working_bytes(count()), both);
    }

    // The union. Many hashes are merged, few appended.
    Status merge(const Theta& other) {
        if (hash() != other.hash()) return Status::unlike_hash;
        if (mode() == theta::Mode::hash_set) settle();
        fold(other.lg_k(), other.threshold());
        if (other.mode() == theta::Mode::hash_set) {
            append_set(other);
        } else if (!other.settled()) {
            append_list(other);
        } else if (other.count() * std::min(1.0, theta() / other.theta()) > count() / 4) {
            settle();
            unite(other);
        } else {
            append_settled(other);
        }
        // Repetitions must not make the next merge ask for more room; again the work is paid by what was appended.
        if (count() - sorted() > sorted() / 2) settle();
        return Status::ok;
    }

    // In place, the intersection with another sketch, and what the other has not.
    Status intersect(const Reader& other) {
        settle();
        return keep_of<theta::Keep::common>(*this, other, nothing() || other.nothing());
    }
    Status except(const Reader& other) {
        settle();
        return keep_of<theta::Keep::only_first>(*this, other, nothing());
    }

    // The same of two sketches, of which the first stays as it is: this room becomes the result. Of kept_bytes(a).
    static std::size_t kept_bytes(const Reader& a) { return working_bytes(a.count()); }
    Status intersect(const Reader& a, const Reader& b) {
        return keep_of<theta::Keep::common>(a, b, a.nothing() || b.nothing());
    }
    Status except(const Reader& a, const Reader& b) { return keep_of<theta::Keep::only_first>(a, b, a.nothing()); }

    // --- settling and trimming --------------------------------------------------------------------------------------

    using State::settle, State::settled;
    std::size_t settle_bytes() const { return bytes_; }

    std::size_t trimmed_bytes() const { return theta::Stored::max_bytes(*this); }
    std::size_t trim(std::span<std::byte> room) const { return theta::Stored(room.data(), room.size()).write(*this); }
};

static_assert(Kernel<Theta>);

}  // namespace sketch
