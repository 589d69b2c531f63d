-- kll: which value has this rank? -------------------------------------------------------------------------------------

-- main: nothing to compress, and within the row, where a merge reads it without a second look-up, as long as the row
-- fits its page.
CREATE SKETCH kllsketch (STORAGE = main);
COMMENT ON TYPE kllsketch IS
    'Quantiles and ranks. KLL: exact for few values, then ranks within 2.296/k^0.9723 of the number of values.';

CREATE FUNCTION kll_new(k bigint DEFAULT 200) RETURNS kllsketch STRICT;
COMMENT IS 'A sketch of no values. k: 8 to 65535, about 3 * k values are kept.';

COMMENT ON FUNCTION kll_merge(kllsketch, kllsketch) IS
    'The sketch of the values of both, at the lower k. NULL merged with s is s.';
COMMENT ON FUNCTION kll_info(kllsketch) IS
    'Parameters, mode, counts, epsilon (the rank error that 99 % of answers keep; 0 while exact) and bytes.';

CREATE FUNCTION kll_add(sketch kllsketch, value double precision [, k bigint]) RETURNS kllsketch;
COMMENT IS 'The sketch with one value more. A NULL sketch starts a new one; a NULL value adds nothing.';
COMMENT IS 'The sketch with one value more. A NULL sketch starts a new one of this k, 8 to 65535.';

CREATE FUNCTION kll_add_all(sketch kllsketch, "values" double precision[] [, k bigint]) RETURNS kllsketch;
COMMENT IS 'The sketch with the elements of an array more, as if they came in rows. NULLs add nothing.';
COMMENT IS 'The same. A NULL sketch starts a new one of this k.';

CREATE FUNCTION kll_weighted_add(
    sketch kllsketch, value double precision, weight double precision [, k bigint]) RETURNS kllsketch;
COMMENT IS
    'The sketch with so many of a value more: a whole number from 0 to 2^53 - 1. A NULL sketch starts a new one; a '
    'NULL value or weight adds nothing.';
COMMENT IS
    'The sketch with so many of a value more: a whole number from 0 to 2^53 - 1. A NULL sketch starts a new one of '
    'this k, 8 to 65535.';

CREATE AGGREGATE kll_agg(value double precision [, k bigint]) (SFUNC = kll_add, SSPACE = 2048);
COMMENT IS 'The sketch of the values, at k = 200: ranks within 1.33 % with a probability of 99 %.';
COMMENT IS 'The sketch of the values. k: 8 to 65535, ranks within 2.296/k^0.9723, about 24 * k bytes.';

CREATE AGGREGATE kll_weighted_agg(value double precision, weight double precision [, k bigint]) (
    SFUNC = kll_weighted_add, SSPACE = 2048);
COMMENT IS
    'The sketch of the values, each as often as its weight says, a whole number from 0 to 2^53 - 1, at k = 200: ranks '
    'within 1.33 % with a probability of 99 %.';
COMMENT IS
    'The sketch of the values, each as often as its weight says. k: 8 to 65535, ranks within 2.296/k^0.9723, about '
    '24 * k bytes.';

CREATE AGGREGATE kll_merge(sketch kllsketch) (SFUNC = kll_merge, SSPACE = 16384);
COMMENT IS 'The sketch of the values of all sketches, at the lowest k.';

CREATE FUNCTION kll_quantile(sketch kllsketch, fraction double precision) RETURNS double precision STRICT;
COMMENT IS
    'The value at this fraction (0 to 1) of the values in order, as percentile_disc counts. NULL if there are none.';

CREATE FUNCTION kll_quantiles(sketch kllsketch, fractions double precision[]) RETURNS double precision[] STRICT;
COMMENT IS 'kll_quantile for each of the fractions.';

CREATE FUNCTION kll_bounds(
    sketch kllsketch, fraction double precision, confidence double precision DEFAULT 0.95,
    OUT lower double precision, OUT estimate double precision, OUT upper double precision) STRICT;
COMMENT IS 'kll_quantile, and values between which the true one lies with this confidence (0 to 1).';

CREATE FUNCTION kll_rank(sketch kllsketch, value double precision) RETURNS double precision STRICT;
COMMENT IS 'The fraction of the values that are at most this one, as cume_dist counts. NULL if there are none.';

CREATE FUNCTION kll_cdf(sketch kllsketch, "values" double precision[]) RETURNS double precision[] STRICT;
COMMENT IS 'kll_rank for each of the values.';

CREATE FUNCTION kll_pmf(sketch kllsketch, splits double precision[]) RETURNS double precision[] STRICT;
COMMENT IS
    'The share of the values in each of the n + 1 ranges that n ascending splits part: at most the first, then above '
    'it and at most the next. NULL if there are none.';

CREATE FUNCTION kll_fold(sketch kllsketch, k bigint) RETURNS kllsketch STRICT;
COMMENT IS 'The sketch at a smaller k, 8 to 65535. A larger one: as it is.';

CREATE FUNCTION kll_json(sketch kllsketch) RETURNS jsonb STRICT;
COMMENT IS
    'The whole sketch to read: its numbers, and its items, ascending, with the number of values each stands for.';

CREATE FUNCTION kll_min(sketch kllsketch) RETURNS double precision STRICT;
COMMENT IS 'The smallest value, exactly. NULL if there are none.';

CREATE FUNCTION kll_max(sketch kllsketch) RETURNS double precision STRICT;
COMMENT IS 'The largest value, exactly. NULL if there are none.';

CREATE FUNCTION kll_count(sketch kllsketch) RETURNS bigint STRICT;
COMMENT IS 'How many values, exactly.';

-- approx_percentile of dates and times: kll, because its error does not depend on where the calendar begins.
CREATE FUNCTION approx_percentile_add(
    sketch kllsketch, value anyelement, fraction double precision [, k bigint])
    RETURNS kllsketch AS 'MODULE_PATHNAME', 'approx_percentile_time_add' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT IS 'Transition function of approx_percentile for date, timestamp, timestamptz and time.';

CREATE FUNCTION approx_percentile_add(
    sketch kllsketch, value anyelement, fractions double precision[] [, k bigint])
    RETURNS kllsketch AS 'MODULE_PATHNAME', 'approx_percentiles_time_add' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT IS 'Transition function of approx_percentile for dates and times and several fractions.';

CREATE FUNCTION approx_percentile_final(
    sketch kllsketch, value anyelement, fraction double precision [, k bigint])
    RETURNS anyelement AS 'MODULE_PATHNAME', 'approx_percentile_time_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT IS 'Final function of approx_percentile for date, timestamp, timestamptz and time.';

CREATE FUNCTION approx_percentile_final(
    sketch kllsketch, value anyelement, fractions double precision[] [, k bigint])
    RETURNS anyarray AS 'MODULE_PATHNAME', 'approx_percentiles_time_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT IS 'Final function of approx_percentile for dates and times and several fractions.';

CREATE AGGREGATE approx_percentile(value TIME, fraction double precision [, k bigint]) (
    SFUNC = approx_percentile_add, SSPACE = 2048, FINALFUNC = approx_percentile_final, FINALFUNC_EXTRA);
COMMENT IS
    'About percentile_disc(fraction): exact for up to a thousand values, then a value whose rank is within 0.28 % with '
    'a probability of 99 %.';
COMMENT IS 'The same at this k: 8 to 65535, ranks within 2.296/k^0.9723.';

CREATE AGGREGATE approx_percentile(value TIME, fractions double precision[] [, k bigint]) (
    SFUNC = approx_percentile_add, SSPACE = 2048, FINALFUNC = approx_percentile_final, FINALFUNC_EXTRA);
COMMENT IS
    'About percentile_disc(fractions): exact for up to a thousand values, then values whose ranks are within 0.28 %, '
    'each with a probability of 99 %.';
COMMENT IS 'The same at this k: 8 to 65535, ranks within 2.296/k^0.9723.';

CREATE AGGREGATE approx_percentiles(value TIME, fractions double precision[] [, k bigint]) (
    SFUNC = approx_percentile_add, SSPACE = 2048, FINALFUNC = approx_percentile_final, FINALFUNC_EXTRA);
COMMENT IS 'approx_percentile for several fractions, which may be an untyped literal here.';
COMMENT IS 'The same at this k: 8 to 65535, ranks within 2.296/k^0.9723.';
