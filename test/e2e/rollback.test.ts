// After a deploy that ended well: the last migration is taken back on a real database, by the built command.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { firstMigration, type GuardedDatabase, makeGuardedDatabase } from '../support/guarded-database.js'
import { barePrisma } from '../support/prisma-cli.js'
import { runCli } from '../support/run-cli.js'
import { addHistoryRow } from '../support/shop.js'

const second = '20260201000000_contacts'
const third = '20260301000000_notes'
const up = {
  [second]:
    'ALTER TABLE people RENAME TO contacts;\nALTER TABLE contacts ADD COLUMN phone text;\nCREATE INDEX by_city ON contacts (city);\n',
  [third]: 'CREATE TABLE notes (id int PRIMARY KEY, text text);\n',
}

/** What the guard says about the schema is no matter here: the project has none. */
const accepted = [
  '--accept',
  'schema-difference=not what is tested',
  '--accept',
  'missing-table=not what is tested',
]

function guardOf({ database, project }: GuardedDatabase) {
  const env = { DATABASE_URL: database.url }
  return {
    run: (...args: string[]) => runCli(args, { cwd: project.directory, env }),
    rollback: (...args: string[]) =>
      runCli(['rollback', ...accepted, ...args], { cwd: project.directory, env }),
    history: async () =>
      (
        await database.query(
          `SELECT migration_name || CASE WHEN rolled_back_at IS NULL THEN '' ELSE ' rolled back' END AS row
             FROM _prisma_migrations ORDER BY started_at, migration_name`,
        )
      ).map(({ row }) => row),
    tables: async () =>
      (await database.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")).map(
        ({ tablename }) => tablename,
      ),
    down: (name: string) => join(project.directory, 'prisma/migrations', name, 'down.sql'),
  }
}

const down: Readonly<Record<string, string>> = {
  [second]:
    'DROP INDEX by_city;\nALTER TABLE contacts DROP COLUMN phone;\nALTER TABLE contacts RENAME TO people;\n',
  [third]: 'DROP TABLE notes;\n',
}

/** As deploys have left it, with the way back of each migration. */
async function deployed() {
  const scene = await makeGuardedDatabase(up)
  const guard = guardOf(scene)
  for (const [name, sql] of Object.entries(up)) {
    await scene.database.query(sql)
    await addHistoryRow(scene.database, name, { sql })
    await writeFile(guard.down(name), down[name] ?? '')
  }
  return { ...scene, guard }
}

test('takes back what was deployed: says what is lost, asks, and the history knows it; a later deploy does it again', async () => {
  const { database, project, guard, deploy, readRecord } = await deployed()
  await database.query(
    "UPDATE contacts SET phone = '1' WHERE id <= 7; INSERT INTO notes VALUES (1, 'x'), (2, 'y')",
  )

  // Nobody can be asked.
  const asked = await guard.rollback('--steps', '2')
  expect(asked).toMatchObject({ exitCode: 6, stderr: expect.stringContaining('there is no terminal') })
  const dry = await guard.rollback('--steps', '2', '--dry-run')
  expect({ exitCode: dry.exitCode, stderr: dry.stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(dry.stdout).toContain(
    `rollback    2 migrations, the newest first, in one transaction: ${third}, ${second}\n  DROP TABLE notes\n`,
  )
  expect(dry.stdout).toContain(
    '\nloses\n  2 rows of "notes" are dropped with the table\n  7 values of "contacts"."phone" are dropped\n',
  )
  expect(dry.stdout).toContain('leads to    what the other migrations make, object by object')
  expect(await guard.history()).toEqual([firstMigration, second, third])

  // One of the two, then the other.
  const one = await guard.rollback('--yes')
  expect({ exitCode: one.exitCode, stderr: one.stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(await guard.history()).toEqual([firstMigration, second, `${third} rolled back`])
  expect(await guard.tables()).toEqual(['_prisma_migrations', 'brake', 'contacts', 'visits'])
  expect(await readRecord()).toMatchObject({
    command: 'rollback',
    databaseState: 'changed',
    exitCode: 0,
    backup: { level: 'exact' },
  })
  const other = await guard.rollback('--yes', '--to', firstMigration)
  expect({ exitCode: other.exitCode, stderr: other.stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(await guard.history()).toEqual([firstMigration, `${second} rolled back`, `${third} rolled back`])
  expect(await guard.tables()).toEqual(['_prisma_migrations', 'brake', 'people', 'visits'])

  const { stdout } = await barePrisma(project, ['migrate', 'status'], { DATABASE_URL: database.url })
  expect(stdout).toContain(`have not yet been applied:\n${second}\n${third}\n`)
  const report = await readFile(
    join(project.directory, 'backups', (await readRecord()).runId, 'report.txt'),
    'utf8',
  )
  expect(report).toContain('database   changed: 1 migration taken back, as the history says')
  expect(report).toMatch(/verify +passed .* the catalog changed as on the copy, object by object/)
  const status = await guard.run('status')
  expect(status.stdout).toContain('2 pending migrations')
  expect(status.stdout).toMatch(/last run .*: passed with warnings: 1 migration taken back/)
  const again = await deploy()
  expect({ exitCode: again.exitCode, stderr: again.stderr }).toMatchObject({ exitCode: 0 })
  expect(await guard.tables()).toEqual(['_prisma_migrations', 'brake', 'contacts', 'notes', 'visits'])
})

test('what fails on the target takes nothing back', async () => {
  const { database, guard } = await deployed()
  await database.query('CREATE TABLE others (id int PRIMARY KEY REFERENCES notes (id))')
  const blocked = await guard.rollback('--yes')
  expect(blocked.exitCode).toBe(3)
  expect(blocked.stdout).toContain('other objects depend on it')
  expect(await guard.history()).toEqual([firstMigration, second, third])

  await database.query('DROP TABLE others')

  // What fails on the copy is not tried on the target.
  await writeFile(
    guard.down(third),
    'DROP TABLE notes;\nDO $$ BEGIN RAISE EXCEPTION $x$not like this$x$; END $$;\n',
  )
  const rehearsed = await guard.rollback(
    '--yes',
    '--accept',
    'raised-exception=known',
    '--accept',
    'decided-by-rehearsal=known',
  )
  expect({ exitCode: rehearsed.exitCode, stderr: rehearsed.stderr }).toEqual({
    exitCode: 5,
    stderr: expect.stringContaining('error: the way back fails on the copy: not like this\n'),
  })
  await writeFile(guard.down(third), 'DROP TABLE notes;\n')

  // Somebody writes to the table and does not end his transaction.
  const writer = await database.client()
  await writer.query("BEGIN; INSERT INTO notes VALUES (1, 'x')")
  const failed = await guard.rollback('--yes', '--lock-timeout', '100ms', '--retries', '0')
  await writer.query('COMMIT')
  expect({ exitCode: failed.exitCode, stderr: failed.stderr }).toEqual({
    exitCode: 20,
    stderr: expect.stringContaining(
      'error: nothing was taken back: canceling statement due to lock timeout\n',
    ),
  })
  expect(await guard.history()).toEqual([firstMigration, second, third])
  expect(await database.query('SELECT text FROM notes')).toEqual([{ text: 'x' }])
  expect(await guard.tables()).toContain('notes')
})

test('a way back that is missing, or cannot run whole, is refused before anything is done', async () => {
  const { guard } = await deployed()
  await writeFile(guard.down(third), 'DROP INDEX CONCURRENTLY by_city;\nDROP TABLE notes;\n')
  expect(await guard.rollback('--yes')).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining(
      'error: the down.sql cannot run in one transaction: line 1: DROP INDEX CONCURRENTLY',
    ),
  })
  expect(await guard.rollback('--yes', '--steps', '3')).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining(
      `error: "${firstMigration}" has no down.sql, so that it cannot be taken back\n`,
    ),
  })
  expect(await guard.rollback('--yes', '--to', 'nobody')).toMatchObject({
    exitCode: 3,
    stderr: expect.stringContaining('error: "nobody" is not applied in this database\n'),
  })
  expect(await readFile(guard.down(second), 'utf8')).toContain('DROP INDEX by_city;')
  expect(await guard.history()).toEqual([firstMigration, second, third])
})
