-- question: Which routes were flown in January, but not in June? How alike are two networks?  (theta: set expressions)
-- prepare:
CREATE TABLE monthly AS
  SELECT date_trunc('month', at)::date AS month, theta_agg(origin || destination) AS routes
  FROM flights GROUP BY 1
-- exact:
SELECT (SELECT count(*) FROM (SELECT origin, destination FROM flights WHERE at < '2001-02-01'
                              EXCEPT SELECT origin, destination FROM flights
                              WHERE at >= '2001-06-01' AND at < '2001-07-01') q) AS no_more,
       (SELECT count(*) FROM (SELECT origin, destination FROM flights WHERE at >= '2001-06-01' AND at < '2001-07-01'
                              EXCEPT SELECT origin, destination FROM flights WHERE at < '2001-02-01') q) AS new_ones
-- sketch:
SELECT theta_estimate(january.routes - june.routes) AS no_more,
    theta_estimate(june.routes - january.routes) AS new_ones,
       round((theta_jaccard(january.routes, june.routes)).estimate::numeric, 3) AS alike
FROM monthly january, monthly june WHERE january.month = '2001-01-01' AND june.month = '2001-06-01'
-- bytes:
SELECT pg_size_pretty(pg_table_size('flights')), pg_size_pretty(pg_table_size('monthly'))
-- prepare:
CREATE TABLE networks AS SELECT origin, theta_agg(destination) AS destinations FROM flights GROUP BY origin
-- sketch:
SELECT a.origin, b.origin, theta_estimate(a.destinations & b.destinations) AS shared,
       theta_estimate(a.destinations || b.destinations) AS together,
       round((theta_jaccard(a.destinations, b.destinations)).estimate::numeric, 3) AS alike
FROM networks a JOIN networks b ON a.origin < b.origin
WHERE theta_estimate(a.destinations) >= 15 AND theta_estimate(b.destinations) >= 15
ORDER BY alike DESC LIMIT 3
-- note: Exact: no set here has more than k = 4,096 values. Above, the standard error is 1.6 % of the union.
