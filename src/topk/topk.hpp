// SPDX-License-Identifier: PostgreSQL
//
// topk: which are the most frequent? Lazy Space-Saving over weighted items (heavy_hitters/heavy_hitters.hpp): k
// entries, each with an upper bound and an error, and one floor.
//
// Error: none while there are at most k distinct items. Then lower <= weight <= upper for every entry, and any item
// without one weighs at most the floor, which is at most total / (k + 1); on skewed streams it is far less. Each item
// heavier than the floor has an entry.
//
// Header: p0, p1 = how many items a one-call answer lists (0: as many as there are). One scale, no part of its own in
// the head. A row of the log begins with its weight. The rest is in heavy_hitters.hpp.
#pragma once

#include "topk/estimate.hpp"

namespace sketch {

class Topk : public heavy_hitters::State<topk::Form> {
  public:
    using Reader = topk::Reader;
    static constexpr std::uint8_t kKind = 'F';
    static constexpr std::uint8_t kVersion = 1;
    static constexpr std::uint32_t kDefaultK = 128;
    static constexpr std::uint32_t kMaxListed = heavy_hitters::kMaxEntries / 10;
    struct Params {
        std::uint32_t k;
        std::uint32_t listed = 0;
        bool operator==(const Params&) const = default;
    };

    using State::State;

    static std::size_t bytes_for(Params) { return first_bytes(1, 5); }

    Params params() const { return {k(), topk::Layout(*this).listed()}; }

    static Topk create(std::span<std::byte> room, Params params) {
        Topk s(room.data(), room.size());
        s.set_header(kKind, kVersion, kHashXxh3, 0, 0);
        topk::Layout(s).set_listed(params.listed);
        s.start(params.k);
        return s;
    }

    bool empty() const { return settled() && entries() == 0 && total() == 0; }

    static Status check(std::span<const std::byte> image) {
        if (const Status status = check_header(image, kKind, kVersion); status != Status::ok) return status;
        const Topk s(image);
        if (image.size() < s.head_bytes()) return Status::wrong_size;
        if (s.hash() != kHashXxh3 || topk::Layout(s).listed() > kMaxListed) return Status::bad_parameter;
        const Status status = heavy_hitters::Stored<topk::Form>(image).check_body();
        if (status != Status::ok) return status;
        // Whatever was added had a kind, and a weight.
        return (s.item_kind() == ItemKind::none) == (s.total() == 0) ? Status::ok : Status::bad_content;
    }

    // weight: 0 to kMaxWeight
    [[gnu::always_inline]] Status add(Item item, double weight = 1) {
        if (weight == 0) return Status::ok;
        if (weight != 1 && !sums_exactly(weight) && !trimmed()) watch();
        return append(item, {std::bit_cast<std::uint64_t>(weight)});
    }

    Topk relay(std::span<std::byte> room) const {
        relay_to(room);
        return {room.data(), room.size()};
    }

  private:
    static bool sums_exactly(double weight) {
        return weight <= heavy_hitters::kExactWeight &&
               static_cast<double>(static_cast<std::int64_t>(weight)) == weight;
    }
};

static_assert(Kernel<Topk>);

}  // namespace sketch
