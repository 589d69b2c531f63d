// SPDX-License-Identifier: PostgreSQL
//
// Where things stand in an image of countmin; countmin.hpp draws the map.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/kernel.hpp"
#include "countmin/log.hpp"
#include "countmin/recovery.hpp"
#include "countmin/rows.hpp"

namespace sketch::cm {

class Layout : public View {
  public:
    struct Params {
        int lg_width;
        int depth;
        bool ranges;
    };

    using View::View;

    bool trimmed() const { return slots() == 0; }
    int lg_width() const { return p0(); }
    std::size_t width() const { return std::size_t{1} << p0(); }
    int depth() const { return p1(); }
    bool ranges() const { return (mode() & kRanges) != 0; }
    int levels() const { return ranges() ? kLevels : 1; }
    bool is_table() const { return (mode() & kTable) != 0; }

    // The weights added and removed. Their difference is the total.
    std::int64_t added() const { return load<std::int64_t>(payload()); }
    std::int64_t removed() const { return load<std::int64_t>(payload() + 8); }
    std::int64_t total() const { return added() - removed(); }

    // Whether sketches of unequal widths came together here: then the width is that of the narrowest, and taking that
    // one away again does not bring a greater width back.
    bool folded() const { return (mode() & kFolded) != 0; }
    // Whether a cell is below zero: then some count is, whatever was added and removed. Of trimmed tables.
    bool negative_cells() const { return (mode() & kNegative) != 0; }

    int cell_bytes() const { return is_table() ? 1 << (mode() >> kCellShift & 3) : 1; }
    const std::byte* row(int i) const {
        return cells() + (static_cast<std::size_t>(i) << lg_width()) * static_cast<std::size_t>(cell_bytes());
    }
    std::int64_t cell(int i, std::size_t index) const { return cell_at(row(i), cell_bytes(), index); }
    std::size_t listed() const { return count(); }
    Update listed(std::size_t i) const {
        return units() ? update_of(load<Key>(log() + i * sizeof(Key))) : load<Update>(log() + i * sizeof(Update));
    }

  protected:
    enum Mode : std::uint8_t {
        kTable = 1,
        kCellShift = 1,  // two bits: lg of the bytes of a cell
        kNegative = 8,   // a cell is below zero; trimmed tables only
        kRanges = 16,
        kFolded = 32,  // sketches of unequal widths were merged; working images only
        kUnits = 64,   // the log holds keys alone, each of weight 1; working images only
    };
    static constexpr std::size_t kTotalsBytes = 16;
    static constexpr std::size_t kFirstLogBytes = 80;

    // Of the log of a list before it becomes a table, and of updates that wait before a table's cells take them: so
    // many that a flush touches each line of the cells about once, and the lists of two sketches.
    static constexpr std::size_t most_log_bytes(int lg_width) {
        const auto limit = static_cast<std::size_t>(cm::list_limit(lg_width));
        return std::min(8 * limit, std::max<std::size_t>(512, 2 * limit)) * sizeof(Update);
    }
    static constexpr std::size_t list_bytes(std::size_t log_bytes) {
        return block_image(kHeaderBytes + kTotalsBytes + std::max(log_bytes, kFirstLogBytes));
    }
    static constexpr std::size_t table_bytes(int lg_width, int depth, int cell_bytes, std::size_t log_bytes) {
        return kHeaderBytes + kTotalsBytes + log_bytes + recovery_bytes(lg_width) +
               (static_cast<std::size_t>(depth) << lg_width) * static_cast<std::size_t>(std::min(cell_bytes, 8));
    }

    std::size_t list_limit() const { return static_cast<std::size_t>(cm::list_limit(lg_width())); }
    std::size_t cell_count() const { return static_cast<std::size_t>(depth()) << lg_width(); }
    std::int64_t most_weight() const { return ranges() ? INT64_MAX / kLevels : INT64_MAX; }

    std::byte* log() const { return image_ + kHeaderBytes + kTotalsBytes; }
    std::byte* recovery() const { return log() + log_bytes(); }
    std::byte* cells() const { return recovery() + recovery_bytes(lg_width()); }

    std::uint8_t table_mode(int cell_bytes, bool negative) const {
        return static_cast<std::uint8_t>((mode() & (kRanges | kFolded | kUnits)) | kTable | (negative ? kNegative : 0) |
                                         std::countr_zero(static_cast<unsigned>(cell_bytes)) << kCellShift);
    }
    void set_totals(std::int64_t added, std::int64_t removed) {
        store(payload(), added);
        store(payload() + 8, removed);
    }

    // --- the log: keys of weight 1, or updates ----------------------------------------------------------------------

    bool units() const { return (mode() & kUnits) != 0; }
    std::size_t entry_bytes() const { return units() ? sizeof(Key) : sizeof(Update); }
    // Its room, which does not depend on what it holds.
    std::size_t log_bytes() const { return slots() * entry_bytes(); }
    std::size_t used_log_bytes() const { return count() * entry_bytes(); }
    // Of a working table; folding keeps the room of the greater width.
    std::size_t table_log_bytes() const { return std::max(log_bytes(), most_log_bytes(lg_width())); }

    // Calls visit(Entry{}) for what the log holds.
    template <class Visit>
    auto with_entry(Visit visit) const {
        return units() ? visit(Key{}) : visit(Update{});
    }

    // An empty one, in so many bytes.
    void start_log(std::size_t bytes) {
        set_mode(mode() | kUnits);
        set_slots(bytes / sizeof(Key));
        set_count(0);
    }
    // One of the same entries, in so many bytes.
    void copy_log(const Layout& from, std::size_t bytes) {
        start_log(bytes);
        if (!from.units() && from.count() != 0) weigh();
        set_count(from.count());
        std::memcpy(log(), from.log(), from.used_log_bytes());
    }
    void set_log(const Update* updates, std::size_t n) {
        set_count(0);
        weigh();
        set_count(n);
        std::memcpy(log(), updates, n * sizeof(Update));
    }
    // What a list can make of the bytes it has, but at least so many.
    std::size_t list_log_bytes(std::size_t used) const {
        const auto whole = [](std::size_t bytes) { return bytes / sizeof(Update) * sizeof(Update); };
        const std::size_t most = std::max(whole(used + sizeof(Key)), most_log_bytes(lg_width()));
        return std::min(whole(payload_bytes() - kTotalsBytes), most);
    }

    // Whether it has room for one update more of this weight.
    bool has_room_for(std::int64_t weight) const { return count() < (units() && weight != 1 ? slots() / 2 : slots()); }
    void push(Update update) {
        if (update.weight != 1) weigh();
        const std::uint32_t n = count();
        if (units())
            store(log() + n * sizeof(Key), update.key);
        else
            store(log() + n * sizeof(Update), update);
        set_count(n + 1);
    }
    // From keys to updates, in place: there must be room.
    void weigh() {
        if (!units()) return;
        for (std::size_t i = count(); i-- > 0;)
            store(log() + i * sizeof(Update), update_of(load<Key>(log() + i * sizeof(Key))));
        set_slots(slots() / 2);
        set_mode(mode() & ~kUnits);
    }
};

}  // namespace sketch::cm
