import { expect, test } from '@jest/globals'
import { judgeLockTable, lockTable, readLockTableUse } from '../../../src/checks/health/lock-table.js'
import { ask } from '../../support/ask.js'
import { useOwnServer } from '../../support/own-server.js'
import { createTestDatabase } from '../../support/test-database.js'

useOwnServer({ max_locks_per_transaction: '10', max_connections: '20', max_prepared_transactions: '5' })

const tables = (count: number) =>
  `DO $$ BEGIN FOR i IN 1..${count} LOOP EXECUTE 'CREATE TABLE t' || i || ' (id int PRIMARY KEY)'; COMMIT; END LOOP; END $$`

test('a backup of more tables than the lock table has room for is blocked before it begins', async () => {
  const database = await createTestDatabase({ sql: 'CREATE TABLE parent (a int) PARTITION BY LIST (a)' })
  await database.query('CREATE TABLE part PARTITION OF parent DEFAULT')
  expect((await ask(lockTable, database)).findings).toEqual([])

  await database.query(tables(205))
  expect((await ask(lockTable, database)).findings).toMatchObject([{ verdict: 'warn' }])

  await database.query(
    `DO $$ BEGIN FOR i IN 206..260 LOOP EXECUTE 'CREATE TABLE t' || i || ' (id int)'; COMMIT; END LOOP; END $$`,
  )
  expect((await ask(lockTable, database)).findings).toMatchObject([
    {
      code: 'lock-table-full',
      verdict: 'block',
      message: expect.stringContaining(
        "a backup locks 262 tables at once, 0 relations are locked already, and the server's lock table has room for 250 (max_locks_per_transaction × (max_connections + max_prepared_transactions) = 10 × (20 + 5))",
      ),
      hint: expect.stringContaining('Set max_locks_per_transaction to 64 or more'),
    },
  ])
})

test('what others hold counts too', async () => {
  const database = await createTestDatabase({ sql: 'CREATE TABLE a (id int); CREATE TABLE b (id int)' })
  const other = await database.client()
  await other.query('BEGIN; LOCK TABLE a, b IN SHARE MODE')
  expect(await readLockTableUse(await database.client())).toMatchObject({ tables: 2, used: 2 })
  await other.query('ROLLBACK')
})

test('the arithmetic names how many are enough', () => {
  const use = {
    room: 6_400,
    locksPerTransaction: 64,
    connections: 100,
    preparedTransactions: 0,
    tables: 7_200,
    used: 10,
  }
  expect(judgeLockTable(use)?.hint).toMatch(/^Set max_locks_per_transaction to 128 or more/)
  expect(judgeLockTable({ ...use, tables: 5_000 })).toBeUndefined()
})
