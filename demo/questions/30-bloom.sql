-- question: Which routes of June had never been flown before?  (bloom: a filter of what was seen)
-- prepare:
CREATE TABLE flown AS SELECT bloom_agg(origin || destination, 5000, 0.001) AS routes FROM flights
WHERE at < '2001-06-01'
-- exact:
SELECT count(DISTINCT (origin, destination)) AS first_flown_in_june
FROM flights f WHERE at >= '2001-06-01' AND at < '2001-07-01'
 AND NOT EXISTS (SELECT FROM flights e
     WHERE e.at < '2001-06-01' AND e.origin = f.origin AND e.destination = f.destination)
-- sketch:
SELECT count(DISTINCT (origin, destination)) AS first_flown_in_june
FROM flights WHERE at >= '2001-06-01' AND at < '2001-07-01'
 AND NOT bloom_contains((SELECT routes FROM flown), origin || destination)
-- bytes:
SELECT pg_size_pretty(pg_table_size('flights')), pg_size_pretty((SELECT pg_column_size(routes)::bigint FROM flown))
-- note: What the filter calls new is new for sure. Of the new it may miss one in 1,000: the rate that was asked for.
