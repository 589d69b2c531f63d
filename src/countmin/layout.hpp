// SPDX-License-Identifier: PostgreSQL
//
// Where things stand in an image of countmin; countmin.hpp draws the map.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "core/kernel.hpp"
#include "countmin/cells.hpp"
#include "countmin/iblt.hpp"
#include "countmin/packed_cells.hpp"
#include "countmin/rows.hpp"

namespace sketch::countmin {

class Layout : public View {
  public:
    struct Params {
        int lg_width;
        int depth;
        bool ranges;
        bool operator==(const Params&) const = default;
    };

    using View::hash;
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

    // Whether sketches of unequal parameters were merged here: then the width and depth are the least of theirs, and
    // taking those away again does not bring the others' back.
    bool folded() const { return (mode() & kFolded) != 0; }
    // Whether values were taken back since the totals were last seen to bound what is counted.
    bool took_back() const { return (mode() & kTookBack) != 0; }
    // Whether a cell is below zero: then some count is, whatever was added and removed. Of trimmed tables.
    bool negative_cells() const { return (mode() & kNegative) != 0; }

    // Of a table: those of a working one, or the narrowest that a trimmed one unpacks to.
    int cell_bytes() const { return is_table() ? 1 << (mode() >> kCellShift & 3) : 1; }
    std::size_t cell_count() const { return static_cast<std::size_t>(depth()) << lg_width(); }

    std::size_t listed() const { return count(); }
    bool units() const { return (mode() & kUnits) != 0; }
    Update listed(std::size_t i) const {
        return units() ? update_of(load<Key>(log() + i * sizeof(Key))) : load<Update>(log() + i * sizeof(Update));
    }
    std::size_t list_limit() const { return static_cast<std::size_t>(countmin::list_limit(lg_width())); }
    std::int64_t max_weight() const { return ranges() ? INT64_MAX / kLevels : INT64_MAX; }

    // --- places -----------------------------------------------------------------------------------------------------

    // Of a list and a working image.
    std::byte* log() const { return image_ + kHeaderBytes + kTotalsBytes; }
    // Of a table.
    std::byte* iblt() const { return trimmed() ? image_ + bytes_ - iblt_bytes(lg_width()) : log() + log_bytes(); }
    // Of a working table.
    std::byte* cells() const { return iblt() + iblt_bytes(lg_width()); }
    std::byte* row(int i) const {
        return cells() + (static_cast<std::size_t>(i) << lg_width()) * static_cast<std::size_t>(cell_bytes());
    }
    // Of a trimmed table.
    PackedCells packed() const { return {log(), lg_width(), depth()}; }

    // Calls visit(Entry{}) for what the log holds.
    template <class Visit>
    auto with_entry(Visit visit) const {
        return units() ? visit(Key{}) : visit(Update{});
    }

  protected:
    enum Mode : std::uint8_t {
        kTable = 1,
        kCellShift = 1,  // two bits: lg of the bytes of a cell
        kNegative = 8,   // a cell is below zero; trimmed tables only
        kRanges = 16,
        kFolded = 32,     // sketches of unequal parameters were merged; working images only
        kUnits = 64,      // the log holds keys alone, each of weight 1; working images only
        kTookBack = 128,  // values were taken back: perhaps some that never came; working images only
    };
    static constexpr std::size_t kTotalsBytes = 16;

    std::uint8_t table_mode(int cell_bytes, bool negative) const {
        return static_cast<std::uint8_t>((mode() & (kRanges | kFolded | kUnits | kTookBack)) | kTable |
                                         (negative ? kNegative : 0) |
                                         std::countr_zero(static_cast<unsigned>(cell_bytes)) << kCellShift);
    }
    void set_depth(int depth) { store(image_ + 5, static_cast<std::uint8_t>(depth)); }
    void set_totals(std::int64_t added, std::int64_t removed) {
        store(payload(), added);
        store(payload() + 8, removed);
    }

    std::size_t entry_bytes() const { return units() ? sizeof(Key) : sizeof(Update); }
    // The room of the log, and what of it is used.
    std::size_t log_bytes() const { return slots() * entry_bytes(); }
    std::size_t used_log_bytes() const { return count() * entry_bytes(); }

    // --- sizes ------------------------------------------------------------------------------------------------------

    static constexpr std::size_t kFirstLogBytes = 80;
    static constexpr std::size_t kMaxLogBytes = INT16_MAX * sizeof(Update);  // as slots are two bytes

    static constexpr std::size_t whole_updates(std::size_t bytes) { return bytes / sizeof(Update) * sizeof(Update); }

    // Of updates that wait before a table's cells: so many that a flush touches each line of the cells about once, and
    // the lists of two sketches.
    static constexpr std::size_t buffer_bytes(int lg_width) {
        const auto limit = static_cast<std::size_t>(countmin::list_limit(lg_width));
        return std::min(8 * limit, std::max<std::size_t>(512, 2 * limit)) * sizeof(Update);
    }
    // Of a list's log, before it becomes a table: a list grows until it takes half of the least table, so that few
    // values take little in however wide rows.
    static constexpr std::size_t max_list_bytes(int lg_width, int depth) {
        const std::size_t half = whole_updates((static_cast<std::size_t>(depth) << lg_width) / 2);
        const std::size_t buffer = buffer_bytes(lg_width);
        return half < 4 * buffer ? buffer : std::min(half, kMaxLogBytes);
    }
    std::size_t max_list_bytes() const { return max_list_bytes(lg_width(), depth()); }

    static constexpr std::size_t list_bytes(std::size_t log_bytes) {
        const std::size_t bytes = kHeaderBytes + kTotalsBytes + std::max(log_bytes, kFirstLogBytes);
        return bytes > kMaxRounded ? bytes : block_image(bytes);
    }
    static constexpr std::size_t table_bytes(int lg_width, int depth, int cell_bytes, std::size_t log_bytes) {
        return kHeaderBytes + kTotalsBytes + log_bytes + iblt_bytes(lg_width) +
               (static_cast<std::size_t>(depth) << lg_width) * static_cast<std::size_t>(std::min(cell_bytes, 8));
    }
    // Of a table, to be: what waits stays before the cells.
    std::size_t table_log_bytes() const {
        return std::max(whole_updates(used_log_bytes() + sizeof(Key)), buffer_bytes(lg_width()));
    }
    // Of a list: what it can make of its payload, as updates. At least what it has.
    std::size_t list_room() const {
        const std::size_t room = whole_updates(payload_bytes() - kTotalsBytes);
        return std::min(room, std::max(max_list_bytes(), log_bytes()));
    }

  private:
    static constexpr std::size_t kMaxRounded = std::size_t{64} << 10;
};

}  // namespace sketch::countmin
