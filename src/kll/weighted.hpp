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

// The most items that n values with weights become. Below the bits that are sampled there is one item's only.
constexpr std::size_t most_items(std::size_t n, int k) {
    return n * (std::bit_width(5 * static_cast<unsigned>(k)) + 2) + kMaxLevels;
}

class Batch {
  public:
    // n of them in any order. No NaN, and -0.0 must have become 0.0.
    Batch(const std::byte* waiting, std::size_t n, const Levels& to, int k) : n_(n) {
        sort(waiting);
        std::uint64_t total = 0;
        for (std::size_t i = 0; i < n_; ++i) total += row_[i].weight;
        const std::uint64_t all = to.weight() + total;
        const int shift =
            (std::bit_width(all) + std::bit_width(total)) / 2 - 1 - std::bit_width(5 * static_cast<unsigned>(k));
        seed_ = splitmix64(to.head->seed + std::bit_cast<std::uint64_t>(row_[0].value));
        least_ = row_[0].value;
        most_ = row_[n_ - 1].value;
        if (shift > 0) sample(shift, seed_);
    }

    std::size_t items() const {
        std::size_t sum = 0;
        for (std::size_t i = 0; i < n_; ++i) sum += static_cast<std::size_t>(std::popcount(row_[i].weight));
        return sum;
    }

    // Where there is room for items() more.
    void insert(Levels& to) const {
        to.head->seed = seed_;
        to.widen(least_, most_);
        std::uint64_t bits = 0;
        for (std::size_t i = 0; i < n_; ++i) bits |= row_[i].weight;
        *to.levels = std::max(*to.levels, static_cast<std::uint32_t>(std::bit_width(bits)));
        while (bits != 0) {  // from the highest level on, as each insertion moves what is below
            const int h = std::bit_width(bits) - 1;
            bits ^= std::uint64_t{1} << h;
            double values[kBatch];
            std::size_t found = 0;
            for (std::size_t i = 0; i < n_; ++i) {
                values[found] = row_[i].value;
                found += row_[i].weight >> h & 1;
            }
            to.insert_sorted(values, found, static_cast<std::uint32_t>(h));
        }
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

    std::size_t n_;
    std::uint64_t seed_;
    double least_, most_;
    Weighted row_[kBatch];
};

}  // namespace sketch::kll
