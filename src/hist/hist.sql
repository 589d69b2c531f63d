-- hist: which value stands at this fraction, within a relative error? -------------------------------------------------

-- main: stored without compression, and within the row, where a merge reads it without a second look-up, as long as the
-- row fits its page.
CREATE SKETCH histsketch (STORAGE = main, COMMUTATOR = ||);
COMMENT ON TYPE histsketch IS
    'Quantiles, ranks and distributions. An exponential histogram: exact for few values, then values within '
    'hist_error.';

CREATE FUNCTION hist_new(max_bins bigint DEFAULT 640) RETURNS histsketch STRICT;
COMMENT IS 'A sketch of no values. max_bins: 16 to 8192, at most 4 bytes each while counts fit 32 bits.';

COMMENT ON FUNCTION hist_merge(histsketch, histsketch) IS
    'The sketch of the values of both, at the lower max_bins. NULL merged with s is s.';
COMMENT ON FUNCTION hist_info(histsketch) IS 'Parameters, mode, counts, scale, bins, error and bytes.';

CREATE FUNCTION hist_add(sketch histsketch, value double precision [, max_bins bigint]) RETURNS histsketch;
COMMENT IS 'The sketch with one value more. A NULL sketch starts a new one; a NULL value adds nothing.';
COMMENT IS 'The sketch with one value more. A NULL sketch starts a new one of this max_bins, 16 to 8192.';

CREATE FUNCTION hist_add_all(sketch histsketch, "values" double precision[] [, max_bins bigint]) RETURNS histsketch;
COMMENT IS 'The sketch with the elements of an array more, as if they came in rows. NULLs add nothing.';
COMMENT IS 'The same. A NULL sketch starts a new one of at most this many bins.';

CREATE FUNCTION hist_weighted_add(
    sketch histsketch, value double precision, weight double precision [, max_bins bigint]) RETURNS histsketch;
COMMENT IS
    'The sketch with so many of a value more: a whole number from 0 to 2^53 - 1. A NULL sketch starts a new one; a '
    'NULL value or weight adds nothing.';
COMMENT IS
    'The sketch with so many of a value more: a whole number from 0 to 2^53 - 1. A NULL sketch starts a new one of '
    'this max_bins, 16 to 8192.';

CREATE FUNCTION hist_moving_add(sketch histsketch, value double precision [, max_bins bigint]) RETURNS histsketch;
COMMENT IS 'Transition function of hist_agg over a moving frame.';
COMMENT IS 'Transition function of hist_agg with max_bins over a moving frame.';

CREATE FUNCTION hist_moving_remove(sketch histsketch, value double precision [, max_bins bigint]) RETURNS histsketch;
COMMENT IS 'Inverse transition function of hist_agg. NULL: the frame is to be read anew.';
COMMENT IS 'Inverse transition function of hist_agg with max_bins. NULL: the frame is to be read anew.';

CREATE FUNCTION hist_moving_final(histsketch) RETURNS histsketch;
COMMENT IS 'Final function of hist_agg over a moving frame.';

CREATE AGGREGATE hist_agg(value double precision [, max_bins bigint]) (
    SFUNC = hist_add, SSPACE = 2048, MSFUNC = hist_moving_add, MINVFUNC = hist_moving_remove, MSTYPE = histsketch,
    MSSPACE = 8192, MFINALFUNC = hist_moving_final);
COMMENT IS
    'The sketch of the values, in at most 640 bins: quantiles within 1.1 % for values of one sign that span 6 decades.';
COMMENT IS 'The sketch of the values, in at most this many bins: 16 to 8192. More bins are narrower.';

CREATE AGGREGATE hist_weighted_agg(value double precision, weight double precision [, max_bins bigint]) (
    SFUNC = hist_weighted_add, SSPACE = 2048);
COMMENT IS
    'The sketch of the values, each as often as its weight says, a whole number from 0 to 2^53 - 1: what hist_agg has '
    'of the single rows.';
COMMENT IS 'The same in at most this many bins: 16 to 8192.';

CREATE AGGREGATE hist_merge(sketch histsketch) (SFUNC = hist_merge, SSPACE = 8192);
COMMENT IS 'The sketch of the values of all sketches, at the lowest max_bins.';

CREATE FUNCTION hist_quantile(sketch histsketch, fraction double precision) RETURNS double precision STRICT;
COMMENT IS
    'The value at this fraction (0 to 1) of the values in order, as percentile_disc counts, within hist_error. NULL '
    'if there are none.';

CREATE FUNCTION hist_quantiles(sketch histsketch, fractions double precision[]) RETURNS double precision[] STRICT;
COMMENT IS 'hist_quantile for each of the fractions.';

CREATE FUNCTION hist_bounds(
    sketch histsketch, fraction double precision, OUT lower double precision, OUT estimate double precision,
    OUT upper double precision) STRICT;
COMMENT IS 'hist_quantile, and values between which the true one lies with certainty.';

CREATE FUNCTION hist_rank(sketch histsketch, value double precision) RETURNS double precision STRICT;
COMMENT IS 'The fraction of the values that are at most this one; in proportion within a bin. NULL if there are none.';

CREATE FUNCTION hist_cdf(sketch histsketch, "values" double precision[]) RETURNS double precision[] STRICT;
COMMENT IS 'hist_rank for each of the values.';

CREATE FUNCTION hist_pmf(sketch histsketch, splits double precision[]) RETURNS double precision[] STRICT;
COMMENT IS
    'The share of the values in each of the n + 1 ranges that n ascending splits part: at most the first, then above '
    'it and at most the next. NULL if there are none.';

CREATE FUNCTION hist_fold(sketch histsketch, max_bins bigint) RETURNS histsketch STRICT;
COMMENT IS
    'The sketch in fewer bins, 16 to 8192: what it would be had it been built with so many. With more: as it is.';

CREATE FUNCTION hist_trimmed_sum(sketch histsketch, low double precision, high double precision)
    RETURNS double precision STRICT;
COMMENT IS
    'The sum of the values between two fractions (0 to 1) of all in order, each within hist_error. NULL if there are '
    'none.';

CREATE FUNCTION hist_trimmed_mean(sketch histsketch, low double precision, high double precision)
    RETURNS double precision STRICT;
COMMENT IS
    'The mean of the values between two fractions (0 to 1) of all in order, each within hist_error. NULL if there are '
    'none.';

CREATE FUNCTION hist_json(sketch histsketch) RETURNS jsonb STRICT;
COMMENT IS 'The whole sketch to read: its numbers, and low, high and count of each bin.';

CREATE FUNCTION hist_min(sketch histsketch) RETURNS double precision STRICT;
COMMENT IS 'The smallest value, exactly. NULL if there are none.';

CREATE FUNCTION hist_max(sketch histsketch) RETURNS double precision STRICT;
COMMENT IS 'The largest value, exactly. NULL if there are none.';

CREATE FUNCTION hist_count(sketch histsketch) RETURNS bigint STRICT;
COMMENT IS 'How many values, exactly.';

CREATE FUNCTION hist_sum(sketch histsketch) RETURNS double precision STRICT;
COMMENT IS 'The sum of the values: exact, rounded once. NULL if there are none.';

CREATE FUNCTION hist_mean(sketch histsketch) RETURNS double precision STRICT;
COMMENT IS 'The exact sum of the values through their number. NULL if there are none.';

CREATE FUNCTION hist_error(sketch histsketch) RETURNS double precision STRICT;
COMMENT IS 'The largest relative distance of a quantile from a true one that is possible now; 0 while exact.';

CREATE FUNCTION hist_buckets(sketch histsketch)
    RETURNS TABLE (low double precision, high double precision, count bigint) STRICT ROWS 300;
COMMENT IS 'The bins that are not empty, from the lowest values on: so many values are in [low, high].';

CREATE FUNCTION hist_plot(sketch histsketch, width bigint DEFAULT 50) RETURNS text STRICT;
COMMENT IS 'A bar chart to read in psql: at most 24 bars, the longest of this width (1 to 1000).';

-- approx_percentile: hist, because its answer is close in value at every fraction, also in the tail, and the same for
-- any plan.
CREATE FUNCTION approx_percentile_add(
    sketch histsketch, value double precision, fraction double precision [, max_bins bigint]) RETURNS histsketch;
COMMENT IS 'Transition function of approx_percentile.';

CREATE FUNCTION approx_percentile_add(
    sketch histsketch, value double precision, fractions double precision[] [, max_bins bigint])
    RETURNS histsketch AS 'MODULE_PATHNAME', 'approx_percentiles_add' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT IS 'Transition function of approx_percentile for several fractions.';

CREATE FUNCTION approx_percentile_weighted_add(
    sketch histsketch, value double precision, weight double precision, fraction double precision
    [, max_bins bigint]) RETURNS histsketch;
COMMENT IS 'Transition function of approx_percentile_weighted.';

CREATE FUNCTION approx_percentile_weighted_add(
    sketch histsketch, value double precision, weight double precision, fractions double precision[]
    [, max_bins bigint])
    RETURNS histsketch AS 'MODULE_PATHNAME', 'approx_percentiles_weighted_add' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT IS 'Transition function of approx_percentile_weighted for several fractions.';

CREATE FUNCTION approx_percentile_final(histsketch) RETURNS double precision;
COMMENT IS 'Final function of approx_percentile.';

CREATE FUNCTION approx_percentiles_final(histsketch) RETURNS double precision[];
COMMENT IS 'Final function of approx_percentile for several fractions.';

CREATE AGGREGATE approx_percentile(value double precision, fraction double precision [, max_bins bigint]) (
    SFUNC = approx_percentile_add, SSPACE = 2048, FINALFUNC = approx_percentile_final);
COMMENT IS
    'About percentile_disc(fraction): exact for few values, then within 1.1 % for values of one sign that span 6 '
    'decades.';
COMMENT IS 'The same, in at most this many bins: 16 to 8192. More bins are narrower, and the error is less.';

CREATE AGGREGATE approx_percentile(value double precision, fractions double precision[] [, max_bins bigint]) (
    SFUNC = approx_percentile_add, SSPACE = 2048, FINALFUNC = approx_percentiles_final);
COMMENT IS
    'About percentile_disc(fractions): exact for few values, then within 1.1 % for values of one sign that span 6 '
    'decades.';
COMMENT IS 'The same, in at most this many bins: 16 to 8192. More bins are narrower, and the error is less.';

-- Where fractions are an untyped literal or parameter, the name tells that there are several.
CREATE AGGREGATE approx_percentiles(value double precision, fractions double precision[] [, max_bins bigint]) (
    SFUNC = approx_percentile_add, SSPACE = 2048, FINALFUNC = approx_percentiles_final);
COMMENT IS 'approx_percentile for several fractions, which may be an untyped literal here.';
COMMENT IS 'The same, in at most this many bins: 16 to 8192.';

CREATE AGGREGATE approx_percentile_weighted(
    value double precision, weight double precision, fraction double precision [, max_bins bigint]) (
    SFUNC = approx_percentile_weighted_add, SSPACE = 2048, FINALFUNC = approx_percentile_final);
COMMENT IS
    'approx_percentile of each value as often as its weight says: a whole number from 0 to 2^53 - 1.';
COMMENT IS 'The same, in at most this many bins: 16 to 8192.';

CREATE AGGREGATE approx_percentile_weighted(
    value double precision, weight double precision, fractions double precision[] [, max_bins bigint]) (
    SFUNC = approx_percentile_weighted_add, SSPACE = 2048, FINALFUNC = approx_percentiles_final);
COMMENT IS
    'approx_percentile of each value as often as its weight says: a whole number from 0 to 2^53 - 1.';
COMMENT IS 'The same, in at most this many bins: 16 to 8192.';

CREATE AGGREGATE approx_percentiles_weighted(
    value double precision, weight double precision, fractions double precision[] [, max_bins bigint]) (
    SFUNC = approx_percentile_weighted_add, SSPACE = 2048, FINALFUNC = approx_percentiles_final);
COMMENT IS 'approx_percentile_weighted for several fractions, which may be an untyped literal here.';
COMMENT IS 'The same, in at most this many bins: 16 to 8192.';

-- Intervals: lengths of time, so a relative error as for numbers.
CREATE FUNCTION approx_percentile_add(
    sketch histsketch, value interval, fraction double precision [, max_bins bigint])
    RETURNS histsketch AS 'MODULE_PATHNAME', 'approx_percentile_interval_add' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT IS 'Transition function of approx_percentile for intervals.';

CREATE FUNCTION approx_percentile_add(
    sketch histsketch, value interval, fractions double precision[] [, max_bins bigint])
    RETURNS histsketch AS 'MODULE_PATHNAME', 'approx_percentiles_interval_add' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT IS 'Transition function of approx_percentile for intervals and several fractions.';

CREATE FUNCTION approx_percentile_final(
    sketch histsketch, value interval, fraction double precision [, max_bins bigint])
    RETURNS interval AS 'MODULE_PATHNAME', 'approx_percentile_interval_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT IS 'Final function of approx_percentile for intervals.';

CREATE FUNCTION approx_percentile_final(
    sketch histsketch, value interval, fractions double precision[] [, max_bins bigint])
    RETURNS interval[] AS 'MODULE_PATHNAME', 'approx_percentiles_interval_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT IS 'Final function of approx_percentile for intervals and several fractions.';

CREATE AGGREGATE approx_percentile(value interval, fraction double precision [, max_bins bigint]) (
    SFUNC = approx_percentile_add, SSPACE = 2048, FINALFUNC = approx_percentile_final, FINALFUNC_EXTRA);
COMMENT IS
    'About percentile_disc(fraction), within the error for numbers. The answer is in days of 24 hours, a month being '
    '30 of them.';
COMMENT IS 'The same, in at most this many bins: 16 to 8192.';

CREATE AGGREGATE approx_percentile(value interval, fractions double precision[] [, max_bins bigint]) (
    SFUNC = approx_percentile_add, SSPACE = 2048, FINALFUNC = approx_percentile_final, FINALFUNC_EXTRA);
COMMENT IS
    'About percentile_disc(fractions), within the error for numbers. The answers are in days of 24 hours, a month '
    'being 30 of them.';
COMMENT IS 'The same, in at most this many bins: 16 to 8192.';

CREATE AGGREGATE approx_percentiles(value interval, fractions double precision[] [, max_bins bigint]) (
    SFUNC = approx_percentile_add, SSPACE = 2048, FINALFUNC = approx_percentile_final, FINALFUNC_EXTRA);
COMMENT IS 'approx_percentile for several fractions, which may be an untyped literal here.';
COMMENT IS 'The same, in at most this many bins: 16 to 8192.';
