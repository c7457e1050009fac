/**
 * Which functions of the server's own may be called on the target. The server is asked; by hand stands only what its
 * catalog does not tell. Whatever is not known to be harmless is not: also what a later version brings.
 *
 * Harmless are the functions of pg_catalog that came with the server (their OIDs are below 16384, the first that
 * `CREATE` gives: https://www.postgresql.org/docs/current/system-catalog-initial-data.html#SYSTEM-CATALOG-OID-ASSIGNMENT),
 * that everybody may call, and that Postgres itself calls IMMUTABLE or STABLE, less the few that are so and act all the
 * same. Of the volatile ones only those that are named here.
 */

/** Volatile, and do no more than give a value. */
const harmlessVolatile = [
  ...['random', 'random_normal', 'clock_timestamp', 'timeofday', 'gen_random_uuid', 'uuidv4', 'uuidv7'],
  ...['pg_database_size', 'pg_relation_size', 'pg_table_size', 'pg_indexes_size', 'pg_total_relation_size'],
  ...['pg_tablespace_size', 'pg_partition_tree', 'pg_partition_ancestors', 'pg_is_in_recovery'],
  ...[
    'pg_current_wal_lsn',
    'pg_last_wal_replay_lsn',
    'pg_last_wal_receive_lsn',
    'pg_collation_actual_version',
  ],
  ...['pg_database_collation_actual_version', 'pg_last_xact_replay_timestamp', 'pg_control_system'],
  ...['pg_blocking_pids', 'pg_lock_status', 'pg_prepared_xact', 'txid_status', 'pg_xact_status'],
  // AT TIME ZONE; until PostgreSQL 14 the one of a time of day is volatile.
  'timezone',
  // TABLESAMPLE calls them.
  ...['bernoulli', 'system'],
]

/**
 * STABLE to Postgres, and no value alone: some take a transaction number, which is written to the log at the end; some
 * read a relation or a type that they are given as text, and so would run what belongs to it unseen.
 */
const actingStable = [
  ...['txid_current', 'pg_current_xact_id', 'pg_input_is_valid', 'pg_input_error_info'],
  ...[
    'table_to_xml',
    'table_to_xmlschema',
    'table_to_xml_and_xmlschema',
    'schema_to_xml',
    'schema_to_xmlschema',
  ],
  ...[
    'schema_to_xml_and_xmlschema',
    'database_to_xml',
    'database_to_xmlschema',
    'database_to_xml_and_xmlschema',
  ],
]

const list = (names: readonly string[]) => names.map((name) => `'${name}'`).join(', ')

/** OIDs from here on are given to what somebody has created. */
export const firstOwnOid = 16_384

/** SQL: whether the function `p` of pg_proc came with the server and is known to be harmless. */
export const isHarmlessBuiltIn = `
  (p.oid < ${firstOwnOid} AND p.pronamespace = 'pg_catalog'::pg_catalog.regnamespace
   AND (p.proacl IS NULL OR EXISTS (SELECT FROM pg_catalog.aclexplode(p.proacl) a WHERE a.grantee = 0))
   AND CASE p.provolatile WHEN 'v' THEN p.proname IN (${list(harmlessVolatile)})
                          ELSE p.proname NOT IN (${list(actingStable)}) END)`

/**
 * SQL: whether the function `p` takes what a query does not have by itself. The input functions of types are such: called
 * by name, they make a value of a type that stands nowhere in the query, e.g. of a domain with its CHECK.
 */
export const isForInternalUse = `
  (p.proargtypes::pg_catalog.oid[] && ARRAY['cstring', 'internal']::pg_catalog.regtype[]::pg_catalog.oid[])`
