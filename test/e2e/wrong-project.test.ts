import { mkdir, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import {
  addHistoryRow,
  appliedName,
  appliedSql,
  makeShop,
  pendingName,
  pendingSql,
  removeShops,
  type Shop,
} from '../support/shop.js'

afterAll(removeShops)

const pendingFile = `prisma/migrations/${pendingName}/migration.sql`

/** A deploy that stops on an input before it has a plan. */
async function expectNoPlan(shop: Shop, args: readonly string[], stderr: string): Promise<void> {
  const before = await shop.fingerprint()
  const result = await shop.run(['deploy', '--yes', ...args])
  expect({ exitCode: result.exitCode, stderr: result.stderr }).toEqual({ exitCode: 2, stderr })
  expect(result.stdout).toMatch(/^(plan {6}failed {3}.*\n)?report {4}.*\/report\.txt\n$/)
  expect(await shop.fingerprint()).toBe(before)
  expect(await shop.leftovers()).toEqual([])
}

test('no migrations folder, and an empty one', async () => {
  const shop = await makeShop()
  await expectNoPlan(
    shop,
    ['--migrations', 'elsewhere'],
    `error: there is no migrations folder at elsewhere
hint: Run the command in the folder of your project, or give the path by --migrations.
`,
  )
  await shop.write('none/migration_lock.toml', 'provider = "postgresql"\n')
  await expectNoPlan(
    shop,
    ['--migrations', 'none'],
    `error: the migrations folder none holds no migration
hint: Give the path of the right folder by --migrations; Prisma itself would report success here.
`,
  )
  await shop.write('a-file', '')
  await expectNoPlan(
    shop,
    ['--migrations', 'a-file'],
    `error: a-file is not a migrations folder
hint: Run the command in the folder of your project, or give the path by --migrations.
`,
  )
})

test('no Prisma schema', async () => {
  await expectNoPlan(
    await makeShop(),
    ['--schema', 'nowhere.prisma'],
    'error: there is no Prisma schema at nowhere.prisma\nhint: Give its path by --schema.\n',
  )
})

test('a Prisma schema that is not valid', async () => {
  const shop = await makeShop({
    schema: 'datasource db {\n  provider = "postgresql"\n}\n\nmodel customers {\n',
  })
  const before = await shop.fingerprint()
  const { exitCode, stderr } = await shop.run(['deploy', '--yes'])
  expect(stderr).toMatch(
    /^error: the Prisma schema cannot be read: .+\nhint: Run npx prisma validate to see what is wrong with it\.\n$/,
  )
  expect(exitCode).toBe(2)
  expect(await shop.fingerprint()).toBe(before)
})

test.each([
  [
    'not installed',
    undefined,
    (directory: string) => `error: Prisma is not installed in ${directory}
hint: Run the command in the folder of your project, or install Prisma there: npm install --save-dev prisma.
`,
  ],
  [
    'too old',
    '5.22.0',
    () => `error: Prisma 5.22.0 is installed; migrate-guard guards 6.19 to 7
hint: Upgrade Prisma: npm install --save-dev prisma@6.19 (or 7).
`,
  ],
  [
    'of the right major version and too old',
    '6.18.1',
    () => `error: Prisma 6.18.1 is installed; migrate-guard guards 6.19 to 7
hint: Upgrade Prisma: npm install --save-dev prisma@6.19 (or 7).
`,
  ],
  [
    'too new',
    '8.0.0',
    () => `error: Prisma 8.0.0 has no "migrate deploy"; migrate-guard guards 6.19 to 7
hint: Deploy with Prisma 7 until migrate-guard supports Prisma 8.
`,
  ],
])('a Prisma that is %s', async (_, version, stderr) => {
  // The configuration must not import from Prisma, which is not there.
  const config =
    'export default { schema: "prisma/schema.prisma", migrations: { path: "prisma/migrations" } }\n'
  const shop = await makeShop({ config })
  const { directory } = shop.project
  await rm(join(directory, 'node_modules'))
  if (version) {
    await shop.write(
      'node_modules/prisma/package.json',
      `{ "name": "prisma", "version": "${version}", "bin": { "prisma": "build/index.js" } }`,
    )
  }
  await expectNoPlan(shop, [], stderr(directory))
})

interface Blocked {
  readonly name: string
  /** The pending migration's file; without it the good one. */
  readonly pending?: string | Buffer
  readonly prepare?: (shop: Shop) => Promise<void>
  /** As it is printed: the finding from its first line to its hint. */
  readonly finding: string
  /** What the run ends with, where it is the advice of the finding itself. */
  readonly advice?: string
}

const generalAdvice = 'Fix what was found, or accept a finding by name: --accept <code>="reason".'

const blocked: Blocked[] = [
  {
    name: 'the folder of another project',
    prepare: async (shop) => {
      await shop.write(`prisma/migrations/${appliedName}`, undefined)
    },
    finding: `blocker missing-migration  ${appliedName}
  migration "${appliedName}" is applied in the database and has no folder here
  hint: Check out the branch that has it; or this is the folder or the database of another project.
  override: --accept missing-migration:${appliedName}="reason"   (stored in the run record and the report)
`,
  },
  {
    name: 'a migration folder without migration.sql',
    prepare: async (shop) => {
      await shop.write(pendingFile, undefined)
    },
    finding: `blocker migration-file-missing  ${pendingFile}
  the migration folder "${pendingName}" holds no migration.sql; Prisma refuses to deploy (P3015)
  hint: Restore the file, or remove the folder if the migration was never applied.
  override: --accept migration-file-missing:${pendingName}="reason"   (stored in the run record and the report)
`,
  },
  {
    name: 'a migration that was edited after it was applied',
    prepare: async (shop) => {
      await shop.write(`prisma/migrations/${appliedName}/migration.sql`, `${appliedSql}-- later\n`)
    },
    finding: `blocker edited-migration  prisma/migrations/${appliedName}/migration.sql
  migration "${appliedName}" was edited after it was applied
  hint: Restore the file as it was applied, and put the change into a new migration.
  override: --accept edited-migration:${appliedName}="reason"   (stored in the run record and the report)
`,
  },
  {
    name: 'a migration that failed and was left so',
    prepare: async ({ database }) => {
      await addHistoryRow(database, pendingName, { sql: pendingSql, finished: false })
    },
    finding: `blocker failed-migration  ${pendingName}
  migration "${pendingName}" was started at 2026-01-05 09:00:00+00 and never finished; Prisma refuses to deploy (P3009)
  hint: Run npx migrate-guard resolve: it finds out what of it is in the database, shows the one right thing to do, and asks.
  override: --accept failed-migration:${pendingName}="reason"   (stored in the run record and the report)
`,
    advice:
      'Run npx migrate-guard resolve: it finds out what of it is in the database, shows the one right thing to do, and asks.',
  },
  {
    name: 'bytes that are not UTF-8',
    pending: Buffer.concat([Buffer.from('SELECT 1;\nSELECT '), Buffer.from([0xff]), Buffer.from(';\n')]),
    finding: `blocker invalid-utf8  ${pendingFile}:2
  the file is not valid UTF-8
  hint: Save the file as UTF-8.
  override: --accept invalid-utf8:${pendingName}="reason"   (stored in the run record and the report)
`,
  },
  {
    name: 'a byte order mark',
    pending: `\ufeff${pendingSql}`,
    finding: `blocker byte-order-mark  ${pendingFile}:1
  the file begins with a byte order mark, which Postgres takes for SQL
  hint: Save the file as UTF-8 without a byte order mark.
  override: --accept byte-order-mark:${pendingName}="reason"   (stored in the run record and the report)
`,
  },
  {
    name: 'a file that was saved as UTF-16',
    pending: Buffer.from(pendingSql, 'utf16le'),
    finding: `blocker nul-byte  ${pendingFile}:1
  the file holds a NUL byte, at which Postgres stops reading
  hint: Save the file as UTF-8 text; it may have been written as UTF-16.
  override: --accept nul-byte:${pendingName}="reason"   (stored in the run record and the report)
`,
  },
  {
    name: 'SQL that Postgres cannot parse',
    pending: `${pendingSql}\n\nCREATE TABEL "x" ();\n`,
    finding: `blocker sql-not-parsed  ${pendingFile}:4
  Postgres cannot parse the file: syntax error at or near "TABEL"
  hint: Correct the SQL; nothing of the file would run.
  override: --accept sql-not-parsed:${pendingName}="reason"   (stored in the run record and the report)
`,
  },
  {
    name: 'a merge conflict',
    pending: `${pendingSql}<<<<<<< HEAD\nSELECT 1;\n=======\nSELECT 2;\n>>>>>>> feature\n`,
    finding: `blocker merge-conflict  ${pendingFile}:2
  the file holds an unresolved merge conflict
  hint: Resolve the conflict and commit the file again.
  override: --accept merge-conflict:${pendingName}="reason"   (stored in the run record and the report)
`,
  },
]

test.each(blocked)(
  'the checks block on $name',
  async ({ pending, prepare, finding, advice = generalAdvice }) => {
    const shop = await makeShop(pending === undefined ? {} : { pending })
    await prepare?.(shop)
    const before = await shop.fingerprint()
    const { exitCode, stdout, stderr } = await shop.run(['deploy', '--yes'])
    const [, found] = stdout.split(
      /^check {5}failed {3}1 blocker,(?: 1 unknown,)? 0 warnings, \d+ checks made(?:, \d+ not made)?\n\n/m,
    )
    expect(found?.slice(0, finding.length)).toBe(finding)
    // Of a file that cannot be read, what it does to rows was not looked at.
    const [error, ...hint] = stderr.split('\n')
    expect(error).toMatch(/^error: the checks block the deploy: 1 found(?:, 1 not answered)?$/)
    expect(hint).toEqual([`hint: ${advice}`, ''])
    expect(exitCode).toBe(3)
    expect(await shop.fingerprint()).toBe(before)
    expect(await shop.leftovers()).toEqual([])
    const report = await shop.report()
    expect(report).toMatchObject({
      exitCode: 3,
      verdict: 'block',
      databaseState: 'unchanged',
      backup: null,
      deployment: null,
    })
  },
)

test('a link to the folder of a migration is not taken for a migration', async () => {
  // Prisma passes over it too; what counts is that both see the same.
  const shop = await makeShop()
  await mkdir(join(shop.project.directory, 'elsewhere'))
  await shop.write('elsewhere/migration.sql', 'SELECT 1;\n')
  await symlink('../../elsewhere', join(shop.project.directory, 'prisma/migrations/20260301000000_link'))
  const { stdout } = await shop.run(['plan'])
  expect(stdout).toContain(', 1 pending migration\n')
})
