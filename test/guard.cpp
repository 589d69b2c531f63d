// SPDX-License-Identifier: PostgreSQL
//
// For a server under AddressSanitizer (test/fuzz sanitized): the extension is compiled with -Dpalloc=guarded_palloc.
//
// palloc cuts small requests from larger blocks, so that a step beyond one meets its neighbour and nothing is seen. A
// request over 8 kB is a block of malloc on its own: all of ours are made so large, and what was not asked for is
// poisoned. free() and realloc() of the block, by whoever, lift the poison.
#include <sanitizer/asan_interface.h>

#include "pg/pg.hpp"

#undef palloc
extern "C" {
void* palloc(Size size);
__attribute__((visibility("hidden"))) void* guarded_palloc(Size size);
}

void* guarded_palloc(Size size) {
    constexpr Size kAlone = 8192 + 1;
    if (size >= kAlone) return palloc(size);
    auto* block = static_cast<char*>(palloc(kAlone));
    ASAN_POISON_MEMORY_REGION(block + size, kAlone - size);
    return block;
}
