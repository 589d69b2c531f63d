// SPDX-License-Identifier: PostgreSQL
//
// countmin: how often? The Count-Min sketch (Cormode, Muthukrishnan, J. Algorithms 55, 2005) over streams that add and
// remove: depth rows of width cells, a value counted in one cell of each row.
//
// Error: with width >= e / epsilon and depth >= ln(1 / (1 - confidence)) the least of a value's cells is never below
// its count, and above it by at most epsilon times the total weight, with this confidence. Few values are listed, and
// their counts exact. estimate.hpp has the readers, and the bounds for streams that do not stay above zero.
//
// The state is linear in the stream: sums, and nothing that depends on their order. That is `added` and `removed` (the
// weights above and below zero), the rows (rows.hpp), and cells that list the values again once they are few
// (iblt.hpp). The stored form is a function of these alone: the list where it can be recovered, else the rows. So
// merging adds, a - b takes away, and the bytes of a - b are those of the rest. Of unequal widths and depths the least
// are kept: a narrower row is a wider one folded, and fewer rows are the first ones.
//
// Header: p0 = lg(width) (3 to 23), p1 = depth (1 to 37); mode: see Mode. Payload: the i64 added, the i64 removed, and
//
//   form           then
//   trimmed list   count updates {u64 key, i64 weight}: ascending, none twice, none zero
//   trimmed table  the cells, packed (packed_cells.hpp); the IBLT
//   working list   the log: updates in any order, or keys alone (log.hpp), with room for slots
//   working table  the log, of what waits; the IBLT; depth * width cells (cells.hpp)
//
//   working list -> working table    its log is full of different values, and takes half of the table's bytes
//   working -> trimmed               the form that Stored::recover decides on, whichever the working one is
//   trimmed -> working               the same form
//
// Invariant: in each row the cells above zero sum up to at most `added`, those below to at most `removed` (times the
// levels of a sketch with ranges), and no cell of 8 bytes overflows before `added` or `removed` does.
//
// Memory: eight bytes of a trimmed table stand for 256 cells of at most 8 bytes. So whatever the bytes of stored
// sketches say, a working image of them takes at most 256 times as many, and at most kMaxCellBytes for the cells.
#pragma once

#include "countmin/estimate.hpp"
#include "countmin/merge.hpp"
#include "countmin/stored.hpp"

namespace sketch {

class CountMin : public countmin::Merge {
  public:
    using Reader = countmin::Reader;
    using Head = countmin::Head;
    using Sign = countmin::Sign;
    static constexpr std::uint8_t kKind = 'C';
    static constexpr std::uint8_t kVersion = 1;

    using Merge::Merge;

    // For this error and confidence, both within (0, 1). The width may be past the limit: see `possible`.
    static Params params_for(double epsilon, double confidence, bool ranges) {
        const double nodes = ranges ? double{countmin::kMaxNodes} * countmin::kLevels : 1;
        int lg = countmin::kMinLgWidth;
        while (lg < 62 && std::ldexp(epsilon, lg) < 2.718281828459045 * nodes) ++lg;
        return {lg, std::max(1, static_cast<int>(std::ceil(-std::log1p(-confidence)))), ranges};
    }
    static double cell_bytes_at_most(Params p) { return std::ldexp(8.0 * p.depth, p.lg_width); }
    static bool possible(Params p) {
        return p.lg_width >= countmin::kMinLgWidth && p.depth >= 1 && p.depth <= countmin::kMaxDepth &&
               cell_bytes_at_most(p) <= static_cast<double>(countmin::kMaxCellBytes);
    }

    static std::size_t bytes_for(Params) { return list_bytes(kFirstLogBytes); }

    Params params() const { return {lg_width(), depth(), ranges()}; }

    static CountMin create(std::span<std::byte> room, Params params) {
        CountMin s(room.data(), room.size());
        s.set_header(kKind, kVersion, kHashXxh3, static_cast<std::uint8_t>(params.lg_width),
                     static_cast<std::uint8_t>(params.depth));
        s.set_mode(params.ranges ? kRanges : 0);
        s.set_totals(0, 0);
        s.start_log(s.list_log_bytes(0), 0);
        return s;
    }

    static Status check(std::span<const std::byte> image) {
        if (const Status status = check_header(image, kKind, kVersion); status != Status::ok) return status;
        if (image.size() < kHeaderBytes + kTotalsBytes) return Status::wrong_size;
        const CountMin s(image);
        if (s.lg_width() > countmin::kMaxLgWidth || !possible({s.lg_width(), s.depth(), false}) ||
            s.hash() != kHashXxh3)
            return Status::bad_parameter;
        return countmin::Stored(s).check();
    }

    bool empty() const { return !is_table() && count() == 0 && added() == 0 && removed() == 0; }

    // --- building ---------------------------------------------------------------------------------------------------

    Status add(countmin::Key key) {
        const std::uint32_t n = count();
        const std::int64_t before = added();
        if (!units() || n >= slots() || before >= INT64_MAX / countmin::kLevels) [[unlikely]]  // whatever the levels
            return add_update(*this, {key, 1});
        store(payload(), before + 1);
        store(log() + n * sizeof key, key);
        set_count(n + 1);
        return Status::ok;
    }
    Status add(countmin::Key key, std::int64_t weight) {
        return weight == 1 ? add(key) : add_update(*this, {key, weight});
    }

    // Takes back what `add` with the same arguments did.
    Status take_back(countmin::Key key, std::int64_t weight) {
        const std::int64_t plus = weight > 0 ? weight : 0, minus = weight < 0 && weight != INT64_MIN ? -weight : 0;
        if (weight == INT64_MIN || plus > added() || minus > removed()) return Status::overflow;
        if (const Status status = reserve(-weight); status != Status::ok) return status;
        set_totals(added() - plus, removed() - minus);
        set_mode(mode() | kTookBack);
        push({key, -weight});
        return Status::ok;
    }

    std::size_t grown_bytes() const {
        if (is_table())
            return table_bytes(lg_width(), depth(), trimmed() ? cell_bytes() : 2 * cell_bytes(), table_log_bytes());
        if (!trimmed() && list_room() >= max_list_bytes())
            return table_bytes(lg_width(), depth(), 1, table_log_bytes());
        // Twice as many entries; those of a long list are updates.
        std::size_t log = 2 * used_log_bytes() + kFirstLogBytes;
        if (units() && log > buffer_bytes(lg_width())) log += 2 * used_log_bytes();
        return list_bytes(std::min(log, std::max(max_list_bytes(), used_log_bytes() + sizeof(countmin::Update))));
    }

    CountMin relay(std::span<std::byte> room) const {
        CountMin s(room.data(), room.size());
        std::memcpy(s.image_, image_, kHeaderBytes + kTotalsBytes);
        s.copy_log(*this, is_table() ? table_log_bytes() : s.list_log_bytes(used_log_bytes()));
        if (is_table()) s.copy_table(*this);
        return s;
    }

    // --- merging, and taking away -----------------------------------------------------------------------------------

    std::size_t merge_bytes(const CountMin& other) const { return combined_bytes(other, Sign::plus); }
    Status merge(const CountMin& other) {
        if (lg_width() != other.lg_width() || depth() != other.depth()) set_mode(mode() | kFolded);
        return combine<Sign::plus>(other);
    }

    // This becomes the sketch of the difference of the streams. Wants a working image of subtract_bytes.
    std::size_t subtract_bytes(const CountMin& other) const { return combined_bytes(other, Sign::minus); }
    Status subtract(const CountMin& other) { return combine<Sign::minus>(other); }

    // --- settling and trimming --------------------------------------------------------------------------------------

    bool settled() const { return trimmed() || (is_table() && count() == 0 && !took_back()); }

    std::size_t settle_bytes() const {
        if (trimmed()) return bytes_;
        if (!is_table()) {
            countmin::IbltDecoder list(lg_width());
            if (countmin::Stored(*this).recover(list))
                return std::max(bytes_, list_bytes(list.listed() * sizeof(countmin::Update)));
        }
        const int widest = took_back() ? 8 : std::max(cell_bytes(), cell_bytes_now());
        return table_bytes(lg_width(), depth(), widest, table_log_bytes());
    }

    void settle() {
        if (settled()) return;
        reconcile_totals();
        if (!is_table()) {
            countmin::IbltDecoder list(lg_width());
            if (countmin::Stored(*this).recover(list)) return set_log(list.begin(), list.listed());
            make_table();
        }
        flush();
    }

    std::size_t trimmed_bytes() const { return trimmed() ? bytes_ : countmin::Stored(*this).packed_bytes(); }

    std::size_t trim(std::span<std::byte> room) const {
        if (!trimmed()) return countmin::Stored(room.data(), room.size()).pack(*this);
        copy_in_steps(room.data(), image_, bytes_);
        return bytes_;
    }

  private:
    // Where the log holds no keys alone, or has no room.
    [[gnu::noinline]] static Status add_update(CountMin s, countmin::Update update) {
        if (const Status status = s.reserve(update.weight); status != Status::ok) return status;
        std::int64_t added = s.added(), removed = s.removed();
        const bool wrapped = update.weight < 0 ? __builtin_sub_overflow(removed, update.weight, &removed)
                                               : __builtin_add_overflow(added, update.weight, &added);
        if (wrapped || std::max(added, removed) > s.max_weight()) return Status::overflow;
        s.set_totals(added, removed);
        s.push(update);
        return Status::ok;
    }
};

static_assert(Kernel<CountMin>);

}  // namespace sketch
