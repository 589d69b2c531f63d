-- Wherever a sketch stands, inline or out of line, compressed or not, trimmed or as a working state, every reader gives
-- the same answer; some fetch the head of a large one alone.
\i test/room.sql

CREATE TEMP TABLE rooms (stem text PRIMARY KEY, arguments text, types text);
INSERT INTO rooms VALUES
('hll', 'i', 'bigint'), ('theta', 'i', 'bigint'), ('bloom', 'i', 'bigint'), ('countmin', 'i', 'bigint'),
('topk', 'i::text, 1000', 'text, bigint'),
('trend', $$i::text, timestamptz '2024-01-01 00:00+00' + i * interval '1 second', '1 day', 1000$$,
 'text, timestamptz, interval, bigint'),
('kll', 'i', 'float8'), ('hist', 'i', 'float8');
SELECT 'all sketches have a row', array_agg(stem || 'sketch' ORDER BY stem) = (
    SELECT array_agg(typname::text ORDER BY typname)
    FROM pg_type t JOIN pg_depend d ON d.classid = 'pg_type'::regclass AND d.objid = t.oid
         JOIN pg_extension e ON e.oid = d.refobjid AND extname = 'sketch'
    WHERE d.deptype = 'e' AND typname LIKE '%sketch' AND typelem = 0)
FROM rooms;
-- what can be asked of a sketch alone
CREATE TEMP TABLE readers AS
SELECT stem, proname AS name,
       format(CASE WHEN proretset THEN 'ARRAY(SELECT x::text FROM %s({s}) x)::text' ELSE '%s({s})::text' END,
              proname) AS ask
FROM rooms JOIN pg_proc p ON proargtypes[0] = (stem || 'sketch')::regtype
     JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
WHERE prokind = 'f' AND provolatile = 'i' AND pronargs - pronargdefaults = 1 AND proisstrict
      AND NOT prorettype = ANY (ARRAY['cstring'::regtype, 'internal'::regtype]);
SELECT 'rooms whose readers are asked', count(DISTINCT stem), count(*) > 40 FROM readers;
\set ECHO none
SELECT format('CREATE AGGREGATE pg_temp.raw_%s(%s) (SFUNC = %1$s_add, STYPE = %1$ssketch)', stem, types) FROM rooms
\gexec
-- as it is made, and then as it was stored
SELECT format('CREATE TEMP TABLE %s_%s (n int, trimmed %1$ssketch, working %1$ssketch)', stem, storage)
FROM rooms, unnest('{external,extended,main}'::text[]) storage
\gexec
SELECT format('ALTER TABLE %s_%s ALTER trimmed SET STORAGE %2$s, ALTER working SET STORAGE %2$s', stem, storage)
FROM rooms, unnest('{external,extended,main}'::text[]) storage
\gexec
SELECT format('INSERT INTO %s_%s SELECT n, %1$s_agg(%3$s), pg_temp.raw_%1$s(%3$s)
               FROM unnest(ARRAY[1, 20, 30000]) n, generate_series(1, n) i GROUP BY n', stem, storage, arguments)
FROM rooms, unnest('{external,extended,main}'::text[]) storage
\gexec
SELECT format($$SELECT %L, count(*), string_agg(n::text, ' ') FILTER (WHERE made <> trimmed OR made <> working)
                FROM (SELECT n, %s AS made FROM (SELECT n, %s_agg(%s) AS s FROM unnest(ARRAY[1, 20, 30000]) n,
                                                        generate_series(1, n) i GROUP BY n) made) a
                     JOIN (SELECT n, %s AS trimmed, %s AS working FROM %3$s_%7$s) b USING (n)$$,
              name || ' · ' || storage, replace(ask, '{s}', 's'), stem, arguments, replace(ask, '{s}', 'trimmed'),
              replace(ask, '{s}', 'working'), storage)
FROM readers JOIN rooms USING (stem), unnest('{external,extended,main}'::text[]) storage
ORDER BY name, storage
\gexec
DROP EXTENSION sketch CASCADE;
