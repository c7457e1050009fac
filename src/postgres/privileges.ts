import type { Client } from './connection.js'

/** What the role of the connection may not do although a deploy needs it; one sentence each, empty when all is well. */
export async function missingPrivileges(client: Client, schema: string): Promise<string[]> {
  const { rows } = await client.query(
    `SELECT pg_catalog.has_schema_privilege(n.oid, 'CREATE') AS may_create,
            r.rolsuper OR r.rolbypassrls AS reads_all_rows,
            (SELECT pg_catalog.count(*) FROM pg_catalog.pg_class c
              WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p') AND NOT pg_catalog.pg_has_role(c.relowner, 'USAGE'))::int
              AS foreign_tables,
            (SELECT pg_catalog.count(*) FROM pg_catalog.pg_class c
              WHERE c.relkind = 'r' AND NOT pg_catalog.has_table_privilege(c.oid, 'SELECT')
                AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace))::int AS unreadable,
            EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relrowsecurity
                      AND (c.relforcerowsecurity OR NOT pg_catalog.pg_has_role(c.relowner, 'USAGE'))) AS row_security
       FROM pg_catalog.pg_roles r, pg_catalog.pg_namespace n
      WHERE r.rolname = current_user AND n.nspname = $1`,
    [schema],
  )
  const row = rows[0]
  if (row === undefined) return [`the schema "${schema}" does not exist`]
  return [
    row.may_create ? '' : `the role may not create tables in schema "${schema}"`,
    row.foreign_tables > 0
      ? `${row.foreign_tables} tables of schema "${schema}" belong to another role: they cannot be altered`
      : '',
    row.unreadable > 0 ? `${row.unreadable} tables may not be read: pg_dump will fail` : '',
    row.row_security && !row.reads_all_rows
      ? 'row level security hides rows from the role: pg_dump will fail'
      : '',
  ].filter(Boolean)
}
