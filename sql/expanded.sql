-- Large states are expanded objects (src/pg/expanded.hpp): whoever reads, stores, copies or merges one sees the sketch.
\i test/room.sql

CREATE TABLE numbers AS SELECT i::bigint AS i FROM generate_series(1, 1000000) i;
ALTER TABLE numbers SET (parallel_workers = 2);
ANALYZE numbers;
CREATE TEMP TABLE rooms (stem text PRIMARY KEY, rows int, arguments text, types text, reader text, count text);
INSERT INTO rooms VALUES
('theta', 1000000, 'i, 1048576', 'bigint, bigint', 'theta_estimate(s)', 'theta_estimate(s)'),
('bloom', 1000000, 'i, 10000000', 'bigint, bigint', 'bloom_contains(s, 7)', 'bloom_estimate(s)'),
('countmin', 1000000, 'i, 0.00001, 0.99', 'bigint, float8, float8', 'countmin_estimate(s, 7)', 'countmin_total(s)'),
('topk', 50000, 'repeat(i::text, 4000 / length(i::text)), 1000', 'text, bigint', 'topk_error(s)', 'topk_total(s)'),
('trend', 50000,
 $$repeat(i::text, 4000 / length(i::text)), timestamptz '2024-01-01' + i * interval '1 second', '1 day', 1000$$,
 'text, timestamptz, interval, bigint', 'trend_total(s)', 'trend_latest(s)'),
('kll', 1000000, 'i, 60000', 'float8, bigint', 'kll_quantile(s, 0.5)', 'kll_count(s)');
-- aggregates that hand on their state as it is
SELECT format('CREATE AGGREGATE pg_temp.raw_%s(%s) (SFUNC = %1$s_add, STYPE = %1$ssketch)', stem, types),
    format('CREATE AGGREGATE pg_temp.raw_merge_%s(%1$ssketch) (SFUNC = %1$s_merge, STYPE = %1$ssketch)', stem),
    format('CREATE TABLE %s_halves (n int, s %1$ssketch)', stem)
FROM rooms
\gexec
CREATE FUNCTION pg_temp.law(law text, template text) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('SELECT %L, %s', stem || ' · ' || law,
                  replace(replace(replace(replace(replace(replace(template, '{stem}', stem),
                      '{raw}', format('pg_temp.raw_%s(%s)', stem, arguments)),
                      '{own}', format('%s_agg(%s)', stem, arguments)),
                      '{reader}', reader), '{count}', count), '{rows}', format('numbers WHERE i <= %s', rows)))
    FROM rooms ORDER BY stem $$;
\set ECHO none
SET max_parallel_workers_per_gather = 0;
SELECT format('INSERT INTO %s_halves
               SELECT n, (SELECT pg_temp.raw_%1$s(%2$s) FROM numbers WHERE i <= %3$s AND i %% 2 = n)
               FROM generate_series(0, 1) n', stem, arguments, rows) FROM rooms
\gexec
SELECT pg_temp.law('a working state of more than a megabyte is equal to the sketch', $$
    octet_length(s::bytea) > 1000000 AND s = o AND s::text = o::text
    FROM (SELECT {raw} AS s, {own} AS o FROM {rows}) q $$) \gexec
SELECT pg_temp.law('and is read as it is', $$
    (SELECT {reader} FROM (SELECT {raw} AS s FROM {rows}) q)
    = (SELECT {reader} FROM (SELECT {own} AS s FROM {rows}) q)
$$) \gexec
SELECT pg_temp.law('stored, it is the trimmed form', $$
    bool_and(s::bytea = (SELECT ({own})::bytea FROM {rows} AND i % 2 = n)) AND count(*) = 2 FROM {stem}_halves $$)
\gexec
SELECT pg_temp.law('groups of several sizes', $$
    bool_and(s = o) AND count(DISTINCT s) = 3
    FROM (SELECT {raw} AS s, {own} AS o FROM {rows} GROUP BY GROUPING SETS ((i % 2), ())) q $$) \gexec
SELECT pg_temp.law('merged by aggregates, in a group and in a window', $$
    (SELECT pg_temp.raw_merge_{stem}(s ORDER BY n) = {stem}_merge(s ORDER BY n) FROM {stem}_halves)
    AND (SELECT bool_and(a = b) AND count(*) = 2
         FROM (SELECT pg_temp.raw_merge_{stem}(s) OVER (ORDER BY n) AS a, {stem}_merge(s) OVER (ORDER BY n) AS b
               FROM {stem}_halves) q) $$) \gexec
SELECT pg_temp.law('a function that changes it changes a copy', $$
    {stem}_merge(s, s) = {stem}_merge(o, o) AND s = o AND array_length(ARRAY[s, s], 1) = 2 AND (ARRAY[s, o])[1] = s
    FROM (SELECT {raw} AS s, {own} AS o FROM {rows}) q $$) \gexec
CREATE TEMP TABLE serial (stem text, n text);
SELECT format('INSERT INTO serial
               SELECT %1$L, (%2$s)::text FROM (SELECT %1$s_agg(%3$s) AS s FROM numbers WHERE i <= %4$s) q',
              stem, count, arguments, rows) FROM rooms
\gexec
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
-- how many items of topk and trend are left depends on how the workers shared the rows
SELECT pg_temp.law('from workers', $$
    ({count})::text = n AND octet_length(s::bytea) > 500000
    FROM (SELECT {own} AS s FROM {rows}) q, serial WHERE stem = '{stem}' $$) \gexec
SELECT 'the plan is parallel',
    pg_temp.plan_of('SELECT theta_agg(i, 1048576) FROM numbers') LIKE '%Gather%Partial Aggregate%';
DROP EXTENSION sketch CASCADE;
