import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { execa } from 'execa'
import { startThrowAwayCluster, type ThrowAwayCluster } from '../../src/postgres/throw-away-cluster.js'
import type { JsonReport } from '../../src/report/json.js'
import { type CliResult, runCli } from '../support/run-cli.js'
import { queryOnce } from '../support/test-database.js'

const folders: string[] = []
let elsewhere: ThrowAwayCluster

beforeAll(async () => {
  elsewhere = await startThrowAwayCluster()
})
afterAll(() => elsewhere.stop())
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true })
})

interface Clone {
  readonly directory: string
  plan(...args: string[]): Promise<CliResult>
  /** With a schema twin, as it is by default with `--since`. */
  planOnTwin(...args: string[]): Promise<CliResult>
  write(files: Readonly<Record<string, string | undefined>>): Promise<void>
  git(...args: string[]): Promise<void>
}

/** A project as a linter sees it in CI: nothing installed, no database, and a configuration that asks for its URL. */
async function makeClone(migrations: Readonly<Record<string, string>>): Promise<Clone> {
  const directory = await mkdtemp(join(tmpdir(), 'guard-test-offline-'))
  folders.push(directory)
  const clone: Clone = {
    directory,
    plan: (...args) => runCli(['plan', '--offline', ...args], { cwd: directory }),
    planOnTwin: (...args) => runCli(['plan', '--offline', ...args], { cwd: directory, hasTwin: true }),
    write: async (files) => {
      for (const [path, content] of Object.entries(files)) {
        const absolute = join(directory, path)
        if (content === undefined) await rm(absolute, { recursive: true })
        else {
          await mkdir(dirname(absolute), { recursive: true })
          await writeFile(absolute, content)
        }
      }
    },
    git: async (...args) => {
      const person = [
        '-c',
        'user.name=anna',
        '-c',
        'user.email=anna@example.com',
        '-c',
        'commit.gpgsign=false',
      ]
      await execa('git', [...person, ...args], { cwd: directory })
    },
  }
  await clone.write({
    'prisma.config.ts': `import { defineConfig, env } from 'prisma/config'

export default defineConfig({ schema: 'db/schema.prisma', datasource: { url: env('DATABASE_URL') } })
`,
    ...Object.fromEntries(
      Object.entries(migrations).map(([name, sql]) => [`db/migrations/${name}/migration.sql`, sql]),
    ),
  })
  return clone
}

const plain = { '1_one': 'CREATE TABLE t (a int);\n', '2_two': 'ALTER TABLE t DROP a;\n' }

const sqlOf = (name: string) => `db/migrations/${name}/migration.sql`

describe('plan --offline', () => {
  test('reads every migration, without a database and without Prisma', async () => {
    const clone = await makeClone(plain)
    const before = await readdir(clone.directory)
    expect(await clone.plan()).toEqual({
      exitCode: 0,
      stderr: '',
      stdout: `plan        2 migrations, offline: no database was asked
  1_one: 1 statement, all-or-nothing
    line 1  CREATE TABLE t
  2_two: 1 statement, all-or-nothing
    line 1  ALTER TABLE t DROP a
    drops data, line 1: DROP COLUMN t.a

warning drop-column  db/migrations/2_two/migration.sql:1
  "t"."a" is dropped with the values that it holds
  hint: Copy the values to where they are needed first, or accept the finding. On a database, check counts them.
`,
    })
    expect(await readdir(clone.directory)).toEqual(before)
  })

  test('says the same as JSON and as Markdown', async () => {
    const clone = await makeClone(plain)
    const { exitCode, stdout, stderr } = await clone.plan('--json')
    expect(exitCode).toBe(0)
    expect(stderr).toContain('plan        2 migrations, offline')
    expect(JSON.parse(stdout)).toMatchObject({
      command: 'plan --offline',
      verdict: 'unknown',
      prediction: 'decided-by-rehearsal',
      exitCode: 0,
      target: null,
      databaseState: 'unchanged',
      plan: {
        hash: null,
        engine: 'hosted',
        prismaVersion: null,
        appliedCount: null,
        since: null,
        leftOut: [],
      },
      migrations: [
        {
          name: '1_one',
          statements: 1,
          statementList: [{ index: 1, line: 1, kind: 'CreateStmt', summary: 'CREATE TABLE t' }],
          execution: { mode: 'all-or-nothing' },
          dataChanges: [],
        },
        { name: '2_two', dataChanges: [{ kind: 'drop', line: 1, text: 'DROP COLUMN t.a' }] },
      ],
      findings: [{ code: 'drop-column', verdict: 'warn', migration: '2_two', object: 't.a' }],
    })
    const markdown = await clone.plan('--format', 'markdown')
    expect(markdown.stdout).toContain('none: no database was asked')
    expect(markdown.stdout).toContain('line 1 drops data: DROP COLUMN t.a')
  })

  test('what is dropped gates a pull request that says so', async () => {
    const clone = await makeClone(plain)
    const { exitCode, stderr } = await clone.plan('--fail-on', 'warn')
    expect(exitCode).toBe(3)
    expect(stderr).toContain('error: the checks block the deploy: 1 found')
    const accepted = ['--fail-on', 'warn', '--accept', 'drop-column:t.a=nobody reads it']
    expect((await clone.plan(...accepted)).exitCode).toBe(0)
    const wrong = await clone.plan('--fail-on', 'info')
    expect(wrong.exitCode).toBe(2)
    expect(wrong.stderr).toContain('--fail-on')
  })

  test('a URL contradicts it, also one that leads nowhere is not looked at', async () => {
    const clone = await makeClone(plain)
    expect(await clone.plan('--database-url', 'postgresql://x/y')).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: 'error: --offline and --database-url contradict each other\nhint: Give one of them.\n',
    })
    const env = { DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/nothing' }
    const result = await runCli(['plan', '--offline'], { cwd: clone.directory, env })
    expect(result.exitCode).toBe(0)
  })

  test('without migrations it says where it looked', async () => {
    const clone = await makeClone({})
    expect(await clone.plan()).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `error: there is no migrations folder at db/migrations
hint: Run the command in the folder of your project, or give the path by --migrations.
`,
    })
  })

  test('passes over nothing silently', async () => {
    const clone = await makeClone({
      '1_broken': 'SELECT 1;\nSELEC 2;\n',
      '2_open': 'BEGIN;\nSELECT 1;\n',
      '3_empty': '-- nothing\n',
      '4_late': 'CREATE TABLE t ();\nBEGIN;\nCREATE INDEX CONCURRENTLY i ON t (a);\nCOMMIT;\n',
    })
    await clone.write({ 'db/migrations/5_without/notes.txt': '' })
    const { exitCode, stdout, stderr } = await clone.plan()
    expect(exitCode).toBe(3)
    expect(stderr).toBe(`error: the checks block the deploy: 4 found
hint: Fix what was found, or accept a finding by name: --accept <code>="reason".
`)
    const heads = stdout.split('\n').filter((line) => /^(blocker|warning|unknown) /.test(line))
    expect(heads).toEqual([
      `blocker migration-file-missing  ${sqlOf('5_without')}`,
      `blocker sql-not-parsed  ${sqlOf('1_broken')}:2`,
      `blocker transaction-left-open  ${sqlOf('2_open')}:1`,
      `blocker cannot-run-in-transaction  ${sqlOf('4_late')}:3`,
      `warning empty-migration  ${sqlOf('3_empty')}:1`,
    ])
    const { findings, migrations, prediction } = JSON.parse((await clone.plan('--json')).stdout) as JsonReport
    expect(findings).toHaveLength(5)
    expect(prediction).toBe('fails')
    expect(migrations.map(({ name, prediction: own }) => [name, own])).toEqual([
      ['1_broken', 'fails'],
      ['2_open', 'fails'],
      ['3_empty', 'decided-by-rehearsal'],
      ['4_late', 'fails'],
    ])
  })

  test('what is accepted on the command line, in the configuration or in the file no longer blocks', async () => {
    const broken = 'SELEC 2;\n'
    const clone = await makeClone({
      '1_a': broken,
      '2_b': broken,
      '3_c': '-- migrate-guard-accept empty-migration: a marker for the release\n',
      '4_d': '-- migrate-guard-accept empty-migration\n',
    })
    await clone.write({
      'migrate-guard.config.ts': `export default { accept: [
        { code: 'sql-not-parsed', migration: '2_b', reason: 'read by our own runner' },
        { code: 'sql-not-passed', reason: 'a typing error' },
      ] }`,
    })
    const { exitCode, stdout } = await clone.plan('--accept', 'sql-not-parsed:1_a=never deployed', '--json')
    expect(exitCode).toBe(0)
    const { findings, verdict } = JSON.parse(stdout) as JsonReport
    expect(verdict).toBe('unknown')
    expect(findings.map(({ code, migration, accepted }) => [code, migration, accepted])).toEqual([
      ['sql-not-parsed', '1_a', 'never deployed'],
      ['sql-not-parsed', '2_b', 'read by our own runner'],
      ['empty-migration', '3_c', 'a marker for the release'],
      ['empty-migration', '4_d', null],
      ['acceptance-not-readable', '4_d', null],
      ['unused-acceptance', null, null],
    ])
    expect(findings[4]?.message).toBe('the comment has no reason, so it accepts nothing')
    expect(findings[5]?.hint).toBe('There is no such code; did you mean sql-not-parsed?')
  })

  const halfWay = { '1_x': 'CREATE TABLE x ();\nALTER TABLE t DROP y;\nUPDATE t SET z = 1;\n' }
  test.each<[string, string | undefined, readonly string[]]>([
    ['hosted', undefined, ['1_x: 3 statements, all-or-nothing']],
    ['native', '7.3.0', ['1_x: 3 statements, all-or-nothing']],
    ['native', '6.19.1', ['1_x: 3 statements, all-or-nothing']],
    [
      'native',
      '7.4.0',
      [
        '1_x: 3 statements, statement-by-statement',
        "Prisma's own engine commits each statement by itself",
        'if statement 2 (line 2) fails, statement 1 stays: table x created',
        'if statement 3 (line 3) fails, statements 1–2 stay: table x created, column t.y dropped',
      ],
    ],
  ])('with the %s engine of Prisma %s it says what is left behind', async (engine, version, lines) => {
    const clone = await makeClone(halfWay)
    if (version)
      await clone.write({
        'node_modules/prisma/package.json': JSON.stringify({ name: 'prisma', version, bin: 'x.js' }),
      })
    const { stdout } = await clone.plan('--engine', engine)
    const report = (await clone.plan('--engine', engine, '--format', 'markdown')).stdout
    expect(report.match(/^\| when it stops \| if statement/gm) ?? []).toHaveLength(
      Math.max(lines.length - 2, 0),
    )
    const said = stdout.split('\n').map((line) => line.trim())
    expect(said.filter((line) => /^(1_x|Prisma|if )/.test(line))).toEqual(lines)
  })

  test('the native engine without Prisma cannot be told', async () => {
    const clone = await makeClone(halfWay)
    const { exitCode, stderr } = await clone.plan('--engine', 'native')
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(/^error: Prisma is not installed in /)
  })
})

describe('--since', () => {
  async function makeRepository(): Promise<Clone> {
    const clone = await makeClone(plain)
    await clone.git('init', '-q', '-b', 'main')
    await clone.git('add', '.')
    await clone.git('commit', '-q', '-m', 'one and two')
    return clone
  }

  test('plans the migrations that are new since a commit, committed or not', async () => {
    const clone = await makeRepository()
    await clone.git('checkout', '-q', '-b', 'feature')
    await clone.write({ [sqlOf('3_three')]: 'SELECT 3;\n' })
    await clone.git('add', '.')
    await clone.git('commit', '-q', '-m', 'three')
    await clone.write({ [sqlOf('4_four')]: 'SELECT 4;\n' })
    expect(await clone.plan('--since', 'main')).toEqual({
      exitCode: 0,
      stderr: '',
      stdout: `plan        2 migrations new since main, offline: no database was asked
  3_three: 1 statement, all-or-nothing
    line 1  SELECT 3
  4_four: 1 statement, all-or-nothing
    line 1  SELECT 4
`,
    })
    const { plan, migrations } = JSON.parse(
      (await clone.plan('--since', 'HEAD', '--json')).stdout,
    ) as JsonReport
    expect(plan?.since).toBe('HEAD')
    expect(migrations.map(({ name }) => name)).toEqual(['4_four'])
    const nothing = JSON.parse(
      (await (await makeRepository()).plan('--since', 'main', '--json')).stdout,
    ) as JsonReport
    expect(nothing).toMatchObject({ verdict: 'pass', migrations: [], exitCode: 0 })
  })

  test('runs the whole history on a server without data: the server says what new statements lock, and what it refuses', async () => {
    const clone = await makeRepository()
    await clone.write({
      [sqlOf('3_three')]: `ALTER TABLE t ADD COLUMN id int PRIMARY KEY;
GRANT SELECT ON t TO reader;
CREATE TABLE u (t_id int REFERENCES t);
DO $$ BEGIN EXECUTE 'ALTER TABLE t ADD COLUMN b text'; END $$;
`,
      [sqlOf('4_four')]: 'ALTER TABLE t ALTER COLUMN b TYPE int USING b::int;\nCREATE INDEX ON u (gone);\n',
    })
    const without = await clone.planOnTwin('--since', 'main', '--json', '--twin', elsewhere.url)
    expect((JSON.parse(without.stdout) as JsonReport).plan?.replay).toEqual({
      lost: `${sqlOf('3_three')}:2: role "reader" does not exist`,
    })
    await queryOnce(elsewhere.url, 'CREATE ROLE reader')
    for (const where of [[], ['--twin', elsewhere.url]]) {
      const { exitCode, stdout } = await clone.planOnTwin('--since', 'main', '--json', ...where)
      const { findings, migrations, plan } = JSON.parse(stdout) as JsonReport
      expect({ exitCode, findings, replay: plan?.replay }).toMatchObject({
        exitCode: 3,
        findings: [
          { code: 'missing-object', verdict: 'block', migration: '4_four', line: 2, file: sqlOf('4_four') },
        ],
        replay: { lost: null },
      })
      expect(migrations[1]?.statementList[0]?.locks).toMatchObject([
        { name: '"t"', mode: 'ACCESS EXCLUSIVE', work: 'rewrite', isNew: false },
        { name: '"t_pkey"', mode: 'ACCESS EXCLUSIVE', work: 'build', isNew: false },
      ])
    }
    // A server of our own has the roles that the files name, and those that they make.
    await clone.write({ [sqlOf('4_four')]: 'CREATE ROLE auditor;\nGRANT SELECT ON u TO auditor, writer;\n' })
    const made = await clone.planOnTwin('--since', 'main', '--json')
    expect(JSON.parse(made.stdout)).toMatchObject({ findings: [], plan: { replay: { lost: null } } })
    const left = await queryOnce(elsewhere.url, 'SELECT datname FROM pg_database WHERE NOT datistemplate')
    expect(left).toEqual([{ datname: 'postgres' }])
  })

  test('where no server can be had, what is known from the files stays', async () => {
    const clone = await makeRepository()
    await clone.write({ [sqlOf('3_three')]: 'ALTER TABLE t ADD COLUMN b int;\n' })
    const nowhere = await clone.planOnTwin(
      '--since',
      'main',
      '--json',
      '--twin',
      'postgresql://me@127.0.0.1:1/x',
    )
    const { findings, migrations, plan } = JSON.parse(nowhere.stdout) as JsonReport
    expect({ exitCode: nowhere.exitCode, findings, replay: plan?.replay }).toMatchObject({
      exitCode: 0,
      findings: [{ code: 'no-schema-twin', verdict: 'warn' }],
      replay: null,
    })
    expect(migrations[0]?.statementList[0]?.locks).toMatchObject([{ name: '"t"', mode: 'ACCESS EXCLUSIVE' }])
  })

  test('says what the text tells of the locks of new statements, as the files before them have made the tables', async () => {
    const clone = await makeRepository()
    await clone.write({
      [sqlOf('3_three')]: `ALTER TABLE t ADD COLUMN id int PRIMARY KEY, ADD COLUMN place citext;
UPDATE t SET id = 2;
CREATE TABLE u (t_id int REFERENCES t);
ALTER TABLE t ALTER COLUMN id TYPE bigint;
ALTER TABLE unknown ADD COLUMN a int;
DROP TABLE u;
`,
      [sqlOf('4_four')]: 'CREATE TABLE u (a int);\nCREATE INDEX ON t (id);\n',
      [sqlOf('5_five')]: 'ALTER TABLE u ALTER COLUMN a SET NOT NULL;\nDROP TABLE u;\n',
    })
    const { exitCode, stdout } = await clone.plan('--since', 'main')
    expect(exitCode).toBe(0)
    expect(stdout).toBe(`plan        3 migrations new since main, offline: no database was asked
locks       by the text alone, on what it names: a schema twin shows all of them
  3_three: 6 statements, all-or-nothing
    line 1  ALTER TABLE t ADD COLUMN id int PRIMARY KEY, ADD COLUMN place citext
              ACCESS EXCLUSIVE on t (size unknown, builds an index)
    line 2  UPDATE t SET id
              ROW EXCLUSIVE on t (size unknown)
    line 3  CREATE TABLE u
              SHARE ROW EXCLUSIVE on t (size unknown)
    line 4  ALTER TABLE t ALTER COLUMN id TYPE bigint
              ACCESS EXCLUSIVE on t (size unknown, may rewrite it)
    line 5  ALTER TABLE unknown ADD COLUMN a int
    line 6  DROP TABLE u
              ACCESS EXCLUSIVE on u (new, drops)
    rewrites data, line 2: UPDATE t
    rewrites data, line 4: ALTER COLUMN t.id TYPE
  4_four: 2 statements, all-or-nothing
    line 1  CREATE TABLE u
    line 2  CREATE INDEX ON t
              SHARE on t (size unknown, builds an index)
  5_five: 2 statements, all-or-nothing
    line 1  ALTER TABLE u ALTER COLUMN a SET NOT NULL
              ACCESS EXCLUSIVE on u (size unknown, may read all of it)
    line 2  DROP TABLE u
              ACCESS EXCLUSIVE on u (size unknown, drops)
    drops data, line 2: DROP TABLE u

warning drop-table  db/migrations/5_five/migration.sql:2
  "u" is dropped with the rows that it holds
  hint: Copy the values to where they are needed first, or accept the finding. On a database, check counts them.
`)
    const { migrations } = JSON.parse((await clone.plan('--since', 'main', '--json')).stdout) as JsonReport
    expect(migrations[2]?.statementList[0]?.locks).toMatchObject([
      { name: '"u"', mode: 'ACCESS EXCLUSIVE', isNew: false, sizeBytes: null, rowEstimate: null },
    ])
    // Of a table that no file makes nothing is known, which is not the same as no lock.
    expect(migrations[0]?.statementList[4]?.locks).toBeNull()
    expect(migrations[1]?.statementList[0]?.locks).toEqual([])
    // Nobody waits for what ran long ago, so nobody asks.
    const whole = JSON.parse((await clone.plan('--json')).stdout) as JsonReport
    expect(whole.migrations[0]?.statementList[0]?.locks).toBeNull()
  })

  test('tells of migrations that were there and are different now', async () => {
    const clone = await makeRepository()
    await clone.write({
      [sqlOf('1_one')]: 'CREATE TABLE t (a bigint);\n',
      'db/migrations/2_two': undefined,
      'db/migrations/1_one/notes.txt': 'of no interest',
    })
    const { exitCode, stdout } = await clone.plan('--since', 'main')
    expect(exitCode).toBe(0)
    expect(stdout).toBe(`plan        0 migrations new since main, offline: no database was asked

warning changed-migration  ${sqlOf('1_one')}
  migration "1_one" was there at main and has been edited since
  hint: Restore it, unless it was never applied anywhere, and put the change into a new migration.

warning changed-migration  ${sqlOf('2_two')}
  migration "2_two" was there at main and has been removed since
  hint: Restore it, unless it was never applied anywhere, and put the change into a new migration.
`)
  })

  test('leaves git as it was', async () => {
    const clone = await makeRepository()
    await clone.write({ [sqlOf('3_three')]: 'SELECT 3;\n' })
    const state = async () => (await execa('git', ['status', '--porcelain'], { cwd: clone.directory })).stdout
    const before = await state()
    await clone.plan('--since', 'main')
    expect(await state()).toBe(before)
  })

  const unknown = (ref: string) => `error: --since "${ref}" is no commit of this repository
hint: Correct it, or fetch it first: a checkout in CI often has only the newest commit (fetch-depth: 0 gets all).
`
  test.each(['nowhere', 'main:db', '-x', '--help'])('%s is no commit', async (ref) => {
    const clone = await makeRepository()
    expect(await clone.plan(`--since=${ref}`)).toEqual({ exitCode: 2, stdout: '', stderr: unknown(ref) })
  })

  test('an empty one is refused', async () => {
    const clone = await makeRepository()
    expect(await clone.plan('--since', ' ')).toMatchObject({
      exitCode: 2,
      stderr: 'error: --since is empty\nhint: Give it a value, or leave it out.\n',
    })
  })

  test('outside a repository, and without git', async () => {
    const clone = await makeClone(plain)
    const outside = await clone.plan('--since', 'main')
    expect(outside).toMatchObject({ exitCode: 2, stdout: '' })
    expect(outside.stderr).toMatch(
      /^error: git cannot tell what is new in .*db\/migrations: not a git repository .*\nhint: Run the command in a clone of the repository, or leave --since out\.\n$/,
    )
    const env = { PATH: join(clone.directory, 'no-programs') }
    const without = await runCli(['plan', '--offline', '--since', 'main'], { cwd: clone.directory, env })
    expect(without).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: 'error: --since asks git, which is not installed\nhint: Install git, or leave --since out.\n',
    })
  })

  test('a git that fails is not believed', async () => {
    const clone = await makeRepository()
    const lying = `#!/bin/sh\n[ "$1" = rev-parse ] && echo deadbeef && exit 0\necho 'fatal: bad object deadbeef' >&2\nexit 128\n`
    await clone.write({ 'bin/git': lying })
    await chmod(join(clone.directory, 'bin/git'), 0o755)
    const env = { PATH: `${join(clone.directory, 'bin')}:${process.env.PATH}` }
    const result = await runCli(['plan', '--offline', '--since', 'main'], { cwd: clone.directory, env })
    expect(result.exitCode).toBe(2)
    expect(result.stderr).toContain(': bad object deadbeef\n')
  })
})
