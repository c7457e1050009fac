import type { Reader } from '../../domain/reader.js'
import type { Node } from '../../sql/parser.js'
import type { IndexKey, IndexObject } from '../model.js'
import type { ColumnsByNumber } from './columns.js'
import type { Expressions } from './expressions.js'
import type { RelationsByOid } from './relations.js'
import { among, notOurs, rowsOf } from './rows.js'

interface IndexRow {
  oid: number
  relation: number
  name: string
  unique: boolean
  valid: boolean
  replicaIdentity: boolean
  keyCount: number
  columns: number[]
  /** Of every key: the column's quoted name or the expression in parentheses. */
  keys: string[]
  collations: (string | null)[]
  predicate: string | null
  nullsNotDistinct: boolean
  method: string
  sizeBytes: number
  parent: number | null
  definition: string
}

/** For `readIndexes`. */
export const indexesQuery = (only?: readonly number[]) => `
  SELECT x.indexrelid::int4 AS oid, x.indrelid::int4 AS relation, i.relname AS name, x.indisunique AS unique,
         x.indisvalid AND x.indisready AS valid,
         x.indisreplident AS "replicaIdentity", x.indnkeyatts::int4 AS "keyCount",
         ARRAY(SELECT k::int4 FROM pg_catalog.unnest(x.indkey::int2[]) k) AS columns,
         ARRAY(SELECT pg_catalog.pg_get_indexdef(x.indexrelid, k::int, true)
                 FROM pg_catalog.unnest(x.indkey::int2[]) WITH ORDINALITY u(number, k) WHERE k <= x.indnkeyatts ORDER BY k) AS keys,
         ARRAY(SELECT (SELECT pg_catalog.quote_ident(cn.nspname) || '.' || pg_catalog.quote_ident(co.collname)
                         FROM pg_catalog.pg_collation co JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace
                        WHERE co.oid = x.indcollation[k::int - 1] AND co.oid <> COALESCE(
                              (SELECT a.attcollation FROM pg_catalog.pg_attribute a
                                WHERE a.attrelid = x.indrelid AND a.attnum = u.number), 0::oid) AND co.oid <> 100)
                 FROM pg_catalog.unnest(x.indkey::int2[]) WITH ORDINALITY u(number, k) WHERE k <= x.indnkeyatts ORDER BY k) AS collations,
         pg_catalog.pg_get_expr(x.indpred, x.indrelid) AS predicate,
         COALESCE((pg_catalog.to_jsonb(x) ->> 'indnullsnotdistinct')::bool, false) AS "nullsNotDistinct",
         m.amname AS method, pg_catalog.pg_relation_size(x.indexrelid)::float8 AS "sizeBytes",
         h.inhparent::int4 AS parent, pg_catalog.pg_get_indexdef(x.indexrelid) AS definition
    FROM pg_catalog.pg_index x
    JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
    JOIN pg_catalog.pg_am m ON m.oid = i.relam
    JOIN pg_catalog.pg_namespace n ON n.oid = i.relnamespace
    LEFT JOIN pg_catalog.pg_inherits h ON h.inhrelid = x.indexrelid
   WHERE ${notOurs}${among(only, 'x.indrelid')}
   ORDER BY x.indexrelid`

export type IndexesByOid = Map<number, IndexObject>

/**
 * Puts the indexes into their relations, with their sizes.
 * @param known those that were read before, of relations that are not read now
 */
export async function readIndexes(
  reader: Reader,
  relations: RelationsByOid,
  columns: ColumnsByNumber,
  later: Expressions,
  only?: readonly number[],
  known: IndexesByOid = new Map(),
): Promise<IndexesByOid> {
  const rows = await rowsOf<IndexRow>(reader, indexesQuery(only), only)
  const byOid: IndexesByOid = new Map()
  for (const row of rows) {
    const relation = relations.get(row.relation)
    const numbers = columns.get(row.relation)
    if (!relation || !numbers) continue
    const keys: IndexKey[] = row.columns.slice(0, row.keyCount).map((number, i) => {
      const collation = row.collations[i] ? { collation: row.collations[i] } : {}
      const column = numbers.get(number)
      if (column) return { column, ...collation }
      const key: { expression?: Node; collation?: string } = { ...collation }
      later.add(row.keys[i] ?? 'NULL', relation, (tree) => {
        key.expression = tree
      })
      return key
    })
    const index: { -readonly [K in keyof IndexObject]: IndexObject[K] } = {
      oid: row.oid,
      name: row.name,
      isUnique: row.unique,
      isValid: row.valid,
      keys,
      included: row.columns.slice(row.keyCount).flatMap((number) => numbers.get(number) ?? []),
      areNullsNotDistinct: row.nullsNotDistinct,
      method: row.method,
      sizeBytes: row.sizeBytes,
      definition: row.definition,
    }
    if (row.predicate !== null) {
      later.add(row.predicate, relation, (tree) => {
        index.predicate = tree
      })
    }
    relation.indexes.push(index)
    if (row.replicaIdentity) relation.replicaIdentity = index
    byOid.set(row.oid, index)
  }
  for (const { oid, parent } of rows) {
    const index = byOid.get(oid) as { parent?: IndexObject } | undefined
    const above = byOid.get(parent ?? 0) ?? known.get(parent ?? 0)
    if (index && above) index.parent = above
  }
  return byOid
}
