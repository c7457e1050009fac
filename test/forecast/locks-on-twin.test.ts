import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { claimsOf } from '../../src/forecast/from-twin/lock-claims.js'
import { lockFindings } from '../../src/forecast/locks/findings.js'
import type { ParsedStatement } from '../../src/sql/parser.js'
import { isSeenWhole } from '../../src/twin/statement-kinds.js'
import { differencesOf } from '../support/lock-watch.js'
import { parse } from '../support/parse.js'
import { claimsOnTwin, type Pair, pairOf } from '../support/twin-pair.js'
import { afterOthers } from './corpus/locks.js'

// What a statement locks, rewrites, reads and builds on a twin without rows, held against what it does to a database with
// rows: behind others, in code, and one after the other. The single statements are in locks.test.ts.

const fixture = readFileSync(
  fileURLToPath(new URL('../fixtures/forecast/locks.sql', import.meta.url)),
  'utf8',
)

async function differencesOnTwin(sql: string, pair: Pair): Promise<string[]> {
  const claims = await claimsOnTwin(sql, pair)
  return differencesOf(claims, await pair.watch.inTransaction(sql), pair.catalog.serverVersion)
}

let pair: Pair
beforeAll(async () => {
  pair = await pairOf(fixture)
  const [refresh] = parse('REFRESH MATERIALIZED VIEW order_totals') as [ParsedStatement]
  expect((await pair.twin.run(refresh)).isProven).toBe(true)
})

/** What is made before it is not in the fixture. */
const seenAfter = afterOthers.filter(([, sql]) => isSeenWhole(parse(sql)[0] as ParsedStatement, true))

describe('after others', () => {
  test.each(seenAfter)('%s → %s', async (before, sql) => {
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
    const block = `DO $$ BEGIN ${sql}; END $$`
    const [statement] = parse(block) as [ParsedStatement]
    const claims = await claimsOnTwin(block, pair)
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
      const claims = claimsOf(statement, catalog, { ran }) ?? []
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
