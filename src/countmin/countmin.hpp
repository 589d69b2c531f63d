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
//                        in any order, with room for slots; while all weights are 1, it holds keys alone (log.hpp).
//                 table: the log, of what waits; the recovery cells; depth * width cells.
//
// Invariant: in each row the cells above zero sum up to at most `added`, those below to at most `removed` (times the
// levels of a sketch with ranges), and no cell of 8 bytes overflows before `added` or `removed` does.
#pragma once

#include "countmin/state.hpp"

namespace sketch {

class CountMin : public cm::State {
  public:
    class Reader;
    static constexpr std::uint8_t kKind = 'C';
    static constexpr std::uint8_t kVersion = 1;

    using State::State;

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

    static std::size_t bytes_for(Params) { return list_bytes(kFirstLogBytes); }

    static CountMin create(std::span<std::byte> room, Params params) {
        CountMin s(room.data(), room.size());
        s.set_header(kKind, kVersion, kHashXxh3, static_cast<std::uint8_t>(params.lg_width),
                     static_cast<std::uint8_t>(params.depth));
        s.set_mode(params.ranges ? kRanges : 0);
        s.set_totals(0, 0);
        s.start_log(s.list_log_bytes(0));
        return s;
    }

    static Status check(std::span<const std::byte> image);

    // --- building ---------------------------------------------------------------------------------------------------

    Status add(cm::Key key, std::int64_t weight) {
        const std::uint32_t n = count();
        if (weight != 1 || !units() || n >= slots() || added() >= most_weight()) [[unlikely]]
            return add_update(*this, {key, weight});
        store(payload(), added() + 1);
        store(log() + n * sizeof key, key);
        set_count(n + 1);
        return Status::ok;
    }

    // Takes back what `add` with the same arguments did.
    Status take_back(cm::Key key, std::int64_t weight) {
        const std::int64_t plus = weight > 0 ? weight : 0, minus = weight < 0 ? -weight : 0;
        if (weight == INT64_MIN || plus > added() || minus > removed()) return Status::overflow;
        if (const Status status = reserve(-weight); status != Status::ok) return status;
        set_totals(added() - plus, removed() - minus);
        push({key, -weight});
        return Status::ok;
    }

    std::size_t grown_bytes() const {
        if (is_table())
            return table_bytes(lg_width(), depth(), trimmed() ? cell_bytes() : 2 * cell_bytes(), table_log_bytes());
        if (log_bytes() >= most_log_bytes(lg_width())) return table_bytes(lg_width(), depth(), 1, log_bytes());
        return list_bytes(std::min(2 * used_log_bytes() + kFirstLogBytes, most_log_bytes(lg_width())));
    }

    CountMin relay(std::span<std::byte> room) const {
        CountMin s(room.data(), room.size());
        std::memcpy(s.image_, image_, kHeaderBytes + kTotalsBytes);
        s.copy_log(*this, is_table() ? table_log_bytes() : s.list_log_bytes(used_log_bytes()));
        if (is_table())
            std::memcpy(s.recovery(), recovery(), cm::recovery_bytes(lg_width()) + cell_count() * cell_bytes());
        return s;
    }

    // --- merging, and taking away -----------------------------------------------------------------------------------

    std::size_t merge_bytes(const CountMin& other) const { return combined_bytes(other, false); }
    Status merge(const CountMin& other) { return combine<false>(other); }

    // This becomes the sketch of the difference of the streams. Wants a working image of subtract_bytes.
    std::size_t subtract_bytes(const CountMin& other) const { return combined_bytes(other, true); }
    Status subtract(const CountMin& other) { return combine<true>(other); }

    // --- settling and trimming --------------------------------------------------------------------------------------

    bool settled() const { return trimmed() || (is_table() && count() == 0); }

    std::size_t settle_bytes() const {
        if (trimmed()) return bytes_;
        if (!is_table()) {
            cm::Recovery list(lg_width());
            if (recover(list)) return std::max(bytes_, list_bytes(list.listed() * sizeof(cm::Update)));
        }
        return table_bytes(lg_width(), depth(), std::max(cell_bytes(), cell_bytes_now()), table_log_bytes());
    }

    void settle() {
        if (settled()) return;
        if (!is_table()) {
            cm::Recovery list(lg_width());
            if (recover(list)) return set_log(list.begin(), list.listed());
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
        s.set_mode(mode() & kRanges);
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

  private:
    // Not one of weight 1 into a log of such.
    [[gnu::noinline]] static Status add_update(CountMin s, cm::Update update) {
        if (const Status status = s.reserve(update.weight); status != Status::ok) return status;
        std::int64_t added = s.added(), removed = s.removed();
        const bool wrapped = update.weight < 0 ? __builtin_sub_overflow(removed, update.weight, &removed)
                                               : __builtin_add_overflow(added, update.weight, &added);
        if (wrapped || std::max(added, removed) > s.most_weight()) return Status::overflow;
        s.set_totals(added, removed);
        s.push(update);
        return Status::ok;
    }

    std::size_t take_list(const std::byte* updates, std::size_t n) {
        set_count(n);
        std::memcpy(log(), updates, n * sizeof(cm::Update));
        return kHeaderBytes + kTotalsBytes + n * sizeof(cm::Update);
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
        const bool lists = !is_table() && !other.is_table(), weighs = minus || !units() || !other.units();
        const std::size_t log = (count() + other.count()) * (weighs ? sizeof(cm::Update) : sizeof(cm::Key));
        if (lists && log <= most_log_bytes(lg)) return std::max(bytes_, list_bytes(log));
        return table_bytes(is_table() ? lg_width() : lg, depth(), combined_cell_bytes(other, minus),
                           std::max(table_log_bytes(), most_log_bytes(lg)));
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
            if (!has_room_for(u.weight) && !make_room_to_combine<minus>(need)) return false;
            push(u);
        }
        return true;
    }
    template <bool minus>
    bool make_room_to_combine(int need) {
        if (!is_table()) {
            bool fit = true;
            if (compact(&fit)) return fit;
            if (minus && !fit) return false;
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
            bool fit = true;
            compact(&fit);
            if (!fit) return Status::overflow;
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

// Answers questions about trimmed images.
class CountMin::Reader : public CountMin {
  public:
    explicit Reader(Trimmed<CountMin> sketch) : CountMin(sketch.image()) {}
};

static_assert(Kernel<CountMin>);

}  // namespace sketch
