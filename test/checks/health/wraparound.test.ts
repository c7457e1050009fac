import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect, test } from '@jest/globals'
import { heldLocks } from '../../../src/checks/health/held-locks.js'
import { wraparoundAge } from '../../../src/checks/health/wraparound-age.js'
import { ask } from '../../support/ask.js'
import { useOwnServer } from '../../support/own-server.js'
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js'
import { until } from '../../support/waiting.js'

useOwnServer({ autovacuum_naptime: '1s', autovacuum_freeze_max_age: '100000' })

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase({
    // An autovacuum of it takes its time.
    sql: `CREATE TABLE orders (id int, filler text)
        WITH (autovacuum_enabled = off, autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1);
      INSERT INTO orders SELECT n, repeat('x', 500) FROM generate_series(1, 5000) n`,
  })
})

const orders = {
  concerned: { tables: [{ schema: 'public', name: 'orders', strongestLock: 'ACCESS EXCLUSIVE' }] },
}

async function untilAutovacuumHoldsOrders(): Promise<void> {
  await until(async () => {
    const held = await database.query(
      "SELECT FROM pg_locks WHERE relation = 'orders'::regclass AND mode = 'ShareUpdateExclusiveLock'",
    )
    return held.length === 1
  })
}

/** Longer than deadlock_timeout, after which the server asks an autovacuum to give way. */
const alter = (column: string) =>
  database.query(`SET lock_timeout = '2500ms'; ALTER TABLE orders ADD COLUMN ${column} int`).then(
    () => 'done',
    ({ code }) => code,
  )

test('an autovacuum that gives way is no matter, also when it has been at work for long', async () => {
  await database.query(
    'DELETE FROM orders WHERE id % 2 = 0; ALTER TABLE orders SET (autovacuum_enabled = on)',
  )
  await untilAutovacuumHoldsOrders()
  await sleep(1_200)
  expect((await ask([heldLocks, wraparoundAge], database, orders)).findings).toEqual([])
  expect(await alter('a')).toBe('done')
})

test('an autovacuum against wraparound does not give way, which is told also to a role that may not see it', async () => {
  await database.query('ALTER TABLE orders SET (autovacuum_enabled = off)')
  const client = await database.client()
  await client.query(
    'DO $$ BEGIN FOR i IN 1..101000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$',
  )
  await untilAutovacuumHoldsOrders()
  await database.query('CREATE ROLE deployer')
  for (const question of [orders, { ...orders, role: 'deployer' }]) {
    const { results, findings } = await ask([heldLocks, wraparoundAge], database, question)
    expect(results).toMatchObject([{ outcome: 'warned' }, { outcome: 'warned' }])
    expect(findings).toMatchObject([
      {
        code: 'lock-held',
        verdict: 'warn',
        object: 'orders',
        message: expect.stringMatching(
          /^1 session holds a lock on "orders" that the deploy's ACCESS EXCLUSIVE conflicts with: pid \d+, autovacuum against wraparound, SHARE UPDATE EXCLUSIVE$/,
        ),
        hint: 'Let the autovacuum finish: against wraparound it does not give way, and when it is cancelled it starts again.',
      },
      {
        code: 'wraparound-age',
        verdict: 'warn',
        object: 'orders',
        message:
          'an autovacuum against wraparound is due on "orders"; it does not give way to a statement that waits for it',
        hint: 'Vacuum the table before the deploy, so that no autovacuum begins in the middle of it.',
        fixSql: 'VACUUM (FREEZE) "public"."orders";',
      },
    ])
  }
  expect(await alter('b')).toBe('55P03')
  // An audit is not told of every table that is due.
  expect((await ask(wraparoundAge, database, { step: 'verify' })).findings).toEqual([])
  // What the fix waits for, it mends.
  await database.query(
    "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'autovacuum: %orders%'",
  )
  await database.query('VACUUM (FREEZE) "public"."orders";')
  expect((await ask([heldLocks, wraparoundAge], database, orders)).findings).toEqual([])
})

test('a database near the end of its transaction ids is a warning, and blocks when the server is about to stop', async () => {
  const other = await createTestDatabase()
  const atAge = async (age: number) => {
    await database.query(
      `UPDATE pg_database SET datfrozenxid = ((txid_current() + 4294967296 - $1) % 4294967296)::text::xid WHERE datname = $2`,
      [age, other.name],
    )
    return ask(wraparoundAge, database, { step: 'verify' })
  }
  const [{ datfrozenxid }] = await database.query('SELECT datfrozenxid FROM pg_database WHERE datname = $1', [
    other.name,
  ])
  try {
    expect((await atAge(999_000_000)).findings).toEqual([])
    expect((await atAge(1_000_000_000)).findings).toMatchObject([
      {
        code: 'wraparound-age',
        verdict: 'warn',
        step: 'verify',
        object: other.name,
        message: expect.stringMatching(
          /^the oldest transaction id of database "[^"]+" is 1,000,000,\d{3} transactions old; at 2,147,483,648 the server stops taking writes$/,
        ),
      },
    ])
    expect((await atAge(2_107_483_648)).findings).toMatchObject([{ verdict: 'block' }])
  } finally {
    await database.query('UPDATE pg_database SET datfrozenxid = $1 WHERE datname = $2', [
      datfrozenxid,
      other.name,
    ])
  }
})
