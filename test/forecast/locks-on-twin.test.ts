import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from '@jest/globals'
import type pg from 'pg'
import { claimsOf } from '../../src/forecast/from-twin/lock-claims.js'
import { Mirror } from '../../src/forecast/from-twin/mirror.js'
import { pairWithTwin } from '../../src/forecast/from-twin/pair.js'
import { readLiveCatalog } from '../../src/forecast/live-catalog.js'
import { lockFindings } from '../../src/forecast/locks/findings.js'
import type { CatalogModel } from '../../src/forecast/model.js'
import type { ParsedStatement } from '../../src/sql/parser.js'
import { isSeenWhole, wayToRun } from '../../src/twin/statement-kinds.js'
import type { Ran, Twin } from '../../src/twin/twin.js'
import { asGuard } from '../support/as-guard.js'
import { differencesOf, LockWatch } from '../support/lock-watch.js'
import { parse } from '../support/parse.js'
import { createTestDatabase } from '../support/test-database.js'
import { twinOf } from '../support/twin.js'
import { afterOthers, statements } from './corpus/locks.js'

// What a statement locks, rewrites, reads and builds on a twin without rows, held against what it does to a database with
// rows.

const fixture = readFileSync(
  fileURLToPath(new URL('../fixtures/forecast/locks.sql', import.meta.url)),
  'utf8',
)

interface Pair {
  readonly client: pg.Client
  readonly watch: LockWatch
  readonly catalog: CatalogModel
  readonly twin: Twin
}

/** A database, and a twin whose objects are known to be those of the database. */
async function pairOf(setup: string): Promise<Pair> {
  const client = await (await createTestDatabase({ sql: setup })).client()
  const catalog = await asGuard(client, () => readLiveCatalog(client, 'public'))
  const twin = await twinOf(client)
  const mirror = new Mirror('public')
  const read = await twin.look((reader) => mirror.read(reader))
  expect(pairWithTwin(catalog, read).difference).toBeUndefined()
  return { client, watch: await LockWatch.over(client), catalog, twin }
}

/** Runs a statement on the twin and takes it back. */
async function runOn(twin: Twin, statement: ParsedStatement): Promise<Ran> {
  const mark = await twin.mark()
  const ran = await twin.run(statement)
  await mark.undo()
  return ran
}

async function differencesOnTwin(sql: string, { watch, catalog, twin }: Pair): Promise<string[]> {
  const [statement] = parse(sql) as [ParsedStatement]
  const ran = await runOn(twin, statement)
  expect({ lost: twin.lost, ...ran }).toMatchObject({ lost: undefined, locks: expect.anything() })
  return differencesOf(
    claimsOf(statement, catalog, { ran }),
    await watch.inTransaction(sql),
    catalog.serverVersion,
  )
}

let pair: Pair
beforeAll(async () => {
  pair = await pairOf(fixture)
  const [refresh] = parse('REFRESH MATERIALIZED VIEW order_totals') as [ParsedStatement]
  expect((await pair.twin.run(refresh)).isProven).toBe(true)
})

/** Definitions and code: of statements that write rows the twin shows no locks. */
const seen = Object.values(statements)
  .flat()
  .filter((sql) => {
    const [statement] = parse(sql) as [ParsedStatement]
    return ['kept', 'code'].includes(wayToRun(statement)) && isSeenWhole(statement, true)
  })

describe('one statement', () => {
  test.each(seen.filter((_, i) => i % 3 === 0))('%s', async (sql) => {
    expect(await differencesOnTwin(sql, pair)).toEqual([])
  })
})

/** What is made before it is not in the fixture. */
const definitionsAfter = afterOthers.filter(
  ([, sql]) => wayToRun(parse(sql)[0] as ParsedStatement) === 'kept',
)

describe('after others', () => {
  test.each(definitionsAfter)('%s → %s', async (before, sql) => {
    expect(await differencesOnTwin(sql, await pairOf(`${fixture};${before}`))).toEqual([])
  })
})

describe('code', () => {
  test.each([
    'DO $$ BEGIN ALTER TABLE plain ALTER COLUMN n TYPE numeric; END $$',
    'DO $$ BEGIN ALTER TABLE customers ALTER COLUMN name SET NOT NULL; END $$',
    'DO $$ BEGIN CREATE INDEX ON orders (total); TRUNCATE plain; END $$',
    'DO $$ BEGIN REFRESH MATERIALIZED VIEW order_totals; END $$',
    "DO $$ BEGIN EXECUTE format('ALTER TABLE %I ADD COLUMN more int', 'plain'); END $$",
    'DO $$ BEGIN ALTER TABLE members ADD FOREIGN KEY (document_id) REFERENCES documents; END $$',
    'DO $$ BEGIN DROP TABLE orders CASCADE; EXCEPTION WHEN others THEN NULL; END $$',
    'DO $$ BEGIN PERFORM FROM customers c JOIN orders o ON o.customer_id = c.id; END $$',
    'DO $$ BEGIN UPDATE customers SET age = 3; END $$',
  ])('%s', async (sql) => {
    expect(await differencesOnTwin(sql, pair)).toEqual([])
  })
})

describe('what makes others wait in code', () => {
  const everything = { rewriteBytes: 1, buildBytes: 1, scanBytes: 1, rows: 1 }
  const thresholds = { quietBelow: everything, blockFrom: everything }
  test.each([
    ['ALTER TABLE plain ALTER COLUMN n TYPE numeric', ['table-rewrite plain']],
    ['CREATE INDEX ON orders (total)', ['index-blocks-writes orders']],
    [
      'ALTER TABLE members ADD FOREIGN KEY (document_id) REFERENCES documents',
      ['foreign-key-locks-parent members'],
    ],
    ['ALTER TABLE plain ALTER COLUMN n SET NOT NULL', ['table-scan-under-lock plain']],
    ['ALTER TABLE plain ALTER COLUMN m SET NOT NULL', []],
    ['REFRESH MATERIALIZED VIEW order_totals', ['table-rewrite order_totals']],
  ])('%s', async (sql, findings) => {
    const [statement] = parse(`DO $$ BEGIN ${sql}; END $$`) as [ParsedStatement]
    const claims = claimsOf(statement, pair.catalog, { ran: await runOn(pair.twin, statement) })
    const place = { migration: 'm', file: 'm', index: 1, line: 1 }
    const found = lockFindings({ statement, place, claims }, () => undefined, thresholds)
    expect(found.map(({ code, object }) => `${code} ${object}`)).toEqual(findings)
  })
})

describe('one after the other', () => {
  const setup = `CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 1);
    CREATE TABLE c (t int); INSERT INTO c VALUES (1)`

  /** `MODE name work` of each statement; `not seen` where the twin shows no locks. */
  async function claimsOfEach(statements: readonly string[], begin?: string): Promise<string[][]> {
    const { catalog, twin } = await pairOf(setup)
    await twin.beginFile(begin)
    const all: string[][] = []
    for (const sql of statements) {
      const [statement] = parse(sql) as [ParsedStatement]
      const ran = await twin.run(statement)
      expect(ran.isProven).toBe(true)
      const claims = claimsOf(statement, catalog, { ran })
      const tables = claims.filter(({ target }) => target.kind === 'relation')
      all.push(ran.locks ? tables.map(({ object, mode, work }) => `${mode} ${object} ${work}`) : ['not seen'])
    }
    await twin.endFile({ keepsSession: false })
    expect(twin.lost).toBeUndefined()
    return all
  }

  test('a lock that its transaction holds already is told in the mode that the statement needs', async () => {
    const found = await claimsOfEach(
      [
        'ALTER TABLE t ADD COLUMN a int',
        'CREATE INDEX ON t (n)',
        'ALTER TABLE t ADD CHECK (n > 0)',
        'ALTER TABLE c ADD FOREIGN KEY (t) REFERENCES t NOT VALID',
        'ALTER TABLE c VALIDATE CONSTRAINT c_t_fkey',
        'COMMENT ON COLUMN t.n IS $$x$$',
      ],
      'BEGIN',
    )
    expect(found).toEqual([
      ['ACCESS EXCLUSIVE t metadata'],
      ['SHARE t build'],
      ['ACCESS EXCLUSIVE t scan'],
      ['SHARE ROW EXCLUSIVE c metadata', 'SHARE ROW EXCLUSIVE t metadata'],
      ['SHARE UPDATE EXCLUSIVE c scan', 'ROW SHARE t read'],
      ['SHARE UPDATE EXCLUSIVE t metadata'],
    ])
  })

  test('each in a transaction of its own, also beside one that may run in none', async () => {
    const found = await claimsOfEach([
      'ALTER TABLE t ADD COLUMN a int',
      'CREATE INDEX CONCURRENTLY ON t (n)',
      'ALTER TABLE t ALTER COLUMN n TYPE bigint',
      'ALTER TABLE t ADD CHECK (n > 0)',
      'DO $$ BEGIN PERFORM FROM t; END $$',
      'ALTER TABLE t SET (fillfactor = 70)',
    ])
    expect(found).toEqual([
      ['ACCESS EXCLUSIVE t metadata'],
      ['not seen'],
      ['ACCESS EXCLUSIVE t rewrite'],
      ['ACCESS EXCLUSIVE t scan'],
      ['ACCESS SHARE t read'],
      ['SHARE UPDATE EXCLUSIVE t metadata'],
    ])
  })

  test('what was undone is not taken for what is there', async () => {
    const found = await claimsOfEach(
      [
        'SAVEPOINT s',
        'ALTER TABLE t ALTER COLUMN n TYPE bigint',
        'ROLLBACK TO s',
        'DO $$ BEGIN ALTER TABLE t ADD COLUMN a int; END $$',
      ],
      'BEGIN',
    )
    expect(found).toEqual([
      ['not seen'],
      ['ACCESS EXCLUSIVE t rewrite'],
      ['not seen'],
      ['ACCESS EXCLUSIVE t metadata'],
    ])
  })
})
