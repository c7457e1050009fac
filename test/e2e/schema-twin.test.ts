import { mkdtemp, readdir, realpath, rm, stat, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { startThrowAwayCluster, type ThrowAwayCluster } from '../../src/postgres/throw-away-cluster.js'
import type { JsonReport } from '../../src/report/json.js'
import { makeShop, removeShops } from '../support/shop.js'

let elsewhere: ThrowAwayCluster

beforeAll(async () => {
  elsewhere = await startThrowAwayCluster()
})
afterAll(removeShops)
afterAll(() => elsewhere.stop())

/** CASCADE takes the view over the join, so that its name is free; and the foreign key, so that the orphan is allowed. */
const pending = `ALTER TABLE "notes" DROP COLUMN "customer_id" CASCADE;
CREATE VIEW "named" AS SELECT "id" FROM "customers";
CREATE TYPE "place" AS ("x" INTEGER);
CREATE TABLE "places" OF "place";
INSERT INTO "places" VALUES (1);
`
const view = `CREATE VIEW named AS SELECT customers.id FROM customers JOIN notes ON notes.customer_id = customers.id`

/** Roles stay on a server when a database goes. */
const reader = `reader_${process.pid}`

function failuresOf({ findings }: JsonReport): string[] {
  return findings.filter(({ kind }) => kind === 'failure').map(({ code, line }) => `${code}:${line}`)
}

async function makeScene(sql = pending) {
  const shop = await makeShop({ pending: sql, hasTwin: true })
  await shop.database.query(view)
  const check = async (...args: string[]) => {
    const { stdout, stderr, exitCode } = await shop.run(['check', '--json', ...args])
    return { report: JSON.parse(stdout || '{}') as JsonReport, stderr, exitCode }
  }
  return { shop, check, other: elsewhere.url }
}

test('on a schema twin the server says what CASCADE takes, on this machine and on another server', async () => {
  const { shop, check, other } = await makeScene()
  const before = await shop.fingerprint()
  expect((await check('--twin', 'off')).report.prediction).not.toBe('succeeds')
  for (const place of [undefined, other]) {
    const { report, stderr } = await check(...(place ? ['--twin', place] : []))
    expect({ place, prediction: report.prediction, stderr: stderr.includes('Error') }).toEqual({
      place,
      prediction: 'succeeds',
      stderr: false,
    })
    expect(report.findings.map(({ code }) => code)).not.toContain('no-schema-twin')
  }
  expect(await shop.fingerprint()).toBe(before)
  expect(await shop.leftovers()).toEqual([])
  const made = await shop.database.query("SELECT datname FROM pg_database WHERE datname LIKE 'mg\\_%'")
  expect(made).toEqual([])
})

test('plan has the locks and refusals from the server, and changes nothing on the target', async () => {
  const { shop, other } = await makeScene(`${pending}CREATE INDEX "by_x" ON "places" USING gin ("x");\n`)
  const before = await shop.fingerprint()
  const plan = async (...args: string[]) => {
    const { stdout, exitCode } = await shop.run(['plan', '--json', ...args])
    return { report: JSON.parse(stdout) as JsonReport, exitCode }
  }
  for (const place of [[], ['--twin', other]]) {
    const { report, exitCode } = await plan(...place)
    expect({ exitCode, replay: report.plan?.replay, codes: failuresOf(report) }).toEqual({
      exitCode: 3,
      replay: { lost: null },
      codes: ['missing-object:6'],
    })
    const locks = report.migrations[0]?.statementList.map((one) => one.locks ?? [])
    const dropped = locks?.[0]?.filter(({ work }) => work === 'drop').map(({ object }) => object)
    expect(dropped?.sort()).toEqual(['named', 'notes_customer_id_idx'])
    expect(locks?.[2]).toEqual([])
  }
  const { stdout } = await shop.run(['plan'])
  expect(stdout).toContain('\ntwin        every pending statement ran on a copy of the schema without rows\n')
  expect((await plan('--twin', 'off')).report.plan?.replay).toBeNull()
  const nowhere = await plan('--twin', 'postgresql://nobody:secret@127.0.0.1:1/nothing')
  expect(nowhere.report.plan?.replay).toBeNull()
  expect(nowhere.report.findings[0]).toMatchObject({ code: 'no-schema-twin', step: 'plan', verdict: 'warn' })
  expect(await shop.fingerprint()).toBe(before)
  expect(await shop.leftovers()).toEqual([])
})

test('what the twin refuses is found with line and SQLSTATE, and a deploy with it ends before anything is changed', async () => {
  const { shop, other } = await makeScene(
    'ALTER TABLE "notes" ADD COLUMN "tags" TEXT[];\nCREATE UNIQUE INDEX "by_tag" ON "notes" USING gin ("tags");\n',
  )
  const deployed = await shop.run(['deploy', '--yes', '--twin', other])
  expect(deployed.exitCode).toBe(3)
  const { findings, prediction, databaseState } = await shop.report()
  expect({ prediction, databaseState }).toEqual({ prediction: 'fails', databaseState: 'unchanged' })
  expect(await shop.runFile('report.txt')).not.toContain('the schema twin was left')
  expect(findings).toMatchObject([
    { code: 'invalid-statement', line: 2, message: expect.stringContaining('0A000') },
  ])
})

test('a role that may not read every table is told what pg_dump needs', async () => {
  const { shop } = await makeScene('ALTER TABLE "customers" ADD COLUMN "phone" TEXT;\n')
  const role = `few_rights_${process.pid}`
  await shop.database.query(
    `CREATE ROLE ${role} LOGIN PASSWORD 'few'; GRANT SELECT ON customers, _prisma_migrations TO ${role}`,
  )
  const DATABASE_URL = Object.assign(new URL(shop.database.url), { username: role, password: 'few' }).href
  const { stdout } = await shop.run(['check', '--json'], { DATABASE_URL })
  const { findings } = JSON.parse(stdout) as JsonReport
  expect(findings.find(({ code }) => code === 'no-schema-twin')).toMatchObject({
    message: expect.stringContaining('permission denied for'),
    hint: expect.stringContaining('grant it SELECT'),
  })
  await shop.database.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
})

test('a role that may only look makes a plan on a twin, and is told what it could not deploy', async () => {
  const { shop } = await makeScene(
    'ALTER TABLE "customers" ADD COLUMN "phone" TEXT;\nCREATE INDEX "by_phone" ON "customers" ("phone");\n',
  )
  const role = `only_looks_${process.pid}`
  await shop.database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'looks'; GRANT pg_read_all_data TO ${role}`)
  const DATABASE_URL = Object.assign(new URL(shop.database.url), { username: role, password: 'looks' }).href
  const { stdout, exitCode } = await shop.run(['plan', '--json'], { DATABASE_URL })
  const { findings, plan, migrations } = JSON.parse(stdout) as JsonReport
  expect({ exitCode, replay: plan?.replay }).toEqual({ exitCode: 0, replay: { lost: null } })
  expect(findings).toMatchObject([
    {
      code: 'missing-privilege',
      verdict: 'warn',
      line: 1,
      message: expect.stringContaining('must be owner'),
    },
  ])
  expect(migrations[0]?.statementList[0]?.locks).toMatchObject([
    { object: 'customers', mode: 'ACCESS EXCLUSIVE' },
  ])
  await shop.database.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
})

test('what a dump of the schema leaves out is on the twin too', async () => {
  const { shop, check } = await makeScene(`DROP INDEX "broken";
REFRESH MATERIALIZED VIEW CONCURRENTLY "filled";
CREATE ROLE "${reader}";
GRANT SELECT ON "customers" TO "${reader}";
ALTER SEQUENCE "far" MAXVALUE 500;
`)
  const { database } = shop
  await database.query('CREATE TABLE twice (n int); INSERT INTO twice VALUES (1), (1)')
  // A name may hold anything, and the dump with it is read.
  await database.query('CREATE TABLE "odd \x1b[31m\nname" (n int)')
  const broken = database.query('CREATE UNIQUE INDEX CONCURRENTLY broken ON twice (n)')
  await expect(broken).rejects.toThrow('could not create unique index')
  await database.query(`CREATE MATERIALIZED VIEW filled AS SELECT id, 1 / (SELECT count(*) FROM customers) AS share FROM customers;
    CREATE UNIQUE INDEX ON filled (id); CREATE MATERIALIZED VIEW unfilled AS SELECT 1 AS one WITH NO DATA;
    CREATE SEQUENCE far; SELECT setval('far', 400)`)
  const { report: here } = await check('--twin', 'local')
  expect([here.prediction, failuresOf(here)]).toEqual(['succeeds', []])
  // On a server that others use no role is made.
  const { report: there } = await check('--twin', elsewhere.url)
  expect([there.prediction, failuresOf(there)]).toEqual([
    'decided-by-rehearsal',
    ['decided-by-rehearsal:3', 'decided-by-rehearsal:4'],
  ])
  await database.query("SELECT setval('far', 600)")
  for (const place of ['local', elsewhere.url])
    expect(failuresOf((await check('--twin', place)).report)).toContain('invalid-statement:5')
})

test('a twin that was kept says the same, and one of an older schema is not used', async () => {
  const { shop } = await makeScene()
  const { database } = shop
  const cache = await realpath(await mkdtemp(join(tmpdir(), 'guard-cache-')))
  const clusters = join(cache, 'migrate-guard/clusters')
  const kept = async () => (await readdir(clusters)).filter((name) => name.startsWith('schema-'))
  const check = async () => {
    const { stdout } = await shop.run(['check', '--json'], { XDG_CACHE_HOME: cache })
    const { prediction, findings } = JSON.parse(stdout) as JsonReport
    return { prediction, codes: findings.map(({ code, line }) => `${code}:${line}`) }
  }
  try {
    const first = await check()
    expect(first.prediction).toBe('succeeds')
    const [name = ''] = await kept()
    await utimes(join(clusters, name), 1_800_000_000, 1_800_000_000)
    expect(await check()).toEqual(first)
    expect(await kept()).toEqual([name])
    expect((await stat(join(clusters, name))).mtimeMs).not.toBe(1_800_000_000_000)
    // The name of the view of the migration is taken: the twin that was kept does not know it.
    await database.query('CREATE TABLE places (x int)')
    expect((await check()).prediction).toBe('fails')
    expect(await kept()).toHaveLength(2)
  } finally {
    await rm(cache, { recursive: true })
  }
})

test('where there can be none, that is said, and what only the server can tell is unknown', async () => {
  const { shop, check } = await makeScene('ALTER TABLE "customers" ADD COLUMN "phone" TEXT;\n')
  const { report, exitCode } = await check('--twin', 'postgresql://nobody:secret@127.0.0.1:1/nothing')
  expect(exitCode).toBe(3)
  expect(report.prediction).toBe('decided-by-rehearsal')
  expect(report.findings).toMatchObject([
    {
      code: 'no-schema-twin',
      verdict: 'unknown',
      line: 1,
      message: expect.stringContaining('the server at 127.0.0.1:1 cannot be reached'),
    },
  ])
  const nowhere = ['--twin', 'postgresql://nobody:secret@127.0.0.1:1/nothing']
  const accepted = await check(...nowhere, '--accept', 'no-schema-twin=looked at by hand')
  expect([accepted.exitCode, accepted.report.prediction]).toEqual([0, 'decided-by-rehearsal'])
  // Without one by choice nothing is held against the file, and it is not said to succeed.
  const off = await check('--twin', 'off')
  expect([off.exitCode, off.report.prediction, off.report.findings]).toEqual([0, 'decided-by-rehearsal', []])
  expect(off.report.checks).toContainEqual(
    expect.objectContaining({ id: 'server-refusals', outcome: 'not-made' }),
  )
  expect(JSON.stringify(report)).not.toContain('secret')

  // Code of the migrations runs on the twin; on the server of the target it could act there.
  const beside = await check(
    '--twin',
    Object.assign(new URL(shop.database.url), { pathname: '/postgres' }).href,
  )
  expect(beside.report.findings).toMatchObject([
    { code: 'no-schema-twin', message: expect.stringContaining('--twin names the server of the target') },
  ])

  const { stderr, exitCode: usage } = await check('--twin', 'elsewhere')
  expect(usage).toBe(2)
  expect(stderr).toContain('Write off, local, or the URL of a PostgreSQL server.')
})
