// SPDX-License-Identifier: PostgreSQL
//
// countmin: how often? The Count-Min sketch (Cormode, Muthukrishnan, J. Algorithms 55, 2005) over streams that add and
// remove: depth rows of width cells, a value counted in one cell of each row.
//
// Error: with width >= e / epsilon and depth >= ln(1 / (1 - confidence)) the least of a value's cells is never below
// its count, and above it by at most epsilon times the total weight, with this confidence. Few values are listed, and
// their counts exact. answers.hpp has the readers, and the bounds for streams that do not stay above zero.
//
// The state is linear in the stream: sums, and nothing that depends on their order. That is `added` and `removed` (the
// weights above and below zero), the rows (rows.hpp), and cells that list the values again once they are few
// (recovery.hpp). The stored form is a function of these alone: the list where it can be recovered, else the rows at
// the narrowest cells that hold them. So merging adds, a - b takes away, and the bytes of a - b are those of the rest.
//
// Header: p0 = lg(width) (3 to 23), p1 = depth (1 to 37); mode: see Mode.
//
//   offset  size  field of the payload
//   0       8     added
//   8       8     removed
//   16            list:  count updates {u64 key, i64 weight}. Trimmed: ascending, none twice, none zero. Working: a log
//                        in any order, with room for slots.
//                 table: slots updates, the first count of them waiting; the recovery cells; depth * width cells.
//
// Invariant: in each row the cells above zero sum up to at most `added`, those below to at most `removed` (times the
// levels of a sketch with ranges), and no cell of 8 bytes overflows before `added` or `removed` does.
#pragma once

#include "countmin/flush.hpp"
#include "countmin/log.hpp"
#include "countmin/recovery.hpp"
#include "countmin/rows.hpp"
#include "sketch.hpp"

namespace sketch {

class CountMin : public View {
  public:
    static constexpr std::uint8_t kKind = 'C';
    static constexpr std::uint8_t kVersion = 1;
    struct Params {
        int lg_width;
        int depth;
        bool ranges;
    };

    using View::View;

    // For this error and confidence, both within (0, 1). The width may be past the limit: see `possible`.
    static Params params_for(double epsilon, double confidence, bool ranges) {
        const double nodes = ranges ? double{cm::kMostNodes} * cm::kLevels : 1;
        int lg = cm::kMinLgWidth;
        while (lg < 62 && std::ldexp(epsilon, lg) < 2.718281828459045 * nodes) ++lg;
        return {lg, std::max(1, static_cast<int>(std::ceil(-std::log1p(-confidence)))), ranges};
    }
    static double cell_bytes_at_most(Params p) { return std::ldexp(8.0 * p.depth, p.lg_width); }
    static bool possible(Params p) {
        return p.lg_width >= cm::kMinLgWidth && p.depth >= 1 && p.depth <= cm::kMaxDepth &&
               cell_bytes_at_most(p) <= static_cast<double>(cm::kMostBytes);
    }

    static std::size_t bytes_for(Params) { return list_bytes(kFirstSlots); }

    static CountMin create(std::span<std::byte> room, Params params) {
        CountMin s(room.data(), room.size());
        s.set_header(kKind, kVersion, kHashXxh3, static_cast<std::uint8_t>(params.lg_width),
                     static_cast<std::uint8_t>(params.depth));
        s.set_mode(params.ranges ? kRanges : 0);
        s.set_totals(0, 0);
        s.start_list(0);
        return s;
    }

    static Status check(std::span<const std::byte> image);

    bool trimmed() const { return slots() == 0; }
    int lg_width() const { return p0(); }
    std::size_t width() const { return std::size_t{1} << p0(); }
    int depth() const { return p1(); }
    bool ranges() const { return (mode() & kRanges) != 0; }
    int levels() const { return ranges() ? cm::kLevels : 1; }
    bool is_table() const { return (mode() & kTable) != 0; }
    // The weights added and removed. Their difference is the total.
    std::int64_t added() const { return load<std::int64_t>(payload()); }
    std::int64_t removed() const { return load<std::int64_t>(payload() + 8); }
    std::int64_t total() const { return added() - removed(); }

    // --- building ---------------------------------------------------------------------------------------------------

    Status add(cm::Key key, std::int64_t weight) {
        if (count() >= slots()) [[unlikely]]
            if (const Status status = make_room(); status != Status::ok) return status;
        if (weight < 0) return add_removal(key, weight);
        std::int64_t sum;
        if (__builtin_add_overflow(added(), weight, &sum) || sum > most_weight()) [[unlikely]]
            return Status::overflow;
        store(payload(), sum);
        push({key, weight});
        return Status::ok;
    }

    // Takes back what `add` with the same arguments did.
    Status take_back(cm::Key key, std::int64_t weight) {
        if (count() >= slots())
            if (const Status status = make_room(); status != Status::ok) return status;
        const std::int64_t plus = weight > 0 ? weight : 0, minus = weight < 0 ? -weight : 0;
        if (weight == INT64_MIN || plus > added() || minus > removed()) return Status::overflow;
        set_totals(added() - plus, removed() - minus);
        push({key, -weight});
        return Status::ok;
    }

    std::size_t grown_bytes() const {
        if (is_table())
            return table_bytes(lg_width(), depth(), trimmed() ? cell_bytes() : 2 * cell_bytes(), room_slots());
        if (slots() >= most_slots(lg_width())) return table_bytes(lg_width(), depth(), 1, slots());
        return list_bytes(std::min<std::size_t>(2 * count() + kFirstSlots, most_slots(lg_width())));
    }

    CountMin relay(std::span<std::byte> room) const {
        CountMin s(room.data(), room.size());
        std::memcpy(s.image_, image_, kHeaderBytes + kTotalsBytes);
        std::memcpy(s.log(), log(), count() * sizeof(cm::Update));
        if (is_table()) {
            s.set_slots(room_slots());
            std::memcpy(s.recovery(), recovery(), cm::recovery_bytes(lg_width()) + cell_count() * cell_bytes());
        } else {
            s.start_list(count());
        }
        return s;
    }

    std::size_t merge_bytes(const CountMin& other) const { return combined_bytes(other, false); }
    Status merge(const CountMin& other) { return combine<false>(other); }

    // Whether sketches of unequal widths came together here: then the width is that of the narrowest, and taking that
    // one away again does not bring a greater width back.
    bool folded() const { return (mode() & kFolded) != 0; }

    // This becomes the sketch of the difference of the streams. Wants a working image of subtract_bytes.
    std::size_t subtract_bytes(const CountMin& other) const { return combined_bytes(other, true); }
    Status subtract(const CountMin& other) { return combine<true>(other); }

    // --- settling and trimming --------------------------------------------------------------------------------------

    bool settled() const { return trimmed() || (is_table() && count() == 0); }

    std::size_t settle_bytes() const {
        if (trimmed()) return bytes_;
        if (!is_table()) {
            cm::Recovery list(lg_width());
            if (recover(list)) return bytes_;
        }
        return table_bytes(lg_width(), depth(), std::max(cell_bytes(), cell_bytes_now()), room_slots());
    }

    void settle() {
        if (settled()) return;
        if (!is_table()) {
            cm::Recovery list(lg_width());
            if (recover(list)) {
                set_count(list.listed());
                std::memcpy(log(), list.begin(), list.listed() * sizeof(cm::Update));
                return;
            }
            make_table();
        }
        flush();
    }

    std::size_t trimmed_bytes() const {
        if (trimmed()) return bytes_;
        const std::size_t list = kHeaderBytes + kTotalsBytes + list_limit() * sizeof(cm::Update);
        return is_table() ? std::max(list, table_bytes(lg_width(), depth(), cell_bytes(), 0)) : list;
    }

    std::size_t trim(std::span<std::byte> room) const {
        CountMin s(room.data(), room.size());
        if (trimmed()) {
            std::memcpy(s.image_, image_, bytes_);
            return bytes_;
        }
        std::memcpy(s.image_, image_, kHeaderBytes + kTotalsBytes);
        s.set_slots(0);
        s.set_mode(mode() & ~kFolded);
        if (!is_table()) return s.take_list(log(), count());
        cm::Recovery list(lg_width());
        if (recover(list)) return s.take_list(reinterpret_cast<const std::byte*>(list.begin()), list.listed());

        const cm::Extent extent = extent_of_cells();
        const int narrow = cm::narrowest(extent);
        s.set_mode(s.table_mode(narrow, extent.least < 0));
        std::memcpy(s.recovery(), recovery(), cm::recovery_bytes(lg_width()));
        cm::convert_cells(s.cells(), narrow, cells(), cell_bytes(), cell_count());
        return table_bytes(lg_width(), depth(), narrow, 0);
    }

    // --- what a trimmed image holds, for the readers ----------------------------------------------------------------

    // Whether a cell is below zero: then some count is, whatever was added and removed.
    bool negative_cells() const { return (mode() & kNegative) != 0; }
    int cell_bytes() const { return is_table() ? 1 << (mode() >> kCellShift & 3) : 1; }
    const std::byte* row(int i) const {
        return cells() + (static_cast<std::size_t>(i) << lg_width()) * static_cast<std::size_t>(cell_bytes());
    }
    std::int64_t cell(int i, std::size_t index) const { return cm::cell_at(row(i), cell_bytes(), index); }
    std::size_t listed() const { return count(); }
    cm::Update listed(std::size_t i) const { return load<cm::Update>(log() + i * sizeof(cm::Update)); }

  private:
    enum Mode : std::uint8_t {
        kTable = 1,
        kCellShift = 1,  // two bits: lg of the bytes of a cell
        kNegative = 8,   // a cell is below zero; trimmed tables only
        kRanges = 16,
        kFolded = 32,  // sketches of unequal widths were merged; working images only
    };
    static constexpr std::size_t kTotalsBytes = 16;
    static constexpr std::size_t kFirstSlots = 5;

    // Updates that a list has room for before it becomes a table, and that wait before a table's cells take them: so
    // many that a flush touches each line of the cells about once, and the lists of two sketches.
    static constexpr std::size_t most_slots(int lg_width) {
        const auto limit = static_cast<std::size_t>(cm::list_limit(lg_width));
        return std::min(16 * limit, std::max<std::size_t>(1024, 2 * limit));
    }
    static constexpr std::size_t list_bytes(std::size_t slots) {
        return block_image(kHeaderBytes + kTotalsBytes + std::max(slots, kFirstSlots) * sizeof(cm::Update));
    }
    static constexpr std::size_t table_bytes(int lg_width, int depth, int cell_bytes, std::size_t slots) {
        return kHeaderBytes + kTotalsBytes + slots * sizeof(cm::Update) + cm::recovery_bytes(lg_width) +
               (static_cast<std::size_t>(depth) << lg_width) * static_cast<std::size_t>(std::min(cell_bytes, 8));
    }

    std::size_t list_limit() const { return static_cast<std::size_t>(cm::list_limit(lg_width())); }
    std::size_t cell_count() const { return static_cast<std::size_t>(depth()) << lg_width(); }
    std::int64_t most_weight() const { return ranges() ? INT64_MAX / cm::kLevels : INT64_MAX; }
    // Of a working table; folding keeps the slots of the greater width.
    std::size_t room_slots() const { return std::max<std::size_t>(slots(), most_slots(lg_width())); }

    std::byte* log() const { return image_ + kHeaderBytes + kTotalsBytes; }
    std::byte* recovery() const { return log() + slots() * sizeof(cm::Update); }
    std::byte* cells() const { return recovery() + cm::recovery_bytes(lg_width()); }

    std::uint8_t table_mode(int cell_bytes, bool negative) const {
        return static_cast<std::uint8_t>((mode() & (kRanges | kFolded)) | kTable | (negative ? kNegative : 0) |
                                         std::countr_zero(static_cast<unsigned>(cell_bytes)) << kCellShift);
    }
    void set_totals(std::int64_t added, std::int64_t removed) {
        store(payload(), added);
        store(payload() + 8, removed);
    }
    void push(cm::Update update) {
        const std::uint32_t n = count();
        store(log() + n * sizeof(cm::Update), update);
        set_count(n + 1);
    }
    [[gnu::noinline]] Status add_removal(cm::Key key, std::int64_t weight) {
        std::int64_t sum;
        if (__builtin_sub_overflow(removed(), weight, &sum) || sum > most_weight()) return Status::overflow;
        store(payload() + 8, sum);
        push({key, weight});
        return Status::ok;
    }

    void start_list(std::size_t updates) {
        const std::size_t fit = (payload_bytes() - kTotalsBytes) / sizeof(cm::Update);
        set_slots(std::max(std::min(fit, most_slots(lg_width())), updates));
        set_count(updates);
    }
    std::size_t take_list(const std::byte* updates, std::size_t n) {
        set_mode(mode() & kRanges);
        set_count(n);
        std::memcpy(log(), updates, n * sizeof(cm::Update));
        return kHeaderBytes + kTotalsBytes + n * sizeof(cm::Update);
    }

    // --- the log ----------------------------------------------------------------------------------------------------

    // For a full one. Half of a list's slots must come free, so that the work is paid by the updates that fill them.
    [[gnu::noinline]] Status make_room() {
        if (trimmed()) return Status::no_room;
        if (is_table()) return flush() ? Status::ok : Status::no_room;
        compact<false>();
        if (count() <= slots() / 2) return Status::ok;
        if (slots() < most_slots(lg_width()) || bytes_ < table_bytes(lg_width(), depth(), 1, room_slots()))
            return Status::no_room;
        make_table();
        return flush() ? Status::ok : Status::no_room;
    }

    template <bool checked>
    bool compact() {
        std::size_t n = count();
        const bool fit = cm::compact_log(log(), n);
        set_count(n);
        return !checked || fit;
    }

    // Whether all that is counted can be listed: the one rule of which form is stored. A list must also tell the same
    // as the totals, and cannot fill more cells of a row than it has keys: what no stream produces stays a table.
    bool recover(cm::Recovery& list) const {
        if (is_table()) {
            if (filled_cells(list_limit() * static_cast<std::size_t>(levels())) < 0) return false;
            if (!list.recover(recovery())) return false;
        } else if (cm::names_more(log(), count(), list_limit()) || !list.recover(log(), count())) {
            return false;
        }
        return fits_totals(list.begin(), list.end());
    }
    bool fits_totals(const cm::Update* begin, const cm::Update* end) const {
        __int128 above = 0, below = 0;
        for (const cm::Update* u = begin; u != end; ++u) (u->weight > 0 ? above : below) += u->weight;
        return above <= added() && -below <= removed() && above + below == total();
    }
    // Of the first row; -1 if more than `most`.
    int filled_cells(std::size_t most) const {
        return cm::with_cell_type(cell_bytes(), [&]<class T>(T) {
            std::size_t filled = 0;
            for (std::size_t i = 0; i < width() && filled <= most; i += 8)
                for (std::size_t j = i; j < i + 8; ++j) filled += load<T>(cells() + j * sizeof(T)) != 0;
            return filled <= most ? static_cast<int>(filled) : -1;
        });
    }

    // --- the table --------------------------------------------------------------------------------------------------

    // What no cell can pass, and the cells that surely hold it.
    static unsigned __int128 bound_of(__int128 added, __int128 removed, int levels) {
        return static_cast<unsigned __int128>(std::max(added, removed)) * static_cast<unsigned>(levels);
    }
    int cell_bytes_now() const { return cm::cell_bytes_for(bound_of(added(), removed(), levels())); }

    // The log stays where it is, and waits before the cells.
    void make_table() {
        if (is_table()) return;
        const std::size_t slots = room_slots();
        set_mode(table_mode(1, false));
        set_slots(slots);
        std::memset(recovery(), 0, cm::recovery_bytes(lg_width()) + cell_count());
    }

    // To cells of twice the bytes, if there is room.
    bool widen() {
        const int now = cell_bytes();
        if (now == 8 || bytes_ < table_bytes(lg_width(), depth(), 2 * now, slots())) return false;
        cm::convert_cells(cells(), 2 * now, cells(), now, cell_count());
        set_mode(table_mode(2 * now, false));
        return true;
    }

    void widen_to(int need) {
        while (cell_bytes() < need && widen()) {
        }
    }

    template <bool checked>
    bool apply_log() {
        const std::size_t n = count();
        return cm::with_cell_type(cell_bytes(), [&]<class T>(T) {
            if (ranges())
                return cm::apply_updates<T, checked, false, true>(cells(), recovery(), lg_width(), depth(), log(), n);
            if (cm::is_narrow(lg_width(), depth()) && depth() == cm::kSlices)  // as with a confidence of 99 %
                return cm::apply_updates<T, checked, true, false, cm::kSlices>(cells(), recovery(), lg_width(), depth(),
                                                                               log(), n);
            if (cm::is_narrow(lg_width(), depth()))
                return cm::apply_updates<T, checked, true, false>(cells(), recovery(), lg_width(), depth(), log(), n);
            return cm::apply_updates<T, checked, false, false>(cells(), recovery(), lg_width(), depth(), log(), n);
        });
    }

    // Applies the updates that wait. False, and nothing changed, where a cell would overflow and there is no room for
    // wider ones; `certain`: the totals do not bound the cells, so those are watched at any width.
    bool flush(bool certain = false) {
        while (!(certain || cell_bytes() < cell_bytes_now() ? apply_log<true>() : apply_log<false>()))
            if (!widen()) return false;
        set_count(0);
        return true;
    }

    cm::Extent extent_of_cells() const {
        return cm::with_cell_type(cell_bytes(), [&]<class T>(T) { return cm::extent_of<T>(cells(), cell_count()); });
    }

    // --- merging, and taking away -----------------------------------------------------------------------------------

    // Bytes of cells that hold the sum or difference.
    int combined_cell_bytes(const CountMin& other, bool minus) const {
        const __int128 a = added(), r = removed(), b = other.added(), q = other.removed();
        const int sum = cm::cell_bytes_for(bound_of(minus ? a + q : a + b, minus ? r + b : r + q, levels()));
        return std::max({sum, cell_bytes(), other.cell_bytes()});
    }
    std::size_t combined_bytes(const CountMin& other, bool minus) const {
        const int lg = std::min(lg_width(), other.lg_width());
        const std::size_t updates = count() + other.count();
        const bool lists = !is_table() && !other.is_table();
        if (lists && updates <= most_slots(lg)) return std::max(bytes_, list_bytes(updates));
        return table_bytes(is_table() ? lg_width() : lg, depth(), combined_cell_bytes(other, minus),
                           std::max(room_slots(), std::max<std::size_t>(count(), most_slots(lg))));
    }

    template <bool minus>
    Status combine(const CountMin& other) {
        if (hash() != other.hash()) return Status::unlike_hash;
        if (depth() != other.depth() || ranges() != other.ranges()) return Status::unlike;
        const int need = combined_cell_bytes(other, minus);
        std::int64_t plus = added(), less = removed();
        if constexpr (minus) {
            plus -= other.added();
            less -= other.removed();
        } else if (__builtin_add_overflow(plus, other.added(), &plus) ||
                   __builtin_add_overflow(less, other.removed(), &less) || std::max(plus, less) > most_weight()) {
            return Status::overflow;
        }
        if constexpr (!minus) set_totals(plus, less);
        if (lg_width() != other.lg_width()) set_mode(mode() | kFolded);
        fold(other.lg_width(), need);
        if (other.is_table() && !add_table<minus>(other, need)) return Status::overflow;
        if (!add_log<minus>(other, need)) return Status::overflow;
        if constexpr (minus) return set_difference(plus, less);
        return Status::ok;
    }

    template <bool minus>
    bool add_table(const CountMin& other, int need) {
        make_table();
        if (!flush(minus)) return false;
        widen_to(need);
        const std::size_t size = width();
        bool fit = true;
        for (int i = 0; i < depth(); ++i) {
            std::byte* const to = const_cast<std::byte*>(row(i));
            for (std::size_t at = 0; at < other.width(); at += size)
                cm::with_cell_type(cell_bytes(), [&]<class T>(T) {
                    cm::with_cell_type(other.cell_bytes(), [&]<class U>(U) {
                        if constexpr (sizeof(U) <= sizeof(T))
                            fit &= cm::add_cells<T, U, minus>(to, other.row(i) + at * sizeof(U), size);
                    });
                });
        }
        cm::add_recovery(recovery(), cm::lg_part(lg_width()), other.recovery(), cm::lg_part(other.lg_width()), minus);
        return fit;
    }

    template <bool minus>
    bool add_log(const CountMin& other, int need) {
        for (std::size_t i = 0; i < other.count(); ++i) {
            cm::Update u = other.listed(i);
            if constexpr (minus) u.weight = -u.weight;
            if (count() >= slots() && !make_room_to_combine<minus>(need)) return false;
            push(u);
        }
        return true;
    }
    template <bool minus>
    bool make_room_to_combine(int need) {
        if (!is_table()) {
            if (!compact<minus>()) return false;
            if (count() <= slots() / 2) return true;
            make_table();
        }
        widen_to(need);
        return flush(minus);
    }

    // The totals of a difference. Where more was taken away than there was, they are raised to what the rest shows, so
    // that they go on to bound its cells.
    Status set_difference(std::int64_t plus, std::int64_t less) {
        __int128 above = 0, below = 0;
        if (is_table()) {
            if (!flush(true)) return Status::overflow;
            for (int i = 0; i < depth(); ++i) {
                const cm::Sums sums = sums_of_row(i);
                above = std::max(above, sums.above);
                below = std::max(below, sums.below);
            }
        } else {
            if (!compact<true>()) return Status::overflow;
            for (std::size_t i = 0; i < count(); ++i) {
                const std::int64_t w = listed(i).weight;
                (w > 0 ? above : below) += w > 0 ? __int128{w} : -__int128{w};
            }
            above *= levels();
            below *= levels();
        }
        const auto short_of = [&](__int128 sum, std::int64_t bound) {
            const __int128 lacking = sum - __int128{bound} * levels();
            return lacking > 0 ? (lacking + levels() - 1) / levels() : 0;
        };
        const __int128 raise = std::max(short_of(above, plus), short_of(below, less));
        if (std::max<__int128>(plus, less) + raise > most_weight()) return Status::overflow;
        set_totals(static_cast<std::int64_t>(plus + raise), static_cast<std::int64_t>(less + raise));
        return Status::ok;
    }

    cm::Sums sums_of_row(int i) const {
        return cm::with_cell_type(cell_bytes(), [&]<class T>(T) { return cm::sums_of<T>(row(i), width()); });
    }

    // To lesser width, in place.
    void fold(int target, int need) {
        const int lg = lg_width();
        if (target >= lg) return;
        if (!is_table()) {
            set_p0(static_cast<std::uint8_t>(target));
            return;
        }
        widen_to(need);
        flush(true);
        cm::with_cell_type(cell_bytes(),
                           [&]<class T>(T) { cm::fold_cells<T>(cells(), depth(), width(), std::size_t{1} << target); });
        const std::byte* const from = cells();
        cm::fold_recovery(recovery(), cm::lg_part(lg), cm::lg_part(target));
        set_p0(static_cast<std::uint8_t>(target));
        std::memmove(cells(), from, cell_count() * static_cast<std::size_t>(cell_bytes()));
    }

    Status check_list() const {
        if (count() > list_limit()) return Status::bad_content;
        if (payload_bytes() != kTotalsBytes + count() * sizeof(cm::Update)) return Status::wrong_size;
        for (std::size_t i = 0; i < count(); ++i)
            if (listed(i).weight == 0 || (i != 0 && listed(i).key <= listed(i - 1).key)) return Status::bad_content;
        cm::Recovery list(lg_width());
        return recover(list) ? Status::ok : Status::bad_content;
    }

    Status check_table() const {
        if (count() != 0) return Status::bad_content;
        if (bytes_ != table_bytes(lg_width(), depth(), cell_bytes(), 0)) return Status::wrong_size;
        const cm::Extent extent = extent_of_cells();
        if (cm::narrowest(extent) != cell_bytes() || (extent.least < 0) != negative_cells()) return Status::bad_content;
        for (int i = 0; i < depth(); ++i) {
            const cm::Sums sums = sums_of_row(i);
            if (sums.above > __int128{added()} * levels() || sums.below > __int128{removed()} * levels() ||
                sums.above - sums.below != __int128{total()} * levels())
                return Status::bad_content;
        }
        cm::Recovery list(lg_width());
        return recover(list) ? Status::bad_content : Status::ok;
    }
};

inline Status CountMin::check(std::span<const std::byte> image) {
    if (const Status status = check_header(image, kKind, kVersion); status != Status::ok) return status;
    if (image.size() < kHeaderBytes + kTotalsBytes) return Status::wrong_size;
    const CountMin s(image);
    if (s.lg_width() > cm::kMaxLgWidth || !possible({s.lg_width(), s.depth(), false})) return Status::bad_parameter;
    if (s.hash() != kHashXxh3) return Status::bad_parameter;
    const std::uint8_t mode = s.mode();
    const bool known = s.is_table() ? mode < 2 * kRanges : mode == 0 || mode == kRanges;
    if (!known || s.slots() != 0) return Status::bad_content;
    if (s.added() < 0 || s.removed() < 0 || std::max(s.added(), s.removed()) > s.most_weight())
        return Status::bad_content;
    return s.is_table() ? s.check_table() : s.check_list();
}

static_assert(Kernel<CountMin>);

}  // namespace sketch
