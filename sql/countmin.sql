-- countmin: how often, how many in a range, how large a join? Every line prints t (or an error or a text that is meant).
\i test/room.sql
SET extra_float_digits = 0;

-- v: a few values often, many seldom. w: weights.
CREATE TABLE cm_rows AS
SELECT i, i % 7 AS g, ((i::bigint * 7919) % 5000) * ((i::bigint * 104729) % 11) / 10 AS v, 1 + i % 4 AS w,
       CASE WHEN i % 10 = 0 THEN NULL ELSE 'user-' || (i * 31) % 3000 END AS t
FROM generate_series(1, 40000) i;
ANALYZE cm_rows;
CREATE TABLE cm_exact AS SELECT v, count(*) AS n, sum(w)::bigint AS nw FROM cm_rows GROUP BY v;

-- 1. input and output ------------------------------------------------------------------------------------------------
CREATE TABLE cm_samples AS
SELECT n, e, countmin_agg(i, 1, e, 0.99) AS s FROM unnest(ARRAY[0, 1, 10, 64, 65, 300, 20000]) n, unnest(ARRAY[0.3, 0.02, 0.001]) e
LEFT JOIN LATERAL generate_series(1, n) i ON true GROUP BY n, e;
INSERT INTO cm_samples SELECT n, -1, countmin_range_agg(i, 1, 0.4, 0.99) FROM unnest(ARRAY[1, 10, 300]) n, generate_series(1, n) i GROUP BY n;
SELECT bool_and(s::text::countminsketch::bytea = s::bytea AND s::bytea::countminsketch::text = s::text) FROM cm_samples WHERE s IS NOT NULL;
SELECT bool_and(countminsketch_send(s) = s::bytea) FROM cm_samples;
SELECT count(*) = 3 FROM cm_samples WHERE s IS NULL AND n = 0;

SELECT pg_temp.rejects('not base64!', '%L::countminsketch');
SELECT pg_temp.rejects('', '%L::countminsketch');
SELECT pg_temp.rejects('\x', '%L::bytea::countminsketch');
SELECT pg_temp.rejects('\x480100010c050000000000000000000000000000000000000000000000', '%L::bytea::countminsketch');
SELECT pg_temp.rejects('\x43ff00010c050000000000000000000000000000000000000000000000', '%L::bytea::countminsketch');
SELECT pg_temp.rejects('\x43010001ff0500000000000000000000000000000000000000000000', '%L::bytea::countminsketch');
SELECT pg_temp.rejects('\x430100010c0500000000000000000000000000000000000000000000', '%L::bytea::countminsketch');
SELECT pg_temp.rejects('\x430100010c0500000000000001000000000000000000000000000000', '%L::bytea::countminsketch');
SELECT pg_temp.rejects('\x430100010c050000000000000000000000000000000000000000000000', '%L::bytea::countminsketch');
SELECT bool_and(pg_temp.rejects(substr(s::bytea, 1, cut)::text, '%L::bytea::countminsketch') LIKE '22P03 %')
FROM cm_samples, generate_series(0, 200, 3) cut WHERE n IN (10, 300) AND cut < length(s::bytea);
SELECT pg_temp.rejects('0', 'countmin_agg(1, 1, %s, 0.9)'), pg_temp.rejects('1', 'countmin_agg(1, 1, %s, 0.9)'), pg_temp.rejects('NaN', 'countmin_agg(1, 1, %L, 0.9)');
SELECT pg_temp.rejects('0', 'countmin_agg(1, 1, 0.1, %s)'), pg_temp.rejects('1', 'countmin_empty(0.1, %s)'), pg_temp.rejects('-0.5', 'countmin_range_agg(1, 1, 0.1, %s)');
SELECT pg_temp.rejects('NULL', 'countmin_agg(1, 1, %s, 0.9)'), pg_temp.rejects('NULL', 'countmin_add(NULL, 1, 1, 0.9, %s)');
SELECT pg_temp.rejects('1e-9', 'countmin_agg(1, 1, %s, 0.99)');
SELECT pg_temp.rejects('0.001', 'countmin_range_agg(1, 1, %s, 0.99)');
SELECT pg_temp.rejects('1', 'countmin_bounds(countmin_empty(), 1, %s)'), pg_temp.rejects('0', 'countmin_join_bounds(countmin_empty(), countmin_empty(), %s)');
SELECT pg_temp.rejects('1.5', 'countmin_range_quantile(countmin_range_empty(), %s)'), pg_temp.rejects('0', 'countmin_range_bounds(countmin_range_empty(), 1, 2, %s)');

-- 2. building --------------------------------------------------------------------------------------------------------
-- exact while listed
SELECT bool_and(countmin_estimate(s, i) = (i BETWEEN 1 AND n)::int AND b.lower = b.upper)
FROM cm_samples, generate_series(0, 70) i, countmin_bounds(s, i) b WHERE countmin_info(s)->>'mode' = 'list' AND n > 0;
SELECT bool_and(countmin_info(s)->>'mode' = CASE WHEN n <= CASE WHEN e = 0.001 THEN 64 WHEN e > 0 THEN 8 ELSE 1024 END THEN 'list' ELSE 'table' END) FROM cm_samples WHERE n > 0;
SELECT countmin_info(countmin_agg(i)) FROM generate_series(1, 5) i;
SELECT countmin_info(countmin_agg(i)) - 'bytes' FROM generate_series(1, 5000) i;
SELECT countmin_info(countmin_range_agg(i % 3000, i % 7 - 2, 0.1, 0.9)) - 'bytes' FROM generate_series(1, 5000) i;
-- never too low, and within the bounds
SELECT bool_and(countmin_estimate(s, v) >= n AND b.estimate = countmin_estimate(s, v) AND b.upper >= n),
       avg((b.lower > n)::int) <= 0.05 AND avg((countmin_estimate(s, v) > n + 0.001 * 40000)::int) <= 0.01
FROM cm_exact, (SELECT countmin_agg(v) AS s FROM cm_rows) q, countmin_bounds(s, v) b;
SELECT bool_and(countmin_estimate(s, v) >= nw), avg((b.lower > nw)::int) <= 0.1, min(countmin_total(s)) = (SELECT sum(w) FROM cm_rows)
FROM cm_exact, (SELECT countmin_agg(v, w) AS s FROM cm_rows) q, countmin_bounds(s, v, 0.9) b;
SELECT bool_and(countmin_estimate(s, t) >= n) FROM (SELECT t, count(*) AS n FROM cm_rows GROUP BY t) x, (SELECT countmin_agg(t) AS s FROM cm_rows) q WHERE t IS NOT NULL;
-- equal values of other types are the same value
SELECT bool_and(countmin_estimate(s, v) = countmin_estimate(s, v::int) AND countmin_estimate(s, v) = countmin_estimate(s, v::numeric)
            AND countmin_estimate(s, v) = countmin_estimate(s, v::float8))
FROM cm_exact, (SELECT countmin_agg(v) AS s FROM cm_rows) q WHERE v < 100;
SELECT countmin_agg(i)::bytea = countmin_agg(i::int8)::bytea AND countmin_agg(i)::bytea = countmin_agg(i::numeric)::bytea
   AND countmin_agg(i::text)::bytea = countmin_agg(i::text::varchar)::bytea AND countmin_agg(i)::bytea = countmin_agg(i, 1)::bytea
   AND countmin_agg(i)::bytea = countmin_agg(i, 1, 0.001, 0.99)::bytea AND countmin_agg(ARRAY[i])::bytea <> countmin_agg(i)::bytea FROM cm_rows;
SELECT bool_and(ok) FROM (
    SELECT countmin_estimate(countmin_agg(x), true) = 2 AS ok FROM (VALUES (true), (false), (true)) v(x)
    UNION ALL SELECT countmin_estimate(countmin_agg(x), 'a') = 2 FROM (VALUES ('a'), ('b'), ('a')) v(x)
    UNION ALL SELECT countmin_estimate(countmin_agg(x), date '2024-01-01') = 1 FROM (VALUES (date '2024-01-01'), ('2024-01-02')) v(x)
    UNION ALL SELECT countmin_estimate(countmin_agg(x), interval '1 day') = 2 FROM (VALUES (interval '1 day'), ('24 hours')) v(x)
    UNION ALL SELECT countmin_estimate(countmin_agg(x), '{"a": 1}'::jsonb) = 2 FROM (VALUES ('{"a": 1}'::jsonb), ('{"a": 1.0}')) v(x)
    UNION ALL SELECT countmin_estimate(countmin_agg(x), 'b'::"char") = 1 FROM (VALUES ('a'::"char"), ('b')) v(x)
    UNION ALL SELECT countmin_estimate(countmin_agg(x), 0::float4) = 2 FROM (VALUES (0::float4), ('-0')) v(x)) q;
SELECT countmin_add(countmin_add(NULL, 'a'), 'b', 3)::bytea = countmin_agg(x, w)::bytea FROM (VALUES ('a', 1), ('b', 3)) v(x, w);
SELECT countmin_add(NULL, 5, 2, 0.01, 0.9)::bytea = countmin_agg(5, 2, 0.01, 0.9)::bytea;
SELECT countmin_range_add(countmin_range_add(NULL, 7), 8, 2)::bytea = countmin_range_agg(x, w)::bytea FROM (VALUES (7, 1), (8, 2)) v(x, w);
SELECT bool_and(countmin_estimate(countmin_add(s, 'one more', 5), 'one more') >= 5) FROM cm_samples WHERE e > 0;
SELECT pg_temp.rejects('1', 'countmin_add(countmin_range_empty(), %s)'), pg_temp.rejects('1', 'countmin_range_add(countmin_empty(), %s)');

-- 3. NULL and nothing ------------------------------------------------------------------------------------------------
SELECT countmin_agg(NULL::int) IS NULL, countmin_agg(v) IS NULL, countmin_merge(NULL::countminsketch) IS NULL, countmin_range_agg(v) IS NULL FROM cm_rows WHERE false;
SELECT countmin_agg(NULL::int) IS NULL, countmin_agg(v, NULL) IS NULL, countmin_agg(v) FILTER (WHERE v < 0) IS NULL FROM cm_rows;
SELECT countmin_total(countmin_agg(t)) = count(t) FROM cm_rows;
SELECT countmin_merge(NULL, s)::bytea = s::bytea, countmin_merge(s, NULL)::bytea = s::bytea, countmin_merge(NULL::countminsketch, NULL) IS NULL,
       countmin_add(s, NULL::int)::bytea = s::bytea, countmin_add(NULL::countminsketch, NULL::int) IS NULL, countmin_estimate(s, NULL::int) IS NULL, s - NULL IS NULL
FROM cm_samples WHERE n = 65 AND e = 0.001;
SELECT countmin_range_quantile(countmin_range_empty(), 0.5) IS NULL, countmin_total(countmin_empty()) = 0, countmin_estimate(countmin_empty(), 1) = 0;

-- 4. merging and taking away -----------------------------------------------------------------------------------------
SELECT bool_and((a.s || b.s)::bytea = (b.s || a.s)::bytea) FROM cm_samples a, cm_samples b WHERE a.e > 0 AND b.e > 0;
SELECT bool_and((countmin_empty(0.3) || s)::bytea = (SELECT s FROM cm_samples c WHERE c.n = q.n AND c.e = 0.3)::bytea) FROM cm_samples q WHERE e > 0 AND n > 0;
SELECT bool_and((SELECT countmin_merge(part) FROM (SELECT countmin_agg(i, 1, e, 0.99) AS part FROM generate_series(1, n) i GROUP BY i % parts) q)::bytea = s::bytea)
FROM cm_samples, unnest(ARRAY[2, 7, 100]) parts WHERE n > 0 AND e > 0;
SELECT (SELECT countmin_merge(s) FROM (SELECT countmin_agg(v, w) AS s FROM cm_rows GROUP BY g) q)::bytea = (SELECT countmin_agg(v, w) FROM cm_rows)::bytea;
-- a - b with b part of a is the sketch of the rest
SELECT bool_and(ok) FROM (
    SELECT (countmin_agg(v, w) - countmin_agg(v, w) FILTER (WHERE i > keep))::bytea = coalesce(countmin_agg(v, w) FILTER (WHERE i <= keep), countmin_empty())::bytea AS ok
    FROM cm_rows, unnest(ARRAY[0, 1, 50, 2000, 39000]) keep GROUP BY keep) q;
SELECT bool_and(ok) FROM (
    SELECT (countmin_range_agg(v) - countmin_range_agg(v) FILTER (WHERE i > keep))::bytea = coalesce(countmin_range_agg(v) FILTER (WHERE i <= keep), countmin_range_empty())::bytea AS ok
    FROM cm_rows, unnest(ARRAY[0, 50, 39000]) keep GROUP BY keep) q;
-- what is left of many is few, and exact again
SELECT countmin_info(rest)->>'mode' = 'list', countmin_estimate(rest, 9999) = 1, countmin_estimate(rest, 1) = 0
FROM (SELECT countmin_agg(i) - countmin_agg(i) FILTER (WHERE i <= 9990) AS rest FROM generate_series(1, 10000) i) q;
SELECT countmin_merge(countmin_empty(0.01, 0.99), countmin_empty(0.01, 0.9));
SELECT countmin_empty() - countmin_range_empty();

-- 5. parallel plans --------------------------------------------------------------------------------------------------
SELECT countmin_agg(v) AS serial, countmin_agg(t, w, 0.01, 0.9) AS serial_t, countmin_range_agg(v, w, 0.3, 0.9) AS serial_r FROM cm_rows \gset
CREATE TEMP TABLE serial_groups AS SELECT g, countmin_agg(v) AS s, countmin_agg(t, w) AS t FROM cm_rows GROUP BY g;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 4;
SELECT pg_temp.plan_of('SELECT countmin_agg(v) FROM cm_rows') LIKE '%Finalize Aggregate%Partial Aggregate%';
SELECT countmin_agg(v)::text = :'serial' AND countmin_agg(t, w, 0.01, 0.9)::text = :'serial_t' AND countmin_range_agg(v, w, 0.3, 0.9)::text = :'serial_r' FROM cm_rows;
SELECT bool_and(p.s::bytea = q.s::bytea AND p.t::bytea = q.t::bytea) FROM serial_groups p
JOIN (SELECT g, countmin_agg(v) AS s, countmin_agg(t, w) AS t FROM cm_rows GROUP BY g) q USING (g);
SELECT countmin_agg(v) IS NULL FROM cm_rows WHERE v < 0;
SELECT countmin_merge(s)::text = :'serial' FROM (SELECT countmin_agg(v) AS s FROM cm_rows GROUP BY g) q;
CREATE TABLE cm_parts AS SELECT i % 500 AS k, countmin_agg(v) AS s FROM cm_rows GROUP BY 1;
SELECT countmin_merge(s)::text = :'serial' FROM cm_parts;
RESET max_parallel_workers_per_gather;

-- 6. windows, grouping sets, shared states ---------------------------------------------------------------------------
-- a moving frame takes rows out again: the same bytes as a frame built anew
SELECT bool_and(w::bytea = (SELECT countmin_agg(v) FROM cm_rows r WHERE r.i BETWEEN q.i - 20 AND q.i)::bytea)
FROM (SELECT i, countmin_agg(v) OVER (ORDER BY i ROWS 20 PRECEDING) AS w FROM cm_rows WHERE i <= 300) q;
SELECT bool_and(w::bytea = (SELECT countmin_agg(v, w - 2, 0.05, 0.9) FROM cm_rows r WHERE r.i BETWEEN q.i - 700 AND q.i)::bytea)
FROM (SELECT i, countmin_agg(v, w - 2, 0.05, 0.9) OVER (ORDER BY i ROWS 700 PRECEDING) AS w FROM cm_rows WHERE i <= 3000) q WHERE i % 250 = 0;
SELECT bool_and(w::bytea IS NOT DISTINCT FROM (SELECT countmin_range_agg(v) FROM cm_rows r WHERE r.i BETWEEN q.i - 9 AND q.i)::bytea)
FROM (SELECT i, countmin_range_agg(v) OVER (ORDER BY i ROWS 9 PRECEDING) AS w FROM cm_rows WHERE i <= 100) q;
-- NULL rows, and frames with no other
SELECT bool_and(w::bytea IS NOT DISTINCT FROM (SELECT countmin_agg(t) FROM cm_rows r WHERE r.i BETWEEN q.i AND q.i + 1)::bytea), bool_or(w IS NULL) = false
FROM (SELECT i, countmin_agg(t) OVER (ORDER BY i ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING) AS w FROM cm_rows WHERE i <= 105) q WHERE i <= 100;
SELECT bool_and(w IS NULL = (i % 10 = 0)), bool_and(m IS NULL = (i % 10 = 0))
FROM (SELECT i, countmin_agg(t) OVER one AS w, countmin_merge(countmin_add(NULL, t)) OVER one AS m
      FROM cm_rows WHERE i <= 100 WINDOW one AS (ORDER BY i ROWS BETWEEN CURRENT ROW AND CURRENT ROW)) q;
SELECT count(w) = 0 FROM (SELECT countmin_agg(v, NULL) OVER (ORDER BY i ROWS 3 PRECEDING) AS w FROM cm_rows WHERE i <= 20) q;
SELECT bool_and(w::bytea = (SELECT countmin_agg(v) FROM cm_rows r WHERE r.i <= q.i)::bytea AND e = countmin_total(w))
FROM (SELECT i, countmin_agg(v) OVER wide AS w, count(v) OVER wide AS e FROM cm_rows WHERE i <= 400 WINDOW wide AS (ORDER BY i)) q;
-- a week of daily sketches, moving
SELECT bool_and(m::bytea = (SELECT countmin_merge(s) FROM cm_parts r WHERE r.k BETWEEN q.k - 6 AND q.k)::bytea)
FROM (SELECT k, countmin_merge(s) OVER (ORDER BY k ROWS 6 PRECEDING) AS m FROM cm_parts) q;
-- of unequal widths: the narrowest leaves the frame, and the width comes back
SELECT bool_and(m::bytea = (SELECT countmin_merge(s) FROM cm_samples r WHERE r.e > 0 AND r.n BETWEEN 1 AND 300 AND (r.n, r.e) BETWEEN (q.n - 9, 0) AND (q.n, q.e))::bytea)
FROM (SELECT n, e, countmin_merge(s) OVER (PARTITION BY n ORDER BY e) AS m FROM cm_samples WHERE e > 0 AND n = 300) q;
SELECT bool_and(m::bytea = CASE WHEN lag IS NULL THEN s ELSE countmin_merge(lag, s) END::bytea)
FROM (SELECT s, lag(s) OVER (ORDER BY n, e) AS lag, countmin_merge(s) OVER (ORDER BY n, e ROWS 1 PRECEDING) AS m FROM cm_samples WHERE e > 0 AND n > 0) q;
SELECT bool_and(a::bytea = b::bytea) FROM (SELECT g, countmin_agg(v) AS a, countmin_agg(v) AS b FROM cm_rows GROUP BY g) q;
SELECT (SELECT s FROM (SELECT g, countmin_agg(v) AS s FROM cm_rows GROUP BY GROUPING SETS ((g), ())) q WHERE g IS NULL)::text = :'serial';
SELECT count(*) = 8 AND bool_and(s IS NOT NULL) FROM (SELECT g, countmin_agg(v) AS s FROM cm_rows GROUP BY ROLLUP (g)) q;

-- 7. stored: toasted and short values, upserts, states that start from a tuple ---------------------------------------
CREATE TABLE cm_daily (day int PRIMARY KEY, seen countminsketch);
INSERT INTO cm_daily SELECT g, countmin_agg(v) FROM cm_rows WHERE i <= 20000 GROUP BY g;
INSERT INTO cm_daily SELECT g, countmin_agg(v) FROM cm_rows WHERE i > 20000 GROUP BY g
ON CONFLICT (day) DO UPDATE SET seen = cm_daily.seen || excluded.seen;
SELECT bool_and(d.seen::bytea = q.s::bytea) FROM cm_daily d JOIN serial_groups q ON d.day = q.g;
-- reading many values from stored sketches, one at a time and in turn
SELECT bool_and(countmin_estimate(seen, v) >= n) FROM (SELECT g, v, count(*) AS n FROM cm_rows GROUP BY g, v) x JOIN cm_daily ON day = g;
SELECT bool_and(a = b) FROM (
    SELECT countmin_estimate(seen, v) AS a, countmin_estimate((seen::text)::countminsketch, v) AS b
    FROM (SELECT DISTINCT v FROM cm_rows WHERE v < 300) x, cm_daily ORDER BY v, day) q;
SELECT bool_and(countmin_estimate(seen, v) = countmin_estimate((SELECT seen FROM cm_daily WHERE day = 3), v)) FROM cm_exact, cm_daily WHERE day = 3;
SELECT bool_and(countmin_estimate(s, 1) = (n > 0)::int) FROM cm_samples WHERE n IN (1, 10) AND e > 0;
-- a stored value is never written to
SELECT md5(string_agg(s::text, '' ORDER BY n, e)) AS before FROM cm_samples \gset
SELECT count(countmin_merge(a.s, b.s)) > 0, count(countmin_add(a.s, 7)) > 0, count(a.s - b.s) > 0 FROM cm_samples a, cm_samples b WHERE a.e > 0 AND b.e > 0;
SELECT md5(string_agg(s::text, '' ORDER BY n, e)) = :'before' FROM cm_samples;

-- 8. removals --------------------------------------------------------------------------------------------------------
-- a strict stream: half of every count is removed again, in any order
SELECT bool_and(countmin_estimate(s, v) >= n - n / 2 AND b.upper >= n - n / 2), avg((b.lower > n - n / 2)::int) <= 0.01,
       bool_and((countmin_info(s)->>'negative')::boolean = false), min(countmin_total(s)) = sum(n - n / 2)
FROM cm_exact, (SELECT countmin_agg(v, c ORDER BY md5(v::text || c)) AS s FROM (SELECT v, n AS c FROM cm_exact UNION ALL SELECT v, -(n / 2) FROM cm_exact) x) q, countmin_bounds(s, v, 0.99) b;
-- counts below zero: the sketch knows, and bounds them on both sides
SELECT (countmin_info(s)->>'negative')::boolean, countmin_info(s)->>'guarantee' LIKE 'some counts are below zero: the median of the rows answers%'
FROM (SELECT countmin_agg(i, CASE WHEN i % 2 = 0 THEN 3 ELSE -3 END) AS s FROM generate_series(1, 3000) i) q;
SELECT avg((CASE WHEN i % 2 = 0 THEN 3 ELSE -3 END BETWEEN b.lower AND b.upper)::int) >= 0.95, bool_or(b.estimate < 0)
FROM generate_series(1, 3000) i, (SELECT countmin_agg(i, CASE WHEN i % 2 = 0 THEN 3 ELSE -3 END) AS s FROM generate_series(1, 3000) i) q, countmin_bounds(s, i) b;
SELECT countmin_estimate(countmin_agg(1, -5), 1) = -5, (countmin_info(countmin_agg(1, -5))->>'negative')::boolean;
-- totals do not wrap
SELECT pg_temp.rejects('1', 'countmin_add(countmin_add(NULL, 1, 9223372036854775807), %s)');
SELECT pg_temp.rejects('-9223372036854775808', 'countmin_agg(1, %s)');
SELECT countmin_estimate(countmin_agg(1, 9223372036854775807), 1) = 9223372036854775807;

-- 9. ranges ----------------------------------------------------------------------------------------------------------
SELECT countmin_range(s, -9223372036854775808, 9223372036854775807) = 4, countmin_range(s, -9223372036854775808, -1) = 2, countmin_range(s, 0, 0) = 1,
       countmin_range(s, 1, 9223372036854775806) = 0, countmin_range(s, 5, 1) = 0, countmin_range_quantile(s, 0.5) = -1, countmin_range_quantile(s, 1) = 9223372036854775807,
       countmin_estimate(s, -1) = 1
FROM (SELECT countmin_range_agg(x) AS s FROM (VALUES (-9223372036854775808), (-1), (0), (9223372036854775807)) v(x)) q;
SELECT bool_and(b.upper >= n AND b.estimate = countmin_range(s, low, high) AND b.estimate <= 40000), avg((b.lower > n)::int) <= 0.05, bool_and(abs(b.estimate - n) <= 0.1 * 40000)
FROM (SELECT low, high, (SELECT count(*) FROM cm_rows WHERE v BETWEEN low AND high) AS n
      FROM generate_series(-100, 5000, 700) low, generate_series(100, 6000, 900) high WHERE low <= high) x,
     (SELECT countmin_range_agg(v) AS s FROM cm_rows) q, countmin_range_bounds(s, low, high) b;
SELECT bool_and(abs((SELECT count(*) FROM cm_rows WHERE v <= countmin_range_quantile(s, f)) / 40000.0 - f) < 0.05 OR f < 0.15)
FROM (SELECT countmin_range_agg(v) AS s FROM cm_rows) q, generate_series(0.05, 1, 0.05) f;
SELECT countmin_range(countmin_agg(1), 1, 2);
SELECT countmin_join_size(countmin_range_agg(1), countmin_range_agg(1));

-- 10. join size ------------------------------------------------------------------------------------------------------
SELECT b.lower <= n AND n <= b.upper AND b.estimate = countmin_join_size(s, r) AND b.estimate - n <= 0.001 * 40000 * 40000
FROM (SELECT countmin_agg(v) AS s, countmin_agg(v / 2) AS r FROM cm_rows) q, countmin_join_bounds(s, r, 0.99) b,
     (SELECT sum(a.n * b.n) AS n FROM cm_exact a JOIN (SELECT v / 2 AS v, count(*) AS n FROM cm_rows GROUP BY 1) b USING (v)) x;
SELECT countmin_join_size(countmin_agg(x), countmin_agg(y)) = 5 FROM (VALUES (1, 1), (1, 2), (2, 1), (3, 9)) v(x, y);
SELECT bool_and(countmin_join_size(a.s, b.s) = countmin_join_size(b.s, a.s) AND countmin_join_size(a.s, b.s) >= least(a.n, b.n)) FROM cm_samples a, cm_samples b WHERE a.e > 0 AND b.e > 0;
SELECT countmin_join_size(countmin_empty(0.01, 0.99), countmin_empty(0.01, 0.9));

-- 11. many groups stay small -----------------------------------------------------------------------------------------
-- (ten values in 192 bytes; in one of some ten thousand groups two values hide each other, and it stays a table)
SELECT count(*) FILTER (WHERE pg_column_size(s) > 200) <= 20 AND count(*) = 100000 FROM (SELECT i % 100000 AS k, countmin_agg(i) AS s FROM generate_series(1, 1000000) i GROUP BY 1) q;

DROP TABLE cm_rows, cm_exact, cm_samples, cm_parts, cm_daily, serial_groups;
DROP EXTENSION sketch;
