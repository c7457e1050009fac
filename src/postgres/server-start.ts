import type { Client } from './connection.js'

/**
 * SQL for a text that is another one after each start of the server, also when it only recovers from a crash of one of its
 * processes: that leaves the time of its start, but resets its statistics. Every role may ask for it, also in a transaction.
 * https://www.postgresql.org/docs/current/monitoring-stats.html
 */
export const serverStart = `pg_catalog.concat_ws(' ', EXTRACT(EPOCH FROM pg_catalog.pg_postmaster_start_time()),
  (SELECT EXTRACT(EPOCH FROM stats_reset) FROM pg_catalog.pg_stat_bgwriter))`

/** The text of this moment. */
export async function readServerStart(client: Client): Promise<string> {
  const { rows } = await client.query(`SELECT ${serverStart} AS start`)
  return rows[0].start
}
