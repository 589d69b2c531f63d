CREATE TYPE STEMsketch;

CREATE FUNCTION STEMsketch_in(cstring) RETURNS STEMsketch STRICT;
COMMENT IS 'Input function of STEMsketch: base64.';
CREATE FUNCTION STEMsketch_out(STEMsketch) RETURNS cstring STRICT;
COMMENT IS 'Output function of STEMsketch: base64.';
CREATE FUNCTION STEMsketch_recv(internal) RETURNS STEMsketch STRICT;
COMMENT IS 'Binary input function of STEMsketch.';
CREATE FUNCTION STEMsketch_send(STEMsketch) RETURNS bytea STRICT;
COMMENT IS 'Binary output function of STEMsketch.';

CREATE TYPE STEMsketch (
    INPUT = STEMsketch_in, OUTPUT = STEMsketch_out, RECEIVE = STEMsketch_recv, SEND = STEMsketch_send,
    INTERNALLENGTH = VARIABLE, ALIGNMENT = double, STORAGE = _STORAGE_
);

CREATE FUNCTION STEMsketch_from_bytea(bytea) RETURNS STEMsketch STRICT;
COMMENT IS 'The sketch with these bytes, after a full check.';
CREATE CAST (bytea AS STEMsketch) WITH FUNCTION STEMsketch_from_bytea(bytea);
CREATE CAST (STEMsketch AS bytea) WITH FUNCTION STEMsketch_send(STEMsketch);
COMMENT ON CAST (bytea AS STEMsketch) IS 'The sketch with these bytes, after a full check.';
COMMENT ON CAST (STEMsketch AS bytea) IS 'The bytes of a sketch: its exchange format.';

-- What merging keeps, and what info tells, a room says in its own words.
CREATE FUNCTION STEM_merge(a STEMsketch, b STEMsketch) RETURNS STEMsketch;
COMMENT IS 'The sketch of what both hold. NULL merged with s is s.';
CREATE OPERATOR || (LEFTARG = STEMsketch, RIGHTARG = STEMsketch, FUNCTION = STEM_merge_COMMUTATOR_);
COMMENT ON OPERATOR || (STEMsketch, STEMsketch) IS 'STEM_merge';
CREATE FUNCTION STEM_combine(STEMsketch, STEMsketch) RETURNS STEMsketch;
COMMENT IS 'Combine function of the aggregates over values: STEM_merge of states whose parameters are the same.';
CREATE FUNCTION STEM_final(STEMsketch) RETURNS STEMsketch;
COMMENT IS 'Final function of the aggregates: the stored form of a state.';
CREATE FUNCTION STEM_info(sketch STEMsketch) RETURNS jsonb STRICT;
COMMENT IS 'Parameters, mode, counts and bytes.';

-- Equal are sketches with the same stored bytes, and their order is that of the bytes.
CREATE FUNCTION STEMsketch_eq(a STEMsketch, b STEMsketch) RETURNS boolean STRICT;
COMMENT IS 'Comparison: whether two sketches have the same stored bytes.';
CREATE FUNCTION STEMsketch_ne(a STEMsketch, b STEMsketch) RETURNS boolean STRICT;
COMMENT IS 'Comparison: whether two sketches differ in their stored bytes.';
CREATE FUNCTION STEMsketch_lt(a STEMsketch, b STEMsketch) RETURNS boolean STRICT;
COMMENT IS 'Comparison, in the order of the stored bytes.';
CREATE FUNCTION STEMsketch_le(a STEMsketch, b STEMsketch) RETURNS boolean STRICT;
COMMENT IS 'Comparison, in the order of the stored bytes.';
CREATE FUNCTION STEMsketch_gt(a STEMsketch, b STEMsketch) RETURNS boolean STRICT;
COMMENT IS 'Comparison, in the order of the stored bytes.';
CREATE FUNCTION STEMsketch_ge(a STEMsketch, b STEMsketch) RETURNS boolean STRICT;
COMMENT IS 'Comparison, in the order of the stored bytes.';
CREATE FUNCTION STEMsketch_cmp(a STEMsketch, b STEMsketch) RETURNS integer STRICT;
COMMENT IS 'Comparison for indexes: below 0, 0 or above 0, in the order of the stored bytes.';
CREATE FUNCTION STEMsketch_hash(STEMsketch) RETURNS integer STRICT;
COMMENT IS 'Hash function of the type: the same for equal bytes.';
CREATE FUNCTION STEMsketch_hash_extended(STEMsketch, bigint) RETURNS bigint STRICT;
COMMENT IS 'Hash function of the type, with a seed.';

CREATE OPERATOR = (LEFTARG = STEMsketch, RIGHTARG = STEMsketch, FUNCTION = STEMsketch_eq,
    COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES);
CREATE OPERATOR <> (LEFTARG = STEMsketch, RIGHTARG = STEMsketch, FUNCTION = STEMsketch_ne,
    COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel);
CREATE OPERATOR < (LEFTARG = STEMsketch, RIGHTARG = STEMsketch, FUNCTION = STEMsketch_lt,
    COMMUTATOR = >, NEGATOR = >=, RESTRICT = scalarltsel, JOIN = scalarltjoinsel);
CREATE OPERATOR <= (LEFTARG = STEMsketch, RIGHTARG = STEMsketch, FUNCTION = STEMsketch_le,
    COMMUTATOR = >=, NEGATOR = >, RESTRICT = scalarlesel, JOIN = scalarlejoinsel);
CREATE OPERATOR > (LEFTARG = STEMsketch, RIGHTARG = STEMsketch, FUNCTION = STEMsketch_gt,
    COMMUTATOR = <, NEGATOR = <=, RESTRICT = scalargtsel, JOIN = scalargtjoinsel);
CREATE OPERATOR >= (LEFTARG = STEMsketch, RIGHTARG = STEMsketch, FUNCTION = STEMsketch_ge,
    COMMUTATOR = <=, NEGATOR = <, RESTRICT = scalargesel, JOIN = scalargejoinsel);
COMMENT ON OPERATOR = (STEMsketch, STEMsketch) IS 'whether two sketches have the same stored bytes';
COMMENT ON OPERATOR <> (STEMsketch, STEMsketch) IS 'whether two sketches differ in their stored bytes';
COMMENT ON OPERATOR < (STEMsketch, STEMsketch) IS 'the order of the stored bytes';
COMMENT ON OPERATOR <= (STEMsketch, STEMsketch) IS 'the order of the stored bytes';
COMMENT ON OPERATOR > (STEMsketch, STEMsketch) IS 'the order of the stored bytes';
COMMENT ON OPERATOR >= (STEMsketch, STEMsketch) IS 'the order of the stored bytes';

CREATE OPERATOR CLASS STEMsketch_ops DEFAULT FOR TYPE STEMsketch USING btree AS
    OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >,
    FUNCTION 1 STEMsketch_cmp(STEMsketch, STEMsketch);
CREATE OPERATOR CLASS STEMsketch_ops DEFAULT FOR TYPE STEMsketch USING hash AS
    OPERATOR 1 =, FUNCTION 1 STEMsketch_hash(STEMsketch), FUNCTION 2 STEMsketch_hash_extended(STEMsketch, bigint);
COMMENT ON OPERATOR CLASS STEMsketch_ops USING btree IS 'the order of the stored bytes';
COMMENT ON OPERATOR CLASS STEMsketch_ops USING hash IS 'equality of the stored bytes';
COMMENT ON OPERATOR FAMILY STEMsketch_ops USING btree IS 'the order of the stored bytes';
COMMENT ON OPERATOR FAMILY STEMsketch_ops USING hash IS 'equality of the stored bytes';
