-- trend: which are the most active now?
-- Every line prints its name and t, or an error that is meant.
\i test/room.sql
SET timezone = 'UTC';
SET extra_float_digits = 0;

-- 20,000 events over 400 days, with a gap of a year in the middle; some come late. Item r comes like 1/r.
CREATE TABLE trend_rows AS
SELECT i, i % 7 AS g, 'page/' || 200 / (1 + (i * 7919) % 200) AS item, 1 + i % 3 AS w,
       timestamptz '2020-01-01' + i * interval '28 minutes' + (i / 10001) * interval '1 year'
           - (i % 10 = 0)::int * (i % 70) * interval '1 day' AS at
FROM generate_series(1, 20000) i;
ANALYZE trend_rows;
CREATE FUNCTION pg_temp.age(at timestamptz, as_of timestamptz, half_life interval) RETURNS float8 LANGUAGE sql
    AS 'SELECT power(2::float8, -(extract(epoch FROM as_of - at) / extract(epoch FROM half_life))::float8)';
CREATE FUNCTION pg_temp.near(a float8, b float8) RETURNS bool LANGUAGE sql
    AS 'SELECT abs(a - b) <= 1e-12 * greatest(abs(a), abs(b))';
SELECT max(at) AS latest FROM trend_rows \gset
CREATE VIEW trend_truth AS
SELECT item, h, sum(w * power(2::float8,
    -(extract(epoch FROM (SELECT max(at) FROM trend_rows) - at) / extract(epoch FROM h))::float8)) AS score
FROM trend_rows, unnest(ARRAY[interval '2 days', '30 days']) h GROUP BY 1, 2;

-- 1. what is rejected ------------------------------------------------------------------------------------------------
CREATE TABLE trend_samples AS
SELECT n, k, trend_scales_weighted_agg(item, at, w, '{2 days, 30 days}', k) AS s
FROM unnest(ARRAY[1, 10, 1000, 20000]) n, unnest(ARRAY[4, 20, 500]) k,
    trend_rows WHERE i <= n GROUP BY n, k;

SELECT 'rejects bytes of topk', pg_temp.rejects(topk_new()::bytea::text, '%L::bytea::trendsketch');
SELECT 'rejects bytes: scales out of range',
    pg_temp.rejects(replace(trend_new('1 day')::bytea::text, '\x4401000101', '\x4401000105'),
        '%L::bytea::trendsketch');
SELECT 'rejects half-life: 0', pg_temp.rejects('0', 'trend_new(%L)');
SELECT 'rejects half-life: -1 day', pg_temp.rejects('-1 day', 'trend_new(%L)');
SELECT 'rejects half-life: 1 month', pg_temp.rejects('1 month', 'trend_new(%L)');
SELECT 'rejects half-life: 2000 years', pg_temp.rejects('2000 years', 'trend_new(%L)');
SELECT 'rejects half-life: 400000 days', pg_temp.rejects('400000 days', 'trend_new(%L)');
SELECT 'rejects k: 3, 10001',
    pg_temp.rejects('3', 'trend_new(''1 day'', %s)'), pg_temp.rejects('10001', 'trend_new(''1 day'', %s)');
SELECT 'rejects half-lives: none, NULL',
    pg_temp.rejects('{}', 'trend_scales_new(%L)'), pg_temp.rejects('{1 day,NULL}', 'trend_scales_new(%L)');
SELECT 'rejects half-lives: twice the same, five',
    pg_temp.rejects('{1 day,24:00}', 'trend_scales_new(%L)'),
    pg_temp.rejects('{1 h,2 h,3 h,4 h,5 h}', 'trend_scales_new(%L)');
SELECT 'rejects NULL: half-life, k',
    pg_temp.rejects('NULL', 'trend_agg(1, now(), %s::interval)'),
    pg_temp.rejects('NULL', 'trend_agg(1, now(), ''1 day'', %s)');
SELECT 'rejects moments: infinity, -infinity',
    pg_temp.rejects('infinity', 'trend_agg(1, %L, ''1 day'')'),
    pg_temp.rejects('-infinity', 'trend_agg(1, %L, ''1 day'')');
SELECT 'rejects weight: -1, 1e-200, NaN',
    pg_temp.rejects('-1', 'trend_weighted_agg(1, ''2020-01-01'', %s, ''1 day'', 9)'),
    pg_temp.rejects('1e-200', 'trend_weighted_agg(1, ''2020-01-01'', %s, ''1 day'', 9)'),
    pg_temp.rejects('NaN', 'trend_weighted_agg(1, ''2020-01-01'', %L, ''1 day'', 9)');
SELECT 'rejects as_of: infinity; rejects a half-life it has not',
    pg_temp.rejects('infinity', 'trend_total(trend_new(''1 day''), %L)'),
    pg_temp.rejects('2 days', 'trend_total(trend_new(''1 day''), NULL, %L)');

-- 2. building --------------------------------------------------------------------------------------------------------
-- scores are the sum by brute force while all items are held, at any moment and in both scales
SELECT 'scores are exact while all are held',
    bool_and(coalesce(pg_temp.near(q.score, r.score) AND q.upper - q.lower <= 2e-11 * q.upper, false)) AND count(*) > 20
FROM (SELECT h, (trend_items(s, NULL, NULL, h)).* FROM trend_samples, unnest(ARRAY[interval '2 days', '30 days']) h
    WHERE n = 20000 AND k = 500) q FULL JOIN (SELECT h, item, score FROM trend_truth) r USING (h, item);
SELECT 'scores at any moment',
    bool_and(pg_temp.near(trend_score(s, item, as_of, '30 days'), score * pg_temp.age(:'latest', as_of, '30 days')))
FROM trend_samples, trend_truth,
    unnest(ARRAY[timestamptz :'latest', :'latest'::timestamptz + interval '1 hour', '2024-02-29 12:34:56.789']) as_of
WHERE n = 20000 AND k = 500 AND h = '30 days';
SELECT 'the newest event: score, latest, error',
    trend_score(s, 'page/1', '1999-01-01') = trend_score(s, 'page/1'), trend_latest(s) = :'latest', trend_error(s) = 0
FROM trend_samples WHERE n = 20000 AND k = 500;
SELECT 'totals', bool_and(pg_temp.near(trend_total(s, NULL, h), (SELECT sum(score) FROM trend_truth t WHERE t.h = q.h)))
FROM trend_samples, unnest(ARRAY[interval '2 days', '30 days']) q(h) WHERE n = 20000;
-- within the bounds when not all are held, tracked or not; the floor is at most total * 2 / k
SELECT 'bounds hold, held or not', bool_and(lower <= score + slack AND score <= upper + slack)
FROM trend_samples, trend_truth, trend_bounds(s, item, NULL, h),
LATERAL (SELECT 1e-14 * trend_total(s, NULL, h)) t(slack) WHERE n = 20000;
SELECT 'error: at most total * 2 / k, not 0',
    bool_and(trend_error(s, NULL, h) <= trend_total(s, NULL, h) * 2 / k) AND bool_or(trend_error(s, NULL, h) > 0)
FROM trend_samples, unnest(ARRAY[interval '2 days', '30 days']) h;
-- one half-life is what two are; literals are plain
SELECT 'one half-life is as of two', bool_and(pg_temp.near(a.score, b.score))
FROM (SELECT (trend_items(trend_weighted_agg(item, at, w, '2 days', 500))).* FROM trend_rows) a
JOIN (SELECT item, score FROM trend_truth WHERE h = '2 days') b USING (item);
SELECT 'literals: agg, add',
    trend_agg('x', '2024-01-01', '1 day')::bytea = trend_add(NULL, 'x', '2024-01-01', '1 day')::bytea,
    trend_add(trend_new('1 day'), 'x', '2024-01-01', '1 day')::bytea = trend_agg('x', '2024-01-01', '24:00')::bytea;
SELECT 'half-lives in any order, and defaults',
    trend_scales_agg('x', '2024-01-01', '{7 days,1 day}')::bytea
        = trend_scales_agg('x', '2024-01-01', '{1 day,7 days}', 128, '1 day')::bytea;
-- an event halves with every half-life; a steady rate is found again
SELECT 'a score halves: now, after 1 day, after 10',
    trend_score(s, 'x') = 1, trend_score(s, 'x', '2024-01-02') = 0.5, trend_score(s, 'x', '2024-01-11') = 1 / 1024.0
FROM (SELECT trend_agg('x'::text, '2024-01-01', '1 day') AS s) q;
SELECT 'a steady rate is found again', abs(rate_per_second * 60 - 1) < 0.001
FROM trend_items((SELECT trend_agg(1, timestamptz '2024-01-01' + i * interval '1 minute', '1 day')
    FROM generate_series(1, 40000) i));
-- ordered by score
SELECT 'ordered by score',
    array_agg(item ORDER BY ordinality) = array_agg(item ORDER BY score DESC, upper DESC, item COLLATE "C")
FROM trend_items((SELECT s FROM trend_samples WHERE n = 20000 AND k = 20)) WITH ORDINALITY;
SELECT 'info', trend_info(trend_agg(i, '2024-01-01', '1 day')) FROM generate_series(1, 5) i;

-- a burst: rare before, often in the last day
SELECT 'a burst', item = 'news' AND strength > 5 AND score > 3 * expected FROM trend_bursts((
    SELECT trend_scales_agg(item, at, '{1 day, 30 days}') FROM (
        SELECT 'page ' || i % 50 AS item, timestamptz '2024-01-01' + i * interval '10 minutes' AS at
        FROM generate_series(1, 14400) i
        UNION ALL SELECT 'news', timestamptz '2024-04-09' + i * interval '20 minutes' FROM generate_series(1, 72) i) q),
            1);
SELECT 'rejects bursts of one half-life', pg_temp.rejects('1 day', 'trend_bursts(trend_new(%L))');

-- the future: an error, unless the sketch was made to take it
SELECT 'rejects the future', pg_temp.rejects('9999-01-01', 'trend_agg(1, %L, ''1 day'')');
SELECT 'takes the future within max_ahead',
    trend_latest(trend_agg(1, '2525-01-01', '1 day', 128, '365250 days')) = '2525-01-01';
SELECT 'the future: 23 hours, 25 hours',
    trend_latest(trend_agg(1, now() + interval '23 hours', '1 day')) > now(),
    pg_temp.rejects('25 hours', 'trend_agg(1, now() + interval %L, ''1 day'')') LIKE '22008 %';
SELECT 'rejects a moment beyond all; rejects max_ahead: -1 day',
    pg_temp.rejects('9999-01-01', 'trend_agg(1, %L, ''1 day'', 128, ''4000000 days'')'),
    pg_temp.rejects('-1 day', 'trend_new(''1 day'', 128, %L)');
SELECT 'rejects merging with the far future',
    pg_temp.rejects(trend_agg(1, '2525-01-01', '1 day', 128, '365250 days')::text,
        '%L::trendsketch || trend_agg(1, ''2020-01-01'', ''1 day'')') LIKE '22008 trend_merge: an event at %';

-- 3. NULL and nothing ------------------------------------------------------------------------------------------------
SELECT 'a NULL moment adds nothing', trend_agg(1, NULL, '1 day') IS NULL FROM trend_rows;
SELECT 'NULL weights add nothing',
    pg_temp.near(trend_total(trend_weighted_agg(w, at, CASE WHEN i = 5 THEN 3.0 END, '1 day', 10)), 3)
FROM trend_rows;
SELECT 'no items of nothing', count(*) = 0 FROM trend_items(trend_new('1 day'));
SELECT 'of nothing: total, error, score, latest',
    trend_total(trend_new('1 day')) = 0, trend_error(trend_new('1 day')) = 0,
    trend_score(trend_new('1 day'), 5) = 0, trend_latest(trend_new('1 day')) IS NULL;
SELECT 'rejects another kind',
    pg_temp.rejects('1', 'trend_add(trend_add(NULL, ''a'', ''2020-01-01'', ''1 day''), %s, ''2020-01-01'', ''1 day'')');

-- 4. merging ---------------------------------------------------------------------------------------------------------
CREATE FUNCTION pg_temp.same(a trendsketch, b trendsketch) RETURNS bool LANGUAGE sql AS $$
    SELECT trend_latest(a) = trend_latest(b)
       AND bool_and(coalesce(pg_temp.near(x.score, y.score) AND abs(x.upper - y.upper) <= 2e-11 * y.upper, false))
       FROM trend_items(a) x FULL JOIN trend_items(b) y USING (item) $$;
SELECT 'events in any order are the same', bool_and(pg_temp.same(trend_scales_weighted_agg, s))
FROM trend_samples, (SELECT trend_scales_weighted_agg(item, at, w, '{2 days, 30 days}', 500 ORDER BY md5(i::text))
    FROM trend_rows) q WHERE n = 20000 AND k = 500;
SELECT 'merging goes to the lower k', bool_and(trend_info(a.s || b.s) -> 'k' = to_jsonb(least(a.k, b.k)))
FROM trend_samples a, trend_samples b;
SELECT 'rejects merging: half-lives, kinds',
    pg_temp.rejects('2 days', 'trend_agg(1, ''2020-01-01'', ''1 day'') || trend_agg(1, ''2020-01-01'', %L)'),
    pg_temp.rejects('1', 'trend_agg(1, ''2020-01-01'', ''1 day'') || trend_agg(''a'', ''2020-01-01'', ''1 day'')');

-- 5. parallel plans --------------------------------------------------------------------------------------------------
SELECT trend_agg(item, at, '2 days') AS serial FROM trend_rows \gset
CREATE TEMP TABLE serial_groups AS SELECT g, trend_agg(item, at, '2 days') AS s FROM trend_rows GROUP BY g;

-- 6. stored: a stream, batch by batch --------------------------------------------------------------------------------
CREATE TABLE trend_now (g int PRIMARY KEY, t trendsketch);
CREATE PROCEDURE pg_temp.batch(low int, high int) LANGUAGE sql AS $$
    INSERT INTO trend_now SELECT g, trend_agg(item, at, '2 days') FROM trend_rows WHERE i BETWEEN low AND high
    GROUP BY g
    ON CONFLICT (g) DO UPDATE SET t = trend_now.t || excluded.t $$;
CALL pg_temp.batch(1, 5000);
CALL pg_temp.batch(10001, 20000);
SELECT 'batches: 7 groups, fading',
    count(*) = 7 AND bool_and(trend_score(t, 'page/1', now()) < trend_score(t, 'page/1'))
FROM trend_now;
CALL pg_temp.batch(5001, 10000);
SELECT 'a batch that came late', bool_and(pg_temp.same(n.t, q.s)) FROM trend_now n JOIN serial_groups q USING (g);
SELECT 'groups of batches merge to the whole', pg_temp.same(trend_merge(t), :'serial') FROM trend_now;
SELECT '10000 groups stay small', max(pg_column_size(s)) <= 320 AND count(*) = 10000
FROM (SELECT i % 10000 AS k, trend_agg(i, '2024-01-01', '1 day') AS s FROM generate_series(1, 100000) i GROUP BY 1) q;

DROP FUNCTION pg_temp.same;
DROP VIEW trend_truth;
DROP TABLE trend_rows, trend_samples, trend_now, serial_groups;
DROP EXTENSION sketch;
