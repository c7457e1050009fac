import { randomBytes } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { countRows } from '../../src/postgres/row-counts.js'
import { takeSnapshot } from '../../src/postgres/snapshot.js'
import { addressOf, connectTo } from '../support/address.js'
import { createTestDatabase } from '../support/test-database.js'
import { until } from '../support/waiting.js'

const session = { applicationName: 'guard test snapshot' }
const countSessions =
  "SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'guard test snapshot' AND datname = current_database()"

test('does not see what other sessions commit afterwards, on any of its connections', async () => {
  const database = await createTestDatabase({ sql: 'CREATE TABLE t AS SELECT generate_series(1, 5) i' })
  const snapshot = await takeSnapshot(addressOf(database), session)
  await database.query('INSERT INTO t VALUES (6); CREATE TABLE later (i int)')
  const other = await snapshot.open()
  for (const client of [snapshot.client, other]) {
    expect((await client.query('SELECT count(*)::int AS n FROM public.t')).rows).toEqual([{ n: 5 }])
    expect(
      (
        await client.query(
          "SELECT to_regclass('later') IS NULL AS gone FROM pg_class WHERE relname = 'later'",
        )
      ).rows,
    ).toEqual([])
    await expect(client.query('DELETE FROM public.t')).rejects.toThrow('read-only transaction')
    await client.query('ROLLBACK')
  }
  expect(snapshot.lsn).toMatch(/^[0-9A-F]+\/[0-9A-F]+$/)
  await snapshot.release()
})

test('leaves no session behind when it is released', async () => {
  const database = await createTestDatabase()
  const snapshot = await takeSnapshot(addressOf(database), session)
  await snapshot.open()
  expect(await database.query(countSessions)).toEqual([{ n: 2 }])
  await snapshot.release()
  await snapshot.release()
  await until(async () => (await database.query(countSessions))[0].n === 0)
})

test("survives the role's idle time-outs", async () => {
  const database = await createTestDatabase()
  const role = `impatient_${randomBytes(4).toString('hex')}`
  await database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'x'; ALTER ROLE ${role} SET idle_in_transaction_session_timeout = '200ms';
    ALTER ROLE ${role} SET statement_timeout = '300ms'`)
  const url = Object.assign(new URL(database.url), { username: role, password: 'x' }).href
  const snapshot = await takeSnapshot(addressOf({ url }), {
    ...session,
    parameters: { statement_timeout: '0' },
  })
  await new Promise((resolve) => setTimeout(resolve, 700))
  expect((await snapshot.client.query('SELECT pg_sleep(0.5)')).rows).toHaveLength(1)
  await snapshot.release()
  await database.query(`DROP ROLE ${role}`)
})

test('says so when its holder is lost', async () => {
  const database = await createTestDatabase()
  const snapshot = await takeSnapshot(addressOf(database), session)
  await database.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'guard test snapshot'",
  )
  await expect(snapshot.open()).rejects.toThrow(/invalid snapshot identifier|does not exist/)
  await expect(countRows(snapshot.client)).rejects.toThrow()
  await snapshot.release()
})

test('fails in one sentence when there is no connection left', async () => {
  const database = await createTestDatabase()
  await database.query(
    `ALTER DATABASE "${database.name}" CONNECTION LIMIT 0; ALTER DATABASE "${database.name}" ALLOW_CONNECTIONS true`,
  )
  const role = `limited_${randomBytes(4).toString('hex')}`
  await database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'x'`)
  const url = Object.assign(new URL(database.url), { username: role, password: 'x' }).href
  await expect(takeSnapshot(addressOf({ url }), session)).rejects.toMatchObject({
    code: 'too-many-connections',
  })
  await database.query(`DROP ROLE ${role}`)
  await (await connectTo(database)).end()
})
