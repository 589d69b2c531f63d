-- hll: how many distinct?
-- Every line prints its name and t, or an error that is meant.
\i test/room.sql
SET extra_float_digits = 0;

CREATE TABLE hll_rows AS
SELECT i, i % 7 AS g, (i * 7919) % 5000 AS v, CASE WHEN i % 10 = 0 THEN NULL ELSE 'user-' || (i * 31) % 3000 END AS t
FROM generate_series(1, 40000) i;
ANALYZE hll_rows;

-- 1. what is rejected ------------------------------------------------------------------------------------------------
CREATE TABLE hll_samples AS
SELECT n, p, hll_agg(i, p) AS s FROM unnest(ARRAY[0, 1, 10, 189, 190, 1000, 20000]) n, unnest(ARRAY[4, 10, 12, 18]) p
LEFT JOIN LATERAL generate_series(1, n) i ON true GROUP BY n, p;

SELECT 'rejects bytes: precision out of range', pg_temp.rejects('\x480100010302000000000000', '%L::bytea::hllsketch');
SELECT 'rejects bytes: a count without its values',
    pg_temp.rejects('\x480100010c02000005000000', '%L::bytea::hllsketch');
SELECT 'rejects precision: 19, 3, NULL',
    pg_temp.rejects('19', 'hll_agg(1, %s)'), pg_temp.rejects('3', 'hll_new(%s)'),
    pg_temp.rejects('NULL', 'hll_agg(1, %s)');
SELECT 'rejects precision: beyond an integer', pg_temp.rejects('4294967308', 'hll_new(%s)');
SELECT 'rejects confidence: 0, 1, NaN',
    pg_temp.rejects('0', 'hll_bounds(hll_new(), %s)'), pg_temp.rejects('1', 'hll_bounds(hll_new(), %s)'),
    pg_temp.rejects('NaN', 'hll_bounds(hll_new(), %L)');

-- 2. building --------------------------------------------------------------------------------------------------------
SELECT 'estimate: of nothing, of 100', hll_estimate(hll_new()) = 0, hll_estimate(hll_agg(i)) = 100
FROM generate_series(1, 100) i;
SELECT 'estimate at precision 12', abs(hll_estimate(hll_agg(v)) / count(DISTINCT v) - 1) < 0.05 FROM hll_rows;
SELECT 'estimate of texts at precision 16', abs(hll_estimate(hll_agg(t, 16)) / count(DISTINCT t) - 1) < 0.01
FROM hll_rows;
SELECT 'bounds hold the truth', bool_and(lower <= d AND d <= upper)
FROM (SELECT g, (hll_bounds(hll_agg(v), 0.9999)).*, count(DISTINCT v) AS d FROM hll_rows GROUP BY g) q;
SELECT 'equal values of other types are the same',
    hll_agg(i)::bytea = hll_agg(i::int8)::bytea AND hll_agg(i)::bytea = hll_agg(i::numeric)::bytea
        AND hll_agg(i::text)::bytea = hll_agg(i::text::varchar)::bytea
        AND hll_agg(i::text)::bytea = hll_agg(i::text::char(20))::bytea
        AND hll_agg(ARRAY[i])::bytea <> hll_agg(i)::bytea
FROM hll_rows;
SELECT 'values of all kinds', bool_and(ok) FROM (
    SELECT hll_estimate(hll_agg(x)) = 2 AS ok FROM (VALUES (true), (false)) v(x)
    UNION ALL SELECT hll_estimate(hll_agg(x)) = 2 FROM (VALUES (1::int2), (2)) v(x)
    UNION ALL SELECT hll_estimate(hll_agg(x)) = 1 FROM (VALUES (0::float4), ('-0')) v(x)
    UNION ALL SELECT hll_estimate(hll_agg(x)) = 2 FROM (VALUES ('a'), ('b')) v(x)
    UNION ALL SELECT hll_estimate(hll_agg(x)) = 2 FROM (VALUES (date '2024-01-01'), ('2024-01-02')) v(x)
    UNION ALL SELECT hll_estimate(hll_agg(x)) = 1 FROM (VALUES (interval '1 day'), ('24 hours')) v(x)
    UNION ALL SELECT hll_estimate(hll_agg(x)) = 2 FROM (VALUES ('10.0.0.1'::inet), ('10.0.0.2')) v(x)
    UNION ALL SELECT hll_estimate(hll_agg(x)) = 1 FROM (VALUES ('{"a": 1}'::jsonb), ('{"a": 1.0}')) v(x)
    UNION ALL SELECT hll_estimate(hll_agg(x)) = 2 FROM (VALUES ('a'::name), ('b')) v(x)
    UNION ALL SELECT hll_estimate(hll_agg(x)) = 1 FROM (VALUES (time '12:00'), ('12:00:00')) v(x)) q;
SELECT 'added one by one', hll_add(hll_add(NULL, 'a'), 'b')::bytea = hll_agg(x)::bytea FROM (VALUES ('a'), ('b')) v(x);
SELECT 'adding starts with a precision', hll_add(NULL, 5, 10)::bytea = hll_agg(5, 10)::bytea;
SELECT 'adding what it holds', hll_add(s, 1)::bytea = s::bytea FROM hll_samples WHERE n = 10 AND p = 12;
SELECT 'adding never lowers the estimate', bool_and(hll_estimate(hll_add(s, -7)) >= hll_estimate(s))
FROM hll_samples WHERE n > 0;
SELECT 'info of few', hll_info(hll_agg(i)) FROM generate_series(1, 5) i;
SELECT 'info of many', hll_info(hll_agg(i, 10)) - 'estimate' - 'bytes' FROM generate_series(1, 5000) i;

-- 3. NULL and nothing ------------------------------------------------------------------------------------------------
SELECT 'approx_count_distinct of no rows', approx_count_distinct(v) = 0 FROM hll_rows WHERE false;
SELECT 'approx_count_distinct of NULLs', approx_count_distinct(NULL::text) = 0 FROM hll_rows;
SELECT 'NULLs are not counted', hll_estimate(hll_agg(t)) > 2000 FROM hll_rows;

-- 4. merging ---------------------------------------------------------------------------------------------------------
SELECT 'merging goes to the lower precision',
    bool_and((a.s || b.s)::bytea = CASE WHEN a.p < b.p THEN a.s ELSE b.s END::bytea)
FROM hll_samples a, hll_samples b WHERE a.n = b.n AND a.n > 0;

-- 5. parallel plans --------------------------------------------------------------------------------------------------
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 4;
SELECT 'approx_count_distinct: a parallel plan',
    pg_temp.plan_of('SELECT approx_count_distinct(v) FROM hll_rows') LIKE '%Finalize Aggregate%Partial Aggregate%';
SELECT 'approx_count_distinct in parallel', approx_count_distinct(v) = round(hll_estimate(hll_agg(v))) FROM hll_rows;
SELECT 'approx_count_distinct of no rows in parallel', approx_count_distinct(v) = 0 FROM hll_rows WHERE v < 0;
RESET max_parallel_workers_per_gather;

-- 6. windows, grouping sets, shared states ---------------------------------------------------------------------------
SELECT 'approx_count_distinct in a growing frame',
    bool_and(w::bytea = (SELECT hll_agg(v) FROM hll_rows r WHERE r.i <= q.i)::bytea AND e = round(hll_estimate(w)))
FROM (SELECT i, hll_agg(v) OVER wide AS w, approx_count_distinct(v) OVER wide AS e FROM hll_rows WHERE i <= 400
    WINDOW wide AS (ORDER BY i)) q;
SELECT 'approx_count_distinct over the state of hll_agg',
    bool_and(hll_estimate(a) = hll_estimate(b) AND e = round(hll_estimate(a)))
FROM (SELECT g, hll_agg(v) AS a, hll_agg(v) AS b, approx_count_distinct(v) AS e FROM hll_rows GROUP BY g) q;
-- nothing, by every road
SELECT 'nothing, in windows', bool_and(a IS NULL AND b IS NULL AND c = 0)
FROM (SELECT hll_agg(NULL::int) OVER w AS a, hll_agg(v) FILTER (WHERE v < 0) OVER w AS b,
    approx_count_distinct(NULL::int) OVER w AS c FROM hll_rows WHERE i <= 50
    WINDOW w AS (ORDER BY i ROWS 5 PRECEDING)) q;
SELECT 'nothing, in grouping sets', count(*) = 8 AND bool_and(a IS NULL AND b IS NULL AND c = 0)
FROM (SELECT g, hll_agg(NULL::int) AS a, hll_agg(v) FILTER (WHERE v < 0) AS b,
    approx_count_distinct(v) FILTER (WHERE v < 0) AS c FROM hll_rows GROUP BY GROUPING SETS ((g), ())) q;
SELECT 'nothing, in an empty grouping set', count(*) = 1 AND bool_and(a IS NULL AND c = 0)
FROM (SELECT hll_agg(v) AS a, approx_count_distinct(v) AS c FROM hll_rows WHERE false GROUP BY GROUPING SETS (())) q;

-- 7. stored: toasted and short values, upserts, states that start from a tuple ---------------------------------------
CREATE TABLE hll_big AS SELECT 1 AS k, hll_agg(v, 18) AS s FROM hll_rows UNION ALL SELECT 2, hll_agg(i, 18)
FROM generate_series(1, 300000) i;
SELECT 'a sketch in TOAST', pg_column_size(s) > 8000 AND hll_estimate(s) > 290000 FROM hll_big WHERE k = 2;
SELECT 'sketches in TOAST merge',
    (SELECT hll_merge(s) FROM hll_big)::bytea
        = (SELECT hll_agg(x, 18) FROM (SELECT v AS x FROM hll_rows UNION SELECT i
        FROM generate_series(1, 300000) i) q)::bytea;
SELECT 'merging in TOAST commutes', bool_and(hll_merge(a.s, b.s)::bytea = hll_merge(b.s, a.s)::bytea)
FROM hll_big a, hll_samples b WHERE b.n > 0;

-- 8. a million groups stay small -------------------------------------------------------------------------------------
SELECT '100000 groups stay small', max(pg_column_size(s)) <= 60 AND count(*) = 100000
FROM (SELECT i % 100000 AS k, hll_agg(i) AS s FROM generate_series(1, 1000000) i GROUP BY 1) q;

DROP TABLE hll_rows, hll_samples, hll_big;
DROP EXTENSION sketch;
