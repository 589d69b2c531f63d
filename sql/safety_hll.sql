-- hll: what anybody can make SQL say. Every line names its case and prints t.
\i test/room.sql
SET extra_float_digits = 0;
SET statement_timeout = '60s';

CREATE FUNCTION pg_temp.in_order(s hllsketch, confidence float8) RETURNS boolean LANGUAGE sql AS $$
    SELECT lower <= estimate AND estimate <= upper AND upper < 'infinity' AND upper <> 'NaN' AND lower >= 0
    FROM hll_bounds(s, confidence)
$$;

-- 1. bounds are numbers, and come at all -----------------------------------------------------------------------------
SELECT 'bounds at confidence ' || c, bool_and(pg_temp.in_order(s, c))
FROM unnest(ARRAY[1e-300, 1e-17, 0.5, 0.95, 0.9999999999999999]::float8[]) WITH ORDINALITY u(c, o),
     (SELECT hll_agg(i, p) AS s FROM (VALUES (4), (12), (14), (18)) p(p), (VALUES (1), (9), (270), (5000)) n(n),
          LATERAL generate_series(1, n) i GROUP BY p, n) sketches
GROUP BY c, o ORDER BY o;
SELECT 'bounds of saturated registers', bool_and(pg_temp.in_order(s, c))
FROM (SELECT '\x4801020104020000000000000201000000000000f7'::bytea::hllsketch AS s) q,
     unnest(ARRAY[1e-300, 0.95, 0.9999999999999999]::float8[]) c;
SELECT 'count of saturated registers',
    hll_estimate('\x4801020104020000000000000201000000000000f7'::bytea::hllsketch) = 2 ^ 64;
SELECT 'registers that are all empty',
    pg_temp.rejects('\x480102010c0200000000000000000000', '%L::bytea::hllsketch') LIKE '22P03 %';

-- 2. states of aggregates that anybody makes -------------------------------------------------------------------------
CREATE AGGREGATE pg_temp.raw_agg(bigint) (SFUNC = hll_add, STYPE = hllsketch);
CREATE AGGREGATE pg_temp.raw_merge(hllsketch) (SFUNC = hll_merge, STYPE = hllsketch);
CREATE AGGREGATE pg_temp.count_agg(bigint) (SFUNC = hll_add, STYPE = hllsketch, FINALFUNC = hll_estimate);
CREATE AGGREGATE pg_temp.count_merge(hllsketch) (SFUNC = hll_merge, STYPE = hllsketch, FINALFUNC = hll_count);

CREATE TABLE hll_states AS
SELECT n, d, pg_temp.raw_agg(i % d) AS raw, hll_agg(i % d) AS stored, pg_temp.count_agg(i % d) AS estimate,
       approx_count_distinct(i % d) AS count
FROM unnest(ARRAY[1, 12, 13, 100, 300, 2000, 20000]) n, unnest(ARRAY[1, 11, 150, 100000]) d,
     LATERAL generate_series(1, n::bigint) i GROUP BY n, d;
SELECT 'a state estimates as its stored form', bool_and(estimate = hll_estimate(stored)) FROM hll_states;
SELECT 'approx_count_distinct is the rounded estimate', bool_and(count = round(hll_estimate(stored))) FROM hll_states;
SELECT 'a stored state reads as its stored form',
    bool_and(hll_estimate(raw) = hll_estimate(stored) AND hll_bounds(raw) = hll_bounds(stored) AND
             hll_info(raw) = hll_info(stored) AND raw::bytea = stored::bytea AND raw::text = stored::text AND
             hllsketch_send(raw) = hllsketch_send(stored)) FROM hll_states;
SELECT 'states merge as their stored forms, in any mix',
    bool_and((a.raw || b.raw)::bytea = (a.stored || b.stored)::bytea AND
             (a.raw || b.stored)::bytea = (a.stored || b.stored)::bytea AND
             (a.stored || b.raw)::bytea = (a.stored || b.stored)::bytea) FROM hll_states a, hll_states b;
SELECT 'a state takes one value more', bool_and(hll_add(raw, 5)::bytea = hll_add(stored, 5)::bytea) FROM hll_states;
SELECT 'aggregates over states',
    hll_merge(raw)::bytea = hll_merge(stored)::bytea AND pg_temp.raw_merge(raw)::bytea = hll_merge(stored)::bytea AND
    pg_temp.count_merge(raw) = round(hll_estimate(hll_merge(stored))) FROM hll_states;
SELECT 'two aggregates over one state', bool_and(a = hll_estimate(s) AND c = a)
FROM (SELECT pg_temp.count_agg(i) OVER w AS a, hll_agg(i) OVER w AS s, pg_temp.count_agg(i) OVER w AS c
      FROM generate_series(1, 400::bigint) i WINDOW w AS (ORDER BY i)) q;
DROP TABLE hll_states;
DROP EXTENSION sketch CASCADE;
