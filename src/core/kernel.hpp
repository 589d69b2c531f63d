// SPDX-License-Identifier: PostgreSQL
//
// The contract of a kernel: what every sketch is, to itself and to its host.
//
// A sketch is its bytes. An *image* is one flat little-endian byte string: a header of 12 bytes, then the payload.
// The host (PostgreSQL's shim, a test) owns the bytes, gives every image that is written to an address that is
// 4 bytes past a multiple of 8 (a 4-byte length word stands before it), so that the payload is 8-aligned, and never
// hands a kernel fewer bytes than it asked for. Images that are only read may stand at any address.
//
//   offset  size  field
//   0       1     kind      which sketch: a letter, one for each room
//   1       1     version   of the room's format, from 1; old versions stay readable
//   2       1     mode      of the room (sparse, dense, ...)
//   3       1     hash      low four bits: which function made the hashes (kHashXxh3), 0 where a room hashes nothing;
//                           high four: the class of the values that were hashed (value_class.hpp)
//   4       2     p0, p1    parameters of the room
//   6       2     slots     items for which the write buffer has room; 0 in a trimmed image
//   8       4     count     items in the write buffer, or entries of a sparse form
//   12            payload
//
// An image is either *working* (it may have slack and unapplied items in its write buffer) or *trimmed* (the canonical
// form that is stored and exchanged). Kernels build and merge working images, and S::Reader answers questions about
// trimmed ones alone: it takes a Trimmed<S>, so that a host cannot hand it anything else. Both kinds may come from
// anywhere, as anybody can make an aggregate without a final function; whoever reads a working image has it settled and
// trimmed first.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "core/bytes.hpp"
#include "core/value_class.hpp"

namespace sketch {

static_assert(std::endian::native == std::endian::little, "images are little-endian, and so must be the machine");

// What a kernel answers. The host maps these to its errors, in one place.
enum class Status : std::uint8_t {
    ok,
    no_room,        // add: the item was not taken; re-lay the state into grown_bytes() and add again
    wrong_kind,     // check: not an image of this sketch
    wrong_version,  // check: written by a version that this code does not know
    wrong_size,     // check: too short, too long, or lengths that do not add up
    bad_parameter,  // check: a parameter out of its range
    bad_content,    // check: a payload that no input can produce
    unlike_hash,    // merge: the two were built with different hash functions
    unlike,         // merge: parameters that cannot be folded into each other
    unlike_items,   // add, merge: items of another kind than those that are there
    overflow,       // add, merge: a total would pass the range of its counter
};

inline constexpr std::size_t kHeaderBytes = 12;
inline constexpr std::size_t kLengthWordBytes = 4;
inline constexpr std::uint8_t kHashXxh3 = 1;

// A view of an image: what all kernels have in common. Const members never write, also where the view was made from
// bytes that may only be read.
class View {
  public:
    View(std::byte* image, std::size_t bytes) : image_(image), bytes_(bytes) {}
    explicit View(std::span<const std::byte> image)
        : image_(const_cast<std::byte*>(image.data())), bytes_(image.size()) {}

    const std::byte* image() const { return image_; }
    std::size_t bytes() const { return bytes_; }
    std::uint8_t kind() const { return load<std::uint8_t>(image_); }
    std::uint8_t version() const { return load<std::uint8_t>(image_ + 1); }

    // The class of its values is the host's: kernels neither ask for it nor carry it over when they write an image
    // anew.
    ValueClass value_class() const { return static_cast<ValueClass>(load<std::uint8_t>(image_ + 3) >> 4); }
    void set_value_class(ValueClass c) {
        store(image_ + 3, static_cast<std::uint8_t>((load<std::uint8_t>(image_ + 3) & 15) | static_cast<int>(c) << 4));
    }

  protected:
    std::uint8_t mode() const { return load<std::uint8_t>(image_ + 2); }
    std::uint8_t hash() const { return load<std::uint8_t>(image_ + 3) & 15; }
    std::uint8_t p0() const { return load<std::uint8_t>(image_ + 4); }
    std::uint8_t p1() const { return load<std::uint8_t>(image_ + 5); }
    std::uint32_t slots() const { return load<std::uint16_t>(image_ + 6); }
    std::uint32_t count() const { return load<std::uint32_t>(image_ + 8); }
    std::size_t payload_bytes() const { return bytes_ - kHeaderBytes; }
    const std::byte* payload() const { return image_ + kHeaderBytes; }
    std::byte* payload() { return image_ + kHeaderBytes; }

    void set_header(std::uint8_t kind, std::uint8_t version, std::uint8_t hash, std::uint8_t p0, std::uint8_t p1) {
        store(image_, kind);
        store(image_ + 1, version);
        store(image_ + 3, hash);
        store(image_ + 4, p0);
        store(image_ + 5, p1);
    }
    void set_mode(std::uint8_t mode) { store(image_ + 2, mode); }
    void set_p0(std::uint8_t p0) { store(image_ + 4, p0); }
    void set_slots(std::size_t slots) { store(image_ + 6, static_cast<std::uint16_t>(slots)); }
    void set_count(std::size_t count) { store(image_ + 8, static_cast<std::uint32_t>(count)); }

    // The write buffer: a row appends its item to the head of the payload, and the room applies the items in one tight
    // loop once the buffer is full. A group then costs a row one touched cache line, however large its state is, and
    // the misses of the loop overlap.
    template <class Item>
    bool buffer(Item item) {
        const std::uint32_t n = count();
        if (n >= slots()) [[unlikely]]
            return false;
        store(payload() + n * sizeof(Item), item);
        set_count(n + 1);
        return true;
    }
    template <class Item>
    std::span<Item> items() {
        return {reinterpret_cast<Item*>(payload()), count()};
    }

    std::byte* image_;
    std::size_t bytes_;
};

// The image of a sketch S in its trimmed form. The host that makes one vouches for that: trim() has written these
// bytes, or check() has accepted them, or S(image).trimmed() says so of an image that is known to be well-formed.
template <class S>
class Trimmed {
  public:
    explicit Trimmed(std::span<const std::byte> image) : image_(image) {}
    std::span<const std::byte> image() const { return image_; }

  private:
    std::span<const std::byte> image_;
};

// Image sizes are chosen so that the block, with the length word, is a power of two: the allocators of most hosts give
// no other sizes to small requests.
constexpr std::size_t block_image(std::size_t need) {
    return std::bit_ceil(need + kLengthWordBytes) - kLengthWordBytes;
}

// No image is larger. Every door of a host carries so many bytes, also those that write them as text: two digits a byte
// stay below 1 GiB.
inline constexpr std::size_t kMaxImageBytes = (std::size_t{512} << 20) - 64;

// The part of check that is the same for all kernels.
inline Status check_header(std::span<const std::byte> image, std::uint8_t kind, std::uint8_t version) {
    if (image.size() < kHeaderBytes || image.size() > kMaxImageBytes) return Status::wrong_size;
    if (load<std::uint8_t>(image.data()) != kind) return Status::wrong_kind;
    const auto found = load<std::uint8_t>(image.data() + 1);
    if (found == 0 || found > version) return Status::wrong_version;
    return Status::ok;
}

template <class S>
concept Kernel = std::is_trivially_copyable_v<S> && std::derived_from<S, View> &&
    std::is_trivially_copyable_v<typename S::Params> && std::equality_comparable<typename S::Params> &&
    std::is_trivially_copyable_v<typename S::Reader> && std::derived_from<typename S::Reader, View> &&
    std::constructible_from<typename S::Reader, Trimmed<S>> &&
    requires(S s, const S c, typename S::Params params, std::span<std::byte> room, std::span<const std::byte> image) {
    { S::kKind } -> std::convertible_to<std::uint8_t>;
    { S::kVersion } -> std::convertible_to<std::uint8_t>;
    { S::bytes_for(params) } -> std::same_as<std::size_t>;  // of a fresh working image
    { S::create(room, params) } -> std::same_as<S>;
    { c.params() } -> std::same_as<typename S::Params>;  // of any image; of one that was merged, the coarsest
    { S::check(image) } -> std::same_as<Status>;         // total: any bytes; yes only to trimmed images
    { c.trimmed() } -> std::same_as<bool>;
    { c.empty() } -> std::same_as<bool>;                 // of nothing, and so the identity of merging
    { c.grown_bytes() } -> std::same_as<std::size_t>;    // what to re-lay into after no_room
    { c.relay(room) } -> std::same_as<S>;                // this sketch as a working image in room
    { c.merge_bytes(c) } -> std::same_as<std::size_t>;   // a working image so large merges without no_room
    { s.merge(c) } -> std::same_as<Status>;              // s is working and has merge_bytes; c is any image
    { c.settled() } -> std::same_as<bool>;               // nothing waits in the write buffer
    { c.settle_bytes() } -> std::same_as<std::size_t>;   // a working image so large can settle
    { s.settle() } -> std::same_as<void>;                // apply the write buffer
    { c.trimmed_bytes() } -> std::same_as<std::size_t>;  // of a settled image, at most
    { c.trim(room) } -> std::same_as<std::size_t>;       // a settled image to its canonical form; its bytes
};

// A kernel whose sketches may be large has a Head: the reader of questions that the first kHeadBytes of a trimmed image
// answer, so that a host need not fetch the rest. That image may be cut off there.
inline constexpr std::size_t kHeadBytes = 64;

template <class S>
concept HasHead = Kernel<S> && std::is_trivially_copyable_v<typename S::Head> &&
    std::constructible_from<typename S::Head, Trimmed<S>>;

// A kernel whose large sketches should not become working images to be merged has a Union, which writes the trimmed
// form of two settled images of any form. It is what two values are merged with, and a value and one item; and what the
// state of an aggregate is merged with, if merge_bytes answers 0, or merge no_room. (What merge took until then is in
// the union as well.) The state is a trimmed image then, as it may always be.
template <class S>
concept HasUnion = Kernel<S> && std::constructible_from<typename S::Union, const S&, const S&> &&
    requires(const S c, const typename S::Union both, std::span<std::byte> room) {
    { both.status() } -> std::same_as<Status>;
    { both.bytes() } -> std::same_as<std::size_t>;  // of the trimmed form, exactly
    { both.write(room) } -> std::same_as<std::size_t>;
    { c.like_bytes() } -> std::same_as<std::size_t>;  // of a working image with no items
    { c.create_like(room) } -> std::same_as<S>;       // and with the parameters of this; it has room for an item
};

}  // namespace sketch
