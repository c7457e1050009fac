import type { Reader } from '../../domain/reader.js'
import { withFixedOutput } from './fixed-output.js'
import type { FingerprintColumn, FingerprintRequest } from './request.js'

export interface RequestOptions {
  /** Only tables of these schemas; of all the user's without it. */
  readonly schemas?: readonly string[]
}

/**
 * Tables with rows of their own: no partitioned parents, whose rows are in the partitions; no foreign tables, whose rows are
 * elsewhere; of an extension's tables only those whose rows pg_dump takes along:
 * https://www.postgresql.org/docs/current/extend-extensions.html#EXTEND-EXTENSIONS-CONFIG-TABLES
 *
 * The key is the primary key, else the unique index with the fewest columns that no two rows can escape: valid, of all rows,
 * over plain columns that cannot be NULL. Its columns come in the order of the index.
 */
const requestsQuery = `
  WITH RECURSIVE base AS (
    SELECT t.oid AS type, t.oid, t.typbasetype FROM pg_catalog.pg_type t
    UNION ALL
    SELECT base.type, t.oid, t.typbasetype
      FROM base JOIN pg_catalog.pg_type t ON t.oid = base.typbasetype
  ), own_table AS (
    SELECT c.oid, n.nspname, c.relname
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND c.relpersistence <> 't'
       AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_t%'
       AND ($1::text[] IS NULL OR n.nspname = ANY ($1::text[]))
       AND NOT EXISTS (
             SELECT FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
              WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
                AND d.refclassid = 'pg_catalog.pg_extension'::regclass
                AND NOT c.oid = ANY (COALESCE(e.extconfig, '{}')))
  ), own_column AS (
    SELECT a.attrelid, a.attnum,
           -- From PostgreSQL 18 a NOT NULL can be one that the rows before it need not keep.
           NOT a.attnotnull OR EXISTS (
             SELECT FROM pg_catalog.pg_constraint o
              WHERE o.conrelid = a.attrelid AND o.contype = 'n' AND o.conkey = ARRAY[a.attnum] AND NOT o.convalidated) AS nullable,
           a.attname, a.atttypid, a.atttypmod, a.attgenerated
      FROM pg_catalog.pg_attribute a JOIN own_table ON own_table.oid = a.attrelid
     WHERE a.attnum > 0 AND NOT a.attisdropped
  ), described AS (
    SELECT attrelid, attnum, nullable,
           pg_catalog.json_build_object(
             'name', attname,
             'type', pg_catalog.format_type(atttypid, atttypmod),
             'baseType', pg_catalog.format_type(base.oid, NULL),
             'nullable', nullable,
             'generated', attgenerated <> '') AS description
      FROM own_column JOIN base ON base.type = atttypid AND base.typbasetype = 0
  ), key_index AS (
    SELECT DISTINCT ON (i.indrelid) i.indrelid, i.indkey, i.indnkeyatts
      FROM pg_catalog.pg_index i JOIN own_table ON own_table.oid = i.indrelid
     WHERE i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
       AND NOT EXISTS (
             SELECT FROM pg_catalog.generate_series(0, i.indnkeyatts - 1) place
               JOIN own_column a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[place]
              WHERE a.nullable)
     ORDER BY i.indrelid, i.indisprimary DESC, i.indnkeyatts, i.indkey::int2[]
  )
  SELECT own_table.nspname AS schema, own_table.relname AS table,
         COALESCE(pg_catalog.pg_table_size(own_table.oid), 0)::float8 AS size_bytes,
         (SELECT COALESCE(pg_catalog.json_agg(description ORDER BY attnum), '[]')
            FROM described WHERE attrelid = own_table.oid) AS columns,
         (SELECT COALESCE(pg_catalog.json_agg(description ORDER BY place), '[]')
            FROM key_index CROSS JOIN pg_catalog.generate_series(0, indnkeyatts - 1) place
            JOIN described ON described.attrelid = indrelid AND described.attnum = indkey[place]
           WHERE indrelid = own_table.oid) AS key
    FROM own_table
   ORDER BY 1, 2`

/**
 * Every table of the user with rows of its own, as it is to be fingerprinted when nothing has changed: all columns in the order
 * of the table, seeded with the table's key. By schema and name.
 */
export async function readFingerprintRequests(
  reader: Reader,
  { schemas }: RequestOptions = {},
): Promise<FingerprintRequest[]> {
  // The fixed search_path has types of the user written with their schema.
  const { rows } = await withFixedOutput(reader, () => reader.query(requestsQuery, [schemas ?? null]))
  return rows.map(({ schema, table, size_bytes, columns, key }) => ({
    schema: schema as string,
    table: table as string,
    sizeBytes: size_bytes as number,
    columns: columns as FingerprintColumn[],
    key: key as FingerprintColumn[],
  }))
}

/** Size on disk in bytes of every table that is fingerprinted, by `schema.name`, not quoted. */
export async function readTableSizes(reader: Reader): Promise<Map<string, number>> {
  const requests = await readFingerprintRequests(reader)
  return new Map(requests.map(({ schema, table, sizeBytes }) => [`${schema}.${table}`, sizeBytes]))
}
