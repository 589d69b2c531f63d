
-- theta: how many distinct, in unions, intersections and differences? -------------------------------------------------

-- external: hashes cannot be compressed.
-- type thetasketch stored external
COMMENT ON TYPE thetasketch IS
    'How many distinct, in unions, intersections and differences? The k smallest hashes (KMV, theta): exact up to k.';

CREATE FUNCTION theta_empty(k integer DEFAULT 4096) RETURNS thetasketch
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION theta_empty(integer) IS 'A sketch of no values. k: hashes to keep, a power of two, 16 to 1048576.';

CREATE FUNCTION theta_merge(a thetasketch, b thetasketch) RETURNS thetasketch
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION theta_merge(thetasketch, thetasketch) IS
    'The union: the sketch of the values of either, at the smaller k. NULL merged with s is s.';
CREATE OPERATOR || (LEFTARG = thetasketch, RIGHTARG = thetasketch, FUNCTION = theta_merge, COMMUTATOR = ||);
COMMENT ON OPERATOR || (thetasketch, thetasketch) IS 'theta_merge: the union';

CREATE FUNCTION theta_intersect(a thetasketch, b thetasketch) RETURNS thetasketch
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION theta_intersect(thetasketch, thetasketch) IS
    'The intersection: the sketch of the values of both, at the smaller k.';
CREATE OPERATOR & (LEFTARG = thetasketch, RIGHTARG = thetasketch, FUNCTION = theta_intersect, COMMUTATOR = &);
COMMENT ON OPERATOR & (thetasketch, thetasketch) IS 'theta_intersect: the intersection';

CREATE FUNCTION theta_except(a thetasketch, b thetasketch) RETURNS thetasketch
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION theta_except(thetasketch, thetasketch) IS
    'The difference: the sketch of the values of a that are not in b, at the smaller k.';
CREATE OPERATOR - (LEFTARG = thetasketch, RIGHTARG = thetasketch, FUNCTION = theta_except);
COMMENT ON OPERATOR - (thetasketch, thetasketch) IS 'theta_except: the difference. Binds tighter than || and &.';

CREATE FUNCTION theta_final(thetasketch) RETURNS thetasketch
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION theta_final(thetasketch) IS 'Final function of the aggregates: the stored form of a state.';

-- for each value type
CREATE FUNCTION theta_add(sketch thetasketch, value VALUE) RETURNS thetasketch
    AS 'MODULE_PATHNAME', 'theta_add' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION theta_add(thetasketch, VALUE) IS
    'The sketch with one value more. A NULL sketch starts a new one; a NULL value adds nothing.';

CREATE FUNCTION theta_add(sketch thetasketch, value VALUE, k integer) RETURNS thetasketch
    AS 'MODULE_PATHNAME', 'theta_add' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION theta_add(thetasketch, VALUE, integer) IS
    'The sketch with one value more. A NULL sketch starts a new one of this k, a power of two, 16 to 1048576.';

CREATE AGGREGATE theta_agg(value VALUE) (
    SFUNC = theta_add, STYPE = thetasketch, SSPACE = 1024, FINALFUNC = theta_final, COMBINEFUNC = theta_merge,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE theta_agg(VALUE) IS
    'The sketch of the distinct values: exact up to 4096 of them, then with a relative standard error of 1.6 %.';

CREATE AGGREGATE theta_agg(value VALUE, k integer) (
    SFUNC = theta_add, STYPE = thetasketch, SSPACE = 1024, FINALFUNC = theta_final, COMBINEFUNC = theta_merge,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE theta_agg(VALUE, integer) IS
    'The sketch of the distinct values. k: a power of two, 16 to 1048576: exact up to k values, then 1/sqrt(k - 1).';
-- end

CREATE AGGREGATE theta_merge(sketch thetasketch) (
    SFUNC = theta_merge, STYPE = thetasketch, SSPACE = 16384, FINALFUNC = theta_final, COMBINEFUNC = theta_merge,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE theta_merge(thetasketch) IS 'The union of all sketches, at the smallest k.';

-- Strict: the state is NULL until the first sketch, which it then is. So nothing seen yet differs from nothing common.
CREATE AGGREGATE theta_intersect(sketch thetasketch) (
    SFUNC = theta_intersect, STYPE = thetasketch, SSPACE = 16384, FINALFUNC = theta_final,
    COMBINEFUNC = theta_intersect, PARALLEL = SAFE
);
COMMENT ON AGGREGATE theta_intersect(thetasketch) IS 'The intersection of all sketches, at the smallest k.';

CREATE FUNCTION theta_estimate(sketch thetasketch) RETURNS double precision
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION theta_estimate(thetasketch) IS
    'About how many distinct values. Relative standard error: 1/sqrt(k - 1), none up to k values.';

CREATE FUNCTION theta_bounds(
    sketch thetasketch, confidence double precision DEFAULT 0.95,
    OUT lower double precision, OUT estimate double precision, OUT upper double precision)
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION theta_bounds(thetasketch, double precision) IS
    'The estimate, and the range that holds the true number of distinct values with this confidence (0 to 1).';

CREATE FUNCTION theta_jaccard(
    a thetasketch, b thetasketch, confidence double precision DEFAULT 0.95,
    OUT lower double precision, OUT estimate double precision, OUT upper double precision)
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION theta_jaccard(thetasketch, thetasketch, double precision) IS
    'How alike two sets are: the share of the values of either that are in both, with its range. Two empty sets: 1.';

CREATE FUNCTION theta_containment(
    a thetasketch, b thetasketch, confidence double precision DEFAULT 0.95,
    OUT lower double precision, OUT estimate double precision, OUT upper double precision)
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION theta_containment(thetasketch, thetasketch, double precision) IS
    'The share of the values of a that are in b, with its range. An empty a is contained in everything: 1.';

CREATE FUNCTION theta_info(sketch thetasketch) RETURNS jsonb
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION theta_info(thetasketch) IS
    'Parameters, mode, theta, hashes kept, estimate, one relative standard error (0 while exact) and bytes.';
