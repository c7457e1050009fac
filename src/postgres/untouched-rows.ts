import type { Client } from './connection.js'

/**
 * A moment of the server, to tell later which rows nobody has written since: the next transaction's id.
 * https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-SNAPSHOT
 */
export async function readNextTransaction(client: Client): Promise<string> {
  const { rows } = await client.query(`
    SELECT (pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text::numeric % 4294967296)::text AS id`)
  return rows[0].id
}

/** SQL over a row `t`: whether it is as it was at that moment. Ids wrap around, their ages do not. */
export function isUntouchedSince(nextTransaction: string): string {
  return `pg_catalog.age(t.xmin) > pg_catalog.age('${nextTransaction}'::pg_catalog.xid)`
}
