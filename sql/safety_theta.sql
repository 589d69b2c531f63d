-- theta: what anybody can make SQL say. Every line names its case and prints t.
\i test/room.sql
SET extra_float_digits = 0;
SET statement_timeout = '60s';

CREATE FUNCTION pg_temp.in_order(b record, most float8) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    RETURN 0 <= b.lower AND b.lower <= b.estimate AND b.estimate <= b.upper AND b.upper <= most AND b.upper <> 'NaN';
END $$;

-- 1. bounds are numbers, and come at all -----------------------------------------------------------------------------
CREATE TABLE theta_sketches AS
SELECT k, n, theta_agg(i, k) AS s FROM unnest(ARRAY[16, 4096]) k, unnest(ARRAY[1, 16, 17, 5000, 50000]) n,
    LATERAL generate_series(1, n) i GROUP BY k, n;
INSERT INTO theta_sketches SELECT 16, 0, '\x540100010400000001000000010000000000000001'::bytea::thetasketch;
INSERT INTO theta_sketches SELECT 16, 0, '\x5401000104000000000000000100000000000000'::bytea::thetasketch;
SELECT 'bounds at confidence ' || c,
    bool_and(pg_temp.in_order(theta_bounds(a.s, c), 1e20) AND pg_temp.in_order(theta_jaccard(a.s, b.s, c), 1) AND
             pg_temp.in_order(theta_containment(a.s, b.s, c), 1))
FROM unnest(ARRAY[1e-300, 1e-17, 0.5, 0.95, 0.9999999999999999]::float8[]) WITH ORDINALITY u(c, o),
    theta_sketches a, theta_sketches b GROUP BY c, o ORDER BY o;

-- 2. states of aggregates that anybody makes -------------------------------------------------------------------------
CREATE AGGREGATE pg_temp.raw_agg(bigint) (SFUNC = theta_add, STYPE = thetasketch);
CREATE AGGREGATE pg_temp.raw_agg(bigint, bigint) (SFUNC = theta_add, STYPE = thetasketch);
CREATE AGGREGATE pg_temp.raw_merge(thetasketch) (SFUNC = theta_merge, STYPE = thetasketch);
CREATE AGGREGATE pg_temp.raw_intersect(thetasketch) (SFUNC = theta_intersect, STYPE = thetasketch);
CREATE AGGREGATE pg_temp.raw_except(thetasketch) (SFUNC = theta_except, STYPE = thetasketch);
CREATE AGGREGATE pg_temp.count_agg(bigint) (SFUNC = theta_add, STYPE = thetasketch, FINALFUNC = theta_estimate);

CREATE TABLE theta_states AS
SELECT n, d, k, pg_temp.raw_agg(i % d, k) AS raw, theta_agg(i % d, k) AS stored, pg_temp.count_agg(i % d) AS estimate,
       theta_agg(i % d) AS stored4096
FROM unnest(ARRAY[1, 12, 13, 100, 2000, 20000]) n, unnest(ARRAY[1, 11, 150, 100000]) d, unnest(ARRAY[16, 1024]) k,
     LATERAL generate_series(1, n::bigint) i GROUP BY n, d, k;
SELECT 'a state estimates as its stored form', bool_and(estimate = theta_estimate(stored4096)) FROM theta_states;
SELECT 'a stored state reads as its stored form',
    bool_and(theta_estimate(raw) = theta_estimate(stored) AND theta_bounds(raw) = theta_bounds(stored) AND
             theta_info(raw) = theta_info(stored) AND raw::bytea = stored::bytea AND raw::text = stored::text AND
             thetasketch_send(raw) = thetasketch_send(stored)) FROM theta_states;
SELECT 'set operations of states, in any mix',
    bool_and((a.raw || b.raw)::bytea = (a.stored || b.stored)::bytea AND
             (a.raw & b.raw)::bytea = (a.stored & b.stored)::bytea AND
             (a.raw - b.raw)::bytea = (a.stored - b.stored)::bytea AND
             (a.stored || b.raw)::bytea = (a.stored || b.stored)::bytea AND
             (a.stored & b.raw)::bytea = (a.stored & b.stored)::bytea AND
             (a.raw - b.stored)::bytea = (a.stored - b.stored)::bytea AND
             theta_jaccard(a.raw, b.raw) = theta_jaccard(a.stored, b.stored) AND
             theta_containment(a.raw, b.stored) = theta_containment(a.stored, b.stored))
FROM theta_states a, theta_states b;
SELECT 'a state takes one value more',
    bool_and(theta_add(raw, 5)::bytea = theta_add(stored, 5)::bytea) FROM theta_states;
SELECT 'aggregates over states',
    theta_merge(raw)::bytea = theta_merge(stored)::bytea AND
    pg_temp.raw_merge(raw)::bytea = theta_merge(stored)::bytea AND
    pg_temp.raw_merge(stored)::bytea = theta_merge(stored)::bytea AND
    theta_intersect(raw)::bytea = theta_intersect(stored)::bytea AND
    pg_temp.raw_intersect(raw)::bytea = theta_intersect(stored)::bytea FROM theta_states;
SELECT 'differences in an aggregate',
    bool_and(raw::bytea = (a.s - (b.s || c.s))::bytea AND stored::bytea = raw::bytea)
FROM (SELECT pg_temp.raw_except(s ORDER BY o) AS stored, pg_temp.raw_except(r ORDER BY o) AS raw
      FROM (SELECT o, theta_agg(i) AS s, pg_temp.raw_agg(i) AS r FROM generate_series(1, 3) o,
                LATERAL generate_series(o * o * 1000::bigint, 9000) i GROUP BY o) q) x,
     (SELECT theta_agg(i) AS s FROM generate_series(1000, 9000) i) a,
     (SELECT theta_agg(i) AS s FROM generate_series(4000, 9000) i) b,
     (SELECT theta_agg(i) AS s FROM generate_series(9000, 9000) i) c;

-- A set operation as the final function of a state that it does not own.
CREATE AGGREGATE pg_temp.except_of(thetasketch ORDER BY bigint)
    (SFUNC = theta_add, STYPE = thetasketch, FINALFUNC = theta_except);
SELECT 'except as the final function of an ordered-set aggregate', bool_and(e::bytea = (s - f::thetasketch)::bytea)
FROM (SELECT n, f, pg_temp.except_of(f::thetasketch) WITHIN GROUP (ORDER BY i) AS e, theta_agg(i) AS s
      FROM unnest(ARRAY[50, 101, 1000, 20000]) n, LATERAL generate_series(1, n::bigint) i,
           (SELECT theta_agg(i)::text AS f FROM generate_series(1, 100) i) q GROUP BY n, f) x;
SELECT 'the same over many groups', bool_and(e::bytea = (s - f::thetasketch)::bytea)
FROM (SELECT g, f, pg_temp.except_of(f::thetasketch) WITHIN GROUP (ORDER BY i) AS e, theta_agg(i) AS s
      FROM (SELECT i, i % 500 AS g FROM generate_series(1, 50000::bigint) i) q,
           (SELECT theta_agg(i, 64)::text AS f FROM generate_series(1, 10000) i) r GROUP BY g, f) x;
SELECT 'a window shares its state', bool_and(i = theta_estimate(s) AND s::bytea = t::bytea)
FROM (SELECT i, theta_agg(i) OVER w AS s, pg_temp.raw_agg(i) OVER w AS t
      FROM generate_series(1, 400::bigint) i WINDOW w AS (ORDER BY i)) q;
SELECT 'an intersection in a window', bool_and(theta_estimate(s) = 101 - i)
FROM (SELECT i, theta_intersect(s) OVER (ORDER BY i) AS s FROM (SELECT i, theta_agg(j) AS s
      FROM generate_series(1, 100::bigint) i, LATERAL generate_series(i, 100) j GROUP BY i) q) x;
DROP TABLE theta_sketches, theta_states;
DROP EXTENSION sketch CASCADE;
