import { beforeAll, describe, expect, test } from '@jest/globals'
import type pg from 'pg'
import type { Reader } from '../../src/domain/reader.js'
import { predictionsOf } from '../../src/forecast/findings.js'
import { makeForecast } from '../../src/forecast/forecast.js'
import type { Twin } from '../../src/twin/twin.js'
import { filesOf } from '../support/forecast.js'
import { createTestDatabase } from '../support/test-database.js'
import { twinOf } from '../support/twin.js'

// What is not known is called so: without a twin nobody has asked the server whether it takes a statement.

let client: pg.Client

beforeAll(async () => {
  const sql = 'CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, 1), (2, NULL)'
  client = await (await createTestDatabase({ sql })).client()
})

async function forecastOf(pending: readonly string[], twin?: Twin) {
  const files = filesOf(pending)
  const reader: Reader = { query: (sql, values) => client.query(sql, values && [...values]) }
  await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY')
  try {
    await client.query('SET LOCAL search_path = pg_catalog, pg_temp')
    const forecast = await makeForecast(files, [reader], 'public', () => undefined, twin)
    const predictions = Object.values(
      predictionsOf(
        forecast,
        files.map(({ migration }) => migration),
      ),
    )
    return { ...forecast, predictions }
  } finally {
    await client.query('ROLLBACK')
  }
}

describe('without a schema twin', () => {
  test.each([
    'ALTER TABLE t ADD COLUMN b int',
    'ALTER TABLE t ADD COLUMN a int',
    'ALTER TABLE missing ADD COLUMN a int',
    'INSERT INTO t VALUES (3, 3)',
    'DROP INDEX missing',
    'GRANT SELECT ON t TO nobody_at_all',
  ])('nobody says whether the server takes %s', async (sql) => {
    const { failure, doubts, predictions } = await forecastOf([sql])
    expect({ failure, predictions }).toEqual({ failure: undefined, predictions: ['decided-by-rehearsal'] })
    expect(doubts.filter(({ code }) => code === 'no-schema-twin')).toMatchObject([
      { place: { index: 1, line: 1 }, reason: 'there is no schema twin' },
    ])
  })

  test('it is told once of each file', async () => {
    const sql = 'SET lock_timeout = 100; ALTER TABLE t ADD COLUMN b int; ALTER TABLE t ADD COLUMN c int'
    const { doubts } = await forecastOf([sql, 'ALTER TABLE t ADD COLUMN d int'])
    expect(doubts.map(({ code, place }) => [code, place.file, place.index])).toEqual([
      ['no-schema-twin', '1', 2],
      ['no-schema-twin', '2', 1],
    ])
  })

  test('the text alone decides what names nothing', async () => {
    const { doubts, predictions } = await forecastOf(['SET lock_timeout = 100', 'BEGIN; COMMIT'])
    expect({ doubts, predictions }).toEqual({ doubts: [], predictions: ['succeeds', 'succeeds'] })
  })

  test.each<[sql: string, code: string, sqlstate: string]>([
    ['BEGIN; CREATE INDEX CONCURRENTLY i ON t (a); COMMIT', 'cannot-run-in-transaction', '25001'],
    ['SET TRANSACTION READ ONLY; UPDATE t SET a = 1', 'read-only-transaction', '25006'],
    ['UPDATE t SET a = 1; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE', 'transaction-setting-late', '25001'],
    ['ALTER TABLE t ALTER a SET NOT NULL', 'not-null-violation', '23502'],
  ])('transactions and rows are known: %s', async (sql, code, sqlstate) => {
    const { failure, predictions } = await forecastOf([sql])
    expect(failure).toMatchObject({ code, sqlstate })
    expect(predictions).toEqual(['fails'])
  })

  test('what a block catches of refusals is not known either', async () => {
    const sql = `DO $$ BEGIN INSERT INTO missing VALUES (1); UPDATE t SET a = 1;
      EXCEPTION WHEN undefined_table THEN NULL; END $$; ALTER TABLE t ALTER a SET NOT NULL`
    const { failure, doubts } = await forecastOf([sql])
    expect(failure).toBeUndefined()
    expect(doubts.map(({ reason }) => reason).join()).toContain(
      'catches what the server refuses is not known',
    )
  })
})

test('where the twin is left on the way, it is said from which statement on', async () => {
  const twin = await twinOf(client)
  const { doubts, predictions } = await forecastOf(
    [
      'ALTER TABLE t ADD COLUMN b int',
      'SELECT pg_terminate_backend(pg_backend_pid()); ALTER TABLE t ADD COLUMN c int',
      'ALTER TABLE t ADD COLUMN d int',
    ],
    twin,
  )
  const from = doubts.filter(({ code }) => code === 'no-schema-twin')
  expect(from.map(({ place }) => [place.file, place.index])).toEqual([
    ['2', 1],
    ['3', 1],
  ])
  expect(from[0]?.reason).toMatch(/^the schema twin was left on the way: /)
  expect(predictions[0]).toBe('succeeds')
  expect(predictions.slice(1)).toEqual(['decided-by-rehearsal', 'decided-by-rehearsal'])
})

test('a block that catches errors follows what the server of the twin refuses of it', async () => {
  const sql = `DO $$ BEGIN INSERT INTO missing VALUES (1); UPDATE t SET a = 1;
    EXCEPTION WHEN undefined_table THEN UPDATE t SET a = NULL; END $$; ALTER TABLE t ALTER a SET NOT NULL`
  const { failure, doubts } = await forecastOf([sql], await twinOf(client))
  expect(doubts).toEqual([])
  expect(failure).toMatchObject({ code: 'not-null-violation', evidence: { count: 2 } })
})
