-- kll: whatever SQL can say is answered, or refused in words. Every line names its case beside the t.
\i test/room.sql
SET extra_float_digits = 0;

CREATE TABLE kll_some AS
SELECT n, k, kll_agg(CASE WHEN i % 50 <> 0 THEN (i * 7919) % 40009 ELSE 'NaN'::float8 END, k) AS s
FROM unnest(ARRAY[1, 100, 5000, 100000]) n, unnest(ARRAY[8, 200, 65535]) k, generate_series(1, n) i GROUP BY n, k;

-- 1. many questions: in one pass, as one by one, and within a time limit
-- -----------------------------------------------
SELECT 'cdf', bool_and(kll_cdf(s, a)
    = (SELECT array_agg(kll_rank(s, v) ORDER BY o) FROM unnest(a) WITH ORDINALITY u(v, o)))
FROM kll_some, (SELECT array_agg((i * 7919) % 40009 - 7) || '{NaN,Infinity,-Infinity,0,-0}'::float8[] AS a
    FROM generate_series(1, 3000) i UNION ALL SELECT '{3,1,2}') q;
SELECT 'quantiles', bool_and(kll_quantiles(s, a)
    = (SELECT array_agg(kll_quantile(s, v) ORDER BY o) FROM unnest(a) WITH ORDINALITY u(v, o)))
FROM kll_some, (SELECT array_agg((i * 7919) % 40009 / 40008.0) || '{0,1,1,0}'::float8[] AS a
    FROM generate_series(1, 3000) i UNION ALL SELECT '{0.9,0.1}') q;
SELECT 'shape', array_dims(kll_cdf(s, a)) = '[0:1][5:7]' AND (kll_cdf(s, a))[1][5] IS NULL
    AND (kll_cdf(s, a))[0][6] = kll_rank(s, 2) AND (kll_cdf(s, a))[1][7] = kll_rank(s, -1)
FROM kll_some, (SELECT '[0:1][5:7]={{3,2,1},{NULL,0,-1}}'::float8[] AS a) q WHERE k = 200 AND n = 5000;
SELECT 'nothing asked', kll_cdf(s, '{}') = '{}' AND kll_quantiles(s, '{}') = '{}'
    AND kll_cdf(s, '{NULL,NULL}') = '{NULL,NULL}'::float8[] FROM kll_some WHERE k = 200 AND n = 5000;
SELECT 'refused', pg_temp.rejects('{0.5,NaN}', 'kll_quantiles(kll_agg(1), %L)'),
    pg_temp.rejects('{0.5,NULL,1.5}', 'kll_quantiles(kll_agg(1), %L)');
SET statement_timeout = '60s';  -- 10 million took 17 s and more, and could not be cancelled
SELECT 'many', array_length(kll_cdf(s, a), 1) = 400000 AND array_length(kll_quantiles(s, b), 1) = 400000
FROM kll_some, (SELECT array_agg(-i / 1e3) AS a, array_agg(i / 4e5 ORDER BY i DESC) AS b
    FROM generate_series(1, 400000) i) q WHERE k = 65535 AND n = 100000;
RESET statement_timeout;

-- 2. counts end at 2^62
-- -------------------------------------------------------------------------------------------------
CREATE FUNCTION pg_temp.doubled(s kllsketch, n int) RETURNS kllsketch LANGUAGE plpgsql AS $$
BEGIN FOR i IN 1..n LOOP s := s || s; END LOOP; RETURN s; END $$;
SELECT 'doubled', bool_and(kll_count(pg_temp.doubled(kll_add(NULL, v, k), 62)::text::kllsketch) = 4611686018427387904)
FROM unnest('{1,NaN}'::float8[]) v, unnest(ARRAY[8, 65535]) k;
SELECT 'one more', pg_temp.rejects('kll_agg(5)', 'kll_add(pg_temp.doubled(%s, 62), 1)::text'),
    pg_temp.rejects('kll_agg(5)', 'kll_add(pg_temp.doubled(%s, 62), ''NaN'')::text'),
       pg_temp.rejects('kll_agg(''NaN''::float8)', 'kll_add(pg_temp.doubled(%s, 62), 1)::text'),
       pg_temp.rejects('kll_agg(''NaN''::float8)', 'kll_add(pg_temp.doubled(%s, 62), ''NaN'')::text'),
       pg_temp.rejects('kll_agg(5)', 'pg_temp.doubled(%s, 63)::text'),
       pg_temp.rejects('kll_agg(5)', '(pg_temp.doubled(%s, 62) || kll_agg(1))::text');
CREATE AGGREGATE pg_temp.raw_merge(kllsketch) (SFUNC = kll_merge, STYPE = kllsketch);
SELECT 'an aggregate', pg_temp.rejects('',
    '%s(SELECT pg_temp.raw_merge(s) FROM (SELECT pg_temp.doubled(kll_agg(1), 61)
        UNION ALL SELECT pg_temp.doubled(kll_agg(1), 61) UNION ALL SELECT kll_agg(2)) v(s))');
SELECT 'the last', kll_count(kll_add(pg_temp.raw_merge(pg_temp.doubled(s, n)), 3)::text::kllsketch)
    = 4611686018427387904 FROM (SELECT kll_agg(1) AS s) q, generate_series(0, 61) n;

-- 3. numbers at the edge
-- ------------------------------------------------------------------------------------------------
SELECT 'bounds', bool_and(b.lower <= b.estimate AND b.estimate <= b.upper)
FROM kll_some, unnest('{0,5e-324,0.5,0.9,1}'::float8[]) f,
    unnest('{5e-324,1e-300,1e-17,0.5,0.9999999999999999}'::float8[]) c, kll_bounds(s, f, c) b;

-- 4. states of anybody's aggregates, and sizes that follow what is in them
-- ------------------------------------------------
CREATE AGGREGATE pg_temp.raw(float8, bigint) (SFUNC = kll_add, STYPE = kllsketch);
SELECT 'raw', bool_and(kll_quantile(r, 0.3) = kll_quantile(t, 0.3)
    AND kll_quantiles(r, '{0.1,0.9}') = kll_quantiles(t, '{0.1,0.9}') AND kll_cdf(r, '{5,1}') = kll_cdf(t, '{5,1}')
    AND kll_bounds(r, 0.5) = kll_bounds(t, 0.5)
    AND r::text = t::text AND kll_count(r || r) = 2 * n AND kll_count(kll_add(r, 9)) = n + 1)
FROM (SELECT n, k, pg_temp.raw(i, k) AS r, kll_agg(i, k) AS t
    FROM unnest(ARRAY[1, 200, 220, 221, 1000, 70000]) n, unnest(ARRAY[8, 200, 65535]) k, generate_series(1, n) i
    GROUP BY n, k) q;
-- one item of weight 2^17 that claims a k of 65535
SELECT 'no larger', kll_count(s) = 131072, pg_column_size(pg_temp.raw_merge(s)) < 5000
FROM (SELECT ('\x4b010100ffff000012000000' || repeat('00', 8) || repeat('0000000000000440', 2) || repeat('00', 24)
    || repeat('00', 17 * 4) || '01000000' || '0000000000000440')::bytea::kllsketch AS s) q, generate_series(1, 3)
GROUP BY s::bytea, kll_count(s);

DROP TABLE kll_some;
DROP EXTENSION sketch CASCADE;
