-- countmin: memory, states that a user's own aggregate holds, numbers at the edge. Every line names its case and prints
-- t.
\i test/room.sql
SET extra_float_digits = 0;

-- 1. memory in proportion --------------------------------------------------------------------------------------------
CREATE AGGREGATE pg_temp.raw_range(bigint) (SFUNC = countmin_range_add, STYPE = countminsketch);
CREATE AGGREGATE pg_temp.raw(bigint) (SFUNC = countmin_add, STYPE = countminsketch);
CREATE AGGREGATE pg_temp.raw_merge(countminsketch) (SFUNC = countmin_merge, STYPE = countminsketch);
SELECT 'state of ' || n || ' values', pg_column_size(pg_temp.raw_range(i)) <= bytes
FROM (VALUES (1000, 16384), (2000, 32768), (5000, 140000), (10000, 330000)) v(n, bytes), generate_series(1, n) i
GROUP BY n, bytes ORDER BY n;
SELECT 'stored, of 2,000 values', length(countmin_range_agg(i)::bytea) <= 160000 FROM generate_series(1, 2000) i;
SELECT 'stored, of 1M updates at the defaults', length(countmin_agg(i % 300007)::bytea) <= 35000
FROM generate_series(1, 1000000) i;
SELECT 'not compressed again', typstorage = 'e' FROM pg_type WHERE typname = 'countminsketch';
SELECT 'a short image for wide rows',
    pg_temp.rejects('430101011701' || repeat('00', 1000), '(''\x'' || %L)::bytea::countminsketch') LIKE '22P03%';

-- 2. states that a user's own aggregate holds -------------------------------------------------------------------------
CREATE TEMP TABLE states AS
SELECT n, pg_temp.raw(i) AS raw, countmin_agg(i) AS s, pg_temp.raw_range(i) AS raw_range, countmin_range_agg(i) AS r
FROM unnest(ARRAY[1, 60, 500, 2000, 20000]) n, generate_series(1, n) i GROUP BY n;
SELECT 'stored ' || n, raw::bytea = s::bytea AND raw_range::bytea = r::bytea AND raw::text = s::text FROM states
ORDER BY n;
SELECT 'read ' || n, countmin_estimate(raw, 1) = countmin_estimate(s, 1)
    AND countmin_estimate(raw_range, 1) = countmin_estimate(r, 1)
    AND countmin_range(raw_range, 1, 50) = countmin_range(r, 1, 50) AND countmin_total(raw) = n
    AND countmin_join_size(raw, s) = countmin_join_size(s, s) AND countmin_info(raw) = countmin_info(s) FROM states
    ORDER BY n;
SELECT 'merged ' || a.n || ' ' || b.n, (a.raw || b.raw)::bytea = (a.s || b.s)::bytea
    AND (a.s || b.raw)::bytea = (a.s || b.s)::bytea
    AND (a.raw - b.raw)::bytea = (a.s - b.s)::bytea AND (a.raw_range || b.r)::bytea = (a.r || b.r)::bytea
FROM states a, states b WHERE b.n <= a.n ORDER BY a.n, b.n;
SELECT 'raw merge', pg_temp.raw_merge(raw)::bytea = countmin_merge(s)::bytea
    AND countmin_merge(raw_range)::bytea = countmin_merge(r)::bytea FROM states;

-- 3. the functions of moving frames, elsewhere ------------------------------------------------------------------------
SELECT 'as plain functions ' || n, countmin_slide_add(s, 5)::bytea = countmin_add(s, 5)::bytea
    AND countmin_slide_remove(countmin_add(s, 5), 5)::bytea = s::bytea
    AND countmin_range_slide_add(raw_range, 5)::bytea = countmin_range_add(r, 5)::bytea FROM states ORDER BY n;
SELECT 'the first brings its parameters',
    countmin_info(countmin_weighted_slide_add(countmin_new(), 5, 2, 0.01, 0.9))->>'depth' = '3';
SELECT 'taken back though it never came', s::text::countminsketch = s AND countmin_total(s) = 0
    AND countmin_estimate(s, 7) = 1 AND countmin_estimate(s, 5) = -1
FROM (SELECT countmin_slide_remove(countmin_add(NULL, 7), 5) AS s) q;
SELECT 'never added', pg_temp.rejects('7', 'countmin_slide_remove(countmin_new(), %s)');
SELECT 'other values', pg_temp.rejects('7', 'countmin_slide_add(countmin_range_add(NULL, 1), %s)'),
    pg_temp.rejects('7', 'countmin_range_slide_remove(countmin_add(NULL, 1), %s)');
DO $$ BEGIN
    EXECUTE format('CREATE AGGREGATE pg_temp.from_three(int) (
            SFUNC = countmin_slide_add, STYPE = countminsketch, INITCOND = %L, FINALFUNC = countmin_slide_final)',
        countmin_agg(3)::text);
END $$;
SELECT 'begins with a three', pg_temp.from_three(1)::bytea
    = (SELECT countmin_agg(x) FROM (VALUES (1), (3)) v(x))::bytea;
SELECT 'of no row', countmin_estimate(pg_temp.from_three(i), 3) = 1 FROM generate_series(1, 0) i;
CREATE AGGREGATE pg_temp.left_over(countminsketch) (SFUNC = countmin_subtract, STYPE = countminsketch);
CREATE TEMP TABLE parts AS
SELECT k, CASE k WHEN 1 THEN countmin_agg(i) WHEN 2 THEN countmin_agg(i, 0.01, 0.9) FILTER (WHERE i <= 300)
    ELSE countmin_agg(i, 0.1, 0.99) FILTER (WHERE i > 900) END AS s
FROM generate_series(1, 3) k, generate_series(1, 1000) i GROUP BY k;
SELECT 'subtracted in order', (SELECT pg_temp.left_over(s ORDER BY k) FROM parts)::bytea
    = (SELECT countmin_agg(i, 0.1, 0.9) FROM generate_series(301, 900) i)::bytea;
SELECT 'subtracted in a window', bool_and(w IS NOT NULL), max(countmin_total(w)) = 1000, min(countmin_total(w)) = 600
FROM (SELECT pg_temp.left_over(s) OVER (ORDER BY k) AS w FROM parts) q;
SELECT 'moving frames of unequal parameters',
    bool_and(w::bytea = (SELECT countmin_merge(s) FROM parts p WHERE p.k BETWEEN q.k - 1 AND q.k)::bytea)
FROM (SELECT k, countmin_merge(s) OVER (ORDER BY k ROWS 1 PRECEDING) AS w FROM parts) q;

-- 4. unequal confidences merge to the lower ---------------------------------------------------------------------------
SELECT 'fewer rows', (countmin_agg(i, 0.01, 0.99) || countmin_agg(i, 0.01, 0.9))::bytea
    = countmin_weighted_agg(i, 2, 0.01, 0.9)::bytea FROM generate_series(1, 5000) i;
SELECT 'narrower and fewer', (countmin_agg(i, 0.1, 0.999) || countmin_agg(i, 0.001, 0.7))::bytea
    = countmin_weighted_agg(i, 2, 0.1, 0.7)::bytea FROM generate_series(1, 5000) i;
SELECT 'join', countmin_join_size(countmin_agg(i, 0.01, 0.999), countmin_agg(i, 0.01, 0.9)) >= 5000
FROM generate_series(1, 5000) i;

-- 5. numbers at the edge ----------------------------------------------------------------------------------------------
SELECT 'totals', pg_temp.rejects('9007199254740991', 'countmin_weighted_agg(x, %s) FROM generate_series(1, 1025) x');
SELECT 'least weight', pg_temp.rejects('-9007199254740992',
    'countmin_weighted_slide_remove(countmin_weighted_add(NULL, 1, 1), 1, %s)');
CREATE FUNCTION pg_temp.many(sign int) RETURNS countminsketch LANGUAGE sql AS $$
SELECT countmin_weighted_agg(1, sign * CASE i WHEN 0 THEN 1023 ELSE 9007199254740991 END)
FROM generate_series(0, 1024) i $$;
SELECT 'merged totals', pg_temp.rejects('1', 'pg_temp.many(%s) || countmin_add(NULL, 1)');
SELECT 'subtracted totals', pg_temp.rejects('-1', 'pg_temp.many(%s) - countmin_add(NULL, 1)');
SELECT 'weights of ranges', pg_temp.rejects('9007199254740992', 'countmin_range_weighted_add(NULL, 1, %s)');
SELECT 'ranges at the ends', countmin_range(s, 9223372036854775806, 9223372036854775807) = 3
    AND countmin_range(s, -9223372036854775808, -9223372036854775808) = 2
    AND countmin_range(s, -9223372036854775808, 9223372036854775807) = 2005
        AND countmin_range_quantile(s, 0) = -9223372036854775808
FROM (SELECT countmin_range_weighted_agg(v, w, 0.3, 0.99) AS s
    FROM (SELECT 9223372036854775807, 3 UNION ALL SELECT -9223372036854775808, 2 UNION ALL SELECT i, 1
    FROM generate_series(1, 2000) i) x(v, w)) q;
SELECT 'a total below zero', countmin_range_quantile(s, 0.5) IS NULL AND countmin_total(s) = -2000
    AND countmin_range(s, 1, 10) <= -10 + 400
FROM (SELECT countmin_range_weighted_agg(i, -1) AS s FROM generate_series(1, 2000) i) q;
SELECT 'every confidence', lower <= estimate AND estimate <= upper
FROM unnest(ARRAY[1e-300, 0.5, 0.9999999999999999]) c,
    (SELECT countmin_weighted_agg(i, 1 - i % 3) AS s FROM generate_series(1, 3000) i) q, countmin_bounds(s, 7, c);
DROP EXTENSION sketch CASCADE;
