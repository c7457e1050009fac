import { existsSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { askAs, rehearsalCopy } from '../../support/rehearsal.js'
import { createTestDatabase } from '../../support/test-database.js'

test('a copy of the target lies on a server of our own, and goes with it', async () => {
  const target = await createTestDatabase({
    sql: `CREATE TABLE customer (id int PRIMARY KEY, name text); INSERT INTO customer VALUES (1, 'Ada'), (2, 'Bob')`,
  })
  const { database, restored } = await rehearsalCopy(target, { place: 'local' })
  expect(database.address.host).toBe('127.0.0.1')
  expect(database.address.database).toBe(target.name)
  expect(await askAs(database.address, 'SELECT name FROM customer ORDER BY id')).toEqual(['Ada', 'Bob'])
  expect(
    await askAs(database.address, "SELECT reltuples::int FROM pg_class WHERE relname = 'customer'"),
  ).toEqual(['2'])
  expect({ ...restored, durationMs: 0 }).toEqual({ durationMs: 0, disarmed: [], differences: [] })
  expect(database.differences).toEqual([])
  const [directory = ''] = await askAs(database.ownerAddress, 'SHOW data_directory')
  expect(existsSync(directory)).toBe(true)
  await database.remove()
  expect(existsSync(directory)).toBe(false)
})
