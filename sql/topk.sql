-- topk: which are the most frequent? Every line prints t (or an error that is meant).
\i test/room.sql
SET extra_float_digits = 0;

-- item r of about 900 comes with a weight that falls like 1/r; the first ones stand in every group
CREATE TABLE topk_rows AS
SELECT i, i % 7 AS g, 40000 / (1 + (i * 7919) % 40000) AS v,
       CASE WHEN i % 10 = 0 THEN NULL ELSE 'page/' || 40000 / (1 + (i * 7919) % 40000) END AS t, i % 4 AS w
FROM generate_series(1, 40000) i;
ANALYZE topk_rows;
CREATE VIEW topk_truth AS SELECT t AS item, count(*) AS n FROM topk_rows WHERE t IS NOT NULL GROUP BY t;

-- 1. input and output ------------------------------------------------------------------------------------------------
CREATE TABLE topk_samples AS
SELECT n, k, topk_agg('item ' || (i * i % 1009), k) AS s FROM unnest(ARRAY[1, 10, 100, 1000, 20000]) n, unnest(ARRAY[1, 20, 128, 2000]) k
CROSS JOIN LATERAL generate_series(1, n) i GROUP BY n, k;
SELECT bool_and(s::text::topksketch::bytea = s::bytea AND s::bytea::topksketch::text = s::text) FROM topk_samples;
SELECT bool_and(topksketch_send(s) = s::bytea) FROM topk_samples;

SELECT pg_temp.rejects('not base64!', '%L::topksketch');
SELECT pg_temp.rejects('', '%L::topksketch');
SELECT pg_temp.rejects('\x', '%L::bytea::topksketch');
SELECT pg_temp.rejects('\x48', '%L::bytea::topksketch');
SELECT pg_temp.rejects(replace(topk_empty()::bytea::text, '\x46', '\x48'), '%L::bytea::topksketch');
SELECT pg_temp.rejects(replace(topk_empty()::bytea::text, '\x4601', '\x46ff'), '%L::bytea::topksketch');
SELECT pg_temp.rejects(topk_empty()::bytea::text || '00', '%L::bytea::topksketch');
SELECT pg_temp.rejects(replace(topk_empty(170)::bytea::text, 'aa000000', 'ffffffff'), '%L::bytea::topksketch');
SELECT bool_and(pg_temp.rejects(substr(s::bytea, 1, cut)::text, '%L::bytea::topksketch') LIKE '22P03 %')
FROM topk_samples, generate_series(0, 400, 7) cut WHERE cut < length(s::bytea);
SELECT pg_temp.rejects('0', 'topk_agg(1, %s)'), pg_temp.rejects('10001', 'topk_empty(%s)'), pg_temp.rejects('NULL', 'topk_agg(1, %s)'),
       pg_temp.rejects('1001', 'approx_top_k(1, %s)');
SELECT pg_temp.rejects('-1', 'topk_agg(1, 5, %s)'), pg_temp.rejects('NaN', 'topk_agg(1, 5, %L)'), pg_temp.rejects('Infinity', 'topk_agg(1, 5, %L)');
SELECT pg_temp.rejects('-1', 'topk_items(topk_empty(), %s)'), pg_temp.rejects('-0.1', 'topk_above(topk_empty(), %s)');

-- 2. building --------------------------------------------------------------------------------------------------------
-- exact while all items are held
SELECT bool_and(coalesce(estimate = n AND lower = n AND upper = n AND guaranteed, false)) AND count(*) > 300
FROM (SELECT (topk_items(topk_agg(t, 2000))).* FROM topk_rows) q FULL JOIN topk_truth USING (item);
SELECT topk_error(topk_agg(t, 2000)) = 0, topk_total(topk_agg(t, 20)) = count(t) FROM topk_rows;
-- within the bounds when they are not, tracked or not
SELECT bool_and(lower <= n AND n <= upper) FROM topk_truth, (SELECT topk_agg(t, 20) AS s FROM topk_rows) q, topk_bounds(s, item);
SELECT topk_error(s) <= topk_total(s) / 21 AND topk_error(s) > 0 FROM (SELECT topk_agg(t, 20) AS s FROM topk_rows) q;
-- ordered, and the true first five, all of them guaranteed
SELECT array_agg(item) = ARRAY['page/1', 'page/2', 'page/3', 'page/4', 'page/5'] AND bool_and(guaranteed)
FROM (SELECT * FROM topk_items((SELECT topk_agg(t) FROM topk_rows), 5)) q;
SELECT array_agg(item ORDER BY ordinality) = array_agg(item ORDER BY estimate DESC, upper DESC, item COLLATE "C")
FROM topk_items((SELECT topk_agg(t) FROM topk_rows)) WITH ORDINALITY;
-- heavy hitters: with a threshold above the error none is missing; without false positives all are right
SELECT count(*) = 0 FROM (SELECT item FROM topk_truth WHERE n > 0.02 * 36000
                           EXCEPT SELECT (topk_above(topk_agg(t, 60), 0.02)).item FROM topk_rows) q;
SELECT bool_and(n > 0.02 * 36000) AND count(*) = (SELECT count(*) FROM topk_truth WHERE n > 0.02 * 36000) FROM (SELECT (topk_above(topk_agg(t, 60), 0.02, true)).* FROM topk_rows) q JOIN topk_truth USING (item);
SELECT (SELECT array_agg(a) FROM topk_above(s, 720, true) a) = (SELECT array_agg(a) FROM topk_above(s, 0.02, true) a) FROM (SELECT topk_agg(t, 60) AS s FROM topk_rows) q;
-- weights: integers stay integers in print
SELECT bool_and(estimate = w) FROM (SELECT (topk_items(topk_agg(v, 1000, w))).* FROM topk_rows) q JOIN (SELECT v::text AS item, sum(w) AS w FROM topk_rows GROUP BY v) r USING (item);
SELECT item, estimate FROM topk_items((SELECT topk_agg(x, 5, w) FROM (VALUES ('a', 1.0), ('b', 2.5), ('a', 2.0), ('c', 0), ('d', NULL), (NULL, 9)) v(x, w)));
SELECT topk_add(topk_add(NULL, 'a'), 'b')::bytea = topk_agg(x)::bytea, topk_add(topk_add(NULL, 'b', 1), 'a')::bytea = topk_agg(x)::bytea FROM (VALUES ('a'), ('b')) v(x);
SELECT topk_add(topk_empty(5), 'x', 3)::bytea = topk_agg('x'::text, 5, 3)::bytea;
SELECT topk_estimate(s, 'page/1') = n, topk_estimate(s, 'nowhere') = 0 FROM (SELECT topk_agg(t) AS s FROM topk_rows) q, topk_truth WHERE item = 'page/1';
SELECT approx_top_k(t, 2) FROM topk_rows;
SELECT approx_top_k(v, 3) = (SELECT jsonb_agg(jsonb_build_object('item', item::int, 'count', estimate, 'lower', lower, 'upper', upper))
                             FROM topk_items((SELECT topk_agg(v) FROM topk_rows), 3)) FROM topk_rows;
SELECT jsonb_array_length(approx_top_k(t)) = 10, approx_top_k('say "hi"\'::text) -> 0 ->> 'item' = 'say "hi"\' FROM topk_rows WHERE t IS NOT NULL;
SELECT topk_info(topk_agg(i)) FROM generate_series(1, 5) i;

-- kinds of items
SELECT (SELECT array_agg(item ORDER BY item COLLATE "C") FROM topk_items(s)) FROM (
    SELECT 1 AS o, topk_agg(x) AS s FROM (VALUES (true), (false)) v(x)
    UNION ALL SELECT 2, topk_agg(x) FROM (VALUES (-5::int2), (7)) v(x)
    UNION ALL SELECT 3, topk_agg(x) FROM (VALUES (0::float4), ('-0'), ('NaN'), (0.1)) v(x)
    UNION ALL SELECT 4, topk_agg(x) FROM (VALUES (1e300::float8), (5), ('-Infinity'), (0.1)) v(x)
    UNION ALL SELECT 5, topk_agg(x) FROM (VALUES (1.50), (1.5), (100), (1e3)) v(x)
    UNION ALL SELECT 6, topk_agg(x) FROM (VALUES (''), ('b'), ('B '), ('ü')) v(x)
    UNION ALL SELECT 7, topk_agg(x) FROM (VALUES ('\x00ff'::bytea), ('')) v(x)
    UNION ALL SELECT 8, topk_agg(x) FROM (VALUES (date '2024-01-31'), ('0044-03-15 BC'), ('infinity')) v(x)
    UNION ALL SELECT 9, topk_agg(x) FROM (VALUES (timestamp '2024-01-31 12:00'), ('2024-01-31 12:00:00.5'), ('-infinity')) v(x)
    UNION ALL SELECT 10, topk_agg(x) FROM (VALUES ('10.0.0.1'::inet), ('::1')) v(x)
    UNION ALL SELECT 11, topk_agg(x) FROM (VALUES ('{"a": 1}'::jsonb)) v(x)
    UNION ALL SELECT 12, topk_agg(x) FROM (VALUES ('a'::char(5)), ('a')) v(x)
    UNION ALL SELECT 13, topk_agg(x) FROM (VALUES ('a'::"char"), ('b')) v(x)
    UNION ALL SELECT 14, topk_agg(x) FROM (VALUES ('00000000-0000-0000-0000-000000000001'::uuid)) v(x)) q ORDER BY o;
CREATE TYPE topk_mood AS ENUM ('sad', 'ok');
SELECT (SELECT array_agg(item ORDER BY item) FROM topk_items(topk_agg(x))) FROM (VALUES ('ok'::topk_mood), ('sad')) v(x);
-- settings change nothing
SELECT topk_agg(x)::text AS iso FROM (VALUES (date '2024-01-31'), ('infinity')) v(x) \gset
SELECT topk_agg(x)::text AS shortest FROM (VALUES (0.1::float8), (1.0 / 3)) v(x) \gset
SET datestyle = 'German'; SET extra_float_digits = -10;
SELECT topk_agg(x)::text = :'iso' FROM (VALUES (date '2024-01-31'), ('infinity')) v(x);
SELECT topk_agg(x)::text = :'shortest' FROM (VALUES (0.1::float8), (1.0 / 3)) v(x);
RESET datestyle; SET extra_float_digits = 0;
SELECT pg_temp.rejects('now()', 'topk_agg(%s)'), pg_temp.rejects('1::money', 'topk_agg(%s)'), pg_temp.rejects('ARRAY[now()]', 'topk_agg(%s)');
SELECT pg_temp.rejects('8192', 'topk_agg(repeat(''x'', %s))'), topk_info(topk_agg(repeat('x', 8191))) ->> 'entries' = '1';
SELECT pg_temp.rejects('1', 'topk_add(topk_add(NULL, ''a''), %s)'), pg_temp.rejects('1', 'topk_add(NULL, ''a'') || topk_add(NULL, %s)'),
       pg_temp.rejects('1', 'topk_estimate(topk_add(NULL, ''a''), %s)');
CREATE COLLATION topk_folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
SELECT pg_temp.rejects('topk_folded', 'topk_agg(''a'' COLLATE %s)');

-- 3. NULL and nothing ------------------------------------------------------------------------------------------------
SELECT topk_agg(NULL::int) IS NULL, topk_agg(v) IS NULL, topk_merge(NULL::topksketch) IS NULL, approx_top_k(v) IS NULL FROM topk_rows WHERE false;
SELECT topk_agg(NULL::int) IS NULL, approx_top_k(NULL::text) IS NULL, topk_agg(v) FILTER (WHERE v < 0) IS NULL FROM topk_rows;
SELECT topk_merge(NULL, s)::bytea = s::bytea, topk_merge(s, NULL)::bytea = s::bytea, topk_merge(NULL::topksketch, NULL) IS NULL,
       topk_add(s, NULL::text)::bytea = s::bytea, topk_add(NULL::topksketch, NULL::int) IS NULL, topk_estimate(NULL, 1) IS NULL
FROM topk_samples WHERE n = 100 AND k = 128;
SELECT count(*) = 0 FROM topk_items(NULL);
SELECT count(*) = 0 FROM topk_items(topk_empty());
SELECT topk_total(topk_empty()) = 0, topk_error(topk_empty()) = 0, topk_estimate(topk_empty(), 5) = 0;

-- 4. merging ---------------------------------------------------------------------------------------------------------
-- exact while all items are held: the bytes are those of one pass
SELECT bool_and((SELECT topk_merge(part) FROM (SELECT topk_agg('item ' || (i * i % 1009), k) AS part FROM generate_series(1, n) i GROUP BY i % parts) q)::bytea = s::bytea)
FROM topk_samples, unnest(ARRAY[2, 7, 100]) parts WHERE k = 2000 OR (k = 128 AND n <= 100);
SELECT bool_and((a.s || b.s)::bytea = (b.s || a.s)::bytea) FROM topk_samples a, topk_samples b WHERE a.k = 2000 AND b.k = 2000;
-- always: bounds, totals, the lower k
SELECT bool_and(lower <= n AND n <= upper) FROM topk_truth,
    (SELECT topk_merge(s) AS s FROM (SELECT topk_agg(t, 20 + g) AS s FROM topk_rows GROUP BY g) q) r, topk_bounds(s, item);
SELECT bool_and(topk_info(a.s || b.s) -> 'k' = to_jsonb(least(a.k, b.k)) AND topk_total(a.s || b.s) = a.n + b.n
                AND topk_error(a.s || b.s) <= (a.n + b.n) / (least(a.k, b.k) + 1.0)) FROM topk_samples a, topk_samples b;

-- 5. parallel plans --------------------------------------------------------------------------------------------------
SELECT topk_agg(v, 1000) AS serial, approx_top_k(t, 100) AS serial_list FROM topk_rows \gset
CREATE TEMP TABLE serial_groups AS SELECT g, topk_agg(v, 1000) AS s, topk_agg(t, 1000, w) AS t FROM topk_rows GROUP BY g;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 4;
SELECT pg_temp.plan_of('SELECT topk_agg(v) FROM topk_rows') LIKE '%Finalize Aggregate%Partial Aggregate%';
SELECT topk_agg(v, 1000)::text = :'serial', approx_top_k(t, 100) = :'serial_list' FROM topk_rows;
SELECT bool_and(p.s::bytea = q.s::bytea AND p.t::bytea = q.t::bytea) FROM serial_groups p
JOIN (SELECT g, topk_agg(v, 1000) AS s, topk_agg(t, 1000, w) AS t FROM topk_rows GROUP BY g) q USING (g);
SELECT bool_and(lower <= n AND n <= upper) FROM topk_truth, (SELECT topk_agg(t, 20) AS s FROM topk_rows) q, topk_bounds(s, item);
SELECT topk_agg(v) IS NULL, approx_top_k(v) IS NULL FROM topk_rows WHERE v < 0;
CREATE TABLE topk_parts AS SELECT i % 500 AS k, topk_agg(v, 1000) AS s FROM topk_rows GROUP BY 1;
SELECT topk_merge(s)::text = :'serial' FROM topk_parts;
RESET max_parallel_workers_per_gather;

-- 6. windows, grouping sets, shared states ---------------------------------------------------------------------------
SELECT bool_and(w::bytea = (SELECT topk_agg(v, 1000) FROM topk_rows r WHERE r.i BETWEEN q.i - 20 AND q.i)::bytea)
FROM (SELECT i, topk_agg(v, 1000) OVER (ORDER BY i ROWS 20 PRECEDING) AS w FROM topk_rows WHERE i <= 300) q;
SELECT bool_and(w::bytea = (SELECT topk_agg(v, 20) FROM topk_rows r WHERE r.i <= q.i)::bytea AND jsonb_array_length(e) = 3)
FROM (SELECT i, topk_agg(v, 20) OVER wide AS w, approx_top_k(v, 3) OVER wide AS e FROM topk_rows WHERE i <= 400 WINDOW wide AS (ORDER BY i)) q WHERE i > 50;
SELECT bool_and(m::bytea = (SELECT topk_merge(s) FROM topk_parts r WHERE r.k BETWEEN q.k - 6 AND q.k)::bytea)
FROM (SELECT k, topk_merge(s) OVER (ORDER BY k ROWS 6 PRECEDING) AS m FROM topk_parts) q;
SELECT bool_and(a::bytea = b::bytea AND e -> 0 ->> 'item' = '1') FROM (SELECT g, topk_agg(v) AS a, topk_agg(v) AS b, approx_top_k(v) AS e FROM topk_rows GROUP BY g) q;
SELECT (SELECT s FROM (SELECT g, topk_agg(v, 1000) AS s FROM topk_rows GROUP BY GROUPING SETS ((g), ())) q WHERE g IS NULL)::text = :'serial';
SELECT count(*) = 8 AND bool_and(s IS NOT NULL) FROM (SELECT g, topk_agg(v) AS s FROM topk_rows GROUP BY ROLLUP (g)) q;

-- 7. stored: toasted and short values, upserts, states that start from a tuple ---------------------------------------
CREATE TABLE topk_daily (day int PRIMARY KEY, pages topksketch);
INSERT INTO topk_daily SELECT g, topk_agg(t, 1000) FROM topk_rows WHERE i <= 20000 GROUP BY g;
INSERT INTO topk_daily SELECT g, topk_agg(t, 1000) FROM topk_rows WHERE i > 20000 GROUP BY g
ON CONFLICT (day) DO UPDATE SET pages = topk_daily.pages || excluded.pages;
SELECT bool_and(d.pages::bytea = q.s::bytea) FROM topk_daily d JOIN (SELECT g, topk_agg(t, 1000) AS s FROM topk_rows GROUP BY g) q ON d.day = q.g;
CREATE TABLE topk_big AS SELECT 1 AS k, topk_agg(md5(i::text) || repeat('x', i % 200), 10000) AS s FROM generate_series(1, 9000) i;
SELECT pg_column_size(s) > 100000 AND topk_error(s) = 0 AND topk_total(s || s) = 18000 FROM topk_big;
SELECT md5(string_agg(s::text, '' ORDER BY n, k)) AS before FROM topk_samples \gset
SELECT count(topk_merge(a.s, b.s)) > 0, count(topk_add(a.s, 'x'::text)) > 0 FROM topk_samples a, topk_samples b;
SELECT md5(string_agg(s::text, '' ORDER BY n, k)) = :'before' FROM topk_samples;

-- 8. groups stay small, and long streams too -------------------------------------------------------------------------
SELECT max(pg_column_size(s)) <= 300 AND count(*) = 100000 FROM (SELECT i % 100000 AS k, topk_agg(i) AS s FROM generate_series(1, 1000000) i GROUP BY 1) q;
SELECT length(topk_agg(lpad(i::text, 30, 'x'))::bytea) <= 10000 FROM generate_series(1, 200000) i;

DROP VIEW topk_truth;
DROP TABLE topk_rows, topk_samples, topk_parts, topk_daily, topk_big, serial_groups;
DROP TYPE topk_mood;
DROP COLLATION topk_folded;
DROP EXTENSION sketch;
