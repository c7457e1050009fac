import type { LostWrites } from '../../../domain/go-back.js'
import type { TableLineage } from '../../../domain/lineage.js'
import type { TableWrites } from '../../../domain/write-counts.js'

/** What the counters of the server tell of the time since a snapshot. */
export interface WritesSince {
  /** Tables that were written, the most written first. */
  readonly lost: readonly LostWrites[]
  /** Tables that are there no longer, by `schema.table`. */
  readonly gone: readonly string[]
}

/**
 * What was written between the snapshot and now, by everybody and by the migrations too. A table that was renamed is
 * found by its lineage, unless its old name is still there. A number below that of the snapshot means that the counters were
 * set back: then what is counted since is the least that it can be.
 */
export function findWritesSince(
  before: readonly TableWrites[],
  now: readonly TableWrites[],
  lineages: readonly TableLineage[],
): WritesSince {
  const sameNamed = new Set(before.filter((old) => now.some((one) => isSame(one, old))))
  const renamed = new Set<TableWrites>()
  const lost = now.map((current): LostWrites => {
    const lineage = lineages.find((one) => one.now && isSame(one.now, current))
    const old =
      before.find((one) => isSame(one, current)) ??
      before.find((one) => lineage !== undefined && isSame(one, lineage) && !sameNamed.has(one))
    if (old !== undefined) renamed.add(old)
    const since = {
      inserted: current.inserted - (old?.inserted ?? 0),
      updated: current.updated - (old?.updated ?? 0),
      deleted: current.deleted - (old?.deleted ?? 0),
    }
    const wasSetBack = Object.values(since).some((count) => count < 0)
    const { schema, table, inserted, updated, deleted } = current
    const counts = wasSetBack ? { inserted, updated, deleted } : since
    return { schema, table, ...counts, atLeast: wasSetBack }
  })
  return {
    lost: lost
      .filter((one) => rowsOf(one) > 0 || one.atLeast)
      .sort((one, other) => rowsOf(other) - rowsOf(one)),
    gone: before
      .filter((old) => !sameNamed.has(old) && !renamed.has(old))
      .map(({ schema, table }) => `${schema}.${table}`),
  }
}

function rowsOf({ inserted, updated, deleted }: LostWrites): number {
  return inserted + updated + deleted
}

type Named = Pick<TableWrites, 'schema' | 'table'>

function isSame(one: Named, other: Named): boolean {
  return one.schema === other.schema && one.table === other.table
}
