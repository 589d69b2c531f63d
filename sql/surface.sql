-- The laws of the surface that are the same for every sketch: comparison, the empty sketch, classes of values, and the
-- names in errors. Every line names its room and its law, and prints t (or an error that is meant).
\i test/room.sql
SET extra_float_digits = 0;

-- one call of each room's aggregate; a new room adds a row, or the first law fails
CREATE TEMP TABLE rooms (stem text PRIMARY KEY, call text, empty text);
INSERT INTO rooms VALUES
('hll', 'hll_agg(i)', 'hll_new(4)'), ('theta', 'theta_agg(i)', 'theta_new(16)'),
('bloom', 'bloom_agg(i)', 'bloom_new(10, 0.5)'), ('countmin', 'countmin_agg(i)', 'countmin_new(0.3, 0.5)'),
('topk', 'topk_agg(i)', 'topk_new(1)'),
('trend', $$trend_agg(i, '2020-01-01', '1 day')$$, $$trend_new('2 days', 4)$$),
('kll', 'kll_agg(i)', 'kll_new(8)'), ('hist', 'hist_agg(i)', 'hist_new(16)');
SELECT 'every sketch type has a row', count(*) = 0
FROM pg_depend d JOIN pg_type t ON d.classid = 'pg_type'::regclass AND d.objid = t.oid AND t.typelem = 0
WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
  AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'sketch')
  AND NOT EXISTS (SELECT FROM rooms WHERE stem || 'sketch' = typname);
CREATE FUNCTION pg_temp.law(law text, template text) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('SELECT %L, %s', stem || ' · ' || law,
                  replace(replace(replace(template, '{stem}', stem), '{call}', call), '{empty}', empty))
    FROM rooms ORDER BY stem $$;
SELECT format('CREATE AGGREGATE pg_temp.raw_%s(%ssketch) (SFUNC = %1$s_merge, STYPE = %1$ssketch)', stem, stem)
FROM rooms
\gexec
SELECT
    format('CREATE TABLE %s_samples AS SELECT n, %s AS s
            FROM unnest(ARRAY[1, 10, 3000]) n, generate_series(1, n) i GROUP BY n', stem, call) FROM rooms
\gexec

-- 1. comparison
SELECT pg_temp.law('a sketch is equal to what its text says', $$
    bool_and(s = s::text::{stem}sketch AND NOT s <> s AND s <= s AND s >= s AND NOT s < s AND NOT s > s)
    FROM {stem}_samples $$) \gexec
SELECT pg_temp.law('others are not, and are in one order', $$
    bool_and(a.s <> b.s AND (a.s < b.s) <> (b.s < a.s) AND (a.s < b.s) = (b.s > a.s) AND (a.s <= b.s) = NOT (a.s > b.s))
    FROM {stem}_samples a JOIN {stem}_samples b ON a.n < b.n $$) \gexec
SELECT pg_temp.law('hashes are those of the bytes', $$
    bool_and({stem}sketch_hash(s) = {stem}sketch_hash(s::text::{stem}sketch)
        AND {stem}sketch_hash_extended(s, 0) & 4294967295 = {stem}sketch_hash(s)::bigint & 4294967295
        AND {stem}sketch_hash_extended(s, 1) <> {stem}sketch_hash_extended(s, 0))
    FROM {stem}_samples $$) \gexec
SELECT pg_temp.law('a working state is equal to its trimmed form', $$
    pg_temp.raw_{stem}(s) = {stem}_merge(s)
        AND {stem}sketch_hash(pg_temp.raw_{stem}(s)) = {stem}sketch_hash({stem}_merge(s))
    FROM (SELECT s FROM {stem}_samples ORDER BY n) q $$) \gexec
SELECT pg_temp.law('DISTINCT, UNION, IS DISTINCT FROM, joins, indexes', $$
    (SELECT count(DISTINCT s) = 3 FROM (SELECT s FROM {stem}_samples UNION ALL SELECT s FROM {stem}_samples) q)
    AND (SELECT count(*) = 3 FROM (SELECT s FROM {stem}_samples UNION SELECT s FROM {stem}_samples) q)
    AND (SELECT count(*) = 3 FROM {stem}_samples a JOIN {stem}_samples b USING (s))
    AND (SELECT count(*) = 0 FROM {stem}_samples a JOIN {stem}_samples b USING (n) WHERE a.s IS DISTINCT FROM b.s)
$$) \gexec
SET enable_hashjoin = off;
SET enable_hashagg = off;
SELECT pg_temp.law('by sorting too', $$
    (SELECT count(*) = 3 FROM (SELECT s FROM {stem}_samples UNION SELECT s FROM {stem}_samples) q)
    AND (SELECT count(*) = 3 FROM {stem}_samples a JOIN {stem}_samples b USING (s)) $$) \gexec
RESET enable_hashjoin;
RESET enable_hashagg;
SELECT format('CREATE TABLE %s_keyed (n int, s %1$ssketch PRIMARY KEY)', stem) FROM rooms
\gexec
SELECT format('INSERT INTO %s_keyed SELECT * FROM %1$s_samples WHERE n < 3000', stem) FROM rooms
\gexec
SELECT pg_temp.law('a key', $$ pg_temp.rejects('', '(SELECT 1 FROM {stem}_keyed) %s') LIKE '21000 %'
    AND (SELECT count(*) = 2 FROM {stem}_keyed k JOIN {stem}_samples USING (s)) $$) \gexec
-- a view of sketches, refreshed while it is read; a trigger that asks whether a row has changed
CREATE MATERIALIZED VIEW all_keys AS SELECT h.n, h.s AS hll, t.s AS theta FROM hll_keyed h JOIN theta_keyed t USING (n);
CREATE UNIQUE INDEX ON all_keys (hll, theta);
REFRESH MATERIALIZED VIEW CONCURRENTLY all_keys;
SELECT 'a view refreshed concurrently', count(*) = 2 FROM all_keys;

-- 2. the empty sketch is the identity, byte for byte, whatever its parameters
SELECT pg_temp.law('empty || s and s || empty are s', $$
    bool_and(({empty} || s)::bytea = s::bytea AND (s || {empty})::bytea = s::bytea) FROM {stem}_samples $$) \gexec
SELECT pg_temp.law('an aggregate of empty ones and s is s', $$
    bool_and((SELECT {stem}_merge(x) FROM (VALUES ({empty}), (s), ({empty})) v(x))::bytea = s::bytea)
    FROM {stem}_samples $$)
\gexec
SELECT pg_temp.law('a column that begins empty', $$
    bool_and((upserted || s)::bytea = s::bytea) FROM (SELECT {empty} AS upserted) q, {stem}_samples $$) \gexec
-- NULL is a sketch of nothing
SELECT 'NULL || NULL · ' || stem, pg_temp.rejects('', format('(NULL::%ssketch || NULL%%s)', stem)) FROM rooms;
SELECT 'the sets', oprname || ' ' || oprleft::regtype::text, count(*) OVER () FROM pg_operator
WHERE oprname IN ('&', '-') AND oprleft = oprright AND oprleft::regtype::text LIKE '%sketch' ORDER BY 2;
SELECT 'a & NULL and NULL & a are empty',
    theta_agg(i, 64) & NULL = theta_new(64) AND NULL & theta_agg(i, 64) = theta_new(64),
    bloom_agg(i, 100) & NULL = bloom_new(100) AND NULL & bloom_agg(i, 100) = bloom_new(100)
FROM generate_series(1, 1000) i;
SELECT 'a - NULL is a', theta_agg(i) - NULL = theta_agg(i), countmin_agg(i) - NULL = countmin_agg(i)
FROM generate_series(1, 1000) i;
SELECT 'NULL - a', (NULL - theta_agg(1)) IS NULL, (NULL - countmin_agg(1)) = countmin_weighted_agg(1, -1);
SELECT 'NULL & NULL', (NULL::thetasketch & NULL) IS NULL AND (NULL::bloomsketch & NULL) IS NULL
    AND (NULL::thetasketch - NULL) IS NULL AND (NULL::countminsketch - NULL) IS NULL;
SELECT 'inside an aggregate, first and last', theta_intersect(s ORDER BY o) = theta_new(64),
    theta_intersect(s ORDER BY o DESC) = theta_new(64), theta_intersect(s) FILTER (WHERE o > 0) = theta_add(NULL, 1, 64)
FROM (VALUES (0, NULL), (1, theta_add(NULL, 1, 64)), (2, theta_add(NULL, 1, 64))) v(o, s);
SELECT 'an aggregate of no rows', theta_intersect(s) IS NULL FROM (SELECT theta_new() AS s WHERE false) q;

-- 3. classes of values: no silent no, 0 or double count
SELECT 'bloom · numbers asked for text',
    pg_temp.rejects('42', '(SELECT bloom_agg(i) FROM generate_series(1, 100) i) @> %L');
SELECT 'bloom · uuids asked for text',
    pg_temp.rejects('00000000-0000-0000-0000-000000000001', 'bloom_agg(%1$L::uuid) @> %1$L');
SELECT 'bloom · dates asked for text', pg_temp.rejects('2024-01-01', 'bloom_contains(bloom_agg(%1$L::date), %1$L)');
SELECT 'countmin · numbers asked for text', pg_temp.rejects('42', 'countmin_estimate(countmin_agg(42), %L)'),
    pg_temp.rejects('42', 'countmin_bounds(countmin_agg(42), %L)');
SELECT 'hll · a number and a text', pg_temp.rejects('5', 'hll_add(hll_add(NULL, 5), %L)');
SELECT 'theta · a text column and a bigint column', pg_temp.rejects('5', 'theta_agg(%1$L) || theta_agg(%1$L::bigint)'),
    pg_temp.rejects('5', 'theta_agg(%1$L) & theta_agg(%1$L::bigint)'),
    pg_temp.rejects('5', 'theta_agg(%1$L) - theta_agg(%1$L::bigint)'),
    pg_temp.rejects('5', 'theta_jaccard(theta_agg(%1$L), theta_agg(%1$L::bigint))');
SELECT 'bloom · of timestamps, with and without a zone',
    pg_temp.rejects('2024-01-01', 'bloom_agg(%1$L::timestamp) & bloom_agg(%1$L::timestamptz)');
SELECT 'of one class: numbers, texts, dates, networks',
    bloom_agg(5) @> 5.0 AND bloom_agg(5::bigint) @> 5::float8 AND bloom_agg(5.0) @> 5::smallint,
    bloom_agg('a'::text) @> 'a'::varchar AND bloom_agg('a'::char(3)) @> 'a' AND bloom_agg('a'::name) @> name 'a',
    bloom_agg(date '2024-01-01') @> timestamp '2024-01-01', bloom_agg('10.0.0.1'::inet) @> '10.0.0.1/32'::cidr;
CREATE TEMP TABLE classes (value text);
INSERT INTO classes VALUES ('1'), ('''a''::text'), ('''a''::bytea'), ('true'),
('''00000000-0000-0000-0000-000000000001''::uuid'), ('date ''2024-01-01'''), ('timestamptz ''2024-01-01 00:00+00'''),
('time ''01:00'''), ('timetz ''01:00+00'''), ('interval ''1 hour'''), ('''10.0.0.1''::inet'),
('''08:00:2b:01:02:03''::macaddr'), ('B''101'''), ('''{}''::jsonb'), ('ARRAY[1]');
SELECT 'every class goes with itself alone: ' || template,
    bool_and((pg_temp.rejects('', call || ' %s') = 'accepted') = same) AND count(*) = 225
FROM (SELECT a.value = b.value AS same, template,
          replace(replace(template, '{a}', a.value), '{b}', b.value) AS call
      FROM classes a, classes b, unnest(ARRAY['hll_add(hll_add(NULL, {a}), {b})', 'theta_agg({a}) || theta_agg({b})',
          'bloom_agg({a}) @> {b}', 'countmin_estimate(countmin_agg({a}), {b})']) template) q
GROUP BY template ORDER BY template;
SELECT 'a sketch of a class that is empty is nothing',
    pg_temp.rejects('', $$(overlay(theta_new()::bytea PLACING '\x21' FROM 4))::thetasketch%s$$);
SELECT 'classes are kept: stored, merged, added to',
    pg_temp.rejects('x', 'hll_agg(1)::text::hllsketch || hll_agg(%L)') LIKE '42804 %',
    pg_temp.rejects('x', '(hll_agg(1) || hll_agg(2)) || hll_agg(%L)') LIKE '42804 %',
    pg_temp.rejects('x', 'bloom_add(bloom_add(NULL, 1), 2) || bloom_agg(%L)') LIKE '42804 %',
    pg_temp.rejects('x', '(SELECT countmin_agg(i) FROM generate_series(1, 9999) i) || countmin_agg(%L)') LIKE '42804 %',
    pg_temp.rejects('x', '(SELECT theta_agg(i) FROM generate_series(1, 9999) i) || theta_agg(%L)') LIKE '42804 %';
SELECT 'what is left of all is of any class', (countmin_agg(1) - countmin_agg(1)) = countmin_new(),
    countmin_estimate((countmin_agg(1) - countmin_agg(1)) || countmin_agg('x'), 'x') = 1;

-- 4. errors name what the user called
SELECT 'aggregates', pg_temp.rejects('3', 'hll_agg(1, %s)'), pg_temp.rejects('95', 'approx_percentile(1, %s)'),
    pg_temp.rejects('0', 'topk_agg(1, %s)'), pg_temp.rejects('2000', 'approx_top_k(1, %s)'),
    pg_temp.rejects('0.05', 'approx_count_distinct(1, %s)');
SELECT 'over windows', pg_temp.rejects('3', 'hll_agg(1, %s) OVER ()'),
    pg_temp.rejects('95', 'approx_percentile(1, %s) OVER (ORDER BY 1)'),
    pg_temp.rejects('7', 'countmin_agg(1, %s, 0.9) OVER ()');

-- 5. parameters are the same in every row of a group, and those of the sketch that is added to
CREATE TEMP TABLE parameters (aggregate text, parameter text, call text, a text, b text);
INSERT INTO parameters VALUES
('hll_agg', 'precision', 'hll_agg(i, {p})', '12', '14'),
('approx_count_distinct', 'precision', 'approx_count_distinct(i, {p})', '12', '14'),
('theta_agg', 'k', 'theta_agg(i, {p})', '64', '128'),
('bloom_agg', 'capacity', 'bloom_agg(i, {p})', '1000', '100000'),
('bloom_agg', 'fpp', 'bloom_agg(i, 1000, {p})', '0.01', '0.1'),
('countmin_agg', 'epsilon', 'countmin_agg(i, {p}, 0.9)', '0.01', '0.1'),
('countmin_agg', 'confidence', 'countmin_agg(i, 0.01, {p})', '0.9', '0.999'),
('countmin_range_agg', 'epsilon', 'countmin_range_agg(i, {p}, 0.9)', '0.1', '0.9'),
('countmin_range_agg', 'confidence', 'countmin_range_agg(i, 0.5, {p})', '0.9', '0.999'),
('topk_agg', 'k', 'topk_agg(i, {p})', '10', '20'),
('approx_top_k', 'k', 'approx_top_k(i, {p})', '1', '2'),
('trend_agg', 'half_life', $$trend_agg(i, '2020-01-01', {p})$$, $$interval '1 day'$$, $$interval '2 days'$$),
('trend_agg', 'k', $$trend_agg(i, '2020-01-01', '1 day', {p})$$, '10', '20'),
('trend_agg', 'max_ahead', $$trend_agg(i, '2020-01-01', '1 day', 10, {p})$$, $$interval '1 day'$$,
 $$interval '2 days'$$),
('trend_scales_agg', 'half_lives', $$trend_scales_agg(i, '2020-01-01', {p})$$, $$'{1 day}'::interval[]$$,
 $$'{1 day,2 days}'::interval[]$$),
('trend_scales_agg', 'k', $$trend_scales_agg(i, '2020-01-01', '{1 day}', {p})$$, '10', '20'),
('trend_scales_agg', 'max_ahead', $$trend_scales_agg(i, '2020-01-01', '{1 day}', 10, {p})$$, $$interval '1 day'$$,
 $$interval '2 days'$$),
('kll_agg', 'k', 'kll_agg(i, {p})', '100', '200'),
('hist_agg', 'max_bins', 'hist_agg(i, {p})', '100', '200'),
('approx_percentile', 'fraction', 'approx_percentile(i, {p})', '0.5', '0.9'),
('approx_percentile', 'max_bins', 'approx_percentile(i, 0.5, {p})', '100', '200'),
('approx_percentile', 'k', $$approx_percentile(date '2026-01-01' + i, 0.5, {p})$$, '100', '200'),
('approx_percentile', 'fractions', 'approx_percentile(i, {p})', 'ARRAY[0.5]', 'ARRAY[0.5, 0.9]'),
('approx_percentiles', 'fractions', 'approx_percentiles(i, {p})', 'ARRAY[0.5]', 'ARRAY[0.5, 0.9]'),
('approx_percentiles', 'max_bins', $$approx_percentiles(i, '{0.5}', {p})$$, '100', '200'),
('approx_percentiles', 'k', $$approx_percentiles(date '2026-01-01' + i, '{0.5}', {p})$$, '100', '200'),
('approx_percentiles_weighted', 'fractions', 'approx_percentiles_weighted(i, 2, {p})', 'ARRAY[0.5]', 'ARRAY[0.5, 0.9]'),
('approx_percentiles_weighted', 'max_bins', $$approx_percentiles_weighted(i, 2, '{0.5}', {p})$$, '100', '200'),
('countmin_weighted_agg', 'epsilon', 'countmin_weighted_agg(i, 2, {p}, 0.9)', '0.01', '0.1'),
('countmin_weighted_agg', 'confidence', 'countmin_weighted_agg(i, 2, 0.01, {p})', '0.9', '0.999'),
('countmin_range_weighted_agg', 'epsilon', 'countmin_range_weighted_agg(i, 2, {p}, 0.9)', '0.1', '0.9'),
('countmin_range_weighted_agg', 'confidence', 'countmin_range_weighted_agg(i, 2, 0.5, {p})', '0.9', '0.999'),
('topk_weighted_agg', 'k', 'topk_weighted_agg(i, 2, {p})', '10', '20'),
('trend_weighted_agg', 'half_life', $$trend_weighted_agg(i, '2020-01-01', 2, {p})$$, $$interval '1 day'$$,
 $$interval '2 days'$$),
('trend_weighted_agg', 'k', $$trend_weighted_agg(i, '2020-01-01', 2, '1 day', {p})$$, '10', '20'),
('trend_weighted_agg', 'max_ahead', $$trend_weighted_agg(i, '2020-01-01', 2, '1 day', 10, {p})$$,
 $$interval '1 day'$$, $$interval '2 days'$$),
('trend_scales_weighted_agg', 'half_lives', $$trend_scales_weighted_agg(i, '2020-01-01', 2, {p})$$,
 $$'{1 day}'::interval[]$$, $$'{1 day,2 days}'::interval[]$$),
('trend_scales_weighted_agg', 'k', $$trend_scales_weighted_agg(i, '2020-01-01', 2, '{1 day}', {p})$$, '10', '20'),
('trend_scales_weighted_agg', 'max_ahead', $$trend_scales_weighted_agg(i, '2020-01-01', 2, '{1 day}', 10, {p})$$,
 $$interval '1 day'$$, $$interval '2 days'$$),
('hll_hash_agg', 'precision', 'hll_hash_agg(i, {p})', '12', '14'),
('theta_hash_agg', 'k', 'theta_hash_agg(i, {p})', '64', '128'),
('bloom_hash_agg', 'capacity', 'bloom_hash_agg(i, {p})', '1000', '100000'),
('bloom_hash_agg', 'fpp', 'bloom_hash_agg(i, 1000, {p})', '0.01', '0.1'),
('countmin_hash_agg', 'epsilon', 'countmin_hash_agg(i, {p}, 0.9)', '0.01', '0.1'),
('countmin_hash_agg', 'confidence', 'countmin_hash_agg(i, 0.01, {p})', '0.9', '0.999'),
('kll_weighted_agg', 'k', 'kll_weighted_agg(i, 2, {p})', '100', '200'),
('hist_weighted_agg', 'max_bins', 'hist_weighted_agg(i, 2, {p})', '100', '200'),
('approx_percentile_weighted', 'max_bins', 'approx_percentile_weighted(i, 2, 0.5, {p})', '100', '200'),
('approx_percentile_weighted', 'fraction', 'approx_percentile_weighted(i, 2, {p})', '0.5', '0.9'),
('approx_percentile_weighted', 'fractions', 'approx_percentile_weighted(i, 2, {p})', 'ARRAY[0.5]', 'ARRAY[0.5, 0.9]');
SELECT 'every parameter of every aggregate has a row', string_agg(DISTINCT concat_ws(' ', p.proname, a.name), ', ')
FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e',
    unnest(p.proargnames) a(name)
WHERE d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'sketch') AND p.prokind = 'a'
  AND a.name NOT IN ('value', 'item', 'sketch', 'at', 'weight', 'hash')
  AND NOT EXISTS (SELECT FROM parameters WHERE aggregate = p.proname AND parameter = a.name);
CREATE FUNCTION pg_temp.with_p(call text, p text) RETURNS text LANGUAGE sql AS $$
    SELECT format('(SELECT %s FROM generate_series(1, 100) i)', replace(call, '{p}', p)) $$;
SELECT format('SELECT %L, pg_temp.rejects(%L, %L)', aggregate || ' · ' || parameter,
              pg_temp.with_p(call, format('CASE WHEN i <= 50 THEN %s ELSE %s END', a, b)), '%s') FROM parameters
\gexec
SELECT format('SELECT %L, %s::text = %s::text', aggregate || ' · ' || parameter,
              pg_temp.with_p(call, format('CASE WHEN i > 0 THEN %s END', a)), pg_temp.with_p(call, a)) FROM parameters
\gexec
-- whoever reads the rows: workers, each with a parameter of its own; and windows
CREATE TABLE two (i int, p int) PARTITION BY LIST (p);
CREATE TABLE two_a PARTITION OF two FOR VALUES IN (12) WITH (parallel_workers = 2);
CREATE TABLE two_b PARTITION OF two FOR VALUES IN (14) WITH (parallel_workers = 2);
INSERT INTO two SELECT i, 12 + i % 2 * 2 FROM generate_series(1, 20000) i;
ANALYZE two;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SELECT 'workers, each with its own', pg_temp.plan_of('SELECT ' || call || ' FROM two') LIKE '%Partial Aggregate%',
    left(pg_temp.rejects(call, '(SELECT %s FROM two)'), 6), call
FROM unnest(ARRAY['hll_agg(i, p)', 'kll_agg(i, p)', 'topk_agg(i, p)', 'hist_agg(i, 8 + p)']) call;
RESET max_parallel_workers_per_gather;
SELECT 'over a window', pg_temp.rejects('hll_agg(i, i) OVER (ORDER BY i)',
        '(SELECT %s FROM generate_series(12, 14) i OFFSET 2)'),
    pg_temp.rejects('hist_agg(i, 90 + i) OVER (ORDER BY i ROWS 1 PRECEDING)',
        '(SELECT %s FROM generate_series(12, 14) i OFFSET 2)');
SELECT 'a sketch that is added to', pg_temp.rejects('14', 'hll_add(hll_agg(1), 2, %s)'),
    pg_temp.rejects('12', 'hll_add(hll_agg(1), 2, %s)'), pg_temp.rejects('64', 'theta_add(theta_agg(1), 2, %s)'),
    pg_temp.rejects('1000', 'bloom_add(bloom_agg(1), 2, %s)'),
    pg_temp.rejects('1000', 'bloom_add(bloom_new(1000, 0.1), 2, %s)'),
    pg_temp.rejects('20', $$trend_add(trend_new('1 day', %s), 2, '2020-01-01', '1 day')$$),
    pg_temp.rejects('20', $$trend_add(trend_new('1 day', 10), 2, '2020-01-01', '1 day', %s)$$);

-- 6. whole numbers are bigint: a bigint fits wherever an int does, and what is out of range is an error
SELECT format('SELECT %L, pg_temp.rejects(%L, %L)', aggregate || ' · ' || parameter,
              pg_temp.with_p(call, '1099511627776'), '%s') FROM parameters WHERE a ~ '^[0-9]+$'
\gexec
SELECT 'others', pg_temp.rejects('1099511627776', 'hll_new(%s)'), pg_temp.rejects('1099511627776', 'kll_new(%s)'),
    pg_temp.rejects('1099511627776', 'hist_plot(hist_agg(1), %s)'),
    (SELECT count(*) = 1 FROM topk_items(topk_add(NULL, 1), 1099511627776)),
    (SELECT count(*) = 1 FROM trend_items(trend_add(NULL, 1, '2020-01-01', '1 day'), 1099511627776));

-- 7. weights: in one place, right behind the value; a row of weight w is w rows
CREATE TEMP TABLE weighted (plain text, call text, rows text);
INSERT INTO weighted VALUES
('countmin_agg', 'countmin_weighted_agg(v, {w})', 'countmin_agg(v)'),
('countmin_range_agg', 'countmin_range_weighted_agg(v, {w})', 'countmin_range_agg(v)'),
('topk_agg', 'topk_weighted_agg(v, {w}, 500)', 'topk_agg(v, 500)'),
('trend_agg', $$trend_weighted_agg(v, '2020-01-01', {w}, '1 day', 500)$$,
    $$trend_agg(v, '2020-01-01', '1 day', 500)$$),
('trend_scales_agg', $$trend_scales_weighted_agg(v, '2020-01-01', {w}, '{1 day, 7 days}', 500)$$,
    $$trend_scales_agg(v, '2020-01-01', '{1 day, 7 days}', 500)$$),
('hist_agg', 'hist_weighted_agg(v, {w})', 'hist_agg(v)'),
('kll_agg', 'kll_weighted_agg(v, {w}, 2000)', 'kll_agg(v, 2000)'),
('approx_percentile', 'approx_percentile_weighted(v, {w}, 0.9)', 'approx_percentile(v, 0.9)'),
('approx_percentiles', $$approx_percentiles_weighted(v, {w}, '{0.9}')$$, $$approx_percentiles(v, '{0.9}')$$);
SELECT 'every aggregate with weights has a row', count(*) = 0, string_agg(DISTINCT p.proname, ', ')
FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
WHERE d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'sketch') AND p.prokind = 'a'
  AND 'weight' = ANY (p.proargnames)
  AND (p.proname NOT IN (SELECT split_part(call, '(', 1) FROM weighted)
       OR p.proargnames[CASE WHEN 'at' = ANY (p.proargnames) THEN 3 ELSE 2 END] <> 'weight');
CREATE TEMP TABLE counts AS SELECT v, v % 5 AS w FROM generate_series(1, 400) v;
INSERT INTO counts VALUES (7, NULL), (NULL, 7), (NULL, NULL);
CREATE TEMP TABLE singly AS SELECT v FROM counts, generate_series(1, w);
SELECT format('SELECT %L, %s FROM (SELECT (SELECT %s FROM counts) AS a, (SELECT %s FROM singly) AS b) q',
              plain || ' · weights are rows', CASE WHEN plain LIKE 'trend%'  -- sums of doubles
                  THEN 'abs(trend_total(a) / trend_total(b) - 1) < 1e-12' ELSE 'a::text = b::text' END,
              replace(call, '{w}', 'w'), rows) FROM weighted
\gexec
SELECT format('SELECT %L, (SELECT %s FROM counts WHERE w IS NULL) IS NULL', plain || ' · NULL adds nothing',
              replace(call, '{w}', 'w')) FROM weighted
\gexec
SELECT format('SELECT %L, (SELECT %s FROM counts WHERE w = 0) IS NULL', plain || ' · 0 adds nothing',
              replace(call, '{w}', 'w')) FROM weighted
\gexec
SELECT format('SELECT %L, (SELECT %s FROM counts) IS NOT NULL', plain || ' · ' || kind,
              replace(call, '{w}', 'w::' || kind)) FROM weighted, unnest('{smallint,bigint,numeric,real}'::text[]) kind
\gexec
SELECT format('SELECT %L, pg_temp.rejects(%L, %L)', plain || ' · ' || w,
              '(SELECT ' || replace(call, '{w}', quote_literal(w)) || ' FROM counts WHERE v = 1)', '%s')
FROM weighted, unnest('{2.5,NaN,Infinity,-1}'::text[]) w WHERE NOT (w = '2.5' AND plain ~ 'topk|trend')
\gexec
SELECT 'the largest', hist_count(hist_weighted_agg(1, 9007199254740991)) = 9007199254740991,
    kll_count(kll_weighted_agg(1, 9007199254740991)) = 9007199254740991,
    countmin_total(countmin_weighted_agg(1, 9007199254740991)) = 9007199254740991;
SELECT 'one more', pg_temp.rejects('9007199254740992', 'hist_weighted_agg(1, %s)'),
    pg_temp.rejects('9007199254740992', 'kll_weighted_agg(1, %s)'),
    pg_temp.rejects('9007199254740992', 'countmin_weighted_agg(1, %s)'),
    pg_temp.rejects('9007199254740992', 'approx_percentile_weighted(1, %s, 0.5)');
SELECT 'percentiles of counts', approx_percentile_weighted(v, w, 0.5)
        = (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY v) FROM singly WHERE v <= 20),
    approx_percentile_weighted(v, w, ARRAY[0, 0.5, 1])
        = (SELECT percentile_disc(ARRAY[0, 0.5, 1]) WITHIN GROUP (ORDER BY v) FROM singly WHERE v <= 20)::float8[]
FROM counts WHERE v <= 20;

-- 8. items: equal numbers are one, whatever their type; the text is the value's own
SELECT 'own text', x::text, (SELECT array_agg(item) FROM topk_items(topk_add(NULL, x)))
FROM unnest('{0.1,5,1e10,-0,NaN}'::real[]) x;
SELECT 'own text', x::text, (SELECT array_agg(item) FROM topk_items(topk_add(NULL, x)))
FROM unnest('{0.1,5,1e20,1e-7,1e300,-0,-Infinity}'::float8[]) x;
SELECT 'numeric and double precision', count(*) = 1
FROM topk_items((SELECT topk_agg(0.1) || topk_agg(0.1::float8) || topk_agg(0.10)
    || topk_add(topk_agg(0.1), 0.1::float8)));
SELECT 'far numbers too', x, (SELECT array_agg(item) FROM topk_items(topk_add(topk_add(NULL, x), x::float8)))
FROM unnest('{1e25,1e300,1e-7,1e-60,-1.5e100,0.1}'::numeric[]) x;
SELECT 'numbers and integers', topk_estimate(topk_agg(2.50), 2.5::float8) = 1, topk_estimate(topk_agg(5.0), 5) = 1,
    topk_estimate(topk_agg(5), 5.00) = 1, topk_estimate(topk_agg(5), 5::float8) = 1,
    topk_estimate(topk_add(topk_agg(5), 5.0), 5::smallint) = 2,
    topk_estimate(topk_add(topk_agg(5.0), 5), 5::real::float8) = 2, topk_estimate(topk_agg(5::real), 5) = 1,
    topk_estimate(topk_agg(1e10::real), 10000000000) = 1, topk_estimate(topk_agg(5), 5::real) = 1;
SELECT 'no such number there', pg_temp.rejects('5.5', 'topk_estimate(topk_agg(5), %s)'),
    pg_temp.rejects('5.5', 'topk_add(topk_agg(5), %s)'), pg_temp.rejects('16777217', 'topk_add(topk_agg(5::real), %s)'),
    pg_temp.rejects('1e30', 'topk_add(topk_agg(5), %s)');
SELECT 'a real is no numeric', pg_temp.rejects('0.1', 'topk_estimate(topk_agg(0.1::real), %s)'),
    pg_temp.rejects('0.1', 'topk_agg(%s) || topk_agg(%1$s::real)');
SELECT 'numbers asked for text', pg_temp.rejects('5', 'topk_estimate(topk_agg(5), %L)'),
    pg_temp.rejects('5', $$trend_score(trend_agg(5, '2020-01-01', '1 day'), %L)$$),
    pg_temp.rejects('5', $$trend_add(trend_agg(5, '2020-01-01', '1 day'), %L, '2020-01-01', '1 day')$$);
SELECT 'jsonb', item FROM topk_items((SELECT topk_agg(j) FROM jsonb_array_elements(
    '["a", "say \"hi\"\\\n\u0001é", 5, "5", 1.50, true, null, {"k": "v"}, [1], ""]') j)) ORDER BY item COLLATE "C";
SELECT 'jsonb tells 5 and "5" apart',
    topk_estimate(topk_agg(j), '5'::jsonb) = 1, topk_estimate(topk_agg(j), '"5"'::jsonb) = 2
FROM (VALUES ('5'::jsonb), ('"5"'), ('"5"')) v(j);
CREATE TYPE surface_mood AS ENUM ('sad', 'ok');
SELECT 'enum labels are text', topk_estimate(topk_agg('ok'::surface_mood), 'ok') = 1;
DROP TYPE surface_mood;

-- 9. what people who come from elsewhere look for
SELECT 'precision is no error', pg_temp.rejects('0.05', 'approx_count_distinct(i, %s) FROM generate_series(1, 3) i'),
    pg_temp.rejects('0.001', 'approx_count_distinct(1, %s)'), pg_temp.rejects('-3.5', 'approx_count_distinct(1, %s)'),
    pg_temp.rejects('NULL', 'approx_count_distinct(1, %s::float8)');
SELECT 'a whole one is one', approx_count_distinct(j, 12) = 1, approx_count_distinct(j, 12.0) = 1,
    approx_count_distinct(7::oid, 12) = 1 FROM (VALUES ('{}'::jsonb)) v(j);
SELECT 'hashes are values', hll_hash_agg(sketch_hash(i)) || hll_agg(i) = hll_agg(i),
    theta_hash_agg(sketch_hash(i)) || theta_agg(i) = theta_agg(i),
    bloom_hash_agg(sketch_hash(i)) || bloom_agg(i) = bloom_agg(i),
    countmin_estimate(countmin_hash_agg(sketch_hash(i)), 7) = 1,
    hll_add_hash(hll_hash_agg(sketch_hash(i)), sketch_hash(7)) = hll_hash_agg(sketch_hash(i)),
    hll_estimate(hll_add_hash(NULL, 7, 10)) = 1 AND hll_add_hash(NULL, NULL) IS NULL
FROM generate_series(1, 1000) i;
SELECT 'a range sketch takes no hashes', pg_temp.rejects('7', 'countmin_add_hash(countmin_range_new(), %s)'),
    pg_temp.rejects('{7}', 'countmin_add_all(countmin_range_new(), %L::int[])');
-- arrays at once: as if their elements came in rows
CREATE TEMP TABLE at_once AS SELECT stem FROM rooms WHERE stem <> 'trend';
SELECT format('SELECT %L, bool_and(%1$s_add_all(NULL, a) = s AND %1$s_add_all(NULL, a || NULL::float8) = s
        AND %1$s_add_all(%1$s_new(), a) = s AND %1$s_add_all(s, ARRAY[7::float8]) = %1$s_add(s, 7::float8)
        AND %1$s_add_all(s, ARRAY[]::float8[]) = s AND %1$s_add_all(s, NULL::float8[]) = s
        AND %1$s_add_all(s, ARRAY[NULL::float8]) = s AND %1$s_add_all(NULL, ARRAY[NULL::float8]) IS NULL)
    FROM (SELECT n, array_agg(i::float8 ORDER BY i) AS a, %1$s_agg(i::float8 ORDER BY i) AS s
          FROM unnest(ARRAY[1, 10, 300, 3000]) n, generate_series(1, n) i GROUP BY n) q', stem)
FROM at_once ORDER BY stem
\gexec
SELECT 'every room with arrays has a row', count(DISTINCT p.proname) = (SELECT count(*) FROM at_once)
FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
WHERE d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'sketch') AND p.proname LIKE '%\_add\_all';
SELECT 'as many dimensions as there are', hll_estimate(hll_add_all(NULL, ARRAY[[1, 2], [3, 1]])) = 3,
    topk_estimate(topk_add_all(NULL, '{{a,b},{a,c}}'::text[]), 'a') = 2,
    kll_count(kll_add_all(NULL, '{{1,2},{3,4}}')) = 4;
SELECT 'many a type', hll_estimate(hll_add_all(NULL, ARRAY['1.0', '1']::numeric[])) = 1,
    bloom_add_all(NULL, ARRAY['x', 'y']) @> 'y', hll_estimate(hll_add_all(NULL, ARRAY[now(), now()])) = 1,
    hll_estimate(hll_add_all(NULL, ARRAY['{"a": 1}', '{"a": 1.0}']::jsonb[])) = 1,
    topk_estimate(topk_add_all(topk_agg(1.5), ARRAY[2, 3]), 2) = 1;
SELECT 'rejects', pg_temp.rejects('x', call) FROM unnest(ARRAY[
    'hll_add_all(hll_agg(1), ARRAY[%L])', 'topk_add_all(topk_agg(1), ARRAY[%L])',
    'hll_add_all(hll_agg(1), ARRAY[2], 9)', 'hll_add_all(NULL, ARRAY[2], 99)',
    $$topk_add_all(NULL, ARRAY[point '(1,2)'])$$,
    $$hll_add_all(NULL, ARRAY[point '(1,2)'])$$]) call;
CREATE AGGREGATE pg_temp.all_of(anyarray) (SFUNC = hll_add_all, STYPE = hllsketch);
SELECT 'in an aggregate', pg_temp.all_of(ARRAY[i, -i]) = hll_agg(i) || hll_agg(-i) FROM generate_series(1, 3000) i;
SELECT 'folded as built: ' || n, hll_fold(hll_agg(i), 9) = hll_agg(i, 9),
    theta_fold(theta_agg(i), 64) = theta_agg(i, 64),
    hist_fold(hist_agg(i), 50) = hist_agg(i, 50),
    kll_info(kll_fold(kll_agg(i), 30)) -> 'k' = '30' AND kll_count(kll_fold(kll_agg(i), 30)) = n,
    topk_info(topk_fold(topk_agg(i % 9), 20)) -> 'k' = '20'
        AND topk_total(topk_fold(topk_agg(i % 9), 20)) = n
FROM unnest('{1,100,5000}'::int[]) n, generate_series(1, n) i GROUP BY n ORDER BY n;
SELECT 'not finer', hll_fold(hll_agg(i, 9), 14) = hll_agg(i, 9), theta_fold(theta_agg(i, 64), 4096) = theta_agg(i, 64),
    hist_fold(hist_agg(i, 50), 640) = hist_agg(i, 50), kll_fold(kll_agg(i, 30), 200) = kll_agg(i, 30)
FROM generate_series(1, 3000) i;
SELECT 'rejects', pg_temp.rejects('3', 'hll_fold(hll_new(), %s)'),
    pg_temp.rejects('100', 'theta_fold(theta_new(), %s)'),
    pg_temp.rejects('15', 'hist_fold(hist_new(), %s)'), pg_temp.rejects('7', 'kll_fold(kll_new(), %s)');
SELECT 'shares', hist_pmf(hist_agg(i), '{25,50}') = '{0.25,0.25,0.5}',
    kll_pmf(kll_agg(i), '{25,50}') = '{0.25,0.25,0.5}',
    hist_pmf(hist_agg(i), '{}') = '{1}', kll_pmf(kll_agg(i), '{-Infinity,0,Infinity}') = '{0,0,1,0}',
    hist_pmf(hist_new(), '{1}') IS NULL
FROM generate_series(1, 60) j, LATERAL (SELECT j * 100 / 60.0::float8) v(i);
SELECT 'shares of many add up', abs((SELECT sum(p) FROM unnest(hist_pmf(hist_agg(i), '{1,10,500,900}')) p) - 1) < 1e-12,
    abs((SELECT sum(p) FROM unnest(kll_pmf(kll_agg(i), '{1,10,500,900}')) p) - 1) < 1e-12
FROM generate_series(1, 9999) i;
SELECT 'rejects splits', s, pg_temp.rejects(s, 'hist_pmf(hist_agg(1), %L)'),
    pg_temp.rejects(s, 'kll_pmf(kll_agg(1), %L)')
FROM unnest(ARRAY['{2,1}', '{1,1}', '{NaN}', '{1,NULL}', '{{1,2}}']) s;
SELECT 'trimmed, exactly', hist_trimmed_sum(hist_agg(i), 0.1, 0.9) = 1464,
    hist_trimmed_mean(hist_agg(i), 0.1, 0.9) = 30.5, hist_trimmed_mean(hist_agg(i), 0, 1) = 30.5,
    hist_trimmed_sum(hist_agg(i), 0.5, 0.5) IS NULL
FROM generate_series(1, 60) i;
SELECT 'trimmed, of many, within its error',
    abs(hist_trimmed_sum(s, 0.25, 0.75) / total - 1) <= hist_error(s) + 1e-9,
    abs(hist_trimmed_mean(s, 0.25, 0.75) / (total / 50000) - 1) <= hist_error(s) + 1e-9
FROM (SELECT hist_agg(i) AS s, sum(i) FILTER (WHERE i > 25000 AND i <= 75000)::float8 AS total
      FROM generate_series(1, 100000) i) q;
SELECT 'rejects fractions', pg_temp.rejects('2', 'hist_trimmed_sum(hist_agg(1), 0, %s)'),
    pg_temp.rejects('0.5', 'hist_trimmed_mean(hist_agg(1), %s, 0.2)');
SELECT 'bins for a percentile', approx_percentile(i, 0.5, 20) = hist_quantile(hist_agg(i, 20), 0.5),
    approx_percentile(i, ARRAY[0.5, 0.9], 20) = hist_quantiles(hist_agg(i, 20), ARRAY[0.5, 0.9]),
    approx_percentile_weighted(i, 1, 0.5, 20) = hist_quantile(hist_agg(i, 20), 0.5)
FROM generate_series(1, 1000) i;
SELECT 'json', hist_json(hist_agg(f)), kll_json(kll_agg(f)) FROM unnest('{1,2,2,-0.1,Infinity,NaN}'::float8[]) f;
SELECT 'json', topk_json(topk_agg(t)) FROM unnest('{a,b,a}'::text[]) t;
SELECT 'json of many', (SELECT sum((b ->> 'count')::int) FROM jsonb_array_elements(hist_json(hist_agg(i)) -> 'bins') b),
    (SELECT sum((b ->> 'count')::int) FROM jsonb_array_elements(kll_json(kll_agg(i)) -> 'items') b)
FROM generate_series(1, 10000) i;
DROP TABLE two;
DROP MATERIALIZED VIEW all_keys;
SELECT format('DROP TABLE %s_samples, %1$s_keyed', stem) FROM rooms
\gexec
DROP EXTENSION sketch CASCADE;
