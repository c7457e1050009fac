import { TargetError } from '../domain/errors.js'
import type { TargetAddress, TargetIdentity } from '../domain/target.js'
import { quoteIdentifier } from '../sql/names.js'
import type { Client } from './connection.js'

/** Oldest server that has what the guard relies on: client_connection_check_interval. */
const oldestServerVersionNum = 140000

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
