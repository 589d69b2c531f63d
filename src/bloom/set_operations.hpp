// SPDX-License-Identifier: PostgreSQL
//
// The union and the intersection of two settled images, of any form, straight in the trimmed form: two are read, one is
// written, and beside them there are some blocks of prefixes. Both leave the shorter prefixes and the larger rate of
// the two.
//
//   const Union both(a, b);
//   both.write(room of both.bytes());
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "bloom/estimate.hpp"
#include "bloom/stored.hpp"

namespace sketch::bloom {

class Union {
  public:
    Union(const Layout& a, const Layout& b)
        : a_(a), b_(b), bits_(std::min(a.bits(), b.bits())), rate_(std::max(a.rate(), b.rate())) {
        if (a.exact() && b.exact() && std::max(a.size(), b.size()) <= Layout::kMaxExact) unite_hashes();
        if (how_ == How::prefixes && (bitmap_of(a_) || bitmap_of(b_))) how_ = How::bitmaps;
        if (how_ == How::prefixes && one_more())
            look_for_one();
        else if (how_ == How::prefixes)
            content_ = counted(bits_, sources());
    }

    Status status() const { return a_.hash() == b_.hash() ? Status::ok : Status::unlike_hash; }
    std::size_t bytes() const {
        switch (how_) {
            case How::hashes: return Layout::exact_bytes(n_);
            case How::bitmaps: return Layout::kStoredAt + bitmap_bytes(bits_);
            default: return Layout::stored_bytes(content_.n, content_.bits);
        }
    }
    std::size_t write(std::span<std::byte> room) const {
        Stored to(room);
        switch (how_) {
            case How::hashes: return to.write_exact(hashes_, n_, bits_, rate_);
            case How::bitmaps: return bitmap_of(a_) ? write_bitmap(to, a_, b_) : write_bitmap(to, b_, a_);
            case How::one_more: return write_one_more(to);
            default: return to.write_prefixes(content_, rate_, sources());
        }
    }

  private:
    // With a bitmap of as long prefixes it remains one, and need not be counted first. One value more is put in.
    enum class How : std::uint8_t { prefixes, hashes, bitmaps, one_more };

    struct Sources {
        const Union& of;
        auto operator()(int bits) const { return Combined<Combine::unite>(of.a_, of.b_, bits); }
    };
    Sources sources() const { return {*this}; }
    bool bitmap_of(const Layout& s) const { return s.mode() == Layout::kBitmap && s.bits() == bits_; }
    std::size_t write_bitmap(Stored& to, const Layout& base, const Layout& other) const {
        to.start_bitmap(base.part(), bits_, rate_);
        if (bitmap_of(other))
            or_bitmap(to.part(), other.part(), bitmap_bytes(bits_));
        else
            each(Prefixes(other, bits_), [bits = to.part()](Prefix p) { set_bit(bits, p); });
        return to.finish_bitmap();
    }
    bool one_more() const {
        return b_.size() == 1 && a_.mode() == Layout::kPacked && a_.bits() == bits_ && a_.n() < Layout::kMaxLong;
    }
    void look_for_one() {
        Prefix block[kBlock] = {};
        Prefixes(b_, bits_).fill(block);
        one_ = block[0];
        const bool held = a_.packed().contains(one_);
        content_ = {a_.n() + !held, bits_};
        const bool packed = !Layout::bitmap_is_smaller(content_.n, bits_);
        if (packed && !held && a_.packed().has_room()) how_ = How::one_more;
    }
    std::size_t write_one_more(Stored& to) const {
        to.start_stored(Layout::kPacked, content_.n, bits_, rate_);
        a_.packed().write_with(one_, to.part());
        return bytes();
    }
    void unite_hashes() {
        HashCursor a(a_.buffer(), a_.size()), b(b_.buffer(), b_.size());
        n_ = a.fill(hashes_);
        n_ += b.fill(hashes_ + n_);
        n_ = sort_distinct(hashes_, n_);
        if (n_ <= Layout::kMaxExact) how_ = How::hashes;
    }

    Layout a_, b_;
    int bits_;
    double rate_;
    How how_ = How::prefixes;
    std::size_t n_ = 0;
    std::uint64_t hashes_[2 * Layout::kMaxExact];
    Content content_{};
    Prefix one_ = 0;
};

// What both hold, up to values that share a prefix; of trimmed sketches. Exact if one of the two is, but for the values
// that the other takes for its own by mistake.
class Intersection {
  public:
    Intersection(Reader a, Reader b)
        : a_(!a.exact() && b.exact() ? b : a),
          b_(!a.exact() && b.exact() ? a : b),
          bits_(std::min(a.bits(), b.bits())),
          rate_(std::max(a.rate(), b.rate())) {
        if (a_.exact())
            take_hashes();
        else if (both_bitmaps())
            content_ = {count_bits(bitmap_bytes(bits_), words()), bits_};
        else
            content_ = counted(bits_, sources());
    }

    std::size_t bytes() const {
        return content_.n == 0 ? Layout::exact_bytes(n_) : Layout::stored_bytes(content_.n, content_.bits);
    }
    std::size_t write(std::span<std::byte> room) const {
        Stored to(room);
        if (content_.n == 0) return to.write_exact(hashes_, n_, bits_, rate_);
        if (both_bitmaps() && Layout::bitmap_is_smaller(content_.n, bits_)) return write_bitmap(to);
        return to.write_prefixes(content_, rate_, sources());
    }

  private:
    struct Sources {
        const Intersection& of;
        auto operator()(int bits) const { return Combined<Combine::intersect>(of.a_, of.b_, bits); }
    };
    Sources sources() const { return {*this}; }
    bool both_bitmaps() const { return a_.is_bitmap() && b_.is_bitmap() && a_.bits() == b_.bits(); }
    struct Words {
        const std::byte *a, *b;
        std::size_t bytes;
        std::uint64_t operator()(std::size_t at) const { return word_at(a, at, bytes) & word_at(b, at, bytes); }
    };
    Words words() const { return {a_.part(), b_.part(), bitmap_bytes(bits_)}; }
    std::size_t write_bitmap(Stored& to) const {
        const std::size_t bytes = bitmap_bytes(bits_);
        to.start_stored(Layout::kBitmap, content_.n, bits_, rate_);
        in_steps(bytes, kCopyStep, [word = words(), bits = to.part(), bytes](std::size_t from, std::size_t end) {
            for (std::size_t at = from; at < end; at += 8) put_word(bits, at, bytes, word(at));
        });
        return Layout::kStoredAt + bytes;
    }
    void take_hashes() {
        for (std::size_t i = 0; i < a_.size(); ++i) {
            hashes_[n_] = a_.hash_at(i);
            n_ += b_.contains(hashes_[n_]);
        }
    }

    Reader a_, b_;
    int bits_;
    double rate_;
    std::size_t n_ = 0;
    std::uint64_t hashes_[Layout::kMaxExact];
    Content content_{};
};

}  // namespace sketch::bloom
