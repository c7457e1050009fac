import type { Reader } from '../domain/reader.js'
import { quoteRelation } from '../sql/names.js'
import { equalityOperatorOf, equals } from '../sql/operators.js'

/** A table as it is now. */
export interface LiveTable {
  /** How to name it after FROM: keys hold for a table alone, its children by inheritance are other tables. */
  readonly from: string
  /** Empty when it has none. */
  readonly primaryKey: readonly string[]
  /** By which operator values of these columns are equal, e.g. `OPERATOR(pg_catalog.=)`. */
  readonly equality: ReadonlyMap<string, string>
}

/** The table, when it exists and has all these columns. */
export async function findTable(
  reader: Reader,
  schema: string,
  table: string,
  columns: readonly string[] = [],
): Promise<LiveTable | undefined> {
  const { rows } = await reader.query(
    `SELECT (SELECT pg_catalog.count(*) FROM pg_catalog.pg_attribute a
              WHERE a.attrelid = c.oid AND NOT a.attisdropped AND a.attname = ANY ($3))::int AS columns,
            c.relhassubclass AND c.relkind <> 'p' AS "hasChildren",
            (SELECT pg_catalog.json_agg(a.attname ORDER BY k.ordinality)
               FROM pg_catalog.pg_index i, pg_catalog.unnest(i.indkey) WITH ORDINALITY AS k(number, ordinality)
               JOIN pg_catalog.pg_attribute a ON a.attnum = k.number
              WHERE i.indrelid = c.oid AND i.indisprimary AND a.attrelid = c.oid
                AND k.ordinality <= i.indnkeyatts) AS "primaryKey",
            (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(a.attname, COALESCE(${equalityOperatorOf(baseType)}, '${equals}')))
               FROM pg_catalog.pg_attribute a
              WHERE a.attrelid = c.oid AND NOT a.attisdropped AND a.attname = ANY ($3)) AS equality
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')`,
    [schema, table, columns],
  )
  const [row] = rows as unknown as TableRow[]
  if (row === undefined || row.columns !== new Set(columns).size) return undefined
  const relation = quoteRelation(schema, table)
  return {
    from: row.hasChildren ? `ONLY ${relation}` : relation,
    primaryKey: row.primaryKey ?? [],
    equality: new Map(row.equality ?? []),
  }
}

interface TableRow {
  readonly columns: number
  readonly hasChildren: boolean
  readonly primaryKey: string[] | null
  readonly equality: [string, string][] | null
}

/** The type of a column; of a domain, what it is a domain over in the end. */
const baseType = `(WITH RECURSIVE base AS (
                SELECT t.oid, t.typbasetype FROM pg_catalog.pg_type t WHERE t.oid = a.atttypid
                UNION ALL SELECT t.oid, t.typbasetype FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.typbasetype)
              SELECT b.oid FROM base b WHERE b.typbasetype = 0)`
