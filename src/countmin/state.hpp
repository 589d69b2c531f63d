// SPDX-License-Identifier: PostgreSQL
//
// The state of a build: updates wait in the log, and go on into the table once they name too many values for a list.
// And back: the list that a table may have become again.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "countmin/flush.hpp"
#include "countmin/layout.hpp"

namespace sketch::cm {

class State : public Layout {
  public:
    using Layout::Layout;

  protected:
    // --- the log ----------------------------------------------------------------------------------------------------

    // Makes room for an update of this weight.
    Status reserve(std::int64_t weight) {
        if (has_room_for(weight)) return Status::ok;
        if (trimmed()) return Status::no_room;
        if (!is_table()) {
            if (compact()) return Status::ok;
            if (log_bytes() < most_log_bytes(lg_width()) ||
                bytes_ < table_bytes(lg_width(), depth(), 1, table_log_bytes()))
                return Status::no_room;
            make_table();
        }
        return flush() ? Status::ok : Status::no_room;
    }

    // Of a list: the updates of a key to one. True where half of the room has come free, so that the work is paid by
    // the updates that fill it again. `fit` is told of a weight that overflows.
    bool compact(bool* fit = nullptr) {
        std::size_t n = count();
        if (units()) {
            if (!gather_units(log(), n, slots() / 4)) return false;
            set_count(0);
            weigh();
        } else {
            const bool all = compact_log(log(), n);
            if (fit != nullptr) *fit = all;
        }
        set_count(n);
        return n <= slots() / 2;
    }

    // --- the list ---------------------------------------------------------------------------------------------------

    // Whether all that is counted can be listed: the one rule of which form is stored. A list must also tell the same
    // as the totals, and cannot fill more cells of a row than it has keys: what no stream produces stays a table.
    bool recover(Recovery& list) const {
        const bool found =
            is_table()
                ? fills_at_most(list_limit() * static_cast<std::size_t>(levels())) && list.recover(recovery())
                : with_entry([&]<class Entry>(Entry) {
                      return !names_more<Entry>(log(), count(), list_limit()) && list.recover<Entry>(log(), count());
                  });
        return found && fits_totals(list.begin(), list.end());
    }
    bool fits_totals(const Update* begin, const Update* end) const {
        __int128 above = 0, below = 0;
        for (const Update* u = begin; u != end; ++u) (u->weight > 0 ? above : below) += u->weight;
        return above <= added() && -below <= removed() && above + below == total();
    }
    // The cells of the first row that are not zero.
    bool fills_at_most(std::size_t most) const {
        return with_cell_type(cell_bytes(), [&]<class T>(T) {
            std::size_t filled = 0;
            for (std::size_t i = 0; i < width() && filled <= most; i += 8)
                for (std::size_t j = i; j < i + 8; ++j) filled += load<T>(cells() + j * sizeof(T)) != 0;
            return filled <= most;
        });
    }

    // --- the table --------------------------------------------------------------------------------------------------

    // What no cell can pass, and the cells that surely hold it.
    static unsigned __int128 bound_of(__int128 added, __int128 removed, int levels) {
        return static_cast<unsigned __int128>(std::max(added, removed)) * static_cast<unsigned>(levels);
    }
    int cell_bytes_now() const { return cell_bytes_for(bound_of(added(), removed(), levels())); }

    // The log stays where it is, and waits before the cells.
    void make_table() {
        if (is_table()) return;
        const std::size_t log = table_log_bytes();
        set_mode(table_mode(1, false));
        set_slots(log / entry_bytes());
        std::memset(recovery(), 0, recovery_bytes(lg_width()) + cell_count());
    }

    // To cells of twice the bytes, if there is room.
    bool widen() {
        const int now = cell_bytes();
        if (now == 8 || bytes_ < table_bytes(lg_width(), depth(), 2 * now, log_bytes())) return false;
        convert_cells(cells(), 2 * now, cells(), now, cell_count());
        set_mode(table_mode(2 * now, false));
        return true;
    }
    void widen_to(int need) {
        while (cell_bytes() < need && widen()) {
        }
    }

    // Applies the updates that wait. False, and nothing changed, where a cell would overflow and there is no room for
    // wider ones; `certain`: the totals do not bound the cells, so those are watched at any width.
    bool flush(bool certain = false) {
        while (!(certain || cell_bytes() < cell_bytes_now() ? apply<true>() : apply<false>()))
            if (!widen()) return false;
        start_log(log_bytes());
        return true;
    }

    Extent extent_of_cells() const {
        return with_cell_type(cell_bytes(), [&]<class T>(T) { return extent_of<T>(cells(), cell_count()); });
    }
    Sums sums_of_row(int i) const {
        return with_cell_type(cell_bytes(), [&]<class T>(T) { return sums_of<T>(row(i), width()); });
    }

  private:
    template <bool checked>
    bool apply() {
        return with_entry([&]<class Entry>(Entry) {
            return with_cell_type(cell_bytes(), [&]<class T>(T) {
                const auto run = [&](auto apply) {
                    return apply(cells(), recovery(), lg_width(), depth(), log(), count());
                };
                if (ranges()) return run(apply_log<T, Entry, checked, false, true>);
                if (!is_narrow(lg_width(), depth())) return run(apply_log<T, Entry, checked, false, false>);
                if (depth() != kSlices) return run(apply_log<T, Entry, checked, true, false>);
                if (lg_width() != kSliceBits) return run(apply_log<T, Entry, checked, true, false, kSlices>);
                return run(apply_log<T, Entry, checked, true, false, kSlices, kSliceBits>);  // the defaults
            });
        });
    }
};

}  // namespace sketch::cm
