-- bloom: was it seen? ----------------------------------------------------------------------------------------------

-- external: hash prefixes cannot be compressed, and a probe wants one that it can read where it stands.
CREATE SKETCH bloomsketch (STORAGE = external, COMMUTATOR = ||);
COMMENT ON TYPE bloomsketch IS
    'Was it seen? Exact up to 224 values, then prefixes of hashes: never no to what it holds, and yes to few others.';

CREATE FUNCTION bloom_new(capacity bigint DEFAULT 4000000, fpp double precision DEFAULT 0.01)
    RETURNS bloomsketch STRICT;
COMMENT IS
    'A sketch of no values. capacity: how many there may be, 1 to 100000000; fpp: false positives, 0.00001 to 0.5.';

COMMENT ON FUNCTION bloom_merge(bloomsketch, bloomsketch) IS
    'The sketch of the values of both, at the higher of their rates. NULL merged with s is s.';
COMMENT ON FUNCTION bloom_info(bloomsketch) IS
    'Mode, the rate of false positives asked for and the present one, estimate, bits of a prefix and bytes.';

CREATE FUNCTION bloom_intersect(a bloomsketch, b bloomsketch) RETURNS bloomsketch;
COMMENT IS
    'A sketch that holds at least the values of both, and those that share a hash prefix with one of the other. NULL '
    'is a sketch of nothing.';
CREATE OPERATOR & (LEFTARG = bloomsketch, RIGHTARG = bloomsketch, FUNCTION = bloom_intersect, COMMUTATOR = &);
COMMENT ON OPERATOR & (bloomsketch, bloomsketch) IS 'bloom_intersect';

CREATE FUNCTION bloom_add(sketch bloomsketch, value VALUE [, capacity bigint [, fpp double precision]])
    RETURNS bloomsketch;
COMMENT IS 'The sketch with one value more. A NULL sketch starts a new one; a NULL value adds nothing.';
COMMENT IS 'The sketch with one value more. A NULL sketch starts a new one for so many values, at 1 % false positives.';
COMMENT IS
    'The sketch with one value more. A NULL sketch starts a new one for so many, at this rate of false positives.';

CREATE FUNCTION bloom_add_all(sketch bloomsketch, "values" anyarray [, capacity bigint [, fpp double precision]])
    RETURNS bloomsketch;
COMMENT IS 'The sketch with the elements of an array more, as if they came in rows. NULLs add nothing.';
COMMENT IS 'The same. A NULL sketch starts a new one for so many values, at 1 % false positives.';
COMMENT IS 'The same. A NULL sketch starts a new one for so many, at this rate of false positives.';

CREATE FUNCTION bloom_add_hash(sketch bloomsketch, hash bigint [, capacity bigint [, fpp double precision]])
    RETURNS bloomsketch;
COMMENT IS
    'The sketch with one value more, of which only the 64-bit hash is given: of sketch_hash, or of another function as '
    'good for all values.';
COMMENT IS 'The same. A NULL sketch starts a new one for so many values, at 1 % false positives.';
COMMENT IS 'The same. A NULL sketch starts a new one for so many, at this rate of false positives.';

CREATE AGGREGATE bloom_hash_agg(hash bigint [, capacity bigint [, fpp double precision]]) (
    SFUNC = bloom_add_hash, SSPACE = 1024);
COMMENT IS 'The sketch of the values with these 64-bit hashes, as sketch_hash has them, at 1 % false positives.';
COMMENT IS 'The same. capacity: how many there may be, 1 to 100000000, at 1 % false positives.';
COMMENT IS 'The same. capacity: how many there may be, 1 to 100000000; fpp: false positives, 0.00001 to 0.5.';

CREATE AGGREGATE bloom_agg(value VALUE [, capacity bigint [, fpp double precision]]) (SFUNC = bloom_add, SSPACE = 1024);
COMMENT IS 'The sketch of the values, at 1 % false positives for up to 4 million of them.';
COMMENT IS 'The sketch of the values. capacity: how many there may be, 1 to 100000000, at 1 % false positives.';
COMMENT IS
    'The sketch of the values. capacity: how many there may be, 1 to 100000000; fpp: false positives, 0.00001 to 0.5.';

CREATE AGGREGATE bloom_merge(sketch bloomsketch) (SFUNC = bloom_merge, SSPACE = 16384);
COMMENT IS 'The sketch of the values of all sketches, at the highest of their rates.';

CREATE FUNCTION bloom_contains(sketch bloomsketch, value text) RETURNS boolean STRICT COST 2;
COMMENT IS 'Whether the sketch holds this value. No is certain; yes is wrong as often as bloom_fpp says.';
CREATE OPERATOR @> (LEFTARG = bloomsketch, RIGHTARG = text, FUNCTION = bloom_contains);
COMMENT ON OPERATOR @> (bloomsketch, text) IS 'bloom_contains';

CREATE FUNCTION bloom_contains(sketch bloomsketch, value anyelement) RETURNS boolean STRICT COST 2;
COMMENT IS 'Whether the sketch holds this value. No is certain; yes is wrong as often as bloom_fpp says.';
CREATE OPERATOR @> (LEFTARG = bloomsketch, RIGHTARG = anyelement, FUNCTION = bloom_contains);
COMMENT ON OPERATOR @> (bloomsketch, anyelement) IS 'bloom_contains';

CREATE FUNCTION bloom_estimate(sketch bloomsketch) RETURNS double precision STRICT;
COMMENT IS 'About how many distinct values it holds; infinity if it has all prefixes that there can be.';

CREATE FUNCTION bloom_fpp(sketch bloomsketch) RETURNS double precision STRICT;
COMMENT IS 'The rate of false positives it has now: how often it says yes to a value that it does not hold.';
