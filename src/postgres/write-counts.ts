import type { TableWrites } from '../domain/write-counts.js'
import type { Client } from './connection.js'

/**
 * Rows inserted, updated and deleted in each table since its counters were reset, as the server counts them: those of
 * transactions that were rolled back too, and late by up to ten seconds while a session does not idle.
 * https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-ALL-TABLES-VIEW
 */
export async function readTableWrites(client: Client): Promise<TableWrites[]> {
  await client.query('SELECT pg_catalog.pg_stat_clear_snapshot()')
  const { rows } = await client.query(`
    SELECT schemaname AS schema, relname AS table,
           n_tup_ins::float8 AS inserted, n_tup_upd::float8 AS updated, n_tup_del::float8 AS deleted
      FROM pg_catalog.pg_stat_user_tables`)
  return rows as TableWrites[]
}
