-- trend: which are the most active now? Every line prints t (or an error that is meant).
\i test/room.sql
SET timezone = 'UTC';
SET extra_float_digits = 0;

-- 20,000 events over 400 days, with a gap of a year in the middle; some come late. Item r comes like 1/r.
CREATE TABLE trend_rows AS
SELECT i, i % 7 AS g, 'page/' || 200 / (1 + (i * 7919) % 200) AS item, 1 + i % 3 AS w,
       timestamptz '2020-01-01' + i * interval '28 minutes' + (i / 10001) * interval '1 year' - (i % 10 = 0)::int * (i % 70) * interval '1 day' AS at
FROM generate_series(1, 20000) i;
ANALYZE trend_rows;
CREATE FUNCTION pg_temp.age(at timestamptz, as_of timestamptz, half_life interval) RETURNS float8 LANGUAGE sql
    AS 'SELECT power(2::float8, -(extract(epoch FROM as_of - at) / extract(epoch FROM half_life))::float8)';
CREATE FUNCTION pg_temp.near(a float8, b float8) RETURNS bool LANGUAGE sql AS 'SELECT abs(a - b) <= 1e-12 * greatest(abs(a), abs(b))';
SELECT max(at) AS latest FROM trend_rows \gset
CREATE VIEW trend_truth AS
SELECT item, h, sum(w * power(2::float8, -(extract(epoch FROM (SELECT max(at) FROM trend_rows) - at) / extract(epoch FROM h))::float8)) AS score
FROM trend_rows, unnest(ARRAY[interval '2 days', '30 days']) h GROUP BY 1, 2;

-- 1. input and output ------------------------------------------------------------------------------------------------
CREATE TABLE trend_samples AS
SELECT n, k, trend_scales_agg(item, at, '{2 days, 30 days}', k, w) AS s FROM unnest(ARRAY[1, 10, 1000, 20000]) n, unnest(ARRAY[4, 20, 500]) k,
    trend_rows WHERE i <= n GROUP BY n, k;
SELECT bool_and(s::text::trendsketch::bytea = s::bytea AND s::bytea::trendsketch::text = s::text) FROM trend_samples;
SELECT bool_and(trendsketch_send(s) = s::bytea) FROM trend_samples;

SELECT pg_temp.rejects('not base64!', '%L::trendsketch');
SELECT pg_temp.rejects('', '%L::trendsketch');
SELECT pg_temp.rejects(topk_empty()::bytea::text, '%L::bytea::trendsketch');
SELECT pg_temp.rejects(replace(trend_empty('1 day')::bytea::text, '\x4401', '\x44ff'), '%L::bytea::trendsketch');
SELECT pg_temp.rejects(replace(trend_empty('1 day')::bytea::text, '\x4401000101', '\x4401000105'), '%L::bytea::trendsketch');
SELECT pg_temp.rejects(trend_empty('1 day')::bytea::text || '00', '%L::bytea::trendsketch');
SELECT bool_and(pg_temp.rejects(substr(s::bytea, 1, cut)::text, '%L::bytea::trendsketch') LIKE '22P03 %')
FROM trend_samples, generate_series(0, 400, 7) cut WHERE cut < length(s::bytea);
SELECT pg_temp.rejects('0', 'trend_empty(%L)');
SELECT pg_temp.rejects('-1 day', 'trend_empty(%L)');
SELECT pg_temp.rejects('1 month', 'trend_empty(%L)');
SELECT pg_temp.rejects('2000 years', 'trend_empty(%L)');
SELECT pg_temp.rejects('400000 days', 'trend_empty(%L)');
SELECT pg_temp.rejects('3', 'trend_empty(''1 day'', %s)'), pg_temp.rejects('10001', 'trend_empty(''1 day'', %s)');
SELECT pg_temp.rejects('{}', 'trend_scales_empty(%L)'), pg_temp.rejects('{1 day,NULL}', 'trend_scales_empty(%L)');
SELECT pg_temp.rejects('{1 day,24:00}', 'trend_scales_empty(%L)'), pg_temp.rejects('{1 h,2 h,3 h,4 h,5 h}', 'trend_scales_empty(%L)');
SELECT pg_temp.rejects('NULL', 'trend_agg(1, now(), %s::interval)'), pg_temp.rejects('NULL', 'trend_agg(1, now(), ''1 day'', %s)');
SELECT pg_temp.rejects('infinity', 'trend_agg(1, %L, ''1 day'')'), pg_temp.rejects('-infinity', 'trend_agg(1, %L, ''1 day'')');
SELECT pg_temp.rejects('-1', 'trend_agg(1, ''2020-01-01'', ''1 day'', 9, %s)'), pg_temp.rejects('1e-200', 'trend_agg(1, ''2020-01-01'', ''1 day'', 9, %s)'),
       pg_temp.rejects('NaN', 'trend_agg(1, ''2020-01-01'', ''1 day'', 9, %L)');
SELECT pg_temp.rejects('infinity', 'trend_total(trend_empty(''1 day''), %L)'), pg_temp.rejects('2 days', 'trend_total(trend_empty(''1 day''), NULL, %L)');

-- 2. building --------------------------------------------------------------------------------------------------------
-- scores are the sum by brute force while all items are held, at any moment and in both scales
SELECT bool_and(coalesce(pg_temp.near(q.score, r.score) AND q.lower = q.upper, false)) AND count(*) > 20
FROM (SELECT h, (trend_items(s, NULL, NULL, h)).* FROM trend_samples, unnest(ARRAY[interval '2 days', '30 days']) h WHERE n = 20000 AND k = 500) q
FULL JOIN (SELECT h, item, score FROM trend_truth) r USING (h, item);
SELECT bool_and(pg_temp.near(trend_score(s, item, as_of, '30 days'), score * pg_temp.age(:'latest', as_of, '30 days')))
FROM trend_samples, trend_truth, unnest(ARRAY[timestamptz :'latest', :'latest'::timestamptz + interval '1 hour', '2024-02-29 12:34:56.789']) as_of
WHERE n = 20000 AND k = 500 AND h = '30 days';
SELECT trend_score(s, 'page/1', '1999-01-01') = trend_score(s, 'page/1'), trend_latest(s) = :'latest', trend_error(s) = 0 FROM trend_samples WHERE n = 20000 AND k = 500;
SELECT bool_and(pg_temp.near(trend_total(s, NULL, h), (SELECT sum(score) FROM trend_truth t WHERE t.h = q.h)))
FROM trend_samples, unnest(ARRAY[interval '2 days', '30 days']) q(h) WHERE n = 20000;
-- within the bounds when not all are held, tracked or not; the floor is at most total * 2 / k
SELECT bool_and(lower <= score + slack AND score <= upper + slack)
FROM trend_samples, trend_truth, trend_bounds(s, item, NULL, h), LATERAL (SELECT 1e-14 * trend_total(s, NULL, h)) t(slack) WHERE n = 20000;
SELECT bool_and(trend_error(s, NULL, h) <= trend_total(s, NULL, h) * 2 / k) AND bool_or(trend_error(s, NULL, h) > 0)
FROM trend_samples, unnest(ARRAY[interval '2 days', '30 days']) h;
-- one half-life is what two are; literals are plain
SELECT bool_and(pg_temp.near(a.score, b.score))
FROM (SELECT (trend_items(trend_agg(item, at, '2 days', 500, w))).* FROM trend_rows) a JOIN (SELECT item, score FROM trend_truth WHERE h = '2 days') b USING (item);
SELECT trend_agg('x', '2024-01-01', '1 day')::bytea = trend_add(NULL, 'x', '2024-01-01', '1 day')::bytea,
       trend_add(trend_empty('1 day'), 'x', '2024-01-01', '1 day')::bytea = trend_agg('x', '2024-01-01', '24:00')::bytea;
SELECT trend_scales_agg('x', '2024-01-01', '{7 days,1 day}')::bytea = trend_scales_agg('x', '2024-01-01', '{1 day,7 days}', 128, 1, '1 day')::bytea;
-- an event halves with every half-life; a steady rate is found again
SELECT trend_score(s, 'x') = 1, trend_score(s, 'x', '2024-01-02') = 0.5, trend_score(s, 'x', '2024-01-11') = 1 / 1024.0 FROM (SELECT trend_agg('x'::text, '2024-01-01', '1 day') AS s) q;
SELECT abs(rate_per_second * 60 - 1) < 0.001 FROM trend_items((SELECT trend_agg(1, timestamptz '2024-01-01' + i * interval '1 minute', '1 day') FROM generate_series(1, 40000) i));
-- ordered by score
SELECT array_agg(item ORDER BY ordinality) = array_agg(item ORDER BY score DESC, upper DESC, item COLLATE "C")
FROM trend_items((SELECT s FROM trend_samples WHERE n = 20000 AND k = 20)) WITH ORDINALITY;
SELECT trend_info(trend_agg(i, '2024-01-01', '1 day')) FROM generate_series(1, 5) i;

-- a burst: rare before, often in the last day
SELECT item = 'news' AND strength > 5 AND score > 3 * expected FROM trend_bursts((
    SELECT trend_scales_agg(item, at, '{1 day, 30 days}') FROM (
        SELECT 'page ' || i % 50 AS item, timestamptz '2024-01-01' + i * interval '10 minutes' AS at FROM generate_series(1, 14400) i
        UNION ALL SELECT 'news', timestamptz '2024-04-09' + i * interval '20 minutes' FROM generate_series(1, 72) i) q), 1);
SELECT pg_temp.rejects('1 day', 'trend_bursts(trend_empty(%L))');

-- the future: an error, unless the sketch was made to take it
SELECT pg_temp.rejects('9999-01-01', 'trend_agg(1, %L, ''1 day'')');
SELECT trend_latest(trend_agg(1, '2525-01-01', '1 day', 128, 1, '365250 days')) = '2525-01-01';
SELECT trend_latest(trend_agg(1, now() + interval '23 hours', '1 day')) > now(), pg_temp.rejects('25 hours', 'trend_agg(1, now() + interval %L, ''1 day'')') LIKE '22008 %';
SELECT pg_temp.rejects('9999-01-01', 'trend_agg(1, %L, ''1 day'', 128, 1, ''4000000 days'')'), pg_temp.rejects('-1 day', 'trend_empty(''1 day'', 128, %L)');
SELECT pg_temp.rejects(trend_agg(1, '2525-01-01', '1 day', 128, 1, '365250 days')::text, '%L::trendsketch || trend_agg(1, ''2020-01-01'', ''1 day'')') LIKE '22008 an event at %';

-- 3. NULL and nothing ------------------------------------------------------------------------------------------------
SELECT trend_agg(NULL::int, now(), '1 day') IS NULL, trend_agg(1, NULL, '1 day') IS NULL, trend_merge(NULL::trendsketch) IS NULL FROM trend_rows;
SELECT trend_agg(item, at, '1 day') IS NULL, trend_agg(item, at, '1 day') FILTER (WHERE w < 0) IS NULL FROM trend_rows WHERE false;
SELECT pg_temp.near(trend_total(trend_agg(w, at, '1 day', 10, CASE WHEN i = 5 THEN 3.0 END)), 3) FROM trend_rows;
SELECT trend_merge(NULL, s)::bytea = s::bytea, trend_merge(s, NULL)::bytea = s::bytea, trend_merge(NULL::trendsketch, NULL) IS NULL,
       trend_add(s, NULL::text, now(), '1 day')::bytea = s::bytea, trend_add(NULL::trendsketch, NULL::int, now(), '1 day') IS NULL, trend_score(NULL, 1) IS NULL
FROM trend_samples WHERE n = 1000 AND k = 20;
SELECT count(*) = 0 FROM trend_items(NULL);
SELECT count(*) = 0 FROM trend_items(trend_empty('1 day'));
SELECT trend_total(trend_empty('1 day')) = 0, trend_error(trend_empty('1 day')) = 0, trend_score(trend_empty('1 day'), 5) = 0, trend_latest(trend_empty('1 day')) IS NULL;
SELECT pg_temp.rejects('1', 'trend_add(trend_add(NULL, ''a'', ''2020-01-01'', ''1 day''), %s, ''2020-01-01'', ''1 day'')');

-- 4. merging ---------------------------------------------------------------------------------------------------------
CREATE FUNCTION pg_temp.same(a trendsketch, b trendsketch) RETURNS bool LANGUAGE sql AS $$
    SELECT trend_latest(a) = trend_latest(b)
       AND bool_and(coalesce(pg_temp.near(x.score, y.score) AND pg_temp.near(x.upper, y.upper), false)) FROM trend_items(a) x FULL JOIN trend_items(b) y USING (item) $$;
SELECT bool_and(pg_temp.same((SELECT trend_merge(part) FROM (SELECT trend_scales_agg(item, at, '{2 days, 30 days}', 500, w) AS part FROM trend_rows WHERE i <= n GROUP BY i % parts) q), s))
FROM trend_samples, unnest(ARRAY[2, 7, 100]) parts WHERE k = 500;
SELECT bool_and(pg_temp.same(trend_scales_agg, s)) FROM trend_samples,
    (SELECT trend_scales_agg(item, at, '{2 days, 30 days}', 500, w ORDER BY md5(i::text)) FROM trend_rows) q WHERE n = 20000 AND k = 500;
SELECT bool_and((a.s || b.s)::bytea = (b.s || a.s)::bytea) FROM trend_samples a, trend_samples b WHERE a.k = 500 AND b.k = 500;
SELECT bool_and(trend_info(a.s || b.s) -> 'k' = to_jsonb(least(a.k, b.k))) FROM trend_samples a, trend_samples b;
SELECT pg_temp.rejects('2 days', 'trend_empty(''1 day'') || trend_empty(%L)'), pg_temp.rejects('1', 'trend_agg(1, ''2020-01-01'', ''1 day'') || trend_agg(''a'', ''2020-01-01'', ''1 day'')');

-- 5. parallel plans --------------------------------------------------------------------------------------------------
SELECT trend_agg(item, at, '2 days') AS serial FROM trend_rows \gset
CREATE TEMP TABLE serial_groups AS SELECT g, trend_agg(item, at, '2 days') AS s FROM trend_rows GROUP BY g;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 4;
SELECT pg_temp.plan_of('SELECT trend_agg(item, at, ''2 days'') FROM trend_rows') LIKE '%Finalize Aggregate%Partial Aggregate%';
CREATE TEMP TABLE parallel_all AS SELECT trend_agg(item, at, '2 days') AS s FROM trend_rows;
CREATE TEMP TABLE parallel_groups AS SELECT g, trend_agg(item, at, '2 days') AS s FROM trend_rows GROUP BY g;
RESET max_parallel_workers_per_gather;
SELECT pg_temp.same(s, :'serial') FROM parallel_all;
SELECT count(*) = 7 AND bool_and(pg_temp.same(p.s, q.s)) FROM serial_groups p JOIN parallel_groups q USING (g);

-- 6. windows, grouping sets, shared states ---------------------------------------------------------------------------
SELECT bool_and(w::bytea = (SELECT trend_agg(item, at, '2 days' ORDER BY i) FROM trend_rows r WHERE r.i BETWEEN q.i - 20 AND q.i)::bytea)
FROM (SELECT i, trend_agg(item, at, '2 days') OVER (ORDER BY i ROWS 20 PRECEDING) AS w FROM trend_rows WHERE i <= 300) q;
SELECT bool_and(w::bytea = (SELECT trend_agg(item, at, '2 days' ORDER BY i) FROM trend_rows r WHERE r.i <= q.i)::bytea)
FROM (SELECT i, trend_agg(item, at, '2 days') OVER (ORDER BY i) AS w FROM trend_rows WHERE i <= 300) q;
SELECT bool_and(a::bytea = b::bytea) FROM (SELECT g, trend_agg(item, at, '2 days') AS a, trend_agg(item, at, '2 days') AS b FROM trend_rows GROUP BY g) q;
SELECT count(*) = 8 AND bool_and(s IS NOT NULL) AND bool_or(pg_temp.same(s, :'serial'))
FROM (SELECT g, trend_agg(item, at, '2 days') AS s FROM trend_rows GROUP BY ROLLUP (g)) q;

-- 7. stored: a stream, batch by batch --------------------------------------------------------------------------------
CREATE TABLE trend_now (g int PRIMARY KEY, t trendsketch);
CREATE PROCEDURE pg_temp.batch(low int, high int) LANGUAGE sql AS $$
    INSERT INTO trend_now SELECT g, trend_agg(item, at, '2 days') FROM trend_rows WHERE i BETWEEN low AND high GROUP BY g
    ON CONFLICT (g) DO UPDATE SET t = trend_now.t || excluded.t $$;
CALL pg_temp.batch(1, 5000);
CALL pg_temp.batch(10001, 20000);
SELECT count(*) = 7 AND bool_and(trend_score(t, 'page/1', now()) < trend_score(t, 'page/1')) FROM trend_now;
CALL pg_temp.batch(5001, 10000);
SELECT bool_and(pg_temp.same(n.t, q.s)) FROM trend_now n JOIN serial_groups q USING (g);
SELECT pg_temp.same(trend_merge(t), :'serial') FROM trend_now;
-- a stored value is never written to
SELECT md5(string_agg(s::text, '' ORDER BY n, k)) AS before FROM trend_samples \gset
SELECT count(trend_merge(a.s, b.s)) > 0, count(trend_add(a.s, 'x'::text, '2022-01-01', '1 day')) > 0 FROM trend_samples a, trend_samples b;
SELECT md5(string_agg(s::text, '' ORDER BY n, k)) = :'before' FROM trend_samples;
SELECT max(pg_column_size(s)) <= 320 AND count(*) = 10000 FROM (SELECT i % 10000 AS k, trend_agg(i, '2024-01-01', '1 day') AS s FROM generate_series(1, 100000) i GROUP BY 1) q;

DROP FUNCTION pg_temp.same;
DROP VIEW trend_truth;
DROP TABLE trend_rows, trend_samples, trend_now, serial_groups, parallel_all, parallel_groups;
DROP EXTENSION sketch;
