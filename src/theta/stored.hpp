// SPDX-License-Identifier: PostgreSQL
//
// The stored form of theta, trimmed: Elias-Fano coded hashes and their threshold (elias_fano.hpp). How a settled image
// comes to it; and the check that any string of bytes is one that would be written so. It looks at nothing outside
// them.
#pragma once

#include <bit>
#include <cstring>
#include <span>

#include "theta/layout.hpp"

namespace sketch::theta {

// --- writing ---------------------------------------------------------------------------------------------------------

class Stored : public Layout {
  public:
    using Layout::Layout;

    // Of a settled image at most, with what encode may write behind its hashes.
    static std::size_t max_bytes(const Layout& settled) {
        return settled.trimmed() ? settled.bytes()
                                 : kHeaderBytes + max_coded_bytes(settled.count(), settled.threshold());
    }

    // This image becomes the stored form of a settled one. Returns its bytes.
    std::size_t write(const Layout& settled) {
        std::memcpy(image_, settled.image(), settled.trimmed() ? settled.bytes() : kHeaderBytes);
        if (settled.trimmed()) return settled.bytes();
        const std::size_t n = settled.count();
        const Hash threshold = settled.threshold();
        const int width = theta::low_width(n, threshold);
        set_header(kKind, kVersion, settled.hash(), settled.lg_k(), static_cast<std::uint8_t>(width));
        set_mode(Mode::packed);
        return kHeaderBytes + encode(settled.list(), n, threshold, payload());
    }
};

// --- checking --------------------------------------------------------------------------------------------------------

// The lengths of the parts, and one bit of highs for each hash, the last of them in the last byte and not too far.
inline Status check_parts(const std::byte* coded, std::size_t bytes, std::size_t n, int width) {
    if (bytes < sizeof(Hash)) return Status::wrong_size;
    const auto threshold = load<Hash>(coded);
    if (threshold == 0 || threshold > kOne || n > threshold) return Status::bad_content;
    if (width != low_width(n, threshold)) return Status::bad_parameter;
    coded += sizeof(Hash);
    bytes -= sizeof(Hash);
    const std::size_t lows = low_bytes(n, width);
    if (n == 0) return bytes == 0 ? Status::ok : Status::wrong_size;
    if (bytes <= lows) return Status::wrong_size;
    if (n * static_cast<std::size_t>(width) % 8 != 0 && load<std::uint8_t>(coded + lows - 1) > 15)
        return Status::bad_content;

    std::size_t ones = 0;
    for (std::size_t i = lows; i < bytes; ++i) ones += std::popcount(load<std::uint8_t>(coded + i));
    const auto last_byte = load<std::uint8_t>(coded + bytes - 1);
    if (ones != n || last_byte == 0) return Status::bad_content;
    const std::uint64_t last_bit =
        (bytes - lows - 1) * 8 + static_cast<std::uint64_t>(std::bit_width(unsigned{last_byte})) - 1;
    return last_bit - (n - 1) > (threshold - 1) >> width ? Status::bad_content : Status::ok;
}

inline Status check_ascending(Cursor cursor, Hash threshold) {
    Hash next = 0;  // the least that may follow
    for (auto run = cursor.next(); !run.empty(); run = cursor.next())
        for (const Hash hash : run) {
            if (hash < next) return Status::bad_content;
            next = hash + 1;
        }
    return next <= threshold ? Status::ok : Status::bad_content;
}

inline Status check(std::span<const std::byte> image) {
    if (const Status status = check_header(image, Layout::kKind, Layout::kVersion); status != Status::ok) return status;
    const Layout s(image);
    if (s.lg_k() < kMinLgK || s.lg_k() > kMaxLgK || s.hash() != kHashXxh3) return Status::bad_parameter;
    if (s.mode() != Mode::packed || s.slots() != 0 || s.count() > s.k()) return Status::bad_content;
    const Status status = check_parts(image.data() + kHeaderBytes, s.payload_bytes(), s.count(), s.low_width());
    return status == Status::ok ? check_ascending(s.cursor(), s.threshold()) : status;
}

}  // namespace sketch::theta
