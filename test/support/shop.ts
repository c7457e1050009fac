import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import type { JsonReport } from '../../src/report/json.js'
import { processesOf } from './processes.js'
import { makeProject, type Project, type ProjectOptions } from './project.js'
import type { CliResult } from './run-cli.js'
import { type RunningCli, type StartOptions, startCli } from './start-cli.js'
import { createTestDatabase, type TestDatabase } from './test-database.js'

type Environment = Readonly<Record<string, string | undefined>>

/** A small project on a database with rows in it: one migration is applied, one is pending. */
export interface Shop {
  readonly project: Project
  readonly database: TestDatabase
  /** `host:port` of the server, as messages name it. */
  readonly server: string
  run(args: readonly string[], environment?: Environment): Promise<CliResult>
  start(
    args: readonly string[],
    options?: Pick<StartOptions, 'terminal' | 'timeoutMs'> & { env?: Environment },
  ): RunningCli
  /** Writes a file of the project, or takes it away. */
  write(path: string, content: string | Buffer | undefined): Promise<void>
  /** Schema, history and number of rows: two that are equal say that the database did not change. */
  fingerprint(): Promise<string>
  /** The run folders, oldest first. */
  runFolders(): Promise<string[]>
  /** The report of the newest run. */
  report(): Promise<JsonReport>
  /** The text of a file in the newest run folder. */
  runFile(name: string): Promise<string>
  /** Scratch folders and processes that a run has left behind. */
  leftovers(): Promise<string[]>
}

/** The migration that the history says is applied. */
export const appliedName = '20260101000000_shop'
export const appliedSql = `CREATE TABLE "customers" ("id" INTEGER NOT NULL, "email" TEXT NOT NULL, "fax" TEXT, CONSTRAINT "customers_pkey" PRIMARY KEY ("id"));
CREATE UNIQUE INDEX "customers_email_key" ON "customers"("email");
CREATE TABLE "notes" ("id" INTEGER NOT NULL, "customer_id" INTEGER NOT NULL, CONSTRAINT "notes_pkey" PRIMARY KEY ("id"));
CREATE INDEX "notes_customer_id_idx" ON "notes"("customer_id");
ALTER TABLE "notes" ADD CONSTRAINT "notes_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customers"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
`

/** The migration that is pending. */
export const pendingName = '20260201000000_phone'
export const pendingSql = 'ALTER TABLE "customers" ADD COLUMN "phone" TEXT;\n'

const rows = `INSERT INTO "customers" VALUES (1, 'anna@example.com', NULL), (2, 'bob@example.com', '555'), (3, 'eve@example.com', NULL);
INSERT INTO "notes" VALUES (1, 1), (2, 1), (3, 2);
`

const models = `
model customers {
  id    Int     @id
  email String  @unique
  fax   String?
  phone String?
  notes notes[]
}

model notes {
  id          Int       @id
  customer_id Int
  customer    customers @relation(fields: [customer_id], references: [id])

  @@index([customer_id])
}
`

/** Prisma's own: https://github.com/prisma/prisma-engines, sql-schema-connector */
export const historyTable = `CREATE TABLE "_prisma_migrations" (
  id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ,
  migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at TIMESTAMPTZ,
  started_at TIMESTAMPTZ NOT NULL DEFAULT now(), applied_steps_count INTEGER NOT NULL DEFAULT 0);
`

export interface ShopOptions extends Pick<ProjectOptions, 'prisma' | 'config'> {
  /** The SQL of the pending migration. */
  readonly pending?: string | Buffer
  readonly schema?: string
  /** Its deploys rehearse; that takes seconds, so only those do that are about it. */
  readonly rehearses?: boolean
  /** Its commands have a schema twin, as it is by default; that takes seconds too. */
  readonly hasTwin?: boolean
}

const projects: Project[] = []

function withoutRehearsal(args: readonly string[]): readonly string[] {
  return args[0] === 'deploy' ? ['deploy', '--skip-rehearsal', ...args.slice(1)] : args
}

/** To be called in afterAll. */
export async function removeShops(): Promise<void> {
  for (const project of projects.splice(0)) await project.remove()
}

export async function makeShop(options: ShopOptions = {}): Promise<Shop> {
  const database = await createTestDatabase({ sql: historyTable + appliedSql + rows })
  await addHistoryRow(database, appliedName, { sql: appliedSql })
  const url = options.prisma === '6' ? '\n  url      = env("DATABASE_URL")' : ''
  const project = await makeProject({
    migrations: { [appliedName]: appliedSql, [pendingName]: options.pending ?? pendingSql },
    schema: options.schema ?? `datasource db {\n  provider = "postgresql"${url}\n}\n${models}`,
    ...(options.prisma ? { prisma: options.prisma } : {}),
    ...(options.config === undefined ? {} : { config: options.config }),
  })
  projects.push(project)
  const temporary = join(project.directory, 'tmp')
  await mkdir(temporary)
  const backups = join(project.directory, 'backups')
  const environment = { DATABASE_URL: database.url, TMPDIR: temporary }
  const inProject = (path: string) => join(project.directory, path)

  const shop: Shop = {
    project,
    database,
    server: new URL(database.url).host,
    run: (args, env) => shop.start(args, env ? { env } : {}).result,
    start: (args, { env, ...rest } = {}) =>
      startCli(options.rehearses ? args : withoutRehearsal(args), {
        cwd: project.directory,
        env: { ...environment, ...env },
        hasTwin: options.hasTwin === true,
        ...rest,
      }),
    write: async (path, content) => {
      if (content === undefined) return rm(inProject(path), { recursive: true })
      await mkdir(dirname(inProject(path)), { recursive: true })
      await writeFile(inProject(path), content)
    },
    fingerprint: () => fingerprintOf(database),
    runFolders: async () =>
      existsSync(backups)
        ? inOrder((await readdir(backups)).filter(isRun).map((name) => join(backups, name)))
        : [],
    runFile: async (name) => readFile(join((await shop.runFolders()).at(-1) ?? '', name), 'utf8'),
    report: async () => JSON.parse(await shop.runFile('report.json')) as JsonReport,
    leftovers: async () => [
      ...(await readdir(temporary)).filter((name) => name.startsWith('migrate-guard-')),
      ...(await processesOf(project.directory)),
    ],
  }
  return shop
}

/** A row in the migration history as Prisma would have written it; unfinished when the migration failed. */
export async function addHistoryRow(
  database: TestDatabase,
  name: string,
  { sql, finished = true }: { sql: string; finished?: boolean },
): Promise<void> {
  const checksum = createHash('sha256').update(sql).digest('hex')
  await database.query(
    `INSERT INTO "_prisma_migrations" (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
     VALUES (gen_random_uuid()::text, $1, $2, '2026-01-05 09:00:00Z', CASE WHEN $3 THEN timestamptz '2026-01-05 09:00:01Z' END, 1)`,
    [checksum, name, finished],
  )
}

/** By when they were made: the run ids of one second say nothing about it. */
async function inOrder(paths: readonly string[]): Promise<string[]> {
  const made = await Promise.all(paths.map(async (path) => ({ path, at: (await stat(path)).birthtimeMs })))
  return made.sort((a, b) => a.at - b.at).map(({ path }) => path)
}

async function fingerprintOf(database: TestDatabase): Promise<string> {
  const { password, ...url } = takePassword(database.url)
  const dump = await execa('pg_dump', ['--schema-only', url.withoutPassword], {
    env: { PGPASSWORD: password },
  })
  const counts = await database.query(
    `SELECT table_name, (xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM %I', table_name), false, true, '')))[1]::text AS rows
       FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1`,
  )
  const history = await database.query(
    'SELECT migration_name, checksum, finished_at, rolled_back_at FROM "_prisma_migrations" ORDER BY 1, 2, 3',
  )
  // pg_dump guards its output with a new random word each time.
  const schema = dump.stdout.replace(/^\\(un)?restrict .*$/gm, '')
  return [schema, JSON.stringify(counts), JSON.stringify(history)].join('\n')
}

/** The parts of a URL: a password must not stand on a command line, not even on that of a test. */
export function takePassword(text: string): { password: string; withoutPassword: string } {
  const url = new URL(text)
  const password = decodeURIComponent(url.password)
  url.password = ''
  return { password, withoutPassword: url.href }
}

function isRun(name: string): boolean {
  return /^\d{8}T/.test(name)
}
