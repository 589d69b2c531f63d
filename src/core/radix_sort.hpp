// SPDX-License-Identifier: PostgreSQL
//
// Sets of hashes, kept as a plain array: new hashes are appended, and once the array is full it is sorted and cleared
// of repetitions in one go, by a most significant digit first radix sort. A row then costs one store at the end of its
// group's array, where a hash table would cost it a random cache line.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include "core/interrupts.hpp"

namespace sketch {

// Insertion sort: the fastest of a handful.
template <class Hash>
void insertion_sort(Hash* first, std::size_t n) {
    for (std::size_t i = 1; i < n; ++i) {
        const Hash hash = first[i];
        std::size_t j = i;
        for (; j > 0 && first[j - 1] > hash; --j) first[j] = first[j - 1];
        first[j] = hash;
    }
}

// One pass: partitions hashes by the leading bits in which they differ, into about as many buckets as there are hashes.
template <class Hash>
class RadixPass {
  public:
    // differ: the bits that are not the same in all hashes; some are not. n is below 2^32.
    RadixPass(Hash* first, std::size_t n, Hash differ) : first_(first), n_(n) {
        const int width = std::bit_width(differ);
        const int bits = std::min({static_cast<int>(std::bit_width(n)), kMaxBits, width});
        shift_ = width - bits;
        mask_ = (Hash{1} << bits) - 1;
        count_buckets();
        n <= kMaxCopied ? partition_by_copy() : partition_in_place();
    }

    std::size_t buckets() const { return std::size_t{mask_} + 1; }
    std::size_t end(std::size_t bucket) const { return place_[bucket]; }
    std::size_t largest() const { return largest_; }

  private:
    static constexpr int kMaxBits = 12;
    static constexpr std::size_t kMaxCopied = 8192;
    static constexpr std::size_t kInterruptStep = 1 << 16;

    std::size_t bucket(Hash hash) const { return (hash >> shift_) & mask_; }

    // Where each bucket begins: the prefix sums of their sizes.
    void count_buckets() {
        std::memset(place_, 0, buckets() * sizeof *place_);
        for (std::size_t i = 0; i < n_; ++i) ++place_[bucket(first_[i])];
        std::uint32_t sum = 0;
        for (std::size_t b = 0; b < buckets(); ++b) {
            largest_ = std::max(largest_, place_[b]);
            sum += std::exchange(place_[b], sum);
        }
    }

    // Both move each place to the end of its bucket.
    [[gnu::noinline]] void partition_by_copy() {
        Hash copy[kMaxCopied];
        for (std::size_t i = 0; i < n_; ++i) copy[place_[bucket(first_[i])]++] = first_[i];
        std::memcpy(first_, copy, n_ * sizeof *copy);
    }
    // American flag sort (McIlroy, Bostic, McIlroy: "Engineering Radix Sort", 1993).
    [[gnu::noinline]] void partition_in_place() {
        std::uint32_t end[1 << kMaxBits];
        std::memcpy(end, place_ + 1, (buckets() - 1) * sizeof *end);
        end[buckets() - 1] = static_cast<std::uint32_t>(n_);
        std::size_t moved = 0;
        for (std::size_t b = 0; b < buckets(); ++b)
            while (place_[b] < end[b]) {
                Hash hash = first_[place_[b]];
                for (std::size_t other; (other = bucket(hash)) != b; ++moved) std::swap(hash, first_[place_[other]++]);
                first_[place_[b]++] = hash;
                if (++moved < kInterruptStep) [[likely]]
                    continue;
                check_interrupts();
                moved = 0;
            }
    }

    Hash* const first_;
    const std::size_t n_;
    int shift_;
    Hash mask_;
    std::uint32_t largest_ = 0;
    std::uint32_t place_[1 << kMaxBits];
};

// Hashes are uniform, so after one pass they are all but sorted: 5 ns a hash, where comparing takes 30. Where they are
// not, because rows repeat or the hashes are adversarial, large buckets are partitioned again by the bits that follow.
// Each level of that takes at least 6 bits, so there are at most 11.
template <class Hash>
[[gnu::noinline]] void sort_hashes(Hash* first, std::size_t n) {
    constexpr std::size_t kHandful = 8, kSmallBucket = 32;
    if (n <= kHandful) return insertion_sort(first, n);

    Hash differ = 0;
    for (std::size_t i = 1; i < n; ++i) differ |= first[i] ^ first[0];
    if (differ == 0) return;
    const RadixPass<Hash> pass(first, n, differ);
    if (pass.largest() <= kSmallBucket) return insertion_sort(first, n);
    for (std::size_t b = 0, from = 0; b < pass.buckets(); from = pass.end(b++)) {
        sort_hashes(first + from, pass.end(b) - from);
        if (b % 64 == 63 && n > (1 << 16)) check_interrupts();
    }
}

// Ascending and without repetitions: how many are left.
template <class Hash>
std::size_t sort_distinct(Hash* first, std::size_t n) {
    sort_hashes(first, n);
    return static_cast<std::size_t>(std::unique(first, first + n) - first);
}

}  // namespace sketch
