-- sketch: probabilistic sketches as column types. Made from src/; each room's part stands beside its code.
\echo Use "CREATE EXTENSION sketch" to load this file. \quit

CREATE FUNCTION sketch_hash(value VALUE) RETURNS bigint STRICT;
COMMENT IS 'The 64-bit hash (XXH3) that feeds every sketch: the same for equal values, on every machine and version.';
