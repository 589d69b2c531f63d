-- docs/reference.md from the catalog: every function, aggregate and operator of the extension, with its comment.
-- Overloads that differ in the type of the value alone are one row.
\pset tuples_only on
\pset format unaligned
SET client_min_messages = warning;

CREATE TEMP VIEW members AS
SELECT classid, objid FROM pg_depend
WHERE deptype = 'e' AND refclassid = 'pg_extension'::regclass
  AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'sketch');

CREATE TEMP VIEW rooms AS
SELECT t.oid AS type, t.typname AS name, regexp_replace(t.typname, 'sketch$', '') AS stem,
    obj_description(t.oid, 'pg_type') AS about
FROM members m JOIN pg_type t ON m.classid = 'pg_type'::regclass AND t.oid = m.objid AND t.typelem = 0;

-- what the extension calls itself: input, output, final functions and their like begin their comments so
CREATE TEMP VIEW functions AS
SELECT p.oid, p.proname, p.prokind, p.proargnames, obj_description(p.oid, 'pg_proc') AS about,
       obj_description(p.oid, 'pg_proc') ~
           '^(Input|Output|Binary|Final|Transition|Combine|Inverse|Moving|Comparison|Hash|Order)\M'
           OR 'internal'::regtype = ANY (p.proargtypes) AS behind,
       coalesce((SELECT stem FROM rooms WHERE p.proname LIKE stem || '\_%' OR p.proname LIKE name || '\_%' LIMIT 1),
                (SELECT stem FROM pg_aggregate a JOIN rooms r ON r.type = a.aggtranstype WHERE a.aggfnoid = p.oid),
                '') AS stem,
       CASE WHEN p.proretset OR p.prorettype = 'record'::regtype
            THEN (SELECT string_agg(format('%s %s', n, format_type(t, NULL)), ', ' ORDER BY i)
                  FROM unnest(p.proallargtypes, p.proargmodes, p.proargnames) WITH ORDINALITY u(t, mode, n, i)
                  WHERE mode IN ('o', 't'))
            ELSE format_type(p.prorettype, NULL) END AS result,
       (SELECT coalesce(array_agg(format_type(t, NULL) ORDER BY i), '{}')
           FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY u(t, i)) AS types,
       pg_get_function_arguments(p.oid) AS arguments
FROM members m JOIN pg_proc p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid;

-- an argument as a reader writes it: its name, its type where all overloads have the same, its default
CREATE TEMP VIEW arguments AS
SELECT f.oid, i, coalesce(f.proargnames[i], '') AS name, f.types[i] AS type,
       pg_get_function_arg_default(f.oid, i::int) AS preset
FROM functions f, generate_series(1, array_length(f.types, 1)) i;

CREATE TEMP VIEW calls AS
SELECT f.oid, f.stem, f.behind, f.prokind, f.proname, f.about, f.result, array_length(f.types, 1) AS n,
       (SELECT array_agg(name ORDER BY i) FROM arguments a WHERE a.oid = f.oid) AS names
FROM functions f;

CREATE TEMP VIEW shown AS
SELECT c.stem, c.behind, c.prokind, c.proname, c.result, c.names, min(c.about) AS about, count(*) AS overloads,
       (SELECT string_agg(name || CASE WHEN types = 1 THEN CASE WHEN name = '' THEN '' ELSE ' ' END || min_type
           ELSE '' END
                          || coalesce(' = ' || preset, ''), ', ' ORDER BY i)
        FROM (SELECT a.i, min(CASE WHEN a.name = '' AND a.type IS NULL THEN 'value' ELSE a.name END) AS name,
            count(DISTINCT a.type) AS types,
                     min(a.type) AS min_type, min(regexp_replace(a.preset, '::[a-z ]+$', '')) AS preset
              FROM arguments a WHERE a.oid = ANY (array_agg(c.oid)) GROUP BY a.i) q) AS arguments
FROM calls c GROUP BY c.stem, c.behind, c.prokind, c.proname, c.result, c.names,
    regexp_replace(c.about, '\s+', ' ', 'g'), c.n;

\qecho # Reference
\qecho
\qecho 'Every function, aggregate and operator, from the comments in the catalog (`\\df+`, `\\dd`). A value without a'
\qecho 'type may be of any type that has a [canonical form](hashing.md), unless its room says otherwise.'
\qecho '[sketches.md](sketches.md) explains the sketches.'
\qecho
SELECT string_agg(format(E'## %s\n\n%s\n\n| call | gives | |\n|---|---|---|\n%s\n', r.name, r.about,
    (SELECT string_agg(format('| `%s(%s)` | %s | %s%s |', proname, arguments, '`' || result || '`',
        CASE prokind WHEN 'a' THEN 'Aggregate. ' ELSE '' END,
                              replace(s.about, '|', '\|')), E'\n'
                                  ORDER BY prokind <> 'a', proname COLLATE "C", array_length(names, 1),
                                  arguments COLLATE "C")
     FROM shown s WHERE s.stem = r.stem AND NOT s.behind)
    || coalesce((SELECT E'\n' || string_agg(format('| `%s %s %s` | `%s` | %s |', format_type(oprleft, NULL),
        replace(oprname, '|', '\|'),
                              CASE WHEN oprright = 'anyelement'::regtype THEN 'value'
                                  ELSE format_type(oprright, NULL) END, format_type(oprresult, NULL),
                              replace(obj_description(o.oid, 'pg_operator'), '|', '\|')), E'\n'
                                  ORDER BY oprname COLLATE "C", oprright <> 'anyelement'::regtype)
        FROM members m JOIN pg_operator o ON m.classid = 'pg_operator'::regclass AND o.oid = m.objid
        WHERE o.oprleft = r.type), '')), E'\n' ORDER BY r.name COLLATE "C")
FROM rooms r;
\qecho '## For all sketches'
\qecho
\qecho '| call | gives | |'
\qecho '|---|---|---|'
SELECT string_agg(format('| `%s(%s)` | `%s` | %s |', proname, arguments, result, about), E'\n'
    ORDER BY proname COLLATE "C") FROM shown WHERE stem = '' AND NOT behind;
\qecho
\qecho 'Each sketch type has text and binary input and output, and casts to and from `bytea`. Functions that these'
\qecho 'and the aggregates call themselves are not listed.'
