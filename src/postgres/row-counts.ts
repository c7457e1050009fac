import type { TableRowCount } from '../domain/backup.js'
import { quoteRelation } from '../sql/names.js'
import type { Client } from './connection.js'

/**
 * Counts the rows of every table exactly, as this connection sees them. Partitioned parents are left out: their rows
 * are counted in the partitions. Foreign tables are left out: their rows are not in this database. So are tables that
 * belong to an extension, but for those whose rows pg_dump takes along, as the manifest of a backup counts them too, and
 * tables of which row level security hides rows from the role:
 * https://www.postgresql.org/docs/current/extend-extensions.html#EXTEND-EXTENSIONS-CONFIG-TABLES
 */
export async function countRows(client: Client): Promise<TableRowCount[]> {
  const { rows: tables } = await client.query(`
    SELECT n.nspname AS schema, c.relname AS table, e.extname AS extension, c.relpersistence AS persistence
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN pg_catalog.pg_depend d
        ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e'
       AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
      LEFT JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
     WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND NOT pg_catalog.row_security_active(c.oid)
       AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_t%'
       AND (e.oid IS NULL OR c.oid = ANY (e.extconfig))
     ORDER BY 1, 2`)
  const counts: TableRowCount[] = []
  for (const { schema, table, extension, persistence } of tables) {
    // ONLY: a parent of inheritance must not count its children's rows again.
    const { rows } = await client.query(
      `SELECT pg_catalog.count(*)::float8 AS rows FROM ONLY ${quoteRelation(schema, table)}`,
    )
    counts.push({
      schema,
      table,
      rows: rows[0].rows,
      ...(extension === null ? {} : { extension }),
      ...(persistence === 'u' ? { isUnlogged: true } : {}),
    })
  }
  return counts
}

/**
 * The rows that pg_dump takes along of an extension's tables, where the extension asks for a part of them: those that it
 * makes itself come back with it. By `"schema"."table"`.
 */
export async function countDumpedRows(client: Client): Promise<Map<string, number>> {
  const { rows: tables } = await client.query(`
    SELECT n.nspname AS schema, c.relname AS table, asked.condition
      FROM pg_catalog.pg_extension e
     CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(e.extconfig), pg_catalog.unnest(e.extcondition))
        AS asked (oid, condition)
      JOIN pg_catalog.pg_class c ON c.oid = asked.oid AND c.relkind = 'r'
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE asked.condition <> ''`)
  const counts = new Map<string, number>()
  for (const { schema, table, condition } of tables) {
    const name = quoteRelation(schema, table)
    // The extension's own words, which pg_dump puts behind the name of the table as they are.
    const { rows } = await client.query(
      `SELECT pg_catalog.count(*)::float8 AS rows FROM ONLY ${name} ${condition}`,
    )
    counts.set(name, rows[0].rows)
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
