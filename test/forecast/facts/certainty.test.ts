import { beforeAll, describe, expect, test } from '@jest/globals'
import type pg from 'pg'
import type { Reader } from '../../../src/domain/reader.js'
import { findType } from '../../../src/forecast/lookup.js'
import type { CatalogModel } from '../../../src/forecast/model.js'
import { parse } from '../../support/parse.js'
import { readerOf, type TrialOptions, tryStatement } from '../../support/static-facts.js'
import { createTestDatabase } from '../../support/test-database.js'
import { onlyLooksLikeIt, usesOfAddedValue } from '../corpus/added-values.js'

let client: pg.Client

beforeAll(async () => {
  client = await (await createTestDatabase()).client()
})

describe('after something that cannot be read', () => {
  const change = (catalog: CatalogModel) => {
    catalog.opaque = 'the DO block on line 12'
  }

  test.each([
    ['', 'SELECT * FROM t', '42P01'],
    ['CREATE TABLE t (a int)', 'CREATE TABLE t (a int)', '42P07'],
    ['CREATE TABLE t (a int)', 'ALTER TABLE t ALTER a TYPE boolean', '42804'],
    ['CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t', 'DROP TABLE t', '2BP01'],
  ])('%s → %s is foretold, but not for certain', async (before, statement, sqlstate) => {
    const { foretold, happened } = await tryStatement(client, before, statement, { change })
    expect(happened).toBe(sqlstate)
    expect(foretold).toMatchObject({ sqlstate, isCertain: false })
  })

  test('what the transaction forbids stays certain', async () => {
    const { foretold, happened } = await tryStatement(
      client,
      'CREATE TABLE t (a int)',
      'CREATE INDEX CONCURRENTLY i ON t (a)',
      { change },
    )
    expect(happened).toBe('25001')
    expect(foretold).toMatchObject({ code: 'cannot-run-in-transaction', isCertain: true })
  })
})

test('outside a transaction nothing is said of what only runs there', async () => {
  const { foretold } = await tryStatement(
    client,
    'CREATE TABLE t (a int)',
    'CREATE INDEX CONCURRENTLY i ON t (a)',
    {
      inTransaction: false,
    },
  )
  expect(foretold).toBeUndefined()
})

describe('what earlier statements may have made', () => {
  const table = 'CREATE TABLE t (a int)'

  test.each<[string, string, string, string]>([
    ['CREATE ROLE app_reader', table, 'GRANT SELECT ON t TO app_reader', '42704'],
    ['CREATE ROLE app_owner', table, 'ALTER TABLE t OWNER TO app_owner', '42704'],
    ['CREATE PUBLICATION feed', table, 'ALTER PUBLICATION feed ADD TABLE t', '42704'],
    ['CREATE CAST (int AS boolean) WITH INOUT', table, 'ALTER TABLE t ALTER a SET DEFAULT true', '42804'],
    ['CREATE AGGREGATE total (int) (SFUNC = int4pl, STYPE = int)', table, 'SELECT total(a) FROM t', '42883'],
    [
      'CREATE OPERATOR = (LEFTARG = int, RIGHTARG = text, FUNCTION = eq)',
      table,
      "SELECT a = 'x'::text FROM t",
      '42883',
    ],
  ])('after %s nothing is said of %s; %s', async (made, before, statement, sqlstate) => {
    const without = await tryStatement(client, before, statement)
    expect(without.happened).toBe(sqlstate)
    expect(without.foretold).toMatchObject({ sqlstate, isCertain: true })
    const { foretold } = await tryStatement(client, before, statement, { earlier: parse(made) })
    expect(foretold).toBeUndefined()
  })

  test('an extension of the migrations brings along what nobody can list', async () => {
    const change = ({ extensions }: CatalogModel) => void extensions.add('citext')
    const sql = 'CREATE TABLE t (a citext DEFAULT citext_new())'
    expect((await tryStatement(client, '', sql)).foretold).toMatchObject({ sqlstate: '42704' })
    expect((await tryStatement(client, '', sql, { change })).foretold).toBeUndefined()
  })

  test('a GRANT may have given the role what it lacks today', async () => {
    const before = `${table}; CREATE ROLE r; SET LOCAL ROLE r`
    const earlier = parse('GRANT INSERT ON t TO r')
    const { foretold } = await tryStatement(client, before, 'INSERT INTO t VALUES (1)', { earlier })
    expect(foretold).toMatchObject({ sqlstate: '42501', isCertain: false })
  })
})

describe('a policy', () => {
  const before = 'CREATE TABLE t (a int); CREATE POLICY p ON t'

  test('may have been made by an earlier statement, or dropped', async () => {
    const made = await tryStatement(client, 'CREATE TABLE t (a int)', 'DROP POLICY p ON t', {
      earlier: parse('CREATE POLICY p ON t'),
    })
    expect(made.foretold).toBeUndefined()
    const dropped = await tryStatement(client, before, 'CREATE POLICY p ON t', {
      earlier: parse('DROP POLICY p ON t'),
    })
    expect(dropped.foretold).toBeUndefined()
  })
})

describe('in a block', () => {
  const before = 'CREATE TABLE t (a int)'

  test.each(['UPDATE t SET a = total WHERE a = row_of.id', 'INSERT INTO t VALUES (total)'])(
    '%s may name variables',
    async (statement) => {
      const { foretold } = await tryStatement(client, before, statement, { inBlock: true })
      expect(foretold).toBeUndefined()
    },
  )

  test('but what it writes to is a column', async () => {
    const { foretold } = await tryStatement(client, before, 'UPDATE t SET b = 1', { inBlock: true })
    expect(foretold).toMatchObject({ sqlstate: '42703' })
  })
})

describe('a function that the migrations make', () => {
  test('may be immutable', async () => {
    const before = `CREATE TABLE t (a text);
      CREATE FUNCTION slug(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1; END'`
    const change = ({ functions }: CatalogModel) => {
      for (const one of functions) Object.assign(one, { isLive: false, volatility: 'volatile' })
    }
    const trial = await tryStatement(client, before, 'CREATE INDEX ON t (slug(a))', { change })
    expect(trial).toEqual({ foretold: undefined, happened: undefined })
  })

  test('may share its name with one that was dropped', async () => {
    const before = `CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
      CREATE FUNCTION f(text) RETURNS int LANGUAGE sql AS 'SELECT 1'`
    const change = (catalog: CatalogModel) => {
      catalog.functions = []
    }
    const trial = await tryStatement(client, before, "SELECT f('x'::text)", { change })
    expect(trial).toEqual({ foretold: undefined, happened: undefined })
  })
})

describe('a column of a type that nobody can compute with yet', () => {
  test('is of no type', async () => {
    const before = 'CREATE TABLE t (a text, b int)'
    const change = ({ relations }: CatalogModel) => {
      for (const column of relations[0]?.columns ?? []) column.opaque = 'its type is still to come'
    }
    const { foretold } = await tryStatement(client, before, 'SELECT a = b FROM t', { change })
    expect(foretold).toBeUndefined()
  })
})

describe('a value that the running transaction adds to an enum', () => {
  const before =
    "CREATE TABLE t (s status, a text); CREATE VIEW v AS SELECT s FROM t; ALTER TYPE status ADD VALUE 'paid'"
  const change: TrialOptions['change'] = (catalog) => {
    findType(catalog, { name: 'status' })?.addedNow.add('paid')
  }

  beforeAll(async () => {
    await client.query("CREATE TYPE status AS ENUM ('open')")
  })

  test.each(usesOfAddedValue)('%s', async (statement) => {
    const { foretold, happened } = await tryStatement(client, before, statement, { change })
    expect(happened).toBe('55P04')
    expect(foretold).toMatchObject({ sqlstate: '55P04', code: 'enum-value-not-usable', isCertain: true })
  })

  test.each(onlyLooksLikeIt)('%s only looks like it', async (statement) => {
    expect(await tryStatement(client, before, statement, { change })).toEqual({
      foretold: undefined,
      happened: undefined,
    })
  })
})

describe('a view that the migrations make', () => {
  const tables = 'CREATE TABLE t (a int, b int); CREATE TABLE u (a int, c int)'
  const ofOne = `${tables}; CREATE VIEW v AS SELECT a FROM t`
  const ofTwo = `${tables}; CREATE VIEW v AS SELECT t.a FROM t JOIN u ON t.b = u.c`
  let today: Reader

  /** No server has said which columns it depends on. */
  const change = ({ relations }: CatalogModel) => {
    const view = relations.find(({ name }) => name === 'v')
    Object.assign(view ?? {}, { oid: undefined, live: undefined, definition: undefined })
  }

  beforeAll(async () => {
    today = readerOf(await (await createTestDatabase()).client())
  })

  test.each([
    [ofOne, 'ALTER TABLE t DROP COLUMN a', '2BP01', true],
    [ofOne, 'ALTER TABLE t ALTER a TYPE text', '0A000', true],
    [ofTwo, 'ALTER TABLE t DROP COLUMN a', '2BP01', false],
    [ofTwo, 'ALTER TABLE t ALTER a TYPE text', '0A000', false],
    [ofTwo, 'DROP TABLE u', '2BP01', true],
  ])('%s → %s', async (before, statement, sqlstate, isCertain) => {
    const { foretold, happened } = await tryStatement(client, before, statement, { change, reader: today })
    expect(happened).toBe(sqlstate)
    expect(foretold).toMatchObject({ sqlstate, code: 'dependent-object', isCertain })
  })

  test.each([
    [ofOne, 'ALTER TABLE t DROP COLUMN b'],
    [ofOne, 'ALTER TABLE u ALTER a TYPE text'],
  ])('%s → %s is not in its way', async (before, statement) => {
    const trial = await tryStatement(client, before, statement, { change, reader: today })
    expect(trial).toEqual({ foretold: undefined, happened: undefined })
  })
})
