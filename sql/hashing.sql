-- The law of hashing: what SQL's = calls equal hashes equal, and nothing else does. Every line prints t or an error
-- that is meant.
\pset tuples_only on
\pset format unaligned
CREATE EXTENSION sketch;

-- the hash is public and fixed: XXH3 of the canonical bytes
SELECT sketch_hash(1) = 3439722301264460078 AS ok;
SELECT sketch_hash('') = 3244421341483603138 AS ok;
SELECT sketch_hash('sketch'::text) = sketch_hash('sketch'::bytea) AS ok;

-- Pairs within a type or across types. The test itself asks SQL whether they are equal.
CREATE TEMP TABLE pairs (a text, b text);
INSERT INTO pairs VALUES
 ('true::bool', 'true::bool'), ('true::bool', 'false::bool'),
 ('5::int2', '5::int4'), ('5::int2', '5::int8'), ('-5::int4', '-5::int8'), ('5::int4', '6::int8'),
 ('5::int8', '5::float4'), ('5::int8', '5::float8'), ('5::int8', '5.0::numeric'), ('5::int8', '5.00000::numeric'),
 ('5::float8', '5::numeric'), ('0::float8', '-0.0::float8'), ('0::int4', '-0.0::float8'), ('0::int4', '''-0''::float4'),
 ('0::numeric', '-0.000::numeric'), ('0.1::numeric', '0.1::float8'), ('0.10::numeric', '0.1::float8'),
 ('0.1::float4', '0.1::float8'), ('0.5::float4', '0.5::float8'), ('0.5::float4', '0.5::numeric'),
 ('1.5::numeric', '1.50::numeric'), ('1.5::numeric', '1.51::numeric'),
 ('1e25::numeric', '1e25::float8'), ('1e300::numeric', '1e300::float8'), ('1e-300::numeric', '1e-300::float8'),
 ('123456789012345678901234567890::numeric', '123456789012345678901234567890.000::numeric'),
 ('123456789012345678901234567890::numeric', '123456789012345678901234567891::numeric'),
 ('9223372036854775807::int8', '9223372036854775807::numeric'),
 ('(-9223372036854775808)::int8', '-9223372036854775808::numeric'),
 ('9223372036854775807::numeric', '9223372036854775808::numeric'),
 ('''NaN''::float4', '''NaN''::float8'), ('''NaN''::float8', '''NaN''::numeric'),
 ('''inf''::float4', '''inf''::float8'), ('''inf''::float8', '''inf''::numeric'),
 ('''-inf''::float8', '''-inf''::numeric'),
 ('''inf''::float8', '''-inf''::float8'), ('3.14159::numeric', '3.14159::float8'), ('100::numeric', '1e2::float8'),
 ('2.5e-324::float8', '5e-324::float8'), ('1234567.891::numeric', '1234567.891::float8'),
 ('7::oid', '7::int4'), ('7::oid', '8::int4'),
 ('''a''::text', '''a''::varchar'), ('''a''::text', '''a''::varchar(9)'), ('''a ''::char(5)', '''a''::char(3)'),
 ('''a''::char(5)', '''a''::char(5)'), ('''a''::name', '''a''::text'),
 ('''''::text', ''' ''::text'), ('''é''::text', '''é''::varchar'),
 ('''\x00''::bytea', '''\x0000''::bytea'), ('''\x00ff''::bytea', '''\x00FF''::bytea'),
 ('''A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11''::uuid', '''a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11''::uuid'),
 ('''2024-02-29''::date', '''2024-02-29 00:00''::timestamp'),
 ('''2024-02-29''::date', '''2024-02-29 00:01''::timestamp'),
 ('''infinity''::date', '''infinity''::timestamp'), ('''-infinity''::date', '''-infinity''::date'),
 ('''5000000-01-01''::date', '''5000000-01-01''::date'), ('''5000000-01-01''::date', '''5000000-01-02''::date'),
 ('''4713-01-01 BC''::date', '''4713-01-01 00:00 BC''::timestamp'),
 ('''2024-01-01 12:00+00''::timestamptz', '''2024-01-01 13:00+01''::timestamptz'),
 ('''24:00''::time', '''00:00''::time'), ('''12:00+00''::timetz', '''12:00+00''::timetz'),
 ('''12:00+00''::timetz', '''13:00+01''::timetz'),
 ('''1 day''::interval', '''24 hours''::interval'), ('''1 month''::interval', '''30 days''::interval'),
 ('''1 year''::interval', '''365 days''::interval'), ('''-1 day''::interval', '''-24:00:00''::interval'),
 ('''10.1.2.3''::inet', '''10.1.2.3/32''::inet'), ('''10.1.2.3''::inet', '''10.1.2.3/24''::inet'),
 ('''10.1.2.0/24''::inet', '''10.1.2.0/24''::cidr'), ('''::1''::inet', '''0:0::1''::inet'),
 ('''::1''::inet', '''0.0.0.1''::inet'),
 ('''08:00:2b:01:02:03''::macaddr::macaddr8', '''08:00:2b:ff:fe:01:02:03''::macaddr8'),
 ('''08:00:2b:01:02:03''::macaddr', '''08002b-010203''::macaddr'),
 ('B''101''', 'B''101''::varbit'), ('B''101''', 'B''1010'''),
 ('12.34::numeric::money', '''12.34''::money'),
 ('''{"a": 1, "b": [1, null, "x"]}''::jsonb', '''{"b": [1.0, null, "x"], "a": 1.00}''::jsonb'),
 ('''{"a": 1}''::jsonb', '''{"a": "1"}''::jsonb'), ('''[1, 2]''::jsonb', '''[2, 1]''::jsonb'),
 ('''5''::jsonb', '''[5]''::jsonb'),
 ('''{"a": {"b": 2}}''::jsonb', '''{"b": {"a": 2}}''::jsonb'), ('''{}''::jsonb', '''[]''::jsonb'),
 ('''null''::jsonb', '''"null"''::jsonb'),
 ('''{1,2,NULL}''::int[]', '''{1,2,NULL}''::int[]'), ('''{1,2}''::int[]', '''{{1,2}}''::int[]'),
 ('''{1,2}''::int[]', '''[0:1]={1,2}''::int[]'),
 ('''{}''::text[]', '''{""}''::text[]'), ('''{1.0,2}''::numeric[]', '''{1,2.00}''::numeric[]'),
 ('''{a,bc}''::text[]', '''{ab,c}''::text[]'),
 ('''[1,5)''::int4range', '''[1,4]''::int4range'), ('''[1.0,2)''::numrange', '''[1,2.00)''::numrange'),
 ('''[1,2)''::numrange', '''[1,2]''::numrange'),
 ('''empty''::numrange', '''(1,1)''::numrange'), ('''(,2)''::numrange', '''(0,2)''::numrange'),
 ('''{[1,3),[5,7)}''::int4multirange', '''{[5,6],[1,2]}''::int4multirange'),
 ('''{}''::int4multirange', '''{[1,2)}''::int4multirange'),
 ('ROW(1, 2.50, ''x''::text)', 'ROW(1, 2.5, ''x''::text)'), ('ROW(1, NULL)', 'ROW(1, NULL)'),
 ('ROW(1, 2)', 'ROW(2, 1)');

CREATE FUNCTION pg_temp.answer(expression text) RETURNS text LANGUAGE plpgsql AS
$$ DECLARE result text; BEGIN EXECUTE 'SELECT ' || expression INTO result; RETURN result; END $$;

SELECT count(*) AS pairs_that_break_the_law, string_agg(a || ' ~ ' || b, ', ') FROM pairs
WHERE pg_temp.answer(format('(%s) IS NOT DISTINCT FROM (%s)', a, b))
      IS DISTINCT FROM pg_temp.answer(format('sketch_hash(%s) = sketch_hash(%s)', a, b));
SELECT count(*) FILTER (WHERE same) > 40 AND count(*) FILTER (WHERE NOT same) > 25 AS both_kinds
FROM (SELECT pg_temp.answer(format('(%s) IS NOT DISTINCT FROM (%s)', a, b))::bool AS same FROM pairs) p;

-- the hashes themselves, for ever
SELECT v.type, v.hash FROM (VALUES
 ('bool', sketch_hash(true)), ('int2', sketch_hash(42::int2)), ('int8', sketch_hash(-1::int8)),
 ('float4', sketch_hash(0.1::float4)),
 ('float8', sketch_hash(1e100::float8)), ('numeric', sketch_hash(1.25)),
 ('digits', sketch_hash(12345678901234567890.12345)),
 ('text', sketch_hash('naïve'::text)), ('char', sketch_hash('ab'::char(9))), ('name', sketch_hash('pg_class'::name)),
 ('bytea', sketch_hash('\x00ff'::bytea)),
 ('uuid', sketch_hash('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid)),
 ('date', sketch_hash('2001-02-03'::date)), ('timestamp', sketch_hash('2001-02-03 04:05:06.789'::timestamp)),
 ('timestamptz', sketch_hash('2001-02-03 04:05:06.789+02'::timestamptz)),
 ('infinity', sketch_hash('infinity'::timestamptz)),
 ('time', sketch_hash('04:05:06'::time)), ('timetz', sketch_hash('04:05:06+02'::timetz)),
 ('interval', sketch_hash('1 mon 2 days 03:00'::interval)),
 ('inet', sketch_hash('192.168.1.5/24'::inet)), ('inet6', sketch_hash('2001:db8::1'::inet)),
 ('macaddr', sketch_hash('08:00:2b:01:02:03'::macaddr)),
 ('bit', sketch_hash(B'10110')), ('array', sketch_hash('{{1,2},{3,NULL}}'::int[])),
 ('range', sketch_hash('[1.5,)'::numrange)),
 ('multirange', sketch_hash('{[1,3),[5,7)}'::int4multirange)), ('composite', sketch_hash(ROW(1, 'a'::text, NULL::int))),
 ('jsonb', sketch_hash('{"a": [1, 2.50, null, true, "x"], "b": {}}'::jsonb)),
 ('money', sketch_hash('12.34'::money))) v(type, hash);

-- many doubles and their shortest decimals; many integers through every type that holds them
SELECT bool_and(sketch_hash(d) = sketch_hash(d::text::numeric)) FROM
 (SELECT (sin(i) * 10.0::float8 ^ (i % 40 - 20)) AS d FROM generate_series(1, 5000) i) s
 WHERE NOT abs(d) BETWEEN 2 ^ 53 AND 2 ^ 63;  -- between them a bigint is exact and the decimal of a double is not
SELECT bool_and(sketch_hash(i) = sketch_hash(i::numeric) AND sketch_hash(i) = sketch_hash(i::float8)) FROM
 (SELECT (7::numeric ^ (i % 18) * (1 - 2 * (i % 2)) + i)::int8 AS i FROM generate_series(1, 2000) i) s
 WHERE abs(i) < 2 ^ 53;

-- enums by label, domains by their base, columns by name
CREATE TYPE mood AS ENUM ('calm', 'wild');
CREATE TYPE temper AS ENUM ('wild', 'calm');
SELECT sketch_hash('calm'::mood) = sketch_hash('calm'::temper) AS ok,
    sketch_hash('calm'::mood) = sketch_hash('calm'::text) AS ok;
CREATE DOMAIN posint AS int CHECK (VALUE > 0);
CREATE DOMAIN label AS text;
SELECT sketch_hash(5::posint) = sketch_hash(5) AS ok, sketch_hash('x'::label) = sketch_hash('x'::text) AS ok;
CREATE TYPE point3 AS (x int, y numeric, z text);
SELECT sketch_hash((1, 2.0, 'a')::point3) = sketch_hash((1, 2.00, 'a')::point3) AS ok,
       sketch_hash(ARRAY[(1, 2.0, 'a')::point3]) = sketch_hash(ARRAY[(1, 2.00, 'a')::point3]) AS ok;
ALTER TYPE point3 DROP ATTRIBUTE y;
SELECT sketch_hash((1, 'a')::point3) = sketch_hash((1, 'a')::point3) AS ok;
-- a row type that changes between two calls of one function
CREATE FUNCTION hash_of(p point3) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RETURN sketch_hash(p); END $$;
BEGIN;
SELECT hash_of((1, 'a')::point3) = sketch_hash(ROW(1, 'a'::text)) AS ok;
ALTER TYPE point3 ADD ATTRIBUTE w int;
SELECT hash_of((1, 'a', 7)::point3) = sketch_hash(ROW(1, 'a'::text, 7)) AS ok;
ALTER TYPE point3 ALTER ATTRIBUTE w TYPE text;
SELECT hash_of((1, 'a', '7')::point3) = sketch_hash(ROW(1, 'a'::text, '7'::text)) AS ok;
COMMIT;

-- toasted, compressed and short text is the same text
CREATE TEMP TABLE long_texts (plain text, packed text);
ALTER TABLE long_texts ALTER plain SET STORAGE plain, ALTER packed SET STORAGE extended;
INSERT INTO long_texts SELECT t, t FROM (SELECT string_agg(md5(i::text), '') AS t FROM generate_series(1, 200) i
                                         UNION ALL SELECT repeat('abc', 1000) UNION ALL SELECT repeat('x', n)
                                         FROM unnest(ARRAY[0, 1, 100, 126, 127, 500]) n) s;
INSERT INTO long_texts (packed) SELECT string_agg(md5(i::text), '') FROM generate_series(1, 100000) i;
SELECT bool_and(sketch_hash(plain) = sketch_hash(packed)) FROM long_texts WHERE plain IS NOT NULL;
SELECT bool_and(sketch_hash(packed) = sketch_hash(packed || '')) FROM long_texts;
SELECT bool_and(sketch_hash(packed::bytea) = sketch_hash(packed)) FROM long_texts;

-- literals work, NULL is NULL
SELECT sketch_hash('abc') = sketch_hash('abc'::text) AS ok, sketch_hash(NULL) IS NULL AS ok,
    sketch_hash(NULL::int) IS NULL AS ok;

-- what has no canonical form is refused, and told how to help itself
\set SHOW_CONTEXT never
\set VERBOSITY sqlstate
SELECT sketch_hash('(1,2)'::point);
\set VERBOSITY default
SELECT sketch_hash('(1,2)'::point);
SELECT sketch_hash('{}'::json);
SELECT sketch_hash(ARRAY['(1,2)'::point]);
SELECT sketch_hash(ROW(1, '(1,2)'::point));
SELECT sketch_hash('(1,2)'::point::text) IS NOT NULL AS ok;
CREATE COLLATION folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
SELECT sketch_hash('a' COLLATE folded);
SELECT sketch_hash(ARRAY['a' COLLATE folded]);
SELECT sketch_hash('a' COLLATE "C") = sketch_hash('a') AS ok;
DROP COLLATION folded;

-- another server encoding, the same hash
SELECT sketch_hash('é') AS utf8 \gset
SELECT sketch_hash('{"é": "é"}'::jsonb) AS utf8_json \gset
DROP EXTENSION sketch;
SELECT current_database() AS here \gset
CREATE DATABASE sketch_latin1 ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0;
\c sketch_latin1
SET client_encoding = 'UTF8';
CREATE EXTENSION sketch;
SELECT sketch_hash('é') = :utf8 AS ok, sketch_hash('é'::varchar) = :utf8 AS ok,
    sketch_hash('{"é": "é"}'::jsonb) = :utf8_json AS ok;
\c :here
DROP DATABASE sketch_latin1;
