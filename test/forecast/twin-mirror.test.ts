import { beforeAll, expect, test } from '@jest/globals'
import type pg from 'pg'
import { parts } from '../../src/forecast/from-twin/catalog-parts.js'
import { Mirror } from '../../src/forecast/from-twin/mirror.js'
import type { CatalogModel } from '../../src/forecast/model.js'
import { loadParser } from '../../src/sql/parser.js'
import { Looks } from '../../src/twin/look.js'
import { Twin } from '../../src/twin/twin.js'
import { watchedCatalogs } from '../../src/twin/watch.js'
import { summaryOf } from '../support/forecast.js'
import { parse } from '../support/parse.js'
import { createTestDatabase } from '../support/test-database.js'

// After each statement only what it has changed is read. Whatever that leaves out, reading everything finds.

let client: pg.Client

beforeAll(loadParser)

const setup = `
  CREATE SCHEMA other;
  CREATE TYPE mood AS ENUM ('ok', 'sad');
  CREATE DOMAIN zip AS text CHECK (value <> '');
  CREATE TABLE parents (id serial PRIMARY KEY, code text UNIQUE, zip zip);
  CREATE TABLE children (id int PRIMARY KEY, parent int REFERENCES parents, mood mood DEFAULT 'ok', CHECK (id > 0));
  CREATE INDEX by_parent ON children (parent);
  CREATE TABLE events (id int, at int) PARTITION BY RANGE (at);
  CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (10);
  CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE TRIGGER note BEFORE INSERT ON children FOR EACH ROW EXECUTE FUNCTION noted();
  CREATE RULE quiet AS ON DELETE TO parents DO INSTEAD NOTHING;
  CREATE POLICY own ON children USING (id > 0);
  CREATE VIEW pairs AS SELECT p.code, c.id FROM parents p JOIN children c ON c.parent = p.id;
  CREATE SEQUENCE counted;`

const statements = [
  'ALTER TABLE children ADD COLUMN note text',
  'ALTER TABLE children RENAME COLUMN note TO remark',
  "ALTER TABLE children ALTER remark SET DEFAULT 'x'",
  "ALTER TABLE children ALTER remark SET DEFAULT 'y'",
  'ALTER TABLE children ALTER remark DROP DEFAULT',
  'ALTER TABLE children DROP COLUMN remark',
  'ALTER INDEX by_parent RENAME TO by_its_parent',
  'DROP INDEX by_its_parent',
  'CREATE INDEX again ON children (parent); DROP INDEX again',
  'DROP TRIGGER note ON children',
  'CREATE TRIGGER later AFTER INSERT ON children FOR EACH ROW EXECUTE FUNCTION noted()',
  'ALTER TABLE children DISABLE TRIGGER later',
  'DROP RULE quiet ON parents',
  'DROP POLICY own ON children',
  'CREATE POLICY theirs ON children USING (id > 1)',
  'ALTER TABLE children DROP CONSTRAINT children_id_check, ADD CONSTRAINT larger CHECK (id > 1)',
  'ALTER TABLE children DROP CONSTRAINT children_parent_fkey',
  'ALTER TABLE children ADD CONSTRAINT parent FOREIGN KEY (parent) REFERENCES parents NOT VALID',
  'ALTER TABLE children VALIDATE CONSTRAINT parent',
  'CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (10) TO (20)',
  'ALTER TABLE events DETACH PARTITION events_1',
  'DROP TABLE events_2',
  'CREATE TABLE base (n int); CREATE TABLE derived () INHERITS (base)',
  'ALTER TABLE derived NO INHERIT base',
  "ALTER TYPE mood RENAME VALUE 'sad' TO 'low'",
  'ALTER DOMAIN zip ADD CONSTRAINT short CHECK (length(value) < 9)',
  'ALTER DOMAIN zip DROP CONSTRAINT short',
  'CREATE TYPE place AS (x int, y int)',
  'ALTER TYPE place DROP ATTRIBUTE y',
  'DROP TYPE place',
  'ALTER SEQUENCE counted OWNED BY parents.id',
  'ALTER SEQUENCE counted OWNED BY NONE',
  'ALTER SEQUENCE counted RENAME TO numbered',
  'DROP SEQUENCE numbered',
  'CREATE OR REPLACE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$',
  "CREATE FUNCTION two() RETURNS int LANGUAGE sql AS 'SELECT 2'",
  'DROP FUNCTION two()',
  'ALTER TABLE base SET SCHEMA other',
  'DROP SCHEMA other CASCADE',
  'CREATE TEMP TABLE passing (n int)',
  `DO $$ BEGIN
     ALTER TABLE parents ADD COLUMN a int;
     BEGIN ALTER TABLE parents ADD COLUMN b int; RAISE EXCEPTION 'no'; EXCEPTION WHEN others THEN NULL; END;
     ALTER TABLE parents ADD COLUMN c int;
   END $$`,
  'ALTER TABLE parents ALTER zip TYPE varchar(9)',
  'DROP VIEW pairs',
  'ALTER TABLE parents ALTER code TYPE varchar(9)',
  'DROP TABLE parents CASCADE',
]

/** What is renamed and rolled back leaves as many rows as before. */
const ofFile = [
  'SAVEPOINT mine',
  'ALTER TABLE children RENAME mood TO feeling',
  'ROLLBACK TO mine',
  'ALTER TABLE children RENAME mood TO feeling',
  'SAVEPOINT later',
  'ALTER TABLE children RENAME feeling TO temper',
  'ROLLBACK TO later',
  ...statements.slice(0, 9),
  'ROLLBACK TO mine',
  ...statements.slice(9, 24),
]

/** A tree, wherever in its text it stood. */
const text = (tree: unknown) => JSON.stringify(tree)?.replace(/,?"location":\d+/g, '')

/** More of a catalog than the summary that forecasts are compared by. */
function linesOf(catalog: CatalogModel): string[] {
  const more = catalog.relations.flatMap(({ name, policies, rules, parents, children, bound, columns }) => [
    `${name} policies ${policies.map((one) => one.name).sort()} rules ${rules.map((one) => one.name).sort()}`,
    `${name} parents ${parents.map((one) => one.name).sort()} children ${children.map((one) => one.name).sort()} ${bound !== undefined}`,
    ...columns.map((column) => `${name}.${column.name} = ${text(column.default)}`),
  ])
  const functions = catalog.functions.map(({ schema, name, body }) => `function ${schema}.${name} ${body}`)
  const owners = catalog.sequences.map(({ name, ownedBy }) => `sequence ${name} of ${ownedBy?.name}`)
  const domains = catalog.types.map(
    ({ name, domainChecks = [] }) => `${name} ${domainChecks.map((one) => one.name).sort()}`,
  )
  return [
    ...summaryOf(catalog),
    ...more,
    ...functions,
    ...owners,
    ...domains,
    `schemas ${[...catalog.schemas].sort()}`,
  ].sort()
}

async function open(): Promise<{
  compare: (after: string, inTransaction: boolean) => Promise<void>
  mirror: Mirror
}> {
  client = await (await createTestDatabase({ sql: setup })).client()
  const looks = new Looks(client)
  const mirror = new Mirror('public', true)
  const read = async (one: Mirror, inTransaction: boolean) =>
    linesOf(await looks.look((reader) => one.read(reader), inTransaction))
  return {
    mirror,
    compare: async (after, inTransaction) => {
      const lines = await read(mirror, inTransaction)
      expect({ after, lines }).toEqual({
        after,
        lines: await read(new Mirror('public', true), inTransaction),
      })
    },
  }
}

test('after each statement by itself', async () => {
  const { compare } = await open()
  await compare('nothing', false)
  for (const sql of statements) {
    await client.query(sql)
    await compare(sql, false)
  }
}, 120_000)

test('in a transaction, with savepoints that are rolled back, and after the transaction is', async () => {
  const { compare, mirror } = await open()
  await compare('nothing', false)
  for (const end of ['ROLLBACK', 'COMMIT']) {
    await client.query('BEGIN')
    for (const sql of ofFile) {
      const isOurs = !/SAVEPOINT|ROLLBACK/.test(sql)
      if (isOurs) await client.query('SAVEPOINT guard_statement')
      await client.query(sql)
      if (isOurs) await client.query('RELEASE guard_statement')
      await compare(sql, true)
    }
    await client.query(end)
    await compare(end, false)
    mirror.settle()
  }
}, 120_000)

test('also where the statements forget what the session has prepared', async () => {
  const { compare } = await open()
  await compare('nothing', false)
  for (const sql of [
    'DISCARD ALL',
    'ALTER TABLE children ADD COLUMN a int',
    'DEALLOCATE ALL',
    'DROP INDEX by_parent',
  ]) {
    await client.query(sql)
    await compare(sql, false)
  }
})

/** What ran on a twin is read only in the parts of the catalog that it has written to. */
async function openTwin() {
  const { mirror } = await open()
  const twin = new Twin(client, true)
  const read = async (one: Mirror) => linesOf(await twin.look((reader) => one.read(reader)))
  await read(mirror)
  return {
    twin,
    mirror,
    run: async (sql: string) => {
      for (const statement of parse(sql)) await twin.run(statement)
      expect(twin.lost).toBeUndefined()
      const lines = await read(mirror)
      expect({ sql, lines }).toEqual({ sql, lines: await read(new Mirror('public', true)) })
    },
  }
}

/** Refused, judged and undone, or able to throw our plans away. */
const unkept = [
  'ALTER TABLE children ADD COLUMN parent int',
  "INSERT INTO parents (code) VALUES ('x')",
  'DISCARD ALL',
  'ALTER TABLE children ADD COLUMN late int',
  `DO $$ BEGIN DEALLOCATE ALL; ALTER TABLE children ADD COLUMN later int; END $$`,
  'ALTER TABLE children DROP COLUMN late, DROP COLUMN later',
  'DO $$ BEGIN ALTER TABLE children ADD COLUMN not_kept int; RAISE division_by_zero; END $$',
  'SET track_counts = off',
  'ALTER TABLE children ADD COLUMN uncounted int',
  'ALTER TABLE children DROP COLUMN uncounted',
  'RESET track_counts',
]

test('through the twin, each statement by itself', async () => {
  const { run, twin } = await openTwin()
  await twin.beginFile()
  for (const sql of [...unkept, ...statements]) await run(sql)
}, 120_000)

test('through the twin, in a file that runs in one transaction', async () => {
  const { run, twin, mirror } = await openTwin()
  await twin.beginFile('BEGIN')
  for (const sql of [...unkept.filter((one) => one !== 'DISCARD ALL'), ...ofFile]) await run(sql)
  const mark = await twin.mark()
  await run('ALTER TABLE parents ADD COLUMN marked int')
  await mark.undo()
  await run('COMMENT ON TABLE parents IS NULL')
  await twin.endFile({ keepsSession: false })
  mirror.settle()
  await twin.beginFile('BEGIN')
  await run('ALTER TABLE parents ADD COLUMN last int')
  await run('ROLLBACK')
}, 120_000)

test('every part of the catalog that is read is counted', () => {
  const read = new Set(Object.values(parts).flatMap(({ catalogs }) => catalogs))
  expect([...read].filter((one) => !(watchedCatalogs as readonly string[]).includes(one))).toEqual([])
  expect(read.size).toBeGreaterThan(10)
})
