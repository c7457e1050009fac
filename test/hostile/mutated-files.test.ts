import { readFileSync, writeFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import type pg from 'pg'
import type { MigrationFolder } from '../../src/domain/migration.js'
import type { Reader } from '../../src/domain/reader.js'
import { makeForecast } from '../../src/forecast/forecast.js'
import { locksWithoutServer } from '../../src/forecast/offline-locks.js'
import { makeStaticForecast } from '../../src/forecast/static-forecast.js'
import { ownSearchPath } from '../../src/sql/search-path.js'
import { planFiles } from '../../src/steps/plan-files.js'
import { mutateSql } from '../support/hostile/mutated-sql.js'
import { randomOf } from '../support/hostile/random.js'
import { hostileRow, hostileTimeoutMs, triesAll } from '../support/hostile.js'
import { createTestDatabase, type TestDatabase } from '../support/test-database.js'

// Migration files as somebody writes them who made mistakes, or wants to see the guard fall.

jest.setTimeout(hostileTimeoutMs)

/** Of the CPU; what only waits is given up later, because others work on the machine too. */
const hangMs = 10_000
const mostMemoryBytes = 1_000_000_000
const tries = triesAll ? 20_000 : 200
/** Where what the forecast could not follow is written down, each kind once. */
const log = process.env.MIGRATE_GUARD_HOSTILE_DOUBTS
const row = hostileRow(
  import.meta.url,
  'A mutated migration file is planned, or refused in words: no crash, no hang over 10 s, under 1 GB',
)

let database: TestDatabase
let client: pg.Client

beforeAll(async () => {
  database = await createTestDatabase()
  const setup = readFileSync(new URL('../fixtures/hostile/setup.sql', import.meta.url), 'utf8')
  await database.query(setup)
  client = await database.client()
  await client.query(`SET search_path = ${ownSearchPath}; SET statement_timeout = '8s'; SET jit = off`)
})
afterAll(() => database?.drop())

test(`${tries} mutated files: each is planned, and what cannot be followed is said`, async () => {
  const wrong: string[] = []
  const ownErrors = new Map<string, string>()
  const before = process.memoryUsage().rss
  for (let seed = 1; seed <= tries && wrong.length < 20; seed += 1) {
    const sql = mutateSql(randomOf(seed))
    const started = process.cpuUsage()
    const over = new AbortController()
    const problem = await Promise.race([
      look(sql, ownErrors),
      setTimeout(hangMs * 12, 'no answer', { signal: over.signal }).catch(() => undefined),
    ]).finally(() => over.abort())
    const used = process.cpuUsage(started)
    const tookMs = (used.user + used.system) / 1_000
    if (problem !== undefined) wrong.push(`seed ${seed}: ${problem}\n${sql.slice(0, 500)}`)
    else if (tookMs > hangMs) wrong.push(`seed ${seed}: ${Math.round(tookMs)} ms\n${sql.slice(0, 500)}`)
  }
  const grownBytes = process.memoryUsage().rss - before
  if (log) writeFileSync(log, [...ownErrors.values(), ...wrong].join('\n\n'))
  expect(wrong).toEqual([])
  expect(grownBytes).toBeLessThan(mostMemoryBytes)
  row.held(tries)
})

/** Each of them has ended a run once. */
const known: readonly (readonly [string, string])[] = [
  [
    'a default of a column of a partition',
    "CREATE TABLE e (k text) PARTITION BY LIST (k); CREATE TABLE f PARTITION OF e (k DEFAULT 'a') DEFAULT;",
  ],
  ['a key in a typed table', 'CREATE TABLE t OF pair (a WITH OPTIONS PRIMARY KEY);'],
  [
    'two default partitions',
    'CREATE TABLE e (k int) PARTITION BY LIST (k); CREATE TABLE f PARTITION OF e DEFAULT; CREATE TABLE g PARTITION OF e DEFAULT;',
  ],
  ['3,000 operators', `UPDATE orders SET note = 'x' WHERE id = ${'1 + '.repeat(3_000)}1;`],
  ['3,000 columns that are joined', `UPDATE orders SET total = ${'total + '.repeat(3_000)}total;`],
  [
    'a text for EXECUTE that is no SQL',
    "DO $$ BEGIN EXECUTE format('users', 'ALTER TABLE %I ADD COLUMN x int'); END $$;",
  ],
]

test.each(known)('%s: planned, and what cannot be followed is said', async (_, sql) => {
  expect(await look(sql, new Map())).toBeUndefined()
  row.held()
})

/** Does with one file what plan and check do; gives what is wrong. */
async function look(sql: string, ownErrors: Map<string, string>): Promise<string | undefined> {
  const folder: MigrationFolder = {
    name: '20260101000000_x',
    file: 'prisma/migrations/20260101000000_x/migration.sql',
    directory: '/nowhere',
    checksum: 'ab'.repeat(32),
    bytes: Buffer.from(sql),
  }
  try {
    await planFiles([folder], 'split')
    const { pending, statements } = await planFiles([folder], 'hosted')
    const files = pending.map(({ name, file, execution }, at) => ({
      migration: name,
      file,
      statements: statements[at] ?? [],
      execution,
    }))
    if (files.every((file) => file.statements.length === 0)) return undefined
    await locksWithoutServer(files, () => true)
    await inSnapshot((reader) => makeStaticForecast(files, reader, 'public'))
    const { doubts } = await inSnapshot((reader) => makeForecast(files, [reader], 'public', () => undefined))
    for (const { ownError } of doubts)
      if (ownError && !ownErrors.has(ownError.message))
        ownErrors.set(ownError.message, `${ownError.stack}\n${sql.slice(0, 500)}`)
    return undefined
  } catch (error) {
    return (error as Error).stack
  }
}

async function inSnapshot<T>(work: (reader: Reader) => Promise<T>): Promise<T> {
  await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY')
  try {
    return await work({ query: (text, values) => client.query(text, values && [...values]) })
  } finally {
    await client.query('ROLLBACK')
  }
}
