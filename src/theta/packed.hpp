// SPDX-License-Identifier: PostgreSQL
//
// The stored form of a theta sketch: ascending distinct hashes of 48 bits below a threshold, in the manner of Elias and
// Fano (P. Elias, "Efficient storage and retrieval by content and address of static files", 1974; S. Vigna,
// "Quasi-succinct indices", arXiv:1206.4300). At k = 4096 and 10^6 values that is 30 bits a hash, two more than the
// mean distance of two neighbours has, and it reads at half a nanosecond a hash.
//
//   lows       the `width` low bits of each hash, least significant bit first, padded to a byte; width is a multiple
//              of 4, so that two hashes always fill whole bytes
//   highs      for each hash i, ascending, the bit (hash >> width) + i is set; ends with the byte of the last one
//   threshold  u64: theta times 2^48. It stands last, so that words may be read from anywhere before it.
//
// The width is the one of fewest bits for this count and threshold: equal sets give equal bytes.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "core/kernel.hpp"

namespace sketch::theta {

using Hash = std::uint64_t;

inline constexpr int kHashBits = 48;
inline constexpr Hash kOne = Hash{1} << kHashBits;  // the threshold theta = 1: every hash is below it

// Of equals the smallest.
constexpr int low_width(std::uint64_t n, Hash threshold) {
    int best = 0;
    std::uint64_t fewest = ~std::uint64_t{0};
    for (int width = 0; n != 0 && width < kHashBits; width += 4) {
        const std::uint64_t bits = n * static_cast<std::uint64_t>(width) + ((threshold - 1) >> width);
        if (bits >= fewest) continue;
        fewest = bits;
        best = width;
    }
    return best;
}

constexpr std::size_t low_bytes(std::size_t n, int width) { return (n * static_cast<std::size_t>(width) + 7) / 8; }

// Of a packed form at most, with the room that pack needs to write whole words.
constexpr std::size_t packed_bytes(std::size_t n, Hash threshold) {
    const int width = low_width(n, threshold);
    if (n == 0) return sizeof(Hash);
    return low_bytes(n, width) + (n + ((threshold - 1) >> width)) / 8 + 1 + 2 * sizeof(Hash);
}

// The low parts of hash(0) to hash(n - 1). Each store also clears, or leaves to the next, what stands behind its pair.
template <class Hashes>
inline void pack_lows(Hashes hash, std::size_t n, int width, std::byte* to) {
    const Hash mask = (Hash{1} << width) - 1;
    if (width <= 32) {
        for (std::size_t i = 0; i + 1 < n; i += 2, to += width / 4) store(to, (hash(i) & mask) | hash(i + 1) << width);
    } else {
        // An odd hash begins in the middle of a byte if width does.
        for (std::size_t i = 0; i + 1 < n; i += 2, to += width / 4) {
            const Hash even = hash(i) & mask, odd = hash(i + 1) & mask;
            store(to, even);
            store(to + width / 8, (width & 4 ? even >> (width - 4) : 0) | odd << (width & 4));
        }
    }
    if (n % 2 != 0) store(to, hash(n - 1) & mask);
}

// The high parts. To set bit after bit, each would wait for the word that the one before it has changed. So each sets a
// byte of a window, and then eight bytes at a time become one. Returns where they end.
template <class Hashes>
inline std::byte* pack_highs(Hashes hash, std::size_t n, int width, std::byte* to) {
    constexpr std::uint64_t kWindow = 4096;
    constexpr std::uint64_t kGather = 0x0102040810204080;  // the lowest bit of byte i to bit 56 + i
    const auto bit = [hash, width](std::size_t i) { return (hash(i) >> width) + i; };
    const std::uint64_t bits = bit(n - 1) + 1;
    std::byte window[kWindow];
    std::size_t i = 0;
    for (std::uint64_t first = 0; first < bits; first += kWindow) {
        const std::uint64_t size = std::min(kWindow, bits - first);
        std::size_t stop = n;
        for (std::size_t low = i; low < stop;) {
            const std::size_t middle = low + (stop - low) / 2;
            if (bit(middle) < first + size)
                low = middle + 1;
            else
                stop = middle;
        }
        std::memset(window, 0, (size + 7) / 8 * 8);
        for (; i < stop; ++i) window[bit(i) - first] = std::byte{1};
        for (std::uint64_t at = 0; at < size; at += 8)
            store(to++, static_cast<std::uint8_t>(load<std::uint64_t>(window + at) * kGather >> 56));
    }
    return to;
}

// Packs n ascending hashes, which stand at any address. Returns the bytes of the packed form.
inline std::size_t pack(const std::byte* hashes, std::size_t n, Hash threshold, std::byte* to) {
    const auto hash = [hashes](std::size_t i) { return load<Hash>(hashes + i * sizeof(Hash)); };
    std::byte* end = to;
    if (n != 0) {
        const int width = low_width(n, threshold);
        pack_lows(hash, n, width, to);
        end = pack_highs(hash, n, width, to + low_bytes(n, width));
    }
    store(end, threshold);
    return static_cast<std::size_t>(end - to) + sizeof(Hash);
}

inline Hash packed_threshold(const std::byte* form, std::size_t bytes) {
    return load<Hash>(form + bytes - sizeof(Hash));
}

// What a byte of highs says: how many hashes, and for each of them the zeros before it.
struct alignas(32) HighByte {  // aligned, so that none is spread over two cache lines
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

// Reads hashes in ascending runs, from a packed form or from an array at any address. Trusts its bytes.
class Reader {
  public:
    static constexpr std::size_t kRun = 1024;
    static constexpr std::size_t kShortRun = 256;  // for who may soon have enough

    static Reader of_packed(const std::byte* form, std::size_t n, int width) {
        return Reader(form, form + low_bytes(n, width), n, width);
    }
    static Reader of_array(const std::byte* hashes, std::size_t n) { return Reader(hashes, nullptr, n, 0); }

    // To read the hashes below the limit only.
    Reader& below(Hash limit) {
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
            if (width_ & 4)
                add_lows<4>(to, n);
            else
                add_lows<0>(to, n);
            if (left_ != 0) std::memmove(highs_of_, highs_of_ + n, kAhead * sizeof highs_of_[0]);
        }
        if (n == 0 || to[n - 1] < limit_) return n;
        left_ = 0;
        return static_cast<std::size_t>(std::lower_bound(to, to + n, limit_) - to);
    }

  private:
    Reader(const std::byte* lows, const std::byte* highs, std::size_t n, int width)
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

    template <int odd_shift>
    void add_lows(Hash* to, std::size_t n) {
        const Hash mask = (Hash{1} << width_) - 1;
        const int width = width_;
        const std::byte* low = lows_;
        const auto even = [&](std::size_t i) { return Hash{highs_of_[i]} << width | (load<Hash>(low) & mask); };
        for (std::size_t i = 0; i + 1 < n; i += 2, low += width / 4) {
            to[i] = even(i);
            to[i + 1] = Hash{highs_of_[i + 1]} << width | (load<Hash>(low + width / 8) >> odd_shift & mask);
        }
        if (n % 2 != 0) to[n - 1] = even(n - 1);
        lows_ = low;
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

// Whether these bytes are the packed form of n hashes.
inline Status check_packed(const std::byte* form, std::size_t bytes, std::size_t n, int width) {
    if (bytes < sizeof(Hash)) return Status::wrong_size;
    const Hash threshold = packed_threshold(form, bytes);
    if (threshold == 0 || threshold > kOne || n > threshold) return Status::bad_content;
    if (width != low_width(n, threshold)) return Status::bad_parameter;
    bytes -= sizeof(Hash);
    const std::size_t lows = low_bytes(n, width);
    if (n == 0) return bytes == 0 ? Status::ok : Status::wrong_size;
    if (bytes <= lows) return Status::wrong_size;
    const std::size_t highs = bytes - lows;
    if (n * static_cast<std::size_t>(width) % 8 != 0 && load<std::uint8_t>(form + lows - 1) > 15)
        return Status::bad_content;

    std::size_t ones = 0;
    for (std::size_t i = lows; i < bytes; ++i) ones += std::popcount(load<std::uint8_t>(form + i));
    const int last_byte = load<std::uint8_t>(form + bytes - 1);
    if (ones != n || last_byte == 0) return Status::bad_content;
    const std::uint64_t last_bit =
        (highs - 1) * 8 + static_cast<std::uint64_t>(std::bit_width(unsigned(last_byte))) - 1;
    if (last_bit - (n - 1) > (threshold - 1) >> width) return Status::bad_content;

    Reader reader = Reader::of_packed(form, n, width);
    Hash before = 0;
    bool first = true;
    for (auto run = reader.next(); !run.empty(); run = reader.next())
        for (const Hash hash : run) {
            if (!first && hash <= before) return Status::bad_content;
            before = hash;
            first = false;
        }
    return before < threshold ? Status::ok : Status::bad_content;
}

}  // namespace sketch::theta
