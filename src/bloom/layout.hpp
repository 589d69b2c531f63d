// SPDX-License-Identifier: PostgreSQL
//
// Where everything stands in an image of bloom, and how large an image of each form is. bloom.hpp draws the map.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "bloom/bitmap.hpp"
#include "bloom/elias_fano.hpp"
#include "bloom/linear_probing.hpp"
#include "core/hash_set.hpp"
#include "core/kernel.hpp"

namespace sketch::bloom {

using Hashes = HashSet<std::uint64_t>;

class Layout : public View {
  public:
    static constexpr std::uint8_t kKind = 'B';
    static constexpr std::uint8_t kVersion = 1;
    static constexpr int kMaxBits = 44;
    static constexpr double kMaxRate = 0.5, kMinRate = 1e-5;
    static constexpr std::size_t kMaxExact = 224;  // below the TOAST threshold: a row holds so many hashes in line
    static constexpr std::uint64_t kMaxLong = 100000000;  // prefixes of more bits than a bitmap may have

    using View::View;

    int bits() const { return p0(); }
    double rate() const { return load<double>(payload()); }
    bool trimmed() const { return mode() <= kBitmap; }
    // Whether it may hold whole hashes alone.
    bool exact() const { return mode() == kExact || mode() == kList || mode() == kHashSet; }
    // Hashes or prefixes, at most.
    std::size_t size() const { return n() + count(); }
    // Whether all parts can be read in ascending order. What waits before a table or a bitmap is read with it.
    bool settled() const { return trimmed() || is_dense() || (!is_hash_set() && sorted() == count()); }

  protected:
    friend class Part;
    friend class Prefixes;
    friend class Union;
    friend class Intersection;

    enum Mode : std::uint8_t { kExact, kPacked, kBitmap, kList, kLog, kHashSet, kPrefixSet, kTable, kBits };

    bool is_list() const { return mode() == kList || mode() == kLog; }
    bool is_hash_set() const { return mode() == kHashSet || mode() == kPrefixSet; }
    bool is_dense() const { return mode() == kTable || mode() == kBits; }
    bool is_bits() const { return mode() == kBitmap || mode() == kBits; }
    bool clustered() const { return p1() != 0; }

    // --- places ------------------------------------------------------------------------------------------------------

    static constexpr std::size_t kStoredAt = kHeaderBytes + 16, kBufferAt = kHeaderBytes + 24;

    std::uint64_t n() const { return load<std::uint64_t>(payload() + 8); }
    std::size_t room() const { return load<std::uint32_t>(payload() + 16); }
    std::size_t sorted() const { return load<std::uint32_t>(payload() + 20); }
    const std::byte* buffer() const { return image_ + (trimmed() ? kStoredAt : kBufferAt); }
    std::byte* buffer() { return image_ + (trimmed() ? kStoredAt : kBufferAt); }
    std::uint64_t hash_at(std::size_t i) const { return load<std::uint64_t>(buffer() + i * sizeof(std::uint64_t)); }
    // The main part: the form of a trimmed image, or what stands behind the buffer.
    const std::byte* part() const { return image_ + part_at(); }
    std::byte* part() { return image_ + part_at(); }
    std::size_t part_bytes() const { return bytes_ - part_at(); }

    EliasFano packed() const { return {part(), n(), bits()}; }
    LinearProbing table() const { return {const_cast<std::byte*>(part()), slots_in(part_bytes()), bits()}; }
    std::size_t table_capacity() const { return capacity_in(part_bytes()); }
    Hashes hash_set() const {
        return {reinterpret_cast<std::uint64_t*>(const_cast<std::byte*>(part())), part_bytes() / sizeof(std::uint64_t)};
    }

    // --- sizes -------------------------------------------------------------------------------------------------------

    static constexpr std::size_t kMaxListed = 8000;  // more are not sorted as fast as a table takes them
    // Room in the buffer of a table or a bitmap. Where that is large, a row alone would wait for memory, and for the
    // address of a page; so many together are first partitioned, and go through it in order.
    static constexpr std::size_t kFewBuffered = 252, kManyBuffered = 8192;
    static constexpr std::size_t kLarge = std::size_t{1} << 20;
    // In that of a log, for so many that it has packed: what is merged into them pays for the pass over them.
    static constexpr std::size_t kMinLogged = 4096, kMaxLogged = 10000000;
    static constexpr std::size_t logged_with(std::size_t n) { return std::clamp(n / 4, kMinLogged, kMaxLogged); }

    static constexpr std::size_t exact_bytes(std::size_t n) { return kStoredAt + n * sizeof(std::uint64_t); }
    static bool bitmap_is_smaller(std::uint64_t n, int bits) {
        return bits <= kMaxBitmapBits && bitmap_bytes(bits) <= Sizes(n, bits).bytes();
    }
    static std::size_t stored_bytes(std::uint64_t n, int bits) {
        return kStoredAt + (bitmap_is_smaller(n, bits) ? bitmap_bytes(bits) : Sizes(n, bits).bytes());
    }

    static constexpr std::size_t buffered_bytes(std::size_t n) { return kBufferAt + n * sizeof(std::uint64_t); }
    static constexpr std::size_t list_bytes(std::size_t n) {
        return block_image(buffered_bytes(std::max<std::size_t>(n, 11)));
    }
    static constexpr std::size_t largest_list() { return list_bytes(kMaxListed); }
    static constexpr std::size_t packed_bytes(std::size_t n, int bits) { return n == 0 ? 0 : Sizes(n, bits).bytes(); }
    static std::size_t log_bytes(std::size_t n, int bits) {
        return buffered_bytes(logged_with(n)) + packed_bytes(n, bits);
    }
    static constexpr std::size_t buffered_in(std::size_t bytes) {
        return bytes < kLarge ? kFewBuffered : kManyBuffered;
    }
    // With a main part of so many bytes, also if the image is larger.
    static constexpr std::size_t dense_bytes(std::size_t part) {
        const std::size_t small = buffered_bytes(kFewBuffered) + part, large = buffered_bytes(kManyBuffered) + part;
        return small < kLarge - buffered_bytes(kManyBuffered) ? small : std::max(large, kLarge);
    }
    static constexpr std::size_t bits_bytes(int bits) { return dense_bytes(bitmap_bytes(bits)); }
    // A table is twice as large at each step.
    static constexpr std::size_t table_bytes(std::size_t n) {
        const std::size_t need = dense_bytes((n / 3 * 4 + 4 + kBeyond) * sizeof(LinearProbing::Word));
        return block_image(std::max(need, 2 * largest_list()));
    }
    static constexpr std::size_t slots_in(std::size_t part) {
        const std::size_t words = part / sizeof(LinearProbing::Word);
        return words > kBeyond ? words - kBeyond : 0;
    }
    static constexpr std::size_t capacity_in(std::size_t part) { return slots_in(part) / 4 * 3; }

    static bool bits_fit(int bits, std::size_t bytes) { return bits <= kMaxBitmapBits && bits_bytes(bits) <= bytes; }

    // --- fields ------------------------------------------------------------------------------------------------------

    void set_rate(double rate) { store(payload(), rate); }
    void set_n(std::uint64_t n) { store(payload() + 8, n); }
    void set_room(std::size_t n) { store(payload() + 16, static_cast<std::uint32_t>(n)); }
    void set_sorted(std::size_t n) { store(payload() + 20, static_cast<std::uint32_t>(n)); }
    void set_clustered() { store(image_ + 5, std::uint8_t{1}); }

    // To the buffer, if it has room.
    [[gnu::always_inline]] bool append(std::uint64_t hash) {
        const std::uint32_t n = count();
        if (n >= room()) return false;
        store(image_ + kBufferAt + n * sizeof hash, hash);
        set_count(n + 1);
        return true;
    }

  private:
    std::size_t part_at() const { return trimmed() ? kStoredAt : buffered_bytes(room()); }
};

}  // namespace sketch::bloom
