import type { PendingMigration } from '../domain/migration.js'
import type { LocksOfStatement } from '../forecast/static-forecast.js'

/** Each statement with what it locks; one that the walk has not come to stays as it is. */
export function withLocks(
  pending: readonly PendingMigration[],
  all: readonly LocksOfStatement[],
): PendingMigration[] {
  const byPlace = new Map(all.map((one) => [`${one.place.migration}/${one.place.index}`, one]))
  return pending.map((migration) => ({
    ...migration,
    statements: migration.statements.map((statement) => {
      const told = byPlace.get(`${migration.name}/${statement.index}`)
      return told ? { ...statement, locks: told.locks, locksSeen: told.isSeen } : statement
    }),
  }))
}
