// SPDX-License-Identifier: PostgreSQL
//
// topk: which are the most frequent? Lazy Space-Saving over weighted items (heavy_hitters.hpp): k entries, each with an
// upper bound and an error, and one floor.
//
// Error: none while there are at most k distinct items. Then lower <= weight <= upper for every entry, and any item
// without one weighs at most the floor, which is at most total / (k + 1); on skewed streams it is far less. Each item
// heavier than the floor has an entry.
//
// Header: p0, p1 = how many items a one-call answer lists (0: as many as there are). One scale, no part of its own in
// the head. A row of the log begins with its weight. The rest is in heavy_hitters.hpp.
#pragma once

#include "heavy_hitters/heavy_hitters.hpp"

namespace sketch {

class Topk : public Entries<Topk, 1> {
  public:
    class Reader;
    static constexpr std::uint8_t kKind = 'F';
    static constexpr std::uint8_t kVersion = 1;
    static constexpr std::uint32_t kDefaultK = 128;
    static constexpr std::uint32_t kMaxListed = kMaxEntries / 10;
    struct Params {
        std::uint32_t k;
        std::uint32_t listed = 0;
    };

    using Entries::Entries;

    static std::size_t bytes_for(Params) { return block_image(kHeaderBytes + kFixedHead + 16 + 8 * 6); }

    static Topk create(std::span<std::byte> room, Params params) {
        Topk s(room.data(), room.size());
        s.set_header(kKind, kVersion, kHashXxh3, 0, 0);
        s.set_listed(params.listed);
        s.start(params.k);
        return s;
    }

    static Status check(std::span<const std::byte> image) {
        if (const Status status = check_header(image, kKind, kVersion); status != Status::ok) return status;
        const Topk s(image);
        if (image.size() < kHeaderBytes + s.head_bytes()) return Status::wrong_size;
        if (s.hash() != kHashXxh3 || s.listed() > kMaxListed) return Status::bad_parameter;
        if (const Status status = s.check_body(); status != Status::ok) return status;
        // Whatever was added had a kind, and a weight.
        return (s.item_kind() == ItemKind::none) == (s.total() == 0) ? Status::ok : Status::bad_content;
    }

    std::uint32_t listed() const { return p0() | std::uint32_t{p1()} << 8; }

    // weight: 0 to kMaxWeight
    [[gnu::always_inline]] Status add(Item item, double weight = 1) {
        if (weight == 0) return Status::ok;
        return append(item, {std::bit_cast<std::uint64_t>(weight)});
    }

    // --- reading trimmed images -------------------------------------------------------------------------------------

    // The entries from the heaviest to the lightest: by what was counted for sure, then by what may be, then by item.
    // order has room for entries().
    void rank(std::span<std::uint32_t> order) const {
        for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
        std::sort(order.begin(), order.end(), [this](std::uint32_t a, std::uint32_t b) {
            if (lower(a) != lower(b)) return lower(a) > lower(b);
            if (upper(a) != upper(b)) return upper(a) > upper(b);
            return item(a) < item(b);
        });
    }

    // What an entry must have weighed for sure to be one of the first n of the ranking in truth: no entry behind them,
    // and nothing without an entry, can be heavier.
    double bar(std::span<const std::uint32_t> order, std::size_t n) const {
        double most = floor();
        for (const std::uint32_t i : order.subspan(std::min(n, order.size()))) most = std::max(most, upper(i));
        return most;
    }

  private:
    friend Entries;
    friend Image;
    friend Log;
    friend Trim;
    static constexpr int scales() { return 1; }
    static constexpr std::size_t own_bytes() { return 0; }
    static void weigh(Batch& batch) {
        for (std::size_t i = 0; i < batch.rows; ++i) batch.weight[0][i] = load<double>(batch.row(i));
    }
    Status agree(const Topk& from, double* factors) {
        factors[0] = 1;
        set_listed(std::max(listed(), from.listed()));
        return Status::ok;
    }
    static void bring_up() {}
    void set_listed(std::uint32_t n) {
        store(image_ + 4, static_cast<std::uint8_t>(n));
        store(image_ + 5, static_cast<std::uint8_t>(n >> 8));
    }
};

// Answers questions about trimmed images.
class Topk::Reader : public Topk {
  public:
    explicit Reader(Trimmed<Topk> sketch) : Topk(sketch.image()) {}
};

static_assert(Kernel<Topk>);

}  // namespace sketch
