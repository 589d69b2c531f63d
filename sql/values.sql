\i test/room.sql
-- Values that are made of values, and values that are equal though they do not look it: what is hashed and kept as
-- items
-- beyond the pairs of hashing.sql.
CREATE SCHEMA odd;
SET search_path = odd, public;

-- 1. equality that the bytes do not tell is refused, wherever it hides
-- ----------------------------------------------------
CREATE COLLATION folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE DOMAIN folded_text AS text COLLATE folded;
CREATE DOMAIN folded_again AS folded_text CHECK (VALUE <> '');
CREATE TYPE folded_range AS RANGE (subtype = text, collation = folded);
CREATE TYPE plain_range AS RANGE (subtype = text, collation = "C");
CREATE DOMAIN folded_ranges AS folded_range;
CREATE TYPE folded_row AS (i int, t text COLLATE folded);
CREATE TYPE deep_row AS (i int, r folded_range[]);
CREATE TYPE plain_row AS (i int, t text COLLATE "C");
SELECT input, pg_temp.rejects(input, 'sketch_hash(%s)') FROM unnest(ARRAY[
    '''a'' COLLATE folded', '''a''::varchar COLLATE folded', '''a''::char(3) COLLATE folded',
    '''a''::name COLLATE folded',
    '''a''::folded_text', '''a''::folded_again', 'ARRAY[''a'' COLLATE folded]', 'ARRAY[''a''::folded_text]',
    'ARRAY[''a''::folded_again]',
    'folded_range(''a'', ''c'')', 'folded_range(''a'', ''c'')::folded_ranges', 'ARRAY[folded_range(''a'', ''c'')]',
    'folded_multirange(folded_range(''a'', ''c''))', 'ROW(folded_range(''a'', ''c''))', '(1, ''a'')::folded_row',
    'ARRAY[(1, ''a'')::folded_row]',
    'ROW(1, ''a'' COLLATE folded)', 'ROW(1, ''a''::folded_text)', 'ROW(ROW(ROW(''a''::folded_again)))',
    '(1, ''{}'')::deep_row',
    'plain_range(''a'', ''c'')', '(1, ''a'')::plain_row', 'folded_range(''a'', ''c'')::text',
    '(''a'' COLLATE folded) COLLATE "C"', 'lower(''a'' COLLATE folded)',
    'lower(''a'' COLLATE folded) COLLATE "C"']) input;
SELECT input, pg_temp.rejects(input, 'topk_add(NULL, %s)')
FROM unnest(ARRAY['''a'' COLLATE folded', '''a''::folded_again', '''a''::name COLLATE folded']) input;

-- 2. a type that is taken as text without a word, and has an = of its own
-- -------------------------------------------------
CREATE EXTENSION citext;
CREATE DOMAIN address AS citext CHECK (VALUE <> '');
CREATE DOMAIN address_again AS address;
CREATE TYPE citext_range AS RANGE (subtype = citext);
CREATE TABLE people (x citext, d address, dd address_again, t text, a citext[]);
INSERT INTO people VALUES ('Bob', 'Bob', 'Bob', 'Bob', '{Bob}'), ('bob', 'bob', 'bob', 'bob', '{bob}');
\set VERBOSITY default
SELECT hll_agg(x) FROM people;
\set VERBOSITY terse
CREATE FUNCTION pg_temp.refuses(asked text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE asked;
    RETURN asked || ': accepted';
EXCEPTION WHEN feature_not_supported THEN RETURN asked || ': ' || SQLERRM;
END $$;
SELECT pg_temp.refuses('SELECT ' || q || ' FROM people') FROM unnest(ARRAY[
    'hll_agg(d)', 'hll_agg(dd)', 'hll_agg(x, 12)', 'hll_agg(x ORDER BY t)', 'hll_agg(x) FILTER (WHERE t > ''B'')',
    'hll_agg(x COLLATE "C")',
    'approx_count_distinct(x) OVER ()', 'approx_count_distinct(dd, 12) OVER (ORDER BY t ROWS 1 PRECEDING)',
    'hll_add(NULL, x)',
    'theta_agg(x)', 'bloom_agg(x)', 'countmin_agg(x)', 'topk_agg(x)', 'approx_top_k(d)',
    'trend_agg(x, now(), ''1 day'')',
    'hll_agg(CASE WHEN t = '''' THEN x ELSE d END)', 'sketch_hash(x)', 'sketch_hash(dd)', 'sketch_hash(a)',
    'sketch_hash(ROW(x))', 'sketch_hash(people.*)',
    'sketch_hash(ROW(ARRAY[ROW(dd)]))', 'sketch_hash(citext_range(x, NULL))', 'topk_add(NULL, a)',
    'hll_add_all(NULL, a)', 'topk_add_all(NULL, a)',
    'bloom_add(NULL, ''b''::text) @> x', 'bloom_add(NULL, ''b''::text) @> ANY (a)']) q;
-- what was cast on purpose
SELECT hll_count(hll_agg(x::text)), hll_count(hll_agg(lower(x))), hll_count(hll_agg(lower(x)::text)),
    hll_count(hll_agg(t)), hll_count(hll_agg(t::varchar)) FROM people;
SELECT max(x) OVER () IS NOT NULL, approx_count_distinct(t) OVER (), approx_count_distinct(x::text) OVER () FROM people;
SELECT hll_count(hll_agg(y)) FROM (SELECT DISTINCT x::text AS y FROM people) q;
SELECT bloom_agg(t) @> 'Bob'::text, bloom_agg(t) @> ANY (ARRAY['x', 'bob']) FROM people;
DO $$ DECLARE v citext := 'Bob'; s hllsketch; BEGIN s := hll_add(s, v); END $$;

-- 3. odd shapes
-- ---------------------------------------------------------------------------------------------------------
-- nothing, nothing in something, NULL in all places of the bitmap, dropped and added columns
SELECT count(DISTINCT h) = count(*) AND count(*) = 12
FROM (VALUES (sketch_hash('{}'::int[])), (sketch_hash('{NULL}'::int[])), (sketch_hash('{NULL,NULL}'::int[])),
    (sketch_hash('{{NULL,NULL}}'::int[])), (sketch_hash('[0:1]={NULL,NULL}'::int[])), (sketch_hash(ROW())),
    (sketch_hash(ROW(NULL))), (sketch_hash(ROW(NULL, NULL))),
    (sketch_hash('empty'::int4range)), (sketch_hash('{[1,2)}'::int4multirange)), (sketch_hash('(,)'::int4range)),
    (sketch_hash('[]'::jsonb))) v(h);
SELECT count(DISTINCT sketch_hash(a)) = 64
FROM (SELECT array_agg(CASE WHEN bits & (1 << i) = 0 THEN i END ORDER BY i) AS a
    FROM generate_series(0, 63) b(bits), generate_series(0, 17) i GROUP BY bits) q;
SELECT count(DISTINCT sketch_hash(a)) = 64
FROM (SELECT array_agg(CASE WHEN bits & (1 << i) = 0 THEN repeat('x', i) END ORDER BY i) AS a
    FROM generate_series(0, 63) b(bits), generate_series(0, 17) i GROUP BY bits) q;
CREATE TYPE shifting AS (a int, b text);
CREATE TEMP TABLE shifts (id int, s shifting);
INSERT INTO shifts VALUES (1, (1, 'x'));
ALTER TYPE shifting ADD ATTRIBUTE c numeric;
INSERT INTO shifts VALUES (2, (1, 'x', 2.50)), (3, (1, 'x', NULL));
SELECT id, sketch_hash(s) = sketch_hash(ROW(1, 'x'::text, CASE id WHEN 2 THEN 2.5 END)) FROM shifts ORDER BY id;
ALTER TYPE shifting DROP ATTRIBUTE b;
SELECT id, sketch_hash(s) = sketch_hash(ROW(1, CASE id WHEN 2 THEN 2.5 END)) FROM shifts ORDER BY id;
CREATE TYPE mood AS ENUM ('calm', 'wild');
CREATE TYPE mood_range AS RANGE (subtype = mood);
CREATE DOMAIN moods AS mood_range[];
CREATE DOMAIN mood_lists AS moods[];
SELECT sketch_hash(ARRAY['{"[calm,wild]"}'::moods]::mood_lists) = sketch_hash(ARRAY['{"[calm,wild]"}'::moods]),
    sketch_hash('[calm,wild]'::mood_range) <> sketch_hash('[calm,wild)'::mood_range);
CREATE DOMAIN numbers AS nummultirange;
CREATE TYPE range_of_rows AS RANGE (subtype = shifting);
SELECT sketch_hash('{[1,2.0)}'::numbers) = sketch_hash('{[1.0,2)}'::nummultirange),
    sketch_hash(ARRAY['{[1,2.0)}'::numbers]) = sketch_hash(ARRAY['{[1.0,2)}'::nummultirange]),
       sketch_hash(range_of_rows((1, 2.0), (1, 3))) = sketch_hash(range_of_rows((1, 2), (1, 3.0)));
-- rows under domains, rows of several types in one array, arrays and rows that PL/pgSQL keeps expanded
CREATE DOMAIN plain_rows AS plain_row CHECK ((VALUE).i > 0);
CREATE DOMAIN plain_rows_again AS plain_rows;
SELECT sketch_hash((1, 'x')::plain_rows_again) = sketch_hash((1, 'x')::plain_row),
    sketch_hash(ARRAY[(1, 'x')::plain_rows_again]) = sketch_hash(ARRAY[(1, 'x')::plain_row]),
       sketch_hash(ARRAY[ROW(1), ROW(2.0, 'x'::text)]) = sketch_hash(ARRAY[ROW(1.0), ROW(2, 'x'::varchar)]),
       sketch_hash(ROW(NULL::plain_row)) = sketch_hash(ROW(NULL::int));
DO $$ DECLARE a int[] := '{}'; r plain_row; BEGIN
    FOR i IN 1..1000 LOOP a[i] := i; END LOOP;
    r.i := 1; r.t := repeat('y', 10000);
    ASSERT sketch_hash(a) = (SELECT sketch_hash(array_agg(i)) FROM generate_series(1, 1000) i)
        AND sketch_hash(r) = sketch_hash((1, repeat('y', 10000))::plain_row);
END $$;
SELECT sketch_hash('{a,NULL}'::name[]) = sketch_hash('{a,NULL}'::text[]),
    sketch_hash('{a,NULL}'::char(3)[]) = sketch_hash('{a,NULL}'::text[]),
    sketch_hash('{a,b}'::"char"[]) = sketch_hash('{a,b}'::text[]),
       sketch_hash('1 2 3'::oidvector) = sketch_hash('[0:2]={1,2,3}'::int8[]),
       sketch_hash('{1 day,NULL,24:00}'::interval[]) = sketch_hash('{24:00,NULL,1 day}'::interval[]);
-- long values hash as the one-shot function says, whatever their parts: a bit string is 4 bytes and its bits
SELECT bool_and(sketch_hash(repeat('10100101', n)::varbit)
    = sketch_hash(set_byte(set_byte('\x00000000'::bytea, 0, (8 * n) % 256), 1, 8 * n / 256)
    || decode(repeat('a5', n), 'hex')))
FROM generate_series(1, 1100) n;
-- parts that are compressed or short in a row, and long in an array
CREATE TYPE long_row AS (t text, n numeric, b varbit, i inet);
CREATE TEMP TABLE long_rows AS SELECT (repeat('abc', 20000), 1.5, repeat('1', 90000)::varbit,
    '10.0.0.1')::long_row AS r;
SELECT sketch_hash(r) = sketch_hash((repeat('abc', 20000), 1.50, repeat('1', 90000)::varbit, '10.0.0.1')::long_row),
    sketch_hash(ARRAY[r]) = sketch_hash(ARRAY[(((r).t || ''), 1.500, (r).b, (r).i)::long_row]) FROM long_rows;
-- integers as numeric has them, through both of our ways: 16 digits and more, zeros within and at the end
SELECT bool_and(sketch_hash(n::numeric) = sketch_hash(n) AND sketch_hash(n + 0.00) = sketch_hash(n)
    AND sketch_hash(-n::numeric) = sketch_hash(-n) AND sketch_hash(n + 0.5) <> sketch_hash(n))
FROM (SELECT (10::numeric ^ e + d)::int8 AS n
    FROM generate_series(0, 18) e, unnest(ARRAY[-1, 0, 1, 10000]) d UNION ALL SELECT (i::int8 * 99991)::int8
    FROM generate_series(0, 20000) i) q;

-- what SQL calls equal by a cast that forgets something, or for one setting: apart, as docs/hashing.md says
SET timezone = 'UTC';
SELECT 'a'::char(3) = 'a  '::varchar, '-1'::int = '4294967295'::oid, time '01:00' = interval '01:00',
    time '01:00' = timetz '01:00+00', timestamp '2024-01-01' = timestamptz '2024-01-01 00:00+00';
SELECT sketch_hash('a'::char(3)) <> sketch_hash('a  '::varchar),
    sketch_hash('-1'::int) <> sketch_hash('4294967295'::oid),
    sketch_hash(time '01:00') <> sketch_hash(interval '01:00'),
       sketch_hash(time '01:00') <> sketch_hash(timetz '01:00+00');
SET timezone = 'Asia/Tokyo';
SELECT timestamp '2024-01-01' = timestamptz '2024-01-01 00:00+00',
    sketch_hash(timestamp '2024-01-01') = sketch_hash(timestamptz '2024-01-01 00:00+00');
RESET timezone;

-- 4. golden hashes of nested values
-- -------------------------------------------------------------------------------------
SELECT v.type, v.hash FROM (VALUES
 ('int[] of 1000', sketch_hash((SELECT array_agg(i) FROM generate_series(1, 1000) i))),
 ('text[]', sketch_hash((SELECT array_agg(repeat('x', i)) FROM generate_series(0, 40) i))),
 ('rows', sketch_hash((SELECT array_agg(ROW(i, i * 0.5, 'x'::text)) FROM generate_series(1, 100) i))),
 ('ranges', sketch_hash((SELECT array_agg(numrange(i, i + 1)) FROM generate_series(1, 100) i))),
 ('multirange of 100', sketch_hash((SELECT range_agg(int4range(3 * i, 3 * i + 2)) FROM generate_series(1, 100) i))),
 ('jsonb of 100', sketch_hash((SELECT jsonb_object_agg('k' || i,
     jsonb_build_array(i, NULL, i * 1.5, '{"a": {}}'::jsonb)) FROM generate_series(1, 100) i))),
 ('jsonb array', sketch_hash((SELECT jsonb_agg(i) FROM generate_series(1, 100) i))),
 ('varbit', sketch_hash(repeat('110', 1000)::varbit)),
 ('wide row', sketch_hash(ROW(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20)))) v(type, hash);

-- 5. items: one text for equal values, under all settings
-- ----------------------------------------------------------------
SELECT (SELECT array_agg(item ORDER BY item COLLATE "C") FROM topk_items(s)) FROM (
    SELECT 1 AS o, topk_agg(x) AS s
    FROM (VALUES ('1'::jsonb), ('1.0'), ('1.00'), ('"1"'), ('null'), ('true'), ('[]'), ('{}'), ('[[]]'), ('[1]')) v(x)
    UNION ALL SELECT 2, topk_agg(x)
    FROM (VALUES ('{"a": [1.50, {"b": 2.0}], "c": {}}'::jsonb), ('{"c": {}, "a": [1.5, {"b": 2}]}')) v(x)
    UNION ALL SELECT 3, topk_agg(x) FROM (VALUES ('10.1.2.3'::inet), ('10.1.2.3/32'), ('10.1.2.0/24')) v(x)
    UNION ALL SELECT 4, topk_agg(x) FROM (VALUES ('10.1.2.3'::cidr), ('10.1.2.0/24'), ('::1/128')) v(x)
    UNION ALL SELECT 5, topk_agg(x) FROM (VALUES ('12:00'::time), ('12:00:00.000'), ('24:00')) v(x)
    UNION ALL SELECT 6, topk_agg(x) FROM (VALUES ('12:00+02:30'::timetz), ('09:30+00')) v(x)
    UNION ALL SELECT 7, topk_agg(x) FROM (VALUES ('101'::varbit), ('1'), ('')) v(x)
    UNION ALL SELECT 8, topk_agg(x) FROM (VALUES (4000000000::oid)) v(x)
    UNION ALL SELECT 9, topk_agg(x) FROM (VALUES ('08:00:2b:01:02:03'::macaddr), ('08002b-010203')) v(x)
    UNION ALL SELECT 10, topk_agg(x) FROM (VALUES ('wild'::mood), ('calm')) v(x)
    UNION ALL SELECT 11, topk_agg(x) FROM (VALUES ('a'::name), ('b')) v(x)) q ORDER BY o;
SELECT topk_estimate(topk_agg(x), '10.1.2.3/32'::cidr) = 2, topk_estimate(topk_agg(x), '10.1.2.3'::inet) = 2
FROM (VALUES ('10.1.2.3'::inet), ('10.1.2.3/32')) v(x);
SELECT topk_estimate(topk_agg(x), '{"b": [1.000]}'::jsonb) = 2
FROM (VALUES ('{"b": [1.0]}'::jsonb), ('{"b": [1]}'), ('{"b": 1}')) v(x);
SELECT input, pg_temp.rejects(input, 'topk_add(NULL, %s)')
FROM unnest(ARRAY['point(0.1, 2)', 'box(point(0.1, 2), point(1, 1))', 'circle(point(0.1, 2), 3)',
    'lseg(point(0, 0), point(1, 1))',
    'path(polygon(box(point(0.1, 2), point(1, 1))))', 'line(point(0, 0), point(1, 1))',
    'polygon(box(point(0.1, 2), point(1, 1)))', '1::money', '''1 day''::interval', 'now()',
    'ARRAY[0.1::float8]', 'ROW(0.1::float8)', 'numrange(1, 2)', 'nummultirange()', '''{"a": 1}''::json',
    '''a b''::tsvector', '''<a/>''::xml', '''pg_class''::regclass', '''0/1''::pg_lsn']) input;
-- too long is refused before it is fetched or made text
SELECT input, pg_temp.rejects(input, 'topk_add(NULL, %s)')
FROM unnest(ARRAY['(SELECT jsonb_agg(i) FROM generate_series(1, 100000) i)',
    '(SELECT jsonb_agg(i) FROM generate_series(1, 3000) i)',
    '''1e131071''::jsonb', 'jsonb_build_array(VARIADIC array_fill(1e131071, ARRAY[300]))', 'repeat(''x'', 50000000)',
    'repeat(''x'', 8192)::bytea', 'repeat(''1'', 8192)::varbit', 'repeat(''1'', 80000)::varbit', '1e8191',
    'rpad(''x'', 8192, ''y'')::char(8192)']) input;
SELECT topk_info(topk_agg(repeat('1', 8191)::varbit)) -> 'entries',
    topk_info(topk_agg(rpad('x', 10000)::char(10000))) -> 'entries';

-- 6. constant memory, and an end when asked
-- -----------------------------------------------------------------------------
CREATE TYPE pair AS (a int, b text);
CREATE TABLE large AS SELECT (SELECT jsonb_object_agg('key ' || i, i * 0.5) FROM generate_series(1, 300000) i) AS j,
    (SELECT array_agg(int4range(i, i + 5)) FROM generate_series(1, 300000) i) AS r,
    (SELECT array_agg((i, 'text ' || i)::pair) FROM generate_series(1, 300000) i) AS w,
    (SELECT array_agg('text ' || i) FROM generate_series(1, 300000) i) AS t,
    (SELECT range_agg(int4range(10 * i, 10 * i + 5)) FROM generate_series(1, 300000) i) AS m;
CREATE FUNCTION most_memory() RETURNS int LANGUAGE sql AS $$ SELECT substring(pg_read_file('/proc/self/status', 0,
    10000) FROM 'VmHWM:\s*(\d+)')::int / 1024 $$;
\c -
\pset tuples_only on
\pset format unaligned
SET search_path = odd, public;
SELECT most_memory() AS before \gset
SELECT count(sketch_hash(j)) + count(sketch_hash(r)) + count(sketch_hash(w)) + count(sketch_hash(t))
    + count(sketch_hash(m)) = 5, most_memory() - :before < 100 FROM large;
-- two row types in turn, and more row types than a call site keeps
SELECT abs(hll_count(hll_agg(CASE WHEN i % 2 = 0 THEN ROW(i, 1) ELSE ROW(i::text, 2) END)) - 500000) < 30000
FROM generate_series(1, 500000) i;
SELECT hll_count(hll_agg(CASE i % 10 WHEN 0 THEN ROW(1) WHEN 1 THEN ROW(1, 2) WHEN 2 THEN ROW(1, 2, 3) WHEN 3
    THEN ROW('a'::text) WHEN 4 THEN ROW(1, 'a'::text) WHEN 5 THEN ROW('a'::text, 1)
    WHEN 6 THEN ROW(ROW(1)) WHEN 7 THEN ROW(ROW(1), ROW(2)) WHEN 8 THEN ROW('{1}'::int[])
        ELSE ROW(ROW(ROW(1), 2), 3) END)) = 10 FROM generate_series(1, 100000) i;
SELECT most_memory() - :before < 100;
SET statement_timeout = '100ms';
SELECT sketch_hash(array_fill(1e131071, ARRAY[1000000]));
RESET statement_timeout;

-- 7. depth
-- --------------------------------------------------------------------------------------------------------------
\set VERBOSITY terse
BEGIN;
CREATE DOMAIN nest0 AS text;
DO $$ BEGIN FOR i IN 1..5000 LOOP EXECUTE format('CREATE DOMAIN nest%s AS nest%s[]', i, i - 1); END LOOP; END $$;
SELECT sketch_hash('{}'::nest20) = sketch_hash('{}'::int[]);
SET LOCAL max_stack_depth = '100kB';
SELECT sketch_hash('{}'::nest5000);
ROLLBACK;
-- jsonb as deep as its input takes it
SELECT sketch_hash((repeat('[', 6000) || repeat(']', 6000))::jsonb)
    <> sketch_hash((repeat('[', 5999) || repeat(']', 5999))::jsonb);

-- 8. other encodings
-- ----------------------------------------------------------------------------------------------------
SELECT topk_agg(x)::text AS made_here FROM (VALUES ('plain'), ('né€'), ('😀!'), ('日本')) v(x) \gset
SELECT sketch_hash(repeat('naïve ', 5000)) AS long_text, sketch_hash(ARRAY['é', 'ü']) AS elements,
    sketch_hash(ROW('é'::varchar, 'ö'::char(3))) AS columns \gset
SELECT current_database() AS here \gset
CREATE DATABASE sketch_latin1 ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0;
CREATE DATABASE sketch_ascii ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0;
CREATE DATABASE sketch_japan ENCODING 'EUC_JP' LOCALE 'C' TEMPLATE template0;
\c sketch_latin1
SET client_encoding = 'UTF8';
CREATE EXTENSION sketch;
SELECT sketch_hash(repeat('naïve ', 5000)) = :long_text, sketch_hash(ARRAY['é', 'ü']) = :elements,
    sketch_hash(ROW('é'::varchar, 'ö'::char(3))) = :columns;
SELECT array_agg(item ORDER BY item) FROM topk_items(:'made_here');
SELECT topk_estimate(:'made_here', 'plain'), approx_top_k('é'::text) -> 0 -> 'item';
\c sketch_japan
SET client_encoding = 'UTF8';
CREATE EXTENSION sketch;
SELECT array_agg(item ORDER BY item) FROM topk_items(:'made_here');
SELECT topk_estimate(:'made_here', '日本'::text);
-- a character of several bytes on the border of two pieces that are converted
SELECT bool_and(sketch_hash(repeat('x', n) || repeat('日本', 6000))
    = sketch_hash(convert_to(repeat('x', n) || repeat('日本', 6000), 'UTF8'))) FROM generate_series(0, 5) n;
\c sketch_ascii
CREATE EXTENSION sketch;
-- bytes that are no UTF-8 come back as they came, and are escaped elsewhere
SELECT array_agg(encode(item::bytea, 'hex') ORDER BY item)
FROM topk_items((SELECT topk_agg(x) FROM (VALUES (E'\xff'), (E'\xe9 x'), ('a')) v(x)));
SELECT array_agg(encode(item::bytea, 'hex') ORDER BY item)
FROM topk_items((SELECT topk_agg(x::char(5)) FROM (VALUES (E'\xff'), ('a')) v(x)));
SELECT jsonb_array_length(approx_top_k(x)) FROM (VALUES (E'\xff'), ('a')) v(x);
SELECT topk_agg(x)::text AS made_there FROM (VALUES (E'\xff'), (E'\xe9 x\xc3\xa9'), ('a')) v(x) \gset
\c :here
SELECT array_agg(item ORDER BY item) FROM topk_items(:'made_there');
DROP DATABASE sketch_latin1;
DROP DATABASE sketch_ascii;
DROP DATABASE sketch_japan;
SET client_min_messages = warning;
DROP SCHEMA odd CASCADE;
DROP EXTENSION sketch;
