import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { makeFolder } from '../support/engine-host.js'
import { callOf, guardedPrisma } from '../support/prisma-cli.js'
import { descendantsOf, readProcesses } from '../support/processes.js'
import { makeProject, type Project } from '../support/project.js'
import { createTestDatabase, type TestDatabase, withTestDatabase } from '../support/test-database.js'

const password = `p@:%/'"\\ ss w0rd`
const role = `guard_test_secret_${process.pid}`
const projects: Project[] = []
let database: TestDatabase
let url: string

beforeAll(async () => {
  database = await createTestDatabase()
  await database.query(
    `CREATE ROLE ${role} LOGIN PASSWORD '${password.replaceAll("'", "''")}'; GRANT ALL ON SCHEMA public TO ${role}`,
  )
  const { host, pathname } = new URL(database.url)
  url = `postgresql://${role}:${encodeURIComponent(password)}@${host}${pathname}`
})

afterAll(async () => {
  // Its database is gone by now, and all that it owned.
  await withTestDatabase((other) => other.query(`DROP ROLE ${role}`))
  for (const project of projects) await project.remove()
})

/** The password as it may stand somewhere: plain, in a URL, in JSON. */
const forms = [
  password,
  encodeURIComponent(password),
  JSON.stringify(password).slice(1, -1),
  'ss w0rd',
  'ss%20w0rd',
]

function formsIn(text: string): string[] {
  return forms.filter((form) => text.includes(form))
}

test.each(['7', '6'] as const)(
  'Prisma %s: the password is on no command line, in no output, in no file',
  async (prisma) => {
    const project = await makeProject({
      prisma,
      migrations: { [`2026010${prisma}000000_slow`]: 'SELECT pg_sleep(1.5); SELECT 1/0;' },
    })
    projects.push(project)
    const folder = await makeFolder()
    const eventsFile = join(folder, 'events.ndjson')
    // Each engine stays for a while before it works, so that it is among the samples.
    const observer = join(await makeFolder(), 'slow.mjs')
    await writeFile(observer, 'await new Promise((go) => setTimeout(go, 500))\nexport default {}\n')
    process.env.MIGRATE_GUARD_EFFECT_OBSERVER = observer
    const cli = await guardedPrisma(project, url)
    delete process.env.MIGRATE_GUARD_EFFECT_OBSERVER
    const deploying = cli.run(callOf(['migrate', 'deploy'], { eventsFile }))
    let ended = false
    void deploying.then(() => {
      ended = true
    })
    const seen = new Set<string>()
    while (!ended) {
      for (const { command } of descendantsOf(process.pid, await readProcesses())) seen.add(command)
      await sleep(2)
    }
    const result = await deploying
    const commands = [...seen]
    expect(commands.filter((command) => formsIn(command).length > 0)).toEqual([])
    // The samples are worth something only if the CLI and both of its engines were among them.
    expect(commands.some((command) => command.includes('migrate deploy'))).toBe(true)
    const engines = commands.filter((command) => command.includes('engine-host/main.js'))
    expect(engines.some((command) => command.includes('--datamodels'))).toBe(true)
    expect(engines.some((command) => command.includes('can-connect-to-database'))).toBe(true)

    expect(result.stderr).toContain('division by zero')
    expect(formsIn(result.stdout + result.stderr)).toEqual([])
    expect(formsIn(await readFile(eventsFile, 'utf8'))).toEqual([])
    expect((await readdir(folder)).sort()).toEqual(['events.ndjson'])
    const logs = await database.query('SELECT logs FROM _prisma_migrations')
    expect(formsIn(JSON.stringify(logs))).toEqual([])
    await database.query('UPDATE _prisma_migrations SET rolled_back_at = now()')
  },
)

test('a wrong password is not repeated', async () => {
  const project = await makeProject({ migrations: { '20260101000000_a': 'SELECT 1;' } })
  projects.push(project)
  const { host, pathname } = new URL(database.url)
  const cli = await guardedPrisma(project, `postgresql://${role}:wr%40ng-w0rd@${host}${pathname}`)
  const result = await cli.run(callOf(['migrate', 'deploy']))
  expect(result.exitCode).toBe(1)
  expect(result.stderr).toContain(`P1000: ${host} refused the login of "${role}"`)
  expect(result.stdout + result.stderr).not.toMatch(/wr(@|%40)ng-w0rd/)
})

test('what Prisma keeps of a failure holds no values of the row', async () => {
  const project = await makeProject({
    migrations: {
      '20260101000000_a': `CREATE TABLE person (id int PRIMARY KEY, name text NOT NULL);
INSERT INTO person VALUES (81508150, 'Ada Lovelace');
INSERT INTO person VALUES (81508150, 'Grace Hopper');`,
    },
  })
  projects.push(project)
  const own = await createTestDatabase()
  const eventsFile = join(await makeFolder(), 'events.ndjson')
  const cli = await guardedPrisma(project, own.url)
  const result = await cli.run(callOf(['migrate', 'deploy'], { eventsFile }))
  const [{ logs }] = await own.query('SELECT logs FROM _prisma_migrations')
  expect(logs).toContain('duplicate key value violates unique constraint "person_pkey"')
  const events = await readFile(eventsFile, 'utf8')
  for (const text of [logs, events, result.stdout, result.stderr]) {
    expect(text).not.toMatch(/81508150|Lovelace|Hopper/)
  }
})
