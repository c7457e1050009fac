import { createHash } from 'node:crypto'
import type { Finding } from '../../domain/finding.js'
import type { MarkedBaseline } from '../../domain/marked-baseline.js'
import type { MigrationFolder } from '../../domain/migration.js'
import type { Plan } from '../../domain/plan.js'
import { readMigrationFolders } from '../../prisma/migrations-folder.js'
import { foldersOfApplied } from '../drift/find-drift.js'
import type { Tools } from '../tools.js'
import { upTo } from '../up-to.js'

/** Which migrations are to be marked as applied, and what the database must be for that. */
export interface ChosenBaseline {
  readonly baseline: MarkedBaseline
  readonly toMark: readonly MigrationFolder[]
  /** What makes the database that there must be: the applied ones, then those to be marked. */
  readonly toReplay: readonly MigrationFolder[]
  /** What keeps the history from being written, and what no comparison of catalogs tells. */
  readonly findings: readonly Finding[]
}

/** Findings of the plan that are settled before anything is marked. */
const stopping: ReadonlySet<string> = new Set([
  ...['failed-migration', 'missing-migration', 'migration-file-missing'],
  ...['target-is-standby', 'pooled-connection'],
])

/** @throws SettingsError when --to names no pending migration */
export async function chooseBaseline(plan: Plan, { settings, project }: Tools): Promise<ChosenBaseline> {
  const folders = await readMigrationFolders(project.migrationsPath, project.directory)
  const names = plan.pending.map(({ name }) => name)
  const marked = upTo(settings.lastToMark, names, '--to')
  const toMark = folders.filter(({ name }) => marked.includes(name))
  const isOfMarked = ({ migration = '' }: Finding) => marked.includes(migration)
  return {
    baseline: { migrations: marked, hash: hashOf(plan, marked), marked: false },
    toMark,
    toReplay: [...foldersOfApplied(folders, plan.history), ...toMark],
    findings: [
      ...plan.findings.filter((one) => stopping.has(one.code) || (one.kind === 'failure' && isOfMarked(one))),
      ...rowsNotCompared(plan, marked),
    ],
  }
}

function hashOf({ hash }: Plan, migrations: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([hash, migrations]))
    .digest('hex')
}

const writesRows: ReadonlySet<string> = new Set([
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
  'DoStmt',
  'CallStmt',
])

/** A catalog shows no rows: whether those that the files write are there, only a person knows. */
function rowsNotCompared({ pending }: Plan, marked: readonly string[]): Finding[] {
  const places = pending
    .filter(({ name }) => marked.includes(name))
    .flatMap(({ name, file, statements }) =>
      statements
        .filter(({ kind }) => writesRows.has(kind))
        .map(({ line }) => ({ migration: name, file, line, object: name })),
    )
  const [first] = places
  if (first === undefined) return []
  const count = places.length === 1 ? 'a statement' : `${places.length} statements`
  return [
    {
      code: 'rows-not-compared',
      kind: 'history',
      verdict: 'warn',
      step: 'check',
      ...first,
      ...(places.length > 1 ? { places } : {}),
      message: `${count} of the migrations may write rows, and whether these rows are in the database is not compared`,
      hint: 'Check whether the rows are there; what is missing, a new migration can write.',
    },
  ]
}
