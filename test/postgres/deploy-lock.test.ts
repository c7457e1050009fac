import { expect, test } from '@jest/globals'
import { describeHolder, type LockHolder } from '../../src/domain/lock-holder.js'
import { assertStillLocked, takeDeployLock } from '../../src/postgres/deploy-lock.js'
import { readLockHolders } from '../../src/postgres/lock-holders.js'
import { waitForPrismaLock } from '../../src/postgres/prisma-lock.js'
import { addressOf } from '../support/address.js'
import { createTestDatabase } from '../support/test-database.js'
import { until } from '../support/waiting.js'

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
          `^another run holds the deploy lock of "${database.name}": run run-${winner?.i} by \\S+@\\S+ \\(process ${process.pid}\\) as "postgres" from 127\\.0\\.0\\.1 \\(pid \\d+\\), since \\d{4}-.* UTC$`,
        ),
      ),
      hint: 'Wait for that run to end and run the command again, or give --wait 5m; npx migrate-guard lock shows what it does.',
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

test('waits for the holder, tells of it meanwhile, and says how long it was', async () => {
  const database = await createTestDatabase()
  const first = await takeDeployLock(addressOf(database), 'first')
  expect(first.waitedMs).toBe(0)
  const told: string[] = []
  const waiting = takeDeployLock(addressOf(database), 'second', {
    waitMs: 20_000,
    onWait: ([holder]) => told.push(`${holder?.run?.runId} ${holder?.pid}`),
  })
  await new Promise((resolve) => setTimeout(resolve, 800))
  await first.release()
  const second = await waiting
  expect(second.waitedMs).toBeGreaterThan(700)
  expect(new Set(told)).toEqual(new Set([`first ${first.pid}`]))
  expect(await second.isHeld()).toBe(true)
  await second.release()
})

test('since when: from when it was taken, not from when it was waited for', async () => {
  const database = await createTestDatabase()
  const first = await takeDeployLock(addressOf(database), 'first')
  const waiting = takeDeployLock(addressOf(database), 'second', { waitMs: 20_000 })
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  const [{ now }] = await database.query(
    "SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') AS now",
  )
  await first.release()
  const second = await waiting
  const client = await database.client()
  const [holder] = await readLockHolders(client)
  expect(holder).toMatchObject({
    lock: 'migrate-guard',
    pid: second.pid,
    user: 'postgres',
    run: { runId: 'second' },
  })
  expect(String(holder?.since) >= now).toBe(true)
  await second.release()
  expect(await readLockHolders(client)).toEqual([])
})

test('the name says who it is where the role may see no more', async () => {
  const database = await createTestDatabase({ sql: 'CREATE ROLE lock_reader_of_nothing LOGIN' })
  try {
    const lock = await takeDeployLock(addressOf(database), 'run-1')
    const client = await database.client()
    await client.query('SET SESSION AUTHORIZATION lock_reader_of_nothing')
    const [holder] = await readLockHolders(client)
    expect(describeHolder(holder as LockHolder)).toMatch(
      /^"migrate-guard lock run-1 \S+@.*" as "postgres" from a local socket \(pid \d+\), since when cannot be seen$/,
    )
    await lock.release()
  } finally {
    await database.query('DROP ROLE lock_reader_of_nothing')
  }
})

test('a comment that somebody else has written cannot speak to the terminal', async () => {
  const database = await createTestDatabase()
  const other = await database.client()
  await other.query(
    `/* migrate-guard {"runId":"\\u001b[2J","by":"a*\\/b","processId":1} */ SELECT pg_advisory_lock(28007, 1684369516)`,
  )
  const [holder] = await readLockHolders(await database.client())
  expect(holder?.run).toEqual({ runId: '?[2J', by: 'a*/b', processId: 1 })
})

test('ends when it is cancelled, before the wait is over, and leaves no session', async () => {
  const database = await createTestDatabase()
  const first = await takeDeployLock(addressOf(database), 'first')
  const controller = new AbortController()
  setTimeout(() => controller.abort(), 300)
  // Longer than a test may take.
  const waitMs = 3_600_000
  await expect(
    takeDeployLock(addressOf(database), 'second', { waitMs, signal: controller.signal }),
  ).rejects.toMatchObject({ code: 'interrupted', exitCode: 6 })
  await until(async () => {
    const left = await database.query(
      "SELECT 1 FROM pg_stat_activity WHERE application_name LIKE 'migrate-guard lock second%' AND datname = current_database()",
    )
    return left.length === 0
  })
  await first.release()
})

test("waits for Prisma's own lock, or says who holds it and what he does", async () => {
  const database = await createTestDatabase()
  const session = { applicationName: 'migrate-guard check' }
  expect(await waitForPrismaLock(addressOf(database), session, { waitMs: 0 })).toBe(0)
  const prisma = await database.client()
  await prisma.query("SET application_name = 'bare prisma'; SELECT pg_advisory_lock(72707369)")
  await expect(waitForPrismaLock(addressOf(database), session, { waitMs: 300 })).rejects.toMatchObject({
    code: 'prisma-locked',
    exitCode: 7,
    message: expect.stringMatching(
      new RegExp(
        `^another session holds Prisma's migration lock of "${database.name}": "bare prisma" as "postgres" from 127.0.0.1 \\(pid \\d+\\), since .* UTC, idle; waited 300 ms for it$`,
      ),
    ),
  })
  setTimeout(() => void prisma.query('SELECT pg_advisory_unlock(72707369)'), 500)
  expect(await waitForPrismaLock(addressOf(database), session, { waitMs: 20_000 })).toBeGreaterThan(400)
})
