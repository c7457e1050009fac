import type { TableLineage } from '../domain/lineage.js'
import type { TableWrites } from '../domain/write-counts.js'

/** What was written between two readings of the server's counters, by the names of the second; 0 where nothing was. */
export function writesBetween(
  before: readonly TableWrites[],
  after: readonly TableWrites[],
  lineages: readonly TableLineage[],
): TableWrites[] {
  return after.map((now) => {
    const lineage = lineages.find((one) => one.now?.schema === now.schema && one.now.table === now.table)
    const { schema, table } = lineage ?? now
    const old = before.find((one) => one.schema === schema && one.table === table)
    return {
      schema: now.schema,
      table: now.table,
      inserted: now.inserted - (old?.inserted ?? 0),
      updated: now.updated - (old?.updated ?? 0),
      deleted: now.deleted - (old?.deleted ?? 0),
    }
  })
}
