-- hll: how many distinct? Every line prints t (or an error that is meant).
\i test/room.sql
SET extra_float_digits = 0;

CREATE TABLE hll_rows AS
SELECT i, i % 7 AS g, (i * 7919) % 5000 AS v, CASE WHEN i % 10 = 0 THEN NULL ELSE 'user-' || (i * 31) % 3000 END AS t
FROM generate_series(1, 40000) i;
ANALYZE hll_rows;

-- 1. input and output ------------------------------------------------------------------------------------------------
CREATE TABLE hll_samples AS
SELECT n, p, hll_agg(i, p) AS s FROM unnest(ARRAY[0, 1, 10, 189, 190, 1000, 20000]) n, unnest(ARRAY[4, 10, 12, 18]) p
LEFT JOIN LATERAL generate_series(1, n) i ON true GROUP BY n, p;
SELECT bool_and(s::text::hllsketch::bytea = s::bytea AND s::bytea::hllsketch::text = s::text) FROM hll_samples WHERE s IS NOT NULL;
SELECT bool_and(hllsketch_send(s) = s::bytea) FROM hll_samples;
SELECT count(*) = 4 FROM hll_samples WHERE s IS NULL AND n = 0;

SELECT pg_temp.rejects('not base64!', '%L::hllsketch');
SELECT pg_temp.rejects('', '%L::hllsketch');
SELECT pg_temp.rejects('AAAA', '%L::hllsketch');
SELECT pg_temp.rejects('\x', '%L::bytea::hllsketch');
SELECT pg_temp.rejects('\x540100010c02000000000000', '%L::bytea::hllsketch');
SELECT pg_temp.rejects('\x48ff00010c02000000000000', '%L::bytea::hllsketch');
SELECT pg_temp.rejects('\x480100010302000000000000', '%L::bytea::hllsketch');
SELECT pg_temp.rejects('\x480100010c0200000000000000', '%L::bytea::hllsketch');
SELECT pg_temp.rejects('\x480100010c02000005000000', '%L::bytea::hllsketch');
SELECT bool_and(pg_temp.rejects(substr(s::bytea, 1, cut)::text, '%L::bytea::hllsketch') LIKE '22P03 %')
FROM hll_samples, generate_series(0, 60, 3) cut WHERE n IN (190, 1000) AND cut < length(s::bytea);
SELECT pg_temp.rejects('19', 'hll_agg(1, %s)'), pg_temp.rejects('3', 'hll_empty(%s)'), pg_temp.rejects('NULL', 'hll_agg(1, %s)');
SELECT pg_temp.rejects('4294967308', 'hll_empty(%s)');
SELECT pg_temp.rejects('0', 'hll_bounds(hll_empty(), %s)'), pg_temp.rejects('1', 'hll_bounds(hll_empty(), %s)'),
       pg_temp.rejects('NaN', 'hll_bounds(hll_empty(), %L)');

-- 2. building --------------------------------------------------------------------------------------------------------
SELECT hll_estimate(hll_empty()) = 0, hll_estimate(hll_agg(i)) = 100 FROM generate_series(1, 100) i;
SELECT abs(hll_estimate(hll_agg(v)) / count(DISTINCT v) - 1) < 0.05 FROM hll_rows;
SELECT abs(hll_estimate(hll_agg(t, 16)) / count(DISTINCT t) - 1) < 0.01 FROM hll_rows;
SELECT bool_and(lower <= d AND d <= upper) FROM (SELECT g, (hll_bounds(hll_agg(v), 0.9999)).*, count(DISTINCT v) AS d FROM hll_rows GROUP BY g) q;
SELECT hll_agg(i)::bytea = hll_agg(i::int8)::bytea AND hll_agg(i)::bytea = hll_agg(i::numeric)::bytea
   AND hll_agg(i::text)::bytea = hll_agg(i::text::varchar)::bytea AND hll_agg(i::text)::bytea = hll_agg(i::text::char(20))::bytea
   AND hll_agg(ARRAY[i])::bytea <> hll_agg(i)::bytea FROM hll_rows;
SELECT bool_and(ok) FROM (
    SELECT hll_estimate(hll_agg(x)) = 2 AS ok FROM (VALUES (true), (false)) v(x)
    UNION ALL SELECT hll_estimate(hll_agg(x)) = 2 FROM (VALUES (1::int2), (2)) v(x)
    UNION ALL SELECT hll_estimate(hll_agg(x)) = 1 FROM (VALUES (0::float4), ('-0')) v(x)
    UNION ALL SELECT hll_estimate(hll_agg(x)) = 2 FROM (VALUES ('a'), ('b')) v(x)
    UNION ALL SELECT hll_estimate(hll_agg(x)) = 2 FROM (VALUES (date '2024-01-01'), ('2024-01-02')) v(x)
    UNION ALL SELECT hll_estimate(hll_agg(x)) = 1 FROM (VALUES (interval '1 day'), ('24 hours')) v(x)
    UNION ALL SELECT hll_estimate(hll_agg(x)) = 2 FROM (VALUES ('10.0.0.1'::inet), ('10.0.0.2')) v(x)
    UNION ALL SELECT hll_estimate(hll_agg(x)) = 1 FROM (VALUES ('{"a": 1}'::jsonb), ('{"a": 1.0}')) v(x)
    UNION ALL SELECT hll_estimate(hll_agg(x)) = 2 FROM (VALUES ('a'::"char"), ('b')) v(x)
    UNION ALL SELECT hll_estimate(hll_agg(x)) = 1 FROM (VALUES (time '12:00'), ('12:00:00')) v(x)) q;
SELECT hll_add(hll_add(NULL, 'a'), 'b')::bytea = hll_agg(x)::bytea FROM (VALUES ('a'), ('b')) v(x);
SELECT hll_add(NULL, 5, 10)::bytea = hll_agg(5, 10)::bytea;
SELECT hll_add(s, 1)::bytea = s::bytea FROM hll_samples WHERE n = 10 AND p = 12;
SELECT bool_and(hll_estimate(hll_add(s, 'one more')) >= hll_estimate(s)) FROM hll_samples WHERE n > 0;
SELECT hll_info(hll_agg(i)) FROM generate_series(1, 5) i;
SELECT hll_info(hll_agg(i, 10)) - 'estimate' - 'bytes' FROM generate_series(1, 5000) i;

-- 3. NULL and nothing ------------------------------------------------------------------------------------------------
SELECT hll_agg(NULL::int) IS NULL, hll_agg(v) IS NULL, hll_merge(NULL::hllsketch) IS NULL, approx_count_distinct(v) = 0 FROM hll_rows WHERE false;
SELECT hll_agg(NULL::int) IS NULL, approx_count_distinct(NULL::text) = 0, hll_agg(v) FILTER (WHERE v < 0) IS NULL FROM hll_rows;
SELECT hll_estimate(hll_agg(t)) > 2000 FROM hll_rows;
SELECT hll_merge(NULL, s)::bytea = s::bytea, hll_merge(s, NULL)::bytea = s::bytea, hll_merge(NULL::hllsketch, NULL) IS NULL,
       hll_add(s, NULL::int)::bytea = s::bytea, hll_add(NULL::hllsketch, NULL::int) IS NULL, hll_estimate(NULL) IS NULL
FROM hll_samples WHERE n = 190 AND p = 12;

-- 4. merging ---------------------------------------------------------------------------------------------------------
SELECT (a.s || b.s)::bytea = (b.s || a.s)::bytea AND (a.s || a.s)::bytea = a.s::bytea AND (a.s || b.s)::bytea = b.s::bytea
FROM hll_samples a, hll_samples b WHERE a.p = b.p AND a.n < b.n AND a.n > 0 AND a.p = 12 AND b.n = 20000 AND a.n = 10;
SELECT bool_and((a.s || b.s)::bytea = CASE WHEN a.p < b.p THEN a.s ELSE b.s END::bytea)
FROM hll_samples a, hll_samples b WHERE a.n = b.n AND a.n > 0;
SELECT bool_and((SELECT hll_merge(part) FROM (SELECT hll_agg(i, p) AS part FROM generate_series(1, n) i GROUP BY i % parts) q)::bytea = s::bytea)
FROM hll_samples, unnest(ARRAY[2, 7, 100]) parts WHERE n > 0;
SELECT (SELECT hll_merge(s) FROM (SELECT hll_agg(v) AS s FROM hll_rows GROUP BY g) q)::bytea = (SELECT hll_agg(v) FROM hll_rows)::bytea;

-- 5. parallel plans --------------------------------------------------------------------------------------------------
SELECT hll_agg(v) AS serial, hll_agg(t, 9) AS serial_t FROM hll_rows \gset
CREATE TEMP TABLE serial_groups AS SELECT g, hll_agg(v) AS s, hll_agg(t) AS t FROM hll_rows GROUP BY g;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 4;
SELECT pg_temp.plan_of('SELECT hll_agg(v) FROM hll_rows') LIKE '%Finalize Aggregate%Partial Aggregate%';
SELECT hll_agg(v)::text = :'serial' AND hll_agg(t, 9)::text = :'serial_t' FROM hll_rows;
SELECT approx_count_distinct(v) = round(hll_estimate(:'serial')) FROM hll_rows;
SELECT bool_and(p.s::bytea = q.s::bytea AND p.t::bytea = q.t::bytea) FROM serial_groups p
JOIN (SELECT g, hll_agg(v) AS s, hll_agg(t) AS t FROM hll_rows GROUP BY g) q USING (g);
SELECT hll_agg(v) IS NULL, approx_count_distinct(v) = 0 FROM hll_rows WHERE v < 0;
SELECT hll_agg(NULL::int) IS NULL, hll_agg(v) FILTER (WHERE v < 0) IS NULL FROM hll_rows;
SELECT hll_merge(s)::text = :'serial' FROM (SELECT hll_agg(v) AS s FROM hll_rows GROUP BY g) q;
CREATE TABLE hll_parts AS SELECT i % 500 AS k, hll_agg(v) AS s FROM hll_rows GROUP BY 1;
SELECT hll_merge(s)::text = :'serial' FROM hll_parts;
RESET max_parallel_workers_per_gather;

-- 6. windows, grouping sets, shared states ---------------------------------------------------------------------------
SELECT bool_and(w::bytea = (SELECT hll_agg(v) FROM hll_rows r WHERE r.i BETWEEN q.i - 20 AND q.i)::bytea)
FROM (SELECT i, hll_agg(v) OVER (ORDER BY i ROWS 20 PRECEDING) AS w FROM hll_rows WHERE i <= 300) q;
SELECT bool_and(w::bytea = (SELECT hll_agg(v) FROM hll_rows r WHERE r.i <= q.i)::bytea AND e = round(hll_estimate(w)))
FROM (SELECT i, hll_agg(v) OVER wide AS w, approx_count_distinct(v) OVER wide AS e FROM hll_rows WHERE i <= 400 WINDOW wide AS (ORDER BY i)) q;
SELECT bool_and(m::bytea = (SELECT hll_merge(s) FROM hll_parts r WHERE r.k BETWEEN q.k - 6 AND q.k)::bytea)
FROM (SELECT k, hll_merge(s) OVER (ORDER BY k ROWS 6 PRECEDING) AS m FROM hll_parts) q;
SELECT bool_and(hll_estimate(a) = hll_estimate(b) AND e = round(hll_estimate(a)))
FROM (SELECT g, hll_agg(v) AS a, hll_agg(v) AS b, approx_count_distinct(v) AS e FROM hll_rows GROUP BY g) q;
SELECT (SELECT s FROM (SELECT g, hll_agg(v) AS s FROM hll_rows GROUP BY GROUPING SETS ((g), ())) q WHERE g IS NULL)::text = :'serial';
SELECT count(*) = 8 AND bool_and(s IS NOT NULL) FROM (SELECT g, hll_agg(v) AS s FROM hll_rows GROUP BY ROLLUP (g)) q;
-- nothing, by every road
SELECT bool_and(a IS NULL AND b IS NULL AND c = 0) FROM (SELECT hll_agg(NULL::int) OVER w AS a, hll_agg(v) FILTER (WHERE v < 0) OVER w AS b,
    approx_count_distinct(NULL::int) OVER w AS c FROM hll_rows WHERE i <= 50 WINDOW w AS (ORDER BY i ROWS 5 PRECEDING)) q;
SELECT count(*) = 8 AND bool_and(a IS NULL AND b IS NULL AND c = 0) FROM (SELECT g, hll_agg(NULL::int) AS a, hll_agg(v) FILTER (WHERE v < 0) AS b,
    approx_count_distinct(v) FILTER (WHERE v < 0) AS c FROM hll_rows GROUP BY GROUPING SETS ((g), ())) q;
SELECT count(*) = 1 AND bool_and(a IS NULL AND c = 0) FROM (SELECT hll_agg(v) AS a, approx_count_distinct(v) AS c FROM hll_rows WHERE false GROUP BY GROUPING SETS (())) q;

-- 7. stored: toasted and short values, upserts, states that start from a tuple ---------------------------------------
CREATE TABLE hll_daily (day int PRIMARY KEY, users hllsketch);
INSERT INTO hll_daily SELECT g, hll_agg(v) FROM hll_rows WHERE i <= 20000 GROUP BY g;
INSERT INTO hll_daily SELECT g, hll_agg(v) FROM hll_rows WHERE i > 20000 GROUP BY g
ON CONFLICT (day) DO UPDATE SET users = hll_daily.users || excluded.users;
SELECT bool_and(d.users::bytea = q.s::bytea) FROM hll_daily d JOIN serial_groups q ON d.day = q.g;
CREATE TABLE hll_big AS SELECT 1 AS k, hll_agg(v, 18) AS s FROM hll_rows UNION ALL SELECT 2, hll_agg(i, 18) FROM generate_series(1, 300000) i;
SELECT pg_column_size(s) > 8000 AND hll_estimate(s) > 290000 FROM hll_big WHERE k = 2;
SELECT (SELECT hll_merge(s) FROM hll_big)::bytea = (SELECT hll_agg(x, 18) FROM (SELECT v AS x FROM hll_rows UNION SELECT i FROM generate_series(1, 300000) i) q)::bytea;
SELECT bool_and(hll_merge(a.s, b.s)::bytea = hll_merge(b.s, a.s)::bytea) FROM hll_big a, hll_samples b WHERE b.n > 0;
-- a stored value is never written to
SELECT md5(string_agg(s::text, '' ORDER BY n, p)) AS before FROM hll_samples \gset
SELECT count(hll_merge(a.s, b.s)) > 0, count(hll_add(a.s, 7)) > 0 FROM hll_samples a, hll_samples b;
SELECT md5(string_agg(s::text, '' ORDER BY n, p)) = :'before' FROM hll_samples;

-- 8. a million groups stay small -------------------------------------------------------------------------------------
SELECT max(pg_column_size(s)) <= 60 AND count(*) = 100000 FROM (SELECT i % 100000 AS k, hll_agg(i) AS s FROM generate_series(1, 1000000) i GROUP BY 1) q;

DROP TABLE hll_rows, hll_samples, hll_parts, hll_daily, hll_big, serial_groups;
DROP EXTENSION sketch;
