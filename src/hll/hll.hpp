// SPDX-License-Identifier: PostgreSQL
//
// hll: how many distinct? HyperLogLog in the form of UltraLogLog (Ertl, arXiv:2308.16862): one byte a register.
//
// Error: exact but for one value in about 10^5 while sparse (up to 3/64 of the registers); then a relative standard
// error of at most 0.7609/sqrt(2^p): 1.19 % at the default p = 12. Any n up to 2^64.
//
// Header: p0 = precision p (4 to 18), p1 = extra bits in a register (2; plain HyperLogLog would be 0).
//
//   mode        slots  payload                                                                             stored
//   sparse      0      `count` tokens (token.hpp), ascending and distinct                                  yes
//   sparse      > 0    a list: a write buffer of `slots` tokens, the first `count` filled, in any order    no
//   sparse_set  0      the same room as a hash set (core/hash_set.hpp) of `count` tokens                   no
//   dense       > 0    a write buffer as above, then the 2^p registers (registers.hpp)                     no
//   packed      0      the registers, coded (coding.hpp); count 0                                          yes
//
//   list -- is full, tokens repeat --> sparse_set -- is full --> list -- over sparse_limit tokens --> dense
//   any stored form -- relay --> list or dense; any working one -- settle, trim --> stored
//
// So a sparse sketch is a write buffer with no registers behind it yet. Whether a sketch is sparse depends on the
// number of its distinct tokens alone, and a trimmed image therefore on the set of its values alone: not on their
// order, nor on how they were split and merged.
//
//   layout.hpp     where everything stands, and sizes     token.hpp      a hash in 32 bits
//   state.hpp      working images                         registers.hpp  UltraLogLog registers
//   stored.hpp     trimmed images: written, checked       coding.hpp     their compression
//   estimate.hpp   the reader
#pragma once

#include "hll/estimate.hpp"
#include "hll/state.hpp"
#include "hll/stored.hpp"

namespace sketch {

class Hll : public hll::State {
  public:
    using Reader = hll::Reader;
    static constexpr int kMinPrecision = hll::kMinPrecision, kMaxPrecision = hll::kMaxPrecision;
    static constexpr int kDefaultPrecision = 12;
    struct Params {
        int precision;
        bool operator==(const Params&) const = default;
    };

    using State::State;

    static std::size_t bytes_for(Params) { return block_image(kHeaderBytes + 12 * sizeof(hll::Token)); }

    Params params() const { return {precision()}; }

    static Hll create(std::span<std::byte> room, Params params) {
        Hll s(room.data(), room.size());
        s.start(params.precision);
        return s;
    }

    static Status check(std::span<const std::byte> image) { return hll::check(image); }

    bool empty() const { return sparse() && count() == 0; }

    // --- building ---------------------------------------------------------------------------------------------------

    [[gnu::always_inline]] Status add(std::uint64_t hash) {
        const hll::Token token = hll::token_of(hash);
        if (buffer(token)) [[likely]]
            return Status::ok;
        if (mode() == hll::Mode::sparse_set && token_set().holds(token)) return Status::ok;  // no call: most come again
        return add_to_full(token);
    }

    std::size_t grown_bytes() const {
        if (!sparse() || count() > sparse_limit(precision())) return dense_bytes(precision());
        return sparse_bytes(2 * count() + 12, precision());
    }

    Hll relay(std::span<std::byte> room) const {
        Hll s(room.data(), room.size());
        s.start_as(*this);
        return s;
    }

    // --- merging: to the lower of the two precisions ----------------------------------------------------------------

    // What becomes dense on the way wants the room for it: the result, or this sketch before it is folded.
    std::size_t merge_bytes(const Hll& other) const {
        const int p = std::min(precision(), other.precision());
        const std::size_t tokens = count() + other.count();
        const bool stays_sparse = sparse() && other.sparse() && tokens <= sparse_slots(p);
        const bool folds_sparse = sparse() && count() <= dense_slots(p);
        return std::max(stays_sparse ? sparse_bytes(tokens, p) : dense_bytes(p),
                        folds_sparse ? 0 : dense_bytes(precision()));
    }

    Status merge(const Hll& other) {
        if (hash() != other.hash() || p1() != other.p1()) return Status::unlike_hash;
        set_to_list();
        fold(other.precision());
        if (!other.sparse()) merge_registers(other);
        merge_tokens(other);
        return Status::ok;
    }

    // --- settling and trimming --------------------------------------------------------------------------------------

    bool settled() const {
        switch (mode()) {
            case hll::Mode::sparse: return trimmed() || (count() <= sparse_limit(precision()) && list_is_sorted());
            case hll::Mode::sparse_set: return false;
            case hll::Mode::dense: return count() == 0;
            case hll::Mode::packed: return true;
        }
        return true;
    }

    std::size_t settle_bytes() const {
        return sparse() && count() > sparse_limit(precision()) ? std::max(bytes_, dense_bytes(precision())) : bytes_;
    }

    void settle() {
        if (trimmed()) return;
        set_to_list();
        if (sparse()) {
            sort_list();
            if (count() <= sparse_limit(precision())) return;
            list_to_dense();
        }
        flush();
    }

    std::size_t trimmed_bytes() const { return hll::Stored::max_bytes(*this); }
    std::size_t trim(std::span<std::byte> room) const { return hll::Stored(room.data(), room.size()).write(*this); }

    // What the reader of the trimmed form would estimate, without coding the registers only to count them: for
    // approx_count_distinct, which asks this of every group.
    double settle_and_estimate() {
        if (!settled()) settle();
        return hll::estimate_of(*this);
    }
};

static_assert(Kernel<Hll>);

}  // namespace sketch
