-- Everything that the extension sketch made in this database, an object a line, sorted: two builds, or a fresh install
-- and an upgraded one, are the same to SQL if this prints the same for both.
--   psql -X -q -At -f test/catalog.sql
SET search_path = pg_catalog, public;
WITH member AS (
    SELECT d.classid, d.objid
    FROM pg_depend d JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
    WHERE e.extname = 'sketch' AND d.deptype = 'e'
), described AS (
    SELECT m.*, pg_describe_object(classid, objid, 0) AS object,
           coalesce(obj_description(objid, classid::regclass::name), 'no comment') AS comment
    FROM member m
)
SELECT object, comment, CASE classid
    WHEN 'pg_proc'::regclass THEN (
        SELECT CASE WHEN prokind = 'a' THEN (
            SELECT to_jsonb(q)::text FROM (
                SELECT pg_get_function_arguments(p.oid) AS arguments, aggkind, aggnumdirectargs, aggtransfn, aggfinalfn,
                       aggcombinefn, aggserialfn, aggdeserialfn, aggmtransfn, aggminvtransfn, aggmfinalfn,
                       aggfinalextra, aggmfinalextra, aggfinalmodify, aggmfinalmodify, aggsortop::regoperator,
                       aggtranstype::regtype, aggtransspace, aggmtranstype::regtype, aggmtransspace, agginitval,
                       aggminitval, p.proparallel, p.provolatile, p.proisstrict, p.prorettype::regtype, p.proacl
                FROM pg_aggregate WHERE aggfnoid = p.oid) q)
            ELSE concat_ws(' ', replace(pg_get_functiondef(p.oid), E'\n', ' '), provolatile, proisstrict, proparallel,
                           procost, prorows, proleakproof, prosrc, probin, proacl, prosupport) END
        FROM pg_proc p WHERE p.oid = objid)
    WHEN 'pg_type'::regclass THEN (
        SELECT (to_jsonb(q) - 'oid')::text FROM (
            SELECT typname, typlen, typbyval, typtype, typcategory, typispreferred, typdelim, typelem::regtype,
                   typarray::regtype, typinput, typoutput, typreceive, typsend, typmodin, typmodout, typanalyze,
                   typalign, typstorage, typnotnull, typbasetype::regtype, typcollation, typdefault
            FROM pg_type WHERE oid = objid) q)
    WHEN 'pg_operator'::regclass THEN (
        SELECT to_jsonb(q)::text FROM (
            SELECT oprname, oprkind, oprcanmerge, oprcanhash, oprleft::regtype, oprright::regtype, oprresult::regtype,
                   oprcom::regoperator, oprnegate::regoperator, oprcode, oprrest, oprjoin
            FROM pg_operator WHERE oid = objid) q)
    WHEN 'pg_cast'::regclass THEN (
        SELECT to_jsonb(q)::text FROM (
            SELECT castsource::regtype, casttarget::regtype, castfunc::regprocedure, castcontext, castmethod
            FROM pg_cast WHERE oid = objid) q)
    END AS definition
FROM described
ORDER BY object COLLATE "C";
