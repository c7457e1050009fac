import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RunRecord } from '../../../src/domain/run-record.js'
import { processesOf } from '../processes.js'
import { makeProject, type Project } from '../project.js'
import type { CliResult } from '../run-cli.js'
import { type RunningCli, startCli } from '../start-cli.js'
import { createTestDatabase, type TestDatabase } from '../test-database.js'
import { readTruth, type Truth } from './truth.js'

/** Runs in one transaction. */
export const first = '20260201000000_phones'
/** Runs statement by statement. */
export const second = '20260202000000_cities'

const applied = '20260101000000_people'
const migrations = {
  [applied]: `CREATE TABLE people (id int PRIMARY KEY, email text, city text);
CREATE TABLE visits (id int PRIMARY KEY, person int);
`,
  [first]: `ALTER TABLE people ADD COLUMN phone text;
UPDATE people SET phone = 'none';
CREATE TABLE phones (id int PRIMARY KEY);
`,
  [second]: `CREATE INDEX CONCURRENTLY people_city ON people (city);
CREATE TABLE cities (id int PRIMARY KEY);
`,
}

/** The SQL of one of them. */
export function sqlOf(name: string): string {
  return migrations[name as keyof typeof migrations]
}

const rows = `INSERT INTO people SELECT i, 'person' || i % 90 || '@example.org', nullif('city ' || i % 7, 'city 3') FROM generate_series(1, 100) i;
INSERT INTO visits SELECT i, i FROM generate_series(1, 130) i;
`

/** Prisma's own: https://github.com/prisma/prisma-engines, sql-schema-connector */
const historyTable = `CREATE TABLE _prisma_migrations (
  id varchar(36) PRIMARY KEY NOT NULL, checksum varchar(64) NOT NULL, finished_at timestamptz,
  migration_name varchar(255) NOT NULL, logs text, rolled_back_at timestamptz,
  started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count int NOT NULL DEFAULT 0);
`

/** A role's own accepted findings: what the migrations do on purpose. */
const accepted = ['schema-difference', 'update-without-where'].flatMap((code) => [
  '--accept',
  `${code}=not what is tested`,
])

export type Environment = Readonly<Record<string, string>>

/**
 * A database with rows under one applied migration, and a project with two pending ones: one that is all or nothing,
 * one that runs statement by statement. Everything that a run leaves on the machine is in the project's folder.
 */
export interface FaultScene {
  readonly database: TestDatabase
  readonly project: Project
  /** Where and as whom every command runs. */
  readonly environment: Environment
  /** Runs the guard to its end. */
  run(args: readonly string[], env?: Environment): Promise<CliResult>
  start(args: readonly string[], env?: Environment): RunningCli
  truth(): Promise<Truth>
  /** The record of the newest run; undefined when there is none. */
  record(): Promise<RunRecord | undefined>
  /** Where the newest run has its files. */
  runFolder(): Promise<string>
  /** What runs have left: scratch folders, clusters, processes, half-written files. */
  litter(): Promise<string[]>
  remove(): Promise<void>
}

/** `deploy --yes`, with what the scene's migrations need to be accepted. */
export function deployArguments({ rehearses = false } = {}): string[] {
  return ['deploy', '--yes', ...(rehearses ? [] : ['--skip-rehearsal']), ...accepted]
}

let template: Promise<TestDatabase> | undefined

function makeTemplate(): Promise<TestDatabase> {
  const checksum = createHash('sha256')
    .update(migrations[applied] ?? '')
    .digest('hex')
  const history = `INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, applied_steps_count)
    VALUES ('1', '${checksum}', now(), '${applied}', 1);`
  return createTestDatabase({ sql: historyTable + migrations[applied] + rows + history })
}

/** The caller removes it. */
export async function makeScene(): Promise<FaultScene> {
  template ??= makeTemplate()
  const database = await createTestDatabase({ template: (await template).name })
  const project = await makeProject({ migrations })
  const temporary = join(project.directory, 'tmp')
  await mkdir(temporary)
  await chmod(temporary, 0o711)
  const backups = join(project.directory, 'backups')
  const environment = { DATABASE_URL: database.url, TMPDIR: temporary }
  const start = (args: readonly string[], env: Environment = {}) =>
    startCli(args, {
      cwd: project.directory,
      env: { ...environment, ...env },
      timeoutMs: 150_000,
    })
  const runFolder = async () => {
    const found = existsSync(backups) ? (await readdir(backups)).filter((name) => /^\d{8}T/.test(name)) : []
    const made = await Promise.all(
      found.map(async (name) => ({ name, at: (await stat(join(backups, name))).birthtimeMs })),
    )
    return join(backups, made.sort((a, b) => a.at - b.at).at(-1)?.name ?? 'none')
  }
  return {
    database,
    project,
    environment,
    start,
    run: (args, env) => start(args, env).result,
    truth: () => readTruth(database),
    runFolder,
    record: async () => {
      const path = join(await runFolder(), 'run.json')
      return existsSync(path) ? (JSON.parse(await readFile(path, 'utf8')) as RunRecord) : undefined
    },
    litter: async () => [
      ...(await readdir(temporary)).filter((name) => name.startsWith('migrate-guard-')),
      ...(existsSync(backups) ? await readdir(backups, { recursive: true }) : []).filter((name) =>
        name.endsWith('.partial'),
      ),
      ...(await rehearsalDatabasesOf(database)),
      ...(await processesOf(project.directory)),
    ],
    remove: async () => {
      await project.remove()
      await database.drop()
    },
  }
}

/** Copies of the scene's database, which carry its name in their comment. */
async function rehearsalDatabasesOf({ name, query }: TestDatabase): Promise<string[]> {
  const found = await query(
    `SELECT datname FROM pg_database
      WHERE datname <> $1 AND (datname LIKE '%' || $1 || '%' OR shobj_description(oid, 'pg_database') LIKE '%' || $1 || '%')`,
    [name],
  )
  return found.map(({ datname }) => datname)
}

const observer = fileURLToPath(new URL('../../fixtures/observers/fault.mjs', import.meta.url))

/** What the observer shall do, as the environment of a run. */
export function faultEnvironment(fault: {
  readonly log?: string
  readonly at?: string
  readonly error?: object
  readonly socket?: string
}): Environment {
  return { MIGRATE_GUARD_EFFECT_OBSERVER: observer, FAULT: JSON.stringify(fault) }
}

/** Every effect of one undisturbed run, before and after it, as `guard before file.write 3`. */
export async function recordPoints(args: readonly string[]): Promise<string[]> {
  const scene = await makeScene()
  try {
    const log = join(scene.project.directory, 'points.log')
    const result = await scene.run(args, faultEnvironment({ log }))
    if (result.exitCode !== 0) throw new Error(`the undisturbed run failed: ${result.stdout}${result.stderr}`)
    return (await readFile(log, 'utf8')).trim().split('\n')
  } finally {
    await scene.remove()
  }
}
