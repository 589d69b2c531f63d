-- theta: how many distinct, in unions, intersections and differences? -------------------------------------------------

-- external: hashes cannot be compressed.
CREATE SKETCH thetasketch (STORAGE = external, COMMUTATOR = ||);
COMMENT ON TYPE thetasketch IS
    'How many distinct, in unions, intersections and differences? The k smallest hashes (KMV, theta): exact up to k.';

CREATE FUNCTION theta_new(k bigint DEFAULT 4096) RETURNS thetasketch STRICT;
COMMENT IS 'A sketch of no values. k: hashes to keep, a power of two, 16 to 1048576.';

COMMENT ON FUNCTION theta_merge(thetasketch, thetasketch) IS
    'The union: the sketch of the values of either, at the smaller k. NULL merged with s is s.';
COMMENT ON FUNCTION theta_info(thetasketch) IS
    'Parameters, mode, theta, hashes kept, estimate, one relative standard error (0 while exact) and bytes.';
COMMENT ON OPERATOR || (thetasketch, thetasketch) IS 'theta_merge: the union';

CREATE FUNCTION theta_intersect(a thetasketch, b thetasketch) RETURNS thetasketch;
COMMENT IS 'The intersection: the sketch of the values of both, at the smaller k. NULL is a sketch of nothing.';
CREATE OPERATOR & (LEFTARG = thetasketch, RIGHTARG = thetasketch, FUNCTION = theta_intersect, COMMUTATOR = &);
COMMENT ON OPERATOR & (thetasketch, thetasketch) IS 'theta_intersect: the intersection';

CREATE FUNCTION theta_except(a thetasketch, b thetasketch) RETURNS thetasketch;
COMMENT IS
    'The difference: the sketch of the values of a that are not in b, at the smaller k. NULL is a sketch of nothing.';
CREATE OPERATOR - (LEFTARG = thetasketch, RIGHTARG = thetasketch, FUNCTION = theta_except);
COMMENT ON OPERATOR - (thetasketch, thetasketch) IS 'theta_except: the difference. Binds tighter than || and &.';

CREATE FUNCTION theta_add(sketch thetasketch, value VALUE [, k bigint]) RETURNS thetasketch;
COMMENT IS 'The sketch with one value more. A NULL sketch starts a new one; a NULL value adds nothing.';
COMMENT IS 'The sketch with one value more. A NULL sketch starts a new one of this k, a power of two, 16 to 1048576.';

CREATE FUNCTION theta_add_all(sketch thetasketch, "values" anyarray [, k bigint]) RETURNS thetasketch;
COMMENT IS 'The sketch with the elements of an array more, as if they came in rows. NULLs add nothing.';
COMMENT IS 'The same. A NULL sketch starts a new one of this k, a power of two, 16 to 1048576.';

CREATE FUNCTION theta_add_hash(sketch thetasketch, hash bigint [, k bigint]) RETURNS thetasketch;
COMMENT IS
    'The sketch with one value more, of which only the 64-bit hash is given: of sketch_hash, or of another function as '
    'good for all values.';
COMMENT IS 'The same. A NULL sketch starts a new one of this k, a power of two, 16 to 1048576.';

CREATE AGGREGATE theta_hash_agg(hash bigint [, k bigint]) (SFUNC = theta_add_hash, SSPACE = 1024);
COMMENT IS 'The sketch of the distinct values with these 64-bit hashes, as sketch_hash has them.';
COMMENT IS 'The sketch of the distinct values with these 64-bit hashes. k: a power of two, 16 to 1048576.';

CREATE FUNCTION theta_fold(sketch thetasketch, k bigint) RETURNS thetasketch STRICT;
COMMENT IS
    'The sketch at a smaller k, a power of two, 16 to 1048576: what it would be had it been built with it. A larger '
    'one: as it is.';

CREATE AGGREGATE theta_agg(value VALUE [, k bigint]) (SFUNC = theta_add, SSPACE = 1024);
COMMENT IS 'The sketch of the distinct values: exact up to 4096 of them, then with a relative standard error of 1.6 %.';
COMMENT IS
    'The sketch of the distinct values. k: a power of two, 16 to 1048576: exact up to k values, then 1/sqrt(k - 1).';

CREATE AGGREGATE theta_merge(sketch thetasketch) (SFUNC = theta_merge, SSPACE = 16384);
COMMENT IS 'The union of all sketches, at the smallest k.';

CREATE FUNCTION theta_intersect_add(thetasketch, thetasketch) RETURNS thetasketch;
COMMENT IS 'Transition function of theta_intersect: NULL is a sketch of nothing, and the state before the first row.';

-- Strict: a worker that saw no rows has no say.
CREATE FUNCTION theta_intersect_combine(thetasketch, thetasketch) RETURNS thetasketch
    AS 'MODULE_PATHNAME', 'theta_intersect' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT IS 'Combine function of theta_intersect.';

CREATE AGGREGATE theta_intersect(sketch thetasketch) (
    SFUNC = theta_intersect_add, SSPACE = 16384, COMBINEFUNC = theta_intersect_combine);
COMMENT IS 'The intersection of all sketches, at the smallest k. NULL is a sketch of nothing.';

CREATE FUNCTION theta_estimate(sketch thetasketch) RETURNS double precision STRICT;
COMMENT IS 'About how many distinct values. Relative standard error: 1/sqrt(k - 1), none up to k values.';

CREATE FUNCTION theta_bounds(
    sketch thetasketch, confidence double precision DEFAULT 0.95, OUT lower double precision,
    OUT estimate double precision, OUT upper double precision) STRICT;
COMMENT IS 'The estimate, and the range that holds the true number of distinct values with this confidence (0 to 1).';

CREATE FUNCTION theta_jaccard(
    a thetasketch, b thetasketch, confidence double precision DEFAULT 0.95, OUT lower double precision,
    OUT estimate double precision, OUT upper double precision) STRICT;
COMMENT IS
    'How alike two sets are: the share of the values of either that are in both, with its range. Two empty sets: 1.';

CREATE FUNCTION theta_containment(
    a thetasketch, b thetasketch, confidence double precision DEFAULT 0.95, OUT lower double precision,
    OUT estimate double precision, OUT upper double precision) STRICT;
COMMENT IS 'The share of the values of a that are in b, with its range. An empty a is contained in everything: 1.';
