-- bloom: was it seen? Every line prints t (or an error that is meant).
\i test/room.sql
SET extra_float_digits = 0;

CREATE TABLE bloom_rows AS
SELECT i, i % 7 AS g, (i * 7919) % 5000 AS v, CASE WHEN i % 10 = 0 THEN NULL ELSE 'user-' || (i * 31) % 3000 END AS t
FROM generate_series(1, 40000) i;
ANALYZE bloom_rows;

-- 1. input and output ------------------------------------------------------------------------------------------------
CREATE TABLE bloom_samples AS
SELECT n, c, bloom_agg(i, c) AS s FROM unnest(ARRAY[0, 1, 10, 224, 225, 1000, 20000]) n, unnest(ARRAY[250, 1000, 4000000]) c
LEFT JOIN LATERAL generate_series(1, n) i ON true GROUP BY n, c;
SELECT bool_and(s::text::bloomsketch::bytea = s::bytea AND s::bytea::bloomsketch::text = s::text) FROM bloom_samples WHERE s IS NOT NULL;
SELECT bool_and(bloomsketch_send(s) = s::bytea) FROM bloom_samples;
SELECT count(*) = 3 FROM bloom_samples WHERE s IS NULL AND n = 0;

SELECT pg_temp.rejects('not base64!', '%L::bloomsketch');
SELECT pg_temp.rejects('', '%L::bloomsketch');
SELECT bloom_empty()::bytea;
SELECT pg_temp.rejects('\x420100011d000000000000007b14ae47e17a843f0000000000000000', '%L::bytea::bloomsketch');
SELECT pg_temp.rejects('\x540100011d000000000000007b14ae47e17a843f0000000000000000', '%L::bytea::bloomsketch');
SELECT pg_temp.rejects('\x42ff00011d000000000000007b14ae47e17a843f0000000000000000', '%L::bytea::bloomsketch');
SELECT pg_temp.rejects('\x420100012d000000000000007b14ae47e17a843f0000000000000000', '%L::bytea::bloomsketch');
SELECT pg_temp.rejects('\x420100011d000000000000007b14ae47e17af43f0000000000000000', '%L::bytea::bloomsketch');
SELECT pg_temp.rejects('\x420100011d000000000000007b14ae47e17a843f00000000000000', '%L::bytea::bloomsketch');
SELECT pg_temp.rejects('\x420100011d000000010000007b14ae47e17a843f0000000000000000', '%L::bytea::bloomsketch');
SELECT pg_temp.rejects('\x420101011d000000000000007b14ae47e17a843f0000000000000000', '%L::bytea::bloomsketch');
SELECT pg_temp.rejects('\x420100011d000000000000007b14ae47e17a843f0100000000000000', '%L::bytea::bloomsketch');
SELECT bool_and(pg_temp.rejects(substr(s::bytea, 1, cut)::text, '%L::bytea::bloomsketch') LIKE '22P03 %')
FROM bloom_samples, generate_series(0, 600, 7) cut WHERE n IN (224, 1000) AND cut < length(s::bytea);
SELECT pg_temp.rejects('0', 'bloom_agg(1, %s)');
SELECT pg_temp.rejects('100000001', 'bloom_empty(%s)');
SELECT pg_temp.rejects('NULL', 'bloom_agg(1, %s)');
SELECT pg_temp.rejects('0', 'bloom_agg(1, 100, %s)');
SELECT pg_temp.rejects('0.6', 'bloom_empty(100, %s)');
SELECT pg_temp.rejects('NaN', 'bloom_empty(100, %L)');
SELECT pg_temp.rejects('NULL', 'bloom_agg(1, 100, %s)');
SELECT pg_temp.rejects('0.00001', 'bloom_empty(100000000, %s)');

-- 2. building and asking ---------------------------------------------------------------------------------------------
SELECT bool_and(bloom_contains(s, i)) FROM bloom_samples, LATERAL generate_series(1, n) i;
SELECT bool_and(NOT bloom_contains(s, i)) FROM bloom_samples, generate_series(100001, 101000) i WHERE n <= 224;
SELECT avg(bloom_contains(s, i)::int) BETWEEN 0.002 AND 0.015 FROM bloom_samples, generate_series(100001, 150000) i WHERE n = 1000 AND c = 1000;
SELECT bool_and(bloom_contains(s, v) AND s @> v AND bloom_contains(s, v::text) = false) FROM bloom_rows, (SELECT bloom_agg(v) AS s FROM bloom_rows WHERE v < 200) q WHERE v < 200;
SELECT bloom_contains(s, 5), bloom_contains(s, 5.0), bloom_contains(s, 5::float8), s @> 5::int2, NOT s @> 6, NOT s @> '5', s @> NULL::int IS NULL FROM (SELECT bloom_agg(5) AS s) q;
SELECT bloom_contains(s, 'abc'), s @> 'abc', s @> 'abc'::varchar, s @> 'abc'::char(9), s @> name 'abc', NOT s @> 'ab' FROM (SELECT bloom_agg('abc') AS s) q;
SELECT bloom_agg(date '2024-02-29') @> date '2024-02-29', bloom_agg(interval '1 day') @> interval '24 hours', bloom_agg('{"a": 1}'::jsonb) @> '{"a": 1.0}'::jsonb,
       bloom_agg(ARRAY[1, 2]) @> ARRAY[1, 2], NOT bloom_agg(ARRAY[1, 2]) @> ARRAY[2, 1];
-- operators of other types still mean what they did
SELECT '{1,2}' @> ARRAY[1], ARRAY[1, 2] @> '{1}', int4range(1, 5) @> 3, '{"a": 1, "b": 2}' @> '{"a": 1}'::jsonb, '{"a": 1, "b": 2}'::jsonb @> '{"a": 1}', 5 & 3 = 1;
SELECT bloom_agg(i)::bytea = bloom_agg(i::int8)::bytea AND bloom_agg(i)::bytea = bloom_agg(i::numeric)::bytea
   AND bloom_agg(i::text)::bytea = bloom_agg(i::text::varchar)::bytea AND bloom_agg(ARRAY[i])::bytea <> bloom_agg(i)::bytea FROM bloom_rows;
SELECT bloom_agg(i)::bytea = bloom_agg(i, 4000000)::bytea AND bloom_agg(i)::bytea = bloom_agg(i, 4000000, 0.01)::bytea FROM bloom_rows;
SELECT bloom_add(bloom_add(NULL, 'a'), 'b')::bytea = bloom_agg(x)::bytea FROM (VALUES ('a'), ('b')) v(x);
SELECT bloom_add(NULL, 5, 100, 0.1)::bytea = bloom_agg(5, 100, 0.1)::bytea;
SELECT bool_and(bloom_add(s, 1)::bytea = s::bytea AND bloom_add(s, 0) @> 0) FROM bloom_samples WHERE n > 0;
SELECT bool_and(bloom_estimate(s) = n AND bloom_fpp(s) = 0) FROM bloom_samples WHERE n BETWEEN 1 AND 224;
SELECT abs(bloom_estimate(s) / n - 1) < 0.001 AND bloom_fpp(s) BETWEEN 0.000037 AND 0.0000373 FROM bloom_samples WHERE n = 20000 AND c = 4000000;
SELECT bloom_info(bloom_agg(i)) FROM generate_series(1, 5) i;
SELECT bloom_info(s) - 'estimate' - 'fpp' FROM bloom_samples WHERE n = 20000 ORDER BY c;
SELECT pg_column_size(bloom_agg(i, 1000000)) <= 1250000, pg_column_size(bloom_agg(i)) <= 1500000, pg_column_size(bloom_agg(i, 10000000)) <= 1600000,
       pg_column_size(bloom_agg(i) FILTER (WHERE i <= 100)) <= 900 FROM generate_series(1, 1000000) i;

-- 3. NULL and nothing ------------------------------------------------------------------------------------------------
SELECT bloom_agg(NULL::int) IS NULL, bloom_agg(v) IS NULL, bloom_merge(NULL::bloomsketch) IS NULL FROM bloom_rows WHERE false;
SELECT bloom_agg(NULL::int) IS NULL, bloom_agg(v) FILTER (WHERE v < 0) IS NULL, bloom_merge(NULL::bloomsketch) IS NULL FROM bloom_rows;
SELECT bloom_merge(NULL, s)::bytea = s::bytea, bloom_merge(s, NULL)::bytea = s::bytea, bloom_merge(NULL::bloomsketch, NULL) IS NULL,
       bloom_add(s, NULL::int)::bytea = s::bytea, bloom_add(NULL::bloomsketch, NULL::int) IS NULL, bloom_contains(NULL, 1) IS NULL, (s & NULL) IS NULL
FROM bloom_samples WHERE n = 225 AND c = 1000;
SELECT NOT bloom_contains(bloom_empty(), 1), bloom_estimate(bloom_empty()) = 0, bloom_fpp(bloom_empty()) = 0;

-- 4. merging ---------------------------------------------------------------------------------------------------------
SELECT bool_and((a.s || b.s)::bytea = (b.s || a.s)::bytea AND (a.s || a.s)::bytea = a.s::bytea)
FROM bloom_samples a, bloom_samples b WHERE a.c = b.c AND a.n <= b.n AND a.n > 0;
-- stored parts merge to the whole
SELECT bool_and((SELECT bloom_merge(part) FROM (SELECT bloom_agg(i, c) AS part FROM generate_series(1, n) i GROUP BY i % parts) q)::bytea = s::bytea)
FROM bloom_samples, unnest(ARRAY[2, 7, 100]) parts WHERE n > 0;
-- also where their capacities differ: it is then that of the smallest
SELECT bool_and((a.s || b.s)::bytea = (b.s || a.s)::bytea AND (a.s || b.s)::bytea = c.s::bytea)
FROM bloom_samples a, bloom_samples b, bloom_samples c WHERE a.n > 0 AND b.n >= a.n AND c.n = b.n AND c.c = least(a.c, b.c);
-- a roll-up of a hundred days keeps the rate that was asked for
CREATE TEMP TABLE bloom_days AS SELECT i % 100 AS day, bloom_agg(i, 50000) AS s FROM generate_series(1, 50000) i GROUP BY 1;
SELECT bloom_merge(s) AS rolled_up FROM bloom_days \gset
SELECT bloom_fpp(:'rolled_up') BETWEEN 0.005 AND 0.01, NOT (bloom_info(:'rolled_up') -> 'past_capacity')::boolean;
SELECT avg(bloom_contains(:'rolled_up', i)::int) BETWEEN 0.004 AND 0.0105 FROM generate_series(1000001, 1100000) i;
-- what any parts held, the whole holds
SELECT bool_and(m @> v) FROM (SELECT bloom_merge(s) AS m FROM (SELECT bloom_agg(v, 1000) AS s FROM bloom_rows GROUP BY g) q) q, bloom_rows;
SELECT bool_and(a.s @> i AND b.s @> i AND (a.s & b.s) @> i AND (a.s & b.s)::bytea = (b.s & a.s)::bytea)
FROM bloom_samples a, bloom_samples b, LATERAL generate_series(1, least(a.n, b.n), 1 + least(a.n, b.n) / 50) i WHERE a.c = b.c;
SELECT bloom_estimate(bloom_agg(i) FILTER (WHERE i <= 150) & bloom_agg(i) FILTER (WHERE i > 100)) = 50 FROM generate_series(1, 200) i;

-- 5. parallel plans --------------------------------------------------------------------------------------------------
SELECT bloom_agg(v) AS serial, bloom_agg(t, 3000, 0.001) AS serial_t FROM bloom_rows \gset
CREATE TEMP TABLE serial_groups AS SELECT g, bloom_agg(v) AS s, bloom_agg(t) AS t FROM bloom_rows GROUP BY g;
CREATE TABLE bloom_parts AS SELECT i % 500 AS k, bloom_agg(v, 5000) AS s FROM bloom_rows GROUP BY 1;
SELECT bloom_merge(s) AS serial_parts FROM bloom_parts \gset
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 4;
SELECT pg_temp.plan_of('SELECT bloom_agg(v) FROM bloom_rows') LIKE '%Finalize Aggregate%Partial Aggregate%';
SELECT bloom_agg(v)::text = :'serial' AND bloom_agg(t, 3000, 0.001)::text = :'serial_t' FROM bloom_rows;
SELECT bool_and(p.s::bytea = q.s::bytea AND p.t::bytea = q.t::bytea) FROM serial_groups p
JOIN (SELECT g, bloom_agg(v) AS s, bloom_agg(t) AS t FROM bloom_rows GROUP BY g) q USING (g);
SELECT bloom_agg(v) IS NULL FROM bloom_rows WHERE v < 0;
SELECT bloom_agg(NULL::int) IS NULL, bloom_agg(v) FILTER (WHERE v < 0) IS NULL FROM bloom_rows;
SELECT bloom_merge(s)::text = :'serial_parts' FROM bloom_parts;
SELECT count(*) = (SELECT count(*) FROM bloom_rows) FROM bloom_rows WHERE bloom_contains(:'serial', v);
RESET max_parallel_workers_per_gather;

-- 6. windows, grouping sets, shared states ---------------------------------------------------------------------------
SELECT bool_and(w::bytea = (SELECT bloom_agg(v) FROM bloom_rows r WHERE r.i BETWEEN q.i - 20 AND q.i)::bytea)
FROM (SELECT i, bloom_agg(v) OVER (ORDER BY i ROWS 20 PRECEDING) AS w FROM bloom_rows WHERE i <= 300) q;
SELECT bool_and(w::bytea = (SELECT bloom_agg(v, 1000) FROM bloom_rows r WHERE r.i <= q.i)::bytea)
FROM (SELECT i, bloom_agg(v, 1000) OVER (ORDER BY i) AS w FROM bloom_rows WHERE i <= 400) q;
SELECT bool_and(m::bytea = (SELECT bloom_merge(s) FROM bloom_parts r WHERE r.k BETWEEN q.k - 6 AND q.k)::bytea)
FROM (SELECT k, bloom_merge(s) OVER (ORDER BY k ROWS 6 PRECEDING) AS m FROM bloom_parts) q;
SELECT bool_and(a::bytea = b::bytea) FROM (SELECT g, bloom_agg(v) AS a, bloom_agg(v) AS b FROM bloom_rows GROUP BY g) q;
SELECT (SELECT s FROM (SELECT g, bloom_agg(v) AS s FROM bloom_rows GROUP BY GROUPING SETS ((g), ())) q WHERE g IS NULL)::text = :'serial';
SELECT count(*) = 8 AND bool_and(s IS NOT NULL) FROM (SELECT g, bloom_agg(v) AS s FROM bloom_rows GROUP BY ROLLUP (g)) q;

-- 7. stored: toasted and short values, upserts, states that start from a tuple ---------------------------------------
CREATE TABLE bloom_daily (day int PRIMARY KEY, users bloomsketch);
INSERT INTO bloom_daily SELECT g, bloom_agg(v) FROM bloom_rows WHERE i <= 20000 GROUP BY g;
INSERT INTO bloom_daily SELECT g, bloom_agg(v) FROM bloom_rows WHERE i > 20000 GROUP BY g
ON CONFLICT (day) DO UPDATE SET users = bloom_daily.users || excluded.users;
SELECT bool_and(users @> v) FROM bloom_daily JOIN bloom_rows ON day = g;
-- every row asks another stored filter than the row before it, and some ask one twice
SELECT bool_and((s @> i) = (i <= n)) FROM generate_series(1, 30000, 1000) i, (SELECT * FROM bloom_samples WHERE n >= 1000 AND c = 4000000 ORDER BY n) q WHERE i <= n OR NOT s @> i;
SELECT count(*) FILTER (WHERE s @> i) BETWEEN 1050 AND 1300, count(*) FILTER (WHERE r @> i) >= 20000 FROM generate_series(1, 21000) i,
       (SELECT a.s, b.s AS r FROM bloom_samples a, bloom_samples b WHERE a.n = 1000 AND b.n = 20000 AND a.c = 1000 AND b.c = 4000000) q WHERE i > 0;
-- a stored value is never written to
SELECT md5(string_agg(s::text, '' ORDER BY n, c)) AS before FROM bloom_samples \gset
SELECT count(bloom_merge(a.s, b.s)) > 0, count(a.s & b.s) > 0, count(bloom_add(a.s, 7)) > 0 FROM bloom_samples a, bloom_samples b WHERE a.c = b.c;
SELECT bloom_merge(s) IS NOT NULL FROM bloom_samples WHERE c = 1000;
SELECT md5(string_agg(s::text, '' ORDER BY n, c)) = :'before' FROM bloom_samples;

-- 8. what it is for --------------------------------------------------------------------------------------------------
-- route only events that were not seen before, then remember them
CREATE TABLE bloom_seen (stream text PRIMARY KEY, events bloomsketch);
CREATE TABLE bloom_routed (event int);
INSERT INTO bloom_seen VALUES ('orders', bloom_empty(20000, 0.001));
CREATE FUNCTION pg_temp.route(first int, last int) RETURNS bigint LANGUAGE sql AS $$
    WITH fresh AS (
        INSERT INTO bloom_routed
        SELECT DISTINCT event FROM generate_series(first, last) event, bloom_seen WHERE stream = 'orders' AND NOT bloom_contains(events, event)
        RETURNING event
    ), remembered AS (
        UPDATE bloom_seen SET events = events || (SELECT bloom_agg(event, 20000, 0.001) FROM fresh) WHERE stream = 'orders'
    )
    SELECT count(*) FROM fresh
$$;
SELECT pg_temp.route(1, 5000) = 5000, pg_temp.route(1, 5000) = 0;
SELECT pg_temp.route(4001, 9000) BETWEEN 3950 AND 4000, pg_temp.route(1, 9000) = 0, (SELECT count(*) = count(DISTINCT event) FROM bloom_routed);
-- throw out most rows of a large table before a join
SELECT count(*) = (SELECT count(*) FROM bloom_rows WHERE v IN (SELECT i * 50 FROM generate_series(1, 20) i))
FROM bloom_rows JOIN generate_series(50, 1000, 50) wanted ON v = wanted
WHERE bloom_contains((SELECT bloom_agg(k) FROM generate_series(50, 1000, 50) k), v);

-- 9. a hundred thousand groups stay small ----------------------------------------------------------------------------
SELECT max(pg_column_size(s)) <= 112 AND count(*) = 100000 FROM (SELECT i % 100000 AS k, bloom_agg(i) AS s FROM generate_series(1, 1000000) i GROUP BY 1) q;

DROP TABLE bloom_rows, bloom_samples, bloom_parts, bloom_daily, bloom_seen, bloom_routed, bloom_days, serial_groups;
DROP EXTENSION sketch;
