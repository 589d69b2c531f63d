// SPDX-License-Identifier: PostgreSQL
//
// The cells of a trimmed table: a frame for each block of counts (pfor.hpp), and the blocks one after the other. A
// block never spans rows, and a point query reads a frame and a word for each row.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/interrupts.hpp"
#include "core/kernel.hpp"
#include "countmin/cells.hpp"
#include "countmin/pfor.hpp"

namespace sketch::countmin {

class PackedCells {
  public:
    PackedCells(std::byte* at, int lg_width, int depth)
        : lg_block_(std::min(lg_width, kLgBlock)),
          lg_row_(lg_width - lg_block_),
          blocks_(static_cast<std::size_t>(depth) << lg_row_),
          frames_(at),
          first_block_(at + least_bytes()) {}

    std::size_t block_cells() const { return std::size_t{1} << lg_block_; }
    std::size_t row_blocks() const { return std::size_t{1} << lg_row_; }
    std::size_t blocks() const { return blocks_; }

    // Of nothing but zeros; and at most, for cells of so many bytes.
    std::size_t least_bytes() const { return blocks_ * sizeof(Frame); }
    std::size_t most_bytes(int cell_bytes) const {
        return least_bytes() + blocks_ * (8 + block_cells() * static_cast<std::size_t>(cell_bytes));
    }

    Frame frame(std::size_t block) const { return Frame(load<std::uint64_t>(frames_ + block * sizeof(Frame))); }
    Frame frame(int row, std::size_t block) const { return frame((static_cast<std::size_t>(row) << lg_row_) + block); }
    [[gnu::always_inline]] std::int64_t cell(int row, std::size_t index) const {
        const Frame f = frame(row, index >> lg_block_);
        return block_cell(f, first_block_ + f.begin(), block_cells(), index & (block_cells() - 1));
    }
    template <class T>
    void unpack_block(Frame f, T* cells) const {
        countmin::unpack_block(f, first_block_ + f.begin(), block_cells(), cells);
    }

    // From cells of a working table; the bytes of it all. Writes up to kBlockPadding more. Takes the extent of the
    // cells.
    std::size_t pack(const std::byte* cells, int cell_bytes, Extent& extent) {
        std::byte* at = first_block_;
        const std::size_t block_bytes = block_cells() * static_cast<std::size_t>(cell_bytes);
        with_cell_type(cell_bytes, [&]<class T>(T) {
            in_steps(blocks_, kBlockStep, [&](std::size_t from, std::size_t to) {
                for (std::size_t i = from; i < to; ++i) {
                    const auto begin = static_cast<std::uint64_t>(at - first_block_);
                    const PackedBlock block = pack_block<T>(at, cells + i * block_bytes, block_cells());
                    store(frames_ + i * sizeof(Frame), block.frame.word() | begin);
                    at = block.end;
                    extent.take(block.extent);
                }
            });
        });
        return static_cast<std::size_t>(at - frames_);
    }
    // To cells that are wide enough.
    void unpack(std::byte* cells, int cell_bytes) const {
        with_cell_type(cell_bytes, [&]<class T>(T) {
            in_steps(blocks_, kBlockStep, [&](std::size_t from, std::size_t to) {
                for (std::size_t i = from; i < to; ++i)
                    unpack_block(frame(i), reinterpret_cast<T*>(cells) + i * block_cells());
            });
        });
    }

    // Whether the canonical form of some cells stands in exactly so many bytes, with kBlockPadding after them.
    // visit(row, cell) is told of each.
    template <class Visit>
    bool check(std::size_t bytes, Visit visit) const {
        if (bytes < least_bytes()) return false;
        const std::size_t room = bytes - least_bytes();
        std::size_t begin = 0;
        for (std::size_t i = 0; i < blocks_; ++i) {
            if (i % kBlockStep == 0) check_interrupts();
            const Frame f = frame(i);
            std::int64_t cells[kBlock];
            std::size_t taken;
            if (f.begin() != begin || !check_block(f, first_block_ + begin, room - begin, block_cells(), taken) ||
                !is_canonical(f, taken, cells))
                return false;
            for (std::size_t j = 0; j < block_cells(); ++j) visit(i >> lg_row_, cells[j]);
            begin += taken;
        }
        return begin == room;
    }

  private:
    static constexpr std::size_t kBlockStep = kCellStep / kBlock;

    // Whether packing what a block holds gives these bytes.
    bool is_canonical(Frame f, std::size_t bytes, std::int64_t* cells) const {
        std::byte again[kMaxBlockBytes + kBlockPadding];
        unpack_block(f, cells);
        const PackedBlock packed = pack_block<std::int64_t>(again, reinterpret_cast<std::byte*>(cells), block_cells());
        return (packed.frame.word() | f.begin()) == f.word() && static_cast<std::size_t>(packed.end - again) == bytes &&
               std::memcmp(again, first_block_ + f.begin(), bytes) == 0;
    }

    int lg_block_, lg_row_;
    std::size_t blocks_;
    std::byte *frames_, *first_block_;
};

}  // namespace sketch::countmin
