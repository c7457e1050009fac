import { afterEach, beforeEach, expect, test } from '@jest/globals'
import {
  preparedTransactions,
  preparedTransactionsCheck,
} from '../../../src/checks/health/prepared-transactions.js'
import { ask } from '../../support/ask.js'
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js'

const impatient = preparedTransactionsCheck(0)

let database: TestDatabase
let gid: string
beforeEach(async () => {
  database = await createTestDatabase({ sql: 'CREATE TABLE orders (id int); CREATE TABLE notes (id int)' })
  gid = `order-42 of ${database.name}`
})
// A database that has one cannot be dropped.
afterEach(() => database.query(`ROLLBACK PREPARED '${gid}'`).catch(() => undefined))

const prepare = (sql: string) => database.query(`BEGIN; ${sql}; PREPARE TRANSACTION '${gid}'`)
const orders = { schema: 'public', name: 'orders', strongestLock: 'ACCESS EXCLUSIVE' }
const onOrders = { concerned: { tables: [orders] } }

test('a database without one passes', async () => {
  expect(await ask(impatient, database, onOrders)).toEqual({
    results: [
      { id: 'prepared-transaction', title: 'no prepared transaction is left over', outcome: 'passed' },
    ],
    findings: [],
  })
})

test('one that was left over and holds a lock that the deploy needs blocks, as it would block the deploy', async () => {
  await prepare('INSERT INTO orders VALUES (1); SELECT * FROM notes')
  const { results, findings } = await ask(impatient, database, onOrders)
  expect(results).toMatchObject([{ outcome: 'failed' }])
  expect(findings).toEqual([
    {
      code: 'prepared-transaction',
      kind: 'health',
      verdict: 'block',
      step: 'check',
      object: gid,
      message: expect.stringMatching(
        new RegExp(
          `^transaction "${gid}" of "postgres" was prepared [\\d.]+ m?s ago and holds ROW EXCLUSIVE on "orders", which the deploy's ACCESS EXCLUSIVE conflicts with$`,
        ),
      ),
      hint: 'Ask the transaction manager that prepared it, then run COMMIT PREPARED or ROLLBACK PREPARED with its name.',
    },
  ])
  await expect(
    database.query("SET lock_timeout = '200ms'; ALTER TABLE orders ADD COLUMN a int"),
  ).rejects.toMatchObject({ code: '55P03' })
  await database.query(`ROLLBACK PREPARED '${gid}'`)
  expect((await ask(impatient, database, onOrders)).findings).toEqual([])
  await database.query("SET lock_timeout = '200ms'; ALTER TABLE orders ADD COLUMN a int")
})

test('one that is young is at work: a warning when it is in the way, nothing otherwise', async () => {
  await prepare('INSERT INTO orders VALUES (1)')
  expect((await ask(preparedTransactions, database)).findings).toEqual([])
  expect((await ask(preparedTransactions, database, onOrders)).findings).toMatchObject([{ verdict: 'warn' }])
})

test('one that holds no lock that the deploy needs is a warning when it is old', async () => {
  await prepare('SELECT * FROM orders; INSERT INTO notes VALUES (1)')
  const mild = { concerned: { tables: [{ ...orders, strongestLock: 'SHARE ROW EXCLUSIVE' }] } }
  for (const question of [mild, {}]) {
    const { findings } = await ask(impatient, database, question)
    expect(findings).toMatchObject([
      {
        verdict: 'warn',
        message: expect.stringMatching(/ ago and holds ROW EXCLUSIVE on "notes"; ACCESS SHARE on "orders"$/),
      },
    ])
  }
  await database.query(
    "SET lock_timeout = '200ms'; CREATE TRIGGER t AFTER INSERT ON orders EXECUTE FUNCTION suppress_redundant_updates_trigger()",
  )
})

test('one of another database is no matter', async () => {
  await prepare('INSERT INTO orders VALUES (1)')
  const other = await createTestDatabase({ sql: 'CREATE TABLE orders (id int)' })
  expect((await ask(impatient, other, onOrders)).findings).toEqual([])
})
