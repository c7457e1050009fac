import { expect, test } from '@jest/globals'
import { assertStillLocked, takeDeployLock } from '../../src/postgres/deploy-lock.js'
import { addressOf } from '../support/address.js'
import { createTestDatabase } from '../support/test-database.js'

test.each([2, 16])('of %i at once exactly one wins, and the others name it', async (count) => {
  const database = await createTestDatabase()
  const tries = await Promise.allSettled(
    Array.from({ length: count }, (_, i) => takeDeployLock(addressOf(database), `run-${i}`)),
  )
  const winners = tries.flatMap((one, i) => (one.status === 'fulfilled' ? [{ lock: one.value, i }] : []))
  expect(winners).toHaveLength(1)
  const [winner] = winners
  for (const one of tries) {
    if (one.status === 'fulfilled') continue
    expect(one.reason).toMatchObject({
      code: 'locked',
      exitCode: 7,
      message: expect.stringMatching(
        new RegExp(
          `^another run holds the deploy lock of "${database.name}": "migrate-guard lock run-${winner?.i} .*" as "postgres" from 127\\.0\\.0\\.1 \\(pid \\d+\\), since \\d{4}-.* UTC$`,
        ),
      ),
      hint: 'Wait for that run to end, then run the command again.',
    })
  }
  expect(await winner?.lock.isHeld()).toBe(true)
  await winner?.lock.release()
  const [{ n }] = await database.query(
    "SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name LIKE 'migrate-guard lock%' AND datname = current_database()",
  )
  expect(n).toBe(0)
  await (await takeDeployLock(addressOf(database), 'next')).release()
})

test('vanishes with its session', async () => {
  const database = await createTestDatabase()
  const lock = await takeDeployLock(addressOf(database), 'lost')
  await database.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'migrate-guard lock lost%'",
  )
  expect(await lock.isHeld()).toBe(false)
  await expect(assertStillLocked(lock)).rejects.toMatchObject({ code: 'lock-lost', exitCode: 7 })
  const next = await takeDeployLock(addressOf(database), 'next')
  expect(await next.isHeld()).toBe(true)
  await next.release()
  await lock.release()
})

test("is of one database, and is not Prisma's", async () => {
  const [one, other] = [await createTestDatabase(), await createTestDatabase()]
  const prisma = await one.client()
  await prisma.query('SELECT pg_advisory_lock(72707369)')
  const locks = [await takeDeployLock(addressOf(one), 'one'), await takeDeployLock(addressOf(other), 'other')]
  await prisma.query('SELECT pg_advisory_unlock(72707369)')
  expect((await prisma.query('SELECT pg_try_advisory_lock(72707369) AS taken')).rows).toEqual([
    { taken: true },
  ])
  for (const lock of locks) await lock.release()
})

test('lives through an idle time-out of the role', async () => {
  const database = await createTestDatabase()
  await database.query(`ALTER DATABASE "${database.name}" SET idle_session_timeout = '200ms'`)
  const lock = await takeDeployLock(addressOf(database), 'patient')
  await new Promise((resolve) => setTimeout(resolve, 600))
  expect(await lock.isHeld()).toBe(true)
  await lock.release()
})
