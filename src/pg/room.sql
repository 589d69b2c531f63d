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
CREATE FUNCTION STEM_final(STEMsketch) RETURNS STEMsketch;
COMMENT IS 'Final function of the aggregates: the stored form of a state.';
CREATE FUNCTION STEM_info(sketch STEMsketch) RETURNS jsonb STRICT;
COMMENT IS 'Parameters, mode, counts and bytes.';
