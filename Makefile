# Builds, installs and tests the extension with PGXS: make && make install && make installcheck
# A new sketch is a new folder under src/ and files found by wildcard: nothing here names one.

EXTENSION  = sketch
EXTVERSION = $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" sketch.control)
MODULE_big = sketch
ROOMS      = $(filter-out src/core src/pg src/upgrade,$(patsubst %/,%,$(sort $(wildcard src/*/))))
OBJS       = $(patsubst %.cpp,%.o,$(sort $(wildcard src/*/*.cpp)))
DATA       = $(wildcard src/upgrade/*.sql)
DATA_built = sketch--$(EXTVERSION).sql
REGRESS    = $(patsubst sql/%.sql,%,$(sort $(wildcard sql/*.sql)))
EXTRA_CLEAN = $(OBJS:.o=.d) sketch--*.sql

PG_CPPFLAGS = -I$(srcdir)/src
PG_CXXFLAGS = -std=c++20 -O3 -Wextra -Wno-register -Wno-unused-parameter -Wno-missing-field-initializers \
              -fno-exceptions -fno-rtti -fno-threadsafe-statics -ffp-contract=off -fvisibility=hidden -MMD -MP

# PGXS would compile bitcode with flags that C++20 does not fit, and link with the C compiler.
override with_llvm = no
override COMPILER = $(CXX) $(CXXFLAGS)

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

-include $(OBJS:.o=.d)

.DELETE_ON_ERROR:

sketch--$(EXTVERSION).sql: src/pg/value_types src/pg/room.sql src/pg/prologue.sql $(wildcard $(ROOMS:%=%/*.sql)) src/pg/assemble.awk sketch.control
	awk -f src/pg/assemble.awk $(filter-out %.awk %.control,$^) > $@
