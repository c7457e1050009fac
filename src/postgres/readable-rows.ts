import { BackupError } from '../domain/errors.js'
import { quoteRelation } from '../sql/names.js'
import type { Client } from './connection.js'

/** Tables of which row level security hides rows from the role of the connection, as `"schema"."table"`. */
export async function tablesWithHiddenRows(client: Client): Promise<string[]> {
  const { rows } = await client.query(`
    SELECT n.nspname AS schema, c.relname AS table
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND pg_catalog.row_security_active(c.oid)
     ORDER BY 1, 2`)
  return rows.map(({ schema, table }) => quoteRelation(schema, table))
}

/**
 * Makes sure that the role of the connection sees every row of every table: a dump of half the rows is no backup.
 * @throws BackupError that names the first table of which it does not.
 */
export async function assertEveryRowReadable(client: Client): Promise<void> {
  const { rows } = await client.query(`
    SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name,
           pg_catalog.has_table_privilege(c.oid, 'SELECT') AS may_select
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't'
       AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_t%'
       AND (NOT pg_catalog.has_table_privilege(c.oid, 'SELECT') OR pg_catalog.row_security_active(c.oid))
     ORDER BY 1`)
  const [first] = rows
  if (first === undefined) return
  const more = rows.length > 1 ? ` (and ${rows.length - 1} more)` : ''
  throw new BackupError(
    'rows-not-readable',
    first.may_select
      ? `row level security hides rows of ${first.name}${more} from the role, so its dump would not be all of them`
      : `the role may not read ${first.name}${more}, so it cannot be dumped`,
    {
      hint: 'Use a role that may SELECT from every table and from which row level security hides nothing: a superuser, or one with BYPASSRLS.',
    },
  )
}
