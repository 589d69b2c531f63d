// SPDX-License-Identifier: PostgreSQL
//
// What makes sketch.so a module.
#include "pg/pg.hpp"

_Pragma("GCC visibility push(default)") extern "C" { PG_MODULE_MAGIC; }
_Pragma("GCC visibility pop")
