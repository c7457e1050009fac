import type { Finding } from '../domain/finding.js'
import type { HistoryRow, MigrationFolder } from '../domain/migration.js'
import { compareNames, matchesChecksum } from './migrations-folder.js'

/** What `prisma migrate deploy` will run, and what in the history it would skip silently. */
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
  const unmarked = findUnmarkedSquash(folders, pending, applied)
  const squashed = unmarked ? [] : squashedRows(folders, applied)
  const told = new Set([...squashed, ...(unmarked?.rows ?? [])])
  return {
    pending,
    appliedCount: new Set(applied.map((row) => row.migrationName)).size,
    findings: [
      ...standing.filter((row) => row.finishedAt === null).map(failedMigration),
      ...squashedHistory(squashed),
      ...(unmarked ? [squashNotMarked(unmarked)] : []),
      ...applied.filter((row) => !told.has(row)).flatMap((row) => comparedWithFolder(row, folders)),
      ...outOfOrder(
        pending.filter((folder) => folder !== unmarked?.squash),
        applied,
      ),
      ...folders.filter((folder) => folder.checksum === undefined).map(missingFile),
    ],
  }
}

/**
 * Rows whose files were squashed into one: they have no folder any more, and the oldest migration that has one comes after all of
 * them: by when it was noted, and by its name or because it was only marked, which runs none of its statements. Prisma's guide calls
 * it `000000000000_squashed_migrations`, which sorts before them:
 * https://www.prisma.io/docs/orm/prisma-migrate/workflows/squashing-migrations
 */
function squashedRows(folders: readonly MigrationFolder[], applied: readonly HistoryRow[]): HistoryRow[] {
  const names = new Set(folders.map(({ name }) => name))
  const [oldest] = applied
    .filter(({ migrationName }) => names.has(migrationName))
    .sort((a, b) => compareNames(a.migrationName, b.migrationName))
  if (oldest === undefined) return []
  const isBefore = (row: HistoryRow) =>
    applied.indexOf(row) < applied.indexOf(oldest) &&
    (oldest.appliedStepsCount === 0 || compareNames(row.migrationName, oldest.migrationName) < 0)
  return applied.filter((row) => !names.has(row.migrationName) && isBefore(row))
}

function squashedHistory(rows: readonly HistoryRow[]): Finding[] {
  const [first, ...others] = rows
  if (!first) return []
  return [
    {
      code: 'squashed-history',
      kind: 'history',
      verdict: 'warn',
      step: 'plan',
      object: first.migrationName,
      message: `${rangeOf([first, ...others])}; Prisma deploys all the same`,
      hint: 'That is right after squashing. If nobody squashed them, check out the branch that has their folders.',
    },
  ]
}

/** What looks like a squash whose result is not marked as applied yet. */
interface UnmarkedSquash {
  readonly rows: readonly [HistoryRow, ...HistoryRow[]]
  readonly squash: MigrationFolder
}

/**
 * Rows without a folder that come before every row that has one, while a folder that is older than all of those, by its name, is
 * pending. It looks the same when this is the database of another project.
 */
function findUnmarkedSquash(
  folders: readonly MigrationFolder[],
  pending: readonly MigrationFolder[],
  applied: readonly HistoryRow[],
): UnmarkedSquash | undefined {
  const names = new Set(folders.map(({ name }) => name))
  const isKnown = ({ migrationName }: HistoryRow) => names.has(migrationName)
  const [first, ...others] = applied.filter((row) => !isKnown(row))
  const [squash] = pending
  const [oldest] = applied.filter(isKnown).sort((a, b) => compareNames(a.migrationName, b.migrationName))
  if (first === undefined || squash === undefined) return undefined
  if (oldest !== undefined && compareNames(squash.name, oldest.migrationName) > 0) return undefined
  // That one was marked and never run: it took their place already.
  if (oldest?.appliedStepsCount === 0) return undefined
  // Nobody squashes a single file into another one.
  if (others.length === 0) return undefined
  const rows: UnmarkedSquash['rows'] = [first, ...others]
  const firstKnown = applied.findIndex(isKnown)
  const isBeforeAll = firstKnown < 0 || rows.every((row) => applied.indexOf(row) < firstKnown)
  return isBeforeAll ? { rows, squash } : undefined
}

function squashNotMarked({ rows, squash }: UnmarkedSquash): Finding {
  return {
    code: 'squashed-history',
    kind: 'history',
    verdict: 'block',
    step: 'plan',
    migration: squash.name,
    object: squash.name,
    message: `${rangeOf(rows)}, and "${squash.name}" is pending: Prisma would run it on what they have made`,
    hint: `If they were squashed into "${squash.name}", mark it as applied: npx migrate-guard baseline --to ${squash.name}. Otherwise this is another branch, or the database of another project.`,
  }
}

function rangeOf(rows: readonly [HistoryRow, ...HistoryRow[]]): string {
  const [first] = rows
  const last = rows.at(-1) ?? first
  return rows.length === 1
    ? `an applied migration has no folder any more: "${first.migrationName}"`
    : `${rows.length} applied migrations have no folder any more: "${first.migrationName}" to "${last.migrationName}"`
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
