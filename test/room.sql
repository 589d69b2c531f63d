\set ECHO none
-- What the regression script of every room begins with.
\pset tuples_only on
\pset format unaligned
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION sketch;
-- the error of an expression, in which %s or %L stands for the input
CREATE FUNCTION pg_temp.rejects(input text, fn text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SELECT %s', format(fn, input));
    RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
-- the plan of a query, on one line
CREATE FUNCTION pg_temp.plan_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE line text; plan text := '';
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP plan := plan || line; END LOOP;
    RETURN plan;
END $$;
\set ECHO all
