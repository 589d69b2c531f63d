// SPDX-License-Identifier: PostgreSQL
//
// The state of a build: updates wait in the log, and go on into the table once they name too many values for a list.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/interrupts.hpp"
#include "countmin/flush.hpp"
#include "countmin/layout.hpp"
#include "countmin/log.hpp"

namespace sketch::countmin {

class State : public Layout {
  public:
    using Layout::Layout;

  protected:
    // --- the log ----------------------------------------------------------------------------------------------------

    // An empty one, in so many bytes: of keys, unless those that are to come in take more than a short log has.
    void start_log(std::size_t bytes, std::size_t used) {
        const std::size_t longest = is_table() ? bytes : std::max(buffer_bytes(lg_width()), used);
        set_mode(mode() | kUnits);
        set_slots(std::min(bytes, longest) / sizeof(Key));
        set_count(0);
    }
    // One of the same entries.
    void copy_log(const State& from, std::size_t bytes) {
        start_log(bytes, from.used_log_bytes());
        if (!from.units() && from.count() != 0) {
            set_mode(mode() & ~kUnits);
            set_slots(bytes / sizeof(Update));
        }
        set_count(from.count());
        std::memcpy(log(), from.log(), from.used_log_bytes());
    }
    void set_log(const Update* updates, std::size_t n) {
        set_count(0);
        weigh();
        set_count(n);
        std::memcpy(log(), updates, n * sizeof(Update));
    }
    // Of a list, in the bytes it has: at least so many.
    std::size_t list_log_bytes(std::size_t used) const {
        const std::size_t most = std::max(whole_updates(used + sizeof(Key)), max_list_bytes());
        return std::min(whole_updates(payload_bytes() - kTotalsBytes), most);
    }

    // Whether it has room for one update more of this weight.
    bool has_room_for(std::int64_t weight) const {
        return count() < (units() && weight != 1 ? weighed_slots() : slots());
    }
    void push(Update update) {
        if (update.weight != 1) weigh();
        const std::uint32_t n = count();
        if (units())
            store(log() + n * sizeof(Key), update.key);
        else
            store(log() + n * sizeof(Update), update);
        set_count(n + 1);
    }
    // Slots for updates, of a log of keys.
    std::size_t weighed_slots() const { return (is_table() ? log_bytes() : list_room()) / sizeof(Update); }
    // From keys to updates, in place: there must be room.
    void weigh() {
        if (!units()) return;
        for (std::size_t i = count(); i-- > 0;)
            store(log() + i * sizeof(Update), update_of(load<Key>(log() + i * sizeof(Key))));
        set_slots(weighed_slots());
        set_mode(mode() & ~kUnits);
    }

    // Makes room for an update of this weight.
    Status reserve(std::int64_t weight) {
        if (has_room_for(weight)) return Status::ok;
        if (trimmed()) return Status::no_room;
        if (!is_table()) {
            if (compact() || make_room_in_list()) return Status::ok;
            if (list_room() < max_list_bytes() || bytes_ < table_bytes(lg_width(), depth(), 1, table_log_bytes()))
                return Status::no_room;
            make_table();
        }
        return flush() ? Status::ok : Status::no_room;
    }
    // Of a list of keys in a place where updates have more room.
    bool make_room_in_list() {
        if (!units() || count() >= weighed_slots()) return false;
        weigh();
        return true;
    }

    // Of a list: the updates of a key to one. True where half of the room has come free, so that the work is paid by
    // the updates that fill it again. `fit` is told of a weight that overflows.
    bool compact(bool* fit = nullptr) {
        std::size_t n = count();
        if (units()) {
            if (!count_keys(log(), n, slots() / 4)) return false;
            set_count(0);
            weigh();
        } else {
            const bool all = compact_log(reinterpret_cast<Update*>(log()), n);
            if (fit != nullptr) *fit = all;
        }
        set_count(n);
        return n <= slots() / 2;
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
        fill_in_steps(iblt(), 0, iblt_bytes(lg_width()) + cell_count());
    }
    // From an image of the same parameters that is a table.
    void copy_table(const Layout& from) {
        std::memcpy(iblt(), from.iblt(), iblt_bytes(lg_width()));
        if (from.trimmed())
            from.packed().unpack(cells(), cell_bytes());
        else
            copy_in_steps(cells(), from.cells(), cell_count() * static_cast<std::size_t>(cell_bytes()));
    }

    // To cells of twice the bytes, if there is room.
    bool widen() {
        const int now = cell_bytes();
        if (now == 8 || bytes_ < table_bytes(lg_width(), depth(), 2 * now, log_bytes())) return false;
        switch (now) {
            case 1: widen_cells<std::int16_t, std::int8_t>(cells(), cell_count()); break;
            case 2: widen_cells<std::int32_t, std::int16_t>(cells(), cell_count()); break;
            default: widen_cells<std::int64_t, std::int32_t>(cells(), cell_count());
        }
        set_mode(table_mode(2 * now, false));
        return true;
    }
    void widen_to(int need) {
        while (cell_bytes() < need && widen()) {
        }
    }

    // Applies the updates that wait. False where a cell would overflow and there is no room for wider ones: what was
    // not applied goes on waiting. `Checked::yes`: the totals do not bound the cells, so those are watched at any
    // width.
    bool flush(Checked checked = Checked::no) {
        if (took_back()) checked = Checked::yes;
        const std::size_t n = count();
        for (std::size_t from = 0; from < n; from += kFlushStep) {
            if (from != 0) check_interrupts();
            const std::size_t step = std::min(kFlushStep, n - from);
            while (!apply(checked, from, step))
                if (!widen()) {
                    move_down(log(), log() + from * entry_bytes(), (n - from) * entry_bytes());
                    set_count(n - from);
                    return false;
                }
        }
        const std::size_t bytes = log_bytes();
        start_log(bytes, 0);
        return true;
    }

  private:
    static constexpr std::size_t kFlushStep = 4096;

    bool apply(Checked checked, std::size_t from, std::size_t n) {
        const bool watch = checked == Checked::yes || cell_bytes() < cell_bytes_now();
        return watch ? apply<Checked::yes>(from, n) : apply<Checked::no>(from, n);
    }
    template <Checked checked>
    bool apply(std::size_t from, std::size_t n) {
        return with_entry([&]<class Entry>(Entry) {
            return with_cell_type(cell_bytes(), [&]<class T>(T) {
                const auto run = [&](auto apply) {
                    return apply(cells(), iblt(), lg_width(), depth(), log() + from * sizeof(Entry), n);
                };
                if (ranges()) return run(apply_log<T, Entry, checked, Levels::all, Rows::any>);
                if (!is_narrow(lg_width(), depth())) return run(apply_log<T, Entry, checked, Levels::one, Rows::any>);
                constexpr auto narrow = Rows::narrow;
                if (depth() != kSlices) return run(apply_log<T, Entry, checked, Levels::one, narrow>);
                if (lg_width() != kSliceBits) return run(apply_log<T, Entry, checked, Levels::one, narrow, kSlices>);
                return run(apply_log<T, Entry, checked, Levels::one, narrow, kSlices, kSliceBits>);  // the defaults
            });
        });
    }
};

}  // namespace sketch::countmin
