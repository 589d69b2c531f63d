-- question: How late is the latest one in a hundred, airport by airport?  (hist and kll: quantiles from a rollup)
-- prepare:
CREATE TABLE delays AS
  SELECT date_trunc('month', at)::date AS month, origin, hist_agg(delay) AS h, kll_agg(delay) AS k
  FROM flights GROUP BY 1, 2
-- exact:
SELECT origin, percentile_disc(0.99) WITHIN GROUP (ORDER BY delay) AS p99, count(*)
FROM flights GROUP BY origin ORDER BY count(*) DESC LIMIT 3
-- sketch:
SELECT origin, round(hist_quantile(hist_merge(h), 0.99)::numeric, 1) AS hist_p99,
    kll_quantile(kll_merge(k), 0.99) AS kll_p99, sum(hist_count(h)) AS count
FROM delays GROUP BY origin ORDER BY count DESC LIMIT 3
-- bytes:
SELECT pg_size_pretty(pg_table_size('flights')), pg_size_pretty(pg_table_size('delays'))
-- sketch:
SELECT hist_plot(hist_merge(h), 50) FROM delays WHERE origin = 'ORD'
-- note: hist is within hist_error of a true value, relative to it; kll within 1.33 % of the rank, 99 times in 100.
