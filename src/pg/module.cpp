// SPDX-License-Identifier: PostgreSQL
//
// What makes sketch.so a module.
#include "core/interrupts.hpp"

#include "pg/pg.hpp"

_Pragma("GCC visibility push(default)") extern "C" {
    PG_MODULE_MAGIC;
    void _PG_init();
}
_Pragma("GCC visibility pop")

    void _PG_init() {
    sketch::interrupt_hook = [] { CHECK_FOR_INTERRUPTS(); };
}
