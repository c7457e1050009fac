import { TargetError } from '../domain/errors.js'
import type { TargetAddress, TargetIdentity } from '../domain/target.js'
import { quoteIdentifier } from '../sql/names.js'
import type { Client } from './connection.js'

/** Oldest server that has what the guard relies on: client_connection_check_interval. */
const oldestServerVersionNum = 140000

/** PlaceMarks. The control file of a server that was just promoted still has the old timeline; its log has the new one. */
const marks = `pg_catalog.jsonb_build_object(
  'timeline', CASE WHEN pg_catalog.pg_is_in_recovery()
    THEN (SELECT timeline_id FROM pg_catalog.pg_control_checkpoint())
    ELSE ('x' || pg_catalog.substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_insert_lsn()), 1, 8))::pg_catalog.bit(32)::int
  END,
  'statisticsSince', (SELECT pg_catalog.to_char(stats_reset AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
                        FROM pg_catalog.pg_stat_archiver),
  'clusterName', pg_catalog.current_setting('cluster_name'),
  'place', nullif(pg_catalog.current_setting('migrate_guard.place', true), ''))`

/**
 * Asks the server who it is. Reads pg_control_system(), which every role may call, and pg_database.
 * @throws TargetError when the server is older than PostgreSQL 14.
 */
export async function readTargetIdentity(client: Client, address: TargetAddress): Promise<TargetIdentity> {
  const { rows } = await client.query(`
    SELECT d.oid::text AS database_oid,
           (SELECT system_identifier::text FROM pg_catalog.pg_control_system()) AS system_identifier,
           pg_catalog.current_setting('server_version') AS server_version,
           pg_catalog.current_setting('server_version_num')::int AS server_version_num,
           pg_catalog.pg_is_in_recovery() AS in_recovery,
           ${marks} AS marks,
           pg_catalog.pg_database_size(d.oid)::float8 AS size_bytes
      FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()`)
  const row = rows[0]
  if (row.server_version_num < oldestServerVersionNum) {
    throw new TargetError(
      'server-too-old',
      `the server is PostgreSQL ${row.server_version}; 14 is the oldest supported`,
      {
        hint: 'Upgrade the server; PostgreSQL 13 and older are no longer maintained.',
      },
    )
  }
  return {
    host: address.host,
    port: address.port,
    database: address.database,
    user: address.user,
    schema: address.schema,
    databaseOid: row.database_oid,
    systemIdentifier: row.system_identifier,
    marks: row.marks,
    serverVersion: row.server_version,
    serverVersionNum: row.server_version_num,
    inRecovery: row.in_recovery,
    databaseSizeBytes: row.size_bytes,
  }
}

/**
 * Prisma creates a missing schema by itself, so a mistyped name would give a new, empty schema and a deploy of the whole
 * history into it.
 * @throws TargetError `schema-missing` when the schema that the URL names is not in the database.
 */
export async function assertSchemaExists(client: Client, { schema, database }: TargetAddress): Promise<void> {
  const { rows } = await client.query('SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1', [schema])
  if (rows.length > 0) return
  throw new TargetError('target-schema-missing', `database "${database}" has no schema "${schema}"`, {
    hint: `Correct ?schema= in the database URL, or create the schema: CREATE SCHEMA ${quoteIdentifier(schema)};`,
  })
}
