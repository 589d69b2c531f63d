// SPDX-License-Identifier: PostgreSQL
//
// The fractions that approx_percentile was asked for, at the end of a quantile sketch, so that its state is a sketch
// like any other. With kAsked in the mode the last 8 bytes of the image are a number n, 1 to 255; before it stand n
// doubles from 0 to 1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "core/kernel.hpp"

namespace sketch {

class Asked : public View {
  public:
    using View::View;

    static constexpr std::size_t kMaxFractions = 255;

    std::size_t fractions() const {
        return (mode() & kAsked) != 0 ? load<std::uint64_t>(image_ + bytes_ - sizeof(std::uint64_t)) : 0;
    }
    double fraction(std::size_t i) const { return load<double>(image_ + end() + i * sizeof(double)); }

  protected:
    static constexpr std::uint8_t kAsked = 4;  // beside the other modes of the room

    void set_form(int form) { set_mode(static_cast<std::uint8_t>((mode() & kAsked) | form)); }

    // Of the fractions and their number.
    static constexpr std::size_t asked_bytes(std::size_t fractions) {
        return fractions == 0 ? 0 : fractions * sizeof(double) + sizeof(std::uint64_t);
    }
    static std::size_t asked_bytes(std::span<const std::byte> fractions) {
        return asked_bytes(fractions.size() / sizeof(double));
    }
    std::size_t asked_bytes() const { return asked_bytes(fractions()); }
    // Where the fractions begin; the rest of the room's payload ends here.
    std::size_t end() const { return bytes_ - asked_bytes(); }
    std::size_t room_bytes() const { return end() - kHeaderBytes; }

    std::span<const std::byte> asked() const { return {image_ + end(), fractions() * sizeof(double)}; }

    // Of a new image: its mode is that of no other form yet.
    void set_asked(std::span<const std::byte> fractions) {
        set_mode(fractions.empty() ? 0 : kAsked);
        if (fractions.empty()) return;
        store(image_ + bytes_ - sizeof(std::uint64_t), std::uint64_t{fractions.size() / sizeof(double)});
        std::memcpy(image_ + end(), fractions.data(), fractions.size());
    }
    // Beside the mode, which the header has brought.
    void copy_asked(const Asked& from) {
        const std::size_t bytes = from.asked_bytes();
        std::memcpy(image_ + bytes_ - bytes, from.image_ + from.end(), bytes);
    }

    Status check_asked() const {
        if ((mode() & kAsked) == 0) return Status::ok;
        if (payload_bytes() < asked_bytes(1)) return Status::wrong_size;
        if (fractions() == 0 || fractions() > kMaxFractions) return Status::bad_content;
        if (payload_bytes() < asked_bytes()) return Status::wrong_size;
        for (std::size_t i = 0; i < fractions(); ++i)
            if (!(fraction(i) >= 0 && fraction(i) <= 1)) return Status::bad_content;
        return Status::ok;
    }
};

}  // namespace sketch
