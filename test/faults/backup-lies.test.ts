import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { execa } from 'execa'
import type { BackupManifest } from '../../src/domain/backup.js'
import { findServerBinaries } from '../../src/postgres/throw-away-cluster.js'
import { type GuardedDatabase, makeGuardedDatabase, writeObserver } from '../support/guarded-database.js'
import { isLong } from '../support/long.js'
import { createTestDatabase } from '../support/test-database.js'

const phones = '20260201000000_phones'
const sql = 'CREATE TABLE phones (id int PRIMARY KEY);\n'

/** The real client tools, but pg_dump is a program of ours around the real one: `body` has its `args` and `folder`. */
async function lyingDump({ project }: GuardedDatabase, body: string): Promise<Record<string, string>> {
  const real = await findServerBinaries()
  const bin = join(project.directory, 'bin')
  await mkdir(bin)
  await symlink(join(real, 'pg_restore'), join(bin, 'pg_restore'))
  await writeFile(join(bin, 'package.json'), '{ "type": "commonjs" }')
  await writeFile(
    join(bin, 'pg_dump'),
    `#!${process.execPath}
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const args = process.argv.slice(2)
const folder = (args.find((arg) => arg.startsWith('--file=')) ?? '').slice(7)
const dump = (more = []) => spawnSync(${JSON.stringify(join(real, 'pg_dump'))}, [...args, ...more], { stdio: 'inherit' }).status
/** The file of a table, by a text that only its rows have. */
const files = () => fs.readdirSync(folder).filter((name) => name.endsWith('.gz')).map((name) => folder + '/' + name)
const text = (file) => require('node:zlib').gunzipSync(fs.readFileSync(file)).toString()
const fileOf = (rows) => files().find((file) => text(file).split('\\n').length > rows)
if (args[0] === '--version') process.exit(dump())
${body}
`,
  )
  await chmod(join(bin, 'pg_dump'), 0o755)
  return { MIGRATE_GUARD_POSTGRES_BIN: bin }
}

const mutilate = (how: string) =>
  `if (dump() !== 0) process.exit(1)\nconst file = fileOf(110)\nconst bytes = fs.readFileSync(file)\n${how}`

/** What the lying children of the measured faults do not try; the others are run in the long tests. */
const kinds = ['a flipped byte', 'two tables swapped']

const lies: [string, string, RegExp][] = [
  ['a flipped byte', mutilate('bytes[bytes.length >> 1] ^= 0xff; fs.writeFileSync(file, bytes)'), /dump-/],
  ['a truncated file', mutilate('fs.truncateSync(file, bytes.length >> 1)'), /dump-/],
  ['an empty file', mutilate('fs.truncateSync(file, 0)'), /dump-/],
  ['a removed file', mutilate('fs.rmSync(file)'), /dump-not-readable/],
  ['a truncated table of contents', mutilate("fs.truncateSync(folder + '/toc.dat', 900)"), /dump-/],
  [
    'two tables swapped',
    mutilate(
      "const other = files().find((one) => one !== file && text(one).includes('@')); fs.writeFileSync(file, fs.readFileSync(other)); fs.writeFileSync(other, bytes)",
    ),
    /dump-incomplete/,
  ],
  [
    'the file of an older dump',
    mutilate("fs.writeFileSync(file, require('node:zlib').gzipSync('1\\\\t1\\n\\\\.\\n\\n\\n'))"),
    /dump-incomplete/,
  ],
  [
    'the rows of one table left out',
    "process.exit(dump(['--exclude-table-data=visits']))",
    /dump-incomplete/,
  ],
  ['one table left out', "process.exit(dump(['--exclude-table=visits']))", /dump-incomplete/],
  ['only the schema', "process.exit(dump(['--schema-only']))", /dump-incomplete/],
  ['nothing, and exit 0', '', /dump-not-readable/],
  [
    'killed half-way',
    "if (dump() !== 0) process.exit(1)\nprocess.kill(process.pid, 'SIGKILL')",
    /dump-failed/,
  ],
  ['exit 1 after a whole dump', 'dump()\nprocess.exit(1)', /dump-failed/],
]

test.each(lies.filter(([kind]) => isLong || kinds.includes(kind)))(
  'a dump with %s is not taken for a backup: 4',
  async (_, body, code) => {
    const guarded = await makeGuardedDatabase({ [phones]: sql })
    const before = await guarded.truth()
    const result = await guarded.deploy({ env: await lyingDump(guarded, body) })
    expect(result.exitCode).toBe(4)
    expect(result.record.failure?.code).toMatch(code)
    expect(result.record.backup).toBeUndefined()
    expect(await guarded.truth()).toEqual(before)
  },
)

test('a file that changes after it was hashed: 4', async () => {
  const guarded = await makeGuardedDatabase({ [phones]: sql })
  const env = await writeObserver(
    guarded.project,
    `hashed: 0,
    async before(name) {
      if (name !== 'backup.hash' || ++this.hashed !== 2) return
      const { readdirSync } = await import('node:fs')
      const run = 'backups/' + readdirSync('backups').filter((name) => !name.startsWith('.')).sort().at(-1)
      appendFileSync(run + '/database.dump/toc.dat', 'x')
    }`,
  )
  const result = await guarded.deploy({ env })
  expect(result.exitCode).toBe(4)
  expect(result.record.failure).toMatchObject({
    code: 'dump-changed',
    message: 'a file of the dump changed after it was written',
  })
})

test('the disk is full: 4', async () => {
  const guarded = await makeGuardedDatabase({ [phones]: sql })
  const env = await lyingDump(
    guarded,
    "process.exit(spawnSync('sh', ['-c', 'ulimit -f 1; exec \"$0\" \"$@\"', " +
      `${JSON.stringify(join(await findServerBinaries(), 'pg_dump'))}, ...args], { stdio: 'inherit' }).status ?? 153)`,
  )
  const result = await guarded.deploy({ env })
  expect(result.exitCode).toBe(4)
  expect(result.record.failure?.code).toBe('dump-failed')
})

test('row level security that hides rows from the role stops the run before the deploy', async () => {
  const guarded = await makeGuardedDatabase({ [phones]: sql })
  const role = guarded.database.name.replace('guard_test', 'guard_role')
  await guarded.database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'x';
    GRANT ALL ON DATABASE "${guarded.database.name}" TO ${role}; GRANT ALL ON SCHEMA public TO ${role};
    ALTER TABLE people OWNER TO ${role}; ALTER TABLE visits OWNER TO ${role}; ALTER TABLE brake OWNER TO ${role}; ALTER TABLE _prisma_migrations OWNER TO ${role};
    ALTER TABLE people ENABLE ROW LEVEL SECURITY; ALTER TABLE people FORCE ROW LEVEL SECURITY;
    CREATE POLICY half ON people USING (id <= 50)`)
  const url = Object.assign(new URL(guarded.database.url), { username: role, password: 'x' }).href
  const result = await guarded.deploy({ env: { DATABASE_URL: url } })
  expect(result.exitCode).toBe(4)
  expect(result.record.failure?.message).toBe(
    'row level security hides rows of public.people from the role, so its dump would not be all of them',
  )

  await guarded.database.query(
    `ALTER TABLE people DISABLE ROW LEVEL SECURITY; ALTER TABLE visits OWNER TO postgres`,
  )
  const hidden = await guarded.deploy({ env: { DATABASE_URL: url } })
  expect(hidden.exitCode).toBe(4)
  expect(hidden.record.failure?.message).toBe('the role may not read public.visits, so it cannot be dumped')
  await guarded.database.query(`DROP OWNED BY ${role} CASCADE`)
  await guarded.database.query(`DROP ROLE ${role}`)
})

async function readManifest({
  project,
  readRecord,
}: GuardedDatabase): Promise<{ folder: string; manifest: BackupManifest }> {
  const folder = join(project.directory, 'backups', (await readRecord()).runId)
  return { folder, manifest: JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')) }
}

test('everything in the run folder is for its owner only, odd names count, and large objects are in the dump', async () => {
  const guarded = await makeGuardedDatabase({ [phones]: sql })
  await guarded.database.query(`CREATE SCHEMA "a.b"; CREATE TABLE "a.b"."c" AS SELECT generate_series(1, 3);
    CREATE SCHEMA "a"; CREATE TABLE "a"."b.c" AS SELECT generate_series(1, 5); CREATE TABLE a."say ""hi""" AS SELECT 1;
    CREATE TABLE a."new
line" AS SELECT 1; CREATE TABLE a.wide (); INSERT INTO a.wide DEFAULT VALUES;
    CREATE EXTENSION citext; CREATE TABLE of_extension AS SELECT 1; ALTER EXTENSION citext ADD TABLE of_extension;
    SELECT lo_from_bytea(4711, 'a large object')`)
  const result = await guarded.deploy()
  expect(result.exitCode).toBe(0)
  const { folder, manifest } = await readManifest(guarded)
  const rows = Object.fromEntries(
    manifest.rowCounts.map(({ schema, table, rows }) => [`${schema} ${table}`, rows]),
  )
  expect(rows).toMatchObject({ 'a.b c': 3, 'a b.c': 5, 'a say "hi"': 1, 'public people': 100 })
  for (const name of ['.', ...(await readdir(folder, { recursive: true }))]) {
    const found = await stat(join(folder, name))
    expect([name, (found.mode & 0o777).toString(8)]).toEqual([name, found.isDirectory() ? '700' : '600'])
  }
  const copy = await createTestDatabase()
  // The extension's table is of this test's making and nothing that CREATE EXTENSION brings along.
  await execa('pg_restore', [`--dbname=${copy.url}`, join(folder, 'database.dump')], { reject: false })
  expect(await copy.query("SELECT convert_from(lo_get(4711), 'UTF8') AS text")).toEqual([
    { text: 'a large object' },
  ])
})

test('the manifest counts what is in the dump, while another session commits at full speed', async () => {
  const guarded = await makeGuardedDatabase({ [phones]: sql })
  const writer = await guarded.database.client()
  let writing = true
  const write = async () => {
    for (let id = 1_000; writing; id += 1)
      await writer.query(
        `INSERT INTO people VALUES (${id}, 'x@example.org'); INSERT INTO visits VALUES (${id}, ${id})`,
      )
  }
  const written = write()
  for (let round = 0; round < (isLong ? 5 : 2); round += 1) {
    const result = await guarded.deploy({ arguments: ['--dry-run'] })
    expect(result.exitCode).toBe(0)
    const { folder, manifest } = await readManifest(guarded)
    const copy = await createTestDatabase()
    await execa('pg_restore', [`--dbname=${copy.url}`, '--exit-on-error', join(folder, 'database.dump')])
    const counted = Object.fromEntries(manifest.rowCounts.map(({ table, rows }) => [table, rows]))
    const [restored] = await copy.query(
      'SELECT (SELECT count(*)::int FROM people) AS people, (SELECT count(*)::int FROM visits) AS visits',
    )
    expect(counted).toMatchObject(restored)
    // The writer adds one row to each in one transaction: an instant sees both or neither.
    expect(restored.visits - restored.people).toBe(30)
    const [now] = await guarded.database.query('SELECT count(*)::int AS people FROM people')
    expect(now.people).toBeGreaterThan(restored.people)
    await copy.drop()
  }
  writing = false
  await written
})
