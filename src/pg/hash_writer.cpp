// SPDX-License-Identifier: PostgreSQL
#include "pg/hash_writer.hpp"

namespace sketch::pg {

void HashWriter::spill() {
    if (stream_ == nullptr) {
        constexpr std::size_t kAlign = alignof(XXH3_state_t);
        block_ = palloc(sizeof(XXH3_state_t) + kAlign);
        const auto address = reinterpret_cast<std::uintptr_t>(block_);
        stream_ = reinterpret_cast<XXH3_state_t*>((address + kAlign - 1) / kAlign * kAlign);
        XXH3_64bits_reset(stream_);
    }
    XXH3_64bits_update(stream_, buffer_, used_);
    used_ = 0;
}

void HashWriter::put_bytes(const void* data, std::size_t bytes) {
    if (bytes <= sizeof buffer_ - used_) {
        std::memcpy(buffer_ + used_, data, bytes);
        used_ += bytes;
        return;
    }
    spill();
    XXH3_64bits_update(stream_, data, bytes);
}

std::uint64_t HashWriter::hash() {
    std::uint64_t hash;
    if (stream_ == nullptr) {
        hash = hash_bytes(buffer_, used_);
    } else {
        spill();
        hash = XXH3_64bits_digest(stream_);
        pfree(block_);
        stream_ = nullptr;
    }
    used_ = 0;
    return hash;
}

}  // namespace sketch::pg
