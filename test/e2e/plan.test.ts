import { afterAll, expect, test } from '@jest/globals'
import { execa } from 'execa'
import type { JsonReport } from '../../src/report/json.js'
import { makeShop, pendingName, removeShops, type Shop } from '../support/shop.js'

afterAll(removeShops)

const later = '20260301000000_later'

async function commit(shop: Shop): Promise<void> {
  const git = (...args: string[]) =>
    execa('git', ['-c', 'user.name=anna', '-c', 'user.email=anna@example.com', ...args], {
      cwd: shop.project.directory,
    })
  await git('init', '-q', '-b', 'main')
  await git('add', 'prisma')
  await git('commit', '-q', '-m', 'all so far')
}

test('plan --since shows what is both pending and new; the hash is that of all that is pending', async () => {
  const shop = await makeShop()
  await commit(shop)
  await shop.write(`prisma/migrations/${later}/migration.sql`, 'SELECT 1;\n')
  const whole = JSON.parse((await shop.run(['plan', '--json'])).stdout) as JsonReport
  expect(whole.migrations.map(({ name }) => name)).toEqual([pendingName, later])
  const { exitCode, stdout } = await shop.run(['plan', '--since', 'main'])
  expect(exitCode).toBe(0)
  expect(stdout).toMatch(/^plan {6}passed {3}2 pending migrations, 1 of them new since main\n/)
  expect(stdout).toContain(
    `\nplan        ${whole.plan?.hash?.slice(0, 12)}, 2 pending migrations, 1 of them new since main
  ${later}: 1 statement, all-or-nothing
    line 1  SELECT 1
`,
  )
  const none = await shop.run(['plan', '--since', 'nowhere'])
  expect(none).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('error: --since "nowhere" is no commit of this repository\n'),
  })
})

test('a plan with a blocker ends with 3, unless it is accepted', async () => {
  const shop = await makeShop({ pending: 'BEGIN;\nSELECT 1;\n' })
  const blocked = await shop.run(['plan'])
  expect(blocked).toMatchObject({
    exitCode: 3,
    stdout: expect.stringContaining('\nblocker transaction-left-open  '),
    stderr: expect.stringContaining('error: the checks block the deploy: 1 found\n'),
  })
  expect(blocked.stdout).toContain(`${pendingName}: 2 statements, statement-by-statement\n`)
  const accepted = await shop.run(['plan', '--json', '--accept', 'transaction-left-open=tried by hand'])
  expect(accepted.exitCode).toBe(0)
  expect((JSON.parse(accepted.stdout) as JsonReport).findings).toMatchObject([
    { code: 'transaction-left-open', accepted: 'tried by hand' },
  ])
  // Status only tells.
  expect(await shop.run(['status'])).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('\nblocker transaction-left-open  '),
  })
})

test('a comment in a pending file accepts a finding of the check, and one for nothing is reported', async () => {
  const shop = await makeShop({
    pending: `-- migrate-guard-accept empty-migration: a marker for the release
-- migrate-guard-accept orphan-rows: there are none
`,
  })
  const { exitCode, stdout } = await shop.run(['check', '--json'])
  expect(exitCode).toBe(0)
  const file = `prisma/migrations/${pendingName}/migration.sql`
  expect((JSON.parse(stdout) as JsonReport).findings).toMatchObject([
    { code: 'empty-migration', accepted: 'a marker for the release', file, line: 1 },
    { code: 'unused-acceptance', object: 'orphan-rows', file, line: 2 },
  ])
})

test('plan reads catalog and history, and no data', async () => {
  const shop = await makeShop()
  const role = `reader_${shop.database.name}`
  await shop.database.query(
    `CREATE ROLE ${role} LOGIN PASSWORD 'reader'; GRANT SELECT ON "_prisma_migrations" TO ${role}`,
  )
  const url = new URL(shop.database.url)
  url.username = role
  url.password = 'reader'
  const { exitCode, stdout } = await shop.run(['plan'], { DATABASE_URL: url.href })
  expect(exitCode).toBe(0)
  expect(stdout).toContain(`${pendingName}: 1 statement, all-or-nothing\n`)
  await shop.database.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
})
