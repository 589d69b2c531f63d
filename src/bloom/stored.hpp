// SPDX-License-Identifier: PostgreSQL
//
// The trimmed form: what an image will hold is counted first, as its layout depends on it, and then written in one
// pass. And what is let in through a door.
#pragma once

#include <cstddef>
#include <cstdint>

#include "bloom/prefixes.hpp"

namespace sketch::bloom {

// Prefixes of so many bits; or, if bits is 0, whole hashes.
struct Content {
    std::uint64_t n;
    int bits;
};

// Of the sources make(bits): as long as they may be for their number, at most `bits` bits.
template <class Make>
Content counted(int bits, Make make) {
    const std::uint64_t n = count(make(bits));
    if (bits <= kMaxBitmapBits || n <= Layout::kMaxLong) return {n, bits};
    return {count(make(kMaxBitmapBits)), kMaxBitmapBits};
}

// An image that is, or is to be, trimmed.
class Stored : public Layout {
  public:
    using Layout::Layout;
    explicit Stored(std::span<std::byte> room) : Layout(room.data(), room.size()) {}

    static Status check(std::span<const std::byte> image) {
        if (const Status status = check_header(image, kKind, kVersion); status != Status::ok) return status;
        if (image.size() < kStoredAt) return Status::wrong_size;
        return Stored(image).check_fields();
    }

    // An image is at most so large for n hashes or prefixes.
    static std::size_t max_bytes(std::uint64_t n, int bits) {
        if (n <= kMaxExact) return std::max(exact_bytes(n), n == 0 ? 0 : stored_bytes(n, bits));
        if (bits > kMaxBitmapBits && n > kMaxLong) return kStoredAt + bitmap_bytes(kMaxBitmapBits);
        return stored_bytes(n, bits);
    }

    // --- writing: each gives the bytes -------------------------------------------------------------------------------

    void start_stored(Mode mode, std::uint64_t n, int bits, double rate) {
        set_header(kKind, kVersion, kHashXxh3, static_cast<std::uint8_t>(bits), 0);
        set_mode(mode);
        set_slots(0);
        set_count(0);
        set_rate(rate);
        set_n(n);
    }
    std::size_t write_exact(const std::uint64_t* hashes, std::size_t n, int bits, double rate) {
        start_stored(kExact, n, bits, rate);
        if (n != 0) std::memcpy(buffer(), hashes, n * sizeof *hashes);
        return exact_bytes(n);
    }
    // As another bitmap, to which more can be added before it is finished.
    void start_bitmap(const std::byte* from, int bits, double rate) {
        start_stored(kBitmap, 0, bits, rate);
        copy_in_steps(part(), from, bitmap_bytes(bits));
    }
    std::byte* bitmap() { return part(); }
    std::size_t finish_bitmap() {
        set_n(count_bits(part(), bitmap_bytes(bits())));
        return kStoredAt + bitmap_bytes(bits());
    }
    template <class Make>
    std::size_t write_prefixes(Content content, double rate, Make make) {
        const auto [n, bits] = content;
        const bool bitmap = bitmap_is_smaller(n, bits);
        start_stored(bitmap ? kBitmap : kPacked, n, bits, rate);
        if (bitmap) {
            fill_in_steps(part(), 0, bitmap_bytes(bits));
            each(make(bits), [to = part()](Prefix p) { set_bit(to, p); });
        } else {
            Packer packer(part(), n, bits);
            each(make(bits), [&](Prefix p) { packer.push(p); });
            packer.finish();
        }
        return stored_bytes(n, bits);
    }

  private:
    Status check_fields() const {
        if (bits() < 1 || bits() > kMaxBits || hash() != kHashXxh3) return Status::bad_parameter;
        if (!(rate() >= kMinRate && rate() <= kMaxRate)) return Status::bad_parameter;
        if (p1() != 0 || slots() != 0 || count() != 0) return Status::bad_content;
        if (mode() == kExact) return check_exact();
        if (mode() > kBitmap || n() == 0 || n() > std::uint64_t{1} << bits()) return Status::bad_content;
        if (bits() > kMaxBitmapBits && n() > kMaxLong) return Status::bad_content;
        if (bitmap_is_smaller(n(), bits()) != (mode() == kBitmap)) return Status::bad_content;
        return mode() == kBitmap ? check_bitmap(part(), part_bytes(), n(), bits()) : packed().check(part_bytes());
    }
    Status check_exact() const {
        if (n() > kMaxExact) return Status::bad_content;
        if (bytes_ != exact_bytes(n())) return Status::wrong_size;
        for (std::size_t i = 1; i < n(); ++i)
            if (hash_at(i) <= hash_at(i - 1)) return Status::bad_content;
        return Status::ok;
    }
};

}  // namespace sketch::bloom
