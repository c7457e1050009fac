import type { Reader } from '../domain/reader.js'

/** True when the table exists and has all these columns. */
export async function relationExists(
  reader: Reader,
  schema: string,
  table: string,
  columns: readonly string[] = [],
): Promise<boolean> {
  const { rows } = await reader.query(
    `SELECT (SELECT pg_catalog.count(*) FROM pg_catalog.pg_attribute a
              WHERE a.attrelid = c.oid AND NOT a.attisdropped AND a.attname = ANY ($3))::int AS columns
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')`,
    [schema, table, columns],
  )
  return rows[0] !== undefined && rows[0].columns === new Set(columns).size
}
