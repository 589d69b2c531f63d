-- Laws of the whole extension's catalog. Every line prints its name and t.
\pset tuples_only on
\pset format unaligned
CREATE EXTENSION sketch;

CREATE TEMP VIEW members AS
SELECT d.classid, d.objid, pg_describe_object(d.classid, d.objid, 0) AS what
FROM pg_depend d JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
WHERE e.extname = 'sketch' AND d.deptype = 'e';

SELECT 'every object has a comment', count(*) = 0, string_agg(what, ', ') FROM members m
WHERE obj_description(m.objid, m.classid::regclass::name) IS NULL
  AND NOT EXISTS (SELECT FROM pg_type t WHERE m.classid = 'pg_type'::regclass AND t.oid = m.objid AND t.typelem <> 0);

SELECT 'every function is parallel safe, and immutable but for what asks the clock',
    count(*) = 0, string_agg(what, ', ')
FROM members m JOIN pg_proc p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid
WHERE p.proparallel <> 's' OR p.provolatile <>
    CASE WHEN p.prokind = 'f' AND p.proname ~ '^trend_.*(add|merge|combine)$' THEN 's' ELSE 'i' END;

SELECT 'every aggregate has a combine function and a sketch for its state, which its final function only reads',
    count(*) = 0, string_agg(what, ', ')
FROM members m JOIN pg_aggregate a ON m.classid = 'pg_proc'::regclass AND a.aggfnoid = m.objid
WHERE a.aggcombinefn = 0 OR a.aggtranstype = 'internal'::regtype OR a.aggfinalmodify <> 'r' OR a.aggserialfn <> 0;

SELECT 'every type has binary input and output, casts to and from bytea, 8-byte alignment, and a room''s functions',
    count(*) = 0, string_agg(what, ', ')
FROM members m JOIN pg_type t ON m.classid = 'pg_type'::regclass AND t.oid = m.objid AND t.typelem = 0
WHERE t.typreceive = 0 OR t.typsend = 0 OR t.typalign <> 'd'
   OR NOT EXISTS (SELECT FROM pg_cast
       WHERE castsource = t.oid AND casttarget = 'bytea'::regtype AND castfunc <> 0 AND castcontext = 'e')
   OR NOT EXISTS (SELECT FROM pg_cast
       WHERE casttarget = t.oid AND castsource = 'bytea'::regtype AND castfunc <> 0 AND castcontext = 'e')
   OR NOT EXISTS (SELECT FROM pg_operator WHERE oprname = '||' AND oprleft = t.oid AND oprright = t.oid)
   OR (SELECT count(DISTINCT proname) FROM pg_proc
       WHERE proname IN (SELECT replace(t.typname, 'sketch', '') || verb
                         FROM unnest(ARRAY['_agg', '_merge', '_add', '_new', '_info']) verb)) < 5;

SELECT 'no function is written in SQL, and none is security definer', count(*) = 0 FROM members m
JOIN pg_proc p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid
WHERE p.prosecdef OR (p.prokind <> 'a' AND p.prolang <> (SELECT oid FROM pg_language WHERE lanname = 'c'));

-- trusted: who may create objects in the database may install it
DROP EXTENSION sketch CASCADE;
SET client_min_messages = warning;
CREATE ROLE sketch_owner;
SELECT format('GRANT CREATE ON DATABASE %I TO sketch_owner', current_database()) \gexec
GRANT CREATE ON SCHEMA public TO sketch_owner;
SET ROLE sketch_owner;
CREATE EXTENSION sketch;
RESET ROLE;
SELECT 'trusted', extowner = 'sketch_owner'::regrole FROM pg_extension WHERE extname = 'sketch';
-- relocatable
CREATE SCHEMA elsewhere;
ALTER EXTENSION sketch SET SCHEMA elsewhere;
SELECT 'relocatable', elsewhere.sketch_hash(1) IS NOT NULL;
DROP EXTENSION sketch;
DROP OWNED BY sketch_owner;
DROP ROLE sketch_owner;
