import type { Finding } from '../domain/finding.js'
import type { MigrationFolder, PendingMigration } from '../domain/migration.js'
import { readAcceptanceComments } from '../sql/acceptance-comments.js'
import { dataChangesOf } from '../sql/data-changes.js'
import { executionModelOf, openTransaction } from '../sql/execution-model.js'
import { readFileText } from '../sql/file-text.js'
import { loadParser, type ParsedStatement, parseStatements } from '../sql/parser.js'
import type { ScriptEngine } from '../sql/script-engine.js'
import { findExecutionProblems } from './execution-findings.js'

/** What the files alone tell, whatever database they are for. */
export interface PlannedFiles {
  readonly pending: readonly PendingMigration[]
  /** The parse trees of each file's statements, in the order of `pending`. */
  readonly statements: readonly (readonly ParsedStatement[])[]
  readonly findings: readonly Finding[]
}

/** Reads the files of migrations that are to run, each once. A folder without migration.sql is left out. */
export async function planFiles(
  folders: readonly MigrationFolder[],
  engine: ScriptEngine,
): Promise<PlannedFiles> {
  await loadParser()
  const files = folders.filter(({ bytes }) => bytes !== undefined).map((folder) => readFile(folder, engine))
  return {
    pending: files.map(({ migration }) => migration),
    statements: files.map(({ statements }) => statements),
    findings: files.flatMap(({ findings }) => findings),
  }
}

interface ReadFile {
  readonly migration: PendingMigration
  readonly statements: readonly ParsedStatement[]
  readonly findings: readonly Finding[]
}

function readFile(folder: MigrationFolder, engine: ScriptEngine): ReadFile {
  const file = readFileText(folder.bytes ?? new Uint8Array())
  if ('problem' in file) return unreadable(folder, { ...file.problem })
  const parsed = parseStatements(file.text)
  if ('problem' in parsed) {
    return unreadable(folder, notParsed(file.text, parsed.problem))
  }
  const { statements } = parsed
  const comments = readAcceptanceComments(file.text, statements)
  const acceptances = comments.acceptances.map((one) => ({
    ...one,
    migration: folder.name,
    file: folder.file,
  }))
  const migration: PendingMigration = {
    ...describe(folder),
    statements: statements.map(({ index, line, sql, kind }) => ({ index, line, sql, kind })),
    execution: executionModelOf(statements, engine),
    dataChanges: dataChangesOf(statements),
    ...(acceptances.length > 0 ? { acceptances } : {}),
  }
  const open = openTransaction(statements)
  const findings = [
    ...(statements.length === 0 ? [emptyMigration(folder)] : []),
    ...(open ? [transactionLeftOpen(folder, open)] : []),
    ...findExecutionProblems(folder, statements, engine),
    ...comments.problems.map((problem) => commentNotReadable(folder, problem)),
  ]
  return { migration, statements, findings }
}

/** A backslash begins a command of psql. Dumps hold some: newer ones of pg_dump begin with \\restrict. */
function notParsed(text: string, { line, message }: { line: number; message: string }) {
  const command = /^\s*(\\\w+)/.exec(text.split('\n')[line - 1] ?? '')?.[1]
  return {
    code: 'sql-not-parsed',
    line,
    message: `Postgres cannot parse the file: ${command ? `${command} is a command of psql, not SQL` : message}`,
    hint: command
      ? 'Remove the commands of psql from the file: the server does not know them. Nothing of the file would run.'
      : 'Correct the SQL; nothing of the file would run.',
  }
}

function unreadable(
  folder: MigrationFolder,
  problem: { code: string; line: number; message: string; hint: string },
): ReadFile {
  const finding: Finding = { ...about(folder), kind: 'failure', verdict: 'block', ...problem }
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

function about({ name, file }: MigrationFolder) {
  return { step: 'plan', migration: name, object: name, file } as const
}

function emptyMigration(folder: MigrationFolder): Finding {
  return {
    ...about(folder),
    code: 'empty-migration',
    kind: 'history',
    verdict: 'warn',
    line: 1,
    message: 'the file holds no statement; Prisma will record it as applied and nothing will happen',
    hint: 'Put the SQL into it, or delete the folder if it was never applied anywhere.',
  }
}

function transactionLeftOpen(folder: MigrationFolder, { line }: ParsedStatement): Finding {
  return {
    ...about(folder),
    code: 'transaction-left-open',
    kind: 'failure',
    verdict: 'block',
    line,
    message:
      'the transaction that begins here is never ended; all that follows would be rolled back silently',
    hint: 'Add COMMIT, or leave BEGIN out: the file runs in one transaction anyway where it can.',
  }
}

function commentNotReadable(
  folder: MigrationFolder,
  { line, message }: { line: number; message: string },
): Finding {
  return {
    ...about(folder),
    code: 'acceptance-not-readable',
    kind: 'custom',
    verdict: 'warn',
    line,
    message,
    hint: 'Write it above the statement as -- migrate-guard-accept <code>[:<object>]: <reason>, with a space before the reason.',
  }
}
