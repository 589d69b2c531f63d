-- Quantiles side by side: error in value and in rank, and bytes, against the exact answer on the same million values,
-- lognormal with sigma 2 (8 decades). bench/quantiles runs it.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS sketch;
CREATE TEMP TABLE sample AS
SELECT exp(2 * sqrt(-2 * ln(u)) * cos(6.283185307179586 * v)) AS x
FROM (SELECT ((hashint8extended(i, 1) & 1073741823) + 0.5) / 1073741824.0::float8 AS u,
             ((hashint8extended(i, 2) & 1073741823) + 0.5) / 1073741824.0::float8 AS v
             FROM generate_series(1, 1000000) i) q;
CREATE TEMP TABLE answers (sketch text, fraction float8, answer float8, bytes int);
INSERT INTO answers SELECT 'kll', p, kll_quantile(s, p), length(s::bytea)
FROM (SELECT kll_agg(x) AS s FROM sample) q, unnest(ARRAY[0.5, 0.99, 0.999]) p;
INSERT INTO answers SELECT 'hist', p, hist_quantile(s, p), length(s::bytea)
FROM (SELECT hist_agg(x) AS s FROM sample) q, unnest(ARRAY[0.5, 0.99, 0.999]) p;
-- As in setup.sql.
DO $$
DECLARE peer text;
BEGIN
    FOREACH peer IN ARRAY ARRAY['tdigest', 'datasketches'] LOOP
        BEGIN
            EXECUTE format('CREATE EXTENSION IF NOT EXISTS %I', peer);
        EXCEPTION WHEN feature_not_supported OR undefined_file THEN NULL;
        END;
    END LOOP;
END $$;
SELECT bool_or(extname = 'tdigest') AS has_tdigest, bool_or(extname = 'datasketches') AS has_datasketches
FROM pg_extension \gset
\if :has_tdigest
INSERT INTO answers SELECT 'tdigest(100)', p, (SELECT tdigest_percentile(s, p) FROM (SELECT s) one), pg_column_size(s)
FROM (SELECT tdigest(x, 100) AS s FROM sample) q, unnest(ARRAY[0.5, 0.99, 0.999]) p;
\endif
-- It chooses at random, another answer each time: of nine builds the one of median rank error.
\if :has_datasketches
INSERT INTO answers SELECT 'datasketches kll_float(200)', p, kll_float_sketch_get_quantile(s, p), pg_column_size(s)
FROM (SELECT kll_float_sketch_build(x::real, 200) AS s FROM sample, generate_series(1, 9) build GROUP BY build) q,
    unnest(ARRAY[0.5, 0.99, 0.999]) p;
INSERT INTO answers SELECT 'datasketches kll_double(200)', p, kll_double_sketch_get_quantile(s, p), pg_column_size(s)
FROM (SELECT kll_double_sketch_build(x, 200) AS s FROM sample, generate_series(1, 9) build GROUP BY build) q,
    unnest(ARRAY[0.5, 0.99, 0.999]) p;
\endif
CREATE TEMP TABLE exact AS SELECT p AS fraction,
    (SELECT percentile_disc(p) WITHIN GROUP (ORDER BY x) FROM sample) AS truth
FROM unnest(ARRAY[0.5, 0.99, 0.999]) p;
SELECT sketch, fraction, round(truth::numeric, 3) AS exact, round(answer::numeric, 3) AS answer,
       round((100 * (answer / truth - 1))::numeric, 2) AS "value error, %",
       round(rank_error::numeric, 3) AS "rank error, %", bytes
FROM (SELECT *, row_number() OVER answers_of_one AS place, count(*) OVER (PARTITION BY sketch, fraction) AS builds
      FROM (SELECT *, 100 * ((SELECT count(*) FROM sample WHERE x <= answer) / 1e6 - fraction) AS rank_error
            FROM answers JOIN exact USING (fraction)) q
      WINDOW answers_of_one AS (PARTITION BY sketch, fraction ORDER BY abs(rank_error))) q
WHERE place = (builds + 1) / 2 ORDER BY sketch, fraction;
