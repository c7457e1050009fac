import { readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { execa } from 'execa'
import {
  firstMigration,
  type GuardedDatabase,
  makeGuardedDatabase,
  type Truth,
  waitFor,
  writeObserver,
} from '../support/guarded-database.js'
import { isLong } from '../support/long.js'

const phones = '20260201000000_phones'
const sql = `ALTER TABLE people ADD COLUMN phone text;
UPDATE people SET phone = 'none';
CREATE TABLE phones (id int PRIMARY KEY);
`

// Every effect of the guard and of its engine is a place to be killed at: the n-th of a name, before it or after it.
const observer = `
  before(name) { at('before', name) },
  after(name) { at('after', name) },
}
const isGuard = process.argv[1].endsWith('cli/main.js')
const guard = isGuard ? process.pid : JSON.parse(process.env.MIGRATE_GUARD_ENGINE_OPTIONS ?? '{}').guardProcessId
const seen = new Map()
function at(phase, name) {
  const key = [isGuard ? 'guard' : 'engine', phase, name].join(' ')
  seen.set(key, (seen.get(key) ?? 0) + 1)
  const point = key + ' ' + seen.get(key)
  if (process.env.LOG_TO) appendFileSync(process.env.LOG_TO, point + '\\n')
  if (point === process.env.KILL_AT) process.kill(guard, 'SIGKILL')`

const makeDatabase = () => makeGuardedDatabase({ [phones]: sql })

async function recordPoints(): Promise<{ points: string[]; migrated: Truth }> {
  const guarded = await makeDatabase()
  const log = join(guarded.project.directory, 'points.log')
  const result = await guarded.deploy({
    env: { ...(await writeObserver(guarded.project, observer)), LOG_TO: log },
  })
  expect(result.exitCode).toBe(0)
  const points = [...new Set((await readFile(log, 'utf8')).trim().split('\n'))]
  return { points, migrated: await guarded.truth() }
}

/** Kills the guard at the point and gives what is wrong afterwards; nothing is what is hoped for. */
async function killAt(point: string, migrated: Truth): Promise<string[]> {
  const guarded = await makeDatabase()
  const before = await guarded.truth()
  const env = { ...(await writeObserver(guarded.project, observer)), KILL_AT: point }
  const running = guarded.start({ env })
  const { pid } = running.child
  const wrong: string[] = []
  await new Promise((resolve) => (running.child as unknown as NodeJS.EventEmitter).once('exit', resolve))

  await waitFor('sessions and locks to go', async () => {
    const { guardSessions, advisoryLocks } = await guarded.truth()
    return guardSessions === 0 && advisoryLocks === 0
  }).catch((error: Error) => wrong.push(error.message))
  await waitFor('children to end', async () => (await childrenOf(guarded, pid)).length === 0).catch(
    async (error: Error) => wrong.push(`${error.message}: ${await childrenOf(guarded, pid)}`),
  )

  const truth = await guarded.truth()
  const isSame = ({ people, tables }: Truth) => people === truth.people && `${tables}` === `${truth.tables}`
  const state = isSame(before) ? 'unchanged' : isSame(migrated) ? 'migrated' : 'neither'
  if (state === 'neither') wrong.push('the database is neither as before nor migrated')
  const record = await guarded.readRecord().catch(() => undefined)
  if (record?.databaseState === 'unchanged' && state !== 'unchanged') wrong.push('run.json says unchanged')
  if (record?.databaseState === 'changed' && state !== 'migrated') wrong.push('run.json says changed')
  if (record === undefined && state !== 'unchanged') wrong.push('there is no run.json')

  const isUnfinished = truth.history.includes(`${phones}: unfinished`)
  const next = await guarded.deploy()
  const after = await guarded.truth()
  if (isUnfinished) {
    if (next.exitCode !== 3 || !next.stdout.includes('failed-migration'))
      wrong.push(`the next run ended with ${next.exitCode}, not with 3 for the unfinished migration`)
  } else if (next.exitCode !== 0 || after.people !== migrated.people)
    wrong.push(`the next run ended with ${next.exitCode}: ${next.stdout}`)
  const left = (await readdir(tmpdir())).filter((name) => name.startsWith(`migrate-guard-${pid}-`))
  if (left.length > 0) wrong.push(`${left} is left`)
  return wrong
}

/** Whatever still runs for the guard: on each of those command lines stands its scratch folder or the project. */
async function childrenOf(guarded: GuardedDatabase, pid: number | undefined): Promise<string[]> {
  const { stdout } = await execa('ps', ['-eo', 'args='])
  return stdout
    .split('\n')
    .filter((line) => line.includes(`migrate-guard-${pid}-`) || line.includes(guarded.project.directory))
}

/** The same order for the same seed. */
function shuffled<T>(values: readonly T[], seed: number): T[] {
  let state = seed
  const random = () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32
    return state / 2 ** 32
  }
  return values
    .map((value) => ({ value, order: random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ value }) => value)
}

const seed = Number(process.env.MIGRATE_GUARD_TEST_SEED ?? 20261120)
/** One point to try again, as a failure names it, e.g. `engine after engine.commit 1`. */
const replay = process.env.MIGRATE_GUARD_TEST_KILL_AT

test(
  `killed at ${isLong ? 'every effect' : 'the effects that matter most'}, before and after it: nothing is left, nothing is lied about`,
  async () => {
    const { points, migrated } = await recordPoints()
    expect(migrated.history).toEqual([`${firstMigration}: finished`, `${phones}: finished`])
    const always = [
      'engine after engine.commit 1',
      'engine before engine.statement 2',
      'guard after deploy.prisma 1',
    ]
    expect(points).toEqual(expect.arrayContaining(always))
    const rest = shuffled(
      points.filter((point) => !always.includes(point)),
      seed,
    )
    const chosen = replay ? [replay] : isLong ? [...always, ...rest] : always
    const wrong: Record<string, string[]> = {}
    const next = async (): Promise<void> => {
      for (let point = chosen.shift(); point; point = chosen.shift()) {
        const found = await killAt(point, migrated).catch((error: Error) => [String(error.stack)])
        if (found.length > 0) wrong[point] = found
      }
    }
    await Promise.all([next(), next(), next()])
    expect({ seed, wrong }).toEqual({ seed, wrong: {} })
  },
  isLong ? 1_800_000 : 300_000,
)
