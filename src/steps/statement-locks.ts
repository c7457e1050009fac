import type { PendingMigration } from '../domain/migration.js'
import type { StatementLock } from '../domain/statement-lock.js'
import type { StaticForecast } from '../forecast/static-forecast.js'

/** Each statement with what it locks; one that the walk has not come to stays as it is. */
export function withLocks(
  pending: readonly PendingMigration[],
  all: StaticForecast['locks'],
): PendingMigration[] {
  const byPlace = new Map<string, readonly StatementLock[]>()
  for (const { place, locks } of all) byPlace.set(`${place.migration}/${place.index}`, locks)
  return pending.map((migration) => ({
    ...migration,
    statements: migration.statements.map((statement) => {
      const locks = byPlace.get(`${migration.name}/${statement.index}`)
      return locks ? { ...statement, locks } : statement
    }),
  }))
}
