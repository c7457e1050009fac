import { beforeAll, describe, expect, test } from '@jest/globals'
import type pg from 'pg'
import { foretellAndRun } from '../../support/foretell.js'
import { tryStatement } from '../../support/static-facts.js'
import { createTestDatabase } from '../../support/test-database.js'

// What stands beside a refusal and is none: the server does it, and nothing is said.

let client: pg.Client

beforeAll(async () => {
  client = await (await createTestDatabase()).client()
})

const parted =
  'CREATE TABLE p(id int, at int) PARTITION BY RANGE (at); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)'
const f = "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'"
const published = 'CREATE TABLE t(a int PRIMARY KEY, b int, c int); CREATE PUBLICATION pub FOR TABLE t (a, b)'
const veto = (on: string) =>
  `CREATE TABLE t(a int, b int); CREATE FUNCTION et() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'no'; END$$; CREATE EVENT TRIGGER e ON ${on} EXECUTE FUNCTION et()`
const notifying = `CREATE TABLE t(a int); CREATE FUNCTION et() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE 'x'; NOTIFY reload; END$$; CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION et()`

const passing: [before: string, statement: string][] = [
  [parted, 'CREATE UNIQUE INDEX i ON p (id, at)'],
  [parted, 'CREATE UNIQUE INDEX i ON p1 (id)'],
  [parted, 'CREATE INDEX i ON p (id)'],
  [parted, 'ALTER TABLE p ADD PRIMARY KEY (at, id)'],
  [parted, 'ALTER TABLE p1 ADD PRIMARY KEY (id)'],
  [parted, 'ALTER TABLE p DETACH PARTITION p1'],
  [parted, 'ALTER TABLE p ALTER id TYPE bigint'],
  [parted, 'ALTER TABLE p DROP COLUMN id'],
  [parted, 'ALTER TABLE p RENAME at TO day'],
  [
    `${parted}; CREATE TABLE r(id int PRIMARY KEY)`,
    'ALTER TABLE p1 ADD FOREIGN KEY (id) REFERENCES r NOT VALID',
  ],
  [f, "CREATE OR REPLACE FUNCTION f(a int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 2; END'"],
  [f, "CREATE OR REPLACE FUNCTION f(a int DEFAULT 5) RETURNS int LANGUAGE sql AS 'SELECT 2'"],
  [f, "CREATE OR REPLACE FUNCTION f(a text) RETURNS text LANGUAGE sql AS 'SELECT a'"],
  [
    "CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE OR REPLACE FUNCTION f(named int) RETURNS integer LANGUAGE sql AS 'SELECT 2'",
  ],
  [
    "CREATE FUNCTION f(a int, OUT b int) LANGUAGE sql AS 'SELECT 1'",
    "CREATE OR REPLACE FUNCTION f(a int, OUT c int) LANGUAGE sql AS 'SELECT 1'",
  ],
  [
    "CREATE FUNCTION f(a varchar(5)) RETURNS varchar LANGUAGE sql AS $$SELECT 'x'::varchar$$",
    "CREATE OR REPLACE FUNCTION f(a varchar) RETURNS character varying(9) LANGUAGE sql AS $$SELECT 'x'::varchar$$",
  ],
  [
    'CREATE TABLE t(a int); CREATE FUNCTION f() RETURNS SETOF t LANGUAGE sql AS $$SELECT * FROM t$$',
    'CREATE OR REPLACE FUNCTION f() RETURNS SETOF t LANGUAGE sql AS $$SELECT * FROM t LIMIT 1$$',
  ],
  [published, 'ALTER TABLE t ALTER c TYPE bigint'],
  [published, 'ALTER TABLE t DROP COLUMN c'],
  ['CREATE EXTENSION citext; CREATE TABLE t(a text)', 'DROP EXTENSION citext'],
  ['CREATE EXTENSION citext; CREATE TABLE t(a citext)', 'DROP EXTENSION citext CASCADE'],
  ['CREATE EXTENSION pgcrypto; CREATE TABLE t(a uuid DEFAULT gen_random_uuid())', 'DROP EXTENSION pgcrypto'],
  ['CREATE EXTENSION cube; CREATE EXTENSION earthdistance', 'DROP EXTENSION earthdistance'],
  ['CREATE EXTENSION cube; CREATE EXTENSION earthdistance', 'DROP EXTENSION cube, earthdistance'],
  [veto('sql_drop'), 'CREATE TABLE u(a int)'],
  [veto('sql_drop'), 'UPDATE t SET a = 1'],
  [veto("sql_drop WHEN TAG IN ('DROP TABLE')"), 'ALTER TABLE t DROP COLUMN b'],
  [`${veto('sql_drop')}; ALTER EVENT TRIGGER e DISABLE`, 'DROP TABLE t'],
  [veto('ddl_command_start'), 'DROP EVENT TRIGGER e'],
  [notifying, 'CREATE TABLE u(a int)'],
]

test.each(passing)('%s → %s', async (before, statement) => {
  expect(await tryStatement(client, before, statement)).toEqual({ foretold: undefined, happened: undefined })
})

describe('by what the statements before have made or taken away', () => {
  test.each<[sqlstate: string, setup: string, migration: string]>([
    ['42P13', '', `${f}; CREATE OR REPLACE FUNCTION f(b int) RETURNS int LANGUAGE sql AS 'SELECT 2'`],
    [
      'passes',
      f,
      `DROP FUNCTION f(int); CREATE OR REPLACE FUNCTION f(b int) RETURNS int LANGUAGE sql AS 'SELECT 2'`,
    ],
    [
      'P0001',
      veto('sql_drop').replace(/CREATE EVENT.*/, ''),
      `${veto('sql_drop').replace(/.*(?=CREATE EVENT)/, '')}; DROP TABLE t`,
    ],
    ['passes', veto('sql_drop'), 'DROP EVENT TRIGGER e; DROP TABLE t'],
    ['2BP01', 'CREATE EXTENSION cube', 'CREATE EXTENSION earthdistance; DROP EXTENSION cube'],
    [
      'passes',
      'CREATE EXTENSION pg_trgm; CREATE TABLE t(a text); CREATE INDEX i ON t USING gin (a gin_trgm_ops)',
      'DROP INDEX i; DROP EXTENSION pg_trgm',
    ],
    [
      'passes',
      'CREATE EXTENSION pgcrypto; CREATE TABLE t(b bytea DEFAULT gen_random_bytes(8))',
      'ALTER TABLE t ALTER b DROP DEFAULT; DROP EXTENSION pgcrypto',
    ],
  ])('%s: %s → %s', async (sqlstate, setup, migration) => {
    const outcome = await foretellAndRun(await (await createTestDatabase()).client(), setup, migration)
    expect(outcome).toMatchObject({ foretold: sqlstate, real: sqlstate, doubts: [] })
  })
})

describe('is left to the rehearsal', () => {
  test.each<[before: string, statement: string]>([
    [veto('table_rewrite'), 'ALTER TABLE t ALTER a TYPE text'],
    [
      veto('sql_drop').replace(
        "RAISE EXCEPTION 'no'",
        "IF now() > '2020-01-01' THEN RAISE EXCEPTION 'no'; END IF",
      ),
      'DROP TABLE t',
    ],
  ])('%s → %s', async (before, statement) => {
    const { foretold } = await tryStatement(client, before, statement)
    expect(foretold).toMatchObject({ isCertain: false })
  })
})

describe('outside a transaction', () => {
  const withDefault = `${parted}; CREATE TABLE d PARTITION OF p DEFAULT; CREATE INDEX i ON p (id)`

  test.each<[sqlstate: string | undefined, statement: string]>([
    ['0A000', 'CREATE INDEX CONCURRENTLY j ON p (id)'],
    [undefined, 'CREATE INDEX CONCURRENTLY j ON p1 (id)'],
    ['55000', 'ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY'],
    ['0A000', 'DROP INDEX CONCURRENTLY i'],
  ])('%s: %s', async (sqlstate, statement) => {
    const { foretold } = await tryStatement(client, withDefault, statement, { inTransaction: false })
    expect(foretold?.sqlstate).toBe(sqlstate)
    const own = await (await createTestDatabase({ sql: withDefault })).client()
    const happened = await own.query(statement).then(
      () => undefined,
      (error: { code?: string }) => error.code,
    )
    expect(happened).toBe(sqlstate)
  })
})
