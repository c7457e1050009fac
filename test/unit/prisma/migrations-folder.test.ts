import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { checksumOf, matchesChecksum, readMigrationFolders } from '../../../src/prisma/migrations-folder.js'

let project: string
let migrations: string

beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), 'guard-test-folder-'))
  migrations = join(project, 'prisma/migrations')
})

afterEach(() => rm(project, { recursive: true, force: true }))

async function add(name: string, sql?: string | Buffer): Promise<void> {
  await mkdir(join(migrations, name), { recursive: true })
  if (sql !== undefined) await writeFile(join(migrations, name, 'migration.sql'), sql)
}

test("reads folders in the order of their names' bytes", async () => {
  const inOrder = ['1', '10', '2', 'A', '_', 'a', 'é', '\uFB01', '\u{1F600}']
  for (const name of [...inOrder].reverse()) await add(name, '')
  await writeFile(join(migrations, 'migration_lock.toml'), '')
  const folders = await readMigrationFolders(migrations, project)
  expect(folders.map(({ name }) => name)).toEqual(inOrder)
})

test('gives the checksum that Prisma stores', async () => {
  await add('1', 'CREATE TABLE a (id int);\n')
  expect(await readMigrationFolders(migrations, project)).toEqual([
    {
      name: '1',
      directory: join(migrations, '1'),
      file: 'prisma/migrations/1/migration.sql',
      bytes: Buffer.from('CREATE TABLE a (id int);\n'),
      // printf 'CREATE TABLE a (id int);\n' | sha256sum
      checksum: 'c2de7559380e5ebf65caa7d59e166558e80243cf7e70006cc98d1593d94203c1',
    },
  ])
})

test('a folder without migration.sql has no checksum', async () => {
  await add('1')
  const [folder] = await readMigrationFolders(migrations, project)
  expect(folder).toEqual({
    name: '1',
    directory: join(migrations, '1'),
    file: 'prisma/migrations/1/migration.sql',
  })
})

test('there is no folder of migrations', async () => {
  await expect(readMigrationFolders(migrations, project)).rejects.toMatchObject({
    code: 'migrations-missing',
    message: 'there is no migrations folder at prisma/migrations',
    hint: 'Run the command in the folder of your project, or give the path by --migrations.',
  })
})

test('there is no migration in it', async () => {
  await mkdir(migrations, { recursive: true })
  await writeFile(join(migrations, 'migration_lock.toml'), '')
  await expect(readMigrationFolders(migrations, project)).rejects.toMatchObject({
    code: 'migrations-empty',
    message: 'the migrations folder prisma/migrations holds no migration',
    hint: 'Give the path of the right folder by --migrations; Prisma itself would report success here.',
  })
})

test.each([
  ['the same bytes', 'a\nb\n', 'a\nb\n', true],
  ['CRLF for LF', 'a\r\nb\r\n', 'a\nb\n', true],
  ['LF for CRLF', 'a\nb\n', 'a\r\nb\r\n', true],
  ['another text', 'a\nb\n', 'a\nc\n', false],
  ['a line end more', 'a\nb\n', 'a\nb', false],
  ['white space at the end', 'a\nb\n', 'a \nb\n', false],
])('compares by checksum: %s', async (_name, now, then, same) => {
  await add('1', now)
  const [folder] = await readMigrationFolders(migrations, project)
  expect(folder && matchesChecksum(folder, checksumOf(Buffer.from(then)))).toBe(same)
})

test('compares bytes that are not UTF-8', async () => {
  const bytes = Buffer.from([0x61, 0xff, 0x0d, 0x0a])
  await add('1', bytes)
  const [folder] = await readMigrationFolders(migrations, project)
  expect(folder && matchesChecksum(folder, checksumOf(Buffer.from([0x61, 0xff, 0x0a])))).toBe(true)
  expect(folder && matchesChecksum(folder, checksumOf(Buffer.from([0x61, 0xfe, 0x0a])))).toBe(false)
})

test('a folder without a file matches nothing', async () => {
  await add('1')
  const [folder] = await readMigrationFolders(migrations, project)
  expect(folder && matchesChecksum(folder, checksumOf(Buffer.from('')))).toBe(false)
})
