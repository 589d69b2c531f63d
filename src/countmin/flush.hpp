// SPDX-License-Identifier: PostgreSQL
//
// A log of updates into a table: the one loop in which most of the time of a build goes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "core/kernel.hpp"
#include "countmin/recovery.hpp"
#include "countmin/rows.hpp"

namespace sketch::cm {

// Applies the entries of a log to the rows and the recovery cells, in one pass, where their misses overlap. If a cell
// passes the range of T, all is undone (the arithmetic wraps, and so takes everything back exactly) and the answer is
// false. `checked` may be left out where no cell can.
template <class T, class Entry, bool checked, bool narrow, bool ranges, int fixed_depth = 0, int fixed_lg = 0>
[[gnu::noinline]] inline bool apply_log(std::byte* cells, std::byte* recovery, int lg_width, int depth,
                                        const std::byte* log, std::size_t n) {
    if constexpr (fixed_depth != 0) depth = fixed_depth;
    if constexpr (fixed_lg != 0) lg_width = fixed_lg;
    bool overflow = false;
    const KeyAdder keys(recovery, lg_part(lg_width));
    const auto apply = [&]<bool undo>(std::bool_constant<undo>) {
        for (std::size_t i = 0; i < n; ++i) {
            const Update u = update_of(load<Entry>(log + i * sizeof(Entry)));
            const auto w = undo ? -static_cast<std::uint64_t>(u.weight) : static_cast<std::uint64_t>(u.weight);
            keys.add(u.key, w);
            if constexpr (checked) overflow |= !fits<T>(u.weight);
            for_each_hash<ranges>(u.key, [&](std::uint64_t hash) {
                for_each_row<narrow>(hash, lg_width, depth, [&](int row, std::size_t index) {
                    std::byte* const at = cells + ((static_cast<std::size_t>(row) << lg_width) + index) * sizeof(T);
                    T sum;
                    const bool wrapped = __builtin_add_overflow(load<T>(at), static_cast<T>(w), &sum);
                    store(at, sum);
                    if constexpr (checked)
                        if (wrapped) [[unlikely]]
                            overflow = true;
                });
            });
        }
    };
    apply(std::false_type{});
    if (!checked || !overflow) return true;
    apply(std::true_type{});
    return false;
}

}  // namespace sketch::cm
