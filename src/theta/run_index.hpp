// SPDX-License-Identifier: PostgreSQL
//
// Which hashes does a run have? A merge of two sketches would answer with a chain of steps that each wait for the one
// before; here the answers do not depend on each other, and the processor finds several at a time. Hashes are uniform,
// so a hash's distance from the beginning of the run tells where it stands: in one of 2048 buckets for at most 256
// hashes. Crafted hashes may all share one bucket, and then each answer takes a binary search.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <span>

#include "theta/packed.hpp"

namespace sketch::theta {

class RunIndex {
  public:
    // Of a run that a reader gave and that stays valid; no hash below `from` will be asked for.
    RunIndex(std::span<const Hash> run, Hash from) : run_(run.data()), end_(run.data() + run.size()), from_(from) {
        shift_ = std::max(0, static_cast<int>(std::bit_width(run.back() - from)) - kBucketBits);
        // An empty bucket leads to the last hash, which is not the one that is looked for.
        std::memset(first_, static_cast<int>(run.size() - 1), sizeof first_);
        for (std::size_t i = run.size(); i-- > 0;) first_[(run[i] - from) >> shift_] = static_cast<std::uint8_t>(i);
    }

    // Of a hash between `from` and the last of the run.
    bool has(Hash hash) const {
        const Hash* at = run_ + first_[(hash - from_) >> shift_];
        if (at[1] <= hash) [[unlikely]]
            at = std::lower_bound(at + 1, end_, hash);
        return *at == hash;
    }

  private:
    static constexpr int kBucketBits = 11;
    static_assert(Reader::kRun <= 256, "a place in a run must fit a byte");

    const Hash* run_;
    const Hash* end_;
    Hash from_;
    int shift_;
    std::uint8_t first_[1 << kBucketBits];
};

}  // namespace sketch::theta
