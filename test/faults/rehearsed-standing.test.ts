import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import type { CatalogTimeline } from '../../src/domain/catalog-timeline.js'
import { makeGuardedDatabase, writeObserver } from '../support/guarded-database.js'
import { runCli } from '../support/run-cli.js'

const first = '20260201000000_first'
const second = '20260202000000_second'

test('killed in the second of two rehearsed migrations: the catalog tells each step, and what is of others', async () => {
  const guarded = await makeGuardedDatabase({
    [first]: 'ALTER TABLE people ADD COLUMN phone text;\nCREATE TABLE phones (id int PRIMARY KEY);\n',
    [second]: `CREATE INDEX CONCURRENTLY people_city ON people (city);
CREATE TABLE later (id int);
INSERT INTO later VALUES (1);
`,
  })
  const { database, project } = guarded
  const env = { DATABASE_URL: database.url }
  const killing = await writeObserver(
    project,
    `seen: 0,
  after(name) {
    const options = JSON.parse(process.env.MIGRATE_GUARD_ENGINE_OPTIONS ?? '{}')
    if (name !== 'engine.statement' || !/^migrate-guard deploy/.test(options.applicationName) || ++this.seen !== 4) return
    process.kill(options.guardProcessId, 'SIGKILL')
    process.kill(process.pid, 'SIGKILL')
  }`,
  )
  const accepted = ['--accept', 'schema-difference=not what is tested']
  await runCli(['deploy', '--yes', ...accepted], { cwd: project.directory, env: { ...env, ...killing } })
  const record = await guarded.readRecord()
  expect(record).toMatchObject({ databaseState: 'unknown', steps: { rehearse: { outcome: 'passed' } } })

  const folder = join(project.directory, 'backups', record.runId)
  const timeline = JSON.parse(await readFile(join(folder, 'rehearsed-steps.json'), 'utf8')) as CatalogTimeline
  expect(timeline.points).toEqual([
    { migration: first },
    { migration: second, statements: 1 },
    { migration: second, statements: 2 },
    { migration: second },
  ])

  const status = async () => (await runCli(['status'], { cwd: project.directory, env })).stdout
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  const words = `state       after run ${record.runId}: partly applied: the first 2 statements of "${second}": `
  expect(await status()).toContain(words)

  // Somebody else's work is named apart and changes nothing of it.
  await database.query('CREATE TABLE of_another (id int)')
  const shown = await runCli(['resolve', '--dry-run'], { cwd: project.directory, env })
  expect(shown.stdout).toContain('in the database  its first 2 statements\n')
  expect(shown.stdout).toContain(
    'changed by somebody else meanwhile: column public.of_another.id, table public.of_another',
  )

  // Where it is an object of the migrations themselves, nobody can tell any more.
  await database.query('ALTER TABLE later ALTER COLUMN id TYPE bigint')
  expect(await status()).toContain(
    'unknown: neither as before nor as after any step: column public.later.id\n',
  )
  await database.query('ALTER TABLE later ALTER COLUMN id TYPE int')

  const resolved = await runCli(['resolve', '--yes'], { cwd: project.directory, env })
  expect([resolved.exitCode, resolved.stderr]).toEqual([0, ''])
  expect(await database.query('SELECT id FROM later')).toEqual([{ id: 1 }])
  expect((await guarded.truth()).history.slice(1)).toEqual([
    `${first}: finished`,
    `${second}: rolled back`,
    `${second}: finished`,
  ])
  expect(await status()).not.toContain('unfinished')
})
