import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach } from '@jest/globals'
import { execa } from 'execa'
import type { RunRecord } from '../../src/domain/run-record.js'
import { makeProject, type Project } from './project.js'
import { type CliResult, runCli } from './run-cli.js'
import { addHistoryRow, historyTable } from './shop.js'
import { createTestDatabase, type TestDatabase } from './test-database.js'

const command = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

/** A database with data, under one applied migration, and the project that has more of them to deploy. */
export interface GuardedDatabase {
  readonly database: TestDatabase
  readonly project: Project
  /** Runs `migrate-guard deploy --yes` to its end. */
  deploy(options?: DeployOptions): Promise<DeployResult>
  /** Starts it, to be disturbed while it runs. */
  start(options?: DeployOptions): RunningDeploy
  /** The record of the newest run. */
  readRecord(): Promise<RunRecord>
  /** Waits until a session of the deploy is in a statement that matches. */
  untilDeployRuns(pattern: RegExp): Promise<number>
  truth(): Promise<Truth>
}

export interface DeployOptions {
  readonly arguments?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

export interface DeployResult extends CliResult {
  readonly record: RunRecord
  /** Everything that deploy has found out, as text. */
  readonly evidence: string
}

export interface RunningDeploy {
  readonly child: { readonly pid?: number | undefined; kill(signal: NodeJS.Signals): boolean }
  /** What it has written to standard output so far. */
  printed(): string
  ended(): Promise<DeployResult>
}

/** What is in the database, by questions of the test's own. */
export interface Truth {
  readonly tables: readonly string[]
  readonly columns: readonly string[]
  readonly people: string
  /** `name: finished|unfinished|rolled back`, oldest first. */
  readonly history: readonly string[]
  readonly invalidIndexes: readonly string[]
  readonly advisoryLocks: number
  readonly guardSessions: number
}

export const firstMigration = '20260101000000_people'

const firstSql = `CREATE TABLE people (id int PRIMARY KEY, email text, city text);
CREATE TABLE visits (id int PRIMARY KEY, person int);
CREATE TABLE brake (seconds float);
`

/** In a migration: sleeps as long as the rows of the table say, not at all while it is empty. */
export const brake = 'SELECT pg_sleep(seconds) FROM brake;'

// The projects have no schema to compare with.
/**
 * What a deploy does when it fails is tested with migrations that the check would stop: whoever deploys them all the same
 * has accepted what it found.
 */
const foreseen = [
  ...['not-null-violation', 'unique-violation', 'foreign-key-violation', 'check-violation', 'invalid-value'],
  ...['missing-object', 'object-exists', 'invalid-statement', 'raised-exception', 'decided-by-rehearsal'],
  ...['update-without-where', 'delete-without-where', 'update', 'delete', 'drop-column', 'drop-table'],
]
const accepted = ['schema-difference', ...foreseen].flatMap((code) => [
  '--accept',
  `${code}=not what is tested`,
])
const always = ['deploy', '--yes', '--skip-rehearsal', ...accepted]

const data = `
INSERT INTO people SELECT i, 'person' || i % 90 || '@example.org', nullif('city ' || i % 7, 'city 3') FROM generate_series(1, 100) i;
INSERT INTO visits SELECT i, i FROM generate_series(1, 130) i;`

/** The template with the first migration applied and data in it, made once a test file, as Prisma would have left it. */
let template: Promise<TestDatabase> | undefined

async function makeTemplate(): Promise<TestDatabase> {
  const database = await createTestDatabase({ sql: historyTable + firstSql + data })
  await addHistoryRow(database, firstMigration, { sql: firstSql })
  return database
}

const opened: { database: TestDatabase; project: Project }[] = []

afterEach(async () => {
  for (const { database, project } of opened.splice(0)) {
    await project.remove()
    await database.drop()
  }
})

/** Makes one with these migrations pending, by name. */
export async function makeGuardedDatabase(
  migrations: Readonly<Record<string, string>>,
): Promise<GuardedDatabase> {
  template ??= makeTemplate()
  const database = await createTestDatabase({ template: (await template).name })
  const project = await makeProject({ migrations: { [firstMigration]: firstSql, ...migrations } })
  opened.push({ database, project })
  return guard(database, project)
}

/** The same for a database that the test has made itself. */
export function guard(database: Pick<TestDatabase, 'url' | 'query'>, project: Project): GuardedDatabase {
  const environment = (options: DeployOptions) => ({ DATABASE_URL: database.url, ...options.env })
  const argumentsOf = (options: DeployOptions) => [...always, ...(options.arguments ?? [])]
  const readRecord = async () => {
    const backups = join(project.directory, 'backups')
    const runs = (await readdir(backups)).filter((name) => existsSync(join(backups, name, 'run.json'))).sort()
    return JSON.parse(await readFile(join(backups, runs.at(-1) ?? '', 'run.json'), 'utf8')) as RunRecord
  }
  const asResult = async ({ exitCode, stdout, stderr }: CliResult): Promise<DeployResult> => {
    const record = await readRecord()
    return { exitCode, stdout, stderr, record, evidence: record.deployment?.evidence.join('\n') ?? '' }
  }
  return {
    database: database as TestDatabase,
    project,
    readRecord,
    deploy: async (options = {}) =>
      asResult(await runCli(argumentsOf(options), { cwd: project.directory, env: environment(options) })),
    start: (options = {}) => {
      const { PATH, HOME } = process.env
      const child = execa(process.execPath, [command, ...argumentsOf(options)], {
        reject: false,
        cwd: project.directory,
        extendEnv: false,
        env: { PATH, HOME, ...environment(options) },
        stdin: 'ignore',
      })
      let printed = ''
      child.stdout.on('data', (chunk: Buffer) => {
        printed += chunk.toString('utf8')
      })
      return {
        child,
        printed: () => printed,
        ended: async () => {
          const { exitCode, stdout, stderr } = await child
          return asResult({ exitCode, stdout: String(stdout), stderr: String(stderr) })
        },
      }
    },
    untilDeployRuns: (pattern) =>
      waitFor(`a deploy session in ${pattern}`, async () => {
        const sessions = await database.query(
          `SELECT pid, query FROM pg_stat_activity WHERE application_name LIKE 'migrate-guard deploy%' AND state = 'active'
              AND datname = current_database()`,
        )
        return sessions.find(({ query }) => pattern.test(query))?.pid as number | undefined
      }),
    truth: () => readTruth(database),
  }
}

async function readTruth(database: Pick<TestDatabase, 'query'>): Promise<Truth> {
  const column = async (sql: string) =>
    (await database.query(sql)).map((row) => String(Object.values(row)[0]))
  const [people = ''] = await column(
    "SELECT count(*) || ' ' || md5(string_agg(p::text, ',' ORDER BY id)) FROM people p",
  )
  return {
    people,
    tables: await column("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"),
    columns: await column(`SELECT attname FROM pg_attribute WHERE attrelid = 'people'::regclass AND attnum > 0
      AND NOT attisdropped ORDER BY attnum`),
    history:
      await column(`SELECT migration_name || ': ' || CASE WHEN rolled_back_at IS NOT NULL THEN 'rolled back'
      WHEN finished_at IS NOT NULL THEN 'finished' ELSE 'unfinished' END FROM _prisma_migrations ORDER BY started_at`),
    invalidIndexes: await column('SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid'),
    advisoryLocks: Number(
      await column(`SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`),
    ),
    guardSessions: Number(
      await column(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
        AND (application_name LIKE 'migrate-guard%' OR application_name = 'pg_dump')`),
    ),
  }
}

export async function waitFor<T>(
  what: string,
  look: () => Promise<T | undefined | false>,
  timeoutMs = 120_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const found = await look()
    if (found) return found
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
}

/** The process ids of the children of a process, and of theirs, with their command lines. */
export async function descendantsOf(processId: number): Promise<{ pid: number; command: string }[]> {
  const { stdout } = await execa('ps', ['-eo', 'pid=,ppid=,args='])
  const all = stdout.split('\n').map((line) => {
    const [, pid, parent, args = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? []
    return { pid: Number(pid), parent: Number(parent), command: args }
  })
  const below = (parent: number): typeof all =>
    all.filter((one) => one.parent === parent).flatMap((child) => [child, ...below(child.pid)])
  return below(processId)
}

/** Writes a module that MIGRATE_GUARD_EFFECT_OBSERVER can name, in the project. */
export async function writeObserver(project: Project, body: string): Promise<Record<string, string>> {
  const path = join(project.directory, 'observer.mjs')
  await writeFile(
    path,
    `import { appendFileSync, writeFileSync } from 'node:fs'\nexport default {\n${body}\n}\n`,
  )
  return { MIGRATE_GUARD_EFFECT_OBSERVER: path }
}
