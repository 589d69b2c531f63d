// SPDX-License-Identifier: PostgreSQL
//
// bloom: was it seen? A split-block Bloom filter (blocks.hpp) that chooses its own size, and never says no to what it
// holds.
//
// Error: none while it holds at most 224 values, whose hashes it keeps. A larger set becomes a filter. Made for n
// values and a false-positive rate, it has that rate for n values, by the exact sum over the loads of its blocks
// (10.5 bits a value for 1 %); with fewer values it is folded to the smallest half, quarter ... that still has it. With
// more values it goes on answering, and false_positives() tells at which rate.
//
// Header: p0, p1 = exponent and mantissa of the full size in blocks, count = hashes.
//
//   mode     payload: f64 rate, u32 folds, u32 settled, then
//   exact    hashes of 8 bytes, ascending, distinct. Trimmed.
//   filter   the blocks: full size / 2^folds. Trimmed: as often folded as the rate allows.
//   list     hashes; the first `settled` of them ascending and distinct, the others in any order; slack. Working.
//   dense    slots hashes, the first count of them waiting; then the blocks. Working.
//
// Trimmed bytes depend on the set of values alone. What was folded away is gone: two stored filters merge to the filter
// of both sets as it is at the smaller of their sizes. The states of one aggregate are never folded before its end.
#pragma once

#include "bloom/blocks.hpp"
#include "hashes.hpp"
#include "sketch.hpp"

namespace sketch {

class Bloom : public View {
  public:
    static constexpr std::uint8_t kKind = 'B';
    static constexpr std::uint8_t kVersion = 1;
    static constexpr std::size_t kMostExact = 224;  // a row with so many hashes still fits where rows are not split
    static constexpr double kDefaultCapacity = 4e6, kDefaultRate = 0.01;
    static constexpr bloom::Size kDefaultSize{21, 13};  // 5.5 MB, and a quarter of it for a million values
    static constexpr double kLeastRate = 1e-5, kMostRate = 0.5;
    struct Params {
        double capacity, rate;
    };

    using View::View;

    static std::size_t bytes_for(Params) { return list_bytes(12); }

    static Bloom create(std::span<std::byte> room, Params params) {
        Bloom s(room.data(), room.size());
        const bool usual = params.capacity == kDefaultCapacity && params.rate == kDefaultRate;
        const bloom::Size size = usual ? kDefaultSize : bloom::size_for(params.capacity, params.rate);
        s.set_header(kKind, kVersion, kHashXxh3, static_cast<std::uint8_t>(size.exponent),
                     static_cast<std::uint8_t>(size.mantissa));
        s.set_rate(params.rate);
        s.start_list(0, 0);
        return s;
    }

    static Status check(std::span<const std::byte> image) {
        if (const Status status = check_header(image, kKind, kVersion); status != Status::ok) return status;
        const Bloom s(image);
        if (image.size() < kHeaderBytes + kFixedBytes) return Status::wrong_size;
        if (!s.full_size().valid() || s.hash() != kHashXxh3) return Status::bad_parameter;
        if (!(s.rate() >= kLeastRate && s.rate() <= kMostRate)) return Status::bad_parameter;
        if (s.slots() != 0 || s.settled_count() != 0) return Status::bad_content;
        return s.mode() == kExact ? s.check_hashes() : s.check_filter();
    }

    bloom::Size full_size() const { return {p1(), p0()}; }
    double rate() const { return load<double>(payload()); }
    bool exact() const { return mode() == kExact || mode() == kList; }
    bool trimmed() const { return mode() == kExact || mode() == kFilter; }

    // --- building ---------------------------------------------------------------------------------------------------

    Status add(std::uint64_t hash) {
        if (mode() == kDense) {
            if (!append(hash, kWaiting)) [[unlikely]] {
                flush();
                append(hash, kWaiting);
            }
            return Status::ok;
        }
        if (mode() == kList) {
            if (append(hash, capacity())) [[likely]]
                return Status::ok;
            sort_list();
            // A quarter of the room must come free, so that the work is paid by the hashes that fill it.
            if (count() <= capacity() / 4 * 3 && append(hash, capacity())) return Status::ok;
        }
        return Status::no_room;
    }

    std::size_t grown_bytes() const {
        return exact() && count() <= most_listed() ? list_bytes(count() + count() / 2 + 1) : dense_bytes(blocks());
    }

    Bloom relay(std::span<std::byte> room) const {
        Bloom s(room.data(), room.size());
        std::memcpy(s.image_, image_, kHeaderBytes + kFixedBytes);
        if (!exact()) {
            s.start_dense(blocks());
            std::memcpy(s.filter(), filter(), blocks() * bloom::kBlockBytes);
            for (std::uint32_t i = 0; i < waiting(); ++i) s.append(hash_at(i), kWaiting);
        } else if (sorted() && count() > most_listed() && room.size() >= dense_bytes(full_blocks())) {
            s.start_dense(full_blocks());
            s.insert(hashes(), count());
        } else {
            std::memcpy(s.hashes(), hashes(), count() * sizeof(std::uint64_t));
            s.start_list(count(), mode() == kList ? settled_count() : count());
        }
        return s;
    }

    // --- set operations ---------------------------------------------------------------------------------------------
    // Both leave the smaller of two sizes and the larger of two rates. Hashes fit every size; filters only such as are
    // halves, quarters ... of each other.

    std::size_t merge_bytes(const Bloom& other) const {
        const std::size_t n = listed() + other.listed();
        if (exact() && other.exact() && n <= std::min(most_listed(), other.most_listed())) return list_bytes(n);
        const std::size_t dense = dense_bytes(exact() ? common_blocks(other) : blocks());
        // A list becomes a filter next to itself.
        return exact() ? dense + n * sizeof(std::uint64_t) : dense;
    }

    Status merge(const Bloom& other) {
        if (const Status status = meet(other); status != Status::ok) return status;
        for (std::uint32_t i = 0; i < other.listed(); ++i) {
            const std::uint64_t hash = other.hash_at(i);
            if (add(hash) == Status::ok) continue;
            if (count() > most_listed()) make_dense(full_blocks());
            append(hash, mode() == kDense ? kWaiting : capacity());
        }
        if (!other.exact()) join(other, [](std::uint32_t a, std::uint32_t b) { return a | b; });
        // Repetitions must not make the next merge ask for more room; the work is paid by what was appended.
        if (mode() == kList && count() - settled_count() > settled_count() / 2) settle();
        return Status::ok;
    }

    // What both may hold. Both are settled; this one is working, and is exact if one of the two is. Then so is the
    // result, but for the values that the other takes for its own by mistake.
    Status intersect(const Bloom& other) {
        if (exact()) {
            std::size_t kept = 0;
            for (std::uint32_t i = 0; i < count(); ++i) {
                const std::uint64_t hash = hash_at(i);
                store(hashes() + kept * sizeof hash, hash);
                kept += other.contains(hash);
            }
            start_list(kept, kept);
            take_parameters(other);
            return Status::ok;
        }
        if (const Status status = meet(other); status != Status::ok) return status;
        join(other, [](std::uint32_t a, std::uint32_t b) { return a & b; });
        return Status::ok;
    }

    // --- settling and trimming --------------------------------------------------------------------------------------

    bool settled() const {
        return trimmed() || (mode() == kDense ? count() == 0 : sorted() && count() <= most_listed());
    }

    std::size_t settle_bytes() const {
        const bool may_pass = mode() == kList && count() > most_listed();
        return may_pass ? std::max(bytes_, dense_bytes(full_blocks()) + count() * sizeof(std::uint64_t)) : bytes_;
    }

    void settle() {
        if (mode() == kDense) flush();
        if (mode() != kList) return;
        if (!sorted()) sort_list();
        if (count() > most_listed()) make_dense(full_blocks());
    }

    std::size_t trimmed_bytes() const {
        if (trimmed()) return bytes_;
        if (mode() == kDense) return filter_bytes(blocks());
        return count() <= kMostExact ? exact_bytes(count()) : filter_bytes(blocks_for_list());
    }

    std::size_t trim(std::span<std::byte> room) const {
        std::byte* const to = room.data();
        if (trimmed() || (mode() == kList && count() <= kMostExact)) {
            const std::size_t bytes = trimmed_bytes();
            std::memcpy(to, image_, bytes);
            Bloom s(to, bytes);
            if (mode() == kList) s.set_mode(kExact);
            s.set_settled_count(0);
            return bytes;
        }
        const std::size_t most = mode() == kDense ? blocks() : blocks_for_list();
        std::memcpy(to, image_, kHeaderBytes + kFixedBytes);
        Bloom s(to, filter_bytes(most));
        s.set_mode(kFilter);
        s.set_blocks(most);
        s.set_count(0);
        s.set_settled_count(0);
        if (mode() == kDense) {
            std::memcpy(s.filter(), filter(), most * bloom::kBlockBytes);
        } else {
            std::memset(s.filter(), 0, most * bloom::kBlockBytes);
            s.insert(hashes(), count());
        }
        s.fold_while_it_fits();
        return filter_bytes(s.blocks());
    }

    // --- reading trimmed images -------------------------------------------------------------------------------------

    bool contains(std::uint64_t hash) const {
        if (!exact()) return bloom::test(filter(), blocks(), hash);
        std::size_t low = 0, high = count();
        while (low < high) {
            const std::size_t middle = (low + high) / 2;
            if (hash_at(middle) < hash)
                low = middle + 1;
            else
                high = middle;
        }
        return low < count() && hash_at(low) == hash;
    }

    // The chance that it says yes to a value that it does not hold.
    double false_positives() const { return exact() ? 0 : rate_of(bloom::fill_of(filter(), blocks())); }

    // About how many distinct values it holds; infinity if all of its bits are set.
    double estimate() const {
        if (exact()) return count();
        const double bits = static_cast<double>(blocks()) * bloom::kBlockBytes * 8;
        const double ones = static_cast<double>(bloom::fill_of(filter(), blocks()).ones);
        return -32.0 * static_cast<double>(blocks()) * std::log1p(-ones / bits);
    }

    // In blocks, now.
    std::size_t blocks() const { return full_blocks() >> folds(); }

  private:
    enum Mode : std::uint8_t { kExact = 0, kFilter = 1, kList = 2, kDense = 3 };
    static constexpr std::size_t kFixedBytes = 16;  // before the hashes or blocks
    static constexpr std::size_t kMostListed = std::size_t{1} << 16;
    static constexpr std::size_t kWaiting = 252;  // room in the write buffer of a dense image

    static constexpr std::size_t exact_bytes(std::size_t n) {
        return kHeaderBytes + kFixedBytes + n * sizeof(std::uint64_t);
    }
    static constexpr std::size_t list_bytes(std::size_t n) {
        return block_image(exact_bytes(std::max<std::size_t>(n, 12)));
    }
    static constexpr std::size_t filter_bytes(std::size_t blocks) {
        return kHeaderBytes + kFixedBytes + blocks * bloom::kBlockBytes;
    }
    static constexpr std::size_t dense_bytes(std::size_t blocks) {
        return filter_bytes(blocks) + kWaiting * sizeof(std::uint64_t);
    }

    std::size_t full_blocks() const { return full_size().blocks(); }
    std::uint32_t folds() const { return load<std::uint32_t>(payload() + 8); }
    std::size_t settled_count() const { return load<std::uint32_t>(payload() + 12); }
    void set_rate(double rate) { store(payload(), rate); }
    void set_settled_count(std::size_t n) { store(payload() + 12, static_cast<std::uint32_t>(n)); }
    void set_blocks(std::size_t blocks) {
        store(payload() + 8, static_cast<std::uint32_t>(std::countr_zero(full_blocks() / blocks)));
    }

    // More hashes than these take as much room as the filter, or are too many to be sorted as fast as they come.
    std::size_t most_listed() const {
        return std::clamp(full_blocks() * (bloom::kBlockBytes / sizeof(std::uint64_t)), kMostExact, kMostListed);
    }
    bool sorted() const { return mode() == kExact || settled_count() == count(); }

    const std::byte* hashes() const { return payload() + kFixedBytes; }
    std::byte* hashes() { return payload() + kFixedBytes; }
    std::uint64_t hash_at(std::size_t i) const { return load<std::uint64_t>(hashes() + i * sizeof(std::uint64_t)); }
    std::size_t waiting() const { return mode() == kDense ? count() : 0; }
    std::size_t listed() const { return exact() ? count() : waiting(); }
    std::size_t capacity() const { return (payload_bytes() - kFixedBytes) / sizeof(std::uint64_t); }

    const std::byte* filter() const { return hashes() + (mode() == kDense ? kWaiting * sizeof(std::uint64_t) : 0); }
    std::byte* filter() { return hashes() + (mode() == kDense ? kWaiting * sizeof(std::uint64_t) : 0); }

    bool append(std::uint64_t hash, std::size_t room) {
        const std::uint32_t n = count();
        if (n >= room) return false;
        store(hashes() + n * sizeof hash, hash);
        set_count(n + 1);
        return true;
    }

    void start_list(std::size_t n, std::size_t settled) {
        set_mode(kList);
        set_slots(0);
        set_blocks(full_blocks());
        set_count(n);
        set_settled_count(settled);
    }
    void start_dense(std::size_t blocks) {
        set_mode(kDense);
        set_slots(0);
        set_blocks(blocks);
        set_count(0);
        set_settled_count(0);
        std::memset(filter(), 0, blocks * bloom::kBlockBytes);
    }

    void sort_list() {
        set_count(sort_distinct(reinterpret_cast<std::uint64_t*>(hashes()), count()));
        set_settled_count(count());
    }

    // The blocks are fetched while others are written.
    void insert(const std::byte* hashes, std::size_t n) {
        constexpr std::size_t kAhead = 16;
        auto* const to = reinterpret_cast<bloom::Block*>(filter());
        const std::size_t size = blocks();
        const auto hash = [hashes](std::size_t i) { return load<std::uint64_t>(hashes + i * sizeof(std::uint64_t)); };
        const auto fetch = [&](std::size_t i) { __builtin_prefetch(to + bloom::block_of(hash(i), size), 1); };
        for (std::size_t i = 0; i < std::min(kAhead, n); ++i) fetch(i);
        for (std::size_t i = 0; i < n; ++i) {
            if (i + kAhead < n) fetch(i + kAhead);
            bloom::set(to[bloom::block_of(hash(i), size)], hash(i));
        }
    }
    void flush() {
        insert(hashes(), count());
        set_count(0);
    }

    // A list to a filter, in place: its hashes first move out of the way, for which merge_bytes and settle_bytes saw.
    void make_dense(std::size_t blocks) {
        const std::size_t n = count();
        std::byte* const moved = image_ + bytes_ - n * sizeof(std::uint64_t);
        std::memmove(moved, hashes(), n * sizeof(std::uint64_t));
        start_dense(blocks);
        insert(moved, n);
    }

    // Whether one is a half, a quarter ... of the other: what is left without factors of two is the same.
    bool akin(const Bloom& other) const {
        const std::size_t a = full_blocks(), b = other.full_blocks();
        return a >> std::countr_zero(a) == b >> std::countr_zero(b);
    }
    // Where only one is a filter, and not akin, that one sets the size.
    void take_parameters(const Bloom& other) {
        set_rate(std::max(rate(), other.rate()));
        const bool free = akin(other) || (exact() && other.exact());
        if (free ? other.full_blocks() >= full_blocks() : !exact()) return;
        const std::size_t now = exact() ? other.full_blocks() : blocks();
        set_p0(other.p0());
        store(image_ + 5, other.p1());
        set_blocks(std::min(now, full_blocks()));
    }
    std::size_t common_blocks(const Bloom& other) const {
        if (exact() && other.exact()) return std::min(full_blocks(), other.full_blocks());
        if (!akin(other)) return exact() ? other.blocks() : blocks();
        const std::size_t full = std::min(full_blocks(), other.full_blocks());
        return std::min({full, exact() ? full : blocks(), other.exact() ? full : other.blocks()});
    }

    // Makes this sketch one into which the hashes or the blocks of the other fit.
    Status meet(const Bloom& other) {
        if (hash() != other.hash()) return Status::unlike_hash;
        if (!exact() && !other.exact() && !akin(other)) return Status::unlike;
        const std::size_t target = common_blocks(other);
        if (mode() == kDense) {
            flush();
            for (std::size_t size = blocks(); size > target; size /= 2) bloom::fold(filter(), size);
            set_blocks(target);
        }
        take_parameters(other);
        if (mode() == kList && !other.exact()) make_dense(target);
        return Status::ok;
    }

    // Joins the blocks of another filter, which has as many or more, to this one's.
    template <class Join>
    void join(const Bloom& other, Join join_lanes) {
        auto* const to = reinterpret_cast<bloom::Block*>(filter());
        const std::byte* from = other.filter();
        const std::size_t each = other.blocks() / blocks();
        for (std::size_t b = 0; b < blocks(); ++b) {
            bloom::Block folded{};
            for (std::size_t i = 0; i < each; ++i, from += bloom::kBlockBytes) {
                const auto block = load<bloom::Block>(from);
                for (std::size_t lane = 0; lane < bloom::kLanes; ++lane) folded.lane[lane] |= block.lane[lane];
            }
            for (std::size_t lane = 0; lane < bloom::kLanes; ++lane)
                to[b].lane[lane] = join_lanes(to[b].lane[lane], folded.lane[lane]);
        }
    }

    double rate_of(const bloom::Fill& fill) const {
        return static_cast<double>(fill.accepted) / (bloom::kKinds * static_cast<double>(blocks()));
    }
    // Whether half as many blocks would still have the rate.
    bool folds_further() const {
        if (blocks() % 2 != 0) return false;
        const auto accepted = static_cast<double>(bloom::fill_of(filter(), blocks()).accepted_folded);
        return accepted <= rate() * bloom::kKinds * static_cast<double>(blocks() / 2);
    }
    void fold_while_it_fits() {
        while (folds_further()) {
            bloom::fold(filter(), blocks());
            set_blocks(blocks() / 2);
        }
    }
    // Twice what the hashes of a list need by the mean, so that it is their own filter that decides on the last fold.
    std::size_t blocks_for_list() const {
        std::uint32_t low = 0, high = static_cast<std::uint32_t>(std::countr_zero(full_blocks()));
        while (low < high) {
            const std::uint32_t middle = (low + high + 1) / 2;
            const auto size = static_cast<double>(full_blocks() >> middle);
            if (bloom::false_positives(count() / size) <= rate())
                low = middle;
            else
                high = middle - 1;
        }
        return full_blocks() >> (low > 0 ? low - 1 : 0);
    }

    Status check_hashes() const {
        if (count() > kMostExact || folds() != 0) return Status::bad_content;
        if (bytes_ != exact_bytes(count())) return Status::wrong_size;
        for (std::uint32_t i = 1; i < count(); ++i)
            if (hash_at(i) <= hash_at(i - 1)) return Status::bad_content;
        return Status::ok;
    }
    Status check_filter() const {
        if (mode() != kFilter || count() != 0) return Status::bad_content;
        if (folds() > static_cast<std::uint32_t>(std::countr_zero(full_blocks()))) return Status::bad_content;
        if (bytes_ != filter_bytes(blocks())) return Status::wrong_size;
        return folds_further() ? Status::bad_content : Status::ok;
    }
};

static_assert(Kernel<Bloom>);

}  // namespace sketch
