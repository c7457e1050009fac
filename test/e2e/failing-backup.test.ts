import { chmod, mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { execa } from 'execa'
import { findClientTool } from '../../src/postgres/client-tools.js'
import { makeShop, removeShops, type Shop } from '../support/shop.js'

/** What must be in the way of a backup that is not one. */
let shop: Shop
let before: string
let pgDump: string
let pgRestore: string

beforeAll(async () => {
  pgDump = (await findClientTool('pg_dump', 0)).path
  pgRestore = (await findClientTool('pg_restore', 0)).path
  shop = await makeShop()
  before = await shop.fingerprint()
})
afterAll(removeShops)

/** Deploys with a pg_dump from test/fixtures/programs in the place of the real one. */
async function deployWith(program: string, environment: Record<string, string> = {}) {
  const bin = join(shop.project.directory, `bin-${program}`)
  await mkdir(bin, { recursive: true })
  const fixture = fileURLToPath(new URL(`../fixtures/programs/${program}`, import.meta.url))
  // The guard hands its children only what they need, so that what the fixture needs stands in a script of its own.
  const known = Object.entries({ ...environment, REAL_PG_DUMP: pgDump, FOLDER: bin })
  const script = known.map(([name, value]) => `export ${name}='${value}'\n`).join('')
  await writeFile(join(bin, 'pg_dump'), `#!/bin/sh\n${script}exec '${fixture}' "$@"\n`, { mode: 0o755 })
  await symlink(pgRestore, join(bin, 'pg_restore'))
  return shop.start(['deploy', '--yes'], { env: { MIGRATE_GUARD_POSTGRES_BIN: bin } })
}

async function expectNoBackup(code: string): Promise<void> {
  expect(await shop.fingerprint()).toBe(before)
  expect(await shop.leftovers()).toEqual([])
  const { exitCode, databaseState, steps, backup, deployment, failure } = await shop.report()
  expect({ exitCode, databaseState, backup, deployment }).toEqual({
    exitCode: 4,
    databaseState: 'unchanged',
    backup: null,
    deployment: null,
  })
  expect(failure?.code).toBe(code)
  expect([steps.backup.outcome, steps.confirm.outcome, steps.deploy.outcome]).toEqual([
    'failed',
    'not-run',
    'not-run',
  ])
  // Nobody may take what is left for a backup.
  expect(await readdir((await shop.runFolders()).at(-1) ?? '')).toEqual([
    'plan.json',
    'report.json',
    'report.md',
    'report.txt',
    'run.json',
  ])
}

const again = 'Fix the cause and run the command again; the unfinished dump was removed.'
const realOne =
  'Check whether pg_dump is the real one and whether the role may read all rows (row level security), then run again.'

test.each([
  [
    'pg_dump-13',
    'client-tool-too-old',
    /^error: pg_dump 13\.1 is older than the server, which is PostgreSQL (\d+); it refuses to work with it\nhint: Install the client tools of PostgreSQL \1, e\.g\. the package postgresql-client-\1\.\n$/,
  ],
  ['pg_dump-killed', 'dump-failed', `error: pg_dump was ended by SIGKILL: it said nothing\nhint: ${again}\n`],
  [
    'pg_dump-fails',
    'dump-failed',
    `error: pg_dump ended with exit code 1: permission denied for table notes\nhint: ${again}\n`,
  ],
  [
    'pg_dump-truncated',
    'dump-not-readable',
    /^error: the dump cannot be read back: pg_restore ended with exit code 1: .+\nhint: Look for a full or failing disk, then run the command again\.\n$/,
  ],
  [
    'pg_dump-nothing',
    'dump-not-readable',
    /^error: the dump cannot be read back: pg_restore ended with exit code 1: .+\nhint: Look for a full or failing disk, then run the command again\.\n$/,
  ],
  [
    'pg_dump-other-database',
    'dump-incomplete',
    `error: the dump holds 0 rows of "public._prisma_migrations"; the snapshot had 1\nhint: ${realOne}\n`,
  ],
])('%s', async (program, code, stderr) => {
  const { postgres } = { postgres: Object.assign(new URL(shop.database.url), { pathname: '/postgres' }) }
  const run = await deployWith(program, { OTHER_DATABASE: postgres.pathname.slice(1) })
  const result = await run.result
  if (typeof stderr === 'string') expect(result.stderr).toBe(stderr)
  else expect(result.stderr).toMatch(stderr)
  expect(result.exitCode).toBe(4)
  await expectNoBackup(code)
})

test('a pg_dump that hangs is ended by Ctrl-C', async () => {
  const run = await deployWith('pg_dump-hangs')
  await run.waitFor('check     passed')
  while (!(await shop.leftovers()).some((line) => line.includes('sleep 600'))) await nextTurn()
  run.kill('SIGINT')
  const { exitCode, stderr } = await run.result
  expect(stderr).toBe(
    'error: the run was stopped before anything was changed\nhint: Run the command again when you are ready.\n',
  )
  expect(exitCode).toBe(6)
  expect(await shop.fingerprint()).toBe(before)
  expect(await shop.leftovers()).toEqual([])
  expect((await shop.report()).steps.backup.outcome).toBe('failed')
})

test('no pg_dump at all', async () => {
  const bin = join(shop.project.directory, 'empty')
  await mkdir(bin)
  const { exitCode, stderr } = await shop.run(['deploy', '--yes'], { MIGRATE_GUARD_POSTGRES_BIN: bin })
  expect(stderr).toMatch(
    /^error: pg_dump is not installed\nhint: Install the client tools of PostgreSQL \d+ \(e\.g\. the package postgresql-client\), or name their folder in MIGRATE_GUARD_POSTGRES_BIN\.\n$/,
  )
  expect(exitCode).toBe(4)
  await expectNoBackup('client-tool-missing')
})

test('a pg_dump that may not be executed is as good as none', async () => {
  const bin = join(shop.project.directory, 'not-executable')
  await mkdir(bin)
  await shop.write('not-executable/pg_dump', '#!/bin/sh\n')
  await chmod(join(bin, 'pg_dump'), 0o644)
  const { exitCode, stderr } = await shop.run(['deploy', '--yes'], { MIGRATE_GUARD_POSTGRES_BIN: bin })
  expect(stderr).toContain('error: pg_dump is not installed\n')
  expect(exitCode).toBe(4)
})

test('a backups folder in which nothing can be written', async () => {
  await shop.write('a-file', '')
  const { exitCode, stdout, stderr } = await shop.run(['deploy', '--yes', '--backups', 'a-file/backups'])
  expect(
    stderr,
  ).toBe(`error: nothing can be written to ${shop.project.directory}/a-file/backups: a part of the path is not a folder
hint: Make the folder writable and free space on its disk, or give another one by --backups.
`)
  expect({ exitCode, stdout }).toEqual({ exitCode: 4, stdout: '' })
  expect(await shop.fingerprint()).toBe(before)
})

/** Why no small disk can be made here; undefined when it can. */
const noSmallDisk =
  process.platform !== 'linux' || process.getuid?.() !== 0
    ? 'it takes Linux and root to mount one'
    : undefined
if (noSmallDisk) process.stderr.write(`skipped: the tests on a full disk; ${noSmallDisk}\n`)

async function withSmallDisk(size: string, work: (path: string) => Promise<void>): Promise<void> {
  const path = join(shop.project.directory, `disk-${size}`)
  await mkdir(path)
  await execa('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=700`, 'tmpfs', path])
  try {
    await work(path)
  } finally {
    await execa('umount', [path])
  }
}

;(noSmallDisk ? test.skip : test)('a disk on which the backup does not fit', async () => {
  const large = await makeShop()
  await large.database.query(
    'CREATE TABLE "logs" AS SELECT md5(i::text) || md5((-i)::text) AS line FROM generate_series(1, 20000) AS i',
  )
  const unchanged = await large.fingerprint()
  await withSmallDisk('200k', async (disk) => {
    const { exitCode, stdout, stderr } = await large.run(['deploy', '--yes', '--backups', disk])
    expect(stderr).toMatch(
      new RegExp(`^error: pg_dump ended with exit code 1: .*No space left on device\nhint: ${again}\n$`),
    )
    expect(exitCode).toBe(4)
    // The unfinished dump made room for the report.
    const folder = (await readdir(disk)).find((name) => name !== '.gitignore') ?? ''
    expect(stdout).toContain(`\nreport    ${disk}/${folder}/report.txt\n`)
    expect(await readdir(join(disk, folder))).toEqual([
      'plan.json',
      'report.json',
      'report.md',
      'report.txt',
      'run.json',
    ])
  })
  expect(await large.fingerprint()).toBe(unchanged)
})

;(noSmallDisk ? test.skip : test)('a disk that is full from the start', async () => {
  await withSmallDisk('4k', async (disk) => {
    await execa('dd', ['if=/dev/zero', `of=${disk}/filler`, 'bs=4096', 'count=1'])
    const { exitCode, stdout, stderr } = await shop.run(['deploy', '--yes', '--backups', disk])
    expect(stderr).toBe(`error: nothing can be written to ${disk}: the disk is full
hint: Make the folder writable and free space on its disk, or give another one by --backups.
`)
    expect({ exitCode, stdout }).toEqual({ exitCode: 4, stdout: '' })
  })
  expect(await shop.fingerprint()).toBe(before)
})

;(noSmallDisk ? test.skip : test)(
  'a disk that is full after the deploy does not hide what was deployed',
  async () => {
    const own = await makeShop()
    await withSmallDisk('300k', async (disk) => {
      const observer = fileURLToPath(new URL('../fixtures/observers/fill-disk.mjs', import.meta.url))
      const { exitCode, stdout, stderr } = await own.run(['deploy', '--yes', '--backups', disk], {
        MIGRATE_GUARD_EFFECT_OBSERVER: observer,
        FILL_AFTER: 'deploy.prisma',
        FILL: disk,
      })
      // Never below 20: the database was changed.
      expect(exitCode).toBe(22)
      expect(stderr).toBe(`error: nothing can be written to ${disk}: the disk is full
hint: Make the folder writable and free space on its disk, or give another one by --backups.
`)
      expect(stdout).toContain('database  changed: 1 of 1 migration applied; verification passed\n')
      expect(stdout).toContain('report    none could be written\n')
    })
  },
)

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 50))
}
