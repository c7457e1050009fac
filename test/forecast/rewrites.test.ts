import { beforeAll, describe, expect, test } from '@jest/globals'
import type pg from 'pg'
import type { CatalogObject } from '../../src/domain/catalog-object.js'
import { readLiveCatalog } from '../../src/forecast/live-catalog.js'
import { heldLockFindings, type LockedStatement, lockFindings } from '../../src/forecast/locks/findings.js'
import type { SafeRewrite } from '../../src/forecast/rewrites/safe-rewrite.js'
import { safeRewriteOf } from '../../src/forecast/rewrites/safe-rewrite-of.js'
import { walkOver } from '../../src/forecast/walk-over.js'
import { readCatalog } from '../../src/postgres/catalog.js'
import { otherOptions } from '../../src/postgres/catalog-fingerprint/option-names.js'
import { executionModelOf } from '../../src/sql/execution-model.js'
import { connectTo } from '../support/address.js'
import { asGuard } from '../support/as-guard.js'
import { filesOf } from '../support/forecast.js'
import { isLong } from '../support/long.js'
import { parse } from '../support/parse.js'
import { createTestDatabase, type TestDatabase } from '../support/test-database.js'
import { twinOf } from '../support/twin.js'
import { fixture, statements } from './corpus/rewrites.js'

// Every proposal is deployed, migration by migration as the engine would, on a database with rows, and what comes of it
// is compared with what comes of the statement itself: columns, defaults, constraints and whether they are valid,
// indexes, triggers, sequences, types, and every value. And no proposal may make anybody wait: its own statements are
// asked for findings, with no size too small.

let original: TestDatabase
beforeAll(async () => {
  original = await createTestDatabase({ sql: fixture })
})

/** Columns whose values are random, or counted in another order: of them only how many there are and differ is compared. */
const random = ['token', 'number']

async function contents(database: TestDatabase) {
  const tables = await database.query(`
    SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'm') AND n.nspname !~ '^pg_|information' ORDER BY 1`)
  const found: Record<string, unknown> = {}
  for (const { name } of tables) {
    const [row] = await database.query(
      `
      SELECT count(*), md5(string_agg((to_jsonb(t) - $1::text[])::text, '|' ORDER BY (to_jsonb(t) - $1::text[])::text)) AS values,
             ${random.map((column) => `count(DISTINCT to_jsonb(t) ->> '${column}') AS ${column}`).join(', ')} FROM ${name} t`,
      [random],
    )
    found[name] = row
  }
  return found
}

/** A safe rewrite puts a new column beside the old one, so it ends up behind the others. */
async function objects(database: TestDatabase): Promise<readonly CatalogObject[]> {
  const client = await connectTo(database)
  try {
    return (await readCatalog(client)).objects.map(
      ({ properties: { position, [otherOptions]: _, ...properties }, ...object }) => ({
        ...object,
        properties,
      }),
    )
  } finally {
    await client.end()
  }
}

const nothingTooSmall = { rewriteBytes: 0, buildBytes: 0, scanBytes: 0, rows: 0 }
const thresholds = {
  quietBelow: nothingTooSmall,
  blockFrom: { rewriteBytes: 1e18, buildBytes: 1e18, scanBytes: 1e18, rows: 1e18 },
}

/** What each statement of a file locks, by a twin of the database as it is now. */
async function lock(client: pg.Client, sql: string): Promise<LockedStatement[]> {
  const twin = await twinOf(client)
  return asGuard(client, async () => {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY')
    const { locks } = await walkOver(filesOf([sql]), client, 'public', { asksRows: false, twin })
    await client.query('ROLLBACK')
    expect(twin.lost).toBeUndefined()
    return locks.statements
  })
}

/** Deploys one migration; gives who would have to wait for it. */
async function deploy(client: pg.Client, sql: string): Promise<string[]> {
  const statements = parse(sql)
  const isOne = executionModelOf(statements).mode === 'all-or-nothing'
  const locked = await lock(client, sql)
  if (isOne) await client.query('BEGIN')
  for (const statement of statements) await client.query(statement.sql)
  if (isOne) await client.query('COMMIT')
  const findings = [
    ...locked.flatMap((one) => lockFindings(one, () => undefined, thresholds)),
    ...(isOne ? heldLockFindings(locked, thresholds) : []),
  ]
  return findings.map(({ code, message }) => `${code}: ${message}`)
}

async function proposalFor(sql: string, client: pg.Client): Promise<SafeRewrite | undefined> {
  const locked = (await lock(client, sql)).at(-1)
  if (!locked) return undefined
  return safeRewriteOf(locked, await asGuard(client, () => readLiveCatalog(client, 'public')))
}

// Each takes two databases of its own; `npm run test:long` tries all of them.
const tried = statements.filter((_, i) => isLong || i % 4 === 0)

describe('leads to the same end and makes nobody wait', () => {
  test.each(tried)('%s', async (sql) => {
    const [plain, careful] = await Promise.all([
      createTestDatabase({ template: original.name }),
      createTestDatabase({ template: original.name }),
    ])
    // What a refresh brings to light.
    if (sql.startsWith('REFRESH'))
      for (const one of [plain, careful]) await one.query('DELETE FROM visits WHERE customer > 60')
    await plain.query(sql)
    const client = await careful.client()
    const { files } = (await proposalFor(sql, client)) as SafeRewrite
    const waiting: string[] = []
    for (const file of files) waiting.push(...(await deploy(client, file.sql)))
    expect(waiting).toEqual([])
    expect(await objects(careful)).toEqual(await objects(plain))
    expect(await contents(careful)).toEqual(await contents(plain))
    await plain.drop()
    await careful.drop()
  })
})

// Prisma re-creates an enum in five statements; the third of them casts the column.
test('a label that is added needs no new enum', async () => {
  const cast = `ALTER TABLE customers ALTER COLUMN state TYPE state_more USING (state::text::state_more)`
  const [plain, careful] = await Promise.all([
    createTestDatabase({ template: original.name }),
    createTestDatabase({ template: original.name }),
  ])
  await plain.query(`
    ALTER TABLE customers ALTER COLUMN state DROP DEFAULT;
    ${cast};
    ALTER TYPE state RENAME TO state_old; ALTER TYPE state_more RENAME TO state; DROP TYPE state_old;
    ALTER TABLE customers ALTER COLUMN state SET DEFAULT 'open'`)
  const client = await careful.client()
  const { files } = (await proposalFor(
    `ALTER TABLE customers ALTER COLUMN state DROP DEFAULT; ${cast}`,
    client,
  )) as SafeRewrite
  expect(files.map(({ name, sql }) => ({ name, sql }))).toEqual([
    {
      name: 'extend_state',
      sql: `ALTER TYPE "state" ADD VALUE 'draft' BEFORE 'open';\nALTER TYPE "state" ADD VALUE 'void';`,
    },
  ])
  for (const { sql } of files) expect(await deploy(client, sql)).toEqual([])
  await careful.query('DROP TYPE state_more')
  expect(await objects(careful)).toEqual(await objects(plain))
  expect(await contents(careful)).toEqual(await contents(plain))
})

describe('nothing is proposed', () => {
  test.each([
    // Quick as it is.
    'ALTER TABLE customers ADD COLUMN x int DEFAULT 1 NOT NULL',
    'ALTER TABLE customers ALTER COLUMN name TYPE text',
    'ALTER TABLE customers ADD CHECK (age > 0) NOT VALID',
    'CREATE INDEX CONCURRENTLY x ON customers (age)',
    'DROP INDEX CONCURRENTLY customers_name_idx',
    'REINDEX INDEX CONCURRENTLY customers_name_idx',
    'REFRESH MATERIALIZED VIEW CONCURRENTLY totals',
    'INSERT INTO keyless VALUES (1)',
    // No key to go by.
    'UPDATE keyless SET n = n + 1',
    'ALTER TABLE keyless ADD COLUMN token uuid DEFAULT gen_random_uuid()',
    'REFRESH MATERIALIZED VIEW sums',
    // Not the sum of its parts.
    'UPDATE customers SET age = (SELECT max(age) FROM customers)',
    'UPDATE customers SET id = id + 1',
    'DELETE FROM visits RETURNING *',
    // More depends on it than can be moved, or the table must be written anew.
    'ALTER TABLE customers ALTER COLUMN id TYPE bigint',
    'ALTER TABLE visits ALTER COLUMN day TYPE timestamptz',
    'ALTER TABLE customers ADD COLUMN x int GENERATED ALWAYS AS (age * 2) STORED',
    'ALTER TABLE customers ADD COLUMN x positive',
    'ALTER TABLE events ADD UNIQUE (at, id)',
    'ALTER TABLE customers ADD EXCLUDE USING btree (id WITH =)',
    'ALTER TABLE customers SET UNLOGGED',
    // Fails in a way that the proposal would hide.
    'DROP INDEX nothing',
    'ALTER TABLE nothing ALTER COLUMN x SET NOT NULL',
  ])('%s', async (sql) => {
    expect(await proposalFor(sql, await original.client())).toBeUndefined()
  })
})
