-- hist: whatever SQL can say is answered, or refused in words. Every line names its case beside the t.
\i test/room.sql
SET extra_float_digits = 0;

CREATE TABLE hist_wide AS
SELECT k, hist_agg(exp(i % 1400 - 700) * (1 - 2 * (i % 2)) + i / 1e3, k) AS s
FROM generate_series(1, 30000) i, unnest(ARRAY[16, 640, 8192]) k GROUP BY k
UNION ALL SELECT n, hist_agg(i % 7 - 3) FROM unnest(ARRAY[1, 62]) n, generate_series(1, n) i GROUP BY n;

-- 1. many questions: in one pass, as one by one, and within a time limit
-- -----------------------------------------------
SELECT 'cdf', bool_and(hist_cdf(s, a)
    = (SELECT array_agg(hist_rank(s, v) ORDER BY o) FROM unnest(a) WITH ORDINALITY u(v, o)))
FROM hist_wide, (SELECT array_agg((i * 7919) % 40009 * 10.0 ^ (i % 40 - 20) * (1 - 2 * (i % 2)))
    || '{NaN,Infinity,-Infinity,0,-0,5e-324}'::float8[] AS a FROM generate_series(1, 3000) i) q;
SELECT 'quantiles', bool_and(hist_quantiles(s, a)
    = (SELECT array_agg(hist_quantile(s, v) ORDER BY o) FROM unnest(a) WITH ORDINALITY u(v, o)))
FROM hist_wide, (SELECT array_agg((i * 7919) % 40009 / 40008.0) || '{0,1,1,0}'::float8[] AS a
    FROM generate_series(1, 3000) i) q;
SELECT 'shape', array_dims(hist_cdf(s, a)) = '[0:1][5:7]' AND (hist_cdf(s, a))[1][5] IS NULL
    AND (hist_cdf(s, a))[0][6] = hist_rank(s, 2) AND (hist_cdf(s, a))[1][7] = hist_rank(s, -1)
FROM hist_wide, (SELECT '[0:1][5:7]={{3,2,1},{NULL,0,-1}}'::float8[] AS a) q WHERE k = 640;
SELECT 'nothing asked', hist_cdf(s, '{}') = '{}' AND hist_quantiles(s, '{}') = '{}'
    AND hist_cdf(s, '{NULL,NULL}') = '{NULL,NULL}'::float8[] FROM hist_wide WHERE k = 640;
SELECT 'the array stays', hist_cdf(s, a) IS NOT NULL AND a = '{3,1,2}'
FROM hist_wide, (SELECT '{3,1,2}'::float8[] AS a OFFSET 0) q WHERE k = 640;
SELECT 'refused', pg_temp.rejects('{0.5,NaN}', 'hist_quantiles(hist_agg(1), %L)'),
    pg_temp.rejects('{0.5,NULL,1.5}', 'hist_quantiles(hist_agg(1), %L)');
SET statement_timeout = '60s';  -- 200,000 points took 88 s
SELECT 'many', array_length(hist_cdf(s, a), 1) = 400000 AND array_length(hist_quantiles(s, b), 1) = 400000
FROM hist_wide, (SELECT array_agg(-i / 1e3) AS a, array_agg(i / 4e5 ORDER BY i DESC) AS b
    FROM generate_series(1, 400000) i) q WHERE k = 8192;
RESET statement_timeout;

-- 2. counts end at 2^62
-- -------------------------------------------------------------------------------------------------
-- 2^62 - 2, 2^62 and more of one value: 512 of the largest weight are 2^62 - 512.
CREATE FUNCTION pg_temp.many(v float8, more float8) RETURNS histsketch LANGUAGE sql AS $$
SELECT hist_weighted_agg(v, CASE i WHEN 0 THEN more ELSE 9007199254740991 END) FROM generate_series(0, 512) i $$;
SELECT 'one more', pg_temp.rejects('512', 'hist_add(pg_temp.many(1, %s), 1)::text'),
    pg_temp.rejects('512', 'hist_weighted_add(pg_temp.many(1, %s), 1, 2)::text'),
    pg_temp.rejects('512', '(pg_temp.many(1, %s) || hist_agg(1))::text'),
    pg_temp.rejects('513', 'pg_temp.many(1, %s)'), pg_temp.rejects('NaN', 'hist_add(pg_temp.many(%L, 512), 0)::text');
SELECT 'the last', bool_and(hist_count(s::text::histsketch) = 4611686018427387904)
FROM unnest('{0,-0,1,-1e300,NaN,Infinity,-Infinity}'::float8[]) v,
    LATERAL (SELECT hist_add(hist_add(pg_temp.many(v, 510), 3), v) AS s) q;
CREATE FUNCTION pg_temp.doubled(s histsketch, n int) RETURNS histsketch LANGUAGE plpgsql AS $$
BEGIN FOR i IN 1..n LOOP s := s || s; END LOOP; RETURN s; END $$;
SELECT 'doubled', hist_count(pg_temp.doubled(hist_agg(5), 62)) = 4611686018427387904,
    pg_temp.rejects('hist_agg(5)', 'pg_temp.doubled(%s, 63)'),
    pg_temp.rejects('hist_agg(5)', 'hist_add(pg_temp.doubled(%s, 62), 1)');
CREATE AGGREGATE pg_temp.raw_merge(histsketch) (SFUNC = hist_merge, STYPE = histsketch);
SELECT 'an aggregate', pg_temp.rejects('',
    '%s(SELECT pg_temp.raw_merge(pg_temp.many(i, 0)) FROM generate_series(1, 3) i)');
SELECT 'wrapping', pg_temp.rejects((SELECT overlay(overlay(s placing z || z || z
    || z from 29) placing '\x000000000000f0ff000000000000f07f'::bytea from 61)::text
    FROM (SELECT hist_agg(1)::bytea AS s, '\x0000000000000040'::bytea AS z FROM generate_series(1, 100)) q),
        '%L::bytea::histsketch');

-- 3. numbers at the edge
-- ------------------------------------------------------------------------------------------------
SELECT 'infinite sums', bool_and(hist_sum(s) = total AND hist_mean(s) = total)
FROM (SELECT n, case_, hist_agg(v) AS s, sum(DISTINCT v) AS total
    FROM (VALUES ('up', 'Infinity'::float8), ('up', 1), ('down', '-Infinity'), ('down', 1), ('both', 'Infinity'),
    ('both', '-Infinity'), ('nan', 'NaN'), ('nan', 1)) c(case_, v), unnest(ARRAY[1, 100]) n, generate_series(1, n)
    GROUP BY n, case_) q;
SELECT 'past the largest', hist_sum(hist_agg(1.7e308)) = 'Infinity' FROM generate_series(1, 3);
SELECT 'bounds', bool_and(b.lower <= b.estimate AND b.estimate <= b.upper)
FROM hist_wide, unnest('{0,5e-324,0.5,0.9999999999999999,1}'::float8[]) f, hist_bounds(s, f) b;
SELECT 'plot', bool_and(length(hist_plot(s, 1000)) < 30000) FROM hist_wide;

-- 4. states of anybody's aggregates
-- --------------------------------------------------------------------------------------
CREATE AGGREGATE pg_temp.raw(float8) (SFUNC = hist_add, STYPE = histsketch);
CREATE AGGREGATE pg_temp.raw_median(float8) (SFUNC = hist_add, STYPE = histsketch, FINALFUNC = approx_percentile_final);
CREATE AGGREGATE pg_temp.raw_asked(float8, float8) (SFUNC = approx_percentile_add, STYPE = histsketch);
CREATE AGGREGATE pg_temp.raw_asked_many(float8, float8[]) (SFUNC = approx_percentile_add, STYPE = histsketch,
    FINALFUNC = hist_final);
CREATE AGGREGATE pg_temp.moving(float8) (SFUNC = hist_moving_add, STYPE = histsketch, FINALFUNC = hist_moving_final);
CREATE AGGREGATE pg_temp.removing(float8) (SFUNC = hist_moving_remove, STYPE = histsketch);
CREATE AGGREGATE pg_temp.framed(float8) (SFUNC = hist_add, STYPE = histsketch, MSFUNC = hist_moving_add,
    MINVFUNC = hist_moving_remove, MSTYPE = histsketch, MFINALFUNC = hist_count, FINALFUNC = hist_count);
SELECT 'raw', bool_and(hist_quantile(r, 0.3) = hist_quantile(t, 0.3)
    AND hist_quantiles(r, '{0.1,0.9}') = hist_quantiles(t, '{0.1,0.9}') AND hist_cdf(r, '{5,1}') = hist_cdf(t, '{5,1}')
    AND hist_sum(r) = hist_sum(t)
    AND r::text = t::text AND hist_plot(r) = hist_plot(t) AND (r || r)::bytea = (t || t)::bytea
        AND hist_add(r, 9)::bytea = hist_add(t, 9)::bytea)
FROM (SELECT n, pg_temp.raw(i) AS r, hist_agg(i) AS t
    FROM unnest(ARRAY[1, 60, 62, 63, 127, 1000]) n, generate_series(1, n) i GROUP BY n) q;
SELECT 'nothing was asked', pg_temp.raw_median(i) IS NULL FROM generate_series(1, 100) i;
SELECT 'asked', approx_percentile_final(pg_temp.raw_asked(i, 0.25)) = hist_quantile(hist_agg(i), 0.25),
    approx_percentiles_final(pg_temp.raw_asked_many(i, '{0.9,0.1}')) = hist_quantiles(hist_agg(i), '{0.9,0.1}'),
       approx_percentile_final(pg_temp.raw_asked_many(i, '{0.9,0.1}')) = hist_quantile(hist_agg(i), 0.9),
       approx_percentiles_final(hist_agg(i)) = '{}' FROM generate_series(1, 100) i;
SELECT 'the first asks', approx_percentiles_final(a || b) = hist_quantiles(a || b, '{0.1,0.2}')
    AND approx_percentiles_final(b || a) = hist_quantiles(a || b, '{0.9}') AND approx_percentiles_final(c || a) = '{}'
FROM (SELECT pg_temp.raw_asked_many(i, '{0.1,0.2}') AS a, pg_temp.raw_asked_many(i, '{0.9}') AS b, hist_agg(i) AS c
    FROM generate_series(1, 300) i) q;
SELECT 'asked of 255', approx_percentile(i, f) = hist_quantiles(hist_agg(i), f)
FROM generate_series(1, 1000) i, (SELECT array_agg(((j * 77) % 255) / 255.0) AS f FROM generate_series(1, 255) j) q
GROUP BY f;
SELECT 'asked of 256', pg_temp.rejects('256', 'approx_percentile(1, array_fill(0.5::float8, ARRAY[%s]))');
SELECT 'moving', pg_temp.moving(i)::bytea = hist_agg(i)::bytea, pg_temp.moving(NULLIF(i, i)) IS NULL,
    pg_temp.removing(i) IS NULL FROM generate_series(1, 500) i;
SELECT 'framed', bool_and(c = n)
FROM (SELECT pg_temp.framed(NULLIF(i % 4, 0)) OVER f AS c, count(NULLIF(i % 4, 0)) OVER f AS n
    FROM generate_series(1, 2000) i WINDOW f AS (ORDER BY i ROWS 30 PRECEDING)) q;
-- what never came in is taken out: some histogram is left, or nothing
CREATE FUNCTION pg_temp.removed(n int, k int) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE ok boolean;
BEGIN
    EXECUTE format('CREATE AGGREGATE pg_temp.less_%s_%s(float8) (
            SFUNC = hist_moving_remove, STYPE = histsketch, INITCOND = %L)',
        n, k, (SELECT hist_agg((i * 37) % 100 / 7.0, k)::text FROM generate_series(1, n) i));
    EXECUTE format('SELECT bool_and(s IS NULL OR hist_count(s::text::histsketch) <= %s)
            FROM (SELECT pg_temp.less_%s_%s(v) OVER (ORDER BY v ROWS UNBOUNDED PRECEDING) AS s
                  FROM (SELECT (j * 13) %% 15 + 0.01 AS v FROM generate_series(1, 500) j) q) q', n, n, k) INTO ok;
    RETURN ok;
END $$;
SELECT 'never there', bool_and(pg_temp.removed(n, k))
FROM unnest(ARRAY[10, 200, 2000]) n, unnest(ARRAY[16, 64, 8192]) k;

DROP TABLE hist_wide;
DROP EXTENSION sketch CASCADE;
