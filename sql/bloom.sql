-- bloom: was it seen?
-- Every line prints its name and t, or an error that is meant.
\i test/room.sql
SET extra_float_digits = 0;

CREATE TABLE bloom_rows AS
SELECT i, i % 7 AS g, (i * 7919) % 5000 AS v, CASE WHEN i % 10 = 0 THEN NULL ELSE 'user-' || (i * 31) % 3000 END AS t
FROM generate_series(1, 40000) i;
ANALYZE bloom_rows;

-- 1. what is rejected ------------------------------------------------------------------------------------------------
CREATE TABLE bloom_samples AS
SELECT n, c, bloom_agg(i, c) AS s
FROM unnest(ARRAY[0, 1, 10, 224, 225, 1000, 20000]) n, unnest(ARRAY[250, 1000, 4000000]) c
LEFT JOIN LATERAL generate_series(1, n) i ON true GROUP BY n, c;

SELECT 'the bytes of an empty one', bloom_new()::bytea;
SELECT 'takes bytes: an empty one',
    pg_temp.rejects('\x420100011d000000000000007b14ae47e17a843f0000000000000000', '%L::bytea::bloomsketch');
SELECT 'rejects bytes: bits out of range',
    pg_temp.rejects('\x420100012d000000000000007b14ae47e17a843f0000000000000000', '%L::bytea::bloomsketch');
SELECT 'rejects bytes: fpp out of range',
    pg_temp.rejects('\x420100011d000000000000007b14ae47e17af43f0000000000000000', '%L::bytea::bloomsketch');
SELECT 'rejects bytes: a mode that has no count',
    pg_temp.rejects('\x420100011d000000010000007b14ae47e17a843f0000000000000000', '%L::bytea::bloomsketch');
SELECT 'rejects bytes: a mode that is not empty',
    pg_temp.rejects('\x420101011d000000000000007b14ae47e17a843f0000000000000000', '%L::bytea::bloomsketch');
SELECT 'rejects bytes: values without their prefixes',
    pg_temp.rejects('\x420100011d000000000000007b14ae47e17a843f0100000000000000', '%L::bytea::bloomsketch');
SELECT 'rejects capacity: 0', pg_temp.rejects('0', 'bloom_agg(1, %s)');
SELECT 'rejects capacity: 100000001', pg_temp.rejects('100000001', 'bloom_new(%s)');
SELECT 'rejects capacity: NULL', pg_temp.rejects('NULL', 'bloom_agg(1, %s)');
SELECT 'rejects fpp: 0', pg_temp.rejects('0', 'bloom_agg(1, 100, %s)');
SELECT 'rejects fpp: 0.6', pg_temp.rejects('0.6', 'bloom_new(100, %s)');
SELECT 'rejects fpp: NaN', pg_temp.rejects('NaN', 'bloom_new(100, %L)');
SELECT 'rejects fpp: NULL', pg_temp.rejects('NULL', 'bloom_agg(1, 100, %s)');
SELECT 'rejects capacity and fpp together', pg_temp.rejects('0.00001', 'bloom_new(100000000, %s)');

-- 2. building and asking ---------------------------------------------------------------------------------------------
SELECT 'holds what it was given', bool_and(bloom_contains(s, i)) FROM bloom_samples, LATERAL generate_series(1, n) i;
SELECT 'exact up to 224', bool_and(NOT bloom_contains(s, i))
FROM bloom_samples, generate_series(100001, 101000) i WHERE n <= 224;
SELECT 'false positives as asked for', avg(bloom_contains(s, i)::int) BETWEEN 0.002 AND 0.015
FROM bloom_samples, generate_series(100001, 150000) i WHERE n = 1000 AND c = 1000;
SELECT 'what was added is there', bool_and(bloom_contains(s, v) AND s @> v)
FROM bloom_rows, (SELECT bloom_agg(v) AS s FROM bloom_rows WHERE v < 200) q WHERE v < 200;
SELECT 'numbers of all types, NULL',
    bloom_contains(s, 5), bloom_contains(s, 5.0), bloom_contains(s, 5::float8), s @> 5::int2, NOT s @> 6,
    s @> NULL::int IS NULL
FROM (SELECT bloom_agg(5) AS s) q;
SELECT 'texts of all types',
    bloom_contains(s, 'abc'), s @> 'abc', s @> 'abc'::varchar, s @> 'abc'::char(9), s @> name 'abc', NOT s @> 'ab'
FROM (SELECT bloom_agg('abc') AS s) q;
SELECT 'values of other kinds',
    bloom_agg(date '2024-02-29') @> date '2024-02-29', bloom_agg(interval '1 day') @> interval '24 hours',
    bloom_agg('{"a": 1}'::jsonb) @> '{"a": 1.0}'::jsonb, bloom_agg(ARRAY[1, 2]) @> ARRAY[1, 2],
    NOT bloom_agg(ARRAY[1, 2]) @> ARRAY[2, 1];
-- operators of other types still mean what they did
SELECT 'operators of other types',
    '{1,2}' @> ARRAY[1], ARRAY[1, 2] @> '{1}', int4range(1, 5) @> 3, '{"a": 1, "b": 2}' @> '{"a": 1}'::jsonb,
    '{"a": 1, "b": 2}'::jsonb @> '{"a": 1}', 5 & 3 = 1;
SELECT 'equal values of other types are the same',
    bloom_agg(i)::bytea = bloom_agg(i::int8)::bytea AND bloom_agg(i)::bytea = bloom_agg(i::numeric)::bytea
        AND bloom_agg(i::text)::bytea = bloom_agg(i::text::varchar)::bytea
        AND bloom_agg(ARRAY[i])::bytea <> bloom_agg(i)::bytea
FROM bloom_rows;
SELECT 'defaults',
    bloom_agg(i)::bytea = bloom_agg(i, 4000000)::bytea AND bloom_agg(i)::bytea = bloom_agg(i, 4000000, 0.01)::bytea
FROM bloom_rows;
SELECT 'added one by one', bloom_add(bloom_add(NULL, 'a'), 'b')::bytea = bloom_agg(x)::bytea
FROM (VALUES ('a'), ('b')) v(x);
SELECT 'adding starts with parameters', bloom_add(NULL, 5, 100, 0.1)::bytea = bloom_agg(5, 100, 0.1)::bytea;
SELECT 'adding what it holds, and more', bool_and(bloom_add(s, 1)::bytea = s::bytea AND bloom_add(s, 0) @> 0)
FROM bloom_samples WHERE n > 0;
SELECT 'up to 224: the estimate is exact, fpp is 0', bool_and(bloom_estimate(s) = n AND bloom_fpp(s) = 0)
FROM bloom_samples WHERE n BETWEEN 1 AND 224;
SELECT 'estimate and fpp of many',
    abs(bloom_estimate(s) / n - 1) < 0.001 AND bloom_fpp(s) BETWEEN 0.000037 AND 0.0000373
FROM bloom_samples WHERE n = 20000 AND c = 4000000;
SELECT 'info of few', bloom_info(bloom_agg(i)) FROM generate_series(1, 5) i;
SELECT 'info of many', bloom_info(s) - 'estimate' - 'fpp' FROM bloom_samples WHERE n = 20000 ORDER BY c;
SELECT 'bytes: 1000000, 4000000, 10000000, few',
    pg_column_size(bloom_agg(i, 1000000)) <= 1250000, pg_column_size(bloom_agg(i)) <= 1500000,
    pg_column_size(bloom_agg(i, 10000000)) <= 1600000, pg_column_size(bloom_agg(i) FILTER (WHERE i <= 100)) <= 900
FROM generate_series(1, 1000000) i;

-- 3. NULL and nothing ------------------------------------------------------------------------------------------------
SELECT 'NULL: contains, &', bloom_contains(NULL, 1) IS NULL, bloom_estimate(s & NULL) = 0
FROM bloom_samples WHERE n = 225 AND c = 1000;
SELECT 'of nothing: contains, estimate, fpp',
    NOT bloom_contains(bloom_new(), 1), bloom_estimate(bloom_new()) = 0, bloom_fpp(bloom_new()) = 0;

-- 4. merging ---------------------------------------------------------------------------------------------------------
-- also where their capacities differ: it is then that of the smallest
SELECT 'merging goes to the smaller capacity',
    bool_and((a.s || b.s)::bytea = (b.s || a.s)::bytea AND (a.s || b.s)::bytea = c.s::bytea)
FROM bloom_samples a, bloom_samples b, bloom_samples c
WHERE a.n > 0 AND b.n >= a.n AND c.n = b.n AND c.c = least(a.c, b.c);
-- a roll-up of a hundred days keeps the rate that was asked for
CREATE TEMP TABLE bloom_days AS SELECT i % 100 AS day, bloom_agg(i, 50000) AS s FROM generate_series(1, 50000) i
GROUP BY 1;
SELECT bloom_merge(s) AS rolled_up FROM bloom_days \gset
SELECT 'a roll-up of 100 days keeps its fpp, within capacity',
    bloom_fpp(:'rolled_up') BETWEEN 0.005 AND 0.01, NOT (bloom_info(:'rolled_up') -> 'past_capacity')::boolean;
SELECT 'false positives of a roll-up', avg(bloom_contains(:'rolled_up', i)::int) BETWEEN 0.004 AND 0.0105
FROM generate_series(1000001, 1100000) i;
-- what any parts held, the whole holds
SELECT 'the whole holds what its parts held', bool_and(m @> v)
FROM (SELECT bloom_merge(s) AS m FROM (SELECT bloom_agg(v, 1000) AS s FROM bloom_rows GROUP BY g) q) q, bloom_rows;
SELECT '& holds what both hold, and commutes',
    bool_and(a.s @> i AND b.s @> i AND (a.s & b.s) @> i AND (a.s & b.s)::bytea = (b.s & a.s)::bytea)
FROM bloom_samples a, bloom_samples b, LATERAL generate_series(1, least(a.n, b.n), 1 + least(a.n, b.n) / 50) i
WHERE a.c = b.c;
SELECT '& of few is exact',
    bloom_estimate(bloom_agg(i) FILTER (WHERE i <= 150) & bloom_agg(i) FILTER (WHERE i > 100)) = 50
FROM generate_series(1, 200) i;

-- 5. parallel plans --------------------------------------------------------------------------------------------------
SELECT bloom_agg(v) AS serial FROM bloom_rows \gset
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 4;
SELECT 'asking in a parallel plan', count(*) = (SELECT count(*) FROM bloom_rows)
FROM bloom_rows WHERE bloom_contains(:'serial', v);
RESET max_parallel_workers_per_gather;

-- 6. stored: toasted and short values, upserts, states that start from a tuple ---------------------------------------
-- every row asks another stored filter than the row before it, and some ask one twice
SELECT 'each row asks another stored one', bool_and((s @> i) = (i <= n))
FROM generate_series(1, 30000, 1000) i, (SELECT * FROM bloom_samples WHERE n >= 1000 AND c = 4000000 ORDER BY n) q
WHERE i <= n OR NOT s @> i;
SELECT 'two stored ones in turn',
    count(*) FILTER (WHERE s @> i) BETWEEN 1050 AND 1300, count(*) FILTER (WHERE r @> i) >= 20000
FROM generate_series(1, 21000) i,
    (SELECT a.s, b.s AS r FROM bloom_samples a, bloom_samples b
    WHERE a.n = 1000 AND b.n = 20000 AND a.c = 1000 AND b.c = 4000000) q WHERE i > 0;

-- 7. what it is for --------------------------------------------------------------------------------------------------
-- route only events that were not seen before, then remember them
CREATE TABLE bloom_seen (stream text PRIMARY KEY, events bloomsketch);
CREATE TABLE bloom_routed (event int);
INSERT INTO bloom_seen VALUES ('orders', bloom_new(20000, 0.001));
CREATE FUNCTION pg_temp.route(first int, last int) RETURNS bigint LANGUAGE sql AS $$
    WITH fresh AS (
        INSERT INTO bloom_routed
        SELECT DISTINCT event FROM generate_series(first, last) event, bloom_seen
        WHERE stream = 'orders' AND NOT bloom_contains(events, event)
        RETURNING event
    ), remembered AS (
        UPDATE bloom_seen SET events = events || (SELECT bloom_agg(event, 20000, 0.001) FROM fresh)
        WHERE stream = 'orders'
    )
    SELECT count(*) FROM fresh
$$;
SELECT 'routing: all that is new, nothing twice', pg_temp.route(1, 5000) = 5000, pg_temp.route(1, 5000) = 0;
SELECT 'routing: an overlap, nothing twice, no event twice',
    pg_temp.route(4001, 9000) BETWEEN 3950 AND 4000, pg_temp.route(1, 9000) = 0,
    (SELECT count(*) = count(DISTINCT event) FROM bloom_routed);
-- throw out most rows of a large table before a join
SELECT 'a filter before a join',
    count(*) = (SELECT count(*) FROM bloom_rows WHERE v IN (SELECT i * 50 FROM generate_series(1, 20) i))
FROM bloom_rows JOIN generate_series(50, 1000, 50) wanted ON v = wanted
WHERE bloom_contains((SELECT bloom_agg(k) FROM generate_series(50, 1000, 50) k), v);

-- 8. a hundred thousand groups stay small ----------------------------------------------------------------------------
SELECT '100000 groups stay small', max(pg_column_size(s)) <= 112 AND count(*) = 100000
FROM (SELECT i % 100000 AS k, bloom_agg(i) AS s FROM generate_series(1, 1000000) i GROUP BY 1) q;

DROP TABLE bloom_rows, bloom_samples, bloom_seen, bloom_routed, bloom_days;
DROP EXTENSION sketch;
