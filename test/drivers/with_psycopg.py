#!/usr/bin/python3
"""The laws, by psycopg: untyped (str as it comes), and with Python's types, in text and in binary; and COPY BINARY."""
import datetime
import os
import sys
import uuid

import psycopg
from psycopg.types.string import StrBinaryDumper, StrDumper

TIMES = 7  # more often than a plan is made for the values alone
KINDS = {'int': int, 'long': int, 'double': float, 'text': str, 'uuid': uuid.UUID, 'null': lambda text: None,
         'time': lambda text: datetime.datetime.fromisoformat(text.replace('Z', '+00:00')),
         'doubles': lambda text: [float(x) for x in text.split()]}
PLACEHOLDER = {'untyped': '%s', 'text': '%t', 'binary': '%b'}


def read_laws():
    """The setup, and the laws as lists of (key, value)."""
    setup, laws = [], []
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'laws')) as file:
        for line in file:
            key, _, value = line.rstrip('\n').partition(':')
            if key == 'setup':
                setup.append(value.strip())
            elif key == 'law':
                laws.append([])
            if laws and key and not key.startswith('#'):
                laws[-1].append((key, value.strip()))
    return setup, laws


def for_each_stem(connection, laws):
    stems = [row[0] for row in connection.execute("""
        SELECT left(typname, -6) FROM pg_type t JOIN pg_depend d ON d.classid = 'pg_type'::regclass AND d.objid = t.oid
        WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND typname LIKE '%sketch'
              AND typelem = 0 ORDER BY 1""")]
    for law in laws:
        for stem in stems if '{stem}' in dict(law)['sql'] else ['']:
            yield [(key, value.replace('{stem}', stem)) for key, value in law], stem


def parameter(connection, binding, kind, text):
    if kind == 'from':
        return connection.execute(text).fetchone()[0]
    if binding != 'untyped' or kind == 'null':
        return KINDS[kind](text)
    return '{' + text.replace(' ', ',') + '}' if kind == 'doubles' else text


def answer(connection, binding, law):
    values = [parameter(connection, binding, kind, text) for kind, text in law if kind in KINDS or kind == 'from']
    query = dict(law)['sql'].replace('%', '%%')
    for i in range(len(values)):
        query = query.replace('$' + str(i + 1), PLACEHOLDER[binding])
    try:
        answers = {connection.execute(query, values, prepare=True, binary=binding == 'binary').fetchone()[0]
                   for _ in range(TIMES)}
        return ' and '.join(sorted(answers))
    except psycopg.Error as error:
        return 'error {} {}'.format(error.sqlstate, error)


def copied(connection, stem):
    """A sketch, by COPY in binary out of one table and into another."""
    connection.execute('CREATE TEMP TABLE copied (s {}sketch)'.format(stem))
    with connection.cursor() as cursor:
        with cursor.copy('COPY (SELECT {} FROM ints) TO STDOUT (FORMAT binary)'.format(stem)) as out:
            data = b''.join(out)
        with cursor.copy('COPY copied FROM STDIN (FORMAT binary)') as into:
            into.write(data)
    same = connection.execute('SELECT (c.s = i.{})::text FROM copied c, ints i'.format(stem)).fetchone()[0]
    connection.execute('DROP TABLE copied')
    return same


class Verdicts:
    failed = False

    def give(self, binding, name, got, want):
        error = want.split(' ', 2)
        same = got == want if error[0] != 'error' else got.startswith(' '.join(error[:2])) and error[2] in got
        self.failed |= not same
        print('ok      psycopg, {}: {}'.format(binding, name) if same else
              'FAILED  psycopg, {}: {}\n        {}\n        and not {}'.format(binding, name, got, want))


def main():
    setup, laws = read_laws()
    verdicts = Verdicts()
    with psycopg.connect(autocommit=True) as connection:
        for statement in setup:
            connection.execute(statement)
        laws = list(for_each_stem(connection, laws))
        for binding in PLACEHOLDER:
            if binding == 'text':
                connection.adapters.register_dumper(str, StrBinaryDumper)
                connection.adapters.register_dumper(str, StrDumper)
            for law, stem in laws:
                said = dict(law)
                want = said.get('result') or said['untyped' if binding == 'untyped' else 'typed']
                verdicts.give(binding, ' '.join((said['law'], stem)), answer(connection, binding, law), want)
        for stem in sorted({stem for _, stem in laws if stem}):
            verdicts.give('COPY', 'a sketch goes out and comes in ' + stem, copied(connection, stem), 'true')
    sys.exit(verdicts.failed)


main()
