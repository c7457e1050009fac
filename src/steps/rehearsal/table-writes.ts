import type { TableLineage } from '../../domain/lineage.js'
import type { TableWrites } from '../../domain/write-counts.js'

/**
 * What was written between two readings of the server's counters, by the names of the second; 0 where nothing was. A table
 * that the migrations made counts from nothing, though another one had its name before.
 */
export function writesBetween(
  before: readonly TableWrites[],
  after: readonly TableWrites[],
  lineages: readonly TableLineage[],
): TableWrites[] {
  return after.map((now) => {
    const lineage = lineages.find((one) => one.now && isSame(one.now, now))
    const isNew = lineage === undefined && lineages.some((one) => isSame(one, now))
    const old = isNew ? undefined : before.find((one) => isSame(one, lineage ?? now))
    return {
      schema: now.schema,
      table: now.table,
      inserted: now.inserted - (old?.inserted ?? 0),
      updated: now.updated - (old?.updated ?? 0),
      deleted: now.deleted - (old?.deleted ?? 0),
    }
  })
}

type Named = Pick<TableWrites, 'schema' | 'table'>

function isSame(one: Named, other: Named): boolean {
  return one.schema === other.schema && one.table === other.table
}
