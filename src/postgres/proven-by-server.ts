import type { Client } from './connection.js'

/**
 * The OIDs of the foreign keys and unique indexes: what the server proves over all rows when it makes it. A rename keeps
 * the OID, so one that is not among them later was made since.
 */
export async function readProvenByServer(client: Client): Promise<ReadonlySet<string>> {
  const { rows } = await client.query(`
    SELECT oid::text FROM pg_catalog.pg_constraint WHERE contype = 'f'
    UNION ALL SELECT indexrelid::text FROM pg_catalog.pg_index WHERE indisunique`)
  return new Set(rows.map(({ oid }) => oid))
}
