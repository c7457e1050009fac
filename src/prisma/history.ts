import { TargetError } from '../domain/errors.js'
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
  const { rows } = await asking(
    client.query(`
    SELECT id, migration_name AS "migrationName", checksum, started_at::text AS "startedAt",
           finished_at::text AS "finishedAt", rolled_back_at::text AS "rolledBackAt",
           applied_steps_count AS "appliedStepsCount"
      FROM ${table} ORDER BY started_at, id`),
    table,
  )
  return rows as HistoryRow[]
}

/** SQLSTATE undefined_column and datatype_mismatch: the table is somebody else's. */
const otherShape = new Set(['42703', '42804'])

async function asking<T>(answer: Promise<T>, table: string): Promise<T> {
  return answer.catch((error: Error & { code?: string }) => {
    if (!otherShape.has(error.code ?? '')) throw error
    throw new TargetError(
      'history-not-readable',
      `${table} is not a migration history of Prisma: ${error.message}`,
      {
        hint: 'Prisma can use no other table of that name in this schema: rename yours, or give another schema by ?schema= in the database URL.',
        cause: error,
      },
    )
  })
}
