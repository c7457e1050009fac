import type { Finding } from '../domain/finding.js'
import type { MigrationFolder } from '../domain/migration.js'
import type { Client } from '../postgres/connection.js'
import { quoteRelation } from '../sql/names.js'

/**
 * What Prisma answers with P3005: there is no migration history, and the schema holds tables. Prisma's engine counts ordinary tables
 * and nothing else, also those of extensions (tried with 7.10).
 * https://www.prisma.io/docs/orm/prisma-migrate/workflows/baselining
 * @param willDeploy it blocks what goes on to Prisma; where only the data is checked, it is a warning
 */
export async function findMissingBaseline(
  client: Client,
  schema: string,
  folders: readonly MigrationFolder[],
  { willDeploy }: { willDeploy: boolean },
): Promise<Finding[]> {
  const { rows } = await client.query(
    `SELECT
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relkind = 'r' AND pg_catalog.to_regclass($2) IS NULL`,
    [schema, quoteRelation(schema, '_prisma_migrations')],
  )
  const [first] = folders
  if (rows.length === 0 || first === undefined) return []
  const tables = rows.length === 1 ? '1 table' : `${rows.length} tables`
  return [
    {
      code: 'no-history',
      kind: 'history',
      verdict: willDeploy ? 'block' : 'warn',
      step: 'plan',
      object: schema,
      message: `schema "${schema}" holds ${tables} and no migration history; Prisma refuses to deploy (P3005)`,
      hint: `Run npx migrate-guard baseline: it compares this database with what the migrations make and marks as applied those that it has already, as npx prisma migrate resolve --applied ${first.name} does for one.`,
    },
  ]
}
