import type { TableRowCount } from '../domain/backup.js'
import { quoteRelation } from '../sql/names.js'
import type { Client } from './connection.js'

/**
 * Counts the rows of every table exactly, as this connection sees them. Partitioned parents are left out: their rows
 * are counted in the partitions. Foreign tables are left out: their rows are not in this database. So are tables that
 * belong to an extension, which pg_dump leaves to it, and tables of which row level security hides rows from the role.
 */
export async function countRows(client: Client): Promise<TableRowCount[]> {
  const { rows: tables } = await client.query(`
    SELECT n.nspname AS schema, c.relname AS table
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND NOT pg_catalog.row_security_active(c.oid)
       AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_t%'
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                        WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
     ORDER BY 1, 2`)
  const counts: TableRowCount[] = []
  for (const { schema, table } of tables as { schema: string; table: string }[]) {
    // ONLY: a parent of inheritance must not count its children's rows again.
    const { rows } = await client.query(
      `SELECT pg_catalog.count(*)::float8 AS rows FROM ONLY ${quoteRelation(schema, table)}`,
    )
    counts.push({ schema, table, rows: rows[0].rows })
  }
  return counts
}

/**
 * Rows inserted and deleted per `"schema"."table"`, as the server counts them, its transactions that were rolled back included: a
 * sign that somebody wrote. A session may tell the server of its writes with ten seconds' delay.
 */
export async function readWriteCounters(client: Client): Promise<Map<string, string>> {
  await client.query('SELECT pg_catalog.pg_stat_clear_snapshot()')
  const { rows } = await client.query(`
    SELECT schemaname, relname, n_tup_ins || ' ' || n_tup_del AS counters
      FROM pg_catalog.pg_stat_user_tables`)
  return new Map(
    rows.map(({ schemaname, relname, counters }) => [quoteRelation(schemaname, relname), counters]),
  )
}
