// SPDX-License-Identifier: PostgreSQL
//
// topk, what it adds to the bytes of heavy_hitters/layout.hpp, and its weights.
#pragma once

#include "heavy_hitters/heavy_hitters.hpp"

namespace sketch::topk {

struct Form {
    using Base = heavy_hitters::Layout<Form>;
    using Batch = heavy_hitters::Batch<1>;
    static constexpr std::size_t kRowWords = 1;
    static constexpr bool kIntegers = true;

    static constexpr int scales(std::uint8_t) { return 1; }
    static constexpr std::size_t own_bytes(int) { return 0; }
    static void weigh(Base&, Batch& batch);
    static Status agree(Base& to, const Base& from, double* factors);
    static void normalize(Base&) {}
};

class Layout : public Form::Base {
  public:
    using Base = heavy_hitters::Layout<Form>;
    using Base::Base;
    explicit Layout(const Base& s) : Base(s) {}

    std::uint32_t listed() const { return p0() | std::uint32_t{p1()} << 8; }
    void set_listed(std::uint32_t n) {
        store(image_ + 4, static_cast<std::uint8_t>(n));
        store(image_ + 5, static_cast<std::uint8_t>(n >> 8));
    }
};

inline void Form::weigh(Base&, Batch& batch) {
    for (std::size_t i = 0; i < batch.rows; ++i) batch.weight[0][i] = load<double>(batch.row(i));
}

inline Status Form::agree(Base& to, const Base& from, double* factors) {
    factors[0] = 1;
    Layout(to).set_listed(std::max(Layout(to).listed(), Layout(from).listed()));
    return Status::ok;
}

}  // namespace sketch::topk
