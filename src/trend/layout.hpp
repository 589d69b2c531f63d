// SPDX-License-Identifier: PostgreSQL
//
// trend, what it adds to the bytes of heavy_hitters/layout.hpp: moments and half-lives.
#pragma once

#include <limits>

#include "heavy_hitters/heavy_hitters.hpp"
#include "trend/decay.hpp"

namespace sketch::trend {

inline constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::min();

struct Form {
    using Base = heavy_hitters::Layout<Form>;
    using Batch = heavy_hitters::Batch<2>;
    static constexpr std::size_t kRowWords = 2;
    static constexpr bool kIntegers = false;

    static int scales(std::uint8_t p0) { return p0; }
    static std::size_t own_bytes(int scales) { return 16 + 16 * static_cast<std::size_t>(scales); }
    static void weigh(Base&, Batch& batch);
    static Status agree(Base& to, const Base& from, double* factors);
    static void normalize(Base&);
};

class Layout : public heavy_hitters::Layout<Form> {
  public:
    using Base = heavy_hitters::Layout<Form>;
    using Base::Base;
    explicit Layout(const Base& s) : Base(s) {}

    std::int64_t latest() const { return load<std::int64_t>(own()); }
    std::int64_t ahead() const { return load<std::int64_t>(own() + 8); }
    std::int64_t half_life(int scale) const { return load<std::int64_t>(scale_at(scale)); }
    std::int64_t landmark(int scale) const { return load<std::int64_t>(scale_at(scale) + 8); }
    std::int64_t whole_at(std::int64_t at, int scale) const { return HalfLife(half_life(scale)).moment(at).whole; }

  protected:
    std::byte* scale_at(int scale) const { return own() + 16 + 16 * static_cast<std::size_t>(scale); }
};

}  // namespace sketch::trend
