import type { Finding } from '../domain/finding.js'
import type { HistoryRow, MigrationFolder } from '../domain/migration.js'
import { compareNames, matchesChecksum } from './migrations-folder.js'

/** What `prisma migrate deploy` will run, and what in the history it would pass over in silence. */
export interface PendingSet {
  readonly pending: readonly MigrationFolder[]
  readonly appliedCount: number
  readonly findings: readonly Finding[]
}

/**
 * Computes the pending set as Prisma's engine does: the folders whose name has no row that is not rolled back.
 * `prisma migrate status` does not tell the same: https://github.com/prisma/prisma/issues/7101
 */
export function findPending(folders: readonly MigrationFolder[], history: readonly HistoryRow[]): PendingSet {
  const standing = history.filter((row) => row.rolledBackAt === null)
  const known = new Set(standing.map((row) => row.migrationName))
  const pending = folders.filter((folder) => !known.has(folder.name))
  const applied = standing.filter((row) => row.finishedAt !== null)
  const squashed = squashedRows(folders, applied)
  return {
    pending,
    appliedCount: new Set(applied.map((row) => row.migrationName)).size,
    findings: [
      ...standing.filter((row) => row.finishedAt === null).map(failedMigration),
      ...squashedHistory(squashed),
      ...applied.filter((row) => !squashed.includes(row)).flatMap((row) => comparedWithFolder(row, folders)),
      ...outOfOrder(pending, applied),
      ...folders.filter((folder) => folder.checksum === undefined).map(missingFile),
    ],
  }
}

/**
 * Rows whose files were squashed into one: they have no folder any more, and the oldest migration that has one comes after all of
 * them, by its name and by when it was marked as applied.
 * https://www.prisma.io/docs/orm/prisma-migrate/workflows/squashing-migrations
 */
function squashedRows(folders: readonly MigrationFolder[], applied: readonly HistoryRow[]): HistoryRow[] {
  const names = new Set(folders.map(({ name }) => name))
  const [oldest] = applied
    .filter(({ migrationName }) => names.has(migrationName))
    .sort((a, b) => compareNames(a.migrationName, b.migrationName))
  if (oldest === undefined) return []
  const isBefore = (row: HistoryRow) =>
    compareNames(row.migrationName, oldest.migrationName) < 0 &&
    applied.indexOf(row) < applied.indexOf(oldest)
  return applied.filter((row) => !names.has(row.migrationName) && isBefore(row))
}

function squashedHistory(rows: readonly HistoryRow[]): Finding[] {
  const [first] = rows
  const last = rows.at(-1)
  if (!first || !last) return []
  const which =
    rows.length === 1 ? `"${first.migrationName}"` : `"${first.migrationName}" to "${last.migrationName}"`
  return [
    {
      code: 'squashed-history',
      kind: 'history',
      verdict: 'warn',
      step: 'plan',
      object: first.migrationName,
      message: `${rows.length === 1 ? 'an applied migration has' : `${rows.length} applied migrations have`} no folder any more: ${which}; Prisma deploys all the same`,
      hint: 'That is right after squashing. If nobody squashed them, check out the branch that has their folders.',
    },
  ]
}

function failedMigration({ migrationName, startedAt }: HistoryRow): Finding {
  return {
    code: 'failed-migration',
    kind: 'history',
    verdict: 'block',
    step: 'plan',
    migration: migrationName,
    object: migrationName,
    message: `migration "${migrationName}" was started at ${startedAt} and never finished; Prisma refuses to deploy (P3009)`,
    hint: 'Run npx migrate-guard resolve: it finds out what of it is in the database, shows the one right thing to do, and asks.',
  }
}

function comparedWithFolder(row: HistoryRow, folders: readonly MigrationFolder[]): Finding[] {
  const folder = folders.find(({ name }) => name === row.migrationName)
  const common = {
    kind: 'history',
    verdict: 'block',
    step: 'plan',
    migration: row.migrationName,
    object: row.migrationName,
  } as const
  if (folder === undefined) {
    return [
      {
        ...common,
        code: 'missing-migration',
        message: `migration "${row.migrationName}" is applied in the database and has no folder here`,
        hint: 'Check out the branch that has it; or this is the folder or the database of another project.',
      },
    ]
  }
  if (folder.checksum === undefined || matchesChecksum(folder, row.checksum)) return []
  return [
    {
      ...common,
      code: 'edited-migration',
      file: folder.file,
      message: `migration "${row.migrationName}" was edited after it was applied`,
      hint: 'Restore the file as it was applied, and put the change into a new migration.',
    },
  ]
}

/** A pending migration that sorts before an applied one: a fresh database would run them in another order. */
function outOfOrder(pending: readonly MigrationFolder[], applied: readonly HistoryRow[]): Finding[] {
  const last = applied
    .map((row) => row.migrationName)
    .sort(compareNames)
    .at(-1)
  if (last === undefined) return []
  return pending
    .filter(({ name }) => compareNames(name, last) < 0)
    .map(({ name, file }) => ({
      code: 'out-of-order-migration',
      kind: 'history',
      verdict: 'warn',
      step: 'plan',
      migration: name,
      object: name,
      file,
      message: `pending migration "${name}" sorts before "${last}", which is applied already`,
      hint: 'Give the folder a newer timestamp, unless both orders give the same database.',
    }))
}

function missingFile({ name, file }: MigrationFolder): Finding {
  return {
    code: 'migration-file-missing',
    kind: 'history',
    verdict: 'block',
    step: 'plan',
    migration: name,
    object: name,
    file,
    message: `the migration folder "${name}" holds no migration.sql; Prisma refuses to deploy (P3015)`,
    hint: 'Restore the file, or remove the folder if the migration was never applied.',
  }
}
