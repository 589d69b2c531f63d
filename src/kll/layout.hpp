// SPDX-License-Identifier: PostgreSQL
//
// The forms that an image of kll has, their sizes and parts. kll.hpp draws the map.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/asked.hpp"
#include "kll/levels.hpp"
#include "kll/sort.hpp"
#include "kll/stored.hpp"
#include "kll/weighted.hpp"

namespace sketch::kll {

class Layout : public Asked {
  public:
    using Asked::Asked;

    int k() const { return load<std::uint16_t>(image_ + 4); }
    bool trimmed() const { return slots() == 0 && (mode() & kFull) == 0; }
    bool exact() const { return (mode() & kLevels) == 0; }
    // Of a trimmed image.
    int levels_used() const { return exact() ? 1 : static_cast<int>(count()); }
    std::size_t stored_items() const {
        if (exact()) return count();
        Pops pops{};
        const int n = read_pops(pops);
        return total_of(pops, n) + waiting_items();
    }

    // How many values came in, and how many of them were NaN.
    std::uint64_t values() const { return numbers() + nans(); }
    std::uint64_t nans() const { return exact() ? load<std::uint64_t>(trimmed() ? payload() : tail()) : head().nans; }

  protected:
    enum Mode : std::uint8_t { kExact = 0, kLevels = 1, kFull = 2, kWeighted = 8 };  // the last two: beside the others

    bool weighted() const { return (mode() & kWeighted) != 0; }
    // Before levels: how many items the waiting values become at most, and how many values they stand for.
    std::size_t waiting_items() const {
        if (trimmed()) return 0;
        return weighted() ? most_items(count() / 2, k()) : count();
    }
    std::uint64_t waiting_weight() const {
        if (trimmed()) return 0;
        if (!weighted()) return count();
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i < count(); i += 2) sum += load<Weighted>(payload() + i * sizeof(double)).weight;
        return sum;
    }

    void set_k(int k) { store(image_ + 4, static_cast<std::uint16_t>(k)); }

    static constexpr std::size_t exact_limit(int k) { return capacity(k, 0); }

    // --- sizes ------------------------------------------------------------------------------------------------------

    static constexpr std::size_t exact_bytes(std::size_t items, std::size_t asked) {
        return block_image(kHeaderBytes + std::max(items, kFirstSlots) * sizeof(double) + sizeof(std::uint64_t) +
                           asked);
    }
    static constexpr std::size_t kWorkingHeadBytes = sizeof(Head) + (2 + kMaxLevels) * sizeof(std::uint32_t);
    std::size_t bytes_with(std::size_t items) const {
        return block_image(kHeaderBytes + kBuffer * sizeof(double) + kWorkingHeadBytes + items * sizeof(double) +
                           asked_bytes());
    }
    // Items that there is room for.
    std::size_t item_room() const { return (room_bytes() - kWorkingHeadBytes) / sizeof(double) - kBuffer; }

    // --- parts of an image ------------------------------------------------------------------------------------------

    // Of a working image, behind the room of the write buffer.
    std::size_t tail_place() const { return (exact() ? slots() : kBuffer) * sizeof(double); }
    const std::byte* tail() const { return payload() + tail_place(); }
    std::byte* tail() { return payload() + tail_place(); }
    const std::byte* exact_items() const { return payload() + (trimmed() ? sizeof(std::uint64_t) : 0); }
    void set_nans(std::uint64_t nans) { store(tail(), nans); }

    Head head() const { return load<Head>(trimmed() ? payload() : tail()); }
    int read_pops(Pops& pops) const {
        const std::byte* at = (trimmed() ? payload() : tail()) + sizeof(Head);
        const auto levels = trimmed() ? count() : load<std::uint32_t>(at + sizeof(std::uint32_t));
        if (!trimmed()) at += 2 * sizeof(std::uint32_t);
        std::memcpy(pops.data(), at, levels * sizeof(std::uint32_t));
        return static_cast<int>(levels);
    }
    const std::byte* items_at() const {
        return trimmed() ? payload() + stored_head_bytes(static_cast<int>(count())) : tail() + kWorkingHeadBytes;
    }
    Levels levels() {
        auto* const head = reinterpret_cast<Head*>(tail());
        auto* const numbers = reinterpret_cast<std::uint32_t*>(head + 1);
        return {head, numbers, numbers + 1, numbers + 2, reinterpret_cast<double*>(tail() + kWorkingHeadBytes)};
    }
    std::uint64_t numbers() const {
        if (exact()) return count();
        Pops pops{};
        const int n = read_pops(pops);
        return weight_of(pops, n) + waiting_weight();
    }
};

}  // namespace sketch::kll
