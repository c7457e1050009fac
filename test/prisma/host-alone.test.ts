import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from '@jest/globals'
import { execa } from 'execa'
import { hostPath, makeFolder, startHost } from '../support/engine-host.js'
import { barePrisma } from '../support/prisma-cli.js'
import { makeProject, type Project } from '../support/project.js'
import { createTestDatabase, type TestDatabase } from '../support/test-database.js'

const projects: Project[] = []

afterAll(async () => {
  for (const project of projects) await project.remove()
})

async function projectOf(prisma: '6' | '7'): Promise<Project> {
  const project = await makeProject({
    prisma,
    migrations: { '20260101000000_a': 'CREATE TABLE a (id int);' },
  })
  projects.push(project)
  return project
}

function runHost(args: readonly string[]) {
  return execa(process.execPath, [hostPath, ...args], { reject: false, extendEnv: false, env: {} })
}

function otherDatabase(database: TestDatabase, name: string): string {
  return Object.assign(new URL(database.url), { pathname: `/${name}` }).href
}

async function databases(database: TestDatabase): Promise<string[]> {
  return (await database.query('SELECT datname FROM pg_database')).map(({ datname }) => datname)
}

describe.each(['7', '6'] as const)('Prisma %s prints why', (prisma) => {
  test('the database does not exist, and none is made', async () => {
    const database = await createTestDatabase()
    const { host } = new URL(database.url)
    const missing = `${database.name}_typo`
    const url = otherDatabase(database, missing)
    const { exitCode, stderr } = await barePrisma(await projectOf(prisma), ['migrate', 'deploy'], {
      DATABASE_URL: url,
    })
    expect(stderr).toContain(
      `P1003: database "${missing}" does not exist on ${host}. Correct the database name in the URL, or create the database; migrate-guard never creates one.`,
    )
    expect(exitCode).toBe(1)
    expect(await databases(database)).not.toContain(missing)
  })

  test('the server cannot be reached', async () => {
    const { exitCode, stderr } = await barePrisma(await projectOf(prisma), ['migrate', 'deploy'], {
      DATABASE_URL: 'postgresql://nobody:s3cret@127.0.0.1:1/nothing',
    })
    expect(stderr).toContain(
      'P1001: the server at 127.0.0.1:1 cannot be reached: connection refused. Start the server',
    )
    expect(stderr).not.toContain('s3cret')
    expect(exitCode).toBe(1)
  })

  test('the password is wrong', async () => {
    const url = new URL((await createTestDatabase()).url)
    url.password = 'wr0ng'
    const { exitCode, stderr } = await barePrisma(await projectOf(prisma), ['migrate', 'deploy'], {
      DATABASE_URL: url.href,
    })
    expect(stderr).toContain(
      `P1000: ${url.host} refused the login of "postgres": password authentication failed`,
    )
    expect(stderr).not.toContain('wr0ng')
    expect(exitCode).toBe(1)
  })

  test('the engine panics, and nothing is applied', async () => {
    const database = await createTestDatabase()
    const { exitCode, stderr, stdout } = await barePrisma(await projectOf(prisma), ['migrate', 'deploy'], {
      DATABASE_URL: database.url,
      FORCE_PANIC_SCHEMA_ENGINE: '1',
    })
    expect(stderr).toContain('debugPanic artificial panic')
    expect(stdout).not.toContain('applied')
    expect(exitCode).toBe(1)
    expect(await database.query("SELECT to_regclass('a')")).toEqual([{ to_regclass: null }])
  })
})

test.each([
  ['7', []],
  ['6', ['--schema', 'prisma/schema.prisma']],
] as const)('Prisma %s executes a script on the database that it names', async (prisma, options) => {
  const database = await createTestDatabase()
  const project = await projectOf(prisma)
  await writeFile(join(project.directory, 'script.sql'), 'CREATE TABLE made (id int);')
  const { exitCode, stdout, stderr } = await barePrisma(
    project,
    ['db', 'execute', '--file', 'script.sql', ...options],
    { DATABASE_URL: database.url },
  )
  expect([exitCode, `${stdout}${stderr}`]).toEqual([0, expect.stringContaining('Script executed')])
  expect(await database.query("SELECT to_regclass('made')::text AS made")).toEqual([{ made: 'made' }])
})

test('asked to create a database it says why there is none', async () => {
  const database = await createTestDatabase()
  const missing = `${database.name}_typo`
  const datasource = JSON.stringify({ url: otherDatabase(database, missing) })
  const { exitCode, stdout, stderr } = await runHost(['--datasource', datasource, 'cli', 'create-database'])
  expect(exitCode).toBe(1)
  expect(stdout).toBe('')
  // The CLI skips the first line, and reads an error with a code from this logger only.
  const [greeting, failure, ...rest] = stderr.split('\n').map((line) => JSON.parse(line))
  expect(greeting.level).toBe('INFO')
  expect(failure).toMatchObject({
    level: 'ERROR',
    target: 'schema_engine::logger',
    fields: { error_code: 'P1003', is_panic: false },
  })
  expect(rest).toEqual([])
  expect(await databases(database)).not.toContain(missing)
})

test('makes no shadow database', async () => {
  const database = await createTestDatabase()
  const before = await databases(database)
  const host = await startHost(database.url)
  const migrations = {
    tag: 'migrations',
    baseDir: '/prisma/migrations',
    lockfile: { path: 'migration_lock.toml', content: 'provider = "postgresql"\n' },
    migrationDirectories: [],
    shadowDbInitScript: '',
  }
  const answer = await host.request('diff', {
    from: migrations,
    to: { tag: 'empty' },
    script: false,
    shadowDatabaseUrl: null,
    exitCode: true,
    filters: { externalTables: [], externalEnums: [] },
  })
  await host.close()
  expect(answer?.error?.message).toContain('migrate-guard never creates a database')
  const made = (await databases(database)).filter((name) => !before.includes(name) && /shadow/.test(name))
  expect(made).toEqual([])
})

test('answers a panic as a panic', async () => {
  const host = await startHost((await createTestDatabase()).url)
  const answer = await host.request('debugPanic')
  expect(answer?.error?.data.is_panic).toBe(true)
  expect(answer?.error?.message).toContain('debugPanic artificial panic')
  await host.close()
})

test('answers also when it crashes outside of any call', async () => {
  const observer = join(await makeFolder(), 'crash.mjs')
  await writeFile(
    observer,
    `export default {
  before: (name) => name === 'engine.begin' && new Promise(() => setTimeout(() => { throw new Error('out of the blue') }))
}`,
  )
  const host = await startHost((await createTestDatabase()).url, {
    env: { MIGRATE_GUARD_EFFECT_OBSERVER: observer },
  })
  const answer = await host.deploy({ a: 'CREATE TABLE a (id int)' })
  expect(answer?.error?.message).toBe('out of the blue')
  expect(await host.close()).toEqual({ exitCode: 1, signal: undefined })
})

test('answers with the reason when the server is gone by then', async () => {
  const host = await startHost('postgresql://nobody@127.0.0.1:1/nothing')
  const answer = await host.deploy({ a: 'SELECT 1' })
  expect(answer?.error?.message).toContain('the server at 127.0.0.1:1 cannot be reached')
  await host.close()
})

test('answers what it does not know', async () => {
  const host = await startHost((await createTestDatabase()).url)
  expect((await host.request('launchRocket'))?.error?.message).toBe('the engine has no method "launchRocket"')
  expect((await host.request<string>('getDatabaseVersion'))?.result).toMatch(/^PostgreSQL \d+/)
  expect(await host.close()).toEqual({ exitCode: 0, signal: undefined })
})

test('names the setting when it is given no URL', async () => {
  const { exitCode, stderr } = await runHost(['cli', 'can-connect-to-database'])
  expect(exitCode).toBe(1)
  expect(stderr).toContain('no database URL: set DATABASE_URL')
})
