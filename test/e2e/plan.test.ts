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
    `\nplan        ${whole.plan?.hash?.slice(0, 32)}, 2 pending migrations, 1 of them new since main
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

test('plan says what each statement locks, by live sizes', async () => {
  const shop = await makeShop({
    pending: `CREATE TABLE "visits" ("id" INTEGER, "customer_id" INTEGER REFERENCES "customers");
ALTER TABLE "customers" ALTER COLUMN "id" TYPE BIGINT;
UPDATE "notes" SET "customer_id" = 1;
`,
    hasTwin: true,
  })
  // A table as large as no test can fill it.
  await shop.database.query(`UPDATE pg_catalog.pg_class SET reltuples = 200000 WHERE relname = 'notes'`)
  const { exitCode, stdout } = await shop.run(['plan'])
  expect(exitCode).toBe(0)
  expect(stdout).toContain(`${pendingName}: 3 statements, all-or-nothing
    takes first, in this order: ACCESS EXCLUSIVE on customers, notes
      within one lock time-out and a parent before its children, as applications write: no deadlock with them half-way
    line 1  CREATE TABLE "visits"
              SHARE ROW EXCLUSIVE on customers (48 kB)
    line 2  ALTER TABLE "customers" ALTER COLUMN "id" TYPE BIGINT
              ACCESS EXCLUSIVE on customers (48 kB, rewrites)
              ACCESS EXCLUSIVE on notes (40 kB, about 200,000 rows, reads all of it)
    line 3  UPDATE "notes" SET "customer_id"
              ROW EXCLUSIVE on notes (40 kB, about 200,000 rows)
              ROW SHARE on customers (32 kB, where a row calls for it)
`)
  expect(stdout).toContain('\nwarning rows-locked  ')
  const byText = await shop.run(['plan', '--twin', 'off'])
  expect(byText.stdout).toContain(`
locks       by the text alone, on what it names: a schema twin shows all of them
  ${pendingName}: 3 statements, all-or-nothing
    line 1  CREATE TABLE "visits"
              SHARE ROW EXCLUSIVE on customers (48 kB)
    line 2  ALTER TABLE "customers" ALTER COLUMN "id" TYPE BIGINT
              ACCESS EXCLUSIVE on customers (48 kB, may rewrite it)
`)
  const report = JSON.parse((await shop.run(['plan', '--json'])).stdout) as JsonReport
  expect(report.migrations[0]?.statementList.map(({ locks }) => locks?.[0])).toMatchObject([
    {
      kind: 'table',
      name: '"customers"',
      object: 'customers',
      table: null,
      mode: 'SHARE ROW EXCLUSIVE',
      work: 'metadata',
      isCertain: true,
      isNew: false,
      rowEstimate: null,
    },
    { object: 'customers', mode: 'ACCESS EXCLUSIVE', work: 'rewrite' },
    { object: 'notes', mode: 'ROW EXCLUSIVE', work: 'write', rowEstimate: 200_000 },
  ])
  expect(report.findings).toMatchObject([
    { code: 'rows-locked', kind: 'lock', verdict: 'warn', step: 'plan', line: 3, object: 'notes' },
    { code: 'lock-held-through-file', step: 'plan', line: 1, object: 'customers' },
    { code: 'lock-held-through-file', step: 'plan', line: 2, object: 'notes' },
  ])
})

test('plan names the statement that the server refuses whatever the rows; check says it once', async () => {
  const shop = await makeShop({
    hasTwin: true,
    pending: `ALTER TABLE "notes" ADD COLUMN "text" TEXT;
ALTER TABLE "custommers" ADD COLUMN "phone" TEXT;
ALTER TABLE "customers" ADD COLUMN "phone" TEXT;
`,
  })
  const { exitCode, stdout } = await shop.run(['plan', '--json'])
  expect(exitCode).toBe(3)
  const report = JSON.parse(stdout) as JsonReport
  const common = { code: 'missing-object', kind: 'failure', verdict: 'block', line: 2, object: 'custommers' }
  expect(report.findings).toMatchObject([{ ...common, step: 'plan' }])
  expect(report.prediction).toBe('fails')
  expect(report.migrations[0]?.statementList.map(({ locks }) => locks?.length ?? null)).toEqual([
    1,
    null,
    // What comes behind it is looked at as if it had been corrected.
    1,
  ])
  const checked = JSON.parse((await shop.run(['check', '--json'])).stdout) as JsonReport
  expect(checked.findings.filter(({ kind }) => kind === 'failure')).toMatchObject([
    { ...common, step: 'check' },
  ])
  expect(checked.migrations[0]?.statementList.map(({ locks }) => locks)).toEqual([null, null, null])
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
