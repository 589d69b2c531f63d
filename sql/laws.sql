-- The laws that every sketch keeps. A new one adds a row to the table rooms; every line of the answer is the name of a
-- case and t, as in "hll · NULL is the identity of merging|t".
\i test/room.sql
\set ECHO none
SET extra_float_digits = 0;
SET timezone = 'UTC';

-- v: integers; t: texts and NULLs; x: floats and NULLs; z and page: few of them often; shop: few; w: weights
CREATE TABLE law_rows (
    i int PRIMARY KEY, g int, v int, t text, x float8, z int, page text, shop text, w int, at timestamptz);
INSERT INTO law_rows
SELECT i, i % 7, (i * 7919) % 5000, CASE WHEN i % 10 <> 0 THEN 'user-' || (i * 31) % 3000 END,
       CASE WHEN i % 10 <> 0 THEN exp((i * 31) % 3001 / 250.0) END, 40000 / (1 + (i * 7919) % 40000),
       CASE WHEN i % 10 <> 0 THEN 'page/' || 40000 / (1 + (i * 7919) % 40000) END,
       'shop ' || 200 / (1 + (i * 7919) % 200), 1 + i % 4,
       timestamptz '2020-01-01' + i * interval '14 minutes' + (i / 10001) * interval '1 year'
           - (i % 10 = 0)::int * (i % 70) * interval '1 day'
FROM generate_series(1, 40000) i;
CREATE TABLE law_nulls AS SELECT (NULL::law_rows).* FROM generate_series(1, 10);
ANALYZE law_rows, law_nulls;

-- Lists are written with "; " between their members.
CREATE TABLE rooms (
    room text,     -- a sketch, or a form of one that merges only with its like
    stem text,
    calls text,    -- aggregates over law_rows, with and without parameters
    sample text,   -- the aggregate that makes the samples, of the first n rows (of sizes) and with p (of params)
    params text,
    sizes text,
    depends text,  -- what the bytes depend on: the set of the values, the multiset, or their order too
    exact text,    -- the samples whose bytes or items are those of one pass, however the rows were split and merged
    one text,      -- a value for a sample
    adds text,     -- adding a value to s
    readers text,  -- what reads s
    pairs text,    -- what reads a and b
    same text,     -- whether a and b are the sketch of the same rows, which came in another order
    adds_null text GENERATED ALWAYS AS (replace(adds, '{one}', 'NULL')) STORED,
    first text GENERATED ALWAYS AS (split_part(calls, '; ', 1)) STORED,
    place int GENERATED ALWAYS AS IDENTITY
);
INSERT INTO rooms VALUES
('hll', 'hll', 'hll_agg(v); hll_agg(t, 9); hll_hash_agg(sketch_hash(v))',
    'hll_agg(i, p::int)', '{4,10,12,18}', '{0,1,10,189,190,1000,20000}', 'set', 'true',
    '7', 'hll_add(s, {one})',
    'hll_estimate(s); hll_bounds(s); hll_info(s); hll_fold(s, 8)', '', 'a::text = b::text'),
('theta', 'theta', 'theta_agg(v); theta_agg(t, 256); theta_hash_agg(sketch_hash(v))',
    'theta_agg(i, p::int)', '{16,64,4096,1048576}', '{0,1,10,64,65,1000,20000}', 'set', 'true',
    '7', 'theta_add(s, {one})',
    'theta_estimate(s); theta_bounds(s); theta_info(s); theta_fold(s, 32)',
    'theta_intersect(a, b); theta_except(a, b); theta_jaccard(a, b); theta_containment(a, b)', 'a::text = b::text'),
('bloom', 'bloom', 'bloom_agg(v); bloom_agg(v, 3000, 0.001); bloom_hash_agg(sketch_hash(v))',
    'bloom_agg(i, p::int)', '{250,1000,4000000}', '{0,1,10,224,225,1000,20000}', 'set', 'true',
    '7', 'bloom_add(s, {one})',
    'bloom_contains(s, 7); bloom_contains(s, 7000); bloom_estimate(s); bloom_fpp(s); bloom_info(s)',
    'bloom_intersect(a, b)', 'a::text = b::text'),
('bloom of texts', 'bloom', 'bloom_agg(t); bloom_agg(t, 3000, 0.001)',
    $$bloom_agg('item ' || i, p::int)$$, '{4000}', '{0,1,1000}', 'set', 'true',
    $$'item 7'$$, 'bloom_add(s, {one})',
    $$bloom_contains(s, 'user-7'); bloom_contains(s, 'no one')$$, '', 'a::text = b::text'),
('countmin', 'countmin', 'countmin_agg(v); countmin_weighted_agg(v, w, 0.01, 0.9);
countmin_hash_agg(sketch_hash(v))',
    'countmin_agg(i, p, 0.99)', '{0.3,0.02,0.001}', '{0,1,10,64,65,300,20000}', 'multiset', 'true',
    '7', 'countmin_add(s, {one})',
    'countmin_estimate(s, 7); countmin_bounds(s, 7); countmin_total(s); countmin_info(s)',
    'countmin_subtract(a, b); countmin_join_size(a, b); countmin_join_bounds(a, b)', 'a::text = b::text'),
('countmin of texts', 'countmin', 'countmin_agg(t); countmin_weighted_agg(t, w, 0.01, 0.9)',
    $$countmin_agg('item ' || i, p, 0.99)$$, '{0.02}', '{0,1,1000}', 'multiset', 'true',
    $$'item 7'$$, 'countmin_add(s, {one})',
    $$countmin_estimate(s, 'user-7'); countmin_bounds(s, 'no one'); countmin_total(s)$$,
    'countmin_subtract(a, b)', 'a::text = b::text'),
('countmin range', 'countmin', 'countmin_range_agg(v); countmin_range_weighted_agg(v, w, 0.3, 0.9)',
    'countmin_range_agg(i, p, 0.99)', '{0.4}', '{0,1,10,300,3000}', 'multiset', 'true',
    '7', 'countmin_range_add(s, {one})',
    'countmin_range(s, 5, 500); countmin_range_bounds(s, 5, 500); countmin_range_quantile(s, 0.3); countmin_info(s)',
    'countmin_subtract(a, b)', 'a::text = b::text'),
('topk', 'topk', 'topk_agg(page, 1000); topk_weighted_agg(page, w - 1, 1000)',
    $$topk_agg('item ' || (i * i % 1009), p::int)$$, '{1,20,128,2000}', '{0,1,10,100,1000,20000}', 'multiset',
    'p = 2000 OR p = 128 AND n <= 100',
    $$'item 7'::text$$, 'topk_add(s, {one})',
    $$topk_total(s); topk_error(s); topk_info(s); topk_estimate(s, 'page/7'); topk_bounds(s, 'page/7');
(SELECT array_agg(r) FROM topk_items(s) r); (SELECT array_agg(r) FROM topk_above(s, 0.01) r)$$, '',
    'a::text = b::text'),
('topk of numbers', 'topk', 'topk_agg(z, 1000)',
    'topk_agg(i * i % 1009, p::int)', '{128,2000}', '{0,1,10,100,1000,20000}', 'multiset', 'p = 2000 OR n <= 100',
    '7', 'topk_add(s, {one}::int)',
    $$topk_info(s); topk_fold(s, 10); topk_json(s); topk_estimate(s, 7); topk_bounds(s, 7);
(SELECT array_agg(r) FROM topk_items(s) r)$$, '',
    'a::text = b::text'),
('trend', 'trend', $$trend_agg(shop, at, '2 days'); trend_weighted_agg(shop, at, w, '2 days', 500)$$,
    $$trend_weighted_agg('item ' || i % 400, at, w, '2 days', p::int)$$, '{4,20,500}', '{0,1,10,1000,20000}',
    'order', 'p = 500',
    $$'item 7'::text$$, $$trend_add(s, {one}, '2022-01-01', '2 days')$$,
    $$trend_total(s); trend_error(s); trend_latest(s); trend_info(s); (SELECT array_agg(r) FROM trend_items(s) r);
trend_score(s, 'shop 7'::text); trend_bounds(s, 'shop 7'::text); trend_total(s, '2030-01-01')$$, '',
    'pg_temp.same(a, b)'),
('trend scales', 'trend', $$trend_scales_agg(shop, at, '{2 days, 30 days}');
trend_scales_weighted_agg(shop, at, w, '{2 days, 30 days}', 500)$$,
    $$trend_scales_weighted_agg('item ' || i % 400, at, w, '{2 days, 30 days}', p::int)$$, '{4,20,500}',
    '{0,1,10,1000,20000}', 'order', 'p = 500',
    $$'item 7'::text$$, $$trend_scales_add(s, {one}, '2022-01-01', '{2 days, 30 days}')$$,
    $$trend_total(s); trend_error(s, NULL, '30 days'); trend_latest(s); trend_info(s);
(SELECT array_agg(r) FROM trend_items(s, NULL, NULL, '30 days') r); (SELECT array_agg(r) FROM trend_bursts(s) r);
trend_score(s, 'shop 7'::text, NULL, '30 days'); trend_bounds(s, 'shop 7'::text)$$, '', 'pg_temp.same(a, b)'),
('hist', 'hist', 'hist_agg(x); hist_agg(v, 90); hist_weighted_agg(v, w)',
    'hist_agg((i * 7919) % 40009 - 5000, p::int)', '{16,50,640,3000}', '{0,1,8,62,63,1000,20000}', 'multiset', 'true',
    '7', 'hist_add(s, {one})',
    $$hist_quantile(s, 0.3); hist_quantiles(s, '{0,0.5,1}'); hist_bounds(s, 0.9); hist_rank(s, 1000);
hist_cdf(s, '{0,1000}'); hist_min(s); hist_max(s); hist_count(s); hist_sum(s); hist_mean(s); hist_error(s);
hist_plot(s); hist_info(s); hist_pmf(s, '{0,1000}'); hist_fold(s, 20); hist_json(s);
hist_trimmed_sum(s, 0.1, 0.9); hist_trimmed_mean(s, 0.1, 0.9); (SELECT array_agg(r) FROM hist_buckets(s) r)$$, '',
    'a::text = b::text'),
('kll', 'kll', 'kll_agg(v); kll_agg(x, 50); kll_weighted_agg(v, w)',
    'kll_agg((i * 7919) % 40009, p::int)', '{8,50,200,3000}', '{0,1,8,200,221,1000,20000}', 'order', 'p >= 200',
    '7', 'kll_add(s, {one})',
    $$kll_quantile(s, 0.3); kll_quantiles(s, '{0,0.5,1}'); kll_bounds(s, 0.9); kll_rank(s, 1000);
kll_cdf(s, '{0,1000}'); kll_min(s); kll_max(s); kll_count(s); kll_info(s); kll_pmf(s, '{0,1000}');
kll_fold(s, 20); kll_json(s)$$, '',
    'kll_count(a) = kll_count(b) AND kll_min(a) = kll_min(b) AND kll_max(a) = kll_max(b)
     AND abs(kll_rank(a, 2500) - kll_rank(b, 2500)) < 0.03');
UPDATE rooms SET readers = regexp_replace(readers, ';\s+', '; ', 'g'), calls = regexp_replace(calls, ';\s+', '; ', 'g');

-- scores of another order differ in their last bits
CREATE FUNCTION pg_temp.near(a float8, b float8) RETURNS bool LANGUAGE sql PARALLEL RESTRICTED
    AS 'SELECT abs(a - b) <= 1e-12 * greatest(abs(a), abs(b))';
CREATE FUNCTION pg_temp.same(a trendsketch, b trendsketch) RETURNS bool LANGUAGE sql PARALLEL RESTRICTED AS $$
    SELECT trend_latest(a) = trend_latest(b)
       AND bool_and(coalesce(pg_temp.near(x.score, y.score) AND abs(x.upper - y.upper) <= 1e-10 * y.upper, false))
    FROM trend_items(a) x FULL JOIN trend_items(b) y USING (item) $$;

-- A template, filled in for each room that is wanted, and for each of its calls, readers or pairs if it names one.
CREATE FUNCTION pg_temp.each(template text, wanted text DEFAULT 'true')
RETURNS TABLE (subject text, command text) LANGUAGE plpgsql AS $$
DECLARE r rooms; member text; key text; filler text;
BEGIN
    FOR r IN EXECUTE format('SELECT * FROM rooms WHERE %s ORDER BY place', wanted) LOOP
        FOREACH member IN ARRAY CASE WHEN template LIKE '%{call}%' THEN string_to_array(r.calls, '; ')
                                     WHEN template LIKE '%{reader}%' THEN string_to_array(r.readers, '; ')
                                     WHEN template LIKE '%{pair}%' THEN string_to_array(r.pairs, '; ')
                                     ELSE ARRAY[''] END LOOP
            subject := concat_ws(' · ', r.room, nullif(member, ''));
            command := replace(replace(replace(template, '{call}', member), '{reader}', member), '{pair}', member);
            FOR key, filler IN SELECT f.* FROM jsonb_each_text(to_jsonb(r)) f(name, text) ORDER BY name = 'one' LOOP
                command := replace(command, '{' || key || '}', filler);
            END LOOP;
            RETURN NEXT;
        END LOOP;
    END LOOP;
END $$;
-- The same as a law: a query that prints the name of the case, and whether it holds.
CREATE FUNCTION pg_temp.law(law text, template text, wanted text DEFAULT 'true') RETURNS SETOF text LANGUAGE sql
    AS $$ SELECT format('SELECT %L, %s', subject || ' · ' || law, command) FROM pg_temp.each(template, wanted) $$;
-- The same of a query that is to run in parallel workers.
CREATE FUNCTION pg_temp.parallel_law(law text, template text) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT unnest(ARRAY[
        format('SELECT %L, pg_temp.plan_of(%L) LIKE ''%%Finalize %%Gather%%Partial %%''',
               subject || ' · ' || law || ', by its plan', 'SELECT ' || command),
        format('SELECT %L, %s', subject || ' · ' || law, command)]) FROM pg_temp.each(template) $$;

-- 0. the list is complete ---------------------------------------------------------------------------------------------
CREATE TEMP VIEW functions AS
SELECT p.oid, p.proname, p.prokind, p.proargtypes::regtype[] AS arguments, p.prorettype
FROM pg_depend d JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid WHERE e.extname = 'sketch' AND d.deptype = 'e';
SELECT 'every aggregate that makes a sketch is called', count(*) > 100 AND bool_and(EXISTS (
    SELECT FROM rooms WHERE prorettype = (stem || 'sketch')::regtype AND strpos(calls, proname || '(') > 0))
FROM functions WHERE prokind = 'a' AND proname LIKE '%\_agg';
SELECT pg_temp.law('every function that reads it is listed', $$
    coalesce('not listed: ' || string_agg(DISTINCT proname, ', '), 't') FROM functions f
    WHERE '{stem}sketch'::regtype = ANY (arguments) AND prokind = 'f'
      AND proname NOT IN ('{stem}_final', '{stem}_merge')
      AND proname NOT IN ('{stem}_add_all') AND proname NOT LIKE '{stem}sketch\_%'  -- sql/surface.sql
      AND NOT EXISTS (SELECT FROM pg_aggregate WHERE f.oid IN (
              aggtransfn, aggfinalfn, aggcombinefn, aggmtransfn, aggminvtransfn, aggmfinalfn)
          AND proname NOT IN ('countmin_subtract', 'theta_intersect'))
      AND NOT EXISTS (
          SELECT FROM rooms WHERE stem = '{stem}' AND strpos(concat(readers, pairs, adds), proname || '(') > 0)
$$, 'room = stem') \gexec

-- 1. input and output -------------------------------------------------------------------------------------------------
SELECT command FROM pg_temp.each($$ CREATE TABLE "{room} samples" AS
    SELECT n, p, {sample} AS s FROM unnest('{sizes}'::int[]) n CROSS JOIN unnest('{params}'::numeric[]) p
    LEFT JOIN law_rows ON i <= n GROUP BY n, p $$) \gexec
SELECT pg_temp.law('no values, no sketch', $$ bool_and((s IS NULL) = (n = 0)) FROM "{room} samples" $$) \gexec
SELECT command FROM pg_temp.each($$ DELETE FROM "{room} samples" WHERE n = 0 $$) \gexec
SELECT pg_temp.law('some samples are short, and some in TOAST', $$
    min(pg_column_size(s)) <= 127
    AND (max(length(s::bytea)) > 2000 OR min(length(s::bytea)) = max(length(s::bytea)))  -- of one size
    FROM "{room} samples" $$,
    $$ room = stem $$) \gexec
SELECT pg_temp.law('through text and bytea', $$
    bool_and(s::text::{stem}sketch::bytea = s::bytea AND s::bytea::{stem}sketch::text = s::text
             AND {stem}sketch_send(s) = s::bytea) FROM "{room} samples" $$) \gexec
SELECT pg_temp.law('what is no base64 is rejected', $$
    pg_temp.rejects('not base64!', '%L::{stem}sketch') = '22P02 invalid input syntax for type {stem}sketch' $$) \gexec
SELECT pg_temp.law('no bytes at all are rejected', $$
    bool_and(pg_temp.rejects(input, how) = '22P03 this {stem}sketch is damaged: its length does not fit its content')
    FROM (VALUES ('', '%L::{stem}sketch'), ('\x', '%L::bytea::{stem}sketch')) v(input, how) $$) \gexec
SELECT pg_temp.law('bytes of another kind are rejected', $$
    bool_and(pg_temp.rejects(overlay(s::bytea PLACING '\x00' FROM 1)::text, '%L::bytea::{stem}sketch')
             = '22P03 these bytes are not of type {stem}sketch') FROM "{room} samples" $$) \gexec
SELECT pg_temp.law('another version is rejected', $$
    bool_and(pg_temp.rejects(overlay(s::bytea PLACING '\xff' FROM 2)::text, '%L::bytea::{stem}sketch')
             = '22P03 this {stem}sketch has a format version that this release cannot read')
    FROM "{room} samples" $$) \gexec
SELECT pg_temp.law('a byte too many is rejected', $$
    bool_and(pg_temp.rejects((s::bytea || '\x00')::text, '%L::bytea::{stem}sketch')
             LIKE '22P03 this {stem}sketch is damaged: %') FROM "{room} samples" $$) \gexec
SELECT pg_temp.law('truncated bytes are rejected', $$
    bool_and(pg_temp.rejects(substr(s::bytea, 1, cut)::text, '%L::bytea::{stem}sketch') LIKE '22P03 %')
    FROM "{room} samples", LATERAL (SELECT generate_series(0, 200) UNION SELECT generate_series(203, 600, 7)
                                    UNION SELECT length(s::bytea) - 1) c(cut) WHERE cut < length(s::bytea) $$) \gexec

-- 2. NULL and nothing -------------------------------------------------------------------------------------------------
SELECT pg_temp.law('of no values is NULL', $$
    (SELECT {call} FROM law_nulls) IS NULL AND (SELECT {call} FROM law_rows WHERE false) IS NULL
    AND (SELECT {call} FILTER (WHERE g < 0) FROM law_rows) IS NULL AND (SELECT {call} FROM law_rows WHERE g < 0) IS NULL
$$) \gexec
SELECT pg_temp.law('of no values is NULL in windows', $$
    count(*) = 50 AND bool_and(a IS NULL AND b IS NULL)
    FROM (SELECT {call} OVER w AS a, {call} FILTER (WHERE g < 0) OVER w AS b
          FROM (SELECT (CASE WHEN g < 0 THEN r END).* FROM law_rows r WHERE i <= 50) q
          WINDOW w AS (ORDER BY i ROWS 5 PRECEDING)) q $$) \gexec
SELECT pg_temp.law('of no values is NULL in grouping sets', $$
    count(*) = 9 AND bool_and(a IS NULL)
    FROM (SELECT {call} FILTER (WHERE g < 0) AS a FROM law_rows GROUP BY GROUPING SETS ((g), ())
          UNION ALL SELECT {call} FROM law_rows WHERE false GROUP BY GROUPING SETS (())) q $$) \gexec
SELECT pg_temp.law('of no sketches is NULL', $$
    (SELECT {stem}_merge(NULL::{stem}sketch) FROM law_rows) IS NULL
    AND (SELECT {stem}_merge(s) FROM "{room} samples" WHERE false) IS NULL $$) \gexec
SELECT pg_temp.law('NULL is the identity of merging', $$
    bool_and({stem}_merge(NULL, s)::bytea = s::bytea AND {stem}_merge(s, NULL)::bytea = s::bytea
             AND (s || NULL)::bytea = s::bytea AND (NULL || s)::bytea = s::bytea
             AND {stem}_merge(NULL::{stem}sketch, NULL) IS NULL) FROM "{room} samples" $$) \gexec
SELECT pg_temp.law('a NULL value adds nothing', $$
    bool_and(({adds_null})::bytea = s::bytea) AND (SELECT ({adds_null}) IS NULL FROM (SELECT NULL::{stem}sketch AS s) q)
    FROM "{room} samples" $$) \gexec
SELECT pg_temp.law('of NULL is NULL', $$ ({reader}) IS NULL FROM (SELECT NULL::{stem}sketch AS s) q $$) \gexec

-- 3. merging ----------------------------------------------------------------------------------------------------------
SELECT pg_temp.law('the order of two is the same', $$
    bool_and((a.s || b.s)::bytea = (b.s || a.s)::bytea)
    FROM (SELECT * FROM "{room} samples" WHERE {exact}) a, (SELECT * FROM "{room} samples" WHERE {exact}) b $$,
    $$ room <> 'kll' $$) \gexec
SELECT pg_temp.law('one with itself is the same', $$
    bool_and((s || s)::bytea = s::bytea) FROM "{room} samples" $$, $$ depends = 'set' $$) \gexec
SELECT pg_temp.law('a part merged with the whole is the whole', $$
    bool_and((a.s || b.s)::bytea = b.s::bytea AND (b.s || a.s)::bytea = b.s::bytea)
    FROM "{room} samples" a JOIN "{room} samples" b ON a.p = b.p AND a.n <= b.n $$, $$ depends = 'set' $$) \gexec
SELECT pg_temp.law('parts merge to the whole', $$
    bool_and({same}) AND count(*) > 0
    FROM (SELECT s AS b, (SELECT {stem}_merge(part) FROM (
              SELECT {sample} AS part FROM law_rows WHERE i <= n GROUP BY i % parts) q) AS a
          FROM (SELECT * FROM "{room} samples" WHERE {exact}) q, unnest(ARRAY[2, 7, 100]) parts) q $$) \gexec

-- 4. parallel plans ---------------------------------------------------------------------------------------------------
SET max_parallel_workers_per_gather = 0;
CREATE TABLE law_serial (call text, g int, s text);
SELECT command FROM pg_temp.each($$
    INSERT INTO law_serial SELECT $call${call}$call$, NULL, {call} FROM law_rows $$) \gexec
SELECT command FROM pg_temp.each($$
    INSERT INTO law_serial SELECT $call${call}$call$, g, {call} FROM law_rows GROUP BY g $$) \gexec
SELECT command FROM pg_temp.each($$
    CREATE TABLE "{room} parts" AS SELECT i % 500 AS k, {first} AS s FROM law_rows GROUP BY 1 $$) \gexec
SELECT command FROM pg_temp.each($$ ANALYZE "{room} parts" $$) \gexec
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 4;
SELECT pg_temp.parallel_law('in parallel as serial', $$
    bool_and({same}) FROM (SELECT {call} AS a FROM law_rows) q,
    (SELECT s::{stem}sketch AS b FROM law_serial WHERE call = $call${call}$call$ AND g IS NULL) r $$) \gexec
SELECT pg_temp.parallel_law('groups in parallel as serial', $$
    bool_and({same}) AND count(*) = 7
    FROM (SELECT g, {call} AS a FROM law_rows GROUP BY g) q
    JOIN (SELECT g, s::{stem}sketch AS b FROM law_serial WHERE call = $call${call}$call$) r USING (g) $$) \gexec
SELECT pg_temp.parallel_law('of no values is NULL in parallel', $$
    q IS NULL FROM (SELECT {call} AS q FROM law_rows WHERE g + w < 0) q $$) \gexec
SELECT pg_temp.parallel_law('of filtered values is NULL in parallel', $$
    q IS NULL FROM (SELECT {call} FILTER (WHERE g < 0) AS q FROM law_rows) q $$) \gexec
SELECT pg_temp.parallel_law('stored parts merge in parallel to the whole', $$
    bool_and({same}) FROM (SELECT {stem}_merge(s) AS a FROM "{room} parts") q,
    (SELECT s::{stem}sketch AS b FROM law_serial WHERE call = $call${first}$call$ AND g IS NULL) r $$) \gexec
SELECT pg_temp.parallel_law('groups in parallel merge to the whole', $$
    bool_and({same})
    FROM (SELECT {stem}_merge(s) AS a FROM (SELECT {first} AS s FROM law_rows GROUP BY g) q) q,
    (SELECT s::{stem}sketch AS b FROM law_serial WHERE call = $call${first}$call$ AND g IS NULL) r $$) \gexec
RESET max_parallel_workers_per_gather;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;

-- 5. windows, grouping sets, shared states ----------------------------------------------------------------------------
SET max_parallel_workers_per_gather = 0;
SELECT pg_temp.law('a moving frame is built as one alone', $$
    bool_and(w::bytea IS NOT DISTINCT FROM (
        SELECT {call} FROM (SELECT * FROM law_rows r WHERE r.i BETWEEN q.i - 20 AND q.i ORDER BY i) r)::bytea)
    AND count(w) >= 299
    FROM (SELECT i, {call} OVER (ORDER BY i ROWS 20 PRECEDING) AS w FROM law_rows WHERE i <= 300) q $$) \gexec
SELECT pg_temp.law('a growing frame is built as one alone', $$
    bool_and(w::bytea IS NOT DISTINCT FROM (
        SELECT {call} FROM (SELECT * FROM law_rows r WHERE r.i <= q.i ORDER BY i) r)::bytea)
    AND count(w) >= 399
    FROM (SELECT i, {call} OVER (ORDER BY i) AS w FROM law_rows WHERE i <= 400) q $$) \gexec
SELECT pg_temp.law('a moving frame of sketches merges as one alone', $$
    bool_and(w::bytea IS NOT DISTINCT FROM (SELECT {stem}_merge(s) FROM (
        SELECT s FROM "{room} parts" r WHERE r.k BETWEEN q.k - 6 AND q.k ORDER BY k) r)::bytea) AND count(w) >= 499
    FROM (SELECT k, {stem}_merge(s) OVER (ORDER BY k ROWS 6 PRECEDING) AS w FROM "{room} parts") q $$) \gexec
SELECT pg_temp.law('twice in a query over one state', $$
    bool_and(a::bytea = s::bytea AND b::bytea = s::bytea) AND count(*) = 7
    FROM (SELECT g, {call} AS a, {call} AS b FROM law_rows GROUP BY g) q
    JOIN (SELECT g, s::{stem}sketch FROM law_serial WHERE call = $call${call}$call$) r USING (g) $$) \gexec
SELECT pg_temp.law('grouping sets', $$
    bool_and({same}) AND count(*) = 8
    FROM (SELECT g, {call} AS a FROM law_rows GROUP BY GROUPING SETS ((g), ())) q
    JOIN (SELECT g, s::{stem}sketch AS b FROM law_serial WHERE call = $call${call}$call$) r
    ON q.g IS NOT DISTINCT FROM r.g $$) \gexec
SELECT pg_temp.law('rollup', $$
    count(a) = 8 FROM (SELECT g, {call} AS a FROM law_rows GROUP BY ROLLUP (g)) q $$) \gexec

-- 6. stored: toasted and short values, upserts, states that start from a tuple ----------------------------------------
SELECT command FROM pg_temp.each($$ CREATE TABLE "{room} daily" (day int PRIMARY KEY, s {stem}sketch) $$) \gexec
SELECT command FROM pg_temp.each($$
    INSERT INTO "{room} daily" SELECT g, {first} FROM law_rows WHERE i <= 20000 GROUP BY g $$) \gexec
SELECT command FROM pg_temp.each($$
    INSERT INTO "{room} daily" AS d SELECT g, {first} FROM law_rows WHERE i > 20000 GROUP BY g
    ON CONFLICT (day) DO UPDATE SET s = d.s || excluded.s $$) \gexec
SELECT pg_temp.law('upserts', $$
    bool_and({same}) AND count(*) = 7
    FROM (SELECT day AS g, s AS a FROM "{room} daily") q
    JOIN (SELECT g, s::{stem}sketch AS b FROM law_serial WHERE call = $call${first}$call$) r USING (g) $$) \gexec
CREATE TABLE law_before (room text, md5 text);
SELECT command FROM pg_temp.each($$
    INSERT INTO law_before SELECT '{room}', md5(string_agg(s::text, '' ORDER BY n, p)) FROM "{room} samples" $$) \gexec
SELECT pg_temp.law('added to', $$ count(({adds})::text) = count(*) AND count(*) > 0 FROM "{room} samples" $$) \gexec
SELECT pg_temp.law('merged', $$
    count((a.s || b.s)::text) = count(*) AND count(*) > 0 FROM "{room} samples" a, "{room} samples" b $$) \gexec
SELECT pg_temp.law('merged in an aggregate', $$
    count(m) > 0 FROM (SELECT {stem}_merge(s) AS m FROM "{room} samples" GROUP BY p) q $$) \gexec
SELECT pg_temp.law('read together', $$
    count(({pair})::text) > 0
    FROM (SELECT a.s AS a, b.s AS b FROM "{room} samples" a JOIN "{room} samples" b USING (p)) q $$) \gexec
SELECT pg_temp.law('read from a table as if it had never been there', $$
    bool_and(stored IS NOT DISTINCT FROM fresh) FROM "{room} samples" q,
    LATERAL (SELECT ({reader})::text AS stored) a,
    LATERAL (SELECT ({reader})::text AS fresh FROM (SELECT q.s::text::{stem}sketch AS s OFFSET 0) r) b $$) \gexec
SELECT pg_temp.law('nothing wrote to a stored value', $$
    md5(string_agg(s::text, '' ORDER BY n, p)) = (SELECT md5 FROM law_before WHERE room = '{room}')
    FROM "{room} samples" $$) \gexec

-- 7. working states: aggregates that a user makes of the same functions, without a final one --------------------------
SELECT format('CREATE AGGREGATE raw_%s(%s) (SFUNC = %s, STYPE = %s)', proname, pg_get_function_arguments(a.aggfnoid),
              aggtransfn, aggtranstype::regtype)
FROM functions f JOIN pg_aggregate a ON a.aggfnoid = f.oid
WHERE proname LIKE '%\_agg' OR proname LIKE '%\_merge' \gexec
CREATE TABLE law_sizes AS SELECT unnest(ARRAY[1, 2, 10, 100, 300, 1000, 5000, 40000]) AS n;
ALTER TABLE rooms ADD states text;
UPDATE rooms SET states = (
    SELECT string_agg(format('SELECT %L AS call, raw_%s AS s FROM law_rows WHERE i <= n UNION ALL ', call, call), '')
    FROM unnest(string_to_array(calls, '; ')) call)
    || format('SELECT ''merge'', raw_%s_merge(s) FROM "%s parts" WHERE k <= n', stem, room);
SELECT pg_temp.law('a state is written as the sketch', $$
    bool_and(a = b AND c = b) FROM law_sizes, LATERAL (
        SELECT raw_{call}::text AS a, {call}::text AS b, {stem}_final(raw_{call})::text AS c
        FROM law_rows WHERE i <= n) q $$) \gexec
SELECT pg_temp.law('a state of merging is written as the sketch', $$
    bool_and(a = b) FROM law_sizes, LATERAL (
        SELECT raw_{stem}_merge(s)::text AS a, {stem}_merge(s)::text AS b FROM "{room} parts" WHERE k <= n) q $$) \gexec
-- s is the state as it was, f as it is after a way through text
SELECT command FROM pg_temp.each($$ CREATE TABLE "{room} states" AS
    SELECT n, q.*, s::text::{stem}sketch AS f FROM law_sizes, LATERAL ({states}) q $$) \gexec
SELECT pg_temp.law('of a state as of the sketch', $$
    bool_and(a IS NOT DISTINCT FROM b) AND count(a) > 0
    FROM (SELECT s, f FROM "{room} states"
          UNION ALL SELECT s, s::text::{stem}sketch FROM (SELECT raw_{first} AS s FROM law_rows WHERE i <= 300) q) q,
    LATERAL (SELECT ({reader})::text AS a) r,
    LATERAL (SELECT ({reader})::text AS b FROM (SELECT f AS s) t) t $$) \gexec
SELECT pg_temp.law('of two states as of the sketches', $$
    bool_and(x IS NOT DISTINCT FROM y) AND count(x) > 0
    FROM "{room} states" c JOIN "{room} states" d USING (call),
    LATERAL (SELECT ({pair})::text AS x FROM (SELECT c.s AS a, d.s AS b) q) q,
    LATERAL (SELECT ({pair})::text AS y FROM (SELECT c.f AS a, d.f AS b) q) r
    WHERE c.n IN (1, 300, 5000) AND d.n IN (10, 5000) $$) \gexec
SELECT pg_temp.law('a state is added to as the sketch', $$
    bool_and({same}) AND count(a) > 0 FROM "{room} states" q,
    LATERAL (SELECT {adds} AS a) r, LATERAL (SELECT {adds} AS b FROM (SELECT f AS s) t) t
    WHERE call = $call${first}$call$ $$) \gexec
SELECT pg_temp.law('a state merges as the sketch', $$
    bool_and({same}) AND count(a) > 0
    FROM (SELECT {stem}_merge(c.s, d.s) AS a, {stem}_merge(c.f, d.f) AS b
          FROM "{room} states" c JOIN "{room} states" d USING (call)
          WHERE c.n IN (1, 300, 5000) AND d.n IN (10, 5000)) q $$) \gexec
SELECT pg_temp.law('reading wrote to no state', $$ bool_and(s::text = f::text) FROM "{room} states" $$) \gexec

DROP EXTENSION sketch CASCADE;
SELECT format('DROP TABLE %s', string_agg(oid::regclass::text, ', ')) FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND (relname ~ '^law_' OR relname IN (
    SELECT room || ' ' || what FROM rooms, unnest(ARRAY['samples', 'parts', 'daily', 'states']) what)) \gexec
DROP TABLE rooms;
