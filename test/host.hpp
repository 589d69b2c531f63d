// SPDX-License-Identifier: PostgreSQL
//
// A host for kernels: owns the bytes of one sketch and grows them, as PostgreSQL's shim does (src/pg/shim.hpp).
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "core/bytes.hpp"
#include "core/kernel.hpp"

namespace sketch::test {

using Image = std::vector<std::byte>;

// splitmix64: a stream of test values that is the same everywhere.
struct Random {
    std::uint64_t state;

    std::uint64_t operator()() { return mix64(state += kGolden); }
    std::uint64_t below(std::uint64_t n) { return operator()() % n; }
    double uniform() { return static_cast<double>(operator()() >> 11) * 0x1p-53; }

    // What std::shuffle wants of a generator; std::shuffle itself is not the same everywhere.
    template <class T>
    void shuffle(std::vector<T>& v) {
        for (std::size_t i = v.size(); i > 1; --i) std::swap(v[i - 1], v[below(i)]);
    }
};

// Room for an image, at the place in memory that the contract promises. It is exactly as large as was asked for, so
// that AddressSanitizer sees a step too far.
class Room {
  public:
    explicit Room(std::size_t bytes) : bytes_(bytes), memory_(new std::byte[kLengthWordBytes + bytes]) {
        std::memset(memory_, 0xA5, kLengthWordBytes + bytes);
    }
    Room(const Room& other) : Room(other.bytes_) { std::memcpy(span().data(), other.span().data(), bytes_); }
    Room(Room&& other) : bytes_(other.bytes_), memory_(std::exchange(other.memory_, nullptr)) {}
    Room& operator=(Room other) {
        std::swap(bytes_, other.bytes_);
        std::swap(memory_, other.memory_);
        return *this;
    }
    ~Room() { delete[] memory_; }

    std::span<std::byte> span() const { return {memory_ + kLengthWordBytes, bytes_}; }

  private:
    std::size_t bytes_;
    std::byte* memory_;
};

template <Kernel S>
class Sketch {
  public:
    explicit Sketch(typename S::Params params) : room_(S::bytes_for(params)), s_(S::create(room_.span(), params)) {}

    // A stored image, to be written on.
    explicit Sketch(const Image& image) : room_(image.size()), s_(nullptr, 0) {
        std::memcpy(room_.span().data(), image.data(), image.size());
        s_ = S(room_.span().data(), image.size());
    }

    // A copy has its image at another address.
    Sketch(const Sketch& other) : room_(other.room_), s_(room_.span().data(), room_.span().size()) {}
    Sketch(Sketch&& other) = default;
    Sketch& operator=(Sketch other) {
        room_ = std::move(other.room_);
        s_ = other.s_;
        return *this;
    }

    // add_to(kernel) gives one item to the kernel.
    template <class Add>
    Status add(Add add_to) {
        Status status;
        while ((status = add_to(s_)) == Status::no_room) grow(s_.grown_bytes());
        return status;
    }

    Status merge(const S& other) {
        if constexpr (HasUnion<S>) return merge_or_unite(other);
        const std::size_t need = s_.merge_bytes(other);
        if (s_.trimmed() || s_.bytes() < need) grow(std::max(need, s_.bytes()));
        return s_.merge(other);
    }
    Status merge(const Image& image) { return merge(S(std::span<const std::byte>(image))); }

    void settle() {
        if (s_.settled()) return;
        grow(s_.settle_bytes());
        s_.settle();
    }

    Image trimmed() const {
        if (s_.settled()) return trim(s_);
        Room room(s_.settle_bytes());
        S settled = s_.relay(room.span());
        settled.settle();
        return trim(settled);
    }

    const S& kernel() const { return s_; }

    // As the shim merges two values, and adds an item to one.
    Status unite(const S& other) {
        const Room mine = settled_copy(s_), others = settled_copy(other);
        const typename S::Union both(S(mine.span()), S(others.span()));
        if (both.status() != Status::ok) return both.status();
        Room room(both.bytes());
        if (both.write(room.span()) != both.bytes()) std::abort();
        room_ = std::move(room);
        s_ = S(room_.span());
        return Status::ok;
    }
    template <class Add>
    Status unite_with_item(Add add_to) {
        Room room(s_.like_bytes());
        S one = s_.create_like(room.span());
        if (const Status status = add_to(one); status != Status::ok) return status;
        return unite(one);
    }

  private:
    Status merge_or_unite(const S& other) {
        if (const std::size_t need = s_.merge_bytes(other); need != 0) {
            if (s_.trimmed() || s_.bytes() < need) grow(std::max(need, s_.bytes()));
            if (const Status status = s_.merge(other); status != Status::no_room) return status;
        }
        return unite(other);
    }
    static Room settled_copy(const S& s) {
        Room room(s.settled() ? s.bytes() : s.settle_bytes());
        if (s.settled()) {
            std::memcpy(room.span().data(), s.image(), s.bytes());
        } else {
            s.relay(room.span()).settle();
        }
        return room;
    }
    void grow(std::size_t bytes) {
        Room larger(bytes);
        s_ = s_.relay(larger.span());
        room_ = std::move(larger);
    }
    // What trim writes passes check.
    static Image trim(const S& s) {
        Room room(s.trimmed_bytes());
        const std::size_t bytes = s.trim(room.span());
        const Image image(room.span().begin(), room.span().begin() + static_cast<std::ptrdiff_t>(bytes));
        if (const Status status = S::check(image); status != Status::ok) {
            std::fprintf(stderr, "check refuses a trimmed image of %zu bytes: status %d\n", bytes,
                         static_cast<int>(status));
            std::abort();
        }
        return image;
    }

    Room room_;
    S s_;
};

// The readers of a trimmed image.
template <Kernel S>
typename S::Reader open(const Image& image) {
    return typename S::Reader(Trimmed<S>(image));
}

}  // namespace sketch::test
