-- sketch: probabilistic sketches as column types. Made from src/; each room's part stands beside its code.
\echo Use "CREATE EXTENSION sketch" to load this file. \quit

-- for each value type
CREATE FUNCTION sketch_hash(value VALUE) RETURNS bigint
    AS 'MODULE_PATHNAME', 'sketch_hash' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sketch_hash(VALUE) IS
    'The 64-bit hash (XXH3) that feeds every sketch: the same for equal values, on every machine and version.';
-- end
