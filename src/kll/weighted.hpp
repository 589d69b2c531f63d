// SPDX-License-Identifier: PostgreSQL
//
// Values that came with weights, on their way into the levels: a value of weight w has an item in level h for each bit
// h of w. So that heavy rows cost no more than light ones, the low bits are sampled first, all of a batch together.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/bytes.hpp"
#include "kll/levels.hpp"
#include "kll/sort.hpp"

namespace sketch::kll {

struct Weighted {
    double value;
    std::uint64_t weight;
};
static_assert(sizeof(Weighted) == 2 * sizeof(double));

inline constexpr std::size_t kBatch = kBuffer * sizeof(double) / sizeof(Weighted);

// Of weights that sum to `total`, in a sketch of `all` values: how many of their low bits are sampled. That adds to a
// rank, in each of the four runs of a batch, a variance of about 4^shift; there are all/total such batches, and with
// 2^shift below sqrt(all * total)/(10 k) their sum is below (all/(5 k))^2, which is small beside the all^2/(10 k^2) of
// the levels' own.
constexpr int sampled_bits(std::uint64_t all, std::uint64_t total, int k) {
    const int shift = (std::bit_width(all) + std::bit_width(total)) / 2 - std::bit_width(10 * static_cast<unsigned>(k));
    return std::max(shift, 0);
}

// The most items that n values with weights become: each one for each bit of its weight that is not sampled, and one of
// them for what is left over below.
constexpr std::size_t most_items(std::size_t n, int k) {
    return n * (std::bit_width(10 * static_cast<unsigned>(k)) + 1) + kMaxLevels;
}

class Batch {
  public:
    // n of them in any order, at least one. No NaN, and -0.0 must have become 0.0.
    Batch(const std::byte* waiting, std::size_t n, const Levels& to, int k) {
        const std::uint64_t total = read(waiting, n);
        seed_ = splitmix64(to.head->seed + std::bit_cast<std::uint64_t>(least_));
        if (const int shift = sampled_bits(to.weight() + total, total, k); shift > 0) sample(shift, seed_);
        sort(n);
        spread();
    }

    std::size_t items() const { return items_; }

    // Where there is room for the items.
    void insert(Levels& to) const {
        to.head->seed = seed_;
        to.widen(least_, most_);
        *to.levels = std::max(*to.levels, levels_);
        const double* items = item_;
        for (std::uint32_t h = levels_; h-- > 0; items += pop_[h]) to.insert_sorted(items, pop_[h], h);
    }

  private:
    // Tags each value with its index in its lowest bits, and fills the batch up with rows of no weight. Gives the sum
    // of the weights.
    std::uint64_t read(const std::byte* waiting, std::size_t n) {
        static_assert(kBatch == 64);
        constexpr std::uint64_t kLargest = (std::uint64_t{0x7FF} << 52) - 1;
        std::memcpy(given_, waiting, n * sizeof(Weighted));
        std::fill(given_ + n, given_ + kBatch, Weighted{given_[0].value, 0});
        least_ = most_ = given_[0].value;
        std::uint64_t total = 0;
        for (std::size_t i = 0; i < kBatch; ++i) {
            const auto [value, weight] = given_[i];
            least_ = std::min(least_, value);
            most_ = std::max(most_, value);
            total += weight;
            const auto bits = std::bit_cast<std::uint64_t>(value);
            const std::uint64_t sign = bits & std::uint64_t{1} << 63, size = std::min(bits ^ sign, kLargest);
            tagged_[i] = std::bit_cast<double>(sign | (size & ~kIndex) | i);
        }
        return total;
    }
    static std::size_t index_of(double tagged) { return std::bit_cast<std::uint64_t>(tagged) & kIndex; }

    // Rounds the weights to multiples of 2^shift, up or down, so that each is right on average and their sum stays. The
    // low parts of all, laid end to end, are cut into pieces: first what is left over, then pieces of 2^shift; a row at
    // a random place of a piece stands for it. Every run of 16 values is laid in order, up and down in turn, so that
    // the values below any other end within one piece in each run: nowhere else is their rank off.
    void sample(int shift, std::uint64_t random) {
        Keys keys;
        sort_runs(tagged_, kBatch, keys);
        const std::uint64_t step = std::uint64_t{1} << shift, low = step - 1;
        std::uint64_t rest = 0;
        for (const Weighted& row : given_) rest += row.weight & low;
        __extension__ using Wide = unsigned __int128;
        const auto place_in = [&](std::uint64_t piece) {
            random = splitmix64(random);
            return static_cast<std::uint64_t>(Wide{piece} * random >> 64);
        };
        std::uint64_t begin = 0, end = 0, piece = (rest & low) != 0 ? rest & low : step, place = place_in(piece);
        for (std::size_t i = 0; i < kBatch; ++i) {
            const std::size_t run = i / kRun, in_run = run % 2 == 0 ? i % kRun : kRun - 1 - i % kRun;
            std::uint64_t& weight = given_[index_of(value_of(keys[run * kRun + in_run]))].weight;
            end += weight & low;
            weight &= ~low;
            for (; place < end; place = begin + place_in(piece)) {
                weight += piece;
                begin += piece;
                piece = step;
            }
        }
    }

    // What has a weight still, by value: as the write buffer is sorted; then what differs in the index alone is put in
    // order.
    void sort(std::size_t n) {
        n_ = 0;
        for (std::size_t i = 0; i < n; ++i) {
            tagged_[n_] = tagged_[i];
            n_ += given_[i].weight != 0;
        }
        sort_buffer(tagged_, n_);
        for (std::size_t i = 0; i < n_; ++i) {
            const Weighted row = given_[index_of(tagged_[i])];
            std::size_t at = i;
            for (; at > 0 && row_[at - 1].value > row.value; --at) row_[at] = row_[at - 1];
            row_[at] = row;
        }
    }

    // The values of each level, ascending; the highest level first, as each insertion moves what is below.
    void spread() {
        std::uint64_t bits = 0;
        for (std::size_t i = 0; i < n_; ++i) bits |= row_[i].weight;
        levels_ = static_cast<std::uint32_t>(std::bit_width(bits));
        items_ = 0;
        for (std::uint32_t h = levels_; h-- > 0;) {
            pop_[h] = 0;
            if ((bits >> h & 1) == 0) continue;
            const std::size_t before = items_;
            for (std::size_t i = 0; i < n_; ++i) {
                item_[items_] = row_[i].value;
                items_ += row_[i].weight >> h & 1;
            }
            pop_[h] = static_cast<std::uint32_t>(items_ - before);
        }
    }

    static constexpr std::uint64_t kIndex = kBatch - 1;

    std::uint64_t seed_;
    double least_, most_;
    Weighted given_[kBatch];  // in the order in which they came
    double tagged_[kBatch];
    std::size_t n_;
    Weighted row_[kBatch];  // by value
    std::uint32_t levels_, pop_[64];
    std::size_t items_;
    double item_[most_items(kBatch, 65535) + 1];
};

}  // namespace sketch::kll
