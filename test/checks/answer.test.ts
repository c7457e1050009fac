import { expect, test } from '@jest/globals'
import { answer, limitQuestions, NoTimeLeft, shareMemory } from '../../src/checks/answer.js'
import { createTestDatabase } from '../support/test-database.js'

test('a question gives its locks back, and leaves the session as it was', async () => {
  const database = await createTestDatabase({ sql: 'CREATE TABLE t (id int PRIMARY KEY)' })
  const client = await database.client()
  await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY')
  const held = async () =>
    (await client.query("SELECT FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 't'::regclass"))
      .rows.length
  await client.query("SELECT 't'::regclass")
  const heldMeanwhile = await answer(client, async () => {
    await client.query('SELECT FROM t')
    return held()
  })
  expect(heldMeanwhile).toBe(1)
  expect(await held()).toBe(0)
  expect(await answer(client, () => client.query('SELECT 1 / 0 FROM t'))).toHaveProperty('error')
  await answer(client, () => client.query('SET LOCAL lock_timeout = 77'))
  expect((await client.query('SHOW lock_timeout')).rows[0]).toEqual({ lock_timeout: '0' })
  await client.query('ROLLBACK')
})

test('a question uses one process and bounded memory, and none is asked when the time for all is over', async () => {
  const client = await (await createTestDatabase()).client()
  await client.query("SET work_mem = '1GB'; SET max_parallel_workers_per_gather = 4")
  await client.query('BEGIN TRANSACTION READ ONLY')
  await limitQuestions(client, 60_000, 1)
  const { rows } = await client.query(
    "SELECT name, setting FROM pg_settings WHERE name IN ('work_mem', 'temp_file_limit', 'max_parallel_workers_per_gather', 'hash_mem_multiplier') ORDER BY 1",
  )
  expect(rows.map(({ name, setting }) => `${name} ${setting}`)).toEqual([
    'hash_mem_multiplier 1',
    'max_parallel_workers_per_gather 0',
    'temp_file_limit 10485760',
    'work_mem 65536',
  ])
  await new Promise((resolve) => setTimeout(resolve, 10))
  expect(await answer(client, () => client.query('SELECT 1'))).toEqual({ error: expect.any(NoTimeLeft) })
})

test('the last question takes no longer than what is left for all of them', async () => {
  const client = await (await createTestDatabase()).client()
  await client.query('BEGIN TRANSACTION READ ONLY')
  await limitQuestions(client, 60_000, 500)
  expect(await answer(client, () => client.query('SELECT pg_sleep(20)'))).toEqual({
    error: expect.objectContaining({ code: '57014' }),
  })
  expect((await client.query('SHOW statement_timeout')).rows[0]).toEqual({ statement_timeout: '1min' })
})

test('a question of many parts shares its memory out among them, and gives it back', async () => {
  const client = await (await createTestDatabase()).client()
  await client.query("SET work_mem = '4MB'")
  await client.query('BEGIN TRANSACTION READ ONLY')
  await limitQuestions(client, 60_000)
  const memoryOf = (parts: number) =>
    answer(client, async () => {
      await shareMemory(client, parts)
      return (await client.query('SHOW work_mem')).rows[0].work_mem
    })
  expect([await memoryOf(2), await memoryOf(256), await memoryOf(1_000_000)]).toEqual(['4MB', '1MB', '64kB'])
  expect((await client.query('SHOW work_mem')).rows[0].work_mem).toBe('4MB')
})
