import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, jest, test } from '@jest/globals'
import { type GuardedDatabase, makeGuardedDatabase, writeObserver } from '../support/guarded-database.js'
import { hostileRow, hostileTimeoutMs, sampleOf } from '../support/hostile.js'
import { nativeEngine } from '../support/native-engine.js'
import { runCli } from '../support/run-cli.js'

// Somebody changes the migrations folder in the moment between the approval and the engine.

jest.setTimeout(hostileTimeoutMs)

const row = hostileRow(import.meta.url, 'What the engine runs is the text that was planned, or nothing')

const one = '20260201000000_one'
const two = '20260202000000_two'
const planned = {
  [one]: 'ALTER TABLE people ADD COLUMN one text;\n',
  [two]: 'ALTER TABLE people ADD COLUMN two text;\n',
}
const wipe = 'DELETE FROM people;\n'

/** JavaScript that runs inside the guard right before this effect; `folder` is the migrations folder. */
async function rightBefore(
  { project }: GuardedDatabase,
  effect: string,
  script: string,
): Promise<Record<string, string>> {
  const folder = JSON.stringify(join(project.directory, 'prisma/migrations'))
  return writeObserver(
    project,
    `async before(name) {
       if (name !== ${JSON.stringify(effect)}) return
       const { mkdirSync, renameSync, rmSync, symlinkSync } = await import('node:fs')
       const folder = ${folder}
       ${script}
     }`,
  )
}

const swaps: readonly [string, string, string][] = [
  ['the first file changed', `writeFileSync(folder + '/${one}/migration.sql', ${JSON.stringify(wipe)})`, one],
  ['the last file changed', `writeFileSync(folder + '/${two}/migration.sql', ${JSON.stringify(wipe)})`, two],
  ['one byte added', `appendFileSync(folder + '/${two}/migration.sql', '\\n')`, two],
  [
    'two files swapped',
    `renameSync(folder + '/${one}', folder + '/x'); renameSync(folder + '/${two}', folder + '/${one}'); renameSync(folder + '/x', folder + '/${two}')`,
    one,
  ],
  [
    'a file added between them',
    `mkdirSync(folder + '/20260201500000_x'); writeFileSync(folder + '/20260201500000_x/migration.sql', ${JSON.stringify(wipe)})`,
    '20260201500000_x',
  ],
  [
    'a file added behind them',
    `mkdirSync(folder + '/20991231000000_x'); writeFileSync(folder + '/20991231000000_x/migration.sql', ${JSON.stringify(wipe)})`,
    '20991231000000_x',
  ],
  ['a file taken away', `rmSync(folder + '/${two}', { recursive: true })`, two],
  [
    'the folder swapped by a link',
    `renameSync(folder, folder + '.old'); symlinkSync(folder + '.other', folder)`,
    two,
  ],
]

const tried = sampleOf(swaps, 3)

test.each(tried)('%s between the approval and the engine: nothing is applied', async (_, script, culprit) => {
  const guarded = await makeGuardedDatabase(planned)
  const other = join(guarded.project.directory, 'prisma/migrations.other')
  await mkdir(join(other, two), { recursive: true })
  await writeFile(join(other, 'migration_lock.toml'), 'provider = "postgresql"\n')
  await writeFile(join(other, two, 'migration.sql'), wipe)
  const before = await guarded.truth()
  const env = await rightBefore(guarded, 'deploy.prisma', script)
  const { exitCode, stderr, stdout, record } = await guarded.deploy({ env })
  expect(`${stdout}${stderr}`).toContain(`migration "${culprit}"`)
  expect(`${stdout}${stderr}`).toContain('after the plan was made')
  expect(record).toMatchObject({ databaseState: 'unchanged', failure: { code: 'plan-out-of-date' } })
  expect(exitCode).toBe(20)
  expect(await guarded.truth()).toEqual(before)
  row.held()
})

test('without a swap the same two are applied', async () => {
  const guarded = await makeGuardedDatabase(planned)
  const env = await rightBefore(guarded, 'deploy.prisma', '')
  expect((await guarded.deploy({ env })).exitCode).toBe(0)
  expect((await guarded.truth()).columns).toEqual(['id', 'email', 'city', 'one', 'two'])
})

const wipeOne = `writeFileSync(folder + '/${one}/migration.sql', ${JSON.stringify(wipe)})`

test('an engine that cannot be told the texts reads a copy of what was planned', async () => {
  const guarded = await makeGuardedDatabase(planned)
  const { people } = await guarded.truth()
  const env = { ...(await rightBefore(guarded, 'deploy.prisma', wipeOne)), ...(await nativeEngine(guarded)) }
  const { exitCode, stdout } = await guarded.deploy({ arguments: ['--engine', 'native'], env })
  // The audit after it looks at the project's own folder again.
  expect({ exitCode, stdout }).toMatchObject({
    exitCode: 22,
    stdout: expect.stringContaining('edited-migration'),
  })
  const after = await guarded.database.query('SELECT id, email, city FROM people')
  expect(after).toHaveLength(100)
  expect((await guarded.truth()).columns).toEqual(['id', 'email', 'city', 'one', 'two'])
  expect(people).toContain('100 ')
  row.held()
})

test('what cannot be copied as it was planned is not run by such an engine', async () => {
  const guarded = await makeGuardedDatabase(planned)
  const before = await guarded.truth()
  // The guard's own note of the catalog, which it makes after its last look at the plan.
  const env = {
    ...(await rightBefore(guarded, 'scratch.planned', wipeOne)),
    ...(await nativeEngine(guarded)),
  }
  const { exitCode, record } = await guarded.deploy({ arguments: ['--engine', 'native'], env })
  expect(record.failure).toMatchObject({ code: 'plan-out-of-date' })
  expect(exitCode).toBe(20)
  expect(await guarded.truth()).toEqual(before)
  row.held()
})

test('resolve runs no rest of a file that is not the one that was begun', async () => {
  const guarded = await makeGuardedDatabase({
    [one]:
      'CREATE INDEX CONCURRENTLY people_city ON people (city);\nALTER TABLE people ALTER COLUMN city SET NOT NULL;\n',
  })
  expect((await guarded.deploy()).exitCode).toBe(21)
  const before = await guarded.truth()
  await guarded.database.query("UPDATE people SET city = 'x' WHERE city IS NULL")
  const { people } = await guarded.truth()
  await writeFile(
    join(guarded.project.directory, `prisma/migrations/${one}/migration.sql`),
    `CREATE INDEX CONCURRENTLY people_city ON people (city);\n${wipe}`,
  )
  const { exitCode, stderr, stdout } = await runCli(['resolve', '--yes'], {
    cwd: guarded.project.directory,
    env: { DATABASE_URL: guarded.database.url },
  })
  expect(`${stdout}${stderr}`).toContain('was edited after it was started')
  expect(exitCode).toBe(21)
  expect(await guarded.truth()).toEqual({ ...before, people })
  row.held()
})
