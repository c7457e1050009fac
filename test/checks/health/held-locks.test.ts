import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, expect, test } from '@jest/globals'
import type { ConcernedTable } from '../../../src/checks/check.js'
import { heldForMs, heldLocks, heldLocksCheck } from '../../../src/checks/health/held-locks.js'
import { ask } from '../../support/ask.js'
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js'

const atOnce = heldLocksCheck(0)

let database: TestDatabase
beforeEach(async () => {
  database = await createTestDatabase({
    sql: 'CREATE TABLE orders (id int); CREATE SCHEMA audit; CREATE TABLE audit.orders (id int)',
  })
})

const orders: ConcernedTable = { schema: 'public', name: 'orders', strongestLock: 'ACCESS EXCLUSIVE' }
const concerned = (...tables: ConcernedTable[]) => ({ concerned: { tables } })

/** Opens a session that holds the locks of a statement. */
async function hold(sql: string, applicationName = 'web') {
  const client = await database.client()
  await client.query(`SET application_name = '${applicationName}'; BEGIN; ${sql}`)
  const pid = Number((await client.query('SELECT pg_backend_pid() AS pid')).rows[0].pid)
  return { client, pid }
}

/** What the server really does with a statement of the deploy. */
async function deploy(sql: string): Promise<string> {
  return database.query(`SET lock_timeout = '200ms'; ${sql}`).then(
    () => 'done',
    ({ code }) => code,
  )
}

test('without the tables of the migrations the question is not asked', async () => {
  expect(await ask(heldLocks, database)).toEqual({
    results: [
      {
        id: 'lock-held',
        title: 'no session holds a lock that the deploy would wait for',
        outcome: 'not-made',
        note: 'it is not known which tables the migrations concern',
      },
    ],
    findings: [],
  })
})

test('a lock that the deploy would wait for is told, and whose it is, but not what is run', async () => {
  const { pid } = await hold('SELECT * FROM orders; INSERT INTO orders VALUES (1)')
  const { results, findings } = await ask(atOnce, database, concerned(orders))
  expect(results).toMatchObject([{ outcome: 'warned' }])
  expect(findings).toEqual([
    {
      code: 'lock-held',
      kind: 'health',
      verdict: 'warn',
      step: 'check',
      object: 'orders',
      message: expect.stringMatching(
        new RegExp(
          `^1 session holds a lock on "orders" that the deploy's ACCESS EXCLUSIVE conflicts with: pid ${pid}, "web" as "postgres", ROW EXCLUSIVE, in a transaction of [\\d.]+ m?s$`,
        ),
      ),
      hint: 'Wait until it has ended, or end it with pg_terminate_backend(pid); else the deploy gives way after --lock-timeout.',
    },
  ])
  expect(await deploy('ALTER TABLE orders ADD COLUMN a int')).toBe('55P03')
})

test('a lock that does not conflict is no matter, nor one on another table', async () => {
  await hold('SELECT * FROM orders; INSERT INTO audit.orders VALUES (1)')
  const mild = { ...orders, strongestLock: 'SHARE ROW EXCLUSIVE' }
  expect((await ask(atOnce, database, concerned(mild))).findings).toEqual([])
  expect(
    await deploy(
      'CREATE TRIGGER t AFTER INSERT ON orders EXECUTE FUNCTION suppress_redundant_updates_trigger()',
    ),
  ).toBe('done')
  const onAudit = { ...mild, schema: 'audit' }
  expect((await ask(atOnce, database, concerned(mild, onAudit))).findings).toMatchObject([
    { object: 'audit.orders' },
  ])
  expect(
    await deploy(
      'CREATE TRIGGER t AFTER INSERT ON audit.orders EXECUTE FUNCTION suppress_redundant_updates_trigger()',
    ),
  ).toBe('55P03')
})

test('a table without a known lock may need the strongest', async () => {
  await hold('SELECT * FROM orders')
  const { findings } = await ask(atOnce, database, concerned({ schema: 'public', name: 'orders' }))
  expect(findings[0]?.message).toMatch(
    /^1 session holds a lock on "orders" that ACCESS EXCLUSIVE conflicts with: /,
  )
})

test('many holders are counted, and the first three named', async () => {
  for (const name of ['a', 'b', 'c', 'd', 'e']) await hold('SELECT * FROM orders', name)
  const [finding] = (await ask(atOnce, database, concerned(orders))).findings
  expect(finding?.message).toMatch(
    /^5 sessions hold locks on "orders" [^:]*: pid \d+, "a" [^;]*; pid \d+, "b" [^;]*; pid \d+, "c" [^;]*; 2 more$/,
  )
})

test('a lock is told once it is held for longer than a deploy waits by itself', async () => {
  await hold('SELECT * FROM orders')
  expect((await ask(heldLocksCheck(30_000), database, concerned(orders))).findings).toEqual([])
  await sleep(heldForMs)
  expect((await ask(heldLocks, database, concerned(orders))).findings).toMatchObject([{ code: 'lock-held' }])
})

test('the dump of another run is in the way, our own is not', async () => {
  await hold('SELECT * FROM orders', 'migrate-guard backup 20261120T043400Z-shop')
  const asked = (run: string) =>
    ask(atOnce, database, { ...concerned(orders), applicationName: `migrate-guard check ${run}` })
  expect((await asked('20261120T043400Z-shop')).findings).toEqual([])
  expect((await asked('20261120T043500Z-shop')).findings).toMatchObject([
    { message: expect.stringContaining('"migrate-guard backup 20261120T043400Z-shop"') },
  ])
})

test('a role that may not see the session sees its lock all the same', async () => {
  const role = `${database.name}_role`
  await database.query(`CREATE ROLE "${role}"`)
  const { pid } = await hold('SELECT * FROM orders')
  const { findings } = await ask(heldLocks, database, { ...concerned(orders), role })
  expect(findings[0]?.message).toBe(
    `1 session holds a lock on "orders" that the deploy's ACCESS EXCLUSIVE conflicts with: pid ${pid}, "web" as "postgres", ACCESS SHARE, for a time that this role may not see`,
  )
})
