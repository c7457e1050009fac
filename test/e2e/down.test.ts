// The built command on projects without a database: what `down` writes, and what it says of bad input.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from '@jest/globals'
import { type CliResult, runCli } from '../support/run-cli.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folders: string[] = []
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true })
})

async function makeProject(migrations: Readonly<Record<string, string>>) {
  const directory = await mkdtemp(join(tmpdir(), 'guard-test-down-'))
  folders.push(directory)
  for (const [path, content] of Object.entries(migrations)) {
    const absolute = join(directory, 'prisma/migrations', path)
    await mkdir(dirname(absolute), { recursive: true })
    await writeFile(absolute, content)
  }
  return {
    read: (path: string) => readFile(join(directory, 'prisma/migrations', path), 'utf8'),
    list: (path: string) => readdir(join(directory, 'prisma/migrations', path)),
    down: (...args: string[]): Promise<CliResult> => runCli(['down', ...args], { cwd: directory }),
    downWith: (env: Record<string, string>, ...args: string[]): Promise<CliResult> =>
      runCli(['down', ...args], { cwd: directory, env }),
  }
}

const two = {
  '1_one/migration.sql': 'CREATE TABLE t (id int PRIMARY KEY, fax text);\n',
  '2_two/migration.sql':
    'ALTER TABLE t RENAME TO contacts;\nALTER TABLE contacts DROP COLUMN fax;\nALTER TABLE contacts ADD COLUMN phone text;\n',
}

const down = `-- Takes back 2_two. Written by migrate-guard down; read it before you rely on it.

-- line 3: ALTER TABLE contacts ADD COLUMN phone text
ALTER TABLE contacts DROP COLUMN "phone";

-- line 2: ALTER TABLE contacts DROP COLUMN fax
-- irreversible: ALTER TABLE contacts DROP COLUMN fax: column contacts.fax comes back without its values; only the backup of before the deploy has them
ALTER TABLE contacts ADD COLUMN "fax" text;

-- line 1: ALTER TABLE t RENAME TO contacts
ALTER TABLE contacts RENAME TO "t";
`

test('writes what takes a migration back, proves it, and overwrites nothing', async () => {
  const project = await makeProject(two)
  const written = await project.down('2_two')
  expect(written).toMatchObject({ exitCode: 0, stderr: '' })
  expect(written.stdout).toBe(`down        2_two: 3 statements
proof       exact: up, down and up again on an empty database, compared object by object
  irreversible, line 2: column contacts.fax comes back without its values; only the backup of before the deploy has them
written     prisma/migrations/2_two/down.sql
`)
  expect(await project.read('2_two/down.sql')).toBe(down)
  expect(await project.list('2_two')).toEqual(['down.sql', 'migration.sql'])

  await writeFile(join(folders.at(-1) ?? '', 'prisma/migrations/2_two/down.sql'), '-- mine\n')
  expect(await project.down('2_two')).toMatchObject({
    exitCode: 2,
    stderr:
      'error: there is a prisma/migrations/2_two/down.sql already\nhint: Print a new one by --print, or replace it by --force.\n',
  })
  expect(await project.read('2_two/down.sql')).toBe('-- mine\n')
  // By its name without the number; the report goes to the other stream.
  expect(await project.down('two', '--print')).toMatchObject({ exitCode: 0, stdout: down })
  expect(await project.read('2_two/down.sql')).toBe('-- mine\n')
  const forced = await project.down('prisma/migrations/2_two/', '--force', '--json')
  expect(JSON.parse(forced.stdout)).toMatchObject({
    migration: '2_two',
    file: 'prisma/migrations/2_two/down.sql',
    isWritten: true,
    verdict: 'exact',
    irreversible: [{ line: 2 }],
    exitCode: 0,
  })
  expect(await project.read('2_two/down.sql')).toBe(down)
})

test('a way back that does not lead back is not called exact', async () => {
  const project = await makeProject({
    ...two,
    '3_three/migration.sql': 'INSERT INTO contacts VALUES (1);\nCREATE TABLE log (id int);\n',
  })
  const { exitCode, stdout } = await project.down('3_three')
  expect(exitCode).toBe(0)
  expect(stdout).toContain('proof       not exact')
  expect(stdout).toContain(
    '  irreversible, line 1: the rows that it adds to contacts stay; delete them by hand\n',
  )
  expect(stdout).toMatch(/a second run of the migration fails: line 1: duplicate key/)
})

describe('bad input gets one sentence and a hint', () => {
  const cases: [string, Record<string, string>, string[], number, string | RegExp][] = [
    [
      'a migration that is not there',
      two,
      ['2_tow'],
      2,
      'error: there is no migration "2_tow" in the migrations folder\nhint: Did you mean 2_two?\n',
    ],
    [
      'a name that two have',
      { '1_a/migration.sql': '', '2_a/migration.sql': '' },
      ['a'],
      2,
      'error: 2 migrations are called "a"\nhint: Give the whole name: 1_a, 2_a.\n',
    ],
    [
      'a folder without migration.sql',
      { ...two, '3_three/note.txt': '' },
      ['3_three'],
      2,
      'error: "3_three" has no migration.sql here\nhint: Restore the file, or remove the folder if it was never applied anywhere.\n',
    ],
    [
      'a file that is no SQL',
      { ...two, '3_three/migration.sql': 'CREATE TABEL x ();' },
      ['3_three'],
      2,
      'error: "3_three": syntax error at or near "TABEL"\nhint: Correct the file, and run the command again.\n',
    ],
    [
      'a file that the server refuses',
      { ...two, '3_three/migration.sql': 'SELECT 1;\nALTER TABLE nobody ADD x int;' },
      ['3_three'],
      5,
      'error: "3_three" does not run on an empty database: line 2: relation "nobody" does not exist\nhint: Correct the file, or what it needs of the server, and run the command again.\n',
    ],
    [
      'a file before it that the server refuses',
      { ...two, '0_zero/migration.sql': 'ALTER TABLE nobody ADD x int;' },
      ['2_two'],
      5,
      /^error: "0_zero" does not run on an empty database: line 1: relation "nobody" does not exist\nhint: /,
    ],
    ['no name', two, [], 2, /^error: missing required argument 'migration'\nhint: /],
    [
      '--twin off',
      two,
      ['2_two', '--twin', 'off'],
      2,
      /^error: the migrations must run somewhere, and --twin off says nowhere\nhint: /,
    ],
  ]
  test.each(cases)('%s', async (_, files, args, exitCode, stderr) => {
    const project = await makeProject(files)
    const result = await project.down(...args)
    expect(result).toMatchObject({ exitCode, stdout: '' })
    if (typeof stderr === 'string') expect(result.stderr).toBe(stderr)
    else expect(result.stderr).toMatch(stderr)
    for (const name of Object.keys(files)) expect(await project.list(dirname(name))).not.toContain('down.sql')
  })

  test('no server programs', async () => {
    const project = await makeProject(two)
    expect(await project.downWith({ MIGRATE_GUARD_POSTGRES_BIN: '/nonexistent' }, '2_two')).toMatchObject({
      exitCode: 5,
      stdout: '',
      stderr: expect.stringMatching(
        /^error: MIGRATE_GUARD_POSTGRES_BIN names \/nonexistent, but initdb and postgres are not there\nhint: /,
      ),
    })
  })
})

test('the migrations of the worked example lead back', async () => {
  for (const name of ['20260105090000_crm', '20261120043400_hierarchical_contacts']) {
    const { exitCode, stdout, stderr } = await runCli(['down', name, '--print'], { cwd: root })
    expect(stderr).toContain('proof       exact')
    expect(exitCode).toBe(0)
    expect(stdout).not.toMatch(/irreversible: (?!UPDATE|INSERT)/)
  }
})
