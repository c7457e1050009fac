import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { execa } from 'execa'
import pg from 'pg'
import {
  findServerBinaries,
  startThrowAwayCluster,
  type ThrowAwayCluster,
} from '../../src/postgres/throw-away-cluster.js'
import {
  brake,
  firstMigration,
  type GuardedDatabase,
  guard,
  makeGuardedDatabase,
  writeObserver,
} from '../support/guarded-database.js'
import { longTest } from '../support/long.js'
import { runCli } from '../support/run-cli.js'

// What follows as `long` is tried by the kill sweep and the lock scenes of the measured faults, too.

const phones = '20260201000000_phones'
const sql = `ALTER TABLE people ADD COLUMN phone text;
${brake}
CREATE TABLE phones (id int PRIMARY KEY);
`

const rolledBack = [`${firstMigration}: finished`, `${phones}: rolled back`]

test('the session of the deploy is terminated in mid-migration: 20', async () => {
  const guarded = await makeGuardedDatabase({ [phones]: sql })
  await guarded.database.query('INSERT INTO brake VALUES (40)')
  const before = await guarded.truth()
  const running = guarded.start()
  const pid = await guarded.untilDeployRuns(/pg_sleep/)
  await guarded.database.query('SELECT pg_terminate_backend($1)', [pid])
  const result = await running.ended()
  expect(result.exitCode).toBe(20)
  expect(result.record.failure).toMatchObject({
    message: expect.stringMatching(
      /failed: line 2: terminating connection .* \(57P01\); the target is proven unchanged/,
    ),
    hint: expect.stringMatching(/^Nothing is wrong with the migration itself/),
  })
  expect(await guarded.truth()).toEqual({ ...before, history: rolledBack })
})

test('COMMIT came back and the engine dies before it can say so: 21, committed, resolve --applied', async () => {
  const guarded = await makeGuardedDatabase({ [phones]: sql })
  const env = await writeObserver(
    guarded.project,
    "after(name) { if (name === 'engine.commit') process.kill(process.pid, 'SIGKILL') }",
  )
  const result = await guarded.deploy({ env })
  expect(result.exitCode).toBe(21)
  expect(result.record.databaseState).toBe('changed')
  expect(result.record.failure).toMatchObject({
    message: `migration "${phones}" ran to its end, but its row in the migration history is not finished; fully applied`,
    hint: `All of "${phones}" is in the database: run npx migrate-guard resolve --yes, which marks it as applied, then run the command again.`,
  })
  expect(result.evidence).toMatch(/the server says that transaction \d+ of ".*" is committed/)
  const truth = await guarded.truth()
  expect(truth.tables).toContain('phones')
  expect(truth.history).toEqual([`${firstMigration}: finished`, `${phones}: unfinished`])

  // The hint, word for word but for npx: the package is not installed in a test's project.
  const command = /run npx migrate-guard (.*?), which/.exec(result.record.failure?.hint ?? '')?.[1] ?? ''
  const resolved = await runCli(command.split(' '), {
    cwd: guarded.project.directory,
    env: { DATABASE_URL: guarded.database.url },
  })
  expect({ exitCode: resolved.exitCode, stderr: resolved.stderr }).toEqual({ exitCode: 0, stderr: '' })
  const again = await guarded.deploy()
  expect(again.exitCode).toBe(0)
  expect((await guarded.truth()).people).toBe(truth.people)
})

longTest('the engine dies before COMMIT: 20', async () => {
  const guarded = await makeGuardedDatabase({ [phones]: sql })
  const before = await guarded.truth()
  const env = await writeObserver(
    guarded.project,
    "before(name) { if (name === 'engine.commit') process.kill(process.pid, 'SIGKILL') }",
  )
  const result = await guarded.deploy({ env })
  expect(result.exitCode).toBe(20)
  expect(await guarded.truth()).toEqual({ ...before, history: rolledBack })
})

/** Another session that keeps everybody out of the table. */
async function lockPeople({ database }: GuardedDatabase): Promise<pg.Client> {
  const holder = new pg.Client(database.url)
  await holder.connect()
  await holder.query("SET application_name = 'the one that holds the lock'")
  await holder.query('BEGIN')
  await holder.query('LOCK TABLE people IN ACCESS SHARE MODE')
  return holder
}

longTest('a lock that is held for three seconds is waited for by trying again', async () => {
  const guarded = await makeGuardedDatabase({ [phones]: sql })
  const running = guarded.start({ arguments: ['--lock-timeout', '500ms', '--retries', '8'] })
  const holder = await lockPeople(guarded)
  await guarded.untilDeployRuns(/ADD COLUMN phone/)
  await new Promise((resolve) => setTimeout(resolve, 3_000))
  await holder.end()
  const result = await running.ended()
  expect(result.exitCode).toBe(0)
  expect(result.stdout).toMatch(/20260201000000_phones: lock_timeout, rolled back; trying again in/)
  expect((await guarded.truth()).tables).toContain('phones')
})

test('a lock that is held for ever: 20, history clean', async () => {
  const guarded = await makeGuardedDatabase({ [phones]: sql })
  const before = await guarded.truth()
  const holder = await lockPeople(guarded)
  const result = await guarded.deploy({ arguments: ['--lock-timeout', '300ms', '--retries', '1'] })
  expect(result.exitCode).toBe(20)
  expect(result.record.failure).toMatchObject({
    message: `migration "${phones}" failed: line 1: canceling statement due to lock timeout (55P03); the target is proven unchanged`,
    hint: 'Find the session that holds the lock, or give a longer --lock-timeout, then run the command again; the history is clean.',
  })
  await holder.end()
  expect(await guarded.truth()).toEqual({ ...before, history: rolledBack })
})

const clusters: ThrowAwayCluster[] = []
afterAll(async () => {
  for (const cluster of clusters) {
    // The server that was started again is not the one that the cluster knows.
    await control(cluster, 'stop', '-m', 'immediate').catch(() => undefined)
    await cluster.stop()
  }
})

test('the server is restarted in mid-migration: waited for, then 20', async () => {
  const cluster = await startThrowAwayCluster()
  clusters.push(cluster)
  const model = await makeGuardedDatabase({ [phones]: sql })
  const query = async (text: string, values?: unknown[]) => {
    const client = new pg.Client(cluster.url)
    client.on('error', () => undefined)
    await client.connect()
    try {
      return (await client.query(text, values)).rows
    } finally {
      await client.end()
    }
  }
  const guarded = guard({ url: cluster.url, query }, model.project)
  await query('CREATE TABLE brake (seconds float)')
  await query('CREATE TABLE people (id int PRIMARY KEY)')
  // The history says that the first migration is applied, so that only the second is pending.
  const [row] = await model.database.query('SELECT * FROM _prisma_migrations')
  await query(`CREATE TABLE _prisma_migrations (id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL, finished_at timestamptz,
    migration_name varchar(255) NOT NULL, logs text, rolled_back_at timestamptz, started_at timestamptz NOT NULL DEFAULT now(),
    applied_steps_count int NOT NULL DEFAULT 0)`)
  await query(
    'INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name) VALUES ($1, $2, now(), $3)',
    [row.id, row.checksum, row.migration_name],
  )
  await query('INSERT INTO brake VALUES (60)')
  const before = await guarded.truth()
  const running = guarded.start()
  await guarded.untilDeployRuns(/pg_sleep/)
  await restart(cluster)
  const result = await running.ended()
  expect(result.exitCode).toBe(20)
  expect(result.record.failure?.message).toMatch(/\(57P01\); the target is proven unchanged$/)
  expect(await guarded.truth()).toEqual({ ...before, history: rolledBack })
})

/** A fast shutdown, and a start some seconds later on the same port. */
async function restart(cluster: ThrowAwayCluster): Promise<void> {
  const { directory, port } = cluster
  await control(cluster, 'stop', '-m', 'fast')
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  const options = `-c listen_addresses=127.0.0.1 -c port=${port} -c unix_socket_directories=${directory}`
  await control(cluster, 'start', '-l', join(directory, 'restarted.log'), '-o', options)
}

async function control({ directory }: ThrowAwayCluster, ...args: string[]): Promise<void> {
  const program = join(await findServerBinaries(), 'pg_ctl')
  const command = [program, '-D', join(directory, 'data'), '-w', ...args]
  const asPostgres = process.getuid?.() === 0 ? ['runuser', '-u', 'postgres', '--'] : []
  const [file = '', ...rest] = [...asPostgres, ...command]
  await execa(file, rest, { stdio: 'ignore', cwd: directory })
}
