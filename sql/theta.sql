-- theta: how many distinct, in unions, intersections and differences?
-- Every line prints its name and t, or an error that is meant.
\i test/room.sql
SET extra_float_digits = 0;

CREATE TABLE theta_rows AS
SELECT i, i % 7 AS g, (i * 7919) % 5000 AS v, CASE WHEN i % 10 = 0 THEN NULL ELSE 'user-' || (i * 31) % 3000 END AS t
FROM generate_series(1, 40000) i;
ANALYZE theta_rows;

-- 1. what is rejected ------------------------------------------------------------------------------------------------
CREATE TABLE theta_samples AS
SELECT n, k, theta_agg(i, k) AS s
FROM unnest(ARRAY[0, 1, 10, 64, 65, 1000, 20000]) n, unnest(ARRAY[16, 64, 4096, 1048576]) k
LEFT JOIN LATERAL generate_series(1, n) i ON true GROUP BY n, k;

SELECT 'the bytes of an empty one', theta_new()::bytea;
SELECT 'takes bytes: an empty one',
    pg_temp.rejects('\x540100010c000000000000000000000000000100', '%L::bytea::thetasketch');
SELECT 'rejects bytes: k out of range',
    pg_temp.rejects('\x5401000103000000000000000000000000000100', '%L::bytea::thetasketch');
SELECT 'rejects bytes: theta above 1',
    pg_temp.rejects('\x540100010c000000000000000000000000000200', '%L::bytea::thetasketch');
SELECT 'rejects bytes: a parameter out of range',
    pg_temp.rejects('\x540100010c000000010000000000000000000100', '%L::bytea::thetasketch');
SELECT 'rejects k: 8', pg_temp.rejects('8', 'theta_agg(1, %s)');
SELECT 'rejects k: 100', pg_temp.rejects('100', 'theta_agg(1, %s)');
SELECT 'rejects k: 2097152', pg_temp.rejects('2097152', 'theta_new(%s)');
SELECT 'rejects k: NULL', pg_temp.rejects('NULL', 'theta_agg(1, %s)');
SELECT 'rejects confidence: 0, 1, NaN',
    pg_temp.rejects('0', 'theta_bounds(theta_new(), %s)'),
    pg_temp.rejects('1', 'theta_jaccard(theta_new(), theta_new(), %s)'),
    pg_temp.rejects('NaN', 'theta_containment(theta_new(), theta_new(), %L)');

-- 2. building --------------------------------------------------------------------------------------------------------
SELECT 'estimate: of nothing, of 4096', theta_estimate(theta_new()) = 0, theta_estimate(theta_agg(i)) = 4096
FROM generate_series(1, 4096) i;
SELECT 'estimate at k = 4096', abs(theta_estimate(theta_agg(v)) / count(DISTINCT v) - 1) < 0.05 FROM theta_rows;
SELECT 'texts are exact up to k', theta_estimate(theta_agg(t)) = count(DISTINCT t) FROM theta_rows;
SELECT 'bounds hold the truth', bool_and(lower <= d AND d <= upper)
FROM (SELECT g, (theta_bounds(theta_agg(v, 256), 0.9999)).*, count(DISTINCT v) AS d FROM theta_rows GROUP BY g) q;
SELECT 'equal values of other types are the same',
    theta_agg(i)::bytea = theta_agg(i::int8)::bytea AND theta_agg(i)::bytea = theta_agg(i::numeric)::bytea
        AND theta_agg(i::text)::bytea = theta_agg(i::text::varchar)::bytea
        AND theta_agg(i::text)::bytea = theta_agg(i::text::char(20))::bytea
        AND theta_agg(ARRAY[i])::bytea <> theta_agg(i)::bytea
FROM theta_rows;
SELECT 'values of all kinds', bool_and(ok) FROM (
    SELECT theta_estimate(theta_agg(x)) = 2 AS ok FROM (VALUES (true), (false)) v(x)
    UNION ALL SELECT theta_estimate(theta_agg(x)) = 1 FROM (VALUES (0::float4), ('-0')) v(x)
    UNION ALL SELECT theta_estimate(theta_agg(x)) = 2 FROM (VALUES ('a'), ('b')) v(x)
    UNION ALL SELECT theta_estimate(theta_agg(x)) = 1 FROM (VALUES (interval '1 day'), ('24 hours')) v(x)
    UNION ALL SELECT theta_estimate(theta_agg(x)) = 2 FROM (VALUES ('a'::name), ('b')) v(x)
    UNION ALL SELECT theta_estimate(theta_agg(x)) = 1 FROM (VALUES ('{"a": 1}'::jsonb), ('{"a": 1.0}')) v(x)) q;
SELECT 'added one by one', theta_add(theta_add(NULL, 'a'), 'b')::bytea = theta_agg(x)::bytea
FROM (VALUES ('a'), ('b')) v(x);
SELECT 'adding starts with a k', theta_add(NULL, 5, 16)::bytea = theta_agg(5, 16)::bytea;
SELECT 'adding what it holds', bool_and(theta_add(s, 1)::bytea = s::bytea) FROM theta_samples WHERE n > 0;
SELECT 'adding a new value', theta_add(s, 11)::bytea = (SELECT theta_agg(i) FROM generate_series(1, 11) i)::bytea
FROM theta_samples WHERE n = 10 AND k = 4096;
SELECT 'info of few', theta_info(theta_agg(i)) FROM generate_series(1, 5) i;
SELECT 'info of many', theta_info(theta_agg(i, 64)) - 'estimate' - 'theta' FROM generate_series(1, 5000) i;
SELECT 'a million values in 17 kB', bool_and(pg_column_size(s) <= 17000) AND count(*) = 1
FROM (SELECT theta_agg(i) AS s FROM generate_series(1, 1000000) i) q;

-- 3. NULL and nothing ------------------------------------------------------------------------------------------------
SELECT 'theta_intersect of no rows', theta_intersect(NULL::thetasketch) IS NULL FROM theta_rows WHERE false;
SELECT 'theta_intersect of NULLs', theta_estimate(theta_intersect(NULL::thetasketch)) = 0 FROM theta_rows;
SELECT 'NULL: s & NULL, NULL & s, s - NULL, jaccard',
    theta_estimate(s & NULL) = 0, theta_estimate(NULL & s) = 0, s - NULL = s, (theta_jaccard(s, NULL)).estimate IS NULL
FROM theta_samples WHERE n = 65 AND k = 64;

-- 4. merging ---------------------------------------------------------------------------------------------------------
SELECT 'merging goes to the smaller k', bool_and((a.s || b.s)::bytea = CASE WHEN a.k < b.k THEN a.s ELSE b.s END::bytea)
FROM theta_samples a, theta_samples b WHERE a.n = b.n AND a.n > 0;

-- 5. intersection and difference -------------------------------------------------------------------------------------
CREATE TABLE theta_sets AS SELECT theta_agg(i) AS all_of, theta_agg(i) FILTER (WHERE i <= 2000) AS low,
    theta_agg(i) FILTER (WHERE i > 1500) AS high,
    theta_agg(i) FILTER (WHERE i % 2 = 0) AS even, theta_agg(i, 256) FILTER (WHERE i <= 3000) AS coarse
    FROM generate_series(1, 3000) i;
SELECT 'set operations, counted',
    theta_estimate(low & high) = 500, theta_estimate(low - high) = 1500, theta_estimate((low & high) - even) = 250,
    theta_estimate(low || high) = 3000, theta_estimate(low & (high - even)) = 250,
    theta_estimate(low & high - even) = 250
FROM theta_sets;
SELECT 'set operations, by their bytes',
    (low & high)::bytea = (high & low)::bytea, (low & low)::bytea = low::bytea, (all_of & even)::bytea = even::bytea,
    theta_estimate(low - low) = 0, ((low & high) || (low - high))::bytea = low::bytea,
    (low - even)::bytea = (low - (low & even))::bytea
FROM theta_sets;
SELECT 'set operations of unequal k',
    (theta_info(low & coarse)->>'k')::int = 256, (theta_info(low - coarse)->>'k')::int = 256,
    abs(theta_estimate(low & coarse) / 2000 - 1) < 0.3,
    abs(theta_estimate(low & coarse) + theta_estimate(coarse - low) - theta_estimate(coarse)) < 1e-6
FROM theta_sets;
SELECT 'jaccard and containment',
    theta_jaccard(low, high) = (500 / 3000.0::float8, 500 / 3000.0::float8, 500 / 3000.0::float8),
    (theta_containment(low, even)).estimate = 0.5, (theta_containment(even, all_of)).lower = 1,
    (theta_jaccard(low, theta_new())).upper = 0, (theta_jaccard(theta_new(), theta_new())).estimate = 1
FROM theta_sets;
-- a sketch of nothing is not the state that has seen nothing
SELECT 'theta_intersect of nothing, of NULL, of all',
    theta_estimate(theta_intersect(x)) = 0, theta_estimate(theta_intersect(y)) = 1000,
    theta_estimate(theta_intersect(z)) = 0, theta_intersect(z) FILTER (WHERE false) IS NULL
FROM theta_sets, LATERAL (VALUES (theta_new(), low, low), (low, even, NULL), (high, all_of, low)) v(x, y, z);
-- operators of other types still mean what they did
SELECT 'operators of other types',
    5 & 3 = 1, B'101' & B'011' = B'001', now() - interval '1 day' < now(), '{"a": 1, "b": 2}'::jsonb - 'a' = '{"b": 2}',
    'a' || 'b' = 'ab', date '2024-03-01' - 1 = '2024-02-29';

-- against exact answers, on a million rows with overlaps of 0, 1, 10, 50 and 100 %
CREATE TABLE theta_overlaps AS
SELECT percent, theta_agg(i) FILTER (WHERE i < 100000) AS a,
    theta_agg(i) FILTER (WHERE i >= first AND i < first + 100000) AS b,
       count(*) FILTER (WHERE i < 100000 AND i >= first) AS shared,
       count(*) FILTER (WHERE i < 100000 OR i >= first AND i < first + 100000) AS either
FROM (SELECT percent, 100000 - percent * 1000 AS first FROM unnest(ARRAY[0, 1, 10, 50, 100]) percent) q,
    generate_series(0, 199999) i GROUP BY percent;
SELECT 'overlaps, bounds and estimates: %',
    percent, (theta_bounds(a, 0.999)).lower <= 100000 AND 100000 <= (theta_bounds(a, 0.999)).upper
        AND abs(theta_estimate(a) / 100000 - 1) < 0.06, (theta_bounds(a || b, 0.999)).lower <= either
        AND either <= (theta_bounds(a || b, 0.999)).upper, (theta_bounds(a & b, 0.999)).lower <= shared
        AND shared <= (theta_bounds(a & b, 0.999)).upper, (theta_bounds(a - b, 0.999)).lower <= 100000 - shared
        AND 100000 - shared <= (theta_bounds(a - b, 0.999)).upper,
    (theta_jaccard(a, b, 0.999)).lower <= shared::float8 / either
        AND shared::float8 / either <= (theta_jaccard(a, b, 0.999)).upper,
    abs(theta_estimate(a || b) / either - 1) < 0.06 AND abs(theta_estimate(a & b) - shared) < 6000,
    theta_estimate(a & b) + theta_estimate(a - b) BETWEEN 0.94 * 100000 AND 1.06 * 100000
FROM theta_overlaps ORDER BY percent;

-- 6. parallel plans --------------------------------------------------------------------------------------------------
CREATE TABLE theta_parts AS SELECT i % 500 AS k, theta_agg(v) AS s, theta_agg(v) || theta_agg(i % 3) AS common
FROM theta_rows GROUP BY 1;
SELECT theta_intersect(common) AS serial_common, theta_intersect(s) AS serial_none FROM theta_parts \gset
SELECT '500 parts have 3 values in common', theta_estimate(:'serial_common') = 3;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 4;
SELECT 'theta_intersect: a parallel plan',
    pg_temp.plan_of('SELECT theta_intersect(common) FROM theta_parts') LIKE '%Finalize Aggregate%Partial Aggregate%';
SELECT 'theta_intersect in parallel: some, none, of no rows',
    theta_intersect(common)::text = :'serial_common', theta_intersect(s)::text = :'serial_none',
    theta_intersect(s) FILTER (WHERE false) IS NULL
FROM theta_parts;
RESET max_parallel_workers_per_gather;

-- 7. windows, grouping sets, shared states ---------------------------------------------------------------------------
SELECT 'a moving frame at k = 16',
    bool_and(w::bytea = (SELECT theta_agg(v, 16) FROM theta_rows r WHERE r.i BETWEEN q.i - 20 AND q.i)::bytea)
FROM (SELECT i, theta_agg(v, 16) OVER (ORDER BY i ROWS 20 PRECEDING) AS w FROM theta_rows WHERE i <= 300) q;
SELECT 'theta_merge and theta_intersect in a moving frame',
    bool_and(m::bytea = (SELECT theta_merge(s) FROM theta_parts r WHERE r.k BETWEEN q.k - 6 AND q.k)::bytea
        AND c::bytea = (SELECT theta_intersect(common) FROM theta_parts r WHERE r.k BETWEEN q.k - 6 AND q.k)::bytea)
FROM (SELECT k, theta_merge(s) OVER w AS m, theta_intersect(common) OVER w AS c FROM theta_parts
    WINDOW w AS (ORDER BY k ROWS 6 PRECEDING)) q;
SELECT 'theta_intersect in a growing frame',
    bool_and(c::bytea = (SELECT theta_intersect(common) FROM theta_parts r WHERE r.k <= q.k)::bytea)
FROM (SELECT k, theta_intersect(common) OVER (ORDER BY k) AS c FROM theta_parts) q;

-- 8. stored: toasted and short values, upserts, states that start from a tuple ---------------------------------------
CREATE TABLE theta_big AS SELECT 1 AS k, theta_agg(v, 131072) AS s
FROM theta_rows UNION ALL SELECT 2, theta_agg(i, 131072) FROM generate_series(1, 300000) i;
SELECT 'a sketch in TOAST', pg_column_size(s) > 100000 AND abs(theta_estimate(s) / 300000 - 1) < 0.02
FROM theta_big WHERE k = 2;
SELECT 'sketches in TOAST merge',
    (SELECT theta_merge(s) FROM theta_big)::bytea
        = (SELECT theta_agg(x, 131072) FROM (SELECT v AS x FROM theta_rows UNION SELECT i
        FROM generate_series(1, 300000) i) q)::bytea;
SELECT 'merging and & in TOAST commute',
    bool_and(theta_merge(a.s, b.s)::bytea = theta_merge(b.s, a.s)::bytea AND (a.s & b.s)::bytea = (b.s & a.s)::bytea)
FROM theta_big a, theta_samples b WHERE b.n > 0;
-- a stored value is never written to
SELECT md5(string_agg(s::text, '' ORDER BY n, k)) AS before FROM theta_samples \gset
SELECT 'theta_intersect of stored values', theta_intersect(s) IS NOT NULL, theta_merge(s) IS NOT NULL
FROM theta_samples;
SELECT 'nothing wrote to a stored value', md5(string_agg(s::text, '' ORDER BY n, k)) = :'before' FROM theta_samples;

-- 9. a hundred thousand groups stay small ----------------------------------------------------------------------------
SELECT '100000 groups stay small', max(pg_column_size(s)) <= 100 AND count(*) = 100000
FROM (SELECT i % 100000 AS k, theta_agg(i) AS s FROM generate_series(1, 1000000) i GROUP BY 1) q;

DROP TABLE theta_rows, theta_samples, theta_sets, theta_overlaps, theta_parts, theta_big;
DROP EXTENSION sketch;
