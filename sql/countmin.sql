-- countmin: how often, how many in a range, how large a join?
-- Every line prints its name and t, or an error that is meant.
\i test/room.sql
SET extra_float_digits = 0;

-- v: a few values often, many seldom. w: weights.
CREATE TABLE cm_rows AS
SELECT i, i % 7 AS g, ((i::bigint * 7919) % 5000) * ((i::bigint * 104729) % 11) / 10 AS v, 1 + i % 4 AS w,
       CASE WHEN i % 10 = 0 THEN NULL ELSE 'user-' || (i * 31) % 3000 END AS t
FROM generate_series(1, 40000) i;
ANALYZE cm_rows;
CREATE TABLE cm_exact AS SELECT v, count(*) AS n, sum(w)::bigint AS nw FROM cm_rows GROUP BY v;

-- 1. what is rejected ------------------------------------------------------------------------------------------------
CREATE TABLE cm_samples AS
SELECT n, e, countmin_agg(i, e, 0.99) AS s
FROM unnest(ARRAY[0, 1, 10, 64, 65, 300, 20000]) n, unnest(ARRAY[0.3, 0.02, 0.001]) e
LEFT JOIN LATERAL generate_series(1, n) i ON true GROUP BY n, e;
INSERT INTO cm_samples SELECT n, -1, countmin_range_agg(i, 0.4, 0.99)
FROM unnest(ARRAY[1, 10, 300]) n, generate_series(1, n) i GROUP BY n;

SELECT 'rejects bytes: a width out of range',
    pg_temp.rejects('\x43010001ff0500000000000000000000000000000000000000000000', '%L::bytea::countminsketch');
SELECT 'takes bytes: an empty one',
    pg_temp.rejects('\x430100010c0500000000000000000000000000000000000000000000', '%L::bytea::countminsketch');
SELECT 'rejects bytes: a total without values',
    pg_temp.rejects('\x430100010c0500000000000001000000000000000000000000000000', '%L::bytea::countminsketch');
SELECT 'rejects epsilon: 0, 1, NaN',
    pg_temp.rejects('0', 'countmin_agg(1, %s, 0.9)'), pg_temp.rejects('1', 'countmin_agg(1, %s, 0.9)'),
    pg_temp.rejects('NaN', 'countmin_agg(1, %L, 0.9)');
SELECT 'rejects confidence: 0, 1, -0.5',
    pg_temp.rejects('0', 'countmin_agg(1, 0.1, %s)'), pg_temp.rejects('1', 'countmin_new(0.1, %s)'),
    pg_temp.rejects('-0.5', 'countmin_range_agg(1, 0.1, %s)');
SELECT 'rejects NULL: epsilon, confidence',
    pg_temp.rejects('NULL', 'countmin_agg(1, %s, 0.9)'),
    pg_temp.rejects('NULL', 'countmin_add(NULL, 1, 0.9, %s)');
SELECT 'rejects epsilon: too much room', pg_temp.rejects('1e-9', 'countmin_agg(1, %s, 0.99)');
SELECT 'rejects epsilon of ranges: too much room', pg_temp.rejects('0.001', 'countmin_range_agg(1, %s, 0.99)');
SELECT 'rejects confidence of bounds: 1, 0',
    pg_temp.rejects('1', 'countmin_bounds(countmin_new(), 1, %s)'),
    pg_temp.rejects('0', 'countmin_join_bounds(countmin_new(), countmin_new(), %s)');
SELECT 'rejects of ranges: fraction, confidence',
    pg_temp.rejects('1.5', 'countmin_range_quantile(countmin_range_new(), %s)'),
    pg_temp.rejects('0', 'countmin_range_bounds(countmin_range_new(), 1, 2, %s)');

-- 2. building --------------------------------------------------------------------------------------------------------
-- exact while listed
SELECT 'exact while it is a list', bool_and(countmin_estimate(s, i) = (i BETWEEN 1 AND n)::int AND b.lower = b.upper)
FROM cm_samples, generate_series(0, 70) i, countmin_bounds(s, i) b WHERE countmin_info(s)->>'mode' = 'list' AND n > 0;
SELECT 'a list becomes a table',
    bool_and(countmin_info(s)->>'mode' = CASE WHEN n <= CASE WHEN e = 0.001 THEN 64 WHEN e > 0 THEN 8 ELSE 1024 END
        THEN 'list' ELSE 'table' END)
FROM cm_samples WHERE n > 0;
SELECT 'info of few', countmin_info(countmin_agg(i)) FROM generate_series(1, 5) i;
SELECT 'info of many', countmin_info(countmin_agg(i)) - 'bytes' FROM generate_series(1, 5000) i;
SELECT 'info of ranges', countmin_info(countmin_range_weighted_agg(i % 3000, i % 7 - 2, 0.1, 0.9)) - 'bytes'
FROM generate_series(1, 5000) i;
-- never too low, and within the bounds
SELECT 'never too low, rarely too high: all, bounds, epsilon',
    bool_and(countmin_estimate(s, v) >= n AND b.estimate = countmin_estimate(s, v) AND b.upper >= n),
    avg((b.lower > n)::int) <= 0.05 AND avg((countmin_estimate(s, v) > n + 0.001 * 40000)::int) <= 0.01
FROM cm_exact, (SELECT countmin_agg(v) AS s FROM cm_rows) q, countmin_bounds(s, v) b;
SELECT 'weights: never too low, bounds, total',
    bool_and(countmin_estimate(s, v) >= nw), avg((b.lower > nw)::int) <= 0.1,
    min(countmin_total(s)) = (SELECT sum(w) FROM cm_rows)
FROM cm_exact, (SELECT countmin_weighted_agg(v, w) AS s FROM cm_rows) q, countmin_bounds(s, v, 0.9) b;
SELECT 'texts are never too low', bool_and(countmin_estimate(s, t) >= n)
FROM (SELECT t, count(*) AS n FROM cm_rows GROUP BY t) x, (SELECT countmin_agg(t) AS s FROM cm_rows) q
WHERE t IS NOT NULL;
-- equal values of other types are the same value
SELECT 'asked as another type',
    bool_and(countmin_estimate(s, v) = countmin_estimate(s, v::int)
        AND countmin_estimate(s, v) = countmin_estimate(s, v::numeric)
        AND countmin_estimate(s, v) = countmin_estimate(s, v::float8))
FROM cm_exact, (SELECT countmin_agg(v) AS s FROM cm_rows) q WHERE v < 100;
SELECT 'equal values of other types are the same',
    countmin_agg(i)::bytea = countmin_agg(i::int8)::bytea AND countmin_agg(i)::bytea = countmin_agg(i::numeric)::bytea
        AND countmin_agg(i::text)::bytea = countmin_agg(i::text::varchar)::bytea
        AND countmin_agg(i)::bytea = countmin_weighted_agg(i, 1)::bytea
        AND countmin_agg(i)::bytea = countmin_agg(i, 0.001, 0.99)::bytea
        AND countmin_agg(ARRAY[i])::bytea <> countmin_agg(i)::bytea
FROM cm_rows;
SELECT 'values of all kinds', bool_and(ok) FROM (
    SELECT countmin_estimate(countmin_agg(x), true) = 2 AS ok FROM (VALUES (true), (false), (true)) v(x)
    UNION ALL SELECT countmin_estimate(countmin_agg(x), 'a') = 2 FROM (VALUES ('a'), ('b'), ('a')) v(x)
    UNION ALL SELECT countmin_estimate(countmin_agg(x), date '2024-01-01') = 1
    FROM (VALUES (date '2024-01-01'), ('2024-01-02')) v(x)
    UNION ALL SELECT countmin_estimate(countmin_agg(x), interval '1 day') = 2
    FROM (VALUES (interval '1 day'), ('24 hours')) v(x)
    UNION ALL SELECT countmin_estimate(countmin_agg(x), '{"a": 1}'::jsonb) = 2
    FROM (VALUES ('{"a": 1}'::jsonb), ('{"a": 1.0}')) v(x)
    UNION ALL SELECT countmin_estimate(countmin_agg(x), 'b'::name) = 1 FROM (VALUES ('a'::name), ('b')) v(x)
    UNION ALL SELECT countmin_estimate(countmin_agg(x), 0::float4) = 2 FROM (VALUES (0::float4), ('-0')) v(x)) q;
SELECT 'added one by one',
    countmin_weighted_add(countmin_add(NULL, 'a'), 'b', 3)::bytea = countmin_weighted_agg(x, w)::bytea
FROM (VALUES ('a', 1), ('b', 3)) v(x, w);
SELECT 'adding starts with parameters',
    countmin_weighted_add(NULL, 5, 2, 0.01, 0.9)::bytea = countmin_weighted_agg(5, 2, 0.01, 0.9)::bytea;
SELECT 'ranges added one by one',
    countmin_range_weighted_add(countmin_range_add(NULL, 7), 8, 2)::bytea = countmin_range_weighted_agg(x, w)::bytea
FROM (VALUES (7, 1), (8, 2)) v(x, w);
SELECT 'adding 5 of one more', bool_and(countmin_estimate(countmin_weighted_add(s, -7, 5), -7) >= 5)
FROM cm_samples WHERE e > 0;
SELECT 'ranges do not mix with values: add, range_add',
    pg_temp.rejects('1', 'countmin_add(countmin_range_new(), %s)'),
    pg_temp.rejects('1', 'countmin_range_add(countmin_new(), %s)');

-- 3. NULL and nothing ------------------------------------------------------------------------------------------------
SELECT 'a NULL weight adds nothing', countmin_weighted_agg(v, NULL) IS NULL FROM cm_rows;
SELECT 'NULLs are not counted', countmin_total(countmin_agg(t)) = count(t) FROM cm_rows;
SELECT 'NULL: estimate, s - NULL', countmin_estimate(s, NULL::int) IS NULL, s - NULL = s
FROM cm_samples WHERE n = 65 AND e = 0.001;
SELECT 'of nothing: quantile, total, estimate',
    countmin_range_quantile(countmin_range_new(), 0.5) IS NULL, countmin_total(countmin_new()) = 0,
    countmin_estimate(countmin_new(), 1) = 0;

-- 4. merging and taking away -----------------------------------------------------------------------------------------
SELECT 'merging goes to the lesser width', bool_and((narrow || q.s - narrow)::bytea = c.s::bytea)
FROM cm_samples q JOIN cm_samples c USING (n), (SELECT countmin_add(NULL, 1, 0.3, 0.99) AS narrow) one
WHERE q.e > 0 AND q.n > 0 AND c.e = 0.3;
SELECT 'weighted parts merge to the whole',
    (SELECT countmin_merge(s) FROM (SELECT countmin_weighted_agg(v, w) AS s FROM cm_rows GROUP BY g) q)::bytea
        = (SELECT countmin_weighted_agg(v, w) FROM cm_rows)::bytea;
-- a - b with b part of a is the sketch of the rest
SELECT 'a - b is the sketch of the rest', bool_and(ok)
FROM (SELECT (countmin_weighted_agg(v, w) - countmin_weighted_agg(v, w) FILTER (WHERE i > keep))::bytea
    = coalesce(countmin_weighted_agg(v, w) FILTER (WHERE i <= keep), countmin_new())::bytea AS ok
    FROM cm_rows, unnest(ARRAY[0, 1, 50, 2000, 39000]) keep GROUP BY keep) q;
SELECT 'a - b of ranges is the sketch of the rest', bool_and(ok)
FROM (SELECT (countmin_range_agg(v) - countmin_range_agg(v) FILTER (WHERE i > keep))::bytea
    = coalesce(countmin_range_agg(v) FILTER (WHERE i <= keep), countmin_range_new())::bytea AS ok
    FROM cm_rows, unnest(ARRAY[0, 50, 39000]) keep GROUP BY keep) q;
-- what is left of many is few, and exact again
SELECT 'what is left of many is few: list, found, gone',
    countmin_info(rest)->>'mode' = 'list', countmin_estimate(rest, 9999) = 1, countmin_estimate(rest, 1) = 0
FROM (SELECT countmin_agg(i) - countmin_agg(i) FILTER (WHERE i <= 9990) AS rest FROM generate_series(1, 10000) i) q;
SELECT 'another confidence folds to the lesser depth',
    countmin_info(countmin_merge(countmin_add(NULL, 1, 0.01, 0.99), countmin_add(NULL, 1, 0.01, 0.9)))->>'depth'
        = '3';
SELECT 'rejects values minus ranges', pg_temp.rejects('countmin_range_new()', 'countmin_new() - %s');

-- 5. windows, grouping sets, shared states ---------------------------------------------------------------------------
SELECT 'a moving frame with weights below zero',
    bool_and(w::bytea = (SELECT countmin_weighted_agg(v, w - 2, 0.05, 0.9) FROM cm_rows r
        WHERE r.i BETWEEN q.i - 700 AND q.i)::bytea)
FROM (SELECT i, countmin_weighted_agg(v, w - 2, 0.05, 0.9) OVER (ORDER BY i ROWS 700 PRECEDING) AS w FROM cm_rows
    WHERE i <= 3000) q WHERE i % 250 = 0;
-- NULL rows, and frames with no other
SELECT 'a moving frame with NULLs: equal, never NULL',
    bool_and(w::bytea IS NOT DISTINCT
        FROM (SELECT countmin_agg(t) FROM cm_rows r WHERE r.i BETWEEN q.i AND q.i + 1)::bytea),
    bool_or(w IS NULL) = false
FROM (SELECT i, countmin_agg(t) OVER (ORDER BY i ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING) AS w FROM cm_rows
    WHERE i <= 105) q WHERE i <= 100;
SELECT 'frames of NULL alone: agg, merge', bool_and(w IS NULL = (i % 10 = 0)), bool_and(m IS NULL = (i % 10 = 0))
FROM (SELECT i, countmin_agg(t) OVER one AS w, countmin_merge(countmin_add(NULL, t)) OVER one AS m FROM cm_rows
    WHERE i <= 100 WINDOW one AS (ORDER BY i ROWS BETWEEN CURRENT ROW AND CURRENT ROW)) q;
SELECT 'NULL weights in a moving frame', count(w) = 0
FROM (SELECT countmin_weighted_agg(v, NULL) OVER (ORDER BY i ROWS 3 PRECEDING) AS w FROM cm_rows WHERE i <= 20) q;
SELECT 'a growing frame counts its rows',
    bool_and(w::bytea = (SELECT countmin_agg(v) FROM cm_rows r WHERE r.i <= q.i)::bytea AND e = countmin_total(w))
FROM (SELECT i, countmin_agg(v) OVER wide AS w, count(v) OVER wide AS e FROM cm_rows WHERE i <= 400
    WINDOW wide AS (ORDER BY i)) q;
-- of unequal widths: the narrowest leaves the frame, and the width comes back
SELECT 'a growing frame of unequal widths',
    bool_and(m::bytea = (SELECT countmin_merge(s) FROM cm_samples r
        WHERE r.e > 0 AND r.n BETWEEN 1 AND 300 AND (r.n, r.e) BETWEEN (q.n - 9, 0) AND (q.n, q.e))::bytea)
FROM (SELECT n, e, countmin_merge(s) OVER (PARTITION BY n ORDER BY e) AS m FROM cm_samples WHERE e > 0 AND n = 300) q;
SELECT 'a moving frame of unequal widths',
    bool_and(m::bytea = CASE WHEN lag IS NULL THEN s ELSE countmin_merge(lag, s) END::bytea)
FROM (SELECT s, lag(s) OVER (ORDER BY n, e) AS lag, countmin_merge(s) OVER (ORDER BY n, e ROWS 1 PRECEDING) AS m
    FROM cm_samples WHERE e > 0 AND n > 0) q;

-- 6. stored: toasted and short values, upserts, states that start from a tuple ---------------------------------------
CREATE TABLE cm_daily (day int PRIMARY KEY, seen countminsketch);
INSERT INTO cm_daily SELECT g, countmin_agg(v) FROM cm_rows WHERE i <= 20000 GROUP BY g;
INSERT INTO cm_daily SELECT g, countmin_agg(v) FROM cm_rows WHERE i > 20000 GROUP BY g
ON CONFLICT (day) DO UPDATE SET seen = cm_daily.seen || excluded.seen;
-- reading many values from stored sketches, one at a time and in turn
SELECT 'reading many values from stored ones', bool_and(countmin_estimate(seen, v) >= n)
FROM (SELECT g, v, count(*) AS n FROM cm_rows GROUP BY g, v) x JOIN cm_daily ON day = g;
SELECT 'stored ones read in turn', bool_and(a = b)
FROM (SELECT countmin_estimate(seen, v) AS a, countmin_estimate((seen::text)::countminsketch, v) AS b
    FROM (SELECT DISTINCT v FROM cm_rows WHERE v < 300) x, cm_daily ORDER BY v, day) q;
SELECT 'one stored one read again and again, past the question that unpacks it', count(*) > 300,
    bool_and(countmin_estimate(seen, v) = countmin_estimate((SELECT seen FROM cm_daily WHERE day = 3), v)),
    bool_and(countmin_estimate(seen, v) = countmin_estimate((seen::text)::countminsketch, v))
FROM cm_exact, cm_daily WHERE day = 3;
SELECT 'stored lists', bool_and(countmin_estimate(s, 1) = (n > 0)::int) FROM cm_samples WHERE n IN (1, 10) AND e > 0;

-- 7. removals --------------------------------------------------------------------------------------------------------
-- a strict stream: half of every count is removed again, in any order
SELECT 'half is removed again: not too low, bounds, not negative, total',
    bool_and(countmin_estimate(s, v) >= n - n / 2 AND b.upper >= n - n / 2), avg((b.lower > n - n / 2)::int) <= 0.01,
       bool_and((countmin_info(s)->>'negative')::boolean = false), min(countmin_total(s)) = sum(n - n / 2)
FROM cm_exact, (SELECT countmin_weighted_agg(v, c ORDER BY md5(v::text || c)) AS s
    FROM (SELECT v, n AS c FROM cm_exact UNION ALL SELECT v, -(n / 2) FROM cm_exact) x) q,
    countmin_bounds(s, v, 0.99) b;
-- counts below zero: the sketch knows, and bounds them on both sides
SELECT 'below zero: known, and told',
    (countmin_info(s)->>'negative')::boolean,
    countmin_info(s)->>'guarantee' LIKE 'some counts are below zero: the median of the rows answers%'
FROM (SELECT countmin_weighted_agg(i, CASE WHEN i % 2 = 0 THEN 3 ELSE -3 END) AS s FROM generate_series(1, 3000) i) q;
SELECT 'below zero: bounds, and estimates',
    avg((CASE WHEN i % 2 = 0 THEN 3 ELSE -3 END BETWEEN b.lower AND b.upper)::int) >= 0.95, bool_or(b.estimate < 0)
FROM generate_series(1, 3000) i,
    (SELECT countmin_weighted_agg(i, CASE WHEN i % 2 = 0 THEN 3 ELSE -3 END) AS s FROM generate_series(1, 3000) i) q,
    countmin_bounds(s, i) b;
SELECT 'below zero: exact, known',
    countmin_estimate(countmin_weighted_agg(1, -5), 1) = -5,
    (countmin_info(countmin_weighted_agg(1, -5))->>'negative')::boolean;
-- totals do not wrap
SELECT 'the highest total, and one more', countmin_estimate(s, 1) = 9223372036854775807,
    pg_temp.rejects(s::text, 'countmin_add(%L, 1)')
FROM (SELECT countmin_weighted_agg(1, CASE i WHEN 0 THEN 1023 ELSE 9007199254740991 END) AS s
      FROM generate_series(0, 1024) i) q;
SELECT 'the highest weight', countmin_estimate(countmin_weighted_agg(1, 9007199254740991), 1) = 9007199254740991,
    countmin_estimate(countmin_weighted_agg(1, -9007199254740991), 1) = -9007199254740991;
SELECT 'whole numbers of any type', countmin_weighted_agg(1, 5)::bytea = countmin_weighted_agg(1, 5::numeric)::bytea
    AND countmin_weighted_agg(1, 5)::bytea = countmin_weighted_agg(1, 5::int2)::bytea
    AND countmin_weighted_agg(1, 5)::bytea = countmin_weighted_agg(1, 5.0)::bytea;
SELECT 'rejects a weight', pg_temp.rejects(w, 'countmin_weighted_agg(1, %L)')
FROM unnest('{2.5,9007199254740992,-9223372036854775808,1e300,NaN,Infinity,-Infinity}'::text[]) w;

-- 8. ranges ----------------------------------------------------------------------------------------------------------
SELECT 'ranges to the ends: all, below, one, above, none, median, maximum, estimate',
    countmin_range(s, -9223372036854775808, 9223372036854775807) = 4, countmin_range(s, -9223372036854775808, -1) = 2,
    countmin_range(s, 0, 0) = 1, countmin_range(s, 1, 9223372036854775806) = 0, countmin_range(s, 5, 1) = 0,
    countmin_range_quantile(s, 0.5) = -1, countmin_range_quantile(s, 1) = 9223372036854775807,
    countmin_estimate(s, -1) = 1
FROM (SELECT countmin_range_agg(x) AS s FROM (VALUES (-9223372036854775808), (-1), (0), (9223372036854775807)) v(x)) q;
SELECT 'ranges: not too low, bounds, epsilon',
    bool_and(b.upper >= n AND b.estimate = countmin_range(s, low, high) AND b.estimate <= 40000),
    avg((b.lower > n)::int) <= 0.05, bool_and(abs(b.estimate - n) <= 0.1 * 40000)
FROM (SELECT low, high, (SELECT count(*) FROM cm_rows WHERE v BETWEEN low AND high) AS n
    FROM generate_series(-100, 5000, 700) low, generate_series(100, 6000, 900) high WHERE low <= high) x,
    (SELECT countmin_range_agg(v) AS s FROM cm_rows) q, countmin_range_bounds(s, low, high) b;
SELECT 'quantiles of ranges',
    bool_and(abs((SELECT count(*) FROM cm_rows WHERE v <= countmin_range_quantile(s, f)) / 40000.0 - f) < 0.05
        OR f < 0.15)
FROM (SELECT countmin_range_agg(v) AS s FROM cm_rows) q, generate_series(0.05, 1, 0.05) f;
SELECT 'rejects a range of no ranges', pg_temp.rejects('1', 'countmin_range(countmin_agg(%s), 1, 2)');
SELECT 'rejects a join of ranges',
    pg_temp.rejects('1', 'countmin_join_size(countmin_range_agg(%s), countmin_range_agg(1))');

-- 9. join size -------------------------------------------------------------------------------------------------------
SELECT 'join: bounds, estimate, epsilon',
    b.lower <= n AND n <= b.upper AND b.estimate = countmin_join_size(s, r) AND b.estimate - n <= 0.001 * 40000 * 40000
FROM (SELECT countmin_agg(v) AS s, countmin_agg(v / 2) AS r FROM cm_rows) q, countmin_join_bounds(s, r, 0.99) b,
    (SELECT sum(a.n * b.n) AS n FROM cm_exact a
    JOIN (SELECT v / 2 AS v, count(*) AS n FROM cm_rows GROUP BY 1) b USING (v)) x;
SELECT 'join of few is exact', countmin_join_size(countmin_agg(x), countmin_agg(y)) = 5
FROM (VALUES (1, 1), (1, 2), (2, 1), (3, 9)) v(x, y);
SELECT 'join commutes, and is not too low',
    bool_and(countmin_join_size(a.s, b.s) = countmin_join_size(b.s, a.s)
        AND countmin_join_size(a.s, b.s) >= least(a.n, b.n))
FROM cm_samples a, cm_samples b WHERE a.e > 0 AND b.e > 0;
SELECT 'a join with another confidence uses the rows that both have',
    countmin_join_size(countmin_agg(x, 0.01, 0.99), countmin_agg(x, 0.01, 0.9)) >= count(*)
FROM generate_series(1, 3000) x;

-- 10. many groups stay small -----------------------------------------------------------------------------------------
-- (ten values in 192 bytes; in one of some ten thousand groups two values hide each other, and it stays a table)
SELECT '100000 groups stay small', count(*) FILTER (WHERE pg_column_size(s) > 200) <= 20 AND count(*) = 100000
FROM (SELECT i % 100000 AS k, countmin_agg(i) AS s FROM generate_series(1, 1000000) i GROUP BY 1) q;

DROP TABLE cm_rows, cm_exact, cm_samples, cm_daily;
DROP EXTENSION sketch;
