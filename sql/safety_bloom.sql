-- bloom: what SQL can ask of it at its edges. Every line prints its case and t.
\i test/room.sql

-- what fits stored merges: capacities of 10^8, as in blooms of 40 million values, and a large one with one of few
CREATE TABLE bloom_edges AS
SELECT c, p, n, bloom_agg(i, c, p) AS s
FROM (VALUES (100000000, 0.05), (100000000, 0.00001), (10000000, 0.00001)) k(c, p), unnest(ARRAY[1, 1000, 30000]) n,
    generate_series(1, n) i GROUP BY c, p, n;
SELECT 'merges in both orders',
    bool_and((a.s || b.s)::bytea = (b.s || a.s)::bytea AND (a.s || b.s) @> 1 AND (a.s || b.s) @> b.n)
FROM bloom_edges a, bloom_edges b;
SELECT 'merges as an aggregate does',
    (SELECT bloom_merge(s ORDER BY n)::bytea = bloom_merge(s ORDER BY n DESC, c, p)::bytea FROM bloom_edges);
SELECT 'one value more', bool_and(bloom_add(s, -1) @> -1 AND bloom_add(s, -1) @> n
    AND bloom_add(s, n)::bytea = s::bytea) FROM bloom_edges;
SELECT 'is what an aggregate makes',
    bool_and(bloom_add(s, 0)::bytea = (SELECT bloom_agg(i, c, p)::bytea FROM generate_series(0, n) i)) FROM bloom_edges;
SELECT 'with itself', bool_and((s || s)::bytea = s::bytea AND (s & s)::bytea = s::bytea) FROM bloom_edges;
SELECT 'through every door', bool_and(s::text::bloomsketch::bytea = s::bytea AND s::bytea::bloomsketch::bytea = s::bytea
    AND length(s::bytea::text) > 0) FROM bloom_edges;

-- states that anyone may hold: aggregates of the user's own, without a final function or with another
CREATE AGGREGATE pg_temp.raw_merge(bloomsketch) (SFUNC = bloom_merge, STYPE = bloomsketch);
CREATE AGGREGATE pg_temp.raw_agg(int, bigint) (SFUNC = bloom_add, STYPE = bloomsketch);
CREATE AGGREGATE pg_temp.held(int, bigint) (SFUNC = bloom_add, STYPE = bloomsketch, FINALFUNC = bloom_estimate);
SELECT 'a raw merge is read right',
    bool_and(bloom_contains(r, 5) AND NOT bloom_contains(r, -x) AND bloom_estimate(r) BETWEEN 999 AND 1001)
FROM (SELECT pg_temp.raw_merge(s) AS r
    FROM (SELECT bloom_agg(i) AS s FROM generate_series(1, 1000) i GROUP BY i % 4) q) q, generate_series(1, 1000) x;
SELECT 'a raw state is read right',
    bool_and(r @> 1 AND r @> n AND (r || r)::bytea = f::bytea AND (r & r)::bytea = f::bytea
    AND bloom_add(r, n)::bytea = f::bytea AND bloom_estimate(r) = bloom_estimate(f))
FROM (SELECT n, pg_temp.raw_agg(i, c) AS r, bloom_agg(i, c) AS f
    FROM unnest(ARRAY[1, 100, 700, 9000, 30000, 100000]) n, unnest(ARRAY[1000, 4000000, 100000000]) c,
    generate_series(1, n) i GROUP BY n, c) q;
SELECT 'values that come again', pg_temp.held(i % 10, 1000) = 10 FROM generate_series(1, 100000) i;

-- what nothing can have produced
SELECT 'a bitmap of 32 bits', pg_temp.rejects('\x42010201' || '20' || repeat('00', 7) || '7b14ae47e17a843f'
    || '0100000000000000' || repeat('00', 100), '%L::bytea::bloomsketch');
SELECT 'a tiny image of very many prefixes',
    pg_temp.rejects('\x42010101' || '2c' || repeat('00', 7) || '7b14ae47e17a843f' || '0000000000000010',
    '%L::bytea::bloomsketch');

DROP TABLE bloom_edges;
DROP EXTENSION sketch CASCADE;
