import type { Reader } from '../../domain/reader.js'
import { quoteIdentifier } from '../../sql/names.js'
import type { Column, ColumnType, TypeObject } from '../model.js'
import type { Expressions } from './expressions.js'
import type { RelationsByOid } from './relations.js'
import { among, notOurs, rowsOf } from './rows.js'
import { modifiersIn, type TypesByOid } from './types.js'

interface ColumnRow {
  relation: number
  number: number
  name: string
  type: number
  typeText: string
  notNull: boolean
  default: string | null
  generated: string
  identity: string
  collation: string | null
}

/** For `readColumns`. */
export const columnsQuery = (only?: readonly number[]) => `
  SELECT a.attrelid::int4 AS relation, a.attnum::int4 AS number, a.attname AS name, a.atttypid::int4 AS type,
         pg_catalog.format_type(a.atttypid, a.atttypmod) AS "typeText", a.attnotnull AS "notNull",
         pg_catalog.pg_get_expr(d.adbin, d.adrelid) AS default, a.attgenerated AS generated, a.attidentity AS identity,
         (SELECT pg_catalog.quote_ident(cn.nspname) || '.' || pg_catalog.quote_ident(co.collname)
            FROM pg_catalog.pg_collation co JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace
            JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
           WHERE co.oid = a.attcollation AND a.attcollation <> t.typcollation) AS collation
    FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
   WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped AND ${notOurs}${among(only, 'c.oid')}
   ORDER BY a.attrelid, a.attnum`

/** By OID of the relation, then by column number. */
export type ColumnsByNumber = Map<number, Map<number, Column>>

/** Puts the columns into their relations; defaults and generated values are bound later. */
export async function readColumns(
  reader: Reader,
  relations: RelationsByOid,
  types: TypesByOid,
  later: Expressions,
  only?: readonly number[],
): Promise<ColumnsByNumber> {
  const rows = await rowsOf<ColumnRow>(reader, columnsQuery(only), only)
  const byNumber: ColumnsByNumber = new Map()
  for (const row of rows) {
    const relation = relations.get(row.relation)
    const known = types.get(row.type)
    if (!relation) continue
    const type: ColumnType = {
      object: known?.object ?? unknownType(row.typeText),
      modifiers: modifiersIn(row.typeText),
      isArray: known?.isArray ?? false,
      liveText: row.typeText,
    }
    const column: Column = {
      name: row.name,
      liveName: row.name,
      liveNumber: row.number,
      type,
      isNotNull: row.notNull,
      from: quoteIdentifier(row.name),
      ...(row.identity === 'a' ? { identity: 'always' as const } : {}),
      ...(row.identity === 'd' ? { identity: 'by default' as const } : {}),
      ...(row.collation === null ? {} : { collation: row.collation }),
    }
    if (row.default !== null) {
      later.add(row.default, relation, (tree) => {
        if (row.generated === '') column.default = tree
        else column.generated = tree
      })
    }
    relation.columns.push(column)
    const numbers = byNumber.get(row.relation) ?? new Map<number, Column>()
    byNumber.set(row.relation, numbers.set(row.number, column))
  }
  return byNumber
}

/** A row type, or one of a schema that is the server's own. */
function unknownType(text: string): TypeObject {
  return {
    schema: 'pg_catalog',
    name: text,
    kind: 'composite',
    live: text,
    labels: [],
    addedNow: new Set(),
    category: 'C',
    isDropped: false,
  }
}
