-- topk: which are the most frequent? ----------------------------------------------------------------------------------

-- extended: items are often text, which compresses.
-- type topksketch stored extended
COMMENT ON TYPE topksketch IS
    'Which are the most frequent? Lazy Space-Saving: k items with lower and upper bounds, exact up to k distinct items.';

CREATE FUNCTION topk_empty(k integer DEFAULT 128) RETURNS topksketch
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION topk_empty(integer) IS 'A sketch of no items. k: how many items it holds, 1 to 10000.';

CREATE FUNCTION topk_merge(a topksketch, b topksketch) RETURNS topksketch
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION topk_merge(topksketch, topksketch) IS
    'The sketch of the items of both, at the lower k; the errors add up. NULL merged with s is s.';
CREATE OPERATOR || (LEFTARG = topksketch, RIGHTARG = topksketch, FUNCTION = topk_merge, COMMUTATOR = ||);
COMMENT ON OPERATOR || (topksketch, topksketch) IS 'topk_merge';

CREATE FUNCTION topk_final(topksketch) RETURNS topksketch
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION topk_final(topksketch) IS 'Final function of the aggregates: the stored form of a state.';

CREATE FUNCTION topk_list(topksketch) RETURNS jsonb
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION topk_list(topksketch) IS 'Final function of approx_top_k: item, count, lower and upper of each.';

-- for each value type
CREATE FUNCTION topk_add(sketch topksketch, item VALUE) RETURNS topksketch
    AS 'MODULE_PATHNAME', 'topk_add' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION topk_add(topksketch, VALUE) IS
    'The sketch with one item more. A NULL sketch starts a new one; a NULL item adds nothing.';

CREATE FUNCTION topk_add(sketch topksketch, item VALUE, weight double precision) RETURNS topksketch
    AS 'MODULE_PATHNAME', 'topk_add' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION topk_add(topksketch, VALUE, double precision) IS
    'The sketch with one item more, of this weight: 0 to 1e100. To start one of another k than 128, begin with topk_empty(k).';

CREATE FUNCTION topk_transition(topksketch, VALUE, k integer) RETURNS topksketch
    AS 'MODULE_PATHNAME', 'topk_transition' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION topk_transition(topksketch, VALUE, integer) IS 'Transition function of topk_agg(item, k).';

CREATE FUNCTION topk_transition(topksketch, VALUE, k integer, weight double precision) RETURNS topksketch
    AS 'MODULE_PATHNAME', 'topk_transition' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION topk_transition(topksketch, VALUE, integer, double precision) IS
    'Transition function of topk_agg(item, k, weight).';

CREATE FUNCTION topk_list_transition(topksketch, VALUE) RETURNS topksketch
    AS 'MODULE_PATHNAME', 'topk_list_transition' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION topk_list_transition(topksketch, VALUE) IS 'Transition function of approx_top_k(item).';

CREATE FUNCTION topk_list_transition(topksketch, VALUE, k integer) RETURNS topksketch
    AS 'MODULE_PATHNAME', 'topk_list_transition' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION topk_list_transition(topksketch, VALUE, integer) IS 'Transition function of approx_top_k(item, k).';

CREATE AGGREGATE topk_agg(item VALUE) (
    SFUNC = topk_add, STYPE = topksketch, SSPACE = 1024, FINALFUNC = topk_final, COMBINEFUNC = topk_merge, PARALLEL = SAFE
);
COMMENT ON AGGREGATE topk_agg(VALUE) IS 'The most frequent items: 128 of them, exact up to so many distinct ones.';

CREATE AGGREGATE topk_agg(item VALUE, k integer) (
    SFUNC = topk_transition, STYPE = topksketch, SSPACE = 1024, FINALFUNC = topk_final, COMBINEFUNC = topk_merge,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE topk_agg(VALUE, integer) IS
    'The most frequent items. k: how many are held, 1 to 10000; what is not held has fewer than count/k rows.';

CREATE AGGREGATE topk_agg(item VALUE, k integer, weight double precision) (
    SFUNC = topk_transition, STYPE = topksketch, SSPACE = 1024, FINALFUNC = topk_final, COMBINEFUNC = topk_merge,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE topk_agg(VALUE, integer, double precision) IS
    'The heaviest items by the sum of their weights, each 0 to 1e100; a NULL weight adds nothing.';

CREATE AGGREGATE approx_top_k(item VALUE) (
    SFUNC = topk_list_transition, STYPE = topksketch, SSPACE = 1024, FINALFUNC = topk_list, COMBINEFUNC = topk_merge,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE approx_top_k(VALUE) IS
    'About the 10 most frequent items, as a jsonb array of item, count, lower and upper.';

CREATE AGGREGATE approx_top_k(item VALUE, k integer) (
    SFUNC = topk_list_transition, STYPE = topksketch, SSPACE = 1024, FINALFUNC = topk_list, COMBINEFUNC = topk_merge,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE approx_top_k(VALUE, integer) IS
    'About the k most frequent items, 1 to 1000, as a jsonb array of item, count, lower and upper.';

CREATE FUNCTION topk_estimate(sketch topksketch, item VALUE) RETURNS double precision
    AS 'MODULE_PATHNAME', 'topk_estimate' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION topk_estimate(topksketch, VALUE) IS
    'The weight that was counted for this item: never too much, and at most topk_error too little.';

CREATE FUNCTION topk_bounds(
    sketch topksketch, item VALUE, OUT lower double precision, OUT estimate double precision, OUT upper double precision)
    AS 'MODULE_PATHNAME', 'topk_bounds' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION topk_bounds(topksketch, VALUE) IS
    'The estimate, and the range that is sure to hold the weight of this item, whether the sketch holds it or not.';
-- end

CREATE AGGREGATE topk_merge(sketch topksketch) (
    SFUNC = topk_merge, STYPE = topksketch, SSPACE = 8192, FINALFUNC = topk_final, COMBINEFUNC = topk_merge, PARALLEL = SAFE
);
COMMENT ON AGGREGATE topk_merge(topksketch) IS 'The sketch of the items of all sketches, at the lowest k.';

CREATE FUNCTION topk_items(
    sketch topksketch, n integer DEFAULT NULL)
    RETURNS TABLE (item text, estimate double precision, lower double precision, upper double precision,
                   guaranteed boolean)
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 10;
COMMENT ON FUNCTION topk_items(topksketch, integer) IS
    'The n heaviest items (all that are held if n is NULL), heaviest first. guaranteed: surely one of the true first n.';

CREATE FUNCTION topk_above(
    sketch topksketch, threshold double precision, no_false_positives boolean DEFAULT false)
    RETURNS TABLE (item text, estimate double precision, lower double precision, upper double precision,
                   guaranteed boolean)
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 10;
COMMENT ON FUNCTION topk_above(topksketch, double precision, boolean) IS
    'Items above a share of the total (a threshold below 1) or a weight. Without no_false_positives none is missing, if the threshold is at least topk_error.';

CREATE FUNCTION topk_total(sketch topksketch) RETURNS double precision
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION topk_total(topksketch) IS 'The exact sum of all weights: without weights, the number of rows.';

CREATE FUNCTION topk_error(sketch topksketch) RETURNS double precision
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION topk_error(topksketch) IS
    'What an item that the sketch does not hold can weigh at most; 0 while all are held.';

CREATE FUNCTION topk_info(sketch topksketch) RETURNS jsonb
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION topk_info(topksketch) IS 'Parameters, kind of the items, entries, total, error and bytes.';
