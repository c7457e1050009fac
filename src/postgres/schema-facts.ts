// What the catalog says of the objects in which a database differs from a Prisma schema, and that Prisma does not see.
import type { RelationName } from '../sql/names.js'
import type { Client } from './connection.js'

/** A column, an index, a table or an enum by the names that a difference gives. */
export interface SchemaFacts {
  column(table: RelationName, column: string): ColumnFacts | undefined
  /** Why Prisma has no words for an index; undefined where it has, and for one that is not there. */
  beyondPrisma(index: RelationName): string | undefined
  /** The extension that a table belongs to. */
  extensionOf(table: RelationName): string | undefined
  /** Values of an enum. */
  valuesOf(type: RelationName): readonly string[]
  columnsOf(table: RelationName): readonly string[]
}

export interface ColumnFacts {
  readonly column: string
  readonly type: string
  /** Of a type that is not the server's own, its names; else nothing. */
  readonly ownType: string | null
  readonly default: string | null
  readonly isGenerated: boolean
}

/** Asks the catalog about the named tables, indexes and types, in whatever schema they are. */
export async function readSchemaFacts(
  client: Client,
  schema: string,
  names: readonly string[],
): Promise<SchemaFacts> {
  const ask = async (sql: string) => (await client.query(sql, [names])).rows
  const columns = await ask(`
    SELECT n.nspname AS schema, c.relname AS name, a.attname AS column,
           pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
           CASE WHEN t.typnamespace <> 'pg_catalog'::pg_catalog.regnamespace THEN t.typname END AS "ownType",
           pg_catalog.pg_get_expr(d.adbin, d.adrelid) AS default, a.attgenerated <> '' AS "isGenerated"
      FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
      LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
     WHERE c.relname = ANY ($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`)
  const indexes = await ask(`
    SELECT n.nspname AS schema, c.relname AS name,
           CASE WHEN i.indpred IS NOT NULL THEN 'it is partial'
                WHEN i.indexprs IS NOT NULL THEN 'it has expressions'
                WHEN i.indnatts > i.indnkeyatts THEN 'it has INCLUDE'
                WHEN EXISTS (SELECT FROM pg_catalog.unnest(i.indoption) AS o (option) WHERE o.option NOT IN (0, 3))
                THEN 'it says where NULLs stand' END AS reason
      FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relname = ANY ($1)`)
  const members = await ask(`
    SELECT n.nspname AS schema, c.relname AS name, e.extname AS extension
      FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
      JOIN pg_catalog.pg_class c ON c.oid = d.objid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype = 'e'
       AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND c.relname = ANY ($1)`)
  const labels = await ask(`
    SELECT n.nspname AS schema, t.typname AS name, e.enumlabel AS label
      FROM pg_catalog.pg_enum e JOIN pg_catalog.pg_type t ON t.oid = e.enumtypid
      JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE t.typname = ANY ($1) ORDER BY e.enumsortorder`)
  const isMeant = (row: { schema: string; name: string }, { schema: own = schema, name }: RelationName) =>
    row.schema === own && row.name === name
  const of = <T extends { schema: string; name: string }>(rows: readonly T[], name: RelationName) =>
    rows.filter((row) => isMeant(row, name))
  return {
    column: (table, column) => of(columns, table).find((row) => row.column === column),
    beyondPrisma: (index) => of(indexes, index)[0]?.reason ?? undefined,
    extensionOf: (table) => of(members, table)[0]?.extension,
    valuesOf: (type) => of(labels, type).map(({ label }) => label),
    columnsOf: (table) => of(columns, table).map(({ column }) => column),
  }
}
