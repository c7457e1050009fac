// The built command makes a migration folder from a schema, without a database of the user's.
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { runCli } from '../support/run-cli.js'

const folders: string[] = []
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true })
})

const head = 'datasource db {\n  provider = "postgresql"\n}\n\n'

async function makeProject(files: Readonly<Record<string, string>>) {
  const directory = await mkdtemp(join(tmpdir(), 'guard-test-create-'))
  folders.push(directory)
  const write = async (path: string, content: string) => {
    await mkdir(dirname(join(directory, path)), { recursive: true })
    await writeFile(join(directory, path), content)
  }
  for (const [path, content] of Object.entries(files)) await write(path, content)
  return {
    write,
    create: (...args: string[]) => runCli(['create', ...args], { cwd: directory }),
    list: (path = 'prisma') => readdir(join(directory, path)),
    read: (path: string) => readFile(join(directory, path), 'utf8'),
    mode: async (path: string) => (await stat(join(directory, path))).mode & 0o777,
  }
}

test('the first migration of a project, then one that renames nothing and drops something, then one of nothing', async () => {
  const project = await makeProject({
    'prisma/schema.prisma': `${head}model User {\n  id Int @id @default(autoincrement())\n  fax String?\n}\n`,
  })
  const first = await project.create('Init')
  expect(first).toMatchObject({ exitCode: 0, stderr: '' })
  const [init = ''] = await project.list('prisma/migrations')
  expect(init).toMatch(/^20\d{12}_init$/)
  expect(await project.list('prisma/migrations')).toEqual([init, 'migration_lock.toml'])
  expect((await project.list(`prisma/migrations/${init}`)).sort()).toEqual([
    'checks',
    'down.sql',
    'migration.sql',
  ])
  expect(await project.list(`prisma/migrations/${init}/checks`)).toEqual([])
  expect(await project.read('prisma/migrations/migration_lock.toml')).toContain('provider = "postgresql"')
  expect(await project.read(`prisma/migrations/${init}/migration.sql`)).toContain(
    '-- CreateTable\nCREATE TABLE "User" (',
  )
  expect(await project.read(`prisma/migrations/${init}/down.sql`)).toContain('DROP TABLE "User";')
  // Whoever may read the project may read it.
  expect(await project.mode(`prisma/migrations/${init}`)).toBe(await project.mode('prisma'))

  await project.write(
    'prisma/schema.prisma',
    `${head}model User {\n  id Int @id @default(autoincrement())\n  phone String?\n}\n`,
  )
  const second = await project.create('dropFax & add phone', '--json')
  const json = JSON.parse(second.stdout)
  expect(json).toMatchObject({ verdict: 'exact', isWritten: true, exitCode: 0, irreversible: [{ line: 2 }] })
  expect(json.migration).toMatch(/^20\d{12}_drop_fax_add_phone$/)
  expect(await project.read(`prisma/migrations/${json.migration}/down.sql`)).toContain(
    'ALTER TABLE "User" DROP COLUMN "phone";\nALTER TABLE "User" ADD COLUMN "fax" text;\n',
  )

  const third = await project.create('nothing')
  expect(third.stdout).toContain('nothing to change, so migration.sql is empty')
  const nothing = (await project.list('prisma/migrations')).find((name) => name.endsWith('_nothing'))
  expect(await project.read(`prisma/migrations/${nothing}/migration.sql`)).toBe(
    '-- This is an empty migration.\n',
  )
})

test('bad input makes nothing', async () => {
  const project = await makeProject({
    'prisma/schema.prisma': `${head}model User {\n  id Int\n}\n`,
  })
  expect(await project.create('x')).toMatchObject({
    exitCode: 2,
    stdout: '',
    stderr: expect.stringMatching(
      /^error: the Prisma schema cannot be read: .*\nhint: Run npx prisma validate to see what is wrong with it\.\n$/,
    ),
  })
  expect(await project.create('---', '--twin', 'local')).toMatchObject({ exitCode: 2 })
  expect(await project.create('§§')).toMatchObject({
    exitCode: 2,
    stderr:
      'error: "§§" has no letter or digit to call the migration by\nhint: Give it a name, such as add_phone.\n',
  })
  expect(await project.create('x', '--schema', 'nowhere.prisma')).toMatchObject({
    exitCode: 2,
    stderr: 'error: there is no Prisma schema at nowhere.prisma\nhint: Give its path by --schema.\n',
  })
  expect(await project.list()).toEqual(['schema.prisma'])
})

test('a folder that does not run is named, and nothing is made', async () => {
  const project = await makeProject({
    'prisma/schema.prisma': `${head}model User {\n  id Int @id\n}\n`,
    'prisma/migrations/1_one/migration.sql': 'CREATE TABLE a (id int);\nALTER TABLE b ADD c int;\n',
  })
  expect(await project.create('x')).toMatchObject({
    exitCode: 5,
    stdout: '',
    stderr: expect.stringContaining(
      '"1_one" does not run on an empty database: line 2: relation "b" does not exist',
    ),
  })
  expect(await project.list('prisma/migrations')).toEqual(['1_one'])
})
