-- topk and trend: what SQL can be made to say. Every line prints t (or an error that is meant).
\i test/room.sql

-- a list of any sketch is JSON
SELECT 'list of a plain sketch', jsonb_array_length(topk_list(topk_agg(i))) = 3 FROM generate_series(1, 3) i;
SELECT 'list of nothing', topk_list(topk_new()) = '[]', topk_list(topk_new() || topk_new(5)) = '[]',
    topk_list(NULL) IS NULL;

-- working states from anybody's aggregates
CREATE AGGREGATE pg_temp.raw(int4) (SFUNC = topk_add, STYPE = topksketch);
CREATE AGGREGATE pg_temp.raw_listed(int4, bigint) (SFUNC = topk_list_add, STYPE = topksketch);
CREATE AGGREGATE pg_temp.raw_merge(topksketch) (SFUNC = topk_merge, STYPE = topksketch);
CREATE AGGREGATE pg_temp.raw_list(topksketch) (SFUNC = topk_merge, STYPE = topksketch, FINALFUNC = topk_list);
CREATE TEMP TABLE states AS
SELECT i % 5 AS g, pg_temp.raw(i % 40) AS s, pg_temp.raw_listed(i % 40, 3) AS l FROM generate_series(1, 1000) i
GROUP BY 1;
SELECT 'working states are read',
    bool_and(topk_total(s) = 200 AND topk_total(l) = 200 AND topk_error(s) = 0 AND topk_estimate(s, g) = 25
       AND (SELECT count(*) = 8 FROM topk_items(s)) AND jsonb_array_length(topk_list(l)) = 3
           AND jsonb_array_length(topk_list(s)) = 8) FROM states;
SELECT 'and merged', topk_total(pg_temp.raw_merge(s || l)) = 2000, jsonb_array_length(pg_temp.raw_list(l)) = 3,
    jsonb_array_length(pg_temp.raw_list(s)) = 40,
       topk_merge(s)::bytea = pg_temp.raw_merge(s)::bytea FROM states;
SELECT 'and added to', bool_and(topk_total(topk_add(s, 7)) = 201
    AND topk_add(s, 7)::bytea = topk_add(s::bytea::topksketch, 7)::bytea) FROM states;
CREATE AGGREGATE pg_temp.from_empty(int4) (SFUNC = topk_add, STYPE = topksketch,
    INITCOND = 'RgEAAQAAAAAAAAAAgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=');
SELECT 'a trimmed initial state', pg_temp.from_empty(i)::bytea = topk_agg(i)::bytea FROM generate_series(1, 500) i;
CREATE AGGREGATE pg_temp.raw_trend(int4, timestamptz, interval) (SFUNC = trend_add, STYPE = trendsketch);
CREATE AGGREGATE pg_temp.raw_trend_merge(trendsketch) (SFUNC = trend_merge, STYPE = trendsketch);
SELECT 'trend likewise', trend_score(pg_temp.raw_trend_merge(s), 1) = 20,
    abs(trend_total(pg_temp.raw_trend_merge(s)) - 200) < 1e-9
FROM (SELECT pg_temp.raw_trend(i % 10, '2024-01-01', '1 day') AS s FROM generate_series(1, 200) i GROUP BY i % 7) q;

-- long items: what k promises, and the end when it is asked for
SELECT 'long items', length(s::bytea) BETWEEN 250 * 8000 AND 1000 * (24 + 8100), topk_total(s) = 5000
FROM (SELECT topk_agg(lpad(i::text, 8000, 'x'), 1000) AS s FROM generate_series(1, 5000) i) q;

-- sums that are rounded: the bounds hold for the exact ones
SELECT 'decimal weights', bool_and(lower <= 0.1 * 1000 AND upper >= 0.1 * 1000 AND lower < upper
    AND abs(estimate - 100) < 1e-9)
FROM topk_items((SELECT topk_weighted_agg(i % 10, 0.1, 100) FROM generate_series(1, 10000) i));
SELECT 'whole weights', bool_and(lower = upper AND estimate = 3000)
FROM topk_items((SELECT topk_weighted_agg(i % 10, 3, 100) FROM generate_series(1, 10000) i));
CREATE TEMP TABLE events AS
SELECT 'page/' || 200 / (1 + (i * 7919) % 200) AS item, timestamptz '2020-01-01' + i * interval '28 minutes' AS at,
    (1 + i % 97) / 7.0::float8 AS w FROM generate_series(1, 20000) i;
SELECT 'decayed weights', bool_and(lower <= truth AND truth <= upper)
FROM (SELECT trend_scales_weighted_agg(item, at, w, '{2 days, 30 days}', 20) AS s FROM events) q,
     (SELECT item, sum(w::numeric * power(2::numeric,
         -(extract(epoch FROM (SELECT max(at) FROM events) - at) / 2592000)::numeric(40, 25))) AS truth FROM events
         GROUP BY 1) r,
     trend_bounds(s, item, NULL, '30 days');
SELECT 'all numbers', bool_and(score < 'Infinity' AND lower >= 0 AND upper < 'Infinity')
FROM trend_items((SELECT trend_weighted_agg(
        i, timestamptz '2024-01-01' - i * interval '300 years', 1e100, '1 second', 10)
    FROM generate_series(0, 20) i));

DROP EXTENSION sketch CASCADE;
