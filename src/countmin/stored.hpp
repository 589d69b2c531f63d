// SPDX-License-Identifier: PostgreSQL
//
// The stored form of countmin: how a settled sketch is written, which of the two forms it takes, and whether bytes are
// one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "countmin/layout.hpp"
#include "countmin/log.hpp"

namespace sketch::countmin {

class Stored : public Layout {
  public:
    using Layout::Layout;
    explicit Stored(const Layout& s) : Layout(s) {}

    // Whether all that is counted can be listed: the one rule of which form is stored. Of any image. A list must also
    // tell the same as the totals, and cannot fill more cells of a row than it has keys: what no stream produces stays
    // a table.
    bool recover(IbltDecoder& list) const {
        const bool found =
            is_table()
                ? fills_at_most(list_limit() * static_cast<std::size_t>(levels())) && list.decode(iblt())
                : with_entry([&]<class Entry>(Entry) {
                      return !names_more<Entry>(log(), count(), list_limit()) && list.decode<Entry>(log(), count());
                  });
        return found && fits_totals(list.begin(), list.end());
    }

    // At most, of a settled image.
    std::size_t packed_bytes() const {
        const std::size_t head = kHeaderBytes + kTotalsBytes, list = head + list_limit() * sizeof(Update);
        return is_table() ? std::max(list, head + packed().most_bytes(cell_bytes()) + iblt_bytes(lg_width())) : list;
    }
    // Writes the stored form of a settled image here; its bytes.
    std::size_t pack(const Layout& s) {
        std::memcpy(image_, s.image(), kHeaderBytes + kTotalsBytes);
        set_slots(0);
        set_mode(mode() & kRanges);
        if (!s.is_table()) return take_list(reinterpret_cast<const Update*>(s.log()), s.listed());
        IbltDecoder list(lg_width());
        if (Stored(s).recover(list)) return take_list(list.begin(), list.listed());

        Extent extent;
        const std::size_t iblt_at = kHeaderBytes + kTotalsBytes + packed().pack(s.cells(), s.cell_bytes(), extent);
        set_mode(table_mode(extent.cell_bytes(), extent.least < 0));
        std::memcpy(image_ + iblt_at, s.iblt(), iblt_bytes(lg_width()));
        return iblt_at + iblt_bytes(lg_width());
    }

    // Of an image whose header and parameters are in order.
    Status check() const {
        const bool known = is_table() ? mode() < 2 * kRanges : (mode() & ~kRanges) == 0;
        if (!known || slots() != 0) return Status::bad_content;
        if (added() < 0 || removed() < 0 || std::max(added(), removed()) > max_weight()) return Status::bad_content;
        return is_table() ? check_table() : check_list();
    }

  private:
    std::size_t take_list(const Update* updates, std::size_t n) {
        set_count(n);
        std::memcpy(log(), updates, n * sizeof(Update));
        return kHeaderBytes + kTotalsBytes + n * sizeof(Update);
    }

    bool fits_totals(const Update* begin, const Update* end) const {
        Sums sums;
        for (const Update* u = begin; u != end; ++u) sums.take(u->weight);
        return sums.above <= added() && sums.below <= removed() && sums.above - sums.below == total();
    }

    // The cells of the first row that are not zero.
    bool fills_at_most(std::size_t most) const {
        std::size_t filled = 0;
        const std::size_t step = packed().block_cells();
        for (std::size_t at = 0; at < width() && filled <= most; at += step)
            if (trimmed()) {
                std::int64_t cells[kBlock];
                packed().unpack_block(packed().frame(0, at / step), cells);
                filled += filled_of<std::int64_t>(reinterpret_cast<std::byte*>(cells), step);
            } else {
                with_cell_type(cell_bytes(),
                               [&]<class T>(T) { filled += filled_of<T>(cells() + at * sizeof(T), step); });
            }
        return filled <= most;
    }
    template <class T>
    static std::size_t filled_of(const std::byte* cells, std::size_t n) {
        std::size_t filled = 0;
        for (std::size_t i = 0; i < n; ++i) filled += load<T>(cells + i * sizeof(T)) != 0;
        return filled;
    }

    Status check_list() const {
        if (count() > list_limit()) return Status::bad_content;
        if (bytes_ != kHeaderBytes + kTotalsBytes + count() * sizeof(Update)) return Status::wrong_size;
        for (std::size_t i = 0; i < count(); ++i)
            if (listed(i).weight == 0 || (i != 0 && listed(i).key <= listed(i - 1).key)) return Status::bad_content;
        IbltDecoder list(lg_width());
        return recover(list) ? Status::ok : Status::bad_content;
    }

    // An image that is short for its parameters is refused before anything is read.
    Status check_table() const {
        if (count() != 0) return Status::bad_content;
        const std::size_t around = kHeaderBytes + kTotalsBytes + iblt_bytes(lg_width());
        if (bytes_ < around + packed().least_bytes()) return Status::wrong_size;
        Sums sums[kMaxDepth];
        Extent extent;
        const bool canonical = packed().check(bytes_ - around, [&](std::size_t row, std::int64_t cell) {
            sums[row].take(cell);
            extent.take({cell, cell});
        });
        if (!canonical || extent.cell_bytes() != cell_bytes() || (extent.least < 0) != negative_cells())
            return Status::bad_content;
        for (int i = 0; i < depth(); ++i)
            if (sums[i].above > __int128{added()} * levels() || sums[i].below > __int128{removed()} * levels() ||
                sums[i].above - sums[i].below != __int128{total()} * levels())
                return Status::bad_content;
        IbltDecoder list(lg_width());
        return recover(list) ? Status::bad_content : Status::ok;
    }
};

}  // namespace sketch::countmin
