import { afterEach, describe, expect, test } from '@jest/globals'
import type pg from 'pg'
import { type LockWatch, openLockWatch } from '../../src/postgres/lock-watch.js'
import { parseDatabaseUrl } from '../../src/settings/database-url.js'
import { createTestDatabase, type TestDatabase } from '../support/test-database.js'
import { until } from '../support/waiting.js'

const open: LockWatch[] = []
afterEach(async () => {
  for (const watch of open.splice(0)) await watch.end()
})

async function watchOf(url: string, showsQueries = false): Promise<LockWatch> {
  const options = { applicationName: 'the watch', watched: 'the deploy', showsQueries }
  const watch = await openLockWatch(parseDatabaseUrl(url, 'the URL'), options)
  open.push(watch)
  return watch
}

async function sessions<const N extends string>(database: TestDatabase, ...names: N[]) {
  const made = {} as Record<N, pg.Client & { pid: number }>
  for (const name of names) {
    const client = await database.client()
    await client.query('SELECT set_config($1, $2, false)', ['application_name', name])
    const { rows } = await client.query('SELECT pg_backend_pid() AS pid')
    made[name] = Object.assign(client, { pid: rows[0].pid as number })
  }
  return made
}

const waiting = (database: TestDatabase, count: number) =>
  until(async () => {
    const found = await database.query(
      "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
    )
    return found.length === count
  })

const tables = 'CREATE TABLE orders (id int PRIMARY KEY, n int); INSERT INTO orders VALUES (1, 1), (2, 2)'

async function scene(sql = tables) {
  const database = await createTestDatabase({ sql })
  return { database, ...(await sessions(database, 'the deploy', 'first', 'second', 'third')) }
}

/** Sends it and does not wait; an error is no surprise. */
const send = (client: pg.Client, sql: string) => void client.query(sql).catch(() => undefined)

test('while nobody waits nobody is seen', async () => {
  const { database, 'the deploy': deploy, first, second } = await scene()
  await deploy.query('BEGIN; LOCK TABLE orders IN ACCESS SHARE MODE')
  await first.query("BEGIN; INSERT INTO orders VALUES (3, 3); SET application_name = 'busy'")
  await second.query('SELECT FROM orders')
  expect(await (await watchOf(database.url)).look()).toEqual({ blockers: [], waiters: [] })
})

test('whom the deploy waits for, and who waits behind it in the queue', async () => {
  const { database, 'the deploy': deploy, first, second, third } = await scene()
  await first.query('BEGIN; SELECT n AS secret FROM orders')
  send(deploy, 'ALTER TABLE orders ADD COLUMN note text')
  await waiting(database, 1)
  send(second, 'SELECT FROM orders')
  send(third, 'INSERT INTO orders VALUES (4, 4)')
  await waiting(database, 3)

  const { blockers, waiters } = await (await watchOf(database.url)).look()
  expect(blockers).toEqual([
    {
      session: {
        pid: first.pid,
        applicationName: 'first',
        user: expect.any(String),
        client: expect.anything(),
        state: 'idle in transaction',
        transactionAgeMs: expect.any(Number),
        stateAgeMs: expect.any(Number),
      },
      relation: 'public.orders',
      mode: 'ACCESS EXCLUSIVE',
      waitedMs: expect.any(Number),
      blocks: { pid: deploy.pid, begunAt: expect.any(String) },
    },
  ])
  const seen = waiters.map(({ session, relation, mode, behind }) => [
    session.applicationName,
    relation,
    mode,
    behind.pid,
  ])
  expect(seen.sort()).toEqual([
    ['second', 'public.orders', 'ACCESS SHARE', deploy.pid],
    ['third', 'public.orders', 'ROW EXCLUSIVE', deploy.pid],
  ])
  const [wait] = (await (await watchOf(database.url, true)).look()).blockers
  expect(wait?.session.query).toBe('BEGIN; SELECT n AS secret FROM orders')
})

test('who waits for a row of the deploy, and who waits for that one', async () => {
  const { database, 'the deploy': deploy, first, second, third } = await scene()
  await deploy.query('BEGIN; UPDATE orders SET n = 10 WHERE id = 1')
  await first.query('BEGIN; UPDATE orders SET n = 20 WHERE id = 2')
  send(first, 'UPDATE orders SET n = 21 WHERE id = 1')
  await waiting(database, 1)
  send(second, 'UPDATE orders SET n = 22 WHERE id = 2')
  await waiting(database, 2)
  const watch = await watchOf(database.url)
  const { waiters } = await watch.look()
  expect(waiters.map(({ session, relation }) => [session.applicationName, relation]).sort()).toEqual([
    ['first', 'public.orders'],
    ['second', 'public.orders'],
  ])
  // Somebody else's queue is not ours.
  await deploy.query('ROLLBACK')
  await third.query('SELECT')
  await deploy.query('BEGIN; LOCK TABLE orders IN ACCESS SHARE MODE')
  await waiting(database, 1)
  expect((await watch.look()).waiters).toEqual([])
})

test('a wait grows from look to look', async () => {
  const { database, 'the deploy': deploy, first } = await scene()
  await first.query('BEGIN; LOCK TABLE orders')
  send(deploy, 'SELECT FROM orders')
  await waiting(database, 1)
  const watch = await watchOf(database.url)
  const earlier = (await watch.look()).blockers[0]?.waitedMs ?? 0
  await first.query('SELECT pg_sleep(0.3)')
  const later = (await watch.look()).blockers[0]?.waitedMs ?? 0
  expect(later - earlier).toBeGreaterThan(250)
})

test('a role that may not see what others do sees that they wait', async () => {
  const { database, first, second } = await scene()
  const role = `guard_test_blind_${process.pid}`
  await database.query(`DROP ROLE IF EXISTS ${role}; CREATE ROLE ${role} LOGIN PASSWORD 'blind'`)
  try {
    await database.query(`CREATE SCHEMA own AUTHORIZATION ${role}; GRANT ALL ON orders TO ${role}`)
    await first.query(`SET ROLE ${role}`)
    const url = Object.assign(new URL(database.url), { username: role, password: 'blind' }).href
    const { default: pg } = await import('pg')
    const deploy = new pg.Client({ connectionString: url, application_name: 'the deploy' })
    await deploy.connect()
    try {
      await deploy.query('BEGIN; LOCK TABLE orders')
      send(second, 'SELECT FROM orders')
      await waiting(database, 1)
      const { waiters } = await (await watchOf(url)).look()
      expect(waiters.map(({ session, mode }) => [session.applicationName, session.state, mode])).toEqual([
        ['second', null, 'ACCESS SHARE'],
      ])
    } finally {
      await deploy.end()
    }
  } finally {
    await first.query('RESET ROLE')
    await database.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
  }
})

describe('a cancel', () => {
  test('hits the statement of the transaction that was seen', async () => {
    const { database, 'the deploy': deploy, first } = await scene()
    await deploy.query('BEGIN; LOCK TABLE orders')
    const working = deploy.query('SELECT pg_sleep(20)')
    const ended = expect(working).rejects.toMatchObject({ code: '57014' })
    send(first, 'SELECT FROM orders')
    await waiting(database, 1)
    const watch = await watchOf(database.url)
    const [wait] = (await watch.look()).waiters
    expect(await watch.cancel(wait?.behind as never)).toBe(true)
    await ended
  })

  test('hits neither a later transaction of the session nor one that is idle', async () => {
    const { database, 'the deploy': deploy, first } = await scene()
    await deploy.query('BEGIN; LOCK TABLE orders')
    send(first, 'SELECT FROM orders')
    await waiting(database, 1)
    const watch = await watchOf(database.url)
    const behind = (await watch.look()).waiters[0]?.behind as never
    expect(await watch.cancel(behind)).toBe(false)
    await deploy.query('COMMIT')
    const later = deploy.query('SELECT pg_sleep(0.5)')
    expect(await watch.cancel(behind)).toBe(false)
    await later
  })
})

describe('a session is ended', () => {
  async function blocked(statement: string) {
    const { database, 'the deploy': deploy, first, second } = await scene()
    await first.query('BEGIN; LOCK TABLE orders IN ACCESS SHARE MODE')
    // Idle as well, but not in the way.
    await second.query('BEGIN; SELECT 1')
    if (statement) send(first, statement)
    send(deploy, 'ALTER TABLE orders ADD COLUMN note text')
    await waiting(database, 1)
    const watch = await watchOf(database.url)
    const blocks = (await watch.look()).blockers[0]?.blocks as never
    return { watch, blocks, first, second }
  }

  test('when it blocks and has been idle for so long, and no other', async () => {
    const { watch, blocks, first, second } = await blocked('')
    expect(await watch.terminate(first.pid, blocks, 60_000)).toBe(false)
    expect(await watch.terminate(second.pid, blocks, 0)).toBe(false)
    expect(await watch.terminate(first.pid, blocks, 0)).toBe(true)
    await expect(first.query('SELECT 1')).rejects.toThrow()
    await second.query('COMMIT')
  })

  test('never when it is at work', async () => {
    const { watch, blocks, first } = await blocked('SELECT pg_sleep(1)')
    expect(await watch.terminate(first.pid, blocks, 0)).toBe(false)
  })
})
