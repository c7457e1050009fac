import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from '@jest/globals'
import { isLong } from '../support/long.js'
import { makeProject, type Project } from '../support/project.js'
import { type CliResult, runCli } from '../support/run-cli.js'
import { createTestDatabase, type TestDatabase } from '../support/test-database.js'

let project: Project | undefined
let database: TestDatabase | undefined
afterEach(async () => {
  await project?.remove()
  await database?.drop()
})

/** A configuration that goes wrong only when Prisma's own CLI reads it. */
const config = (inPrisma: string) => `import { defineConfig } from 'prisma/config'
if (process.argv[1]?.includes('prisma/build')) { ${inPrisma} }
export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env.DATABASE_URL ?? '' },
})
`
const write = (path: string, text: string) => async (directory: string) =>
  writeFile(join(directory, path), text)
const brokenCli = (main: string) => async (directory: string) => {
  const folder = join(directory, 'node_modules/prisma')
  await rm(join(directory, 'node_modules'))
  await mkdir(join(folder, 'build'), { recursive: true })
  await writeFile(
    join(folder, 'package.json'),
    '{ "name": "prisma", "version": "7.10.1", "bin": "build/index.js" }',
  )
  await writeFile(join(folder, 'build/index.js'), main)
}

interface Way {
  readonly name: string
  readonly make: (directory: string) => Promise<void>
  readonly says: RegExp
  readonly exit: number
}

const ways: Way[] = [
  {
    name: 'its configuration throws',
    make: write('prisma.config.ts', config("throw new Error('the vault is sealed')")),
    says: /Prisma said: .*the vault is sealed/,
    exit: 20,
  },
  {
    name: 'its configuration asks for a module that is not there',
    make: write('prisma.config.ts', config("await import('not-there')")),
    says: /Prisma said: .*not-there/,
    exit: 20,
  },
  {
    name: 'its configuration ends the process',
    make: write('prisma.config.ts', config("console.error('no licence today'); process.exit(7)")),
    says: /Prisma said: no licence today/,
    exit: 20,
  },
  {
    name: 'its configuration ends the process well',
    make: write('prisma.config.ts', config("console.log('bye'); process.exit(0)")),
    says: /Prisma said: bye/,
    exit: 20,
  },
  {
    name: 'it is killed without a word',
    make: write('prisma.config.ts', config("process.kill(process.pid, 'SIGKILL')")),
    says: /Prisma said nothing/,
    exit: 20,
  },
  {
    name: 'the lock file names another provider',
    make: write('prisma/migrations/migration_lock.toml', 'provider = "mysql"\n'),
    says: /Prisma said: .*P3019.*mysql/,
    exit: 20,
  },
  {
    name: 'a part of it is missing',
    make: brokenCli("require('./missing-chunk.js')"),
    says: /Prisma said: .*Cannot find module '.\/missing-chunk.js'/,
    exit: 20,
  },
  {
    name: 'it has no command of that name',
    make: brokenCli("console.error('Unknown command: migrate'); process.exit(1)"),
    says: /Prisma said: Unknown command: migrate/,
    exit: 20,
  },
  {
    name: 'its configuration is no code',
    make: write('prisma.config.ts', 'export default defineConfig({'),
    says: /prisma.config.ts cannot be read: /,
    exit: 2,
  },
  {
    name: 'the schema is not valid',
    make: write(
      'prisma/schema.prisma',
      'datasource db {\n  provider = "postgresql"\n}\nmodel a {\n  id Int @idd\n}\n',
    ),
    says: /the Prisma schema cannot be read: Attribute not known: "@idd". \(.*schema.prisma:5\)/,
    exit: 2,
  },
  {
    name: 'its history is a table of somebody else',
    make: async () => {
      await database?.query('CREATE TABLE _prisma_migrations (id int)')
    },
    says: /"public"."_prisma_migrations" is not a migration history of Prisma: column "migration_name" does not exist/,
    exit: 2,
  },
]
// One of each kind; all of them take minutes.
const tried = isLong ? ways : ways.filter((_, at) => [0, 4, 5, 9, 10].includes(at))

async function runWith({ make }: Way, ...args: string[]): Promise<CliResult> {
  database = await createTestDatabase()
  project = await makeProject({
    migrations: { '20260101000000_a': 'CREATE TABLE a (id int PRIMARY KEY);\n' },
  })
  await make(project.directory)
  return runCli([...args, '--accept', 'schema-difference=no schema here'], {
    cwd: project.directory,
    env: { DATABASE_URL: database.url },
    timeoutMs: 100_000,
  })
}

async function reports(): Promise<string[]> {
  const backups = join(String(project?.directory), 'backups')
  const [run = ''] = (await readdir(backups)).filter((name) => /^\d/.test(name))
  return Promise.all(
    ['report.txt', 'report.md', 'report.json'].map((name) => readFile(join(backups, run, name), 'utf8')),
  )
}

test.each(tried)('Prisma fails because $name: the screen and every report say why', async (way) => {
  const { exitCode, stderr } = await runWith(way, 'deploy', '--yes', '--skip-rehearsal', '--skip-backup')
  expect(stderr.replace(/\n/g, ' ')).toMatch(way.says)
  expect(stderr).not.toContain('this is a bug')
  expect(exitCode).toBe(way.exit)
  // What keeps the settings from being read comes before there is a run.
  if (way.says.source.includes('config.ts cannot')) return
  for (const report of await reports()) expect(report.replaceAll('\\', '')).toMatch(way.says)
  expect(await database?.query("SELECT FROM pg_tables WHERE tablename = 'a'")).toEqual([])
})

test('a rehearsal says it too', async () => {
  const { exitCode, stderr } = await runWith(ways[0] as Way, 'rehearse')
  expect(stderr).toMatch(
    /error: "20260101000000_a" fails on the copy: Prisma did not apply it, and Prisma said: .*the vault is sealed/,
  )
  expect(stderr).toContain(
    'hint: Correct what Prisma names, then run the command again; the target is untouched.',
  )
  expect(exitCode).toBe(5)
  for (const report of await reports()) expect(report).toContain('the vault is sealed')
})
