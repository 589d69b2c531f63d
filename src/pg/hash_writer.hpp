// SPDX-License-Identifier: PostgreSQL
//
// The hash of a byte string that comes in parts: that of the whole, in constant memory however many parts there are.
#pragma once

#include "core/xxh3.hpp"

#include "pg/pg.hpp"

namespace sketch::pg {

// Of a few parts of fixed size.
template <class... Parts>
std::uint64_t hash_of_parts(Parts... parts) {
    char bytes[(sizeof(Parts) + ...)];
    char* to = bytes;
    ((std::memcpy(to, &parts, sizeof parts), to += sizeof parts), ...);
    return hash_bytes(bytes, sizeof bytes);
}

// Short strings are hashed where they stand. Only one that outgrows the buffer takes the 576 bytes of XXH3's state,
// from the heap: values nest, and the stack is short. hash() gives them back; so does the memory context after an
// error.
class HashWriter {
  public:
    template <class T>
    void put(T value) {
        if (used_ + sizeof value > sizeof buffer_) [[unlikely]]
            spill();
        std::memcpy(buffer_ + used_, &value, sizeof value);
        used_ += sizeof value;
    }
    void put_bytes(const void* data, std::size_t bytes);
    std::uint64_t hash();

  private:
    void spill();

    void* block_ = nullptr;
    XXH3_state_t* stream_ = nullptr;
    std::size_t used_ = 0;
    char buffer_[128];
};
static_assert(std::is_trivially_destructible_v<HashWriter>);

}  // namespace sketch::pg
