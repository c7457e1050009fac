// plan: reads the migrations folder, the migration history and the catalog; decides what will run and how.
// Writes plan.json into the run folder. The target is only read.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Finding } from '../domain/finding.js'
import type { MigrationFolder, PendingMigration } from '../domain/migration.js'
import type { Plan } from '../domain/plan.js'
import type { TargetIdentity } from '../domain/target.js'
import { writePrivateFile } from '../effects/private-files.js'
import { readCatalog } from '../postgres/catalog.js'
import { readTargetIdentity } from '../postgres/identity.js'
import { isPooledConnection } from '../postgres/pooled-connection.js'
import { readHistory } from '../prisma/history.js'
import { readMigrationFolders } from '../prisma/migrations-folder.js'
import { findPending } from '../prisma/pending.js'
import { dataChangesOf } from '../sql/data-changes.js'
import { executionModelOf, openTransaction } from '../sql/execution-model.js'
import { catalogExpectationsOf } from '../sql/expectations.js'
import { readFileText } from '../sql/file-text.js'
import { loadParser, type ParsedStatement, parseStatements } from '../sql/parser.js'
import { readSession, type Tools, withTarget } from './tools.js'

/** Makes the plan. Problems of files and history are findings in it, not errors: the check step weighs them. */
export async function makePlan(tools: Tools): Promise<Plan> {
  const { settings, project } = tools
  const folders = await readMigrationFolders(project.migrationsPath, project.directory)
  const { target, history, catalog } = await withTarget(tools, async (client) => ({
    target: await readTargetIdentity(client, settings.target),
    history: await readHistory(client, settings.target.schema),
    catalog: await readCatalog(client),
  }))
  const pooled = await isPooledConnection(settings.target, readSession(tools))
  const { pending: pendingFolders, appliedCount, findings } = findPending(folders, history)
  await loadParser()
  const files = pendingFolders.filter(({ bytes }) => bytes !== undefined).map(readPending)
  const pending = files.map(({ migration }) => migration)
  const expectations = catalogExpectationsOf(
    files.map(({ migration, statements }) => ({ migration: migration.name, statements })),
  )
  const plan = {
    target,
    engine: settings.engine,
    prismaVersion: project.version,
    history,
    pending,
    appliedCount,
    catalogHash: catalog.hash,
    expectations,
    findings: [...findings, ...files.flatMap((file) => file.findings), ...targetFindings(target, { pooled })],
  }
  return Object.freeze({ hash: hashOf(plan), ...plan })
}

/** Keeps the plan beside the record: what a person reviews, and what `--confirm` names. */
export async function writePlan(plan: Plan, { runFolder }: Tools): Promise<void> {
  await writePrivateFile(join(runFolder, 'plan.json'), `${JSON.stringify(plan, null, 2)}\n`)
}

interface ReadFile {
  readonly migration: PendingMigration
  readonly statements: readonly ParsedStatement[]
  readonly findings: readonly Finding[]
}

function readPending(folder: MigrationFolder): ReadFile {
  const file = readFileText(folder.bytes ?? new Uint8Array())
  if ('problem' in file) return unreadable(folder, { ...file.problem })
  const parsed = parseStatements(file.text)
  if ('problem' in parsed) {
    return unreadable(folder, {
      code: 'sql-not-parsed',
      line: parsed.problem.line,
      message: `Postgres cannot parse the file: ${parsed.problem.message}`,
      hint: 'Correct the SQL; nothing of the file would run.',
    })
  }
  const { statements } = parsed
  const migration: PendingMigration = {
    ...describe(folder),
    statements: statements.map(({ index, line, sql, kind }) => ({ index, line, sql, kind })),
    execution: executionModelOf(statements),
    dataChanges: dataChangesOf(statements),
  }
  const open = openTransaction(statements)
  const findings = [
    ...(statements.length === 0 ? [emptyMigration(folder)] : []),
    ...(open ? [transactionLeftOpen(folder, open)] : []),
  ]
  return { migration, statements, findings }
}

function unreadable(
  folder: MigrationFolder,
  problem: { code: string; line: number; message: string; hint: string },
): ReadFile {
  const finding: Finding = {
    kind: 'failure',
    verdict: 'block',
    step: 'plan',
    migration: folder.name,
    file: folder.file,
    object: folder.name,
    ...problem,
  }
  const migration: PendingMigration = {
    ...describe(folder),
    statements: [],
    execution: { mode: 'all-or-nothing' },
    dataChanges: [],
  }
  return { migration, statements: [], findings: [finding] }
}

function describe({ name, file, directory, checksum = '' }: MigrationFolder) {
  return { name, file, directory, checksum }
}

function emptyMigration({ name, file }: MigrationFolder): Finding {
  return {
    code: 'empty-migration',
    kind: 'history',
    verdict: 'warn',
    step: 'plan',
    migration: name,
    object: name,
    file,
    line: 1,
    message: 'the file holds no statement; Prisma will record it as applied and nothing will happen',
    hint: 'Put the SQL into it, or delete the folder if it was never applied anywhere.',
  }
}

function transactionLeftOpen({ name, file }: MigrationFolder, { line }: ParsedStatement): Finding {
  return {
    code: 'transaction-left-open',
    kind: 'failure',
    verdict: 'block',
    step: 'plan',
    migration: name,
    object: name,
    file,
    line,
    message:
      'the transaction that begins here is never ended; all that follows would be rolled back in silence',
    hint: 'Add COMMIT, or leave BEGIN out: the file runs in one transaction anyway where it can.',
  }
}

function targetFindings(target: TargetIdentity, { pooled }: { pooled: boolean }): Finding[] {
  const common = { kind: 'health', verdict: 'block', step: 'plan', object: target.database } as const
  const standby: Finding = {
    ...common,
    code: 'target-is-standby',
    message: `the server at ${target.host}:${target.port} is a standby, which takes no writes`,
    hint: 'Give the URL of the primary.',
  }
  const pooler: Finding = {
    ...common,
    code: 'pooled-connection',
    message: `a connection pooler at ${target.host}:${target.port} changes backends between transactions; locks and settings of a session get lost`,
    hint: 'Give the direct URL of the database by --database-url or DIRECT_URL.',
  }
  return [...(target.inRecovery ? [standby] : []), ...(pooled ? [pooler] : [])]
}

/** Names exactly this plan on exactly this database; whatever is in it, a change of it changes the hash. */
function hashOf(plan: Omit<Plan, 'hash'>): string {
  const { systemIdentifier, databaseOid, schema } = plan.target
  const named = {
    target: { systemIdentifier, databaseOid, schema },
    engine: plan.engine,
    catalog: plan.catalogHash,
    history: plan.history.map(({ id, finishedAt, rolledBackAt }) => [
      id,
      finishedAt !== null,
      rolledBackAt !== null,
    ]),
    pending: plan.pending.map(({ name, checksum }) => [name, checksum]),
  }
  return createHash('sha256').update(JSON.stringify(named)).digest('hex')
}
