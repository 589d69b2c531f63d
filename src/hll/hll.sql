
-- hll: how many distinct? ---------------------------------------------------------------------------------------------

-- main: stored without compression that could not win, and within the row, where a merge reads it without a second
-- look-up, as long as the row fits its page.
-- type hllsketch stored main
COMMENT ON TYPE hllsketch IS
    'How many distinct? HyperLogLog (UltraLogLog form): exact for few values, then within 0.76/sqrt(2^precision).';

-- bigint, because the extension hll has an hll_empty(integer), and both may live in one schema.
CREATE FUNCTION hll_empty("precision" bigint DEFAULT 12) RETURNS hllsketch
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION hll_empty(bigint) IS 'A sketch of no values. precision: 4 to 18, 2^precision registers.';

CREATE FUNCTION hll_merge(a hllsketch, b hllsketch) RETURNS hllsketch
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION hll_merge(hllsketch, hllsketch) IS
    'The sketch of the values of both, at the lower of their precisions. NULL merged with s is s.';
CREATE OPERATOR || (LEFTARG = hllsketch, RIGHTARG = hllsketch, FUNCTION = hll_merge, COMMUTATOR = ||);
COMMENT ON OPERATOR || (hllsketch, hllsketch) IS 'hll_merge';

CREATE FUNCTION hll_final(hllsketch) RETURNS hllsketch
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION hll_final(hllsketch) IS 'Final function of the aggregates: the stored form of a state.';

CREATE FUNCTION hll_count(hllsketch) RETURNS bigint
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION hll_count(hllsketch) IS 'Final function of approx_count_distinct: the rounded estimate, 0 for NULL.';

-- for each value type
CREATE FUNCTION hll_add(sketch hllsketch, value VALUE) RETURNS hllsketch
    AS 'MODULE_PATHNAME', 'hll_add' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION hll_add(hllsketch, VALUE) IS
    'The sketch with one value more. A NULL sketch starts a new one; a NULL value adds nothing.';

CREATE FUNCTION hll_add(sketch hllsketch, value VALUE, "precision" integer) RETURNS hllsketch
    AS 'MODULE_PATHNAME', 'hll_add' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION hll_add(hllsketch, VALUE, integer) IS
    'The sketch with one value more. A NULL sketch starts a new one of this precision, 4 to 18.';

CREATE AGGREGATE hll_agg(value VALUE) (
    SFUNC = hll_add, STYPE = hllsketch, SSPACE = 256, FINALFUNC = hll_final, COMBINEFUNC = hll_merge, PARALLEL = SAFE
);
COMMENT ON AGGREGATE hll_agg(VALUE) IS 'The sketch of the distinct values, at precision 12: error 1.2 %.';

CREATE AGGREGATE hll_agg(value VALUE, "precision" integer) (
    SFUNC = hll_add, STYPE = hllsketch, SSPACE = 256, FINALFUNC = hll_final, COMBINEFUNC = hll_merge, PARALLEL = SAFE
);
COMMENT ON AGGREGATE hll_agg(VALUE, integer) IS
    'The sketch of the distinct values. precision: 4 to 18, error 0.76/sqrt(2^precision), about 0.6 * 2^precision bytes.';

CREATE AGGREGATE approx_count_distinct(value VALUE) (
    SFUNC = hll_add, STYPE = hllsketch, SSPACE = 256, FINALFUNC = hll_count, COMBINEFUNC = hll_merge, PARALLEL = SAFE
);
COMMENT ON AGGREGATE approx_count_distinct(VALUE) IS
    'About how many distinct values: exact for few, then with a relative standard error of 1.2 %.';

CREATE AGGREGATE approx_count_distinct(value VALUE, "precision" integer) (
    SFUNC = hll_add, STYPE = hllsketch, SSPACE = 256, FINALFUNC = hll_count, COMBINEFUNC = hll_merge, PARALLEL = SAFE
);
COMMENT ON AGGREGATE approx_count_distinct(VALUE, integer) IS
    'About how many distinct values, with a relative standard error of 0.76/sqrt(2^precision). precision: 4 to 18.';
-- end

CREATE AGGREGATE hll_merge(sketch hllsketch) (
    SFUNC = hll_merge, STYPE = hllsketch, SSPACE = 4096, FINALFUNC = hll_final, COMBINEFUNC = hll_merge, PARALLEL = SAFE
);
COMMENT ON AGGREGATE hll_merge(hllsketch) IS 'The sketch of the values of all sketches, at the lowest precision.';

CREATE FUNCTION hll_estimate(sketch hllsketch) RETURNS double precision
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION hll_estimate(hllsketch) IS
    'About how many distinct values. Relative standard error: 0.76/sqrt(2^precision), far less while sparse.';

CREATE FUNCTION hll_bounds(
    sketch hllsketch, confidence double precision DEFAULT 0.95,
    OUT lower double precision, OUT estimate double precision, OUT upper double precision)
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION hll_bounds(hllsketch, double precision) IS
    'The estimate, and the range that holds the true number of distinct values with this confidence (0 to 1).';

CREATE FUNCTION hll_info(sketch hllsketch) RETURNS jsonb
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION hll_info(hllsketch) IS
    'Parameters, mode, estimate, one relative standard error (0 while sparse) and bytes.';
