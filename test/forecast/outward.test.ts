import { expect, test } from '@jest/globals'
import { makeForecast } from '../../src/forecast/forecast.js'
import { executionModelOf } from '../../src/sql/execution-model.js'
import { parse } from '../support/parse.js'
import { createTestDatabase } from '../support/test-database.js'

/** Foretells in a transaction that is committed, as no other would send what it has notified. */
async function foretell(sql: string) {
  const database = await createTestDatabase({
    sql: `CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 1), (2, 2);
      CREATE FUNCTION tell(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_notify('told', n::text); RETURN n; END $$;`,
  })
  const listener = await database.client()
  const heard: (string | undefined)[] = []
  listener.on('notification', ({ payload }) => heard.push(payload))
  await listener.query('LISTEN told')
  const client = await database.client()
  await client.query('SET search_path = pg_catalog, pg_temp; SET jit = off')
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY')
  const statements = parse(sql)
  const file = { migration: 'm', file: 'm', statements, execution: executionModelOf(statements) }
  const { failure, doubts } = await makeForecast([file], [client], 'public')
  const { rows } = await client.query(
    "SELECT count(*)::int AS locks FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()",
  )
  await client.query('COMMIT')
  await listener.query('SELECT 1')
  return { failure, doubts: doubts.map(({ reason }) => reason), heard, locks: rows[0].locks }
}

test('what only tells or waits is passed over, and not done', async () => {
  const said = await foretell(
    "SELECT pg_notify('told', 'x'); SELECT pg_advisory_xact_lock(7); SELECT pg_sleep(600 * n) FROM t; UPDATE t SET n = 3 WHERE pg_notify('told', id::text) IS NULL;",
  )
  expect(said).toEqual({ failure: undefined, doubts: [], heard: [], locks: 0 })
})

test.each([
  'UPDATE t SET n = tell(n)',
  'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()',
  'DO $$ BEGIN PERFORM pg_terminate_backend(pid) FROM pg_stat_activity; END $$',
  'INSERT INTO t SELECT 10 + tell(n), n FROM t',
])('what acts outside is never called to see what it gives: %s', async (sql) => {
  const { failure, doubts, heard } = await foretell(sql)
  expect(heard).toEqual([])
  expect(failure).toBeUndefined()
  expect(doubts.length).toBeGreaterThan(0)
})
