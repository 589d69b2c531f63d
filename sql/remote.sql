-- Sketches from other servers, over postgres_fdw: whole aggregates run there, and their results merge here.
-- Every line prints its name and t.
\pset tuples_only on
\pset format unaligned
SET client_min_messages = warning;
CREATE EXTENSION sketch;
CREATE EXTENSION postgres_fdw;
\getenv password PGPASSWORD
\if :{?password}
\else
\set password ''
\endif
CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host :'HOST', port :'PORT', dbname :'DBNAME',
    extensions 'sketch');
CREATE USER MAPPING FOR CURRENT_USER SERVER elsewhere OPTIONS (user :'USER', password :'password');
CREATE TABLE remote_1 AS SELECT i AS v, 'u' || i % 700 AS t FROM generate_series(1, 3000) i;
CREATE TABLE remote_2 AS SELECT i AS v, 'u' || i % 900 AS t FROM generate_series(2000, 6000) i;
CREATE FOREIGN TABLE far_1 (v int, t text) SERVER elsewhere OPTIONS (table_name 'remote_1');
CREATE FOREIGN TABLE far_2 (v int, t text) SERVER elsewhere OPTIONS (table_name 'remote_2');

CREATE FUNCTION pg_temp.plan_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE line text; plan text := '';
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP plan := plan || line; END LOOP;
    RETURN plan;
END $$;
SELECT 'aggregates run on the other server', pg_temp.plan_of('SELECT hll_agg(v), hll_agg(t) FROM far_1')
    LIKE '%Remote SQL: SELECT public.hll_agg(v), public.hll_agg(t)%';
SELECT 'as if it ran here', (SELECT hll_agg(v) FROM far_1)::bytea = (SELECT hll_agg(v) FROM remote_1)::bytea;
SELECT 'two servers merge', (SELECT hll_merge(s)
    FROM (SELECT hll_agg(t) AS s FROM far_1 UNION ALL SELECT hll_agg(t) FROM far_2) q)::bytea
     = (SELECT hll_agg(t) FROM (SELECT t FROM remote_1 UNION ALL SELECT t FROM remote_2) q)::bytea;
SELECT 'approx_count_distinct', approx_count_distinct(v) = 3000 OR abs(approx_count_distinct(v) - 3000) < 150
FROM far_1;

DROP TABLE remote_1, remote_2;
DROP EXTENSION postgres_fdw CASCADE;
DROP EXTENSION sketch;
