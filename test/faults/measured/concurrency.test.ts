import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from '@jest/globals'
import { execa } from 'execa'
import { hostPath } from '../../support/engine-host.js'
import { makeProject, type Project } from '../../support/project.js'
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js'
import { tally, triesAll } from './tally.js'

// Guards and bare `prisma migrate deploy`s start together on one database; in a quarter of the rounds the one at work is
// killed. The oracle asks the catalog, the rows and /proc, never the guard.

const guardPath = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url))
const first = '20260101000000_first'
const second = '20260201000000_second'
const third = '20260301000000_third'

/** Each migration counts how often it ran; run twice, its DDL would fail besides. */
const migrations = {
  [first]: 'CREATE TABLE runs (migration text NOT NULL);\n',
  [second]: `INSERT INTO runs VALUES ('${second}');\nCREATE TABLE one (id int PRIMARY KEY);\nSELECT pg_sleep(0.2);\n`,
  [third]: `INSERT INTO runs VALUES ('${third}');\nCREATE TABLE two (id int PRIMARY KEY);\n`,
}

const deploy = [
  'deploy',
  '--yes',
  '--skip-backup',
  '--skip-rehearsal',
  '--accept',
  'schema-difference=the project has no schema',
]

/** A bare prisma takes twice the processor time of a guard that is told to wait its turn. */
const bareShare = 0.3

interface Scene {
  readonly count: number
  readonly round: number
  /** All of them are bare, to see what Prisma alone does in this scene. */
  readonly bareOnly: boolean
}

type Kind = 'guard' | 'prisma'

interface Ended {
  readonly kind: Kind
  readonly exitCode: number | undefined
  readonly signal: string | undefined
  readonly printed: string
}

interface Participant {
  readonly kind: Kind
  readonly pid: number
  readonly ended: Promise<Ended>
  kill(): void
}

let project: Promise<Project> | undefined
let template: Promise<TestDatabase> | undefined
afterAll(async () => (await project)?.remove())

async function makeTemplate(): Promise<TestDatabase> {
  const database = await createTestDatabase()
  const own = await makeProject({ migrations: { [first]: migrations[first] as string } })
  const { exitCode, printed } = await start('prisma', own, database, tmpdir()).ended
  if (exitCode !== 0) throw new Error(`the template was not made: ${printed}`)
  await own.remove()
  return database
}

function start(kind: Kind, { directory }: Project, { url }: TestDatabase, temporary: string): Participant {
  const file = kind === 'guard' ? guardPath : join(directory, 'node_modules/prisma/build/index.js')
  const args = kind === 'guard' ? [...deploy, '--backups', join(temporary, 'backups')] : ['migrate', 'deploy']
  const { PATH, HOME } = process.env
  const child = execa(process.execPath, [file, ...args], {
    reject: false,
    cwd: directory,
    extendEnv: false,
    env: { ...bareEnvironment(url), PATH, HOME, TMPDIR: temporary },
    stdin: 'ignore',
    all: true,
    timeout: 180_000,
  })
  return {
    kind,
    pid: child.pid ?? 0,
    ended: child.then(({ exitCode, signal, all }) => ({ kind, exitCode, signal, printed: String(all) })),
    kill: () => void child.kill('SIGKILL'),
  }
}

function bareEnvironment(url: string): Record<string, string> {
  return {
    DATABASE_URL: url,
    PRISMA_SCHEMA_ENGINE_BINARY: hostPath,
    PRISMA_QUERY_ENGINE_LIBRARY: hostPath,
    CHECKPOINT_DISABLE: '1',
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    NO_COLOR: '1',
  }
}

/** What is in the database and on the machine, by questions of the test's own. */
interface Truth {
  readonly runs: string
  readonly tables: string
  readonly rows: string
  readonly sessions: number
  readonly locks: number
  readonly processes: number
  readonly scratch: readonly string[]
}

async function look(database: TestDatabase, temporary: string): Promise<Truth> {
  const [{ runs, tables, rows, sessions, locks }] = await database.query(`
    SELECT (SELECT coalesce(string_agg(migration, ' ' ORDER BY migration), '') FROM runs) AS runs,
           (SELECT string_agg(tablename, ' ' ORDER BY tablename) FROM pg_tables WHERE schemaname = 'public') AS tables,
           (SELECT string_agg(migration_name || CASE WHEN finished_at IS NULL THEN ' unfinished' ELSE '' END, ', ' ORDER BY started_at)
              FROM _prisma_migrations WHERE rolled_back_at IS NULL) AS rows,
           (SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()) AS sessions,
           (SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory'
               AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS locks`)
  const scratch = (await readdir(temporary)).filter((name) => name.startsWith('migrate-guard-'))
  return { runs, tables, rows, sessions, locks, processes: (await processesIn(temporary)).length, scratch }
}

const migrated = {
  runs: `${second} ${third}`,
  tables: '_prisma_migrations one runs two',
  rows: `${first}, ${second}, ${third}`,
}

function isMigrated({ runs, tables, rows }: Truth): boolean {
  return JSON.stringify({ runs, tables, rows }) === JSON.stringify(migrated)
}

/** Waits until sessions and processes have had the time that a killed client takes to be noticed. */
async function lookWhenQuiet(database: TestDatabase, temporary: string): Promise<Truth> {
  for (const giveUpAt = Date.now() + 15_000; ; await sleep(100)) {
    const truth = await look(database, temporary)
    if (truth.sessions + truth.locks + truth.processes === 0 || Date.now() > giveUpAt) return truth
  }
}

async function processesIn(temporary: string): Promise<number[]> {
  const found: number[] = []
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const environment = await readFile(join('/proc', name, 'environ'), 'utf8').catch(() => '')
    if (environment.includes(`TMPDIR=${temporary}\0`)) found.push(Number(name))
  }
  return found
}

/** Kills the participant whose session holds a lock of a deploy, a while after it got it. */
async function killWinner(
  participants: readonly Participant[],
  database: TestDatabase,
  temporary: string,
  delayMs: number,
): Promise<Participant | undefined> {
  const client = await database.client()
  try {
    for (const giveUpAt = Date.now() + 60_000; Date.now() < giveUpAt; await sleep(20)) {
      const { rows } = await client.query(
        `SELECT a.client_port FROM pg_locks l JOIN pg_stat_activity a USING (pid)
          WHERE l.locktype = 'advisory' AND l.granted AND a.datname = current_database() AND a.client_port > 0 LIMIT 1`,
      )
      const pid = rows[0] && (await processOnPort(rows[0].client_port, temporary))
      if (pid === undefined) continue
      const winner = await ancestorAmong(pid, participants)
      if (winner === undefined) continue
      await sleep(delayMs)
      winner.kill()
      return winner
    }
    return undefined
  } finally {
    await client.end()
  }
}

/** The process of this round whose socket has this local port. */
async function processOnPort(port: number, temporary: string): Promise<number | undefined> {
  const lines = (await readFile('/proc/net/tcp', 'utf8')).split('\n').map((line) => line.trim().split(/\s+/))
  const inode = lines.find(([, local = '']) => Number.parseInt(local.split(':')[1] ?? '', 16) === port)?.[9]
  for (const pid of inode === undefined ? [] : await processesIn(temporary)) {
    for (const name of await readdir(`/proc/${pid}/fd`).catch(() => []))
      if ((await readlink(`/proc/${pid}/fd/${name}`).catch(() => '')) === `socket:[${inode}]`) return pid
  }
  return undefined
}

async function ancestorAmong(
  pid: number,
  participants: readonly Participant[],
): Promise<Participant | undefined> {
  for (let id = pid; id > 1; ) {
    const found = participants.find((participant) => participant.pid === id)
    if (found) return found
    const stat = await readFile(`/proc/${id}/stat`, 'utf8').catch(() => '')
    id = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? 0)
  }
  return undefined
}

const holder = /: (run \S+ by \S+ \(process \d+\)|"[^"]+") as "\w+" from \S+ \(pid \d+\), since \S+ \S+ UTC/

/** What is wrong with how a guard ended, that was not killed. */
function wrongEnd({ exitCode, printed }: Ended, wasKilled: boolean): string | undefined {
  const as = (isRight: boolean) => (isRight ? undefined : `exit ${exitCode}: ${printed.slice(-600)}`)
  switch (exitCode) {
    case 0:
      return as(/nothing pending|2 of 2 migrations applied|1 of 1 migration applied/.test(printed))
    case 7:
      if (/has applied (the|all) pending migrations/.test(printed)) return undefined
      // Between the two looks, whoever held the lock may have ended.
      return as(holder.test(printed) || printed.includes('a session that has ended in the meantime'))
    case 3:
      // What a killed deploy has left unfinished blocks until it is resolved.
      return as(printed.includes('plan-out-of-date') || /failed-migration|is unfinished/.test(printed))
    default:
      return wasKilled ? undefined : as(false)
  }
}

/** One more deploy; where that is blocked, the command that it prints, and then one more. */
async function recover(own: Project, database: TestDatabase, temporary: string): Promise<string> {
  let said = ''
  for (let tries = 0; tries < 4; tries += 1) {
    const { exitCode, printed } = await start('guard', own, database, temporary).ended
    said += `${exitCode}: ${printed.slice(-500)}\n`
    if (exitCode === 0) return said
    const command = /((?:PRISMA_\S+ )?npx (?:migrate-guard|prisma migrate) resolve[^\n,.;]*)/.exec(
      printed,
    )?.[1]
    if (command === undefined) continue
    // As a project runs it where the package is installed.
    const words = command
      .replace('node_modules/.bin/migrate-guard-engine', hostPath)
      .replace('npx migrate-guard', `${process.execPath} ${guardPath}`)
    const { all } = await execa('sh', ['-c', words], {
      cwd: own.directory,
      reject: false,
      all: true,
      env: { DATABASE_URL: database.url, TMPDIR: temporary },
    })
    said += `${command}: ${String(all).slice(-300)}\n`
  }
  return said
}

async function playRound({ count, round, bareOnly }: Scene): Promise<void> {
  project ??= makeProject({ migrations })
  template ??= makeTemplate()
  const own = await project
  const database = await createTestDatabase({ template: (await template).name })
  const temporary = await mkdtemp(join(tmpdir(), 'guard-test-turns-'))
  const kills = round % 4 === 3
  const random = randomOf(round * 100 + count)
  const name = `${count} at once, round ${round}${kills ? ', the winner killed' : ''}`
  const startedAt = Date.now()
  try {
    // At least one of each; in which order they start is by chance.
    const kinds = Array.from({ length: count }, (_, i): Kind => {
      if (bareOnly) return 'prisma'
      if (i < 2) return i === 0 ? 'guard' : 'prisma'
      return random() < bareShare ? 'prisma' : 'guard'
    }).sort(() => random() - 0.5)
    const participants = kinds.map((kind) => start(kind, own, database, temporary))
    const killed = kills
      ? await killWinner(participants, database, temporary, Math.floor(random() * 1_200))
      : undefined
    const ends = await Promise.all(participants.map(({ ended }) => ended))
    const truth = await lookWhenQuiet(database, temporary)
    const wasKilled = killed !== undefined && ends.some(({ signal }) => signal === 'SIGKILL')
    if (bareOnly) tallyBare(name, ends, truth, wasKilled, await bareEndsWell(own, database, temporary, truth))
    else await tallyGuards(name, ends, truth, wasKilled, own, database, temporary)
  } finally {
    tell(`${name}${bareOnly ? ', bare' : ''}: ${Date.now() - startedAt} ms`)
    await database.drop()
    await rm(temporary, { recursive: true, force: true })
  }
}

async function tallyGuards(
  name: string,
  ends: readonly Ended[],
  truth: Truth,
  wasKilled: boolean,
  own: Project,
  database: TestDatabase,
  temporary: string,
): Promise<void> {
  const wrong: string[] = []
  for (const ended of ends) {
    if (ended.kind !== 'guard' || ended.signal !== undefined) continue
    const found = wrongEnd(ended, wasKilled)
    if (found) wrong.push(found)
    // Whoever says that all is well must be right at the end.
    if (ended.exitCode === 0 && !isMigrated(truth))
      wrong.push(`exit 0, but there is ${JSON.stringify(truth)}`)
  }
  const said = ends.filter(({ kind, exitCode, printed }) =>
    kind === 'guard'
      ? exitCode === 0 && /migrations? applied; verification passed/.test(printed)
      : exitCode === 0 && printed.includes('successfully applied'),
  )
  if (said.length > 1) wrong.push(`${said.length} say that they have deployed`)
  if (!wasKilled && said.length !== 1) wrong.push(`${said.length} say that they have deployed`)
  if (!wasKilled && !isMigrated(truth)) wrong.push(`there is ${JSON.stringify(truth)}`)
  if (truth.sessions + truth.locks + truth.processes > 0) wrong.push(`left: ${JSON.stringify(truth)}`)
  if (wasKilled) {
    const recovery = await recover(own, database, temporary)
    const after = await lookWhenQuiet(database, temporary)
    if (!isMigrated(after)) wrong.push(`after the kill: ${recovery} ${JSON.stringify(after)}`)
    if (after.scratch.length > 0) wrong.push(`left: ${after.scratch}`)
  } else if (truth.scratch.length > 0) wrong.push(`left: ${truth.scratch}`)
  const right = wrong.length === 0
  const sayings = ends.map(({ kind, exitCode, signal }) => `${kind} ${exitCode ?? signal}`).join(', ')
  tally({
    group: 'concurrency',
    subject: 'guard',
    name,
    right,
    ...(right ? {} : { wrong: `${sayings}: ${wrong.join('; ')}` }),
  })
}

async function bareEndsWell(
  own: Project,
  database: TestDatabase,
  temporary: string,
  truth: Truth,
): Promise<boolean> {
  if (isMigrated(truth)) return true
  await start('prisma', own, database, temporary).ended
  return isMigrated(await lookWhenQuiet(database, temporary))
}

/** Bare Prisma is right when exit 0 means that all is applied, and when a second deploy ends well after a failure. */
function tallyBare(
  name: string,
  ends: readonly Ended[],
  truth: Truth,
  wasKilled: boolean,
  endsWell: boolean,
): void {
  const wrong: string[] = []
  if (ends.some(({ exitCode }) => exitCode === 0) && !isMigrated(truth))
    wrong.push('exit 0, but not all is applied')
  const failed = ends.filter(({ exitCode, signal }) => exitCode !== 0 && signal === undefined)
  if (failed.length > 0 && isMigrated(truth) && !wasKilled)
    wrong.push(`${failed.length} failed although all is applied`)
  if (!endsWell) wrong.push('a second prisma migrate deploy does not end well')
  const right = wrong.length === 0
  tally({
    group: 'concurrency',
    subject: 'prisma',
    name,
    right,
    ...(right ? {} : { wrong: wrong.join('; ') }),
  })
}

/** The same numbers for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed + Number(process.env.MIGRATE_GUARD_FAULTS_SEED ?? 1) * 1_000_003
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

function tell(line: string): void {
  if (triesAll) process.stderr.write(`${line}\n`)
}

const rounds = Number(process.env.MIGRATE_GUARD_TURN_ROUNDS ?? (triesAll ? 100 : 2))
const counts = triesAll ? [2, 4, 8, 16] : [4]

test.each(counts)(
  `of %i guards and bare prismas at once exactly one deploys, ${rounds} rounds`,
  async (count) => {
    const startedAt = Date.now()
    const wrong: string[] = []
    // In the short run the last of them kills.
    for (let i = 0; i < rounds; i += 1) {
      const round = triesAll ? i : i + 2
      for (const bareOnly of [false, true]) {
        // The same scene without a guard needs no hundred rounds to be seen.
        if (bareOnly && !(triesAll && [3, 4].includes(round % 24))) continue
        await playRound({ count, round, bareOnly }).catch((error: Error) => wrong.push(error.message))
      }
    }
    tell(`${count} at once: ${Math.round((Date.now() - startedAt) / rounds)} ms a round`)
    expect(wrong).toEqual([])
  },
  triesAll ? 3_600_000 : 180_000,
)
