-- kll: which value has this rank?
-- Every line prints its name and t, or an error that is meant.
\i test/room.sql
SET extra_float_digits = 0;

CREATE TABLE kll_rows AS
SELECT i, i % 7 AS g, (i * 7919) % 40009 AS v, CASE WHEN i % 10 <> 0 THEN ln(1 + (i * 31) % 3001) END AS x
FROM generate_series(1, 40000) i;
ANALYZE kll_rows;

-- 1. what is rejected ------------------------------------------------------------------------------------------------
CREATE TABLE kll_samples AS
SELECT n, k, kll_agg((i * 7919) % 40009, k) AS s
FROM unnest(ARRAY[0, 1, 8, 200, 221, 1000, 20000]) n, unnest(ARRAY[8, 50, 200, 3000]) k
LEFT JOIN LATERAL generate_series(1, n) i ON true GROUP BY n, k;

SELECT 'rejects bytes: k out of range', pg_temp.rejects('\x4b0100000700000000000000', '%L::bytea::kllsketch');
SELECT 'rejects bytes: a length that does not fit',
    pg_temp.rejects('\x4b010000c800000000000000', '%L::bytea::kllsketch');
SELECT 'rejects bytes: levels of nothing',
    pg_temp.rejects('\x4b010200c8000000000000000000000000000000', '%L::bytea::kllsketch');
-- one item: 1.0 is accepted, -0.0 and a descending pair are not
SELECT 'takes bytes: 1.0',
    pg_temp.rejects('\x4b010000c8000000010000000000000000000000000000000000f03f', 'kll_min(%L::bytea::kllsketch) = 1');
SELECT 'rejects bytes: -0.0',
    pg_temp.rejects('\x4b010000c80000000100000000000000000000000000000000000080', '%L::bytea::kllsketch');
SELECT 'rejects bytes: a descending pair',
    pg_temp.rejects('\x4b010000c8000000020000000000000000000000000000000000f03f0000000000000000',
        '%L::bytea::kllsketch');
SELECT 'rejects k: 7, 65536, NULL',
    pg_temp.rejects('7', 'kll_agg(1, %s)'), pg_temp.rejects('65536', 'kll_new(%s)'),
    pg_temp.rejects('NULL', 'kll_agg(1, %s)');
SELECT 'rejects fraction: 1.5, NaN, -1; confidence: 1',
    pg_temp.rejects('1.5', 'kll_quantile(kll_agg(1), %s)'), pg_temp.rejects('NaN', 'kll_quantile(kll_agg(1), %L)'),
    pg_temp.rejects('{0.5,-1}', 'kll_quantiles(kll_agg(1), %L)'),
    pg_temp.rejects('1', 'kll_bounds(kll_agg(1), 0.5, %s)');

-- 2. building and reading --------------------------------------------------------------------------------------------
-- small inputs: percentile_disc and cume_dist themselves
SELECT 'few: percentile_disc itself',
    bool_and(kll_quantile(s, f) = d AND b.lower = d AND b.estimate = d AND b.upper = d)
FROM (SELECT f, kll_agg(x) AS s, percentile_disc(f) WITHIN GROUP (ORDER BY x) AS d
    FROM kll_rows, unnest('{0,0.01,0.1,0.25,0.5,0.75,0.9,0.99,0.999,1}'::float8[]) f WHERE i <= 220 GROUP BY f) q,
    kll_bounds(s, f) b;
SELECT 'few: cume_dist itself', bool_and(kll_rank(s, x) = c)
FROM (SELECT x, cume_dist() OVER (ORDER BY x) AS c FROM kll_rows WHERE i <= 240 AND x IS NOT NULL) q,
    (SELECT kll_agg(x) AS s FROM kll_rows WHERE i <= 240) r;
SELECT 'few: many fractions at once', kll_quantiles(s, fs) = percentile_disc
FROM (SELECT kll_agg(v) AS s, ARRAY[[0, 0.25, 0.5], [NULL, 0.99, 1]]::float8[] AS fs,
    percentile_disc(ARRAY[[0, 0.25, 0.5], [NULL, 0.99, 1]]::float8[]) WITHIN GROUP (ORDER BY v::float8) FROM kll_rows
    WHERE i <= 200) q;
-- large inputs: ranks within epsilon
SELECT 'many: quantiles within epsilon',
    bool_and(abs((SELECT count(*) FROM kll_rows WHERE v <= q) / 40000.0 - f) < 0.0133)
FROM (SELECT f, kll_quantile(s, f) AS q
    FROM (SELECT kll_agg(v) AS s FROM kll_rows) r, (SELECT p / 100.0 AS f FROM generate_series(1, 99) p) fs) q;
SELECT 'many: ranks within epsilon', bool_and(abs(kll_rank(s, c) - c / 40009.0) < 0.0133)
FROM (SELECT kll_agg(v) AS s FROM kll_rows) r, generate_series(0, 40000, 997) c;
SELECT 'bounds hold the truth', bool_and(lower <= d AND d <= upper AND lower < upper)
FROM (SELECT g, percentile_disc(0.9) WITHIN GROUP (ORDER BY v) AS d, (kll_bounds(kll_agg(v), 0.9, 0.9999)).*
    FROM kll_rows GROUP BY g) q;
SELECT 'cdf', kll_cdf(s, ARRAY[-1, 20000, NULL, 50000]) = ARRAY[0, kll_rank(s, 20000), NULL, 1]
FROM (SELECT kll_agg(v) AS s FROM kll_rows) q;
SELECT 'min, max and count are exact',
    kll_min(s) = mn AND kll_max(s) = mx AND kll_quantile(s, 0) = mn AND kll_quantile(s, 1) = mx AND kll_count(s) = n
FROM (SELECT kll_agg(v) AS s, min(v) AS mn, max(v) AS mx, count(v) AS n FROM kll_rows) q;
SELECT 'a larger k is closer',
    (kll_info(a) ->> 'epsilon')::float8 > (kll_info(b) ->> 'epsilon')::float8 AND length(a::bytea) < length(b::bytea)
FROM (SELECT kll_agg(v, 100) AS a, kll_agg(v, 800) AS b FROM kll_rows) q;
-- every numeric type, by implicit cast
SELECT 'numbers of all types',
    kll_agg(v)::bytea = kll_agg(v::int8)::bytea AND kll_agg(v)::bytea = kll_agg(v::numeric)::bytea
        AND kll_agg(v)::bytea = kll_agg(v::float8)::bytea AND kll_agg(v)::bytea = kll_agg(v::float4)::bytea
FROM kll_rows;
SELECT 'numbers by cast', kll_quantile(kll_agg(1::int2), 0.5) = 1 AND kll_quantile(kll_agg('2'), 0.5) = 2;
-- the order of float8: NaN above infinity, one zero
SELECT 'NaN above infinity, one zero', kll_quantiles(kll_agg(f), '{0.2,0.4,0.6,0.8,1}') = '{-Infinity,0,1,Infinity,NaN}'
FROM unnest('{1,NaN,Infinity,-Infinity,-0}'::float8[]) f;
SELECT 'ranks of NaN, infinity, zeros; max',
    kll_rank(kll_agg(f), 'NaN') = 1, kll_rank(kll_agg(f), 'Infinity') = 0.8,
    kll_rank(kll_agg(f), 0) = kll_rank(kll_agg(f), '-0'), kll_max(kll_agg(f)) = 'NaN'
FROM unnest('{1,NaN,Infinity,-Infinity,-0}'::float8[]) f;
SELECT 'zero and -0 are the same', kll_agg('0'::float8)::bytea = kll_agg('-0'::float8)::bytea;
-- adding one by one, and a sketch of nothing
SELECT 'added one by one', kll_add(kll_add(NULL, 3), 1)::bytea = kll_agg(f)::bytea FROM (VALUES (3), (1)) v(f);
SELECT 'adding starts with a k', kll_add(NULL, 5, 10)::bytea = kll_agg(5, 10)::bytea;
SELECT 'adding counts one more', bool_and(kll_count(kll_add(s, 7)) = n + 1) FROM kll_samples WHERE n > 0;
SELECT 'of nothing, by every reader',
    kll_quantile(kll_new(), 0.5) IS NULL, kll_quantiles(kll_new(), '{0.5}') IS NULL,
    kll_bounds(kll_new(), 0.5) IS NULL, kll_rank(kll_new(), 1) IS NULL, kll_cdf(kll_new(), '{1}') IS NULL,
    kll_min(kll_new()) IS NULL, kll_max(kll_new()) IS NULL, kll_count(kll_new(8)) = 0;
SELECT 'info of few', kll_info(kll_agg(i)) FROM generate_series(1, 5) i;
SELECT 'info of many', kll_info(kll_agg(i)) - 'bytes' - 'items' - 'levels' FROM generate_series(1, 5000) i;

-- 3. NULL and nothing ------------------------------------------------------------------------------------------------
SELECT 'NULLs are not counted', kll_count(kll_agg(x)) = count(x) FROM kll_rows;
SELECT 'NULL: of a NULL fraction', kll_quantile(s, NULL) IS NULL FROM kll_samples WHERE n = 200 AND k = 200;

-- 4. merging ---------------------------------------------------------------------------------------------------------
SELECT 'merging: counts, ends, the lower k',
    bool_and(kll_count(a.s || b.s) = a.n + b.n AND kll_min(a.s || b.s) = least(kll_min(a.s), kll_min(b.s))
        AND kll_max(a.s || b.s) = greatest(kll_max(a.s), kll_max(b.s))
        AND (kll_info(a.s || b.s) ->> 'k')::int = least(a.k, b.k))
FROM kll_samples a, kll_samples b WHERE a.n > 0 AND b.n > 0;
SELECT 'two small ones merge as one pass',
    (a.s || b.s)::bytea = (SELECT kll_agg((i * 7919) % 40009)
    FROM (SELECT generate_series(1, 8) UNION ALL SELECT generate_series(1, 200)) q(i))::bytea
FROM kll_samples a, kll_samples b WHERE a.n = 8 AND b.n = 200 AND a.k = 200 AND b.k = 200;
SELECT 'hundreds of parts keep the promise', bool_and(abs(kll_rank(m, c) - c / 40009.0) < 0.0133)
FROM (SELECT kll_merge(part) AS m FROM (SELECT kll_agg(v) AS part FROM kll_rows GROUP BY i % 300) p) q,
    generate_series(0, 40000, 997) c;

-- 5. parallel plans --------------------------------------------------------------------------------------------------
-- The bytes depend on which worker saw which rows; counts, ends and the promise do not.
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 4;
SELECT 'in parallel: count, ends, promise',
    kll_count(s) = 40000 AND kll_min(s) = mn AND kll_max(s) = mx AND abs(kll_rank(s, 20000) - 0.5) < 0.0133
FROM (SELECT kll_agg(v) AS s, min(v) AS mn, max(v) AS mx FROM kll_rows) q;
SELECT 'groups in parallel: count, median', bool_and(kll_count(s) = c AND abs(kll_quantile(s, 0.5) / m - 1) < 0.03)
FROM (SELECT g, kll_agg(x) AS s, count(x) AS c, percentile_disc(0.5) WITHIN GROUP (ORDER BY x) AS m FROM kll_rows
    GROUP BY g) q;
CREATE TABLE kll_parts AS SELECT i % 500 AS p, kll_agg(v) AS s FROM kll_rows GROUP BY 1;
SELECT 'stored parts in parallel: count, promise',
    kll_count(kll_merge(s)) = 40000 AND abs(kll_rank(kll_merge(s), 20000) - 0.5) < 0.0133
FROM kll_parts;
RESET max_parallel_workers_per_gather;
SET max_parallel_workers_per_gather = 0;
SELECT 'the same order gives the same bytes',
    (SELECT kll_agg(v ORDER BY i) FROM kll_rows)::text = (SELECT kll_agg(v ORDER BY i) FROM kll_rows)::text;
RESET max_parallel_workers_per_gather;

-- 6. stored: toasted and short values, upserts, states that start from a tuple ---------------------------------------
CREATE TABLE kll_daily (day int PRIMARY KEY, latency kllsketch);
INSERT INTO kll_daily SELECT g, kll_agg(v) FROM kll_rows WHERE i <= 20000 GROUP BY g;
INSERT INTO kll_daily SELECT g, kll_agg(v) FROM kll_rows WHERE i > 20000 GROUP BY g
ON CONFLICT (day) DO UPDATE SET latency = kll_daily.latency || excluded.latency;
SELECT 'upserts: count, promise', bool_and(kll_count(latency) = c AND abs(kll_rank(latency, 20000) - r) < 0.0266)
FROM kll_daily JOIN (SELECT g, count(*) AS c, count(*) FILTER (WHERE v <= 20000) / count(*)::float8 AS r FROM kll_rows
    GROUP BY g) q ON day = g;
CREATE TABLE kll_big AS SELECT kll_agg(v, 3000) AS s FROM kll_rows UNION ALL SELECT kll_agg(i, 65535)
FROM generate_series(1, 100000) i;
SELECT 'sketches in TOAST merge', max(pg_column_size(s)) > 8000 AND kll_count(kll_merge(s)) = 140000 FROM kll_big;
SELECT 'merging in TOAST: counts', bool_and(kll_count(kll_merge(a.s, b.s)) = kll_count(a.s) + b.n)
FROM kll_big a, kll_samples b WHERE b.n > 0;

-- 7. dates and intervals go in and out as seconds --------------------------------------------------------------------
SELECT 'dates as seconds',
    to_timestamp(kll_quantile(kll_agg(extract(epoch FROM at)), 0.5)) = '2024-01-01 12:00:00.25+00'
FROM (SELECT timestamptz '2024-01-01 12:00:00.25+00' + i * interval '1 hour' AS at FROM generate_series(-50, 50) i) q;
SELECT 'intervals as seconds',
    make_interval(secs => kll_quantile(kll_agg(extract(epoch FROM took)), 1)) = interval '90 minutes'
FROM (VALUES (interval '90 minutes'), ('20 minutes')) v(took);

-- 8. a hundred thousand groups stay small ----------------------------------------------------------------------------
SELECT '100000 groups stay small', max(pg_column_size(s)) <= 110 AND count(*) = 100000
FROM (SELECT i % 100000 AS k, kll_agg(i) AS s FROM generate_series(1, 1000000) i GROUP BY 1) q;

DROP TABLE kll_rows, kll_samples, kll_parts, kll_daily, kll_big;
DROP EXTENSION sketch;
