import { afterEach, beforeAll, expect, test } from '@jest/globals'
import { replicationLag, replicationLagCheck } from '../../../src/checks/health/replication-lag.js'
import { replicationSlots, replicationSlotsCheck } from '../../../src/checks/health/replication-slots.js'
import { ask } from '../../support/ask.js'
import { useOwnServer } from '../../support/own-server.js'
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js'
import { until } from '../../support/waiting.js'

// Slots and standbys belong to the server, and would be seen by every other test on it.
useOwnServer({ wal_level: 'logical', wal_retrieve_retry_interval: '100ms' })

let database: TestDatabase
let subscriber: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase({ sql: 'CREATE TABLE orders (id int PRIMARY KEY)' })
  subscriber = await createTestDatabase({ sql: 'CREATE TABLE orders (id int PRIMARY KEY)' })
})

afterEach(async () => {
  const subscribed = await subscriber.query('SELECT subname FROM pg_subscription')
  for (const { subname } of subscribed) {
    await subscriber.query(`ALTER SUBSCRIPTION ${subname} DISABLE`)
    await subscriber.query(`ALTER SUBSCRIPTION ${subname} SET (slot_name = NONE)`)
    await subscriber.query(`DROP SUBSCRIPTION ${subname}`)
  }
  await until(
    async () => (await database.query('SELECT FROM pg_replication_slots WHERE active')).length === 0,
  )
  await database.query('SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots')
})

/** The subscriber gets the rows of `orders`, on the same server, so the slot is made by hand. */
async function subscribe(): Promise<void> {
  await database.query('DROP PUBLICATION IF EXISTS feed; CREATE PUBLICATION feed FOR TABLE orders')
  await database.query("SELECT pg_create_logical_replication_slot('feed', 'pgoutput')")
  const url = new URL(database.url)
  const connection = `host=${url.hostname} port=${url.port} user=postgres password=${url.password} dbname=${database.name}`
  await subscriber.query(
    `CREATE SUBSCRIPTION feed CONNECTION '${connection}' PUBLICATION feed WITH (create_slot = false, copy_data = false)`,
  )
  await until(async () => (await database.query(`${streaming} AND sync_state IS NOT NULL`)).length === 1)
}

const streaming = "SELECT FROM pg_stat_replication WHERE application_name = 'feed' AND state = 'streaming'"

/** Moves on by whole segments of 16 MB, which costs little. */
async function writeLog(segments: number): Promise<void> {
  const client = await database.client()
  for (let i = 0; i < segments; i += 1) {
    await client.query("SELECT pg_logical_emit_message(false, 'test', 'x')")
    await client.query('SELECT pg_switch_wal()')
  }
  await client.end()
}

test('a server without slots and standbys passes', async () => {
  expect(await ask([replicationSlots, replicationLag], database)).toEqual({
    results: [
      {
        id: 'replication-slot',
        title: 'every replication slot is in use and keeps up',
        outcome: 'passed',
      },
      {
        id: 'replication-lag',
        title: 'every standby and subscriber has caught up',
        outcome: 'passed',
      },
    ],
    findings: [],
  })
})

test('a slot that nobody uses is told, with what it keeps; one that has reserved nothing keeps nothing', async () => {
  await database.query("SELECT pg_create_physical_replication_slot('new')")
  expect((await ask(replicationSlots, database)).findings).toEqual([])
  await database.query("SELECT pg_create_logical_replication_slot('cdc', 'pgoutput')")
  await database.query("SELECT pg_create_physical_replication_slot('standby', true)")
  await writeLog(2)
  expect(await ask(replicationSlots, database, { step: 'verify' })).toMatchObject({
    results: [{ outcome: 'warned' }],
    findings: [
      {
        code: 'replication-slot',
        kind: 'health',
        verdict: 'warn',
        step: 'verify',
        object: 'cdc',
        message: expect.stringMatching(
          /^the logical replication slot "cdc" is not in use and keeps (1\d|2\d|3\d) MB of write-ahead log$/,
        ),
        hint: 'Start its consumer and let it catch up; when there is none any more, drop the slot with pg_drop_replication_slot().',
      },
      { object: 'standby', message: expect.stringContaining('the physical replication slot "standby" is') },
    ],
  })
})

test('a slot that has lost its log is told', async () => {
  await database.query("SELECT pg_create_physical_replication_slot('slow', true)")
  await database.query("ALTER SYSTEM SET max_slot_wal_keep_size = '16MB'")
  await database.query('SELECT pg_reload_conf()')
  await writeLog(4)
  await database.query('CHECKPOINT')
  await database.query('ALTER SYSTEM RESET max_slot_wal_keep_size')
  await database.query('SELECT pg_reload_conf()')
  expect((await ask(replicationSlots, database)).findings).toMatchObject([
    {
      message: 'the physical replication slot "slow" has lost write-ahead log that its consumer still needs',
    },
  ])
})

test('a subscriber that keeps up passes, one that waits for a lock falls behind', async () => {
  await subscribe()
  await database.query('INSERT INTO orders VALUES (1)')
  await until(async () => (await subscriber.query('SELECT FROM orders')).length === 1)
  expect((await ask([replicationSlots, replicationLag], database)).findings).toEqual([])

  const lock = await subscriber.client()
  await lock.query('BEGIN; LOCK TABLE orders')
  await database.query('INSERT INTO orders VALUES (2)')
  await writeLog(3)
  expect((await ask(replicationLag, database)).findings).toEqual([])
  await writeLog(2)
  const { results, findings } = await ask(replicationLag, database)
  expect(results).toMatchObject([{ outcome: 'warned' }])
  expect(findings).toMatchObject([
    {
      code: 'replication-lag',
      verdict: 'warn',
      object: 'feed',
      message: expect.stringMatching(/^"feed" is \d+ MB of write-ahead log( and [\d.]+ m?s)? behind$/),
      hint: 'Let it catch up first: until then its readers see the old schema, and a synchronous standby holds up every commit.',
    },
  ])
  // Its slot is in use; only a gigabyte is too much.
  expect((await ask(replicationSlots, database)).findings).toEqual([])
  expect((await ask(replicationSlotsCheck(64 * 1024 ** 2), database)).findings).toMatchObject([
    {
      message: expect.stringMatching(
        /^the logical replication slot "feed" is \d+ MB of write-ahead log behind$/,
      ),
    },
  ])
  await lock.query('ROLLBACK')
  await until(async () => (await ask([replicationSlots, replicationLag], database)).findings.length === 0)
})

test('time behind counts as well', async () => {
  await subscribe()
  await database.query('INSERT INTO orders VALUES (10)')
  // How long the last change took to get there; the server forgets it when nothing more comes.
  const anyTime = replicationLagCheck({ lagBytes: Number.MAX_SAFE_INTEGER, lagMs: 0.001 })
  await until(async () => {
    await database.query("SELECT pg_logical_emit_message(false, 'test', 'x')")
    const { findings } = await ask(anyTime, database)
    return / and [\d.]+ m?s behind$/.test(findings[0]?.message ?? '')
  })
})

test('a role that may not see how far the subscriber is says so, and what to grant', async () => {
  await subscribe()
  await database.query('CREATE ROLE deployer')
  const { results, findings } = await ask(replicationLag, database, { role: 'deployer' })
  expect(results).toMatchObject([{ outcome: 'warned' }])
  expect(findings).toMatchObject([
    {
      code: 'monitoring-not-granted',
      object: 'pg_stat_replication',
      message: 'this role may not see how far 1 standby or subscriber is behind',
      fixSql: 'GRANT pg_monitor TO "deployer";',
    },
  ])
  await database.query(findings[0]?.fixSql ?? '')
  expect((await ask(replicationLag, database, { role: 'deployer' })).findings).toEqual([])
})
