import { expect, test } from '@jest/globals'
import { readServerStart } from '../../src/postgres/server-start.js'
import { readTransactionStatus } from '../../src/postgres/sessions.js'
import { connectTo } from '../support/address.js'
import { tryFault } from '../support/faults/try-fault.js'
import { restartServer, useOwnServer } from '../support/own-server.js'
import { createTestDatabase } from '../support/test-database.js'
import { until } from '../support/waiting.js'

// The log comes to the disk late, so that a crash makes the server forget a transaction and give its id again.
const server = useOwnServer({ synchronous_commit: 'on', wal_writer_delay: '10s' })

test('after a crash the id of a transaction may be that of another one, and the start of the server is another', async () => {
  const database = await createTestDatabase({ sql: 'CREATE TABLE t (i int)' })
  const first = await connectTo(database)
  const start = await readServerStart(first)
  expect(await readServerStart(first)).toBe(start)
  await first.query('BEGIN; INSERT INTO t VALUES (1)')
  const { rows } = await first.query('SELECT pg_current_xact_id()::text AS id')
  await restartServer(server(), 'immediate')

  const second = await connectTo(database)
  expect(await readTransactionStatus(second, rows[0].id)).toBe('forgotten')
  for (let status = ''; status !== 'committed'; ) {
    await second.query('INSERT INTO t VALUES (2)')
    status = await readTransactionStatus(second, rows[0].id)
  }
  expect(await database.query('SELECT FROM t WHERE i = 1')).toEqual([])
  expect(await readServerStart(second)).not.toBe(start)
  await second.end()
})

test('the start of the server is another one also when only one of its processes has crashed', async () => {
  const database = await createTestDatabase()
  const client = await connectTo(database)
  client.on('error', () => undefined)
  const start = await readServerStart(client)
  const { rows } = await client.query('SELECT pg_backend_pid() AS pid, pg_postmaster_start_time() AS started')
  process.kill(rows[0].pid, 'SIGKILL')
  await until(async () => (await database.query('SELECT 1').catch(() => [])).length === 1)
  const other = await connectTo(database)
  const [{ started }] = (await other.query('SELECT pg_postmaster_start_time() AS started')).rows
  expect(started).toEqual(rows[0].started)
  expect(await readServerStart(other)).not.toBe(start)
  await other.end()
})

test('a deploy whose transaction the server has forgotten is proven unchanged', async () => {
  const wrong = await tryFault({
    at: 'deploy before engine.statement 2',
    act: () => restartServer(server(), 'immediate'),
    expects: ({ exitCode, stderr }) => (exitCode === 20 ? [] : [`it ended with ${exitCode}: ${stderr}`]),
  })
  expect(wrong).toEqual([])
})
