import { expect, test } from '@jest/globals'
import { execa } from 'execa'
import { hostPath } from '../support/engine-host.js'
import {
  brake,
  firstMigration,
  makeGuardedDatabase,
  waitFor,
  writeObserver,
} from '../support/guarded-database.js'

// Two never deploy at once, also when the session that holds the deploy lock dies: before the deploy, at its very beginning,
// in the middle of it.

const phones = '20260201000000_phones'
const sql = `ALTER TABLE people ADD COLUMN phone text;
${brake}
CREATE TABLE phones (id int PRIMARY KEY);
`
const endLockSession = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE application_name LIKE 'migrate-guard lock %' AND datname = current_database()`

/** Runs a program in the moment before the guard starts Prisma. */
const beforePrisma = (command: string) => `
  async before(name) {
    if (name !== 'deploy.prisma') return
    const { spawnSync } = await import('node:child_process')
    const { status, stderr, stdout } = spawnSync(${command})
    if (status !== 0) throw new Error(String(stderr) + stdout)
  }`

test('the lock is lost between the last look and the first write: the engine begins nothing, 7', async () => {
  const guarded = await makeGuardedDatabase({ [phones]: sql })
  const before = await guarded.truth()
  const result = await guarded.deploy({
    env: await writeObserver(
      guarded.project,
      beforePrisma(`'psql', [process.env.DATABASE_URL, '-c', ${JSON.stringify(endLockSession)}]`),
    ),
  })
  expect(result.exitCode).toBe(7)
  expect(result.record).toMatchObject({
    databaseState: 'unchanged',
    failure: { code: 'lock-lost' },
    deployment: { lockLost: true },
  })
  expect(result.evidence).toContain('the session that held the deploy lock has ended, so nothing was begun')
  expect(await guarded.truth()).toEqual(before)
  expect((await guarded.deploy()).exitCode).toBe(0)
})

test('the lock is lost in the middle of the deploy: no other begins, and it is told', async () => {
  const guarded = await makeGuardedDatabase({ [phones]: sql })
  await guarded.database.query('INSERT INTO brake VALUES (15)')
  const first = guarded.start()
  await guarded.untilDeployRuns(/pg_sleep/)
  await guarded.database.query(endLockSession)
  // The deploy lock is free: whoever takes it finds Prisma's own, which the engine of the first one holds.
  const second = await guarded.deploy({ arguments: ['--skip-backup'] })
  expect(second.exitCode).toBe(7)
  expect(second.record.failure).toMatchObject({
    code: 'prisma-locked',
    message: expect.stringMatching(
      /"migrate-guard deploy .*" as "postgres" from .* \(pid \d+\), since .* UTC, active$/,
    ),
  })
  const third = await guarded.deploy({ arguments: ['--skip-backup', '--wait', '3m'] })
  expect(third.exitCode).toBe(0)
  expect(third.record.deployment).toBeUndefined()
  const result = await first.ended()
  expect(result.exitCode).toBe(0)
  expect(JSON.stringify(result.stdout)).toContain(
    'the session that held the deploy lock had ended before the deploy did',
  )
  const truth = await guarded.truth()
  expect(truth.history).toEqual([`${firstMigration}: finished`, `${phones}: finished`])
  expect(truth.advisoryLocks).toBe(0)
})

test('a bare prisma is faster by a moment: 7, by whom it was not, nothing changed by this run', async () => {
  const guarded = await makeGuardedDatabase({ [phones]: sql })
  const env = JSON.stringify({
    PATH: process.env.PATH,
    DATABASE_URL: guarded.database.url,
    PRISMA_SCHEMA_ENGINE_BINARY: hostPath,
    CHECKPOINT_DISABLE: '1',
  })
  const result = await guarded.deploy({
    env: await writeObserver(
      guarded.project,
      beforePrisma(
        `process.execPath, ['node_modules/prisma/build/index.js', 'migrate', 'deploy'], { env: ${env} }`,
      ),
    ),
  })
  expect(result.exitCode).toBe(7)
  expect(result.record).toMatchObject({
    databaseState: 'unchanged',
    failure: {
      code: 'deployed-by-other',
      message: 'another deploy has applied all pending migrations meanwhile; this run changed nothing',
    },
  })
  const truth = await guarded.truth()
  expect(truth.history).toEqual([`${firstMigration}: finished`, `${phones}: finished`])
  expect(truth.tables).toContain('phones')
  expect(await guarded.deploy()).toMatchObject({ exitCode: 0 })
})

test('a history that somebody has written by hand is no deploy of another', async () => {
  const guarded = await makeGuardedDatabase({ [phones]: sql })
  const checksum = (
    await execa('sha256sum', [`${guarded.project.directory}/prisma/migrations/${phones}/migration.sql`])
  ).stdout.slice(0, 64)
  const insert = `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
    VALUES ('by hand', '${checksum}', '${phones}', now(), now(), 1)`
  const result = await guarded.deploy({
    env: await writeObserver(
      guarded.project,
      beforePrisma(`'psql', [process.env.DATABASE_URL, '-c', ${JSON.stringify(insert)}]`),
    ),
  })
  expect(result.exitCode).toBeGreaterThan(19)
  expect(result.record.deployment?.lockLost).toBeUndefined()
})

test("a session holds Prisma's lock right before the deploy: 7, or it is waited for", async () => {
  const guarded = await makeGuardedDatabase({ [phones]: sql })
  const before = await guarded.truth()
  // Holds it until it is ended, and does not go on before it holds it.
  const hold = `(async () => {
    const { spawn, spawnSync } = await import('node:child_process')
    const url = process.env.DATABASE_URL
    spawn('psql', [url, '-c', 'SELECT pg_advisory_lock(72707369), pg_sleep(600)'], { detached: true, stdio: 'ignore' }).unref()
    const held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 72707369 AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    while (String(spawnSync('psql', [url, '-Atc', held]).stdout).trim() !== '1');
  })()`
  const letGo = () =>
    guarded.database.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'psql' AND datname = current_database()",
    )
  const env = await writeObserver(
    guarded.project,
    `async after(name) { if (name === 'backup.read') await ${hold} }`,
  )
  const refused = await guarded.deploy({ env })
  expect(refused.exitCode).toBe(7)
  expect(refused.record.failure).toMatchObject({
    code: 'prisma-locked',
    message: expect.stringMatching(
      /"psql" as "postgres" from 127\.0\.0\.1 \(pid \d+\), since .* UTC, active$/,
    ),
  })
  expect((await guarded.truth()).history).toEqual(before.history)
  await letGo()
  await waitFor('psql to end', async () => (await guarded.truth()).advisoryLocks === 0)
  const waiting = guarded.start({ env, arguments: ['--wait', '3m'] })
  await waitFor('the guard to wait', async () => waiting.printed().includes('waiting up to 3 min for "psql"'))
  await letGo()
  expect((await waiting.ended()).exitCode).toBe(0)
})
