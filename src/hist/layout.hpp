// SPDX-License-Identifier: PostgreSQL
//
// The forms that an image of hist has, their sizes and parts. hist.hpp draws the map.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/asked.hpp"
#include "hist/bins.hpp"
#include "hist/stored.hpp"
#include "hist/sum.hpp"

namespace sketch::hist {

class Layout : public Asked {
  public:
    using Asked::Asked;

    int max_bins() const { return load<std::uint16_t>(image_ + 4); }
    bool exact() const { return (mode() & kBins) == 0; }
    bool trimmed() const { return slots() == 0 && (mode() & kFull) == 0; }

    std::uint64_t values() const {
        if (exact()) return count();
        return trimmed() ? stored().total() : body().total + count();
    }

  protected:
    enum Mode : std::uint8_t { kExact = 0, kBins = 1, kFull = 2 };  // kFull: beside the others
    static constexpr std::size_t kFirstSlots = 14;
    static constexpr std::size_t kExactLimit = 62;  // what a block of 512 bytes has room for
    static constexpr std::size_t kBuffer = 128;     // values that wait to be counted together

    void set_max_bins(int bins) { store(image_ + 4, static_cast<std::uint16_t>(bins)); }

    // --- sizes and parts --------------------------------------------------------------------------------------------

    static constexpr std::size_t exact_bytes(std::size_t items, std::size_t asked) {
        return block_image(kHeaderBytes + std::max(items, kFirstSlots) * sizeof(double) + asked);
    }
    static constexpr std::size_t kBeforeCounters = kBuffer * sizeof(double) + sizeof(Body) + sizeof(Sum);
    static constexpr std::size_t bins_bytes(std::size_t bins, std::size_t asked) {
        return block_image(kHeaderBytes + kBeforeCounters + bins * sizeof(std::uint64_t) + asked);
    }
    std::size_t capacity() const { return (room_bytes() - kBeforeCounters) / sizeof(std::uint64_t); }

    double exact_value(std::uint64_t i) const { return load<double>(payload() + i * sizeof(double)); }
    Stored stored() const { return Stored(payload(), count()); }

    Body& body() { return *reinterpret_cast<Body*>(payload() + kBuffer * sizeof(double)); }
    const Body& body() const { return *reinterpret_cast<const Body*>(payload() + kBuffer * sizeof(double)); }
    Sum& sum() { return *reinterpret_cast<Sum*>(&body() + 1); }
    const Sum& sum() const { return *reinterpret_cast<const Sum*>(&body() + 1); }
    std::uint64_t* counters_at() { return reinterpret_cast<std::uint64_t*>(&sum() + 1); }
    const std::uint64_t* counters_at() const { return reinterpret_cast<const std::uint64_t*>(&sum() + 1); }
    // The window of one side; the negative one stands behind the positive one.
    std::uint64_t* counters(bool negative) { return counters_at() + (negative ? body().side[0].width : 0); }
    const std::uint64_t* counters(bool negative) const { return counters_at() + (negative ? body().side[0].width : 0); }
};

}  // namespace sketch::hist
