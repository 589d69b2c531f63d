// SPDX-License-Identifier: PostgreSQL
//
// Reads the hashes of a settled image in ascending runs: decoded from Elias-Fano coding, or copied from an array, which
// may stand at any address. Trusts its bytes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "theta/elias_fano.hpp"

namespace sketch::theta {

// What a byte of highs says: how many hashes, and for each of them the zeros before it.
struct alignas(32) HighByte {  // aligned, so that none lies in two cache lines
    std::uint32_t zeros[8];
};
struct HighBytes {
    HighByte of[256];
    std::uint8_t ones[256];
};
inline constexpr HighBytes kHighBytes = [] {
    HighBytes table{};
    for (int byte = 0; byte < 256; ++byte)
        for (int bit = 0, zeros = 0; bit < 8; ++bit) {
            if (byte >> bit & 1)
                table.of[byte].zeros[table.ones[byte]++] = static_cast<std::uint32_t>(zeros);
            else
                ++zeros;
        }
    return table;
}();

class Cursor {
  public:
    static constexpr std::size_t kRun = 1024;
    static constexpr std::size_t kShortRun = 256;  // for who may soon have enough

    static Cursor of_coded(const std::byte* coded, std::size_t n, int width) {
        const std::byte* const lows = coded + sizeof(Hash);
        return Cursor(lows, lows + low_bytes(n, width), n, width);
    }
    static Cursor of_array(const std::byte* hashes, std::size_t n) { return Cursor(hashes, nullptr, n, 0); }

    // To read the hashes below the limit only.
    Cursor& below(Hash limit) {
        limit_ = limit;
        return *this;
    }

    // The next run, empty at the end. It is the caller's until the next call. `most` is even.
    std::span<Hash> next(std::size_t most = kRun) { return {run_, next_to(run_, most)}; }

    // The rest of a run and what follows it.
    std::span<Hash> refill(std::span<const Hash> rest, std::size_t most = kRun) {
        std::memmove(run_, rest.data(), rest.size() * sizeof(Hash));
        return {run_, rest.size() + next_to(run_ + rest.size(), (most - rest.size()) / 2 * 2)};
    }

    // The next run, to the caller's room for it. Returns its length.
    std::size_t next_to(Hash* to, std::size_t most = kRun) {
        const std::size_t n = std::min(left_, most);
        left_ -= n;
        if (highs_ == nullptr) {
            std::memcpy(to, lows_, n * sizeof(Hash));
            lows_ += n * sizeof(Hash);
        } else {
            read_highs(n);
            add_lows(to, n);
            if (left_ != 0) std::memmove(highs_of_, highs_of_ + n, kAhead * sizeof highs_of_[0]);
        }
        if (n == 0 || to[n - 1] < limit_) return n;
        left_ = 0;
        return static_cast<std::size_t>(std::lower_bound(to, to + n, limit_) - to);
    }

  private:
    Cursor(const std::byte* lows, const std::byte* highs, std::size_t n, int width)
        : lows_(lows), highs_(highs), left_(n), width_(width) {}

    // High parts, byte by byte and without branches: always eight, of which the next byte overwrites those that are
    // none. What a byte has beyond the run waits for the next run. Runs are of even length but for the last, so that
    // each begins with a whole byte of lows.
    void read_highs(std::size_t want) {
        std::size_t n = ahead_;
        std::uint32_t zeros = zeros_;
        const std::byte* highs = highs_;
        for (; n < want; ++highs) {
            const auto byte = load<std::uint8_t>(highs);
            const HighByte& high = kHighBytes.of[byte];
            for (std::size_t i = 0; i < 8; ++i) highs_of_[n + i] = zeros + high.zeros[i];
            n += kHighBytes.ones[byte];
            zeros += 8 - kHighBytes.ones[byte];
        }
        highs_ = highs;
        zeros_ = zeros;
        ahead_ = n - want;
    }

    // A pair fills whole bytes, and its even hash ends in the middle of one if the width does.
    void add_lows(Hash* to, std::size_t n) {
        const int width = width_;
        const Hash mask = (Hash{1} << width) - 1;
        const std::size_t even_bytes = static_cast<std::size_t>(width + 7) / 8,
                          pair_bytes = static_cast<std::size_t>(width) / 4;
        const int even_shift = static_cast<int>(64 - 8 * even_bytes) & 63, odd_shift = (64 - width) & 63;
        const std::byte* low = lows_ - sizeof(Hash);
        const auto part = [&](std::size_t end, int shift) { return load<Hash>(low + end) >> shift & mask; };
        for (std::size_t i = 0; i + 1 < n; i += 2, low += pair_bytes) {
            to[i] = Hash{highs_of_[i]} << width | part(even_bytes, even_shift);
            to[i + 1] = Hash{highs_of_[i + 1]} << width | part(pair_bytes, odd_shift);
        }
        if (n % 2 != 0) to[n - 1] = Hash{highs_of_[n - 1]} << width | part(even_bytes, even_shift);
        lows_ = low + sizeof(Hash);
    }

    const std::byte* lows_;
    const std::byte* highs_;
    std::size_t left_;
    Hash limit_ = ~Hash{0};
    int width_;
    std::uint32_t zeros_ = 0;                 // among the highs that were read
    static constexpr std::size_t kAhead = 8;  // hashes of one byte of highs
    std::size_t ahead_ = 0;
    std::uint32_t highs_of_[kRun + kAhead];
    Hash run_[kRun];
};

}  // namespace sketch::theta
