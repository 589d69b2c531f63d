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

// Of weights that sum to `total`, in a sketch of `all` values: how many of their low bits are sampled. Rounding the sum
// of a batch to 2^shift has a variance of about 4^shift; there are all/total such batches, and with 2^shift below
// sqrt(all * total)/(5 k) their sum is below (all/(5 k))^2, which is small beside the all^2/(10 k^2) of the levels'
// own.
constexpr int sampled_bits(std::uint64_t all, std::uint64_t total, int k) {
    const int shift = (std::bit_width(all) + std::bit_width(total)) / 2 - std::bit_width(5 * static_cast<unsigned>(k));
    return std::max(shift, 0);
}

// The most items that n values with weights become: each one for each bit of its weight that is not sampled, and one of
// them for what is left over below.
constexpr std::size_t most_items(std::size_t n, int k) {
    return n * (std::bit_width(5 * static_cast<unsigned>(k)) + 1) + kMaxLevels;
}

class Batch {
  public:
    // n of them in any order. No NaN, and -0.0 must have become 0.0.
    Batch(const std::byte* waiting, std::size_t n, const Levels& to, int k) : n_(n) {
        sort(waiting);
        std::uint64_t total = 0;
        for (std::size_t i = 0; i < n_; ++i) total += row_[i].weight;
        const int shift = sampled_bits(to.weight() + total, total, k);
        seed_ = splitmix64(to.head->seed + std::bit_cast<std::uint64_t>(row_[0].value));
        least_ = row_[0].value;
        most_ = row_[n_ - 1].value;
        if (shift > 0) sample(shift, seed_);
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
    // By value: as the write buffer is sorted, with each one's index in its lowest bits; then what differs in these
    // alone is put in order.
    void sort(const std::byte* waiting) {
        static_assert(kBatch == 64);
        constexpr std::uint64_t kIndex = kBatch - 1, kLargest = (std::uint64_t{0x7FF} << 52) - 1;
        double tagged[kBuffer];
        for (std::size_t i = 0; i < n_; ++i) {
            const auto bits = load<std::uint64_t>(waiting + i * sizeof(Weighted));
            const std::uint64_t sign = bits & std::uint64_t{1} << 63, size = std::min(bits ^ sign, kLargest);
            tagged[i] = std::bit_cast<double>(sign | (size & ~kIndex) | i);
        }
        sort_buffer(tagged, n_);
        for (std::size_t i = 0; i < n_; ++i) {
            const std::uint64_t from = std::bit_cast<std::uint64_t>(tagged[i]) & kIndex;
            const auto row = load<Weighted>(waiting + from * sizeof(Weighted));
            std::size_t at = i;
            for (; at > 0 && row_[at - 1].value > row.value; --at) row_[at] = row_[at - 1];
            row_[at] = row;
        }
    }

    // Rounds the weights to multiples of 2^shift, up or down, so that each is right on average and their sum stays. The
    // low parts of all, laid end to end in the order of the values, are cut into pieces: first what is left over, then
    // pieces of 2^shift. The row at one place in a piece, the same in each, stands for the piece. So a rank is off by
    // less than 2^shift, and what the shift adds to its variance is small beside what the levels have.
    void sample(int shift, std::uint64_t random) {
        const std::uint64_t step = std::uint64_t{1} << shift, low = step - 1;
        std::uint64_t rest = 0;
        for (std::size_t i = 0; i < n_; ++i) rest += row_[i].weight & low;
        const std::uint64_t left_over = rest & low, offset = random >> (64 - shift);
        __extension__ using Wide = unsigned __int128;
        std::uint64_t place = static_cast<std::uint64_t>(Wide{left_over} * offset >> shift), end = 0;
        std::uint64_t piece = left_over;  // the weight of the next piece
        if (piece == 0) {
            place = offset;
            piece = step;
        }
        for (std::size_t i = 0; i < n_; ++i) {
            end += row_[i].weight & low;
            row_[i].weight &= ~low;
            while (place < end) {
                row_[i].weight += piece;
                place = piece == step ? place + step : left_over + offset;
                piece = step;
            }
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

    std::size_t n_;
    std::uint64_t seed_;
    double least_, most_;
    Weighted row_[kBatch];
    std::uint32_t levels_, pop_[64];
    std::size_t items_;
    double item_[most_items(kBatch, 65535) + 1];
};

}  // namespace sketch::kll
