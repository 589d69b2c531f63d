// SPDX-License-Identifier: PostgreSQL
//
// Heavy hitters, the write buffer: rows wait in a log, and are hashed, weighed and applied many at a time.
//
//   From its head the rows, each so many words of the room's own and one word: the integer, or u32 length of the item,
//   u32 how many words before the end of the log its bytes begin. From its end backwards the bytes of items.
//   count in the header = rows + 65536 * words of bytes
#pragma once

#include <array>

#include "core/item.hpp"
#include "core/kernel.hpp"

namespace sketch::heavy_hitters {

inline constexpr int kMaxScales = 4;
inline constexpr std::size_t kMinLog = 12;  // words
inline constexpr std::size_t kMaxLog = 256;

template <std::size_t kRowWords>
class Log {
  public:
    static constexpr std::size_t kRow = kRowWords + 1;
    static constexpr std::size_t kMaxRows = kMaxLog / kRow;
    using Words = std::array<std::uint64_t, kRowWords>;  // what the room keeps of a row

    // count: the field of the header.
    Log(std::byte* count, std::byte* begin, std::size_t words) : count_(count), begin_(begin), words_(words) {}

    std::size_t rows() const { return load<std::uint32_t>(count_) & 0xFFFF; }
    std::size_t item_words() const { return load<std::uint32_t>(count_) >> 16; }
    std::size_t used() const { return kRow * rows() + item_words(); }
    std::size_t words() const { return words_; }
    std::byte* row(std::size_t i) const { return begin_ + 8 * kRow * i; }
    std::byte* end() const { return begin_ + 8 * words_; }

    static std::size_t row_words(const Item& item) { return kRow + (item.size() + 7) / 8; }
    [[gnu::always_inline]] bool fits(const Item& item) const { return used() + row_words(item) <= words_; }

    [[gnu::always_inline]] void put(const Item& item, const Words& words) {
        std::byte* const row = this->row(rows());
        const auto count = load<std::uint32_t>(count_) + 1;
        std::memcpy(row, words.data(), sizeof words);
        if (item.kind == ItemKind::integer) {
            store(row + sizeof words, item.word);
            store(count_, count);
            return;
        }
        const std::size_t more = (item.size() + 7) / 8, bytes = (count >> 16) + more;
        store(row + sizeof words, item.word | bytes << 32);
        copy_bytes(end() - 8 * bytes, item.data, item.size());
        store(count_, static_cast<std::uint32_t>(count + (more << 16)));
    }
    // The rows of another log, in one that is empty.
    void take(const Log& from) {
        std::memcpy(begin_, from.begin_, 8 * kRow * from.rows());
        std::memcpy(end() - 8 * from.item_words(), from.end() - 8 * from.item_words(), 8 * from.item_words());
        set_count(from.rows(), from.item_words());
    }
    // Leaves these rows, whose numbers ascend.
    void leave(const std::uint16_t* left, std::size_t n) {
        for (std::size_t i = 0; i < n; ++i) std::memmove(row(i), row(left[i]), 8 * kRow);
        set_count(n, n == 0 ? 0 : item_words());
    }

  private:
    void set_count(std::size_t rows, std::size_t item_words) {
        store(count_, static_cast<std::uint32_t>(rows | item_words << 16));
    }

    std::byte *count_, *begin_;
    std::size_t words_;
};

// Rows that are applied together.
template <std::size_t kRowWords>
struct Batch {
    static constexpr std::size_t kMaxRows = Log<kRowWords>::kMaxRows;

    std::size_t rows;
    const std::byte *first, *end;  // of the log
    std::uint32_t hash[kMaxRows];
    double weight[kMaxScales][kMaxRows];

    const std::byte* row(std::size_t i) const { return first + 8 * (kRowWords + 1) * i; }
    Item item(ItemKind kind, std::size_t i) const {
        const auto word = load<std::uint64_t>(row(i) + 8 * kRowWords);
        if (kind == ItemKind::integer) return Item::of(static_cast<std::int64_t>(word));
        return Item::of(kind, end - 8 * (word >> 32), static_cast<std::uint32_t>(word));
    }
    // The kind is known to the compiler as far as it matters in the loop; text stands for all strings.
    template <ItemKind kKind>
    [[gnu::flatten]] void hash_items() {
        for (std::size_t i = 0; i < rows; ++i) hash[i] = item(kKind, i).hash();
    }
};

}  // namespace sketch::heavy_hitters
