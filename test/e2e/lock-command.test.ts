import { afterAll, expect, test } from '@jest/globals'
import { makeShop, removeShops, type Shop } from '../support/shop.js'
import { until } from '../support/waiting.js'

afterAll(removeShops)

/** The deploy lock and Prisma's, from the catalog. */
async function lockCount({ database }: Shop): Promise<number> {
  const locks = await database.query(
    `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  )
  return locks.length
}

test('lock and lock release when nobody holds a lock', async () => {
  const shop = await makeShop()
  const nobody = "deploy lock    nobody\nprisma's lock  nobody\n"
  expect(await shop.run(['lock'])).toEqual({ exitCode: 0, stdout: nobody, stderr: '' })
  expect(await shop.run(['lock', 'release'])).toEqual({
    exitCode: 0,
    stdout: `${nobody}nobody holds a lock; there is nothing to release\n`,
    stderr: '',
  })
  const { stdout } = await shop.run(['lock', '--json'])
  expect(JSON.parse(stdout)).toMatchObject({ command: 'lock', exitCode: 0, holders: [] })
})

test('shows a guard at its question, asks before it ends it, and the guard then changes nothing', async () => {
  const shop = await makeShop()
  const before = await shop.fingerprint()
  const running = shop.start(['deploy'], { terminal: true })
  await running.waitFor(`Deploy to ${shop.database.name}?`)
  const { stdout } = await shop.run(['lock'])
  const runId = /backups\/([^/]+)\/database\.dump/.exec(running.printed())?.[1]
  expect(stdout).toMatch(
    new RegExp(
      `^deploy lock    run ${runId} by \\S+@\\S+ \\(process \\d+\\) as "postgres" from 127\\.0\\.0\\.1 \\(pid \\d+\\), since .* UTC\n {15}its session is: idle\nprisma's lock  nobody\n$`,
    ),
  )
  const json = JSON.parse((await shop.run(['lock', '--json'])).stdout)
  expect(json.holders).toEqual([
    expect.objectContaining({ lock: 'migrate-guard', state: 'idle', user: 'postgres' }),
  ])

  const refused = await shop.run(['lock', 'release'])
  expect(refused.exitCode).toBe(6)
  expect(refused.stderr).toContain(
    'hint: End the sessions without a question: npx migrate-guard lock release --yes\n',
  )
  const declined = shop.start(['lock', 'release'], { terminal: true })
  await declined.waitFor('Type yes')
  declined.type('no\r')
  expect((await declined.result).exitCode).toBe(6)
  expect(await lockCount(shop)).toBe(1)

  const released = shop.start(['lock', 'release'], { terminal: true })
  await released.waitFor('Type yes')
  released.type('yes\r')
  const end = await released.result
  expect(end.stdout).toContain('released: 1 session ended')
  expect(end.exitCode).toBe(0)
  expect(await lockCount(shop)).toBe(0)

  running.type('y\r')
  const lost = await running.result
  expect(lost.stdout).toContain(
    'the session that held the deploy lock has ended; another run may have begun (lock-lost)',
  )
  expect(lost.exitCode).toBe(7)
  expect(await shop.fingerprint()).toBe(before)
})

test('ends a deploy that is running, engine first, and says what is missing when it may not', async () => {
  const shop = await makeShop({
    pending: 'ALTER TABLE "customers" ADD COLUMN "phone" TEXT;\nSELECT pg_sleep(60);\n',
  })
  const running = shop.start(['deploy', '--yes', '--skip-backup'])
  await until(async () => (await lockCount(shop)) === 2)
  const { stdout } = await shop.run(['lock'])
  expect(stdout).toMatch(/of the same run: "migrate-guard deploy .*", (active|idle in transaction|idle)\n/)
  expect(stdout).toMatch(/prisma's lock {2}"migrate-guard deploy .*" as "postgres"/)

  const role = `releaser_${process.pid}`
  await shop.database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'`)
  const url = Object.assign(new URL(shop.database.url), { username: role, password: 'secret' }).href
  const refused = await shop.run(['lock', 'release', '--yes'], { DATABASE_URL: url })
  await shop.database.query(`DROP ROLE ${role}`)
  expect(refused.stderr).toMatch(/error: your role may not end the session of "postgres" \(pid \d+\): /)
  expect(refused.exitCode).toBe(7)

  const released = await shop.run(['lock', 'release', '--yes'])
  expect(released).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('released: 2 sessions ended'),
  })
  const { exitCode, stdout: said } = await running.result
  expect(exitCode).toBe(20)
  expect(said).toContain('the session that held the deploy lock had ended before the deploy did')
  expect(await shop.database.query("SELECT 1 FROM pg_attribute WHERE attname = 'phone'")).toEqual([])
  expect(await shop.run(['lock'])).toMatchObject({ stdout: expect.stringMatching(/nobody(.|\n)*nobody/) })
})
