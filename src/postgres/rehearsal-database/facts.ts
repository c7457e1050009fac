import type { Client } from '../connection.js'

/** The role that has logged in, which behind a pooler is not always the one in the URL. */
export async function readSessionUser(client: Client): Promise<string> {
  return (await client.query('SELECT SESSION_USER::text AS name')).rows[0].name
}

/** e.g. `15.18` */
export async function readServerVersion(client: Client): Promise<string> {
  const { rows } = await client.query("SELECT pg_catalog.current_setting('server_version') AS version")
  return rows[0].version
}

/** What the role of the connection may do on its server. */
export async function readOwnRole(
  client: Client,
): Promise<{ readonly name: string; readonly isSuperuser: boolean; readonly mayCreateDatabase: boolean }> {
  const { rows } = await client.query(
    `SELECT rolname::text AS name, rolsuper AS "isSuperuser", rolsuper OR rolcreatedb AS "mayCreateDatabase"
       FROM pg_catalog.pg_roles WHERE rolname = CURRENT_USER`,
  )
  return rows[0]
}

/** How much is in the database of the connection that a new one does not have; 0 when it is empty. */
export async function countOwnObjects(client: Client): Promise<number> {
  const { rows } = await client.query(`
    SELECT (SELECT pg_catalog.count(*) FROM pg_catalog.pg_class WHERE oid >= 16384 AND relnamespace <> 'pg_toast'::regnamespace)
             + (SELECT pg_catalog.count(*) FROM pg_catalog.pg_proc WHERE oid >= 16384)
             + (SELECT pg_catalog.count(*) FROM pg_catalog.pg_type WHERE oid >= 16384 AND typrelid = 0)
             + (SELECT pg_catalog.count(*) FROM pg_catalog.pg_namespace WHERE oid >= 16384)
             + (SELECT pg_catalog.count(*) FROM pg_catalog.pg_extension WHERE oid >= 16384)
             + (SELECT pg_catalog.count(*) FROM pg_catalog.pg_largeobject_metadata) AS objects`)
  return Number(rows[0].objects)
}
