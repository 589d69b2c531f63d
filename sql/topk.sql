-- topk: which are the most frequent?
-- Every line prints its name and t, or an error that is meant.
\i test/room.sql
SET extra_float_digits = 0;

-- item r of about 900 comes with a weight that falls like 1/r; the first ones stand in every group
CREATE TABLE topk_rows AS
SELECT i, i % 7 AS g, 40000 / (1 + (i * 7919) % 40000) AS v,
       CASE WHEN i % 10 = 0 THEN NULL ELSE 'page/' || 40000 / (1 + (i * 7919) % 40000) END AS t, i % 4 AS w
FROM generate_series(1, 40000) i;
ANALYZE topk_rows;
CREATE VIEW topk_truth AS SELECT t AS item, count(*) AS n FROM topk_rows WHERE t IS NOT NULL GROUP BY t;

-- 1. what is rejected ------------------------------------------------------------------------------------------------
CREATE TABLE topk_samples AS
SELECT n, k, topk_agg('item ' || (i * i % 1009), k) AS s
FROM unnest(ARRAY[1, 10, 100, 1000, 20000]) n, unnest(ARRAY[1, 20, 128, 2000]) k
CROSS JOIN LATERAL generate_series(1, n) i GROUP BY n, k;

SELECT 'rejects bytes: k out of range',
    pg_temp.rejects(replace(topk_new(170)::bytea::text, 'aa000000', 'ffffffff'), '%L::bytea::topksketch');
SELECT 'rejects k: 0, 10001, NULL, 1001 of approx_top_k',
    pg_temp.rejects('0', 'topk_agg(1, %s)'), pg_temp.rejects('10001', 'topk_new(%s)'),
    pg_temp.rejects('NULL', 'topk_agg(1, %s)'), pg_temp.rejects('1001', 'approx_top_k(1, %s)');
SELECT 'rejects weight: -1, NaN, infinity',
    pg_temp.rejects('-1', 'topk_weighted_agg(1, %s, 5)'), pg_temp.rejects('NaN', 'topk_weighted_agg(1, %L, 5)'),
    pg_temp.rejects('Infinity', 'topk_weighted_agg(1, %L, 5)');
SELECT 'rejects n: -1; rejects threshold: -0.1',
    pg_temp.rejects('-1', 'topk_items(topk_new(), %s)'), pg_temp.rejects('-0.1', 'topk_above(topk_new(), %s)');

-- 2. building --------------------------------------------------------------------------------------------------------
-- exact while all items are held
SELECT 'exact while all are held',
    bool_and(coalesce(estimate = n AND lower = n AND upper = n AND guaranteed, false)) AND count(*) > 300
FROM (SELECT (topk_items(topk_agg(t, 2000))).* FROM topk_rows) q FULL JOIN topk_truth USING (item);
SELECT 'error of all, total of few', topk_error(topk_agg(t, 2000)) = 0, topk_total(topk_agg(t, 20)) = count(t)
FROM topk_rows;
-- within the bounds when they are not, tracked or not
SELECT 'bounds hold, held or not', bool_and(lower <= n AND n <= upper)
FROM topk_truth, (SELECT topk_agg(t, 20) AS s FROM topk_rows) q, topk_bounds(s, item);
SELECT 'error: at most total / 21, not 0', topk_error(s) <= topk_total(s) / 21 AND topk_error(s) > 0
FROM (SELECT topk_agg(t, 20) AS s FROM topk_rows) q;
-- ordered, and the true first five, all of them guaranteed
SELECT 'the first five, guaranteed',
    array_agg(item) = ARRAY['page/1', 'page/2', 'page/3', 'page/4', 'page/5'] AND bool_and(guaranteed)
FROM (SELECT * FROM topk_items((SELECT topk_agg(t) FROM topk_rows), 5)) q;
SELECT 'ordered by estimate',
    array_agg(item ORDER BY ordinality) = array_agg(item ORDER BY estimate DESC, upper DESC, item COLLATE "C")
FROM topk_items((SELECT topk_agg(t) FROM topk_rows)) WITH ORDINALITY;
-- heavy hitters: with a threshold above the error none is missing; without false positives all are right
SELECT 'above a threshold none is missing', count(*) = 0
FROM (SELECT item FROM topk_truth WHERE n > 0.02 * 36000 EXCEPT SELECT (topk_above(topk_agg(t, 60), 0.02)).item
    FROM topk_rows) q;
SELECT 'without false positives all are right',
    bool_and(n > 0.02 * 36000) AND count(*) = (SELECT count(*) FROM topk_truth WHERE n > 0.02 * 36000)
FROM (SELECT (topk_above(topk_agg(t, 60), 0.02, true)).* FROM topk_rows) q JOIN topk_truth USING (item);
SELECT 'a threshold as weight and as share',
    (SELECT array_agg(a) FROM topk_above(s, 720, true) a) = (SELECT array_agg(a) FROM topk_above(s, 0.02, true) a)
FROM (SELECT topk_agg(t, 60) AS s FROM topk_rows) q;
-- weights: integers stay integers in print
SELECT 'weights', bool_and(estimate = w)
FROM (SELECT (topk_items(topk_weighted_agg(v, w, 1000))).* FROM topk_rows) q
JOIN (SELECT v::text AS item, sum(w) AS w FROM topk_rows GROUP BY v) r USING (item);
SELECT 'weights of', item, estimate
FROM topk_items((SELECT topk_weighted_agg(x, w, 5)
    FROM (VALUES ('a', 1.0), ('b', 2.5), ('a', 2.0), ('c', 0), ('d', NULL), (NULL, 9)) v(x, w)));
SELECT 'added one by one: texts, in any order',
    topk_add(topk_add(NULL, 'a'), 'b')::bytea = topk_agg(x)::bytea,
    topk_add(topk_weighted_add(NULL, 'b', 1), 'a')::bytea = topk_agg(x)::bytea
FROM (VALUES ('a'), ('b')) v(x);
SELECT 'adding to one of another k',
    topk_weighted_add(topk_new(5), 'x', 3)::bytea = topk_weighted_agg('x'::text, 3, 5)::bytea,
    topk_add(topk_new(5), 'x', 5)::bytea = topk_agg('x'::text, 5)::bytea;
SELECT 'estimate: of the first, of none', topk_estimate(s, 'page/1') = n, topk_estimate(s, 'nowhere') = 0
FROM (SELECT topk_agg(t) AS s FROM topk_rows) q, topk_truth WHERE item = 'page/1';
SELECT 'approx_top_k', approx_top_k(t, 2) FROM topk_rows;
SELECT 'approx_top_k of numbers',
    approx_top_k(v, 3) = (SELECT jsonb_agg(jsonb_build_object('item', item::int, 'count', estimate, 'lower', lower,
        'upper', upper)) FROM topk_items((SELECT topk_agg(v) FROM topk_rows), 3))
FROM topk_rows;
SELECT 'approx_top_k: 10 items, quotes',
    jsonb_array_length(approx_top_k(t)) = 10, approx_top_k('say "hi"\'::text) -> 0 ->> 'item' = 'say "hi"\'
FROM topk_rows WHERE t IS NOT NULL;
SELECT 'info', topk_info(topk_agg(i)) FROM generate_series(1, 5) i;

-- kinds of items
SELECT 'kinds of items', (SELECT array_agg(item ORDER BY item COLLATE "C") FROM topk_items(s)) FROM (
    SELECT 1 AS o, topk_agg(x) AS s FROM (VALUES (true), (false)) v(x)
    UNION ALL SELECT 2, topk_agg(x) FROM (VALUES (-5::int2), (7)) v(x)
    UNION ALL SELECT 3, topk_agg(x) FROM (VALUES (0::float4), ('-0'), ('NaN'), (0.1)) v(x)
    UNION ALL SELECT 4, topk_agg(x) FROM (VALUES (1e300::float8), (5), ('-Infinity'), (0.1)) v(x)
    UNION ALL SELECT 5, topk_agg(x) FROM (VALUES (1.50), (1.5), (100), (1e3)) v(x)
    UNION ALL SELECT 6, topk_agg(x) FROM (VALUES (''), ('b'), ('B '), ('ü')) v(x)
    UNION ALL SELECT 7, topk_agg(x) FROM (VALUES ('\x00ff'::bytea), ('')) v(x)
    UNION ALL SELECT 8, topk_agg(x) FROM (VALUES (date '2024-01-31'), ('0044-03-15 BC'), ('infinity')) v(x)
    UNION ALL SELECT 9, topk_agg(x)
    FROM (VALUES (timestamp '2024-01-31 12:00'), ('2024-01-31 12:00:00.5'), ('-infinity')) v(x)
    UNION ALL SELECT 10, topk_agg(x) FROM (VALUES ('10.0.0.1'::inet), ('::1')) v(x)
    UNION ALL SELECT 11, topk_agg(x) FROM (VALUES ('{"a": 1}'::jsonb)) v(x)
    UNION ALL SELECT 12, topk_agg(x) FROM (VALUES ('a'::char(5)), ('a')) v(x)
    UNION ALL SELECT 13, topk_agg(x) FROM (VALUES ('a'::name), ('b')) v(x)
    UNION ALL SELECT 14, topk_agg(x) FROM (VALUES ('00000000-0000-0000-0000-000000000001'::uuid)) v(x)) q ORDER BY o;
CREATE TYPE topk_mood AS ENUM ('sad', 'ok');
SELECT 'enums by label', (SELECT array_agg(item ORDER BY item) FROM topk_items(topk_agg(x)))
FROM (VALUES ('ok'::topk_mood), ('sad')) v(x);
-- settings change nothing
SELECT topk_agg(x)::text AS iso FROM (VALUES (date '2024-01-31'), ('infinity')) v(x) \gset
SELECT topk_agg(x)::text AS shortest FROM (VALUES (0.1::float8), (1.0 / 3)) v(x) \gset
SET datestyle = 'German'; SET extra_float_digits = -10;
SELECT 'dates under another datestyle', topk_agg(x)::text = :'iso' FROM (VALUES (date '2024-01-31'), ('infinity')) v(x);
SELECT 'floats under extra_float_digits', topk_agg(x)::text = :'shortest' FROM (VALUES (0.1::float8), (1.0 / 3)) v(x);
RESET datestyle; SET extra_float_digits = 0;
SELECT 'rejects items: timestamptz, money, array',
    pg_temp.rejects('now()', 'topk_agg(%s)'), pg_temp.rejects('1::money', 'topk_agg(%s)'),
    pg_temp.rejects('ARRAY[now()]', 'topk_agg(%s)');
SELECT 'rejects items: too long; takes the longest',
    pg_temp.rejects('8192', 'topk_agg(repeat(''x'', %s))'), topk_info(topk_agg(repeat('x', 8191))) ->> 'entries' = '1';
SELECT 'rejects another kind: add, merge, estimate',
    pg_temp.rejects('1', 'topk_add(topk_add(NULL, ''a''), %s)'),
    pg_temp.rejects('1', 'topk_add(NULL, ''a'') || topk_add(NULL, %s)'),
    pg_temp.rejects('1', 'topk_estimate(topk_add(NULL, ''a''), %s)');
CREATE COLLATION topk_folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
SELECT 'rejects a nondeterministic collation', pg_temp.rejects('topk_folded', 'topk_agg(''a'' COLLATE %s)');

-- 3. NULL and nothing ------------------------------------------------------------------------------------------------
SELECT 'approx_top_k of no rows', approx_top_k(v) IS NULL FROM topk_rows WHERE false;
SELECT 'approx_top_k of NULLs', approx_top_k(NULL::text) IS NULL FROM topk_rows;
SELECT 'no items of nothing', count(*) = 0 FROM topk_items(topk_new());
SELECT 'of nothing: total, error, estimate',
    topk_total(topk_new()) = 0, topk_error(topk_new()) = 0, topk_estimate(topk_new(), 5) = 0;

-- 4. merging ---------------------------------------------------------------------------------------------------------
-- always: bounds, totals, the lower k
SELECT 'bounds hold after merging', bool_and(lower <= n AND n <= upper)
FROM topk_truth, (SELECT topk_merge(s) AS s FROM (SELECT topk_agg(t, 20 + g) AS s FROM topk_rows GROUP BY g) q) r,
    topk_bounds(s, item);
SELECT 'merging: the lower k, totals, errors',
    bool_and(topk_info(a.s || b.s) -> 'k' = to_jsonb(least(a.k, b.k)) AND topk_total(a.s || b.s) = a.n + b.n
        AND topk_error(a.s || b.s) <= (a.n + b.n) / (least(a.k, b.k) + 1.0))
FROM topk_samples a, topk_samples b;

-- 5. parallel plans --------------------------------------------------------------------------------------------------
SELECT approx_top_k(t, 100) AS serial_list FROM topk_rows \gset
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 4;
SELECT 'approx_top_k: a parallel plan',
    pg_temp.plan_of('SELECT approx_top_k(t, 100) FROM topk_rows') LIKE '%Finalize Aggregate%Partial Aggregate%';
SELECT 'approx_top_k in parallel', approx_top_k(t, 100) = :'serial_list' FROM topk_rows;
SELECT 'bounds hold in a parallel plan', bool_and(lower <= n AND n <= upper)
FROM topk_truth, (SELECT topk_agg(t, 20) AS s FROM topk_rows) q, topk_bounds(s, item);
SELECT 'approx_top_k of no rows in parallel', approx_top_k(v) IS NULL FROM topk_rows WHERE v < 0;
RESET max_parallel_workers_per_gather;

-- 6. windows, grouping sets, shared states ---------------------------------------------------------------------------
SELECT 'approx_top_k and few items in a growing frame',
    bool_and(w::bytea = (SELECT topk_agg(v, 20) FROM topk_rows r WHERE r.i <= q.i)::bytea AND jsonb_array_length(e) = 3)
FROM (SELECT i, topk_agg(v, 20) OVER wide AS w, approx_top_k(v, 3) OVER wide AS e FROM topk_rows WHERE i <= 400
    WINDOW wide AS (ORDER BY i)) q WHERE i > 50;
SELECT 'approx_top_k over the state of topk_agg', bool_and(a::bytea = b::bytea AND e -> 0 ->> 'item' = '1')
FROM (SELECT g, topk_agg(v) AS a, topk_agg(v) AS b, approx_top_k(v) AS e FROM topk_rows GROUP BY g) q;

-- 7. stored: toasted and short values, upserts, states that start from a tuple ---------------------------------------
CREATE TABLE topk_big AS SELECT 1 AS k, topk_agg(md5(i::text) || repeat('x', i % 200), 10000) AS s
FROM generate_series(1, 9000) i;
SELECT '10000 long items in TOAST', pg_column_size(s) > 100000 AND topk_error(s) = 0 AND topk_total(s || s) = 18000
FROM topk_big;

-- 8. groups stay small, and long streams too -------------------------------------------------------------------------
SELECT '100000 groups stay small', max(pg_column_size(s)) <= 300 AND count(*) = 100000
FROM (SELECT i % 100000 AS k, topk_agg(i) AS s FROM generate_series(1, 1000000) i GROUP BY 1) q;
SELECT 'a long stream stays small', length(topk_agg(lpad(i::text, 30, 'x'))::bytea) <= 10000
FROM generate_series(1, 200000) i;

DROP VIEW topk_truth;
DROP TABLE topk_rows, topk_samples, topk_big;
DROP TYPE topk_mood;
DROP COLLATION topk_folded;
DROP EXTENSION sketch;
