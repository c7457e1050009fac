import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { startThrowAwayCluster, type ThrowAwayCluster } from '../../src/postgres/throw-away-cluster.js'
import { useOwnServer } from '../support/own-server.js'
import { makeProject, type Project } from '../support/project.js'
import { type CliResult, runCli } from '../support/run-cli.js'
import { createTestDatabase, queryOnce } from '../support/test-database.js'

// What was made on a server, and what is left there, can only be told where nobody else works.
const settings = { logging_collector: 'on', log_filename: 'ddl.log', log_statement: 'ddl' }
const server = useOwnServer(settings)
let otherServer: ThrowAwayCluster
beforeAll(async () => {
  otherServer = await startThrowAwayCluster({ settings })
})
afterAll(() => otherServer?.stop())

const migrations = {
  '20260101000000_people': `CREATE TYPE "Kind" AS ENUM ('short', 'long');
CREATE TABLE "people" ("id" SERIAL PRIMARY KEY, "email" TEXT NOT NULL, "kind" "Kind" NOT NULL DEFAULT 'short');
CREATE UNIQUE INDEX "people_email_key" ON "people"("email");
`,
}
const schema = `datasource db {
  provider = "postgresql"
}

model people {
  id    Int    @id @default(autoincrement())
  email String @unique
  kind  Kind   @default(short)
}

enum Kind {
  short
  long
}
`

const opened: Project[] = []
afterEach(async () => {
  for (const project of opened.splice(0)) await project.remove()
})

function onBothServers<T>(sql: string): Promise<T[]> {
  return Promise.all([server().url, otherServer.url].map(async (url) => (await queryOnce(url, sql))[0]))
}

const everythingBeside = () =>
  onBothServers(`SELECT (SELECT pg_catalog.array_agg(datname::text ORDER BY 1) FROM pg_database) AS databases,
                        (SELECT pg_catalog.array_agg(rolname::text ORDER BY 1) FROM pg_roles) AS roles`)

/** How many databases the guard has ever made on each. */
async function copiesMade(): Promise<number[]> {
  const logs = await onBothServers<{ log: string }>("SELECT pg_read_file('log/ddl.log') AS log")
  return logs.map(({ log }) => log.match(/statement: CREATE DATABASE "?(?!"?guard_test_)/g)?.length ?? 0)
}

/** The value of --rehearsal, and on which servers a copy is made for each of the two commands. */
const places = {
  local: { value: () => 'local', copies: [0, 0] },
  'same-server': { value: () => 'same-server', copies: [1, 0] },
  'a URL': { value: () => otherServer.url, copies: [0, 1] },
}

test.each(Object.keys(places) as (keyof typeof places)[])(
  'a database with ?schema= and no history: baseline and drift prove it, on a copy in place %s',
  async (place) => {
    const database = await createTestDatabase()
    await database.query(`CREATE SCHEMA app; SET search_path = app; ${Object.values(migrations).join('')}
      INSERT INTO people (email) SELECT i || '@example.org' FROM generate_series(1, 50) i`)
    const project = await makeProject({ migrations, schema })
    opened.push(project)
    const { value, copies } = places[place]
    const options = ['--rehearsal', value()]
    const run = (...args: string[]): Promise<CliResult> =>
      runCli([...args, ...options], {
        cwd: project.directory,
        env: { DATABASE_URL: `${database.url}?schema=app` },
        timeoutMs: 120_000,
      })
    const history = () =>
      database.query('SELECT migration_name FROM app._prisma_migrations ORDER BY migration_name')
    const [beside, madeBefore] = [await everythingBeside(), await copiesMade()]

    const done = await run('baseline', '--yes')
    expect([done.stderr, done.exitCode]).toEqual(['', 0])
    expect(done.stdout).toContain('schema app')
    expect(await history()).toEqual([{ migration_name: '20260101000000_people' }])
    expect(await database.query("SELECT to_regclass('public._prisma_migrations') AS it")).toEqual([
      { it: null },
    ])

    await database.query(`ALTER TABLE app.people ADD COLUMN nick text; CREATE INDEX people_nick ON app.people (nick);
      CREATE VIEW app.named AS SELECT email FROM app.people WHERE nick IS NOT NULL`)
    const drift = await run('drift', '--json')
    expect(drift.exitCode).toBe(3)
    const { findings, adopting } = JSON.parse(drift.stdout)
    expect([findings.map(({ message }: { message: string }) => message), adopting.left]).toEqual([
      [
        'the database has column app.people.nick, which no migration makes',
        'the database has index app.people_nick, which no migration makes',
        'the database has view app.named, which no migration makes',
      ],
      [],
    ])

    expect(await everythingBeside()).toEqual(beside)
    const made = (await copiesMade()).map((count, i) => count - (madeBefore[i] ?? 0))
    expect(made).toEqual(copies.map((each) => each * 2))
    // What comes after is the same in every place.
    if (place !== 'local') return

    const hotfix = join(project.directory, 'prisma/migrations/20260201000000_hotfix')
    await mkdir(hotfix)
    await writeFile(join(hotfix, 'migration.sql'), adopting.sql)
    const adopted = await run('baseline', '--yes')
    expect([adopted.stderr, adopted.exitCode]).toEqual(['', 0])
    const none = await run('drift')
    expect([none.exitCode, none.stdout]).toEqual([
      0,
      expect.stringContaining('the database is what its applied migrations make\n'),
    ])
    expect(await history()).toHaveLength(2)
  },
)

test('where the copy may not be made, nothing is compared, and it is said who can change that', async () => {
  const database = await createTestDatabase()
  await database.query(
    `CREATE ROLE no_creator LOGIN PASSWORD 'secret'; ALTER DATABASE "${database.name}" OWNER TO no_creator`,
  )
  const url = Object.assign(new URL(database.url), { username: 'no_creator', password: 'secret' }).href
  const project = await makeProject({ migrations, schema })
  opened.push(project)
  const run = (...args: string[]): Promise<CliResult> =>
    runCli([...args, '--rehearsal', 'same-server'], {
      cwd: project.directory,
      env: { DATABASE_URL: url },
      timeoutMs: 120_000,
    })
  const remedy = 'hint: Let it (ALTER ROLE "no_creator" CREATEDB), or rehearse locally (--rehearsal local).\n'
  const drift = await run('drift')
  expect([drift.exitCode, drift.stderr]).toEqual([3, expect.stringContaining(remedy)])
  expect(drift.stdout).toContain('whether the database is what its applied migrations make is unknown:\n')
  await database.query(Object.values(migrations).join(''))
  const baseline = await run('baseline', '--yes')
  expect([baseline.exitCode, baseline.stderr]).toEqual([3, expect.stringContaining(remedy)])
  expect(await database.query("SELECT to_regclass('_prisma_migrations') AS it")).toEqual([{ it: null }])
})
