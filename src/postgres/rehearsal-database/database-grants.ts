import type { Client } from '../connection.js'

/**
 * The statements that give a database of ours the privileges of the target's: a role that may not create schemas there
 * must not be able to here. None when the target has those of a new database.
 */
export async function readDatabaseGrants(client: Client, database: string): Promise<string[]> {
  const { rows } = await client.query(
    `SELECT pg_catalog.format('GRANT %s ON DATABASE %I TO %s%s', a.privilege_type, $1::text,
              CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END,
              CASE WHEN a.is_grantable AND a.grantee <> d.datdba THEN ' WITH GRANT OPTION' ELSE '' END) AS statement,
            pg_catalog.format('REVOKE ALL ON DATABASE %I FROM PUBLIC, %I', $1::text,
              pg_catalog.pg_get_userbyid(d.datdba)) AS revoke
       FROM pg_catalog.pg_database d LEFT JOIN LATERAL pg_catalog.aclexplode(d.datacl) a ON true
      WHERE d.datname = pg_catalog.current_database() AND d.datacl IS NOT NULL`,
    [database],
  )
  const grants = rows.flatMap(({ statement }) => (statement === null ? [] : [statement]))
  return rows.length === 0 ? [] : [rows[0].revoke, ...grants]
}
