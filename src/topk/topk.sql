-- topk: which are the most frequent? ----------------------------------------------------------------------------------

-- extended: items are often text, which compresses.
CREATE SKETCH topksketch (STORAGE = extended, COMMUTATOR = ||);
COMMENT ON TYPE topksketch IS
    'Which are the most frequent? Lazy Space-Saving: k items with lower and upper bounds, exact up to k distinct '
    'items.';

CREATE FUNCTION topk_new(k bigint DEFAULT 128) RETURNS topksketch STRICT;
COMMENT IS 'A sketch of no items. k: how many items it holds, 1 to 10000.';

COMMENT ON FUNCTION topk_merge(topksketch, topksketch) IS
    'The sketch of the items of both, at the lower k; the errors add up. NULL merged with s is s.';
COMMENT ON FUNCTION topk_info(topksketch) IS 'Parameters, kind of the items, entries, total, error and bytes.';

CREATE FUNCTION topk_list(topksketch) RETURNS jsonb;
COMMENT IS 'Final function of approx_top_k: item, count, lower and upper of each.';

CREATE FUNCTION topk_add(sketch topksketch, item ITEM [, k bigint]) RETURNS topksketch;
COMMENT IS 'The sketch with one item more. A NULL sketch starts a new one; a NULL item adds nothing.';
COMMENT IS 'The sketch with one item more. A NULL sketch starts a new one of this k, 1 to 10000.';

CREATE FUNCTION topk_add_all(sketch topksketch, items anyarray [, k bigint]) RETURNS topksketch;
COMMENT IS 'The sketch with the elements of an array more, as if they came in rows. NULLs add nothing.';
COMMENT IS 'The same. A NULL sketch starts a new one of this k.';

CREATE FUNCTION topk_weighted_add(sketch topksketch, item ITEM, weight double precision [, k bigint])
    RETURNS topksketch;
COMMENT IS
    'The sketch with one item more, of this weight: 0 to 1e100. A NULL sketch starts a new one; a NULL item or weight '
    'adds nothing.';
COMMENT IS
    'The sketch with one item more, of this weight: 0 to 1e100. A NULL sketch starts a new one of this k, 1 to 10000.';

CREATE FUNCTION topk_list_add(sketch topksketch, item ITEM [, k bigint]) RETURNS topksketch;
COMMENT IS 'Transition function of approx_top_k(item).';
COMMENT IS 'Transition function of approx_top_k(item, k).';

CREATE AGGREGATE topk_agg(item ITEM [, k bigint]) (SFUNC = topk_add, SSPACE = 1024);
COMMENT IS 'The most frequent items: 128 of them, exact up to so many distinct ones.';
COMMENT IS 'The most frequent items. k: how many are held, 1 to 10000; what is not held has fewer than count/k rows.';

CREATE AGGREGATE topk_weighted_agg(item ITEM, weight double precision [, k bigint]) (
    SFUNC = topk_weighted_add, SSPACE = 1024);
COMMENT IS 'The heaviest items by the sum of their weights, each 0 to 1e100: 128 of them.';
COMMENT IS
    'The heaviest items by the sum of their weights, each 0 to 1e100. k: how many are held, 1 to 10000; what is not '
    'held weighs less than total/k.';

CREATE AGGREGATE approx_top_k(item ITEM [, k bigint]) (
    SFUNC = topk_list_add, SSPACE = 1024, FINALFUNC = topk_list);
COMMENT IS 'About the 10 most frequent items, as a jsonb array of item, count, lower and upper.';
COMMENT IS 'About the k most frequent items, 1 to 1000, as a jsonb array of item, count, lower and upper.';

CREATE FUNCTION topk_estimate(sketch topksketch, item ANY) RETURNS double precision STRICT;
COMMENT IS 'The weight that was counted for this item: never too much, and at most topk_error too little.';

CREATE FUNCTION topk_bounds(
    sketch topksketch, item ANY, OUT lower double precision, OUT estimate double precision,
    OUT upper double precision) STRICT;
COMMENT IS
    'The estimate, and the range that is sure to hold the weight of this item, whether the sketch holds it or not.';

CREATE AGGREGATE topk_merge(sketch topksketch) (SFUNC = topk_merge, SSPACE = 8192);
COMMENT IS 'The sketch of the items of all sketches, at the lowest k.';

CREATE FUNCTION topk_items(sketch topksketch, n bigint DEFAULT NULL)
    RETURNS TABLE (item text, estimate double precision, lower double precision, upper double precision,
        guaranteed boolean) ROWS 10;
COMMENT IS
    'The n heaviest items (all that are held if n is NULL), heaviest first. guaranteed: surely one of the true first '
    'n.';

CREATE FUNCTION topk_above(sketch topksketch, threshold double precision, no_false_positives boolean DEFAULT false)
    RETURNS TABLE (item text, estimate double precision, lower double precision, upper double precision,
        guaranteed boolean) STRICT ROWS 10;
COMMENT IS
    'Items above a share of the total (a threshold below 1) or a weight. Without no_false_positives none is missing, '
    'if the threshold is at least topk_error.';

CREATE FUNCTION topk_fold(sketch topksketch, k bigint) RETURNS topksketch STRICT;
COMMENT IS 'The sketch at a smaller k, 1 to 10000. A larger one: as it is.';

CREATE FUNCTION topk_json(sketch topksketch) RETURNS jsonb STRICT;
COMMENT IS 'The whole sketch to read: k, total, error, and item, count, lower and upper of each, heaviest first.';

CREATE FUNCTION topk_total(sketch topksketch) RETURNS double precision STRICT;
COMMENT IS 'The exact sum of all weights: without weights, the number of rows.';

CREATE FUNCTION topk_error(sketch topksketch) RETURNS double precision STRICT;
COMMENT IS 'What an item that the sketch does not hold can weigh at most; 0 while all are held.';
