-- countmin: how often? how many in a range? how large a join? ---------------------------------------------------------

-- external: its cells are packed already (pfor.hpp), and do not compress.
CREATE SKETCH countminsketch (STORAGE = external, COMMUTATOR = ||);
COMMENT ON TYPE countminsketch IS
    'How often? Count-Min sketch: exact for few values, then never too low, and within epsilon of the total.';

CREATE FUNCTION countmin_new(epsilon double precision DEFAULT 0.001, confidence double precision DEFAULT 0.99)
    RETURNS countminsketch STRICT;
COMMENT IS 'A sketch of no values, whose error is to be at most epsilon of the total weight with this confidence.';

CREATE FUNCTION countmin_range_new(epsilon double precision DEFAULT 0.1, confidence double precision DEFAULT 0.99)
    RETURNS countminsketch STRICT;
COMMENT IS 'A sketch of no values with levels for ranges; the error of a range is at most epsilon of the total weight.';

COMMENT ON FUNCTION countmin_merge(countminsketch, countminsketch) IS
    'The sketch of the values of both, at the least of their widths and depths. NULL merged with s is s.';
COMMENT ON FUNCTION countmin_info(countminsketch) IS
    'Parameters, totals, whether counts below zero were seen, bytes, and the guarantee in words.';

CREATE FUNCTION countmin_subtract(a countminsketch, b countminsketch) RETURNS countminsketch;
COMMENT IS 'The sketch of what is left of a when b, a part of it, is taken away. NULL is a sketch of nothing.';
CREATE OPERATOR - (LEFTARG = countminsketch, RIGHTARG = countminsketch, FUNCTION = countmin_subtract);
COMMENT ON OPERATOR - (countminsketch, countminsketch) IS 'countmin_subtract';

-- The moving form of the aggregates: in a window whose start moves, a row that leaves the frame is taken out of the
-- state again. These functions are strict, as the executor wants them: it counts the rows that are not NULL itself.
CREATE FUNCTION countmin_slide_final(countminsketch) RETURNS countminsketch STRICT;
COMMENT IS 'Final function of the aggregates over moving frames: NULL before the first row.';

CREATE FUNCTION countmin_slide_merge(state countminsketch, sketch countminsketch) RETURNS countminsketch STRICT;
COMMENT IS 'countmin_merge for moving frames.';

CREATE FUNCTION countmin_slide_subtract(state countminsketch, sketch countminsketch) RETURNS countminsketch STRICT;
COMMENT IS 'countmin_subtract for moving frames.';

CREATE FUNCTION countmin_add(
    sketch countminsketch, value VALUE [, epsilon double precision, confidence double precision])
    RETURNS countminsketch;
COMMENT IS 'The sketch with one value more. A NULL sketch starts a new one; NULL adds nothing.';
COMMENT IS 'The sketch with one value more. A NULL sketch starts a new one, with this error and confidence.';

CREATE FUNCTION countmin_weighted_add(
    sketch countminsketch, value ITEM, weight double precision
    [, epsilon double precision, confidence double precision]) RETURNS countminsketch;
COMMENT IS
    'The sketch with so many of a value more, or fewer: a whole number from -(2^53 - 1) to 2^53 - 1. A NULL sketch '
    'starts a new one; a NULL value or weight adds nothing.';
COMMENT IS 'The sketch with so many of a value more. A NULL sketch starts a new one, with this error and confidence.';

CREATE FUNCTION countmin_add_all(
    sketch countminsketch, "values" anyarray [, epsilon double precision, confidence double precision])
    RETURNS countminsketch;
COMMENT IS 'The sketch with the elements of an array more, as if they came in rows. NULLs add nothing.';
COMMENT IS 'The same. A NULL sketch starts a new one, with this error and confidence.';

CREATE FUNCTION countmin_add_hash(
    sketch countminsketch, hash bigint [, epsilon double precision, confidence double precision])
    RETURNS countminsketch;
COMMENT IS
    'The sketch with one value more, of which only the 64-bit hash is given: of sketch_hash, or of another function as '
    'good for all values.';
COMMENT IS 'The same. A NULL sketch starts a new one, with this error and confidence.';

CREATE AGGREGATE countmin_hash_agg(hash bigint [, epsilon double precision, confidence double precision]) (
    SFUNC = countmin_add_hash, SSPACE = 8192);
COMMENT IS 'The sketch of how often each value occurs, given by its 64-bit hash, as sketch_hash has it.';
COMMENT IS 'The same, within epsilon of the total with this confidence.';

CREATE FUNCTION countmin_slide_add(
    state countminsketch, value ANY [, epsilon double precision, confidence double precision])
    RETURNS countminsketch STRICT;
COMMENT IS 'Transition of countmin_agg in moving frames: a row comes in.';

CREATE FUNCTION countmin_slide_remove(
    state countminsketch, value ANY [, epsilon double precision, confidence double precision])
    RETURNS countminsketch STRICT;
COMMENT IS 'Inverse transition of countmin_agg in moving frames: a row goes out.';

CREATE FUNCTION countmin_weighted_slide_add(
    state countminsketch, value ANY, weight double precision
    [, epsilon double precision, confidence double precision]) RETURNS countminsketch STRICT;
COMMENT IS 'Transition of countmin_weighted_agg in moving frames: a row comes in.';

CREATE FUNCTION countmin_weighted_slide_remove(
    state countminsketch, value ANY, weight double precision
    [, epsilon double precision, confidence double precision]) RETURNS countminsketch STRICT;
COMMENT IS 'Inverse transition of countmin_weighted_agg in moving frames: a row goes out.';

CREATE AGGREGATE countmin_agg(value VALUE [, epsilon double precision, confidence double precision]) (
    SFUNC = countmin_add, SSPACE = 8192, MSFUNC = countmin_slide_add, MINVFUNC = countmin_slide_remove,
    MSTYPE = countminsketch, MSSPACE = 8192, MFINALFUNC = countmin_slide_final,
    MINITCOND = 'QwEAAQwFAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==');
COMMENT IS 'The sketch of how often each value occurs: within 0.1 % of the total with a confidence of 99 %.';
COMMENT IS 'How often each value occurs, within epsilon of the total with this confidence.';

CREATE AGGREGATE countmin_weighted_agg(
    value ITEM, weight double precision [, epsilon double precision, confidence double precision]) (
    SFUNC = countmin_weighted_add, SSPACE = 8192, MSFUNC = countmin_weighted_slide_add,
    MINVFUNC = countmin_weighted_slide_remove, MSTYPE = countminsketch, MSSPACE = 8192,
    MFINALFUNC = countmin_slide_final, MINITCOND = 'QwEAAQwFAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==');
COMMENT IS
    'The sketch of the sum of the weights of each value. weight: how many, a whole number from -(2^53 - 1) to '
    '2^53 - 1; below zero to remove.';
COMMENT IS 'The sum of the weights of each value, within epsilon of the total with this confidence.';

CREATE FUNCTION countmin_estimate(sketch countminsketch, value ANY) RETURNS bigint STRICT;
COMMENT IS 'About how often the value occurs: exact for few values, else never too low and rarely far too high.';

CREATE FUNCTION countmin_bounds(
    sketch countminsketch, value ANY, confidence double precision DEFAULT 0.95, OUT lower bigint,
    OUT estimate bigint, OUT upper bigint) STRICT;
COMMENT IS 'How often the value occurs: never more than upper, and not less than lower with this confidence (0 to 1).';

CREATE FUNCTION countmin_range_add(
    sketch countminsketch, value bigint [, epsilon double precision, confidence double precision])
    RETURNS countminsketch;
COMMENT IS 'The sketch with one value more. A NULL sketch starts a new one; NULL adds nothing.';
COMMENT IS 'The sketch with one value more. A NULL sketch starts a new one, with this error and confidence.';

CREATE FUNCTION countmin_range_weighted_add(
    sketch countminsketch, value bigint, weight double precision
    [, epsilon double precision, confidence double precision]) RETURNS countminsketch;
COMMENT IS
    'The sketch with so many of a value more, or fewer: a whole number from -(2^53 - 1) to 2^53 - 1. A NULL sketch '
    'starts a new one; a NULL value or weight adds nothing.';
COMMENT IS 'The sketch with so many of a value more. A NULL sketch starts a new one, with this error and confidence.';

CREATE FUNCTION countmin_range_slide_add(
    state countminsketch, value bigint [, epsilon double precision, confidence double precision])
    RETURNS countminsketch STRICT;
COMMENT IS 'Transition of countmin_range_agg in moving frames: a row comes in.';

CREATE FUNCTION countmin_range_slide_remove(
    state countminsketch, value bigint [, epsilon double precision, confidence double precision])
    RETURNS countminsketch STRICT;
COMMENT IS 'Inverse transition of countmin_range_agg in moving frames: a row goes out.';

CREATE FUNCTION countmin_range_weighted_slide_add(
    state countminsketch, value bigint, weight double precision
    [, epsilon double precision, confidence double precision]) RETURNS countminsketch STRICT;
COMMENT IS 'Transition of countmin_range_weighted_agg in moving frames: a row comes in.';

CREATE FUNCTION countmin_range_weighted_slide_remove(
    state countminsketch, value bigint, weight double precision
    [, epsilon double precision, confidence double precision]) RETURNS countminsketch STRICT;
COMMENT IS 'Inverse transition of countmin_range_weighted_agg in moving frames: a row goes out.';

CREATE AGGREGATE countmin_range_agg(value bigint [, epsilon double precision, confidence double precision]) (
    SFUNC = countmin_range_add, SSPACE = 32768, MSFUNC = countmin_range_slide_add,
    MINVFUNC = countmin_range_slide_remove, MSTYPE = countminsketch, MSSPACE = 32768, MFINALFUNC = countmin_slide_final,
    MINITCOND = 'QwEAAQwFAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==');
COMMENT IS 'The sketch of how often each value occurs, with levels that answer ranges and quantiles too.';
COMMENT IS 'How often each value and range occurs: a range within epsilon of the total with this confidence.';

CREATE AGGREGATE countmin_range_weighted_agg(
    value bigint, weight double precision [, epsilon double precision, confidence double precision]) (
    SFUNC = countmin_range_weighted_add, SSPACE = 32768, MSFUNC = countmin_range_weighted_slide_add,
    MINVFUNC = countmin_range_weighted_slide_remove, MSTYPE = countminsketch, MSSPACE = 32768,
    MFINALFUNC = countmin_slide_final, MINITCOND = 'QwEAAQwFAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==');
COMMENT IS
    'The sketch of the sum of the weights of each value, with levels for ranges. weight: how many, a whole number '
    'from -(2^53 - 1) to 2^53 - 1; below zero to remove.';
COMMENT IS 'The sum of the weights of each value and range, within epsilon of the total with this confidence.';

CREATE AGGREGATE countmin_merge(sketch countminsketch) (
    SFUNC = countmin_merge, SSPACE = 65536, MSFUNC = countmin_slide_merge, MINVFUNC = countmin_slide_subtract,
    MSTYPE = countminsketch, MSSPACE = 65536, MFINALFUNC = countmin_final);
COMMENT IS 'The sketch of the values of all sketches. A moving frame costs a merge and a subtraction for each step.';

CREATE FUNCTION countmin_total(sketch countminsketch) RETURNS bigint STRICT;
COMMENT IS 'The sum of all weights: exact.';

CREATE FUNCTION countmin_join_size(a countminsketch, b countminsketch) RETURNS double precision STRICT;
COMMENT IS 'About how many rows a join on the value has: the sum over all values of the product of their counts.';

CREATE FUNCTION countmin_join_bounds(
    a countminsketch, b countminsketch, confidence double precision DEFAULT 0.95, OUT lower double precision,
    OUT estimate double precision, OUT upper double precision) STRICT;
COMMENT IS 'The size of a join: never more than upper, and not less than lower with this confidence (0 to 1).';

CREATE FUNCTION countmin_range(sketch countminsketch, low bigint, high bigint) RETURNS bigint STRICT;
COMMENT IS 'About how many values are from low to high, both included. Wants a sketch of countmin_range_agg.';

CREATE FUNCTION countmin_range_bounds(
    sketch countminsketch, low bigint, high bigint, confidence double precision DEFAULT 0.95, OUT lower bigint,
    OUT estimate bigint, OUT upper bigint) STRICT;
COMMENT IS
    'How many values are from low to high: never more than upper, nor less than lower with this confidence (0 to 1).';

CREATE FUNCTION countmin_range_quantile(sketch countminsketch, fraction double precision) RETURNS bigint STRICT;
COMMENT IS
    'The value with about this fraction of all values at or below it (0 to 1). Wants a sketch of countmin_range_agg.';
