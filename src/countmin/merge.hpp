// SPDX-License-Identifier: PostgreSQL
//
// Two sketches to one: the sum of their streams or the difference, at the least of their widths and depths.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/interrupts.hpp"
#include "countmin/state.hpp"

namespace sketch::countmin {

class Merge : public State {
  public:
    using State::State;

  protected:
    // A working image so large combines without no_room.
    std::size_t combined_bytes(const Layout& other, Sign sign) const {
        if (!is_table() && !other.is_table() && lists_fit(other, sign))
            return std::max(bytes_, list_bytes(list_log_with(other, sign)));
        const int lg = is_table() ? lg_width() : std::min(lg_width(), other.lg_width());
        const std::size_t log = is_table() ? std::max(log_bytes(), table_log_bytes()) : table_log_bytes();
        return table_bytes(lg, depth(), combined_cell_bytes(other, sign), log);
    }

    template <Sign sign>
    Status combine(const Layout& other) {
        if (hash() != other.hash()) return Status::unlike_hash;
        if (ranges() != other.ranges()) return Status::unlike;
        if (other.took_back()) set_mode(mode() | kTookBack);
        const int need = combined_cell_bytes(other, sign);
        std::int64_t plus = added(), less = removed();
        if constexpr (sign == Sign::minus) {
            plus -= other.added();
            less -= other.removed();
        } else {
            if (__builtin_add_overflow(plus, other.added(), &plus) ||
                __builtin_add_overflow(less, other.removed(), &less) || std::max(plus, less) > max_weight())
                return Status::overflow;
            set_totals(plus, less);
        }
        fold(std::min(lg_width(), other.lg_width()), std::min(depth(), other.depth()), need);
        if (!(other.is_table() ? add_table<sign>(other, need) : add_list<sign>(other, need))) return Status::overflow;
        if constexpr (sign == Sign::minus) return set_difference(plus, less);
        return Status::ok;
    }

    // What was taken back may never have been there: the totals are made to bound what is left. Wants room for the
    // widest cells. A rest that no totals can bound is nothing.
    void reconcile_totals() {
        if (!took_back()) return;
        if (set_difference(added(), removed()) != Status::ok) {
            const int lists = mode() & kRanges;
            set_totals(0, 0);
            set_mode(static_cast<std::uint8_t>(lists));
            start_log(list_log_bytes(0), 0);
        }
        set_mode(static_cast<std::uint8_t>(mode() & ~kTookBack));
    }

  private:
    // --- sizes ------------------------------------------------------------------------------------------------------

    // Bytes of cells that hold the sum or difference.
    int combined_cell_bytes(const Layout& other, Sign sign) const {
        const __int128 a = added(), r = removed(), b = other.added(), q = other.removed();
        const bool minus = sign == Sign::minus;
        const int sum = cell_bytes_for(bound_of(minus ? a + q : a + b, minus ? r + b : r + q, levels()));
        return took_back() || other.took_back() ? 8 : std::max({sum, cell_bytes(), other.cell_bytes()});
    }
    // Of a log with the entries of both.
    std::size_t list_log_with(const Layout& other, Sign sign) const {
        const std::size_t entries = count() + other.listed();
        const bool keys = sign == Sign::plus && units() && other.units() &&
                          entries * sizeof(Key) <= buffer_bytes(std::min(lg_width(), other.lg_width()));
        return entries * (keys ? sizeof(Key) : sizeof(Update));
    }
    bool lists_fit(const Layout& other, Sign sign) const {
        return list_log_with(other, sign) <=
               max_list_bytes(std::min(lg_width(), other.lg_width()), std::min(depth(), other.depth()));
    }

    // --- folding ----------------------------------------------------------------------------------------------------

    // To lesser width and depth, in place. A list has neither.
    void fold(int lg, int depth, int need) {
        if (is_table() && depth < this->depth()) set_depth(depth);
        if (is_table() && lg < lg_width()) fold_rows(lg, need);
        set_p0(static_cast<std::uint8_t>(lg));
        set_depth(depth);
    }
    // Cells whose index is the same but for its highest bits become one: first in place, row by row, and then all move
    // down, as the IBLT before them has become shorter.
    void fold_rows(int lg, int need) {
        widen_to(need);
        flush(Checked::yes);
        with_cell_type(cell_bytes(),
                       [&]<class T>(T) { fold_cells<T>(cells(), depth(), width(), std::size_t{1} << lg); });
        const std::byte* const from = cells();
        fold_iblt(iblt(), lg_part(lg_width()), lg_part(lg));
        set_p0(static_cast<std::uint8_t>(lg));
        move_down(cells(), from, cell_count() * static_cast<std::size_t>(cell_bytes()));
    }

    // --- adding or taking away ---------------------------------------------------------------------------------------

    template <Sign sign>
    bool add_table(const Layout& other, int need) {
        make_table();
        if (!flush(sign == Sign::minus ? Checked::yes : Checked::no)) return false;
        widen_to(need);
        bool fit = true;
        with_cell_type(cell_bytes(), [&]<class T>(T) {
            for (int i = 0; i < depth(); ++i)
                fit &= other.trimmed() ? add_packed_row<T, sign>(other.packed(), i) : add_row<T, sign>(other, i);
        });
        add_iblt(iblt(), lg_part(lg_width()), other.iblt(), lg_part(other.lg_width()), sign);
        return fit && add_waiting<sign>(other, need);
    }
    // Of a table that is as wide or wider.
    template <class T, Sign sign>
    bool add_row(const Layout& other, int i) {
        bool fit = true;
        const std::size_t step = std::min(width(), kCellStep);
        in_steps(other.width(), step, [&](std::size_t from, std::size_t) {
            with_cell_type(other.cell_bytes(), [&]<class U>(U) {
                if constexpr (sizeof(U) <= sizeof(T))
                    fit &= add_cells<T, U, sign>(row(i) + (from & (width() - 1)) * sizeof(T),
                                                 other.row(i) + from * sizeof(U), step);
            });
        });
        return fit;
    }
    template <class T, Sign sign>
    bool add_packed_row(const PackedCells& other, int i) {
        bool fit = true;
        const std::size_t step = other.block_cells(), part = std::min(width(), step);
        for (std::size_t b = 0; b < other.row_blocks(); ++b) {
            if (b % (kCellStep / kBlock) == 0) check_interrupts();
            const Frame frame = other.frame(i, b);
            if (frame.zeros()) continue;
            T cells[kBlock];
            other.unpack_block(frame, cells);
            for (std::size_t at = 0; at < step; at += part)
                fit &= add_cells<T, T, sign>(row(i) + ((b * step + at) & (width() - 1)) * sizeof(T),
                                             reinterpret_cast<const std::byte*>(cells + at), part);
        }
        return fit;
    }

    // A list stays one where there is room for both.
    template <Sign sign>
    bool add_list(const Layout& other, int need) {
        if (!is_table() && !lists_fit(other, sign)) {
            bool fit = true;
            compact(&fit);
            if (!fit) return false;
            if (!lists_fit(other, sign)) make_table();
        }
        return add_waiting<sign>(other, need);
    }
    // The entries of the other's log.
    template <Sign sign>
    bool add_waiting(const Layout& other, int need) {
        for (std::size_t i = 0; i < other.listed(); ++i) {
            Update u = other.listed(i);
            if constexpr (sign == Sign::minus) u.weight = -u.weight;
            while (!has_room_for(u.weight)) {
                if (!is_table() && make_room_in_list()) continue;
                make_table();
                widen_to(need);
                if (!flush(sign == Sign::minus ? Checked::yes : Checked::no)) return false;
            }
            push(u);
        }
        return true;
    }

    // --- the totals of a difference ----------------------------------------------------------------------------------

    // Where more was taken away than there was, they are raised to what the rest shows, so that they go on to bound its
    // cells.
    Status set_difference(std::int64_t plus, std::int64_t less) {
        Sums most;
        if (is_table() ? !sum_rows(most) : !sum_list(most)) return Status::overflow;
        const auto short_of = [&](__int128 sum, std::int64_t bound) {
            const __int128 lacking = sum - __int128{bound} * levels();
            return lacking > 0 ? (lacking + levels() - 1) / levels() : 0;
        };
        const __int128 raise = std::max(short_of(most.above, plus), short_of(most.below, less));
        if (std::max<__int128>(plus, less) + raise > max_weight()) return Status::overflow;
        set_totals(static_cast<std::int64_t>(plus + raise), static_cast<std::int64_t>(less + raise));
        return Status::ok;
    }
    // The most that the cells of a row sum up to. False where a cell overflows.
    bool sum_rows(Sums& most) {
        if (!flush(Checked::yes)) return false;
        for (int i = 0; i < depth(); ++i) {
            const Sums sums = with_cell_type(cell_bytes(), [&]<class T>(T) { return sums_of<T>(row(i), width()); });
            most.above = std::max(most.above, sums.above);
            most.below = std::max(most.below, sums.below);
        }
        return true;
    }
    bool sum_list(Sums& most) {
        bool fit = true;
        compact(&fit);
        for (std::size_t i = 0; i < count(); ++i) most.take(listed(i).weight);
        most.above *= levels();
        most.below *= levels();
        return fit;
    }
};

}  // namespace sketch::countmin
