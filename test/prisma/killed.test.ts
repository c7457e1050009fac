import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from '@jest/globals'
import { execa } from 'execa'
import { startHost } from '../support/engine-host.js'
import { isLong } from '../support/long.js'
import { callOf, guardedPrisma } from '../support/prisma-cli.js'
import { descendantsOf, type ProcessEntry, readProcesses } from '../support/processes.js'
import { makeProject, type Project } from '../support/project.js'
import { createTestDatabase, type TestDatabase } from '../support/test-database.js'

const projects: Project[] = []

afterAll(async () => {
  for (const project of projects) await project.remove()
})

/** Waits for what `look` gives, once it gives something. */
async function waitFor<T>(what: string, look: () => Promise<T | undefined>, timeoutMs = 120_000): Promise<T> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`)
    await sleep(50)
  }
}

async function sessions(database: TestDatabase, applicationName: string): Promise<number> {
  const [{ count }] = await database.query(
    'SELECT count(*)::int FROM pg_stat_activity WHERE application_name = $1 AND pid <> pg_backend_pid()',
    [applicationName],
  )
  return count
}

function asleep(database: TestDatabase, applicationName: string): Promise<true> {
  return waitFor('the statement to run', async () => {
    const found = await database.query(
      "SELECT FROM pg_stat_activity WHERE application_name = $1 AND wait_event = 'PgSleep'",
      [applicationName],
    )
    return found.length > 0 ? true : undefined
  })
}

/** Nobody is left on the server, and the transaction is not there. */
async function expectRolledBack(database: TestDatabase, applicationName: string): Promise<void> {
  await waitFor(
    'the sessions to end',
    async () => ((await sessions(database, applicationName)) === 0 ? true : undefined),
    5_000,
  )
  expect(await database.query("SELECT to_regclass('half')")).toEqual([{ to_regclass: null }])
  const rows = await database.query(
    'SELECT finished_at, rolled_back_at, applied_steps_count FROM _prisma_migrations',
  )
  expect(rows).toEqual([{ finished_at: null, rolled_back_at: null, applied_steps_count: 0 }])
}

// The sleep is longer than anything waits here, so that an end comes from the kill alone.
const slow = 'CREATE TABLE half (id int);\nSELECT pg_sleep(40);\nCREATE TABLE whole (id int);'

const all = [
  ['the CLI', ['cli'], '7'],
  ['the engine host', ['host'], '7'],
  ['the CLI and then the engine host', ['cli', 'host'], '7'],
  ['the engine host and then the CLI', ['host', 'cli'], '7'],
  ['the CLI of Prisma 6', ['cli'], '6'],
  ['the engine host of Prisma 6', ['host'], '6'],
] as const
const cases = isLong ? all : all.slice(0, 3)

test.each(cases)(
  'kill -9 of %s in the middle of a statement: the server rolls back',
  async (_name, victims, prisma) => {
    const project = await makeProject({ prisma, migrations: { '20260101000000_slow': slow } })
    projects.push(project)
    const database = await createTestDatabase()
    const applicationName = `guard killed ${database.name}`.slice(0, 60)
    const cli = await guardedPrisma(project, database.url)
    const running = cli.run(callOf(['migrate', 'deploy'], { applicationName }))
    await asleep(database, applicationName)

    const entries = descendantsOf(process.pid, await readProcesses())
    const find = (part: string) =>
      (entries.find(({ command }) => command.includes(part)) as ProcessEntry).processId
    const ids = { host: find('engine-host/main.js --datamodels'), cli: find('migrate deploy --config') }
    const hostId = ids.host
    for (const victim of victims) process.kill(ids[victim], 'SIGKILL')

    await expectRolledBack(database, applicationName)
    const result = await running
    expect(result.stdout).not.toContain('successfully applied')
    // Nothing of it goes on by itself either.
    expect((await readProcesses()).filter(({ processId }) => processId === hostId)).toEqual([])
  },
)

test('when the guard is gone the engine host ends', async () => {
  const database = await createTestDatabase()
  const guard = execa(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { reject: false })
  const host = await startHost(database.url, { guardProcessId: guard.pid as number })
  const answer = host.deploy({ '20260101000000_slow': slow })
  await asleep(database, host.applicationName)
  guard.kill('SIGKILL')
  await guard
  await expectRolledBack(database, host.applicationName)
  expect(await answer).toBeUndefined()
})

test('when nobody reads its answer any more the engine host ends', async () => {
  const database = await createTestDatabase()
  const host = await startHost(database.url)
  void host.deploy({ '20260101000000_slow': slow })
  await asleep(database, host.applicationName)
  expect(await host.close()).toEqual({ exitCode: 1, signal: undefined })
  await expectRolledBack(database, host.applicationName)
})

test('a migration whose session the server ends is answered as failed', async () => {
  const database = await createTestDatabase()
  const host = await startHost(database.url)
  const answer = host.deploy({ '20260101000000_slow': slow })
  await asleep(database, host.applicationName)
  await database.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1', [
    host.applicationName,
  ])
  expect((await answer)?.error?.message).toMatch(
    /terminating connection due to administrator command|Connection terminated/,
  )
  await host.close()
  await expectRolledBack(database, host.applicationName)
})
