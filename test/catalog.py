"""What test/aggregates and test/latency know of the extension: its functions and types, as the catalog tells, and
arguments for them."""

# Values of each type, as expressions of a row's number {i}: many and few distinct ones, NULLs, limits.
VALUES = {
    'bigint': ['{i}', '{i} % 10', '{i} * 1000003 % 5000', 'hashint8({i})::bigint', 'NULLIF({i} % 7, 3)',
               '9223372036854775807 - {i} % 3', '-{i}'],
    'integer': ['({i} % 1000000)::integer', '({i} % 10)::integer', 'hashint8({i})', 'NULLIF({i} % 7, 3)::integer'],
    'smallint': ['({i} % 30000)::smallint', '({i} % 5)::smallint'],
    'real': ['({i} / 8.0)::real', "CASE {i} % 40 WHEN 0 THEN real 'NaN' ELSE ({i} % 9)::real END"],
    'double precision': ['{i}::float8', '({i} % 20)::float8', 'exp({i} % 50)', '-{i} / 7.0::float8',
                         "CASE {i} % 50 WHEN 0 THEN float8 'NaN' WHEN 1 THEN '-Infinity' ELSE hashint8({i}) END",
                         'NULLIF({i} % 3, 1)::float8'],
    'numeric': ['{i}::numeric', '{i} / 7::numeric', "numeric '1e30' + {i} % 100", "numeric 'NaN'"],
    'text': ["'item ' || {i} % 50", '{i}::text', 'repeat(chr(97 + ({i} % 26)::integer), 300)', "''",
             "NULLIF('v' || {i} % 5, 'v2')", "repeat('long ' || {i} % 4, 2000)"],
    'bytea': ['int8send({i})', "'\\x00'::bytea", 'int8send({i} % 9)'],
    'boolean': ['{i} % 2 = 0', 'NULLIF({i} % 3, 2) = 1'],
    'uuid': ['md5({i}::text)::uuid'],
    'date': ["date '2024-01-01' + ({i} % 1000)::integer"],
    'timestamp without time zone': ["timestamp '2024-01-01' + {i} * interval '1 minute'"],
    'timestamp with time zone': ["timestamptz '2024-01-01 00:00+00' + {i} * interval '1 minute'",
                                 "timestamptz '2024-01-01 00:00+00' + {i} % 10 * interval '1 hour'"],
    'interval': ["{i} % 100 * interval '1 hour'", "{i} * interval '1 second'"],
    'int4range': ['int4range(({i} % 50)::integer, ({i} % 50 + 5)::integer)'],
    'bigint[]': ['ARRAY[{i}, {i} % 3]'],
    'jsonb': ["jsonb_build_object('k', {i} % 30)", 'to_jsonb({i})'],
    'inet': ["inet '10.0.0.0' + {i} % 300"],
    'time without time zone': ["time '00:00' + {i} % 500 * interval '1 second'"],
    'double precision[]': ["'{{0,0.5,0.99,1}}'::float8[]", "'{{}}'::float8[]", "'{{0.5}}'::float8[]"],
    'interval[]': ["'{{1 hour,1 day}}'::interval[]", "'{{30 min,6 hours,7 days}}'::interval[]"],
}
ANY = ['interval', 'int4range', 'bigint[]', 'jsonb', 'inet', 'time without time zone']

# Arguments with a meaning, by name: legal constants, or expressions of the row.
PARAMETERS = {
    'precision': ['4', '5', '10', '12', '14', '18'],
    'k': ['16', '128', '256', '1024'],
    'epsilon': ['0.1', '0.01', '0.001'],
    'confidence': ['0.5', '0.9', '0.95', '0.99', '0.9999999'],
    'capacity': ['10', '1000', '100000', '4000000'],
    'fpp': ['0.5', '0.05', '0.01', '0.0001'],
    'fraction': ['0', '0.01', '0.5', '0.9', '1'],
    'max_bins': ['32', '160', '640', '4096'],
    'weight': ['1', '{i} % 3 + 1', '5', '0', '{i} * 1000003 % 1000000007'],
    'half_life': ["interval '1 hour'", "interval '1 day'"],
    'max_ahead': ["interval '1 day'", "interval '100 years'"],
    'n': ['1', '5', '100'],
    'width': ['10', '50'],
    'threshold': ['0', '0.1', '2'],
    'values': ["'{{-1,0,5,1e10}}'::float8[]", "'{{0}}'::float8[]", "'{{}}'::float8[]"],
}


class Function:
    def __init__(self, row):
        (self.oid, self.name, self.types, self.names, self.result, self.set, self.strict, self.kind, self.symbol,
         self.transition, self.final, self.combine) = row
        self.names = (self.names or []) + [''] * len(self.types)


class Catalog:
    def __init__(self, cursor):
        cursor.execute("""
            SELECT p.oid, quote_ident(proname),
                   ARRAY(SELECT format_type(t, NULL) FROM unnest(proargtypes) WITH ORDINALITY u(t, n) ORDER BY n),
                   proargnames, format_type(prorettype, NULL), proretset, proisstrict, prokind::text, prosrc,
                   aggtransfn::oid, aggfinalfn::oid, aggcombinefn::oid
            FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
                 JOIN pg_extension e ON e.oid = d.refobjid AND extname = 'sketch'
                 LEFT JOIN pg_aggregate ON aggfnoid = p.oid
            WHERE NOT ARRAY['internal'::regtype::oid, 'cstring'::regtype] && proargtypes::oid[]
                  AND prorettype <> 'cstring'::regtype
            ORDER BY proname, 3""")
        self.all = [Function(row) for row in cursor.fetchall()]
        self.scalars = [f for f in self.all if f.kind == 'f']
        self.by_oid = {f.oid: f for f in self.all}
        cursor.execute("""
            SELECT format_type(t.oid, NULL)
            FROM pg_type t JOIN pg_depend d ON d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e'
            WHERE typtype = 'b' AND typelem = 0 ORDER BY 1""")
        self.types = [row[0] for row in cursor.fetchall()]
        assert self.types, 'the extension has no types'

    def own(self, f):
        """Our aggregate whose trimmed states the transition function f makes."""
        for a in self.all:
            final = self.by_oid.get(a.final)
            if a.kind == 'a' and a.transition == f.oid and a.types == f.types[1:] and a.result == f.result and final:
                return a
        return None
