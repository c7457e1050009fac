import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { deployOnce } from '../support/engine-host.js'
import { createTestDatabase, type TestDatabase } from '../support/test-database.js'

async function databaseWith(sql: string): Promise<TestDatabase> {
  const database = await createTestDatabase()
  await deployOnce(database.url, { a: sql })
  return database
}

function history(database: TestDatabase) {
  return database.query(
    `SELECT migration_name AS name, finished_at IS NOT NULL AS finished, logs
       FROM _prisma_migrations WHERE migration_name <> 'a' ORDER BY started_at`,
  )
}

/** Waits until the condition holds on the server. */
async function until(database: TestDatabase, condition: string, timeoutMs = 20_000): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!(await database.query(`SELECT (${condition}) AS holds`))[0].holds) {
    if (Date.now() > deadline) throw new Error(`it never came to ${condition}`)
    await sleep(25)
  }
}

test('a file that meets a lock rolls back, tries again and leaves one finished row', async () => {
  const database = await databaseWith('CREATE TABLE t (id int)')
  const other = await database.client()
  await other.query('BEGIN; LOCK TABLE t IN ACCESS SHARE MODE')
  const deploying = deployOnce(
    database.url,
    { m: 'CREATE TABLE before_it (id int);\nALTER TABLE t ADD COLUMN note text;' },
    { lockTimeoutMs: 100, retries: 5 },
  )
  await until(database, "EXISTS (SELECT FROM pg_locks WHERE relation = 't'::regclass AND NOT granted)")
  await until(database, "NOT EXISTS (SELECT FROM pg_locks WHERE relation = 't'::regclass AND NOT granted)")
  // Between two attempts nothing of the file is there, and nobody waits behind it.
  expect(await database.query("SELECT to_regclass('before_it')")).toEqual([{ to_regclass: null }])
  await other.query('COMMIT')

  const { error, events } = await deploying
  expect(error).toBeUndefined()
  expect(await history(database)).toEqual([{ name: 'm', finished: true, logs: null }])
  expect(await database.query('SELECT note FROM t, before_it')).toEqual([])
  const retries = events.filter((event) => event.type === 'retry')
  expect(retries.length).toBeGreaterThan(0)
  expect(retries[0]).toMatchObject({ attempt: 1, sqlstate: '55P03' })
  const attempts = events.filter((event) => event.type === 'transaction-started')
  expect(attempts.map(({ attempt }) => attempt)).toEqual(
    retries.map((_, i) => i + 1).concat(retries.length + 1),
  )
})

test('when the retries are used up the migration has failed and nothing of it is there', async () => {
  const database = await databaseWith('CREATE TABLE t (id int)')
  const other = await database.client()
  await other.query('BEGIN; LOCK TABLE t IN ACCESS SHARE MODE')
  const { error, events } = await deployOnce(
    database.url,
    { m: 'CREATE TABLE before_it (id int);\nALTER TABLE t ADD COLUMN note text;' },
    { lockTimeoutMs: 50, retries: 1 },
  )
  await other.query('COMMIT')
  expect(error).toContain('Database error code: 55P03')
  expect(await history(database)).toMatchObject([{ name: 'm', finished: false }])
  expect(await database.query("SELECT to_regclass('before_it')")).toEqual([{ to_regclass: null }])
  expect(events.filter(({ type }) => type === 'transaction-started')).toHaveLength(2)
  expect(events.filter(({ type }) => type === 'transaction-rolled-back')).toHaveLength(2)
  expect(events.filter(({ type }) => type === 'retry')).toHaveLength(1)
})

test('a deadlock is tried again', async () => {
  const database = await databaseWith('CREATE TABLE t (id int); CREATE TABLE u (id int);')
  const other = await database.client()
  // The other session finds out too late: the victim is the migration.
  await other.query("SET deadlock_timeout = '60s'; BEGIN; LOCK TABLE u")
  const deploying = deployOnce(
    database.url,
    {
      m: "SET LOCAL deadlock_timeout = '100ms';\nLOCK TABLE t;\nLOCK TABLE u;\nALTER TABLE t ADD COLUMN note text;",
    },
    { retries: 3 },
  )
  await until(database, "EXISTS (SELECT FROM pg_locks WHERE relation = 't'::regclass AND granted)")
  const waiting = other.query('LOCK TABLE t')
  await waiting
  await other.query('COMMIT')

  const { error, events } = await deploying
  expect(error).toBeUndefined()
  expect(await history(database)).toEqual([{ name: 'm', finished: true, logs: null }])
  expect(events.filter((event) => event.type === 'retry')).toMatchObject([{ attempt: 1, sqlstate: '40P01' }])
})

test('a file that runs statement by statement is not tried again', async () => {
  const database = await databaseWith('CREATE TABLE t (id int)')
  const other = await database.client()
  await other.query('BEGIN; LOCK TABLE t IN ACCESS SHARE MODE')
  const { error, events } = await deployOnce(
    database.url,
    {
      m: 'CREATE TABLE u (id int);\nCREATE INDEX CONCURRENTLY i ON u (id);\nALTER TABLE t ADD COLUMN note text;',
    },
    { lockTimeoutMs: 50, retries: 5 },
  )
  await other.query('COMMIT')
  expect(error).toContain('Database error code: 55P03')
  expect(events.filter(({ type }) => type === 'retry')).toEqual([])
  expect(await database.query("SELECT to_regclass('i')::text AS index")).toEqual([{ index: 'i' }])
})
