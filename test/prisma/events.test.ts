import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { parseEvents } from '../../src/prisma/engine-events.js'
import { deployOnce, makeFolder } from '../support/engine-host.js'
import { createTestDatabase } from '../support/test-database.js'

test('every event in its order, and what the server says of the transactions', async () => {
  const database = await createTestDatabase()
  const before = Date.now()
  const { events } = await deployOnce(database.url, {
    '20260101000000_good':
      'CREATE TABLE a (id int);\n\nINSERT INTO a VALUES (1), (2);\nUPDATE a SET id = 4711 WHERE id = 1;',
    '20260102000000_by_statement': 'CREATE INDEX CONCURRENTLY i ON a (id);',
    '20260103000000_bad': "CREATE TABLE b (id int);\nINSERT INTO a VALUES ('secret');",
  })
  const id = expect.stringMatching(/^\d+$/)
  const durationMs = expect.any(Number)
  const good = { migration: '20260101000000_good', at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) }
  const byStatement = { ...good, migration: '20260102000000_by_statement' }
  const bad = { ...good, migration: '20260103000000_bad' }
  expect(events).toEqual([
    { ...good, type: 'history-row', rowId: expect.stringMatching(/^[\da-f-]{36}$/) },
    { ...good, type: 'migration-started', statements: 3, mode: 'all-or-nothing' },
    { ...good, type: 'transaction-started', transactionId: id, serverStart: expect.any(String), attempt: 1 },
    { ...good, type: 'statement-started', statement: 1, line: 1, summary: 'CREATE TABLE a' },
    { ...good, type: 'statement-finished', statement: 1, rows: null, durationMs },
    { ...good, type: 'statement-started', statement: 2, line: 3, summary: 'INSERT INTO a VALUES' },
    { ...good, type: 'statement-finished', statement: 2, rows: 2, durationMs },
    { ...good, type: 'statement-started', statement: 3, line: 4, summary: 'UPDATE a SET id' },
    { ...good, type: 'statement-finished', statement: 3, rows: 1, durationMs },
    { ...good, type: 'migration-finished', durationMs, commitMs: durationMs },
    { ...byStatement, type: 'history-row', rowId: expect.stringMatching(/^[\da-f-]{36}$/) },
    { ...byStatement, type: 'migration-started', statements: 1, mode: 'statement-by-statement' },
    {
      ...byStatement,
      type: 'statement-started',
      statement: 1,
      line: 1,
      summary: 'CREATE INDEX CONCURRENTLY i ON a',
      cannotGiveWay: 'CREATE INDEX CONCURRENTLY does not run in one transaction',
    },
    { ...byStatement, type: 'statement-finished', statement: 1, rows: null, durationMs },
    { ...byStatement, type: 'migration-finished', durationMs },
    { ...bad, type: 'history-row', rowId: expect.stringMatching(/^[\da-f-]{36}$/) },
    { ...bad, type: 'migration-started', statements: 2, mode: 'all-or-nothing' },
    { ...bad, type: 'transaction-started', transactionId: id, serverStart: expect.any(String), attempt: 1 },
    { ...bad, type: 'statement-started', statement: 1, line: 1, summary: 'CREATE TABLE b' },
    { ...bad, type: 'statement-finished', statement: 1, rows: null, durationMs },
    { ...bad, type: 'statement-started', statement: 2, line: 2, summary: 'INSERT INTO a VALUES' },
    {
      ...bad,
      type: 'statement-failed',
      statement: 2,
      line: 2,
      sqlstate: '22P02',
      message: 'invalid input syntax for type integer: "…"',
    },
    { ...bad, type: 'transaction-rolled-back' },
  ])
  const times = events.map(({ at }) => Date.parse(at))
  expect(times).toEqual([...times].sort((a, b) => a - b))
  expect(times[0]).toBeGreaterThanOrEqual(before)

  const [committed, aborted] = events.flatMap((event) =>
    event.type === 'transaction-started' ? [event.transactionId] : [],
  )
  expect(
    await database.query('SELECT pg_xact_status($1::xid8) AS good, pg_xact_status($2::xid8) AS bad', [
      committed,
      aborted,
    ]),
  ).toEqual([{ good: 'committed', bad: 'aborted' }])
})

test('each attempt tells its own transaction', async () => {
  const database = await createTestDatabase()
  await deployOnce(database.url, { a: 'CREATE TABLE t (id int)' })
  const other = await database.client()
  await other.query('BEGIN; LOCK TABLE t')
  const { events } = await deployOnce(database.url, { b: 'DROP TABLE t' }, { lockTimeoutMs: 20, retries: 1 })
  const ids = events.flatMap((event) => (event.type === 'transaction-started' ? [event.transactionId] : []))
  expect(new Set(ids).size).toBe(2)
  expect(
    await database.query('SELECT pg_xact_status(id::xid8) AS status FROM unnest($1::text[]) AS id', [ids]),
  ).toEqual([{ status: 'aborted' }, { status: 'aborted' }])
})

test('the file is private, goes on where it ended, and a last line that is not whole is left', async () => {
  const database = await createTestDatabase()
  const eventsFile = join(await makeFolder(), 'events.ndjson')
  await deployOnce(database.url, { a: 'SELECT 1' }, { eventsFile })
  await deployOnce(database.url, { a: 'SELECT 1', b: 'SELECT 2' }, { eventsFile })
  expect((await stat(eventsFile)).mode & 0o777).toBe(0o600)
  const text = await readFile(eventsFile, 'utf8')
  const { events, rest } = parseEvents(text)
  expect(rest).toBe('')
  expect(
    events.filter(({ type }) => type === 'migration-finished').map(({ migration }) => migration),
  ).toEqual(['a', 'b'])
  const cut = parseEvents(text.slice(0, -5))
  expect(cut.events).toHaveLength(events.length - 1)
  expect(cut.rest).toMatch(/^\{"at":/)
})
