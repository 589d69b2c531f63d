// SPDX-License-Identifier: PostgreSQL
//
// Heavy hitters, a state: rows come into its log, are applied to its summary, and other sketches are merged into it.
#pragma once

#include "heavy_hitters/apply.hpp"
#include "heavy_hitters/layout.hpp"
#include "heavy_hitters/merge.hpp"
#include "heavy_hitters/stored.hpp"

namespace sketch::heavy_hitters {

inline constexpr double kMaxWeight = 1e100;

template <class Form>
class State : public Layout<Form> {
  public:
    using Base = Layout<Form>;
    using Base::arena_used, Base::cells, Base::entries, Base::item_kind, Base::k, Base::log, Base::scales,
        Base::settled, Base::summary, Base::table, Base::total, Base::trimmed;
    using Base::Base;
    using typename Base::Batch, typename Base::Log;

    // --- adding -----------------------------------------------------------------------------------------------------

    // By value, so that an item that fits goes from registers to the log.
    [[gnu::always_inline]] Status append(Item item, typename Log::Words words) {
        Log log = this->log();
        if (item.kind == item_kind() && log.fits(item)) [[likely]] {
            log.put(item, words);
            return Status::ok;
        }
        return append_with_room(item, words);
    }

    // --- growing ----------------------------------------------------------------------------------------------------

    // Doubles small states; then goes to the size at which as many entries of the mean size fit as are ever held, and
    // stays there unless items become longer.
    std::size_t grown_bytes() const {
        const std::size_t full = full_bytes();
        if (bytes_ >= full && !trimmed()) return bytes_ + bytes_ / (mean_item() < kLongItem ? 2 : 8);
        const std::size_t doubled = block_image(trimmed() ? 2 * bytes_ + 128 : bytes_ + 1);
        if (full >= doubled + doubled / 2) return doubled;
        return std::max(full, mean_item() < kLongItem ? doubled : bytes_ + bytes_ / 8 + 512);
    }
    // This sketch, any image, as a working one in room.
    void relay_to(std::span<std::byte> room) const {
        State to(room.data(), room.size());
        std::memcpy(room.data(), image_, this->head_bytes());
        const Shape shape = shape_for(room.size());
        to.set_shape(shape);
        to.set_flags(trimmed() || this->watched() ? Base::kWatched : 0);
        if (!settled()) to.log().take(log());
        if (to.cells() == cells())
            std::memcpy(to.filter().cells, this->filter().cells, cells() * this->sum_bytes());
        else
            to.fill_filter();
        const EntryTable a = table(), b = to.table();
        copy_in_steps(b.entries, a.entries, a.size() * a.stride);
        copy_in_steps(b.arena, a.arena, a.arena_used());
        to.table().index();
    }

    // --- settling ---------------------------------------------------------------------------------------------------

    std::size_t settle_bytes() const { return std::max(bytes_, bytes_with(need_to_flush())); }
    void settle() {
        if (settled()) return;
        make_room(need_to_flush());
        flush();
    }

    std::size_t trimmed_bytes() const {
        return trimmed() ? bytes_ : this->head_bytes() + entries() * this->stride() + arena_used();
    }

    std::size_t trim(std::span<std::byte> room) const { return Stored<Form>::pack(*this, room); }

    // --- merging ----------------------------------------------------------------------------------------------------

    std::size_t merge_bytes(const State& from) const {
        return std::max(bytes_, bytes_with(need_to_flush() + from.need_to_flush()));
    }
    Status merge(const State& from) {
        if (item_kind() != ItemKind::none && from.item_kind() != ItemKind::none && item_kind() != from.item_kind())
            return Status::unlike_items;
        make_room(need_to_flush() + from.need_to_flush());
        flush();
        double factors[kMaxScales];
        if (const Status status = Form::agree(*this, from, factors); status != Status::ok) return status;
        for (int t = 0; t < scales(); ++t)
            if (total(t) + from.total(t) * factors[t] > kMaxTotal) return Status::overflow;
        if (item_kind() == ItemKind::none) this->set_kind(from.item_kind());

        this->set_k(std::min(k(), from.k()));
        const bool both = from.total(0) > 0 && total(0) > 0;
        Summary to = summary();
        const Summary other = from.summary();
        const bool rounded = Merging(to, other, factors).run();
        this->set_roundings(std::max(this->roundings(), from.roundings()));
        if (rounded || (both && this->roundings() > 0)) count_roundings(kMergeRoundings);
        if (from.trimmed() || from.watched()) this->watch();
        std::uint16_t rows[Batch::kMaxRows];
        apply_log(from, rows);
        if (entries() > max_entries(k())) prune();
        return Status::ok;
    }

  protected:
    static std::size_t first_bytes(int scales, std::size_t log) {
        return block_image(Base::head_bytes(scales) + Base::kWorkingHead + 8 * log);
    }
    void start(std::uint32_t k) {
        std::memset(this->payload(), 0, this->head_bytes() - kHeaderBytes);
        this->set_k(k);
        this->set_kind(ItemKind::none);
        this->set_slots(0);
        this->set_count(0);
        this->set_shape(shape_for(bytes_));
        this->set_flags(Form::kIntegers ? 0 : Base::kWatched);
        table().index();
    }

  private:
    using Base::bytes_, Base::image_;
    using typename Base::Shape;

    // What an addition of both, a floor beside it and a difference cost a bound, at most.
    static constexpr std::size_t kMergeRoundings = 3, kPruneRoundings = 4;
    static constexpr std::size_t kMinTable = 508;  // smaller images are a log alone
    // From this mean length on items are what memory is for: room for 1.25 k of them, of which k stay.
    static constexpr std::size_t kLongItem = 256;
    static_assert(4 * kMaxEntries + 2 * kMaxLog < 1 << 16, "a slot holds the number of an entry");

    // The rows that begin a log, or that it has no room for.
    [[gnu::noinline]] Status append_with_room(Item item, typename Log::Words words) {
        if (item_kind() != ItemKind::none && item.kind != item_kind()) return Status::unlike_items;
        if (!log().fits(item)) {
            if (trimmed() || this->capacity() == 0) return Status::no_room;
            if (const Status status = flush(); status != Status::ok) return status;
            if (!log().fits(item)) return apply_long(item, words);
        }
        this->set_kind(item.kind);
        log().put(item, words);
        return Status::ok;
    }

    // A row that is longer than the log.
    [[gnu::noinline]] Status apply_long(const Item& item, const typename Log::Words& words) {
        const ItemKind before = item_kind();
        this->set_kind(item.kind);
        const std::size_t item_words = (item.size() + 7) / 8;
        std::uint64_t row[Log::kRow];
        std::copy(words.begin(), words.end(), row);
        row[Log::kRow - 1] = item.word | item_words << 32;
        Batch batch;
        batch.rows = 1;
        batch.first = reinterpret_cast<const std::byte*>(row);
        batch.end = item.data + 8 * item_words;
        std::uint16_t rows[1];
        if (apply(batch, rows) == 0) return Status::ok;
        this->set_kind(before);
        return Status::no_room;
    }

    // --- applying ---------------------------------------------------------------------------------------------------

    // Applies the log. With no_room, what was not applied still waits.
    Status flush() {
        std::uint16_t rows[Batch::kMaxRows];
        const std::size_t left = apply_log(*this, rows);
        log().leave(rows, left);
        return left == 0 ? Status::ok : Status::no_room;
    }
    // Of this sketch or another. Without room some rows are left: returns how many, and rows has their numbers.
    std::size_t apply_log(const State& from, std::uint16_t* rows) {
        const Log log = from.log();
        if (log.rows() == 0) return 0;
        Batch batch;
        batch.rows = log.rows();
        batch.first = log.row(0);
        batch.end = log.end();
        return apply(batch, rows);
    }
    std::size_t apply(Batch& batch, std::uint16_t* rows) {
        return item_kind() == ItemKind::integer ? apply<ItemKind::integer>(batch, rows)
                                                : apply<ItemKind::text>(batch, rows);
    }
    template <ItemKind kKind>
    std::size_t apply(Batch& batch, std::uint16_t* rows) {
        batch.template hash_items<kKind>();
        Form::weigh(*this, batch);
        if (total(0) > kExactTotal) this->watch();
        const bool plain = !this->watched() || this->roundings() > 0;
        return plain ? apply<kKind, Sums::plain>(batch, rows) : apply<kKind, Sums::watched>(batch, rows);
    }
    template <ItemKind kKind, Sums kSums>
    std::size_t apply(const Batch& batch, std::uint16_t* rows) {
        if constexpr (!Form::kIntegers)
            if (scales() > 1) return apply<kKind, 0, kSums>(batch, rows);
        return apply<kKind, 1, kSums>(batch, rows);
    }
    template <ItemKind kKind, int kScales, Sums kSums>
    std::size_t apply(const Batch& batch, std::uint16_t* rows) {
        Summary s = summary();
        Application<kKind, kScales, kSums, Form::kRowWords> application(s, batch);
        const std::size_t left = application.run(rows);
        if (application.rounded() || this->roundings() > 0)
            count_roundings(batch.rows + kPruneRoundings * application.prunings());
        return left;
    }
    void prune() {
        Summary s = summary();
        if (Pruning(s).run() || this->roundings() > 0) count_roundings(kPruneRoundings);
    }
    void count_roundings(std::size_t n) {
        const double sum = std::min<double>(kMaxRoundings, this->roundings() + static_cast<double>(n));
        const auto nearest = static_cast<float>(sum);
        const bool below = static_cast<double>(nearest) < sum;
        this->set_roundings(std::bit_cast<float>(std::bit_cast<std::uint32_t>(nearest) + below));
    }

    // --- room for what comes ----------------------------------------------------------------------------------------

    // What stands after the log has been applied, at most.
    struct Need {
        std::size_t entries, arena;
        Need operator+(const Need& other) const { return {entries + other.entries, arena + other.arena}; }
    };
    Need need_to_flush() const { return {entries() + log().rows(), arena_used() + 8 * log().item_words()}; }
    std::size_t bytes_with(Need need) const {
        return this->bytes_of({std::max(log().used(), kMinLog), need.entries, cells()}, need.arena);
    }
    // In bytes_with(need) or more: the table and the arena get what they need, the log keeps what it can. A filter that
    // came when the image grew, and has nothing to tell yet, may have to go.
    void make_room(Need need) {
        if (this->capacity() >= need.entries && table().arena_room() >= need.arena) return;
        const std::size_t kept = bytes_with(need) <= bytes_ ? cells() : 0;
        const std::size_t left = (bytes_ - this->bytes_of({0, need.entries, kept}, need.arena)) / 8;
        reshape({std::min(left, std::max<std::size_t>(log().words(), kMinLog)), need.entries, kept});
    }

    // --- shapes -----------------------------------------------------------------------------------------------------

    std::size_t mean_item() const {
        if (item_kind() == ItemKind::integer) return 0;
        return entries() == 0 ? 32 : arena_used() / entries() + 1;
    }
    std::size_t all_cells() const { return std::bit_floor(4 * k() / static_cast<std::size_t>(scales())); }
    std::size_t full_bytes() const {
        const std::size_t most = max_entries(k()), mean = mean_item();
        return this->bytes_of({kMaxLog, most, all_cells()}, (mean < kLongItem ? most : most - k() / 4) * mean);
    }

    // How to share so many bytes: an eighth for the log, the rest for as many entries of the mean size as fit. The
    // filter comes with the last growth: before, no item was ever dropped.
    Shape shape_for(std::size_t bytes) const {
        const std::size_t n = entries(), used = arena_used(), mean = mean_item(), waiting = log().used();
        const std::size_t cells = this->cells() != 0 ? this->cells() : bytes >= full_bytes() ? all_cells() : 0;
        const std::size_t room = (bytes - this->bytes_of({0, 0, cells}, 0)) / 8 * 8;
        if (n == 0 && bytes < kMinTable) return {room / 8, 0, 0};

        const std::size_t least_table = this->bytes_of({0, n, 0}, used) - this->bytes_of({0, 0, 0}, 0);
        std::size_t log = std::max<std::size_t>(std::clamp(bytes / 64, kMinLog, kMaxLog), waiting);
        log = std::max<std::size_t>(std::min(log, (room - least_table) / 8), waiting);
        const std::size_t rest = room - 8 * log;
        const std::size_t all = max_entries(k()) - (cells == 0);  // so that it grows before it prunes
        const std::size_t most = std::max(n, mean == 0 ? all : std::min(all, 4 * n + 16));
        std::size_t best = n;
        for (std::size_t slots = 4; 2 * slots + used < rest && slots / 4 < 2 * most; slots *= 2) {
            const std::size_t left = rest - 2 * slots;
            const std::size_t fits = std::min(left / (this->stride() + mean), (left - used) / this->stride());
            best = std::max(best, std::min({slots / 4, fits, most}));
        }
        return {log, best, cells};
    }

    // Moves the sections to where this shape wants them; bytes_ are enough. Arena and entries go to the end first, from
    // where they are in nobody's way; the cells and the bytes before them move one after the other.
    void reshape(Shape shape) {
        const EntryTable from = table();
        const Filter filter = this->filter();
        const std::size_t n = from.size() * from.stride, used = from.arena_used(), waiting = 8 * log().item_words();
        std::byte *const arena = image_ + bytes_ - used, *const entries = arena - n, *const log_end = log().end();
        move_in_steps(arena, from.arena, used);
        move_in_steps(entries, from.entries, n);
        this->set_shape(shape);
        const Filter moved = this->filter();
        const auto move_items = [&] { std::memmove(log().end() - waiting, log_end - waiting, waiting); };
        if (moved.cells < filter.cells) move_items();
        if (moved.count == filter.count) std::memmove(moved.cells, filter.cells, moved.count * this->sum_bytes());
        if (moved.cells > filter.cells) move_items();
        if (moved.count != filter.count) fill_filter();
        EntryTable to = table();
        move_in_steps(to.entries, entries, n);
        move_in_steps(to.arena, arena, used);
        to.index();
    }
    void fill_filter() const {
        const Summary s = summary();
        for (std::uint32_t i = 0; i < s.filter.count; ++i)
            for (int t = 0; t < scales(); ++t) store(s.filter.cell(i, t), s.floor(t));
    }
    // memmove of what may be many megabytes.
    static void move_in_steps(std::byte* to, const std::byte* from, std::size_t bytes) {
        if (to <= from)
            return in_steps(bytes, kCopyStep,
                            [=](std::size_t a, std::size_t b) { std::memmove(to + a, from + a, b - a); });
        in_steps(bytes, kCopyStep,
                 [=](std::size_t a, std::size_t b) { std::memmove(to + bytes - b, from + bytes - b, b - a); });
    }
};

}  // namespace sketch::heavy_hitters
