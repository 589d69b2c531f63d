-- The rows that all cases share. v is distinct; g names 10,000 groups of 1,000 rows; w has 2M distinct values; txt has
-- 1M distinct values of 30 bytes; z is skewed (Zipf, exponent 1.1, over 1M values); f is lognormal.
SET client_min_messages = warning;
CREATE EXTENSION sketch;
-- The peers that are installed; pg_available_extensions would not tell of those that are staged outside of the system.
DO $$
DECLARE peer text;
BEGIN
    FOREACH peer IN ARRAY ARRAY['hll', 'tdigest', 'topn', 'datasketches'] LOOP
        BEGIN
            EXECUTE format('CREATE EXTENSION %I', peer);
        EXCEPTION WHEN feature_not_supported OR undefined_file THEN NULL;
        END;
    END LOOP;
END $$;
CREATE UNLOGGED TABLE rows AS
SELECT i::bigint AS v, (i % 10000)::int AS g, (hashint8extended(i, 1) & 2097151)::bigint AS w,
       'http://example.com/page/' || (hashint8extended(i, 2) & 1048575) AS txt,
       floor(1e6 ^ (((hashint8extended(i, 3) & 1073741823) / 1073741824.0) ^ 1.3)::float8)::bigint AS z,
       exp(sqrt(-2 * ln((hashint8extended(i, 4) & 1073741823) / 1073741824.0::float8 + 1e-10))
           * cos(6.283185307179586 * (hashint8extended(i, 5) & 1073741823) / 1073741824.0::float8)) AS f
FROM generate_series(1, 10000000) i;
VACUUM ANALYZE rows;
