// SPDX-License-Identifier: PostgreSQL
//
// Which values are left? A linear sketch that lists them, as long as they are few: an invertible Bloom lookup table
// (IBLT; Goodrich, Mitzenmacher, arXiv:1101.2245; Eppstein, Goodrich, TKDE 2011).
//
// A key with weight w is added to one cell in each of four parts:
//
//   offset  size  field, all modulo 2^64
//   0       8     weight   sum of w
//   8       8     keys     sum of w * key
//   16      8     turned   sum of w * (key with its halves exchanged)
//   24      8     check    sum of w * mix(key)
//
// A pure cell, which holds one key alone, shows it: odd weights have an inverse modulo 2^64, and the product with a
// weight of 2^t times an odd number loses the t highest bits of the key in one sum and of its other half in the other;
// `check` proves the key. Taking it out of its other cells may make those pure: so the table is peeled. Two cells a key
// that is left are room enough: 64 keys in 128 cells come apart but for two cases in a thousand. (A weight that is a
// multiple of 2^33 hides its key.) Whether they do depends on the keys and weights that are left alone: not on what was
// added and removed before. That makes the stored form of a sketch a function of what it stands for.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/kernel.hpp"
#include "countmin/cells.hpp"
#include "countmin/rows.hpp"

namespace sketch::countmin {

inline constexpr int kParts = 4;
inline constexpr int kMaxLgPart = 9;
inline constexpr int kMaxListed = 2 << kMaxLgPart;

// Cells in each part: they take as many bytes as one row of cells of one byte, within limits.
constexpr int lg_part(int lg_width) { return std::clamp(lg_width - 7, 2, kMaxLgPart); }
// So many keys are listed at most.
constexpr int list_limit(int lg_width) { return 2 << lg_part(lg_width); }

// Two vectors, for two additions at once each.
typedef std::uint64_t Pair __attribute__((vector_size(16)));
struct IbltCell {
    Pair first;   // weight, keys
    Pair second;  // turned, check

    IbltCell operator+(const IbltCell& other) const { return {first + other.first, second + other.second}; }
    IbltCell operator-(const IbltCell& other) const { return {first - other.first, second - other.second}; }
    bool empty() const { return (first[0] | first[1] | second[0] | second[1]) == 0; }
};

inline constexpr std::uint64_t kCheckSeed = 0x5851F42D4C957F2D;
constexpr std::uint64_t check_hash(Key key) { return mix64(key ^ kCheckSeed); }

constexpr std::size_t iblt_bytes(int lg_width) { return sizeof(IbltCell) * kParts << lg_part(lg_width); }

inline IbltCell iblt_cell(Key key, std::uint64_t weight, std::uint64_t check) {
    if (weight == 1) return {Pair{1, key}, Pair{std::rotl(key, 32), check}};  // most are, and products are not free
    return {Pair{weight, key * weight}, Pair{std::rotl(key, 32) * weight, check * weight}};
}

constexpr std::size_t cell_index(std::uint64_t check, int part, int lg) {
    return (static_cast<std::size_t>(part) << lg) + (check >> (16 * part) & ((std::uint64_t{1} << lg) - 1));
}

// Adds keys to the cells of a sketch. Every row that is counted comes through here.
class KeyAdder {
  public:
    KeyAdder(std::byte* cells, int lg)
        : cells_(cells), mask_(((std::size_t{1} << lg) - 1) << kLgCell), part_(std::size_t{1} << (lg + kLgCell)) {}

    [[gnu::always_inline]] void add(Key key, std::uint64_t weight) const {
        const std::uint64_t check = check_hash(key), offsets = check << kLgCell;  // as cell_index, in bytes
        const IbltCell change = iblt_cell(key, weight, check);
        const Pair first = change.first, second = change.second;
        const auto add_at = [&](std::byte* at) {
            store(at, load<Pair>(at) + first);
            store(at + sizeof(Pair), load<Pair>(at + sizeof(Pair)) + second);
        };
        add_at(cells_ + (offsets & mask_));
        add_at(cells_ + part_ + (offsets >> 16 & mask_));
        add_at(cells_ + 2 * part_ + (offsets >> 32 & mask_));
        add_at(cells_ + 3 * part_ + (offsets >> 48 & mask_));
    }

  private:
    static constexpr int kLgCell = std::countr_zero(sizeof(IbltCell));
    std::byte* cells_;
    std::size_t mask_, part_;
};

// Adds the cells of a sketch of the same or a greater width, or takes them away.
inline void add_iblt(std::byte* to, int lg, const std::byte* from, int from_lg, Sign sign) {
    const std::size_t n = std::size_t{kParts} << from_lg, mask = (std::size_t{1} << lg) - 1;
    for (std::size_t i = 0; i < n; ++i) {
        std::byte* const at = to + (((i >> from_lg) << lg) + (i & mask)) * sizeof(IbltCell);
        const auto other = load<IbltCell>(from + i * sizeof(IbltCell));
        const auto cell = load<IbltCell>(at);
        store(at, sign == Sign::minus ? cell - other : cell + other);
    }
}

inline void fold_iblt(std::byte* cells, int lg, int target_lg) {
    const std::size_t size = std::size_t{1} << lg, target = std::size_t{1} << target_lg;
    for (std::size_t part = 0; part < kParts; ++part)
        for (std::size_t i = 0; i < target; ++i) {
            auto sum = load<IbltCell>(cells + (part * size + i) * sizeof(IbltCell));
            for (std::size_t j = i + target; j < size; j += target)
                sum = sum + load<IbltCell>(cells + (part * size + j) * sizeof(IbltCell));
            store(cells + (part * target + i) * sizeof(IbltCell), sum);
        }
}

// The inverse of an odd number modulo 2^64, by Newton's iteration: each step doubles the bits that are right.
constexpr std::uint64_t inverse_of(std::uint64_t odd) {
    std::uint64_t x = 3 * odd ^ 2;
    for (int i = 0; i < 4; ++i) x *= 2 - odd * x;
    return x;
}

// Lists the keys that cells hold.
class IbltDecoder {
  public:
    explicit IbltDecoder(int lg_width) : lg_(lg_part(lg_width)), limit_(list_limit(lg_width)) {}

    // Of the cells of a sketch. False where they do not come apart.
    bool decode(const std::byte* cells) {
        std::memcpy(cells_, cells, bytes());
        return peel();
    }
    // Of a log.
    template <class Entry>
    bool decode(const std::byte* log, std::size_t n) {
        std::memset(cells_, 0, bytes());
        const KeyAdder adder(reinterpret_cast<std::byte*>(cells_), lg_);
        for (std::size_t i = 0; i < n; ++i) {
            const Update u = update_of(load<Entry>(log + i * sizeof(Entry)));
            adder.add(u.key, static_cast<std::uint64_t>(u.weight));
        }
        return peel();
    }

    // Ascending, distinct, no weight zero.
    const Update* begin() const { return list_; }
    const Update* end() const { return list_ + listed_; }
    std::size_t listed() const { return static_cast<std::size_t>(listed_); }

  private:
    std::size_t count() const { return std::size_t{kParts} << lg_; }
    std::size_t bytes() const { return count() * sizeof(IbltCell); }

    // Each key that is found is one of `limit_`, and sends back to its cells alone: so that hostile cells cannot make
    // this long.
    bool peel() {
        listed_ = 0;
        for (std::size_t i = 0; i < count(); ++i)
            if (!peel_from(i)) return false;
        for (std::size_t i = 0; i < count(); ++i)
            if (!cells_[i].empty()) return false;
        std::sort(list_, list_ + listed_, [](const Update& a, const Update& b) { return a.key < b.key; });
        return std::adjacent_find(begin(), end(), [](const Update& a, const Update& b) { return a.key == b.key; }) ==
               end();
    }
    // This cell, and those that become pure by it. False where there are too many keys.
    bool peel_from(std::size_t first) {
        std::uint16_t pending[kParts * kMaxListed];
        std::size_t n = 0;
        for (std::size_t i = first;; i = pending[--n]) {
            Update only;
            if (!cells_[i].empty() && is_pure(i, only)) {
                if (listed_ == limit_) return false;
                list_[listed_++] = only;
                const std::uint64_t check = check_hash(only.key);
                const IbltCell cell = iblt_cell(only.key, static_cast<std::uint64_t>(only.weight), check);
                for (int part = 0; part < kParts; ++part) {
                    const std::size_t at = cell_index(check, part, lg_);
                    cells_[at] = cells_[at] - cell;
                    pending[n++] = static_cast<std::uint16_t>(at);
                }
            }
            if (n == 0) return true;
        }
    }

    bool is_pure(std::size_t i, Update& only) const {
        const IbltCell cell = cells_[i];
        const std::uint64_t weight = cell.first[0];
        if (weight == 0) return false;
        const int zeros = std::countr_zero(weight);
        if (zeros > 32) return false;
        const std::uint64_t inverse = inverse_of(weight >> zeros);
        const Key low = (cell.first[1] * inverse >> zeros) & 0xFFFFFFFF, high = cell.second[0] * inverse >> zeros << 32;
        const Key key = high | low;
        const std::uint64_t check = check_hash(key);
        only = {key, static_cast<std::int64_t>(weight)};
        return (cell - iblt_cell(key, weight, check)).empty() &&
               cell_index(check, static_cast<int>(i >> lg_), lg_) == i;
    }

    int lg_, limit_, listed_ = 0;
    IbltCell cells_[std::size_t{kParts} << kMaxLgPart];
    Update list_[kMaxListed];
};

}  // namespace sketch::countmin
