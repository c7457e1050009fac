import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect, test } from '@jest/globals'
import { heldLocks } from '../../../src/checks/health/held-locks.js'
import { wraparoundAge } from '../../../src/checks/health/wraparound-age.js'
import { readDeclaredSchema } from '../../../src/sql/declared-schema.js'
import { ask } from '../../support/ask.js'
import { isLong } from '../../support/long.js'
import { useOwnServer } from '../../support/own-server.js'
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js'
import { until } from '../../support/waiting.js'

useOwnServer({
  autovacuum_naptime: '1s',
  autovacuum_freeze_max_age: '100000',
  autovacuum_multixact_freeze_max_age: '10000',
})

const role = 'deployer'
let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase({
    // An autovacuum of it takes its time.
    sql: `CREATE TABLE orders (id int, filler text)
        WITH (autovacuum_enabled = off, autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1);
      INSERT INTO orders SELECT n, repeat('x', 500) FROM generate_series(1, 5000) n;
      CREATE ROLE ${role}`,
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

/** Uses up so many multixact ids: each transaction that locks the row beside another one takes one. */
async function useMultixacts(count: number): Promise<void> {
  const [holder, other] = [await database.client(), await database.client()]
  await other.query('CREATE TABLE one AS SELECT 1 AS id')
  await holder.query('BEGIN; SELECT FROM one FOR KEY SHARE')
  await other.query(
    `DO $$ BEGIN FOR i IN 1..${count} LOOP PERFORM FROM one FOR KEY SHARE; COMMIT; END LOOP; END $$`,
  )
  await holder.query('COMMIT')
  await other.query('DROP TABLE one')
}

async function useTransactionIds(count: number): Promise<void> {
  const client = await database.client()
  await client.query(
    `DO $$ BEGIN FOR i IN 1..${count} LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$`,
  )
}

const uses: [string, () => Promise<void>][] = [
  ['multixact ids', () => useMultixacts(10_500)],
  ['transaction ids', () => useTransactionIds(100_500)],
]

test.each(isLong ? uses : uses.slice(0, 1))(
  'an autovacuum against wraparound of %s does not give way, which is told also to a role that may not see it',
  async (_, use) => {
    await database.query('ALTER TABLE orders SET (autovacuum_enabled = off); UPDATE orders SET id = id')
    await use()
    await untilAutovacuumHoldsOrders()
    for (const question of [orders, { ...orders, role }]) {
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
    // The fix fixes it, once it gets at the table.
    let vacuumed = false
    const vacuum = database.query('VACUUM (FREEZE) "public"."orders";').then(() => {
      vacuumed = true
    })
    await until(async () => {
      await database.query(
        "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'autovacuum: %orders%'",
      )
      return vacuumed
    })
    await vacuum
    expect((await ask([heldLocks, wraparoundAge], database, orders)).findings).toEqual([])
  },
)

test('a database near the end of its transaction ids is a warning, and blocks when the server is about to stop', async () => {
  const client = await database.client()
  const context = {
    step: 'verify',
    schema: 'public',
    declared: readDeclaredSchema([], { enforcesRelations: true }),
  } as const
  /** As if it were so old, in a transaction that nobody else sees: an autovacuum would fix it at once. */
  const atAge = async (age: number) => {
    await client.query('BEGIN')
    await client.query(
      `UPDATE pg_database SET datfrozenxid = ((txid_current() + 4294967296 - $1) % 4294967296)::text::xid
        WHERE datname = current_database()`,
      [age],
    )
    const findings = await wraparoundAge.find(client, context)
    await client.query('ROLLBACK')
    return findings
  }
  expect(await atAge(999_000_000)).toEqual([])
  expect(await atAge(1_000_000_000)).toMatchObject([
    {
      code: 'wraparound-age',
      verdict: 'warn',
      step: 'verify',
      object: database.name,
      message: `the oldest transaction id of database "${database.name}" is 1,000,000,000 transactions old; at 2,147,483,648 the server stops taking writes`,
    },
  ])
  expect(await atAge(2_107_483_648)).toMatchObject([{ verdict: 'block' }])
})
