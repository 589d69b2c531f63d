-- approx_percentile of dates, times and intervals: the answer has the type of the values.
\i test/room.sql
SET timezone = 'Europe/Berlin';

-- Whether a call is refused: the message, which names what the user called.
CREATE FUNCTION pg_temp.refusal(call text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'SELECT ' || call;
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN RETURN SQLERRM;
END $$;

CREATE TEMP TABLE few (i int, d date, t time, ts timestamp, tz timestamptz, span interval);
INSERT INTO few
SELECT i, date '2026-03-01' + i, time '00:00:00.000001' + i * interval '7 minutes',
    timestamp '0044-03-15 12:00 BC' + i * interval '1 month', timestamptz '2026-03-29 00:00+01' + i * interval '17 min',
    i * interval '1 day 2 hours' - interval '20 days'
FROM generate_series(1, 40) i;

-- 1. Exact for few values ---------------------------------------------------------------------------------------------
SELECT 'few', f,
    approx_percentile(d, f) = percentile_disc(f) WITHIN GROUP (ORDER BY d) AS date,
    approx_percentile(t, f) = percentile_disc(f) WITHIN GROUP (ORDER BY t) AS "time",
    approx_percentile(ts, f) = percentile_disc(f) WITHIN GROUP (ORDER BY ts) AS "timestamp",
    approx_percentile(tz, f) = percentile_disc(f) WITHIN GROUP (ORDER BY tz) AS timestamptz,
    approx_percentile(span, f) = percentile_disc(f) WITHIN GROUP (ORDER BY span) AS interval
FROM few, unnest(ARRAY[0, 0.1, 0.5, 0.99, 1]) f GROUP BY f ORDER BY f;
SELECT 'many fractions',
    approx_percentile(d, ARRAY[0.9, 0.1]) = percentile_disc(ARRAY[0.9, 0.1]) WITHIN GROUP (ORDER BY d),
    approx_percentile(t, ARRAY[0.9, 0.1]) = percentile_disc(ARRAY[0.9, 0.1]) WITHIN GROUP (ORDER BY t),
    approx_percentile(ts, ARRAY[0.9, 0.1]) = percentile_disc(ARRAY[0.9, 0.1]) WITHIN GROUP (ORDER BY ts),
    approx_percentile(tz, ARRAY[0.9, 0.1]) = percentile_disc(ARRAY[0.9, 0.1]) WITHIN GROUP (ORDER BY tz),
    approx_percentile(span, ARRAY[0.9, 0.1]) = percentile_disc(ARRAY[0.9, 0.1]) WITHIN GROUP (ORDER BY span)
FROM few;
SELECT 'the type', pg_typeof(approx_percentile(d, 0.5)), pg_typeof(approx_percentile(t, 0.5)),
    pg_typeof(approx_percentile(ts, 0.5)), pg_typeof(approx_percentile(tz, ARRAY[0.5])),
    pg_typeof(approx_percentile(span, ARRAY[0.5])) FROM few;
CREATE DOMAIN pg_temp.birthday AS date;
SELECT 'a domain', approx_percentile(d::pg_temp.birthday, 0.5) FROM few;

SELECT 'whole numbers come back whole where a bin holds one', f,
    approx_percentile(i, f, 8192) = percentile_disc(f) WITHIN GROUP (ORDER BY i),
    approx_percentile(-i, f, 8192) = percentile_disc(f) WITHIN GROUP (ORDER BY -i),
    approx_percentile(i % 60, f) = percentile_disc(f) WITHIN GROUP (ORDER BY i % 60)
FROM generate_series(0, 600) i, unnest(ARRAY[0.01, 0.25, 0.5, 0.75, 0.99]) f GROUP BY f ORDER BY f;
SELECT 'else between whole numbers', hist_bounds(hist_agg(i), 0.5) FROM generate_series(0, 600) i;
SELECT 'not if one is not whole', hist_bounds(hist_agg(i), 0.5)
FROM (SELECT i FROM generate_series(0, 600) i UNION ALL SELECT 0.5) q;
SELECT 'and again when that has left the frame', i, m = round(m) AS whole
FROM (SELECT i, approx_percentile(v, 0.5, 8192) OVER (ORDER BY i ROWS 600 PRECEDING) AS m
      FROM (SELECT i, CASE i WHEN 300 THEN 150.5 ELSE i % 601 END AS v FROM generate_series(0, 1000) i) q) q
WHERE i IN (600, 1000) ORDER BY i;
-- an untyped literal, and an untyped parameter
PREPARE fractions AS
SELECT approx_percentiles(i, $1), approx_percentiles(i, $1, 8192), approx_percentiles_weighted(i, 1, $1)
FROM generate_series(1, 50) i;
EXECUTE fractions ('{0.1,0.5}');
SELECT 'dates by a literal', approx_percentiles(d, '{0,1}') = ARRAY[min(d), max(d)],
    approx_percentiles(span, '{0,1}') = ARRAY[min(span), max(span)],
    approx_percentiles(tz, '{0,1}', 100) = ARRAY[min(tz), max(tz)] FROM few;

-- 2. The edges --------------------------------------------------------------------------------------------------------
SELECT 'no rows', approx_percentile(d, 0.5) IS NULL, approx_percentile(tz, ARRAY[0.5]) IS NULL,
    approx_percentile(span, 0.5) IS NULL FROM few WHERE i > 100;
SELECT 'NULL is no value', approx_percentile(v, 0.5) FROM (VALUES (NULL), (date '2026-01-02'), (NULL)) q (v);
SELECT 'no fractions', approx_percentile(tz, '{}'::float8[]) = '{}' FROM few;
SELECT 'infinity', approx_percentile(v, ARRAY[0, 0.5, 1])
FROM (VALUES (date '-infinity'), ('2026-01-02'), ('infinity')) q (v);
SELECT 'infinity', approx_percentile(v, ARRAY[0, 0.5, 1])
FROM (VALUES (timestamp '-infinity'), ('2026-01-02'), ('infinity')) q (v);
SELECT 'the ends of the calendar', approx_percentile(v, ARRAY[0, 1]) = ARRAY[min(v), max(v)]
FROM (VALUES (date '4713-01-01 BC'), ('5874897-12-31')) q (v);
-- A double has no microseconds so far from 2000; the answer is still a timestamp.
SELECT 'the ends of the calendar', approx_percentile(v, 1) = max(v), approx_percentile(v, 0) - min(v) < '1 ms'
FROM (VALUES (timestamp '4713-01-01 BC'), ('294276-12-31 23:59:59.999999')) q (v);
SELECT 'midnight twice', approx_percentile(v, ARRAY[0, 1]) FROM (VALUES (time '00:00'), ('24:00')) q (v);
SELECT 'intervals as = compares them', approx_percentile(v, ARRAY[0, 0.5, 1]),
    approx_percentile(v, 1) = max(v) AND approx_percentile(v, 0) = min(v)
FROM (VALUES (interval '1 year 3 days'), ('-1 month -12:00'), ('00:00:00.000001')) q (v);
SELECT 'the longest', v = approx_percentile(v, 1) FROM (VALUES (interval '178000000 years'), ('-170000000 years')) q (v)
GROUP BY v;

-- 3. Many values ------------------------------------------------------------------------------------------------------
-- One a second for 50 minutes, as times within their rank error, and as intervals within the error of hist.
CREATE TEMP TABLE hour AS
SELECT timestamptz '2026-11-01 09:00+00' + i * interval '1 second' AS at, i * interval '1 ms' AS took
FROM generate_series(1, 3000) i;
SELECT 'right to seconds', bool_and(abs(extract(epoch FROM approx - exact)) <= 3000 * 0.0028)
FROM (SELECT approx_percentile(at, f) AS approx, percentile_disc(f) WITHIN GROUP (ORDER BY at) AS exact
      FROM hour, unnest(ARRAY[0.01, 0.25, 0.5, 0.75, 0.99]) f GROUP BY f) q;
SELECT 'a value that came', bool_and(approx IN (SELECT at FROM hour))
FROM (SELECT unnest(approx_percentile(at, ARRAY[0.1, 0.5, 0.9])) AS approx FROM hour) q;
SELECT 'right in proportion', bool_and(abs(extract(epoch FROM approx) / extract(epoch FROM exact) - 1) < 0.011)
FROM (SELECT approx_percentile(took, f) AS approx, percentile_disc(f) WITHIN GROUP (ORDER BY took) AS exact
      FROM hour, unnest(ARRAY[0.01, 0.25, 0.5, 0.75, 0.99]) f GROUP BY f) q;
SELECT 'the sketches of the numbers',
    approx_percentile(took, 0.7) = make_interval(secs => approx_percentile(extract(epoch FROM took) * 1e6, 0.7) / 1e6),
    extract(epoch FROM approx_percentile(at, 0.7))
        = kll_quantile(kll_agg(extract(epoch FROM at - '2000-01-01 00:00+00'), 1000), 0.7) + 946684800
FROM hour;
SELECT 'k and max_bins', approx_percentile(at, 0.5, 8) <> approx_percentile(at, 0.5, 2000),
    approx_percentile(at, 0.5, 4000) = percentile_disc(0.5) WITHIN GROUP (ORDER BY at),
    approx_percentile(took, ARRAY[0.5], 16) <> approx_percentile(took, ARRAY[0.5], 8192) FROM hour;

-- 4. Plans ------------------------------------------------------------------------------------------------------------
CREATE TABLE percentile_rows AS SELECT at, took FROM hour;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT 'in parallel', abs(extract(epoch FROM approx_percentile(at, 0.5) - '2026-11-01 09:25+00')) <= 3000 * 0.0028,
    approx_percentile(took, ARRAY[0.5]) = (SELECT approx_percentile(took, ARRAY[0.5]) FROM hour) FROM percentile_rows;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
DROP TABLE percentile_rows;
SELECT 'in a growing frame', bool_and(p = percentile_disc)
FROM (SELECT i, approx_percentile(d, 0.5) OVER (ORDER BY i) AS p FROM few) w
JOIN LATERAL (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY d) FROM few WHERE few.i <= w.i) e ON true;

-- 5. What is refused --------------------------------------------------------------------------------------------------
SELECT pg_temp.refusal('approx_percentile(now(), 95)');
SELECT pg_temp.refusal('approx_percentile(current_date, ARRAY[0.5, 2])');
SELECT pg_temp.refusal('approx_percentile(interval ''1 h'', NULL::float8)');
SELECT pg_temp.refusal('approx_percentile(time ''12:00'', ARRAY[0.5, NULL])');
SELECT pg_temp.refusal('approx_percentile(now(), 0.5, 7)');
SELECT pg_temp.refusal('approx_percentile(interval ''1 h'', 0.5, 7)');
SELECT pg_temp.refusal('approx_percentile(d, f) FROM (VALUES (current_date, 0.1), (current_date, 0.2)) q (d, f)');
SELECT pg_temp.refusal('approx_percentile_add(NULL::kllsketch, ''a''::text, 0.5)');
CREATE AGGREGATE pg_temp.asked(anyelement, float8) (SFUNC = approx_percentile_add, STYPE = kllsketch);
SELECT pg_temp.refusal('approx_percentile_final(pg_temp.asked(d, 0.5), ''a''::text, 0.5) FROM few');
SELECT pg_temp.refusal('approx_percentile_final(pg_temp.asked(d, 0.5), NULL::text, ARRAY[0.5]) FROM few');
DROP EXTENSION sketch CASCADE;
