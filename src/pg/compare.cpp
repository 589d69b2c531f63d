// SPDX-License-Identifier: PostgreSQL
#include "pg/compare.hpp"

namespace sketch::pg {

int compare_bytes(std::span<const std::byte> a, std::span<const std::byte> b) {
    const std::size_t common = std::min(a.size(), b.size());
    int order = 0;
    in_steps(common, kCopyStep, [&](std::size_t from, std::size_t to) {
        if (order == 0) order = std::memcmp(a.data() + from, b.data() + from, to - from);
    });
    if (order != 0) return order;
    return a.size() < b.size() ? -1 : a.size() > b.size();
}

}  // namespace sketch::pg
