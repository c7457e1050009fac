import { expect, test } from '@jest/globals'
import { hostPath } from '../support/engine-host.js'
import {
  firstMigration,
  type GuardedDatabase,
  makeGuardedDatabase,
  writeObserver,
} from '../support/guarded-database.js'
import { longTest } from '../support/long.js'
import { barePrisma } from '../support/prisma-cli.js'
import { type CliResult, runCli } from '../support/run-cli.js'

const left = '20260201000000_left'

function cli({ project, database }: GuardedDatabase, ...args: string[]): Promise<CliResult> {
  return runCli(args, { cwd: project.directory, env: { DATABASE_URL: database.url } })
}

/** A database in P3009: a bare `prisma migrate deploy` has failed on this migration, and nobody kept anything. */
async function leaveBehind(sql: string): Promise<GuardedDatabase> {
  const guarded = await makeGuardedDatabase({ [left]: sql })
  const { exitCode, stderr } = await barePrisma(guarded.project, ['migrate', 'deploy'], {
    DATABASE_URL: guarded.database.url,
  })
  expect({ exitCode, failed: /P3018/.test(stderr) }).toEqual({ exitCode: 1, failed: true })
  return guarded
}

async function resolve(guarded: GuardedDatabase) {
  const { exitCode, stdout, stderr } = await cli(guarded, 'resolve', '--yes', '--json')
  const { standing, resolution, done } = JSON.parse(stdout)
  return { exitCode, stderr, standing, action: resolution?.kind, done }
}

const rolledBack = [`${firstMigration}: finished`, `${left}: rolled back`]

longTest(
  'all or nothing, stopped by a duplicate: nothing is there, and it is marked as rolled back',
  async () => {
    const guarded = await leaveBehind(
      'ALTER TABLE people ADD COLUMN phone text;\nCREATE UNIQUE INDEX people_email_key ON people (email);\n',
    )
    const before = await guarded.truth()
    const status = await cli(guarded, 'status')
    expect(status.stdout).toMatch(
      /unfinished {2}P3009: ".*_left" was started at .* npx migrate-guard resolve\n/,
    )
    expect(await resolve(guarded)).toMatchObject({ exitCode: 0, action: 'mark-rolled-back', done: true })
    expect(await guarded.truth()).toEqual({ ...before, history: rolledBack })
  },
)

test('CONCURRENTLY on duplicates: the invalid index goes, and nothing else', async () => {
  const guarded = await leaveBehind('CREATE UNIQUE INDEX CONCURRENTLY people_email_key ON people (email);\n')
  const before = await guarded.truth()
  expect(before.invalidIndexes).toEqual(['people_email_key'])
  expect(await resolve(guarded)).toMatchObject({ exitCode: 0, action: 'mark-rolled-back', done: true })
  expect(await guarded.truth()).toEqual({ ...before, invalidIndexes: [], history: rolledBack })
})

longTest(
  'its own COMMIT and then a failure: the first part is there, and the rest is run once it can be',
  async () => {
    const guarded = await leaveBehind(`BEGIN;
ALTER TABLE people ADD COLUMN phone text;
CREATE TABLE phones (id int PRIMARY KEY);
COMMIT;
ALTER TABLE people ALTER COLUMN city SET NOT NULL;
CREATE TABLE later (id int);
`)
    await guarded.database.query("UPDATE people SET city = 'somewhere' WHERE city IS NULL")
    const { people } = await guarded.truth()
    expect(await resolve(guarded)).toMatchObject({
      exitCode: 0,
      action: 'run-rest',
      standing: { kind: 'part', statements: 4 },
      done: true,
    })
    const truth = await guarded.truth()
    expect(truth).toMatchObject({ people, tables: expect.arrayContaining(['later', 'phones']) })
    expect(truth.history).toEqual([...rolledBack, `${left}: finished`])
    expect(
      await guarded.database.query(
        "SELECT attnotnull FROM pg_attribute WHERE attrelid = 'people'::regclass AND attname = 'city'",
      ),
    ).toEqual([{ attnotnull: true }])
  },
)

test.each([
  [
    'an object of it was changed by hand',
    'CREATE TABLE phones (id int PRIMARY KEY);\nALTER TABLE people ALTER COLUMN city SET NOT NULL;\n',
    'CREATE TABLE phones (id int PRIMARY KEY, number text)',
    /neither as before nor as after any statement|as after different statements/,
  ],
  [
    'rows may have been written before the failure',
    'UPDATE people SET email = lower(email);\nALTER TABLE people ALTER COLUMN city SET NOT NULL;\n',
    'SELECT 1',
    /the catalog does not show whether line 1 took effect/,
  ],
  [
    'the file is another one by now',
    'ALTER TABLE people ALTER COLUMN city SET NOT NULL;\n',
    "UPDATE _prisma_migrations SET checksum = 'other' WHERE finished_at IS NULL",
    /was edited after it was started/,
  ],
])('%s: resolve refuses to guess, and changes nothing', async (_, sql, byHand, why) => {
  const guarded = await leaveBehind(sql)
  await guarded.database.query(byHand)
  const before = await guarded.truth()
  const { exitCode, stderr } = await resolve(guarded)
  expect(exitCode).toBe(21)
  expect(stderr).toMatch(why)
  expect(await guarded.truth()).toEqual(before)
})

test("Prisma's lock is held: deploy and resolve end with 7 and name the holder, as status does", async () => {
  const guarded = await makeGuardedDatabase({ [left]: 'CREATE TABLE phones (id int);\n' })
  const before = await guarded.truth()
  const holder = await guarded.database.client()
  await holder.query("SET application_name = 'left behind'; SELECT pg_advisory_lock(72707369)")
  const words =
    /Prisma's migration lock (?:is held by|of "[^"]+":) "left behind" as ".*" from 127\.0\.0\.1 \(pid \d+\)/
  expect((await cli(guarded, 'status')).stdout).toMatch(words)
  const resolved = await cli(guarded, 'resolve', '--yes')
  expect([resolved.exitCode, words.test(resolved.stderr)]).toEqual([7, true])
  const deployed = await guarded.deploy({ arguments: ['--skip-backup'] })
  expect([deployed.exitCode, deployed.record.failure?.code]).toEqual([7, 'prisma-locked'])
  expect(deployed.stderr).toMatch(words)
  await holder.end()
  expect(await guarded.truth()).toEqual(before)
})

longTest(
  'another deploy is faster: 7, this run changed nothing, and its rows are not taken for ours',
  async () => {
    const guarded = await makeGuardedDatabase({ [left]: 'CREATE TABLE phones (id int);\n' })
    const env = await writeObserver(
      guarded.project,
      `async before(name) {
    if (name !== 'deploy.prisma') return
    const { spawnSync } = await import('node:child_process')
    const { status, stderr } = spawnSync(process.execPath, ['node_modules/prisma/build/index.js', 'migrate', 'deploy'], {
      env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: ${JSON.stringify(hostPath)}, PRISMA_QUERY_ENGINE_LIBRARY: ${JSON.stringify(hostPath)}, MIGRATE_GUARD_EFFECT_OBSERVER: '' },
    })
    if (status !== 0) throw new Error(String(stderr))
  }`,
    )
    const result = await guarded.deploy({ arguments: ['--skip-backup'], env })
    expect([result.exitCode, result.record.failure?.code]).toEqual([7, 'deployed-by-other'])
    expect((await guarded.truth()).history).toEqual([`${firstMigration}: finished`, `${left}: finished`])
  },
)
