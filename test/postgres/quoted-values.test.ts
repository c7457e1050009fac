import { inspect } from 'node:util'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { maskText } from '../../src/domain/quoted-values.js'
import { withShownValues } from '../../src/effects/shown-values.js'
import { type Client, openConnection } from '../../src/postgres/connection.js'
import { addressOf } from '../support/address.js'
import { createTestDatabase } from '../support/test-database.js'

const canary = 'cAnAry "x", y) 7'
const literal = `'${canary}'`

const setup = `
CREATE TABLE person (id int PRIMARY KEY, email text UNIQUE, city text NOT NULL DEFAULT '', CHECK (city <> ${literal}), UNIQUE (id, email));
CREATE TABLE visit (email text REFERENCES person (email));
CREATE TABLE copies (email text);
CREATE TABLE span (name text, EXCLUDE USING btree (name WITH =));
CREATE TABLE part (k text) PARTITION BY LIST (k);
CREATE TYPE mood AS ENUM ('sad');
CREATE DOMAIN short AS text CHECK (length(VALUE) < 3);
INSERT INTO person VALUES (1, ${literal}); INSERT INTO visit VALUES (${literal}); INSERT INTO span VALUES (${literal});
INSERT INTO copies VALUES (${literal}), (${literal});
CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  RAISE EXCEPTION 'no % here', NEW.email USING DETAIL = NEW.email, HINT = NEW.email; END $$;
CREATE TABLE stopped (email text); CREATE TRIGGER t BEFORE INSERT ON stopped FOR EACH ROW EXECUTE FUNCTION stop();
CREATE FUNCTION say(code text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
  RAISE EXCEPTION USING ERRCODE = code, MESSAGE = (SELECT email FROM person); END $$;
CREATE FUNCTION settle(customer text, at int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE n int;
BEGIN
  n := at;
  IF n = 1 THEN RAISE EXCEPTION 'customer % cannot be settled, 100%% sure', customer; END IF;
  IF n = 2 THEN RAISE EXCEPTION E'it''s\t% and % of %', customer, 400, n USING HINT = 'Ask the ledger.', DETAIL = customer; END IF;
  IF n = 3 THEN RAISE EXCEPTION '%', customer; END IF;
  IF n = 4 THEN RAISE unique_violation; END IF;
  IF n = 5 THEN RAISE EXCEPTION USING MESSAGE = 'no more'; END IF;
  IF n = 6 THEN RAISE EXCEPTION USING MESSAGE = 'no ' || customer; END IF;
  IF n = 7 THEN ASSERT false, 'this must not be'; END IF;
  IF n = 8 THEN RAISE EXCEPTION 'one %', customer; END IF; IF n = 9 THEN RAISE EXCEPTION 'two %', customer; END IF;
  IF n = 10 THEN RAISE EXCEPTION '% twice', customer; END IF; IF n = 11 THEN RAISE EXCEPTION '% %', customer, 'twice'; END IF;
  BEGIN PERFORM settle(customer, 1);
  EXCEPTION WHEN OTHERS THEN IF n = 12 THEN RAISE EXCEPTION 'not settled: %', SQLERRM; END IF; RAISE; END;
  RETURN n; END $$;
CREATE SCHEMA "of (others"; CREATE TYPE "of (others"."a kind" AS (i int);
CREATE PROCEDURE "of (others"."se""ttle"(k "of (others"."a kind", VARIADIC t text[]) LANGUAGE plpgsql AS $$
DECLARE p public.person%ROWTYPE; BEGIN p.email := t[1];
  /* RAISE */ RAISE -- 'no'
    EXCEPTION 'person % is another', p.email; END $$;
CREATE FUNCTION settle(customer bigint) RETURNS void LANGUAGE plpgsql AS $$



BEGIN RAISE 'a % of another settle', customer; END $$;
CREATE FUNCTION put_together() RETURNS void LANGUAGE plpgsql AS $$ BEGIN
  EXECUTE 'SELECT 1 ' || (SELECT quote_literal(email) || email FROM person); END $$;
`

const failing: [what: string, sql: string, kept: string][] = [
  ['a key', `INSERT INTO person VALUES (2, ${literal})`, 'person_email_key'],
  ['a key of a number', 'INSERT INTO person VALUES (1, NULL)', 'Key (id)=(1) already exists'],
  ['a unique index', 'CREATE UNIQUE INDEX ON copies (email)', 'Key (email)='],
  ['a foreign key', `INSERT INTO visit VALUES (${literal} || 1)`, 'is not present in table "person"'],
  ['a referenced row', 'DELETE FROM person', 'is still referenced from table "visit"'],
  [
    'a foreign key that is added',
    `ALTER TABLE copies ADD FOREIGN KEY (email) REFERENCES span (name)`,
    'there is no unique constraint',
  ],
  ['NOT NULL', `INSERT INTO person VALUES (3, ${literal} || 2, NULL)`, 'null value in column "city"'],
  ['CHECK', `INSERT INTO person VALUES (3, 'x', ${literal})`, 'person_city_check'],
  ['EXCLUDE', `INSERT INTO span VALUES (${literal})`, 'conflicts with existing key'],
  ['no partition', `INSERT INTO part VALUES (${literal})`, 'no partition of relation "part"'],
  ['a domain', `SELECT ${literal}::short`, 'violates check constraint "short_check"'],
  ['an integer', 'SELECT email::int FROM person', 'invalid input syntax for type integer: "…"'],
  [
    'the type of a column',
    'ALTER TABLE copies ALTER email TYPE int USING email::int',
    'invalid input syntax for type integer',
  ],
  ['out of range', `SELECT '77777777777777'::int`, 'is out of range for type integer'],
  ['a uuid', 'SELECT email::uuid FROM person', 'for type uuid'],
  ['a date', 'SELECT email::date FROM person', 'for type date'],
  ['a date that is none', `SELECT '2026-77-77'::date`, 'date/time field value out of range'],
  ['to_date', `SELECT to_date('77-7777777', 'MM-YYYY')`, 'date/time field value out of range'],
  ['to_date of a word', `SELECT to_date(${literal}, 'YYYY')`, 'invalid value'],
  ['a time zone', `SELECT now() AT TIME ZONE ${literal}`, 'time zone'],
  ['an enum', 'SELECT email::mood FROM person', 'invalid input value for enum mood'],
  ['a truth value', 'SELECT email::bool FROM person', 'for type boolean'],
  ['JSON', 'SELECT email::json FROM person', 'invalid input syntax for type json'],
  ['an array', 'SELECT email::int[] FROM person', 'malformed array literal'],
  ['a row', 'SELECT email::person FROM person', 'malformed record literal'],
  ['a range', 'SELECT email::int4range FROM person', 'malformed range literal'],
  ['an address', 'SELECT email::inet FROM person', 'for type inet'],
  ['an interval', 'SELECT email::interval FROM person', 'for type interval'],
  ['a number', 'SELECT email::numeric FROM person', 'for type numeric'],
  ['bytes', `SELECT ('\\x' || email)::bytea FROM person`, 'hexadecimal'],
  ['a regular expression', `SELECT 'x' ~ ('(' || replace(email, ')', '')) FROM person`, ''],
  [
    'a setting',
    `SELECT set_config('lock_timeout', email, true) FROM person`,
    'invalid value for parameter "lock_timeout"',
  ],
  ['RAISE in a trigger', `INSERT INTO stopped VALUES (${literal})`, 'no … here (raised by stop(), line 2) …'],
  ...(
    [
      [1, 'customer … cannot be settled, 100% sure (raised by settle(text,integer), line 5)'],
      [2, "it's\t… and … of … (raised by settle(text,integer), line 6) …"],
      [3, 'its words may hold values'],
      [4, 'unique_violation (raised by settle(text,integer), line 8)'],
      [5, 'no more (raised by settle(text,integer), line 9)'],
      [6, 'its words may hold values'],
      [7, 'this must not be (raised by settle(text,integer), line 11)'],
      [8, 'one … (raised by'],
      [9, 'two … (raised by'],
      // Either format on the line explains them, and they would tell different things.
      [10, 'its words may hold values'],
      [11, 'its words may hold values'],
      [12, 'not settled: … (raised by settle(text,integer), line 15)'],
      [13, 'customer … cannot be settled, 100% sure (raised by settle(text,integer), line 5)'],
    ] as const
  ).map(([at, kept]): [string, string, string] => [
    `RAISE in a function, ${at}`,
    `SELECT settle(email, ${at}) FROM person`,
    kept,
  ]),
  [
    'RAISE in a procedure that our parser does not read',
    `CALL "of (others"."se""ttle"(ROW(1), ${literal})`,
    'person … is another (raised by "of (others"."se""ttle"',
  ],
  [
    'RAISE in a function of the same name',
    'SELECT settle(7::bigint)',
    'a … of another settle (raised by settle(bigint), line 5)',
  ],
  [
    'RAISE in a function that the same transaction has made',
    `CREATE FUNCTION fresh() RETURNS void LANGUAGE plpgsql AS $f$ BEGIN RAISE 'fresh %', (SELECT email FROM person); END $f$;
     SELECT fresh()`,
    'fresh … (raised by fresh(), line 1)',
  ],
  [
    'RAISE in a block that is put together',
    `DO $$ BEGIN EXECUTE format('DO %L', format('BEGIN RAISE %L; END', (SELECT email FROM person))); END $$`,
    'its words may hold values',
  ],
  ['RAISE with the code of a key', `SELECT say('23505')`, '--show-values shows them'],
  ['RAISE with the code of a name', `SELECT say('42P01')`, '--show-values shows them'],
  [
    'RAISE of the migration itself',
    `DO $$ BEGIN RAISE EXCEPTION 'the % and % of it''s rows', (SELECT email FROM person), 12; END $$`,
    "the … and 12 of it's rows",
  ],
  ['ASSERT', `DO $$ BEGIN ASSERT false, (SELECT email FROM person); END $$`, ''],
  ['SQL that a function puts together', 'SELECT put_together()', 'syntax error'],
]

let client: Client
beforeAll(async () => {
  const database = await createTestDatabase({ sql: setup })
  client = await openConnection(addressOf(database), { applicationName: 'guard test', runsUserSql: true })
  return () => client.end()
})

/** Pieces of the canary: a part of a value is a value too. */
const pieces = /cAnAry|y\) 7|7777/

async function errorOf(sql: string): Promise<Error & { detail?: string }> {
  await client.query('BEGIN')
  try {
    return await client.query(sql).then(
      () => {
        throw new Error('it did not fail')
      },
      (error) => error,
    )
  } finally {
    await client.query('ROLLBACK')
  }
}

describe.each(failing)('%s', (_, sql, kept) => {
  test('is not quoted, and the rest is', async () => {
    const error = await errorOf(sql)
    const all = inspect(error) + error.stack
    expect(all).not.toMatch(pieces)
    expect(`${error.message} ${error.detail ?? ''}`).toContain(kept)
  })
})

test('the server says them, and they are shown when they may be', async () => {
  const quoted: string[] = []
  for (const [what, sql] of failing) {
    const error = await withShownValues(true, () => errorOf(sql))
    if (pieces.test(inspect(error))) quoted.push(what)
  }
  const never = [
    'a key of a number',
    'a foreign key that is added',
    'a domain',
    'NOT NULL',
    'bytes',
    'a date that is none',
    'to_date of a word',
    'a regular expression',
    'RAISE in a function, 4',
    'RAISE in a function, 5',
    'RAISE in a function, 7',
    'RAISE in a function of the same name',
  ]
  expect(
    failing.map(([what]) => what).filter((what) => !quoted.includes(what) && !never.includes(what)),
  ).toEqual([])
})

test('names stay', async () => {
  for (const sql of ['SELECT nothing', 'SELECT * FROM "no such, table"', 'SELECT no_such()', 'SELECT 1 +'])
    expect(await errorOf(sql)).toEqual(await withShownValues(true, () => errorOf(sql)))
})

test.each([
  [
    `pg_restore: error: COPY failed for table "t": ERROR:  invalid input syntax for type integer: "${canary}"\nCONTEXT:  COPY t, line 1, column a: "${canary}"`,
    'pg_restore: error: COPY failed for table "t": ERROR:  invalid input syntax for type integer: "…"\nCONTEXT:  COPY t, line 1, column a: "…"',
  ],
  [
    `ERROR:  duplicate key value violates unique constraint "k"\nDETAIL:  Key (email)=(${canary}) already exists.`,
    'ERROR:  duplicate key value violates unique constraint "k"\nDETAIL:  Key (email)=(…) already exists.',
  ],
  [
    `ERROR:  new row for relation "t" violates check constraint "c"\nDETAIL:  Failing row contains (1, ${canary}, null).\nCONTEXT:  COPY t, line 7: "1	${canary}"`,
    'ERROR:  new row for relation "t" violates check constraint "c"\nDETAIL:  Failing row contains (…).\nCONTEXT:  COPY t, line 7: "…"',
  ],
  [
    `Database error code: P0001\n\nDatabase error:\nERROR: no ${canary} here\n\nPosition:`,
    'Database error code: P0001\n\nDatabase error:\nERROR: …\n\nPosition:',
  ],
  [
    `ERROR:  no ${canary} here\nCONTEXT:  PL/pgSQL function stop() line 2 at RAISE\n`,
    'ERROR:  …\nCONTEXT:  PL/pgSQL function stop() line 2 at RAISE\n',
  ],
  ['ERROR:  relation "t" does not exist', 'ERROR:  relation "t" does not exist'],
  [
    'ERROR:  cannot drop table a\nDETAIL:  view v depends on table a',
    'ERROR:  cannot drop table a\nDETAIL:  view v depends on table a',
  ],
])('text of another program, %#', (text, masked) => {
  expect(maskText(text)).toBe(masked)
})
