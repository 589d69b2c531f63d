-- hll: how many distinct? ---------------------------------------------------------------------------------------------

-- main: stored without compression that could not win, and within the row, where a merge reads it without a second
-- look-up, as long as the row fits its page.
CREATE SKETCH hllsketch (STORAGE = main, COMMUTATOR = ||);
COMMENT ON TYPE hllsketch IS
    'How many distinct? HyperLogLog (UltraLogLog form): exact for few values, then within 0.76/sqrt(2^precision).';

CREATE FUNCTION hll_new("precision" bigint DEFAULT 12) RETURNS hllsketch STRICT;
COMMENT IS 'A sketch of no values. precision: 4 to 18, 2^precision registers.';

COMMENT ON FUNCTION hll_merge(hllsketch, hllsketch) IS
    'The sketch of the values of both, at the lower of their precisions. NULL merged with s is s.';
COMMENT ON FUNCTION hll_info(hllsketch) IS
    'Parameters, mode, estimate, one relative standard error (0 while sparse) and bytes.';

CREATE FUNCTION hll_count(hllsketch) RETURNS bigint;
COMMENT IS 'Final function of approx_count_distinct: the rounded estimate, 0 for NULL.';

CREATE FUNCTION hll_add(sketch hllsketch, value VALUE [, "precision" bigint]) RETURNS hllsketch;
COMMENT IS 'The sketch with one value more. A NULL sketch starts a new one; a NULL value adds nothing.';
COMMENT IS 'The sketch with one value more. A NULL sketch starts a new one of this precision, 4 to 18.';

CREATE FUNCTION hll_add_all(sketch hllsketch, "values" anyarray [, "precision" bigint]) RETURNS hllsketch;
COMMENT IS 'The sketch with the elements of an array more, as if they came in rows. NULLs add nothing.';
COMMENT IS 'The same. A NULL sketch starts a new one of this precision, 4 to 18.';

CREATE FUNCTION hll_add_hash(sketch hllsketch, hash bigint [, "precision" bigint]) RETURNS hllsketch;
COMMENT IS
    'The sketch with one value more, of which only the 64-bit hash is given: of sketch_hash, or of another function as '
    'good for all values.';
COMMENT IS 'The same. A NULL sketch starts a new one of this precision, 4 to 18.';

CREATE AGGREGATE hll_hash_agg(hash bigint [, "precision" bigint]) (SFUNC = hll_add_hash, SSPACE = 256);
COMMENT IS 'The sketch of the distinct values with these 64-bit hashes, as sketch_hash has them.';
COMMENT IS 'The sketch of the distinct values with these 64-bit hashes. precision: 4 to 18.';

CREATE AGGREGATE hll_agg(value VALUE [, "precision" bigint]) (SFUNC = hll_add, SSPACE = 256);
COMMENT IS 'The sketch of the distinct values, at precision 12: error 1.2 %.';
COMMENT IS
    'The sketch of the distinct values. precision: 4 to 18, error 0.76/sqrt(2^precision), about 0.6 * 2^precision '
    'bytes.';

CREATE AGGREGATE approx_count_distinct(value VALUE) (SFUNC = hll_add, SSPACE = 256, FINALFUNC = hll_count);
COMMENT IS 'About how many distinct values: exact for few, then with a relative standard error of 1.2 %.';

-- double precision: so that an error in its place, 0.05, can be told what a precision is.
CREATE FUNCTION approx_count_distinct_add(sketch hllsketch, value ANY, "precision" double precision) RETURNS hllsketch;
COMMENT IS 'Transition function of approx_count_distinct(value, precision).';

CREATE AGGREGATE approx_count_distinct(value ANY, "precision" double precision) (
    SFUNC = approx_count_distinct_add, SSPACE = 256, FINALFUNC = hll_count);
COMMENT IS
    'About how many distinct values, with a relative standard error of 0.76/sqrt(2^precision). precision: 4 to 18.';

CREATE FUNCTION hll_fold(sketch hllsketch, "precision" bigint) RETURNS hllsketch STRICT;
COMMENT IS
    'The sketch at a lower precision, 4 to 18: what it would be had it been built with it. A higher one: as it is.';

CREATE AGGREGATE hll_merge(sketch hllsketch) (SFUNC = hll_merge, SSPACE = 4096);
COMMENT IS 'The sketch of the values of all sketches, at the lowest precision.';

CREATE FUNCTION hll_estimate(sketch hllsketch) RETURNS double precision STRICT;
COMMENT IS 'About how many distinct values. Relative standard error: 0.76/sqrt(2^precision), far less while sparse.';

CREATE FUNCTION hll_bounds(
    sketch hllsketch, confidence double precision DEFAULT 0.95, OUT lower double precision,
    OUT estimate double precision, OUT upper double precision) STRICT;
COMMENT IS 'The estimate, and the range that holds the true number of distinct values with this confidence (0 to 1).';
