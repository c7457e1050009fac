import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { sampleLocks } from '../../src/postgres/lock-sampler.js'
import { formatRehearsal } from '../../src/report/rehearsal-text.js'
import { createTestDatabase } from '../support/test-database.js'

async function holdLock() {
  const database = await createTestDatabase({
    sql: 'CREATE TABLE orders (id int); CREATE INDEX i ON orders (id)',
  })
  const [watcher, holder] = [await database.client(), await database.client()]
  await holder.query("SET application_name = 'the one that is watched'")
  const watch = await sampleLocks(watcher, 'the one that is watched')
  await holder.query('BEGIN; DROP INDEX i')
  // Several samples, also of a busy machine.
  await sleep(2_000)
  return { watcher, holder, watch }
}

test('locks of another session are seen, on an index as on its table, with the time that they were held', async () => {
  const { holder, watch } = await holdLock()
  await holder.query('ROLLBACK')
  const { seen, brokenBy } = await watch.stop()
  expect(brokenBy).toBeUndefined()
  const lock = seen.find(({ mode }) => mode === 'ACCESS EXCLUSIVE')
  expect(lock?.relation).toBe('public.orders')
  expect(Number(lock?.lastSeenAt) - Number(lock?.firstSeenAt)).toBeGreaterThan(100)
})

test('a watch that breaks says so, and so does the rehearsal', async () => {
  const { watcher, watch } = await holdLock()
  await watcher.end()
  // Its next look finds the session gone.
  await sleep(300)
  const { seen, brokenBy } = await watch.stop()
  expect(seen).not.toEqual([])
  expect(brokenBy).toMatch(/closed|terminated|queryable/i)
  expect(formatRehearsal({ outcome: 'passed', exposures: [], locksNotSeen: String(brokenBy) })).toEqual([
    '0 ms on the copy',
    'no lock was seen for which others would wait',
    `NOT ALL LOCKS WERE SEEN: the watch ended early: ${brokenBy}`,
  ])
})
