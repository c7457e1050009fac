import type { MigrationOutcome } from '../../domain/deployment.js'
import type { HistoryRow, PendingMigration } from '../../domain/migration.js'
import type { EngineEvent } from '../../prisma/engine-events.js'

export type HistoryRowState = NonNullable<MigrationOutcome['historyRow']>

/** What the history says of a migration since the plan was made. */
export interface FoundRow {
  readonly state: HistoryRowState
  /** It is finished, but it is of another file of that name: not what the engine was given. */
  readonly isOfOtherFile: boolean
  /** Our engine tells the id of each row before it writes it; where it never came to work nobody can know. */
  readonly byOther: boolean
}

/** The row of this migration among those that are new. */
export function findRow(
  migration: PendingMigration,
  newRows: readonly HistoryRow[],
  events: readonly EngineEvent[],
  ourEngineTells: boolean,
): FoundRow {
  const ownIds = new Set(events.flatMap((event) => (event.type === 'history-row' ? [event.rowId] : [])))
  const all = newRows.filter(({ migrationName }) => migrationName === migration.name)
  const rows = all.filter(({ rolledBackAt }) => rolledBackAt === null)
  if (rows.length === 0)
    return { state: all.length > 0 ? 'rolled-back' : 'none', isOfOtherFile: false, byOther: false }
  const finished = rows.filter(({ finishedAt }) => finishedAt !== null)
  return {
    state: finished.length > 0 ? 'finished' : 'unfinished',
    isOfOtherFile: finished.length > 0 && !finished.some(({ checksum }) => checksum === migration.checksum),
    byOther: ourEngineTells && !rows.some(({ id }) => ownIds.has(id)),
  }
}

/** It was started, and nobody has taken it back. */
export function isOpen(historyRow: HistoryRowState): boolean {
  return historyRow === 'finished' || historyRow === 'unfinished'
}
