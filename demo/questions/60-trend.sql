-- question: Which airports surge now, against their half-year?  (trend: what is active now, on two time scales)
-- prepare:
CREATE TABLE active AS SELECT trend_scales_agg(destination, at AT TIME ZONE 'UTC', '{7 days,180 days}', 300) AS airports
FROM flights
-- exact:
WITH counts AS (SELECT destination, count(*) FILTER (WHERE at > '2001-06-17') AS two_weeks,
    count(*) * 14 / 181.0 AS usual FROM flights GROUP BY 1)
SELECT destination, two_weeks, round(usual, 1) AS usual FROM counts
ORDER BY (two_weeks - usual) / sqrt(1 + usual) DESC LIMIT 5
-- sketch:
SELECT item, city, round(strength::numeric, 2) AS strength, round(score::numeric, 1) AS score,
    round(expected::numeric, 1) AS expected
FROM trend_bursts((SELECT airports FROM active), 5) JOIN airports ON iata = item ORDER BY strength DESC
-- bytes:
SELECT pg_size_pretty(pg_table_size('flights')), pg_size_pretty((SELECT pg_column_size(airports)::bigint FROM active))
-- note: The exact query compares two windows, the sketch half-lives of 7 and 180 days: like questions, not the same.
