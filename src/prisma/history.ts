import type { HistoryRow } from '../domain/migration.js'
import type { Client } from '../postgres/connection.js'
import { quoteRelation } from '../sql/names.js'

/** Reads `_prisma_migrations` in the order in which migrations were started; empty when Prisma never deployed here. */
export async function readHistory(client: Client, schema: string): Promise<HistoryRow[]> {
  const table = quoteRelation(schema, '_prisma_migrations')
  const { rows: found } = await client.query('SELECT pg_catalog.to_regclass($1) IS NOT NULL AS found', [
    table,
  ])
  if (!found[0].found) return []
  const { rows } = await client.query(`
    SELECT id, migration_name AS "migrationName", checksum, started_at::text AS "startedAt",
           finished_at::text AS "finishedAt", rolled_back_at::text AS "rolledBackAt",
           applied_steps_count AS "appliedStepsCount"
      FROM ${table} ORDER BY started_at, id`)
  return rows as HistoryRow[]
}
