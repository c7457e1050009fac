import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { HistoryRow, MigrationFolder } from '../domain/migration.js'
import type { MigrationState } from '../domain/migration-state.js'
import { compareNames, matchesChecksum } from './migrations-folder.js'

/**
 * The state of every migration that has a folder or a row of the history, by name.
 * @param folders all of the project
 * @param history all rows, in the order in which the migrations were started
 */
export function migrationStatesOf(
  folders: readonly MigrationFolder[],
  history: readonly HistoryRow[],
): MigrationState[] {
  const rows = new Map<string, HistoryRow>()
  // Of several rows the one that counts is that which is not rolled back, else the last.
  for (const row of history)
    if (rows.get(row.migrationName)?.rolledBackAt !== null) rows.set(row.migrationName, row)
  const known = new Map(folders.map((folder) => [folder.name, folder]))
  const names = [...new Set([...known.keys(), ...rows.keys()])].sort(compareNames)
  return names.map((name) => stateOf(name, known.get(name), rows.get(name)))
}

function stateOf(
  name: string,
  folder: MigrationFolder | undefined,
  row: HistoryRow | undefined,
): MigrationState {
  return {
    name,
    kind: kindOf(folder, row),
    startedAt: row?.startedAt ?? null,
    finishedAt: row?.finishedAt ?? null,
    rolledBackAt: row?.rolledBackAt ?? null,
    isReversible: folder !== undefined && existsSync(join(folder.directory, 'down.sql')),
  }
}

function kindOf(folder: MigrationFolder | undefined, row: HistoryRow | undefined): MigrationState['kind'] {
  if (row === undefined) return 'pending'
  if (row.rolledBackAt !== null) return 'rolled-back'
  if (row.finishedAt === null) return 'failed'
  if (folder === undefined) return 'missing'
  if (folder.checksum !== undefined && !matchesChecksum(folder, row.checksum)) return 'edited'
  // `prisma migrate resolve --applied` notes no step: https://www.prisma.io/docs/cli/migrate/resolve
  return row.appliedStepsCount === 0 ? 'marked' : 'applied'
}
