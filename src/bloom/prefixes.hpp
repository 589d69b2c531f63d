// SPDX-License-Identifier: PostgreSQL
//
// The prefixes of an image in ascending order, each once, whatever its form is: what conversions, merges and trims
// read. A source has
//
//   std::size_t fill(Prefix* to);   // some more of them to an array of kBlock: how many; 0 at the end, and ever after
//
// and asks for interrupts. Sources stack up: Prefixes is the union of an image's main part and its buffer, and
// Combined<...> of two images is their union or intersection.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "bloom/layout.hpp"
#include "core/interrupts.hpp"
#include "core/radix_sort.hpp"

namespace sketch::bloom {

// Ascending hashes that may repeat.
class HashCursor {
  public:
    HashCursor(const std::byte* hashes, std::size_t n) : hashes_(hashes), left_(n) {}

    std::size_t fill(std::uint64_t* to) {
        const std::size_t n = std::min(left_, kBlock);
        if (n == 0) return 0;
        std::memcpy(to, hashes_, n * sizeof *to);
        hashes_ += n * sizeof *to;
        left_ -= n;
        return n;
    }
    bool ended() const { return left_ == 0; }

  private:
    const std::byte* hashes_;
    std::size_t left_;
};

// One part of an image, of which the last `cut` bits are left out.
class Part {
  public:
    // The main part of an image that is settled, or of any that is no list.
    static Part main(const Layout& s, int bits) {
        const int cut = s.bits() - bits;
        switch (s.mode()) {
            case Layout::kPacked: return Part(EliasFano::Cursor(s.packed()), cut);
            case Layout::kLog:
                return s.n() != 0 ? Part(EliasFano::Cursor(s.packed()), cut) : Part(HashCursor(nullptr, 0), cut);
            case Layout::kBitmap:
            case Layout::kBits: return Part(BitCursor(s.part(), bitmap_bytes(s.bits())), cut);
            case Layout::kTable: return Part(LinearProbing::Cursor(s.table()), cut);
            case Layout::kExact: return hashes(s.buffer(), s.n(), bits);
            default: return hashes(nullptr, 0, bits);
        }
    }
    static Part hashes(const std::byte* at, std::size_t n, int bits) { return Part(HashCursor(at, n), 64 - bits); }

    std::size_t fill(Prefix* to) {
        for (;;) {
            std::size_t n = 0;
            bool ended = true;
            const auto fill_from = [&](auto& cursor) {
                n = cursor.fill(to);
                ended = cursor.ended();
            };
            switch (kind_) {
                case kHashes: fill_from(hashes_); break;
                case kPacked: fill_from(packed_); break;
                case kBitmap: fill_from(bits_); break;
                case kTable: fill_from(table_); break;
            }
            if (cut_ != 0) n = shorten(to, n);
            if (n != 0 || ended) return n;
            check_interrupts();
        }
    }

  private:
    enum Kind : std::uint8_t { kHashes, kPacked, kBitmap, kTable };

    Part(const HashCursor& cursor, int cut) : kind_(kHashes), cut_(cut), hashes_(cursor) {}
    Part(const EliasFano::Cursor& cursor, int cut) : kind_(kPacked), cut_(cut), packed_(cursor) {}
    Part(const BitCursor& cursor, int cut) : kind_(kBitmap), cut_(cut), bits_(cursor) {}
    Part(const LinearProbing::Cursor& cursor, int cut) : kind_(kTable), cut_(cut), table_(cursor) {}

    // Whether a prefix repeats the one before is unpredictable: it is written in any case.
    std::size_t shorten(Prefix* to, std::size_t n) {
        const int cut = cut_;
        std::size_t kept = 0;
        Prefix last = last_;
        for (std::size_t i = 0; i < n; ++i) {
            const Prefix prefix = to[i] >> cut;
            to[kept] = prefix;
            kept += prefix != last;
            last = prefix;
        }
        last_ = last;
        return kept;
    }

    Kind kind_;
    int cut_;
    Prefix last_ = ~Prefix{0};
    union {
        HashCursor hashes_;
        EliasFano::Cursor packed_;
        BitCursor bits_;
        LinearProbing::Cursor table_;
    };
};

// A source with its next prefixes at hand.
template <class Source>
class Buffered {
  public:
    template <class... From>
    explicit Buffered(From&&... from) : source_(static_cast<From&&>(from)...) {}

    // Whether there is another prefix.
    bool more() {
        if (at_ < end_) return true;
        check_interrupts();
        at_ = 0;
        end_ = source_.fill(block_);
        return end_ != 0;
    }
    Prefix next() const { return block_[at_]; }
    void pass() { ++at_; }

    // What is at hand, or else more; to an array of kBlock.
    std::size_t fill(Prefix* to) {
        if (at_ == end_) return source_.fill(to);
        const std::size_t n = end_ - at_;
        std::memcpy(to, block_ + at_, n * sizeof *to);
        at_ = end_;
        return n;
    }

    // Some of the union of what both have at hand, to an array of kBlock. Which of them comes next is unpredictable:
    // both are compared, and none is branched on.
    template <class Other>
    std::size_t unite(Buffered<Other>& other, Prefix* to) {
        std::size_t n = 0, i = at_, j = other.at_;
        for (; n < kBlock && i < end_ && j < other.end_; ++n) {
            const Prefix a = block_[i], b = other.block_[j];
            to[n] = std::min(a, b);
            i += a <= b;
            j += b <= a;
        }
        at_ = i;
        other.at_ = j;
        return n;
    }
    template <class Other>
    std::size_t intersect(Buffered<Other>& other, Prefix* to) {
        std::size_t n = 0, i = at_, j = other.at_;
        while (n < kBlock && i < end_ && j < other.end_) {
            const Prefix a = block_[i], b = other.block_[j];
            to[n] = a;
            n += a == b;
            i += a <= b;
            j += b <= a;
        }
        at_ = i;
        other.at_ = j;
        return n;
    }

  private:
    template <class>
    friend class Buffered;

    Source source_;
    std::size_t at_ = 0, end_ = 0;
    Prefix block_[kBlock];
};

template <class A, class B>
std::size_t fill_union(Buffered<A>& a, Buffered<B>& b, Prefix* to) {
    if (!b.more()) return a.fill(to);
    if (!a.more()) return b.fill(to);
    return a.unite(b, to);
}
template <class A, class B>
std::size_t fill_intersection(Buffered<A>& a, Buffered<B>& b, Prefix* to) {
    while (a.more() && b.more())
        if (const std::size_t n = a.intersect(b, to); n != 0) return n;
    return 0;
}

// All prefixes of a settled image, cut to `bits` bits.
class Prefixes {
  public:
    Prefixes(const Layout& s, int bits) : main_(Part::main(s, bits)), buffer_(buffer_of(s, bits)) {}
    Prefixes(const Prefixes&) = delete;
    Prefixes& operator=(const Prefixes&) = delete;

    std::size_t fill(Prefix* to) {
        check_interrupts();
        return fill_union(main_, buffer_, to);
    }

  private:
    // The buffer of a list is settled; that of a table or a bitmap is sorted here.
    Part buffer_of(const Layout& s, int bits) {
        if (s.trimmed() || s.count() == 0) return Part::hashes(nullptr, 0, bits);
        if (!s.is_dense()) return Part::hashes(s.buffer(), s.count(), bits);
        std::memcpy(waiting_, s.buffer(), s.count() * sizeof *waiting_);
        sort_hashes(waiting_, s.count());
        return Part::hashes(reinterpret_cast<const std::byte*>(waiting_), s.count(), bits);
    }

    std::uint64_t waiting_[Layout::kManyBuffered];
    Buffered<Part> main_, buffer_;
};

enum class Combine : std::uint8_t { unite, intersect };

// Of two images.
template <Combine how>
class Combined {
  public:
    Combined(const Layout& a, const Layout& b, int bits) : a_(a, bits), b_(b, bits) {}

    std::size_t fill(Prefix* to) {
        return how == Combine::unite ? fill_union(a_, b_, to) : fill_intersection(a_, b_, to);
    }

  private:
    Buffered<Prefixes> a_, b_;
};

// --- what sources are read for ---------------------------------------------------------------------------------------

// Calls f(prefix) for all.
template <class Source, class F>
void each(Source&& source, F f) {
    Prefix block[kBlock];
    while (const std::size_t n = source.fill(block))
        for (std::size_t i = 0; i < n; ++i) f(block[i]);
}
template <class Source>
std::uint64_t count(Source&& source) {
    Prefix block[kBlock];
    std::uint64_t total = 0;
    while (const std::size_t n = source.fill(block)) total += n;
    return total;
}

}  // namespace sketch::bloom
