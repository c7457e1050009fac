import type { CatalogPoint } from '../../domain/catalog-timeline.js'
import type { PendingMigration } from '../../domain/migration.js'

/** How far into the pending migrations: so many from beginning to end, and so many statements of the next one. */
export interface Position {
  readonly migrations: number
  readonly statements: number
}

export const start: Position = { migrations: 0, statements: 0 }

/** Negative, 0 or positive, as for sort. */
export function comparePositions(one: Position, other: Position): number {
  return one.migrations - other.migrations || one.statements - other.statements
}

export function isSamePosition(one: Position, other: Position): boolean {
  return comparePositions(one, other) === 0
}

/** The end of a migration, or so many of its statements; after the last one both are the same. */
export function positionIn(
  pending: readonly PendingMigration[],
  index: number,
  statements: number,
): Position {
  const all = pending[index]?.statements.length ?? 0
  return statements >= all ? { migrations: index + 1, statements: 0 } : { migrations: index, statements }
}

/** The place of each point of a timeline, that of the beginning first. */
export function positionsOf(
  points: readonly CatalogPoint[],
  pending: readonly PendingMigration[],
): Position[] {
  return [
    start,
    ...points.map(({ migration, statements }) => {
      const index = pending.findIndex(({ name }) => name === migration)
      return statements === undefined
        ? { migrations: index + 1, statements: 0 }
        : positionIn(pending, index, statements)
    }),
  ]
}
