-- question: Which routes are flown most, each month and in all?  (topk: heavy hitters, with bounds)
-- prepare:
CREATE TABLE busiest AS SELECT date_trunc('month', at)::date AS month,
    topk_agg(origin || '-' || destination, 500) AS routes FROM flights GROUP BY 1
-- exact:
SELECT origin || '-' || destination AS route, count(*) FROM flights GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 5
-- sketch:
SELECT * FROM topk_items((SELECT topk_merge(routes) FROM busiest), 5)
-- bytes:
SELECT pg_size_pretty(pg_table_size('flights')),
    pg_size_pretty((SELECT sum(pg_column_size(routes))::bigint FROM busiest))
-- note: The true count is between lower and upper, always. guaranteed: no route outside the list can have more.
