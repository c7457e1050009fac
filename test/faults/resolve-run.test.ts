import { expect, test } from '@jest/globals'
import {
  brake,
  firstMigration,
  type GuardedDatabase,
  makeGuardedDatabase,
  waitFor,
  writeObserver,
} from '../support/guarded-database.js'
import { isLong, longTest } from '../support/long.js'
import { type CliResult, runCli } from '../support/run-cli.js'
import { startCli } from '../support/start-cli.js'

const phones = '20260201000000_phones'
const sql = `ALTER TABLE people ADD COLUMN phone text;
UPDATE people SET phone = 'none';
CREATE TABLE phones (id int PRIMARY KEY);
`
const unfinished = [`${firstMigration}: finished`, `${phones}: unfinished`]

function cli({ project, database }: GuardedDatabase, ...args: string[]): Promise<CliResult> {
  return runCli(args, { cwd: project.directory, env: { DATABASE_URL: database.url } })
}

/** Kills guard and engine at once at this effect of the engine, which stands for a machine that goes away. */
async function killBoth(guarded: GuardedDatabase, phase: 'before' | 'after', name: string, nth = 1) {
  const env = await writeObserver(
    guarded.project,
    `seen: 0,
  ${phase}(name) {
    if (name !== '${name}' || ++this.seen !== ${nth}) return
    const guard = JSON.parse(process.env.MIGRATE_GUARD_ENGINE_OPTIONS ?? '{}').guardProcessId
    if (guard === undefined) return
    process.kill(guard, 'SIGKILL')
    process.kill(process.pid, 'SIGKILL')
  }`,
  )
  await guarded.start({ env }).child
}

// The rows of the failure catalogue, 3.2: where the wire or a process was cut, and what is right then.
const scenes: readonly [string, 'before' | 'after', string, number, string, string][] = [
  ['the row is written, the script never came', 'before', 'engine.begin', 1, 'unchanged', 'rolled back'],
  ['between two statements', 'before', 'engine.statement', 2, 'unchanged', 'rolled back'],
  ['after COMMIT, before the row is finished', 'after', 'engine.commit', 1, 'fully applied', 'finished'],
]

test.each(isLong ? scenes : scenes.slice(-1))(
  'guard and engine killed %s: status and resolve tell it, and the next deploy ends well',
  async (...scene) => {
    const [, phase, name, nth, words, row] = scene
    const guarded = await makeGuardedDatabase({ [phones]: sql })
    await killBoth(guarded, phase, name, nth)
    const left = await guarded.truth()
    expect(left.history).toEqual(unfinished)
    expect(left.tables.includes('phones')).toBe(row === 'finished')

    // A server needs half a second to see that its client is gone.
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    const status = await cli(guarded, 'status')
    expect(status.stdout).toContain(`: ${words}\n`)
    expect(status.stdout).toContain(`unfinished  P3009: "${phones}" was started at`)

    const shown = await cli(guarded, 'resolve', '--dry-run')
    expect(shown.stdout).toContain(`in the database  ${row === 'finished' ? 'all' : 'nothing'} of it`)
    const declined = await cli(guarded, 'resolve')
    expect(declined.stdout).toContain(`in the database  ${row === 'finished' ? 'all' : 'nothing'} of it`)
    expect({ code: declined.exitCode, history: (await guarded.truth()).history }).toEqual({
      code: 6,
      history: unfinished,
    })

    const resolved = await cli(guarded, 'resolve', '--yes', '--json')
    expect(JSON.parse(resolved.stdout)).toMatchObject({
      exitCode: 0,
      done: true,
      left: [],
      resolution: { kind: row === 'finished' ? 'mark-applied' : 'mark-rolled-back' },
    })
    const { history, people, tables } = await guarded.truth()
    expect({ people, tables }).toEqual({ people: left.people, tables: left.tables })
    expect(history).toEqual([
      `${firstMigration}: finished`,
      `${phones}: rolled back`,
      ...(row === 'finished' ? [`${phones}: finished`] : []),
    ])
    const again = await cli(guarded, 'resolve', '--yes')
    expect({ code: again.exitCode, said: again.stdout }).toEqual({
      code: 0,
      said: 'nothing to resolve: no migration is unfinished\n',
    })
    const next = await guarded.deploy()
    expect(next.exitCode).toBe(0)
    expect((await guarded.truth()).tables).toContain('phones')
  },
)

test('a file that stopped between two statements: resolve runs the rest, on its own engine', async () => {
  const guarded = await makeGuardedDatabase({
    [phones]: `CREATE INDEX CONCURRENTLY people_city ON people (city);
CREATE TABLE phones (id int PRIMARY KEY);
ALTER TABLE people ALTER COLUMN city SET NOT NULL;
INSERT INTO phones VALUES (1);
`,
  })
  const failed = await guarded.deploy({ arguments: ['--skip-backup'] })
  expect(failed.record.deployment?.standing).toEqual({
    kind: 'part',
    applied: [],
    migration: phones,
    statements: 2,
    objects: [],
  })
  const stillWrong = await cli(guarded, 'resolve', '--yes')
  expect(stillWrong.exitCode).toBe(21)
  expect(stillWrong.stderr).toMatch(
    /error: the rest of ".*" failed: line 3: column "city" .* contains null values \(23502\)/,
  )
  expect((await guarded.truth()).history).toEqual(unfinished)

  await guarded.database.query("UPDATE people SET city = 'somewhere' WHERE city IS NULL")
  const resolved = await cli(guarded, 'resolve', '--yes')
  expect([resolved.exitCode, resolved.stderr]).toEqual([0, ''])
  expect(await guarded.database.query('SELECT id FROM phones')).toEqual([{ id: 1 }])
  expect((await guarded.truth()).history.at(-1)).toBe(`${phones}: finished`)
  const again = await cli(guarded, 'resolve', '--yes')
  expect([again.exitCode, again.stdout]).toEqual([0, 'nothing to resolve: no migration is unfinished\n'])
})

/** A deploy that stopped before the third statement; what it stumbled over is fixed, and the rest takes a minute. */
async function stoppedBeforeSlowRest(): Promise<GuardedDatabase> {
  const guarded = await makeGuardedDatabase({
    [phones]: `CREATE INDEX CONCURRENTLY people_city ON people (city);
CREATE TABLE phones (id int PRIMARY KEY);
ALTER TABLE people ALTER COLUMN city SET NOT NULL;
${brake}
INSERT INTO phones VALUES (1);
`,
  })
  expect((await guarded.deploy({ arguments: ['--skip-backup'] })).exitCode).toBe(21)
  await guarded.database.query("UPDATE people SET city = 'somewhere' WHERE city IS NULL")
  await guarded.database.query('INSERT INTO brake VALUES (60)')
  return guarded
}

async function startResolving({ project, database }: GuardedDatabase, ...args: string[]) {
  const resolving = startCli(['resolve', '--yes', ...args], {
    cwd: project.directory,
    env: { DATABASE_URL: database.url },
  })
  await waitFor('the rest to run', async () => {
    const sleeping = await database.query(
      "SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()",
    )
    return sleeping.length > 0
  })
  return resolving
}

test('told to stop while it runs the rest, resolve cancels the statement, and runs it when it is asked again', async () => {
  const guarded = await stoppedBeforeSlowRest()
  const resolving = await startResolving(guarded)
  process.kill(resolving.pid, 'SIGTERM')
  const stopped = await resolving.result
  expect(stopped.exitCode).toBe(21)
  expect(stopped.stderr).toContain('line 4: canceling statement due to user request (57014)')
  expect(stopped.stderr).toContain('When you are ready, run the command again')
  expect(await guarded.truth()).toMatchObject({ history: unfinished, guardSessions: 0, advisoryLocks: 0 })

  await guarded.database.query('DELETE FROM brake')
  const resolved = await cli(guarded, 'resolve', '--yes')
  expect([resolved.exitCode, resolved.stderr]).toEqual([0, ''])
  expect(await guarded.database.query('SELECT id FROM phones')).toEqual([{ id: 1 }])
})

test('the rest gives way when somebody waits too long for it', async () => {
  const guarded = await stoppedBeforeSlowRest()
  const resolving = await startResolving(guarded, '--max-blocking', '300ms')
  expect(await guarded.database.query('SELECT count(*)::int AS people FROM people')).toEqual([
    { people: 100 },
  ])
  await guarded.database.query('DELETE FROM brake')
  const { exitCode, stdout, stderr } = await resolving.result
  expect([exitCode, stderr]).toEqual([0, ''])
  expect(stdout).toMatch(/has waited .* for the deploy: giving way/)
  expect(stdout).toContain('57014: rolled back; trying again')
  expect(await guarded.database.query('SELECT id FROM phones')).toEqual([{ id: 1 }])
  expect((await guarded.truth()).history.at(-1)).toBe(`${phones}: finished`)
})

longTest('an invalid index that CONCURRENTLY left is dropped, and the migration may run again', async () => {
  const guarded = await makeGuardedDatabase({
    [phones]: 'CREATE UNIQUE INDEX CONCURRENTLY people_email_key ON people (email);\n',
  })
  expect((await guarded.deploy({ arguments: ['--skip-backup'] })).exitCode).toBe(21)
  expect((await guarded.truth()).invalidIndexes).toEqual(['people_email_key'])
  const resolved = await cli(guarded, 'resolve', '--yes')
  expect([resolved.exitCode, resolved.stderr]).toEqual([0, ''])
  expect(resolved.stdout).toContain(
    'drop the invalid index public.people_email_key (DROP INDEX CONCURRENTLY)',
  )
  const truth = await guarded.truth()
  expect(truth.invalidIndexes).toEqual([])
  expect(truth.history).toEqual([`${firstMigration}: finished`, `${phones}: rolled back`])
})
