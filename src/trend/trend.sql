-- trend: which are the most active now? -------------------------------------------------------------------------------

-- extended: items are often text, which compresses.
CREATE SKETCH trendsketch (STORAGE = extended, COMMUTATOR = ||);
COMMENT ON TYPE trendsketch IS
    'Which are the most active now? Counters that halve with every half-life, with lower and upper bounds.';

CREATE FUNCTION trend_new(half_life interval, k bigint DEFAULT 128, max_ahead interval DEFAULT '1 day')
    RETURNS trendsketch STRICT;
COMMENT IS
    'A sketch of no events. half_life: 1 second to 1000 years, no months. k: how many items it holds, 4 to 10000. '
    'max_ahead: how far after now() an event may be.';

CREATE FUNCTION trend_scales_new(half_lives interval[], k bigint DEFAULT 128, max_ahead interval DEFAULT '1 day')
    RETURNS trendsketch STRICT;
COMMENT IS 'A sketch of no events with up to 4 half-lives, in any order.';

COMMENT ON FUNCTION trend_merge(trendsketch, trendsketch) IS
    'The sketch of the events of both, at the lower k; the half-lives must be the same. NULL merged with s is s.';
-- What takes events asks how far they are after now().
ALTER FUNCTION trend_merge(trendsketch, trendsketch) STABLE;
ALTER FUNCTION trend_combine(trendsketch, trendsketch) STABLE;
COMMENT ON FUNCTION trend_info(trendsketch) IS
    'Parameters, kind of the items, entries, half-lives in seconds with their totals and errors, and bytes.';

CREATE FUNCTION trend_add(
    sketch trendsketch, item ITEM, at timestamptz, half_life interval [, k bigint [, max_ahead interval]])
    RETURNS trendsketch STABLE;
COMMENT IS 'The sketch with one event more. A NULL sketch starts a new one; a NULL item or moment adds nothing.';
COMMENT IS
    'The sketch with one event more. A NULL sketch starts a new one; a NULL item or moment adds nothing. k: how many '
    'items are held, 4 to 10000.';
COMMENT IS
    'The sketch with one event more. A NULL sketch starts a new one; a NULL item or moment adds nothing. max_ahead: '
    'how far after now() an event may be.';

CREATE AGGREGATE trend_agg(
    item ITEM, at timestamptz, half_life interval [, k bigint [, max_ahead interval]]) (
    SFUNC = trend_add, SSPACE = 1024);
COMMENT IS 'The most active items: each event counts half after every half-life.';
COMMENT IS
    'The most active items: each event counts half after every half-life. k: how many items are held, 4 to 10000.';
COMMENT IS
    'The most active items: each event counts half after every half-life. max_ahead: how far after now() an event may '
    'be.';

CREATE FUNCTION trend_weighted_add(
    sketch trendsketch, item ITEM, at timestamptz, weight double precision, half_life interval
    [, k bigint [, max_ahead interval]]) RETURNS trendsketch STABLE;
COMMENT IS
    'The sketch with one event more, of this weight: 0, or 1e-100 to 1e100. A NULL sketch starts a new one; a NULL '
    'item, moment or weight adds nothing.';
COMMENT IS
    'The sketch with one event more, of this weight: 0, or 1e-100 to 1e100. A NULL sketch starts a new one; a NULL '
    'item, moment or weight adds nothing. k: how many items are held, 4 to 10000.';
COMMENT IS
    'The sketch with one event more, of this weight: 0, or 1e-100 to 1e100. A NULL sketch starts a new one; a NULL '
    'item, moment or weight adds nothing. max_ahead: how far after now() an event may be.';

CREATE AGGREGATE trend_weighted_agg(
    item ITEM, at timestamptz, weight double precision, half_life interval
    [, k bigint [, max_ahead interval]]) (
    SFUNC = trend_weighted_add, SSPACE = 1024);
COMMENT IS 'The most active items: each event counts half after every half-life. weight: 0, or 1e-100 to 1e100.';
COMMENT IS
    'The most active items: each event counts half after every half-life. weight: 0, or 1e-100 to 1e100. k: how many '
    'items are held, 4 to 10000.';
COMMENT IS
    'The most active items: each event counts half after every half-life. weight: 0, or 1e-100 to 1e100. max_ahead: '
    'how far after now() an event may be.';

CREATE FUNCTION trend_scales_add(
    sketch trendsketch, item ITEM, at timestamptz, half_lives interval[] [, k bigint [, max_ahead interval]])
    RETURNS trendsketch STABLE;
COMMENT IS 'The sketch with one event more. A NULL sketch starts a new one; a NULL item or moment adds nothing.';
COMMENT IS
    'The sketch with one event more. A NULL sketch starts a new one; a NULL item or moment adds nothing. k: how many '
    'items are held, 4 to 10000.';
COMMENT IS
    'The sketch with one event more. A NULL sketch starts a new one; a NULL item or moment adds nothing. max_ahead: '
    'how far after now() an event may be.';

CREATE AGGREGATE trend_scales_agg(
    item ITEM, at timestamptz, half_lives interval[] [, k bigint [, max_ahead interval]]) (
    SFUNC = trend_scales_add, SSPACE = 1024);
COMMENT IS 'The most active items over up to 4 half-lives at once.';
COMMENT IS 'The most active items over up to 4 half-lives at once. k: how many items are held, 4 to 10000.';
COMMENT IS 'The most active items over up to 4 half-lives at once. max_ahead: how far after now() an event may be.';

CREATE FUNCTION trend_scales_weighted_add(
    sketch trendsketch, item ITEM, at timestamptz, weight double precision, half_lives interval[]
    [, k bigint [, max_ahead interval]]) RETURNS trendsketch STABLE;
COMMENT IS
    'The sketch with one event more, of this weight: 0, or 1e-100 to 1e100. A NULL sketch starts a new one; a NULL '
    'item, moment or weight adds nothing.';
COMMENT IS
    'The sketch with one event more, of this weight: 0, or 1e-100 to 1e100. A NULL sketch starts a new one; a NULL '
    'item, moment or weight adds nothing. k: how many items are held, 4 to 10000.';
COMMENT IS
    'The sketch with one event more, of this weight: 0, or 1e-100 to 1e100. A NULL sketch starts a new one; a NULL '
    'item, moment or weight adds nothing. max_ahead: how far after now() an event may be.';

CREATE AGGREGATE trend_scales_weighted_agg(
    item ITEM, at timestamptz, weight double precision, half_lives interval[]
    [, k bigint [, max_ahead interval]]) (
    SFUNC = trend_scales_weighted_add, SSPACE = 1024);
COMMENT IS 'The most active items over up to 4 half-lives at once. weight: 0, or 1e-100 to 1e100.';
COMMENT IS
    'The most active items over up to 4 half-lives at once. weight: 0, or 1e-100 to 1e100. k: how many items are '
    'held, 4 to 10000.';
COMMENT IS
    'The most active items over up to 4 half-lives at once. weight: 0, or 1e-100 to 1e100. max_ahead: how far after '
    'now() an event may be.';

CREATE FUNCTION trend_score(
    sketch trendsketch, item ANY, as_of timestamptz DEFAULT NULL, half_life interval DEFAULT NULL)
    RETURNS double precision;
COMMENT IS
    'The sum of weight * 2^(-age / half_life) that was counted for this item: never too much, and at most '
    'trend_error too little. as_of: NULL is the newest event. half_life: NULL is the shortest.';

CREATE FUNCTION trend_bounds(
    sketch trendsketch, item ANY, as_of timestamptz DEFAULT NULL, half_life interval DEFAULT NULL,
    OUT lower double precision, OUT estimate double precision, OUT upper double precision);
COMMENT IS
    'The score, and the range that is sure to hold it, whether the sketch holds the item or not. as_of: NULL is the '
    'newest event. half_life: NULL is the shortest.';

CREATE AGGREGATE trend_merge(sketch trendsketch) (SFUNC = trend_merge, SSPACE = 8192);
COMMENT IS 'The sketch of the events of all sketches, at the lowest k.';

CREATE FUNCTION trend_items(
    sketch trendsketch, n bigint DEFAULT NULL, as_of timestamptz DEFAULT NULL, half_life interval DEFAULT NULL)
    RETURNS TABLE (item text, score double precision, lower double precision, upper double precision,
        rate_per_second double precision) ROWS 10;
COMMENT IS
    'The n most active items (all that are held if n is NULL), most active first. rate_per_second: of a steady '
    'stream with this score. as_of: NULL is the newest event. half_life: NULL is the shortest.';

CREATE FUNCTION trend_bursts(sketch trendsketch, n bigint DEFAULT NULL)
    RETURNS TABLE (item text, strength double precision, score double precision, expected double precision) ROWS 10;
COMMENT IS
    'The n items that score, in the shortest half-life, farthest above what their share in the longest makes expect: '
    'strength = (score - expected) / sqrt(1 + expected).';

CREATE FUNCTION trend_total(sketch trendsketch, as_of timestamptz DEFAULT NULL, half_life interval DEFAULT NULL)
    RETURNS double precision;
COMMENT IS 'The score of all events together. as_of: NULL is the newest event. half_life: NULL is the shortest.';

CREATE FUNCTION trend_error(sketch trendsketch, as_of timestamptz DEFAULT NULL, half_life interval DEFAULT NULL)
    RETURNS double precision;
COMMENT IS
    'What an item that the sketch does not hold can score at most; 0 while all are held. as_of: NULL is the newest '
    'event. half_life: NULL is the shortest.';

CREATE FUNCTION trend_latest(sketch trendsketch) RETURNS timestamptz STRICT;
COMMENT IS 'The moment of the newest event; NULL if there is none.';
