-- hist: which value stands at this fraction?
-- Every line prints its name and t, or an error that is meant.
\i test/room.sql
SET extra_float_digits = 0;

CREATE TABLE hist_rows AS
SELECT i, i % 7 AS g, (i * 7919) % 40009 AS v, CASE WHEN i % 10 <> 0 THEN exp((i * 31) % 3001 / 250.0) END AS x
FROM generate_series(1, 40000) i;
ANALYZE hist_rows;

-- 1. what is rejected ------------------------------------------------------------------------------------------------
CREATE TABLE hist_samples AS
SELECT n, k, hist_agg((i * 7919) % 40009 - 5000, k) AS s
FROM unnest(ARRAY[0, 1, 8, 62, 63, 1000, 20000]) n, unnest(ARRAY[16, 50, 640, 3000]) k
LEFT JOIN LATERAL generate_series(1, n) i ON true GROUP BY n, k;

SELECT 'rejects bytes: max_bins out of range', pg_temp.rejects('\x580100000f00000000000000', '%L::bytea::histsketch');
SELECT 'rejects bytes: a count without its values',
    pg_temp.rejects('\x580100008002000001000000', '%L::bytea::histsketch');
SELECT 'rejects bytes: an empty one with bins', pg_temp.rejects('\x580102008002000000000000', '%L::bytea::histsketch');
-- one value: 1.0 is accepted, -0.0 and a descending pair are not
SELECT 'takes bytes: 1.0',
    pg_temp.rejects('\x580100008002000001000000000000000000f03f', 'hist_min(%L::bytea::histsketch) = 1');
SELECT 'rejects bytes: -0.0', pg_temp.rejects('\x5801000080020000010000000000000000000080', '%L::bytea::histsketch');
SELECT 'rejects bytes: a descending pair',
    pg_temp.rejects('\x580100008002000002000000000000000000f03f0000000000000000', '%L::bytea::histsketch');
SELECT 'rejects max_bins: 15, 8193, NULL',
    pg_temp.rejects('15', 'hist_agg(1, %s)'), pg_temp.rejects('8193', 'hist_new(%s)'),
    pg_temp.rejects('NULL', 'hist_agg(1, %s)');
SELECT 'rejects fraction: 1.5, NaN, -1; width: 0; count: 0',
    pg_temp.rejects('1.5', 'hist_quantile(hist_agg(1), %s)'), pg_temp.rejects('NaN', 'hist_quantile(hist_agg(1), %L)'),
    pg_temp.rejects('{0.5,-1}', 'hist_quantiles(hist_agg(1), %L)'), pg_temp.rejects('0', 'hist_plot(hist_agg(1), %s)'),
    pg_temp.rejects('0', 'hist_weighted_add(NULL, 1, %s)');
SELECT 'rejects a moving function outside an aggregate', pg_temp.rejects('1', 'hist_moving_remove(hist_agg(1), %s)');

-- 2. building and reading --------------------------------------------------------------------------------------------
-- small inputs: percentile_disc, cume_dist, min, max, sum and avg themselves
SELECT 'few: percentile_disc itself',
    bool_and(hist_quantile(s, f) = d AND b.lower = d AND b.estimate = d AND b.upper = d)
FROM (SELECT f, hist_agg(x) AS s, percentile_disc(f) WITHIN GROUP (ORDER BY x) AS d
    FROM hist_rows, unnest('{0,0.01,0.1,0.25,0.5,0.75,0.9,0.99,0.999,1}'::float8[]) f WHERE i <= 62 GROUP BY f) q,
    hist_bounds(s, f) b;
SELECT 'few: cume_dist itself', bool_and(abs(hist_rank(s, x) - c) < 1e-12)
FROM (SELECT x, cume_dist() OVER (ORDER BY x) AS c FROM hist_rows WHERE i <= 62 AND x IS NOT NULL) q,
    (SELECT hist_agg(x) AS s FROM hist_rows WHERE i <= 62) r;
SELECT 'few: many fractions at once', hist_quantiles(s, fs) = percentile_disc
FROM (SELECT hist_agg(v) AS s, ARRAY[[0, 0.25, 0.5], [NULL, 0.99, 1]]::float8[] AS fs,
    percentile_disc(ARRAY[[0, 0.25, 0.5], [NULL, 0.99, 1]]::float8[]) WITHIN GROUP (ORDER BY v::float8) FROM hist_rows
    WHERE i <= 62) q;
-- large inputs: values within the error that is told, and between the bounds
SELECT 'many: within hist_error, between bounds',
    bool_and(abs(b.estimate / d - 1) <= hist_error(s) * 1.000000001 AND b.lower <= d AND d <= b.upper
        AND hist_error(s) < 0.011)
FROM (SELECT f, percentile_disc(f) WITHIN GROUP (ORDER BY x) AS d
    FROM hist_rows, unnest('{0,0.001,0.01,0.1,0.25,0.5,0.75,0.9,0.99,0.999,1}'::float8[]) f GROUP BY f) q,
    (SELECT hist_agg(x) AS s FROM hist_rows) r, hist_bounds(s, f) b;
SELECT 'many: ranks', bool_and(abs(hist_rank(s, c) - c / 40009.0) < 0.02)
FROM (SELECT hist_agg(v) AS s FROM hist_rows) r, generate_series(0, 40000, 997) c;
SELECT 'cdf',
    hist_cdf(s, ARRAY[-1, 20000, NULL, 50000]) = ARRAY[0, hist_rank(s, 20000), NULL, hist_rank(s, 50000)]
        AND hist_rank(s, 50000) > 0.999999
FROM (SELECT hist_agg(v) AS s FROM hist_rows) q;
SELECT 'min, max, count, sum and mean are exact',
    hist_min(s) = mn AND hist_max(s) = mx AND hist_quantile(s, 0) = mn AND hist_quantile(s, 1) = mx
        AND hist_count(s) = n AND hist_sum(s) = sm AND hist_mean(s) = sm / n
FROM (SELECT hist_agg(v) AS s, min(v) AS mn, max(v) AS mx, count(v) AS n, sum(v)::float8 AS sm FROM hist_rows) q;
SELECT 'buckets',
    sum(count) = 40000 AND bool_and(low <= high) AND min(low) = (SELECT min(v) FROM hist_rows)
        AND max(high) = (SELECT max(v) FROM hist_rows)
        AND bool_and(count = (SELECT count(*) FROM hist_rows WHERE v BETWEEN b.low AND b.high))
FROM (SELECT (hist_buckets(s)).* FROM (SELECT hist_agg(v, 40) AS s FROM hist_rows) r) b;
SELECT 'more bins are narrower', hist_error(a) > hist_error(b) AND length(a::bytea) < length(b::bytea)
FROM (SELECT hist_agg(x, 100) AS a, hist_agg(x, 800) AS b FROM hist_rows) q;
-- six decades: within 1.1 % in 2.7 kB
SELECT 'six decades within 1.1 % in 2.7 kB', hist_error(s) <= 0.011 AND length(s::bytea) <= 2700
FROM (SELECT hist_agg(1e-3 * 10 ^ (i / 50000.0)) AS s FROM generate_series(0, 300000) i) q;
SELECT 'plot of many', hist_plot(hist_agg(v, 16), 20) FROM hist_rows;
SELECT 'plot of few', hist_plot(hist_agg(f)) FROM unnest('{-5,-3,-3,0,0,NaN,Infinity,7,8,9}'::float8[]) f;
SELECT 'plot of nothing', hist_plot(hist_new()) = '';
-- every numeric type, by implicit cast
SELECT 'numbers of all types',
    hist_agg(v)::bytea = hist_agg(v::int8)::bytea AND hist_agg(v)::bytea = hist_agg(v::numeric)::bytea
        AND hist_agg(v)::bytea = hist_agg(v::float8)::bytea AND hist_agg(v)::bytea = hist_agg(v::float4)::bytea
FROM hist_rows;
SELECT 'numbers by cast', hist_quantile(hist_agg(1::int2), 0.5) = 1 AND hist_quantile(hist_agg('2'), 0.5) = 2;
-- the order of float8: NaN above infinity, one zero; few values and many
SELECT 'NaN above infinity, one zero',
    bool_and(hist_quantiles(s, '{0.2,0.4,0.8,1}') = '{-Infinity,0,Infinity,NaN}'
        AND abs(hist_quantile(s, 0.6) - 1) < 1e-6 AND hist_rank(s, 'NaN') = 1
        AND abs(hist_rank(s, 'Infinity') - 0.8) < 1e-9 AND hist_max(s) = 'NaN' AND hist_sum(s) = 'NaN')
FROM (SELECT n, hist_agg(f) AS s
    FROM unnest('{1,NaN,Infinity,-Infinity,-0}'::float8[]) f, (VALUES (1), (100)) m(n), generate_series(1, n)
    GROUP BY n) q;
SELECT 'zero and -0 are the same', hist_agg('0'::float8)::bytea = hist_agg('-0'::float8)::bytea;
-- sums are exact
SELECT 'sum of few is exact', hist_sum(hist_agg(f)) = 1 FROM unnest('{1e300,1,-1e300}'::float8[]) f;
SELECT 'sum of many is exact', hist_sum(hist_agg(f)) = 100
FROM unnest('{1e300,1,-1e300}'::float8[]) f, generate_series(1, 100);
SELECT 'sum of tenths is exact', hist_sum(hist_agg(0.1::float8)) = 10000 FROM generate_series(1, 100000);
-- adding one by one and many times, and a sketch of nothing
SELECT 'added one by one', hist_add(hist_add(NULL, 3), 1)::bytea = hist_agg(f)::bytea FROM (VALUES (1), (3)) v(f);
SELECT 'added many times', hist_weighted_add(hist_weighted_add(NULL, 3, 50), 1, 51)::bytea = hist_agg(f)::bytea
FROM (SELECT CASE WHEN i <= 50 THEN 3 ELSE 1 END AS f FROM generate_series(1, 101) i) q;
SELECT 'a count of 10^12: count, sum',
    hist_count(hist_weighted_add(NULL, 2.5, 1000000000000)) = 1000000000000,
    hist_sum(hist_weighted_add(NULL, 2.5, 1000000000000)) = 2500000000000;
SELECT 'adding counts one more', bool_and(hist_count(hist_add(s, 7)) = n + 1) FROM hist_samples WHERE n > 0;
SELECT 'of nothing, by every reader',
    hist_quantile(hist_new(), 0.5) IS NULL, hist_quantiles(hist_new(), '{0.5}') IS NULL,
    hist_bounds(hist_new(), 0.5) IS NULL, hist_rank(hist_new(), 1) IS NULL, hist_cdf(hist_new(), '{1}') IS NULL,
    hist_min(hist_new()) IS NULL, hist_max(hist_new()) IS NULL, hist_count(hist_new(16)) = 0,
    hist_sum(hist_new()) IS NULL, hist_mean(hist_new()) IS NULL, hist_error(hist_new()) = 0,
    (SELECT count(*) = 0 FROM hist_buckets(hist_new()));
SELECT 'info of few', hist_info(hist_agg(i)) FROM generate_series(1, 5) i;
SELECT 'info of many', hist_info(hist_agg(i)) - 'bytes' FROM generate_series(1, 5000) i;

-- 3. approx_percentile -----------------------------------------------------------------------------------------------
SELECT 'approx_percentile of few', approx_percentile(x, 0.9) = percentile_disc(0.9) WITHIN GROUP (ORDER BY x)
FROM hist_rows WHERE i <= 62;
SELECT 'approx_percentile is hist_quantile',
    approx_percentile(x, 0.9) = hist_quantile(hist_agg(x), 0.9)
        AND approx_percentile(x, ARRAY[0, 0.5, 0.99, 1]) = hist_quantiles(hist_agg(x), ARRAY[0, 0.5, 0.99, 1])
FROM hist_rows;
SELECT 'approx_percentile of no rows: one, many',
    approx_percentile(v, 0.5) IS NULL, approx_percentile(v, ARRAY[0.5]) IS NULL
FROM hist_rows WHERE v < 0;
SELECT 'approx_percentile of no fractions', approx_percentile(v, '{}'::float8[]) = '{}' FROM hist_rows;
SELECT 'approx_percentile in a rollup', bool_and(a = hist_quantile(s, 0.75))
FROM (SELECT g, approx_percentile(x, 0.75) AS a, hist_agg(x) AS s FROM hist_rows GROUP BY ROLLUP (g)) q;
SELECT 'rejects fraction: 1.5, NULL, NULL in an array, two dimensions',
    pg_temp.rejects('1.5', 'approx_percentile(1, %s)'), pg_temp.rejects('NULL::float8', 'approx_percentile(1, %s)'),
    pg_temp.rejects('ARRAY[0.5, NULL]', 'approx_percentile(1, %s)'),
    pg_temp.rejects('ARRAY[[0.5]]', 'approx_percentile(1, %s)');

-- 4. NULL and nothing ------------------------------------------------------------------------------------------------
SELECT 'NULLs are not counted', hist_count(hist_agg(x)) = count(x) FROM hist_rows;
SELECT 'NULL: of a NULL fraction', hist_quantile(s, NULL) IS NULL FROM hist_samples WHERE n = 63 AND k = 640;

-- 5. merging: any split is the whole, byte for byte ------------------------------------------------------------------
SELECT 'merging: counts, the lower max_bins',
    bool_and((a.s || b.s)::bytea = (b.s || a.s)::bytea AND hist_count(a.s || b.s) = a.n + b.n
        AND (hist_info(a.s || b.s) ->> 'max_bins')::int = least(a.k, b.k))
FROM hist_samples a, hist_samples b WHERE a.n > 0 AND b.n > 0;
SELECT 'merging goes to the lower max_bins',
    bool_and((t.s || q.s)::bytea = (t.s || t.s)::bytea)
FROM hist_samples q JOIN hist_samples t USING (n) WHERE n > 0 AND q.k > 50 AND t.k = 50;

-- 6. parallel plans --------------------------------------------------------------------------------------------------
SELECT hist_agg(x) AS serial FROM hist_rows \gset
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 4;
SELECT 'approx_percentile: a parallel plan',
    pg_temp.plan_of('SELECT hist_agg(v), approx_percentile(v, 0.5) FROM hist_rows')
        LIKE '%Finalize Aggregate%Partial Aggregate%';
SELECT 'approx_percentile in parallel',
    approx_percentile(x, 0.99) = hist_quantile(:'serial', 0.99)
        AND approx_percentile(x, ARRAY[0.5, 1]) = hist_quantiles(:'serial', ARRAY[0.5, 1])
FROM hist_rows;
SELECT 'approx_percentile of no rows in parallel', approx_percentile(v, 0.5) IS NULL FROM hist_rows WHERE v < 0;
RESET max_parallel_workers_per_gather;

-- 7. windows, grouping sets, shared states ---------------------------------------------------------------------------
-- moving frames: values are taken out again, and the bytes are those of the frame alone
CREATE FUNCTION pg_temp.moving(size int, bins int) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE ok boolean;
BEGIN
    EXECUTE format($query$
        SELECT bool_and(w::bytea IS NOT DISTINCT FROM (
            SELECT hist_agg(y, %2$s) FROM pg_temp.hist_moving r WHERE r.i BETWEEN q.i - %1$s AND q.i)::bytea)
        FROM (SELECT i, hist_agg(y, %2$s) OVER (ORDER BY i ROWS %1$s PRECEDING) AS w FROM pg_temp.hist_moving) q
        $query$, size, bins) INTO ok;
    RETURN ok;
END $$;
CREATE TEMP TABLE hist_moving AS
SELECT i, CASE WHEN i % 50 < 3 THEN NULL WHEN i % 97 = 0 THEN 'NaN' WHEN i % 89 = 0 THEN 0
               WHEN i % 401 = 0 THEN 'Infinity' WHEN i % 3 = 0 THEN -exp((i * 31) % 301 / 40.0)
               ELSE exp((i * 37) % 301 / 30.0) END::float8 AS y
FROM generate_series(1, 1000) i;
SELECT 'moving frames: 2, 20, 100, 100 in 20 bins, 300 in 8192',
    pg_temp.moving(2, 640), pg_temp.moving(20, 640), pg_temp.moving(100, 640), pg_temp.moving(100, 20),
    pg_temp.moving(300, 8192);
SELECT 'moving frames: count and sum', bool_and(c = n AND (sm = s OR abs(sm / s - 1) < 1e-12))
FROM (SELECT hist_count(hist_agg(v) OVER f) AS c, count(v) OVER f AS n, hist_sum(hist_agg(v) OVER f) AS sm,
    sum(v) OVER f AS s FROM hist_rows WHERE i <= 5000 WINDOW f AS (ORDER BY i ROWS 200 PRECEDING)) q;
SELECT 'approx_percentile in a growing frame',
    bool_and(w::bytea = (SELECT hist_agg(v) FROM hist_rows r WHERE r.i <= q.i)::bytea AND e = hist_quantile(w, 0.3))
FROM (SELECT i, hist_agg(v) OVER wide AS w, approx_percentile(v, 0.3) OVER wide AS e FROM hist_rows WHERE i <= 400
    WINDOW wide AS (ORDER BY i)) q;

-- 8. stored: toasted and short values, upserts, states that start from a tuple ---------------------------------------
CREATE TABLE hist_big AS SELECT hist_agg(x, 8192) AS s FROM hist_rows UNION ALL SELECT hist_agg(i, 8192)
FROM generate_series(1, 100000) i;
SELECT 'a sketch in TOAST', max(length(s::bytea)) > 8000 FROM hist_big;
SELECT 'sketches in TOAST merge',
    (SELECT hist_merge(s) FROM hist_big)::bytea
    = (SELECT hist_agg(y, 8192) FROM (SELECT x AS y FROM hist_rows UNION ALL SELECT i
    FROM generate_series(1, 100000) i) q)::bytea;
SELECT 'merging in TOAST commutes', bool_and(hist_merge(a.s, b.s)::bytea = hist_merge(b.s, a.s)::bytea)
FROM hist_big a, hist_samples b WHERE b.n > 0;

-- 9. a hundred thousand groups stay small ----------------------------------------------------------------------------
SELECT '100000 groups stay small', max(pg_column_size(s)) <= 100 AND count(*) = 100000
FROM (SELECT i % 100000 AS k, hist_agg(i) AS s FROM generate_series(1, 1000000) i GROUP BY 1) q;

DROP TABLE hist_rows, hist_samples, hist_big, hist_moving;
DROP EXTENSION sketch;
