// SPDX-License-Identifier: PostgreSQL
//
// Sets of hashes, kept as a plain array: new hashes are appended, and once the array is full it is sorted and cleared
// of repetitions in one go. A row then costs one store at the end of its group's array, where a table would cost it a
// random line.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

namespace sketch {

// Straight insertion: the fastest sort of a handful.
template <class Hash>
void sort_few(Hash* first, std::size_t n) {
    for (std::size_t i = 1; i < n; ++i) {
        const Hash hash = first[i];
        std::size_t j = i;
        for (; j > 0 && first[j - 1] > hash; --j) first[j] = first[j - 1];
        first[j] = hash;
    }
}

// One pass of a sort over the leading bits in which hashes differ: deals them into as many buckets as there are hashes.
template <class Hash>
class Deal {
  public:
    // differ: the bits that are not the same in all hashes; some are not. n is below 2^32.
    Deal(Hash* first, std::size_t n, Hash differ) : first_(first), n_(n) {
        const int width = std::bit_width(differ);
        const int bits = std::min({static_cast<int>(std::bit_width(n)), kMostBits, width});
        shift_ = width - bits;
        mask_ = (Hash{1} << bits) - 1;
        find_places();
        n <= kAside ? deal_aside() : deal_in_place();
    }

    std::size_t buckets() const { return std::size_t{mask_} + 1; }
    std::size_t end(std::size_t bucket) const { return place_[bucket]; }
    std::size_t largest() const { return largest_; }

  private:
    static constexpr int kMostBits = 12;
    static constexpr std::size_t kAside = 8192;

    std::size_t bucket(Hash hash) const { return (hash >> shift_) & mask_; }

    // Where each bucket begins.
    void find_places() {
        std::memset(place_, 0, buckets() * sizeof *place_);
        for (std::size_t i = 0; i < n_; ++i) ++place_[bucket(first_[i])];
        std::uint32_t sum = 0;
        for (std::size_t b = 0; b < buckets(); ++b) {
            largest_ = std::max(largest_, place_[b]);
            sum += std::exchange(place_[b], sum);
        }
    }

    // Both move each place to the end of its bucket.
    [[gnu::noinline]] void deal_aside() {
        Hash dealt[kAside];
        for (std::size_t i = 0; i < n_; ++i) dealt[place_[bucket(first_[i])]++] = first_[i];
        std::memcpy(first_, dealt, n_ * sizeof *dealt);
    }
    // McIlroy, Bostic, McIlroy: "Engineering Radix Sort", 1993.
    [[gnu::noinline]] void deal_in_place() {
        std::uint32_t end[1 << kMostBits];
        std::memcpy(end, place_ + 1, (buckets() - 1) * sizeof *end);
        end[buckets() - 1] = static_cast<std::uint32_t>(n_);
        for (std::size_t b = 0; b < buckets(); ++b)
            while (place_[b] < end[b]) {
                Hash hash = first_[place_[b]];
                for (std::size_t home; (home = bucket(hash)) != b;) std::swap(hash, first_[place_[home]++]);
                first_[place_[b]++] = hash;
            }
    }

    Hash* const first_;
    const std::size_t n_;
    int shift_;
    Hash mask_;
    std::uint32_t largest_ = 0;
    std::uint32_t place_[1 << kMostBits];
};

// Hashes are spread evenly, so once dealt they are all but sorted: 5 ns a hash, where comparing takes 30. Where they
// are not spread, because rows repeat or somebody chose them, large buckets are dealt again by the bits that follow.
template <class Hash>
[[gnu::noinline]] void sort_hashes(Hash* first, std::size_t n) {
    constexpr std::size_t kHandful = 8, kSmallBucket = 32;
    if (n <= kHandful) return sort_few(first, n);

    Hash differ = 0;
    for (std::size_t i = 1; i < n; ++i) differ |= first[i] ^ first[0];
    if (differ == 0) return;
    const Deal<Hash> deal(first, n, differ);
    if (deal.largest() <= kSmallBucket) return sort_few(first, n);
    for (std::size_t b = 0, from = 0; b < deal.buckets(); from = deal.end(b++))
        sort_hashes(first + from, deal.end(b) - from);
}

// Ascending and without repetitions: how many are left.
template <class Hash>
std::size_t sort_distinct(Hash* first, std::size_t n) {
    sort_hashes(first, n);
    return static_cast<std::size_t>(std::unique(first, first + n) - first);
}

}  // namespace sketch
