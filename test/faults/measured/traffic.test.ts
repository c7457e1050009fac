// Eight scenes in which a migration meets the locks of others, while readers and writers work at full speed. The guard ends
// applied or cleanly refused, and no client is refused anything; a bare `prisma migrate deploy` is weighed beside it.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from '@jest/globals'
import {
  brake,
  firstMigration,
  type GuardedDatabase,
  makeGuardedDatabase,
  waitFor,
} from '../../support/guarded-database.js'
import { barePrisma } from '../../support/prisma-cli.js'
import { type Borne, startTraffic } from '../../support/traffic.js'
import { chosenOf, sampleOf, tally } from './tally.js'

interface Scene {
  readonly name: string
  readonly sql: string
  /** True on the server once the migration is in the database. */
  readonly applied: string
  /** Gets in the way of the migration before it begins, for a while; gives what ends it for good. */
  disturb(guarded: GuardedDatabase): Promise<() => Promise<void>>
  readonly arguments?: readonly string[]
  /** What the guard must come to; default: applied. */
  readonly refused?: true
  /** Why the guard tried again at least once. */
  readonly retried?: 'lock-timeout' | 'gave-way'
}

const change = '20260201000000_change'
const addNote = 'ALTER TABLE people ADD COLUMN note text;'
const hasNote =
  "EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'people'::regclass AND attname = 'note' AND NOT attisdropped)"
const holdMs = 2_500

/** A session that is in the way from now on until the deploy has waited for it that long. */
async function hold(guarded: GuardedDatabase, begin: string, work = 'SELECT') {
  const client = await guarded.database.client()
  await client.query(begin)
  const holding = client.query(work).catch(() => undefined)
  const released = waitForWaiter(guarded)
    .then(() => sleep(holdMs))
    .then(() => holding)
    .then(() => client.query('COMMIT'))
    .catch(() => undefined)
  return async () => {
    await released
    await client.end().catch(() => undefined)
  }
}

/** The deploy of the guard, or a bare one, waits for a lock. */
async function waitForWaiter({ database }: GuardedDatabase) {
  await waitFor(
    'the deploy to wait for a lock',
    async () => {
      const waiting = await database.query(
        `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()
          AND (application_name LIKE 'migrate-guard deploy%' OR application_name LIKE 'migrate-guard engine%')`,
      )
      return waiting.length > 0
    },
    60_000,
  )
}

const scenes: readonly Scene[] = [
  {
    name: 'a long reader',
    sql: addNote,
    applied: hasNote,
    disturb: (guarded) => hold(guarded, 'BEGIN; SELECT FROM people', 'SELECT pg_sleep(4)'),
    retried: 'lock-timeout',
  },
  {
    name: 'a long writer',
    sql: 'CREATE INDEX people_city ON people (city);',
    applied: "to_regclass('people_city') IS NOT NULL",
    disturb: (guarded) =>
      hold(guarded, "BEGIN; UPDATE people SET city = 'Rome' WHERE id = 50", 'SELECT pg_sleep(4)'),
    retried: 'lock-timeout',
  },
  {
    name: 'a session that is idle in transaction',
    sql: addNote,
    applied: hasNote,
    disturb: (guarded) => hold(guarded, 'BEGIN; SELECT FROM people'),
    arguments: ['--retries', '1'],
    refused: true,
    retried: 'lock-timeout',
  },
  {
    name: 'a queue behind the ALTER',
    sql: `${addNote}\n${brake}`,
    applied: hasNote,
    disturb: async ({ database }) => {
      await database.query('INSERT INTO brake VALUES (2.5)')
      const released = waitFor('the deploy to hold its lock', async () => {
        const sleeping = await database.query(
          "SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()",
        )
        return sleeping.length > 0
      })
        .then(() => database.query('UPDATE brake SET seconds = 0'))
        .catch(() => undefined)
      return async () => void (await released)
    },
    retried: 'gave-way',
  },
  {
    name: 'locks in the opposite order',
    sql: `${addNote}\nALTER TABLE visits ADD COLUMN note text;`,
    applied: hasNote,
    disturb: async (guarded) => {
      const client = await guarded.database.client()
      await client.query('BEGIN; UPDATE visits SET person = 1 WHERE id = 1')
      const released = waitForWaiter(guarded)
        .then(() => client.query("UPDATE people SET city = 'Oslo' WHERE id = 60"))
        .then(() => client.query('COMMIT'))
      return async () => {
        // Whoever is chosen as the victim of the deadlock: this client must not be.
        await released.finally(() => client.end())
      }
    },
    retried: 'lock-timeout',
  },
  {
    name: 'a vacuum',
    sql: addNote,
    applied: hasNote,
    disturb: async ({ database }) => {
      let isOver = false
      const client = await database.client()
      await client.query('SET vacuum_cost_delay = 20; SET vacuum_cost_limit = 1')
      const vacuuming = (async () => {
        while (!isOver) {
          await client.query('VACUUM people')
          await sleep(100)
        }
      })().catch(() => undefined)
      return async () => {
        isOver = true
        await vacuuming
        await client.end()
      }
    },
  },
  {
    name: 'the parent of a foreign key',
    sql: 'CREATE TABLE notes (id int PRIMARY KEY, person int REFERENCES people (id));',
    applied: "to_regclass('notes') IS NOT NULL",
    disturb: (guarded) => hold(guarded, "BEGIN; UPDATE people SET city = 'Rome' WHERE id = 50"),
    retried: 'lock-timeout',
  },
  {
    name: 'CONCURRENTLY with an old snapshot',
    sql: 'CREATE INDEX CONCURRENTLY people_city ON people (city);',
    applied: "EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass('people_city') AND indisvalid)",
    disturb: (guarded) => hold(guarded, 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM people'),
  },
]

const readersAndWriters = [
  'SELECT count(*) FROM people',
  'SELECT count(*) FROM visits',
  "UPDATE people SET city = 'Bern' WHERE id = 10",
  'UPDATE visits SET person = 2 WHERE id = 20',
]

/** Does `work` in the scene, under traffic. */
async function inScene<T>(scene: Scene, work: (guarded: GuardedDatabase) => Promise<T>) {
  const guarded = await makeGuardedDatabase({ [change]: scene.sql })
  const calm = await scene.disturb(guarded)
  const traffic = await startTraffic(guarded.database, readersAndWriters)
  let borne: Borne
  let result: T
  const disturbed: string[] = []
  try {
    result = await work(guarded)
  } finally {
    await calm().catch((error: Error) => disturbed.push(error.message))
    borne = await traffic.stop()
  }
  return { guarded, result, errors: [...borne.errors, ...disturbed], borne }
}

async function isApplied({ database }: GuardedDatabase, { applied }: Scene): Promise<boolean> {
  return (await database.query(`SELECT (${applied}) AS applied`))[0].applied
}

async function guardIn(scene: Scene): Promise<void> {
  const limits = ['--skip-backup', '--lock-timeout', '200ms', '--max-blocking', '400ms', '--retries', '8']
  const { guarded, result, errors, borne } = await inScene(scene, (guarded) =>
    guarded.deploy({ arguments: [...limits, ...(scene.arguments ?? [])] }),
  )
  const truth = await guarded.truth()
  const applied = await isApplied(guarded, scene)
  const reasons = await retriesOf(guarded)
  const wrong = [
    ...(result.exitCode === (scene.refused ? 20 : 0)
      ? []
      : [`exit code ${result.exitCode}: ${result.stderr}`]),
    ...(applied === !scene.refused ? [] : [`the migration is ${applied ? '' : 'not '}there`]),
    ...(truth.history.includes(`${change}: unfinished`) ? ['an unfinished row'] : []),
    ...(truth.history.includes(`${change}: finished`) === applied ? [] : ['the history is wrong']),
    ...(truth.history[0] === `${firstMigration}: finished` ? [] : ['the history is lost']),
    ...(truth.invalidIndexes.length === 0 ? [] : ['an invalid index']),
    ...(truth.guardSessions + truth.advisoryLocks === 0 ? [] : ['sessions or locks are left']),
    ...(errors.length === 0 ? [] : [`a client got an error: ${errors[0]}`]),
    ...(scene.retried === undefined || reasons.includes(scene.retried) ? [] : ['it was not tried again']),
  ]
  tell('guard', scene, borne, `${reasons.length} retries`)
  tally({
    group: 'traffic',
    subject: 'guard',
    name: scene.name,
    right: wrong.length === 0,
    wrong: wrong.join('; '),
  })
}

/** Right: exit code 0 exactly when everything is applied, and where it failed, the next one ends well. */
async function prismaIn(scene: Scene): Promise<void> {
  const deploy = ({ project, database }: GuardedDatabase) =>
    barePrisma(project, ['migrate', 'deploy'], { DATABASE_URL: database.url })
  const { guarded, result, errors, borne } = await inScene(scene, deploy)
  const applied = await isApplied(guarded, scene)
  const wrong = [
    ...((result.exitCode === 0) === applied ? [] : [`exit code ${result.exitCode}`]),
    ...(result.exitCode === 0 || (await deploy(guarded)).exitCode === 0
      ? []
      : ['the next deploy fails as well']),
    ...(errors.length === 0 ? [] : [`a client got an error: ${errors[0]}`]),
  ]
  tell('prisma', scene, borne, `exit code ${result.exitCode}`)
  tally({
    group: 'traffic',
    subject: 'prisma',
    name: scene.name,
    right: wrong.length === 0,
    wrong: wrong.join('; '),
  })
}

async function retriesOf({ project }: GuardedDatabase): Promise<string[]> {
  const backups = join(project.directory, 'backups')
  const [run = ''] = (await readdir(backups)).sort().slice(-1)
  const events = await readFile(join(backups, run, 'events.ndjson'), 'utf8')
  return events
    .split('\n')
    .filter((line) => line.includes('"type":"retry"'))
    .map((line) => JSON.parse(line).reason)
}

/** The waits are told, not judged: on a busy machine they say more of the machine. */
function tell(subject: string, { name }: Scene, { queries, longestWaitMs }: Borne, ending: string): void {
  if (process.env.MIGRATE_GUARD_FAULTS_LOG)
    process.stderr.write(
      `  traffic, ${name}, ${subject}: ${ending}, ${queries} queries, longest ${longestWaitMs} ms\n`,
    )
}

test.each(chosenOf(scenes, () => sampleOf(scenes, 1)).map((scene) => [scene.name, scene] as const))(
  'traffic: %s',
  async (_, scene) => {
    await guardIn(scene)
    await prismaIn(scene)
  },
)
