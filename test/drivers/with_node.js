#!/usr/bin/env node
// The laws, by node's pg, which leaves the types of parameters to the server: plain, prepared, and as buffers, which it
// sends in binary.
const fs = require('fs');
const path = require('path');
const { Client } = require('pg');

const TIMES = 7; // more often than a plan is made for the values alone
const KINDS = {
    int: Number, long: Number, double: Number, text: String, uuid: String, null: () => null,
    time: (text) => new Date(text), doubles: (text) => text.split(' ').map(Number),
};

// Of the type that the server finds for them: bigint, double precision, uuid, timestamptz, double precision[].
const BINARY = {
    long: (text) => { const b = Buffer.alloc(8); b.writeBigInt64BE(BigInt(text)); return b; },
    double: (text) => { const b = Buffer.alloc(8); b.writeDoubleBE(Number(text)); return b; },
    uuid: (text) => Buffer.from(text.replaceAll('-', ''), 'hex'),
    time: (text) => BINARY.long((Date.parse(text) - Date.UTC(2000)) * 1000),
    doubles: (text) => {
        const values = text.split(' ').map(BINARY.double);
        const head = Buffer.alloc(20); // dimensions, no NULLs, the type float8, length and lower bound
        [1, 0, 701, values.length, 1].forEach((value, i) => head.writeInt32BE(value, 4 * i));
        return Buffer.concat([head, ...values.flatMap((value) => [Buffer.from([0, 0, 0, 8]), value])]);
    },
};
BINARY.int = BINARY.long;

function readLaws() {
    const setup = [];
    const laws = [];
    for (const line of fs.readFileSync(path.join(__dirname, 'laws'), 'utf8').split('\n')) {
        const at = line.indexOf(':');
        const key = line.slice(0, at);
        const value = line.slice(at + 1).trim();
        if (key === 'setup') setup.push(value);
        if (key === 'law') laws.push([]);
        if (laws.length !== 0 && at > 0 && !line.startsWith('#')) laws[laws.length - 1].push([key, value]);
    }
    return { setup, laws };
}

async function forEachStem(client, laws) {
    const { rows } = await client.query(`
        SELECT left(typname, -6) AS stem
        FROM pg_type t JOIN pg_depend d ON d.classid = 'pg_type'::regclass AND d.objid = t.oid
        WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND typname LIKE '%sketch'
              AND typelem = 0 ORDER BY 1`);
    return laws.flatMap((law) => {
        const stems = Object.fromEntries(law).sql.includes('{stem}') ? rows.map((row) => row.stem) : [''];
        return stems.map((stem) => ({ stem, law: law.map(([key, value]) => [key, value.replaceAll('{stem}', stem)]) }));
    });
}

async function answer(client, binding, law, n) {
    const values = [];
    for (const [kind, text] of law) {
        if (kind === 'from') values.push((await client.query({ text, rowMode: 'array' })).rows[0][0]);
        if (kind in KINDS) values.push((binding === 'binary' && BINARY[kind] || KINDS[kind])(text));
    }
    const query = { text: Object.fromEntries(law).sql, values, rowMode: 'array' };
    if (binding !== 'plain') query.name = `${binding} ${n}`;
    try {
        const answers = new Set();
        for (let i = 0; i < TIMES; ++i) answers.add((await client.query(query)).rows[0][0]);
        return [...answers].join(' and ');
    } catch (error) {
        return `error ${error.code} ${error.message}`;
    }
}

function isAsWanted(got, want) {
    const [kind, code, ...words] = want.split(' ');
    if (kind !== 'error') return got === want;
    return got.startsWith(`${kind} ${code}`) && got.includes(words.join(' '));
}

async function main() {
    const client = new Client();
    await client.connect();
    const { setup, laws } = readLaws();
    for (const statement of setup) await client.query(statement);
    const all = await forEachStem(client, laws);
    for (const binding of ['plain', 'prepared', 'binary'])
        for (const [n, { stem, law }] of all.entries()) {
            const said = Object.fromEntries(law);
            const want = said.result || said.untyped;
            if (binding === 'binary' && !said.result) continue; // the type that the server finds is not the value's
            const got = await answer(client, binding, law, n);
            const name = `node, ${binding}: ${said.law} ${stem}`;
            if (isAsWanted(got, want)) {
                console.log(`ok      ${name}`);
            } else {
                console.log(`FAILED  ${name}\n        ${got}\n        and not ${want}`);
                process.exitCode = 1;
            }
        }
    await client.end();
}

main();
