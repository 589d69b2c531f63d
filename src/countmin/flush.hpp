// SPDX-License-Identifier: PostgreSQL
//
// A log of updates into a table: the one loop in which most of the time of a build goes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/kernel.hpp"
#include "countmin/cells.hpp"
#include "countmin/iblt.hpp"
#include "countmin/rows.hpp"

namespace sketch::countmin {

// Whether cells are watched for overflow. They need not be where the totals say that none can.
enum class Checked { no, yes };

// Adds the entries of a log to the rows and the IBLT, in one pass, where their misses overlap, or takes them away.
// Whether no cell passed the range of T.
template <class T, class Entry, Sign sign, Checked checked, Levels levels, Rows rows>
[[gnu::always_inline]] inline bool apply_entries(std::byte* cells, std::byte* iblt, int lg_width, int depth,
                                                 const std::byte* log, std::size_t n) {
    bool overflow = false;
    const KeyAdder keys(iblt, lg_part(lg_width));
    for (std::size_t i = 0; i < n; ++i) {
        const Update u = update_of(load<Entry>(log + i * sizeof(Entry)));
        const auto weight = static_cast<std::uint64_t>(u.weight), w = sign == Sign::minus ? -weight : weight;
        keys.add(u.key, w);
        if constexpr (checked == Checked::yes) overflow |= !fits<T>(u.weight);
        for_each_hash<levels>(u.key, [&](std::uint64_t hash) {
            for_each_row<rows>(hash, lg_width, depth, [&](int row, std::size_t index) {
                std::byte* const at = cells + ((static_cast<std::size_t>(row) << lg_width) + index) * sizeof(T);
                T sum;
                const bool wrapped = __builtin_add_overflow(load<T>(at), static_cast<T>(w), &sum);
                store(at, sum);
                if constexpr (checked == Checked::yes)
                    if (wrapped) [[unlikely]]
                        overflow = true;
            });
        });
    }
    return !overflow;
}

// Adds the entries. If a cell passes the range of T, all is undone (the arithmetic wraps, and so takes everything back
// exactly) and the answer is false.
template <class T, class Entry, Checked checked, Levels levels, Rows rows, int fixed_depth = 0, int fixed_lg = 0>
[[gnu::noinline]] inline bool apply_log(std::byte* cells, std::byte* iblt, int lg_width, int depth,
                                        const std::byte* log, std::size_t n) {
    if constexpr (fixed_depth != 0) depth = fixed_depth;
    if constexpr (fixed_lg != 0) lg_width = fixed_lg;
    if (apply_entries<T, Entry, Sign::plus, checked, levels, rows>(cells, iblt, lg_width, depth, log, n)) return true;
    if constexpr (checked == Checked::yes)
        apply_entries<T, Entry, Sign::minus, Checked::no, levels, rows>(cells, iblt, lg_width, depth, log, n);
    return checked == Checked::no;
}

}  // namespace sketch::countmin
