// SPDX-License-Identifier: PostgreSQL
//
// Where everything stands in an image of theta, and how large images are. The table of modes: theta.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/hash_set.hpp"
#include "core/kernel.hpp"
#include "theta/cursor.hpp"
#include "theta/elias_fano.hpp"

namespace sketch::theta {

// The numbers are stored.
enum class Mode : std::uint8_t { packed = 0, list = 1, hash_set = 2 };

inline constexpr int kMinLgK = 4;
inline constexpr int kMaxLgK = 20;

class Layout : public View {
  public:
    static constexpr std::uint8_t kKind = 'T';
    static constexpr std::uint8_t kVersion = 1;

    using View::count, View::hash, View::payload_bytes, View::slots;
    using View::View;

    Mode mode() const { return static_cast<Mode>(View::mode()); }
    bool trimmed() const { return mode() == Mode::packed; }
    std::uint8_t lg_k() const { return p0(); }
    std::size_t k() const { return std::size_t{1} << lg_k(); }
    int low_width() const { return p1(); }  // of a packed image

    Hash threshold() const { return load<Hash>(payload()); }
    double theta() const { return static_cast<double>(threshold()) / static_cast<double>(kOne); }
    bool exact() const { return threshold() == kOne; }
    bool nothing() const { return count() == 0 && exact(); }

    // Of a settled image, and of a list in any order.
    Cursor cursor() const {
        return trimmed() ? Cursor::of_coded(payload(), count(), low_width()) : Cursor::of_array(list(), count());
    }

    // --- sizes of working images ------------------------------------------------------------------------------------

    static constexpr std::size_t working_bytes(std::size_t hashes) {
        return kHeaderBytes + kFixedBytes + hashes * sizeof(Hash);
    }
    // As many wait as are kept; and two full sketches fit, to be merged in place.
    static constexpr std::size_t max_hashes(int lg_k) { return std::size_t{2} << lg_k; }
    static constexpr std::size_t bytes_with(std::size_t hashes, int lg_k) {
        const std::size_t most = working_bytes(max_hashes(lg_k));
        return hashes >= max_hashes(lg_k) ? most : std::min(block_image(working_bytes(hashes)), most);
    }

    // --- places in working images -----------------------------------------------------------------------------------

    // How many hashes from the first on are ascending and distinct; none of a hash set.
    std::size_t sorted() const { return load<std::uint32_t>(payload() + kSortedAt); }
    // With so many hashes, the next goes to add_to_full: the capacity of a list, none for a hash set.
    std::size_t append_limit() const { return load<std::uint32_t>(payload() + kLimitAt); }
    std::size_t capacity() const { return (payload_bytes() - kFixedBytes) / sizeof(Hash); }
    const std::byte* list() const { return payload() + kFixedBytes; }
    HashSet<Hash> set() const { return {reinterpret_cast<Hash*>(image_ + kHeaderBytes + kFixedBytes), capacity()}; }

  protected:
    static constexpr std::size_t kSortedAt = sizeof(Hash);
    static constexpr std::size_t kLimitAt = kSortedAt + sizeof(std::uint32_t);
    static constexpr std::size_t kFixedBytes = kLimitAt + sizeof(std::uint32_t);  // before the hashes

    void set_mode(Mode mode) { View::set_mode(static_cast<std::uint8_t>(mode)); }
    void set_threshold(Hash threshold) { store(payload(), threshold); }
    void set_sorted(std::size_t n) { store(payload() + kSortedAt, static_cast<std::uint32_t>(n)); }
    void set_append_limit(std::size_t n) { store(payload() + kLimitAt, static_cast<std::uint32_t>(n)); }
    Hash* hashes() { return reinterpret_cast<Hash*>(payload() + kFixedBytes); }
};

}  // namespace sketch::theta
