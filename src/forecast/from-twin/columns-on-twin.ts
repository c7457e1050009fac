import type { Reader } from '../../domain/reader.js'
import { quoteRelation } from '../../sql/names.js'
import { findType } from '../lookup.js'
import type { CatalogModel, Column, ColumnType, Relation } from '../model.js'

interface ColumnRow {
  readonly name: string
  readonly schema: string
  readonly type: string
  readonly isArray: boolean
  readonly text: string
}

/**
 * The columns of a relation that a statement has just made on the twin from a query, with the types of the walk's own catalog.
 * @returns undefined where the twin has no such relation; a column without a type where the walk does not know its type
 */
export async function readColumnsOnTwin(
  reader: Reader,
  { schema, name }: Pick<Relation, 'schema' | 'name'>,
  catalog: CatalogModel,
): Promise<(Pick<Column, 'name'> & { readonly type: ColumnType | undefined })[] | undefined> {
  const { rows } = await reader.query(
    `SELECT a.attname::pg_catalog.text AS name, n.nspname::pg_catalog.text AS schema, t.typname::pg_catalog.text AS type,
            t.oid <> a.atttypid AS "isArray", pg_catalog.format_type(a.atttypid, a.atttypmod) AS text
       FROM pg_catalog.pg_attribute a
       JOIN pg_catalog.pg_type own ON own.oid = a.atttypid
       JOIN pg_catalog.pg_type t ON t.oid = CASE WHEN own.typcategory = 'A' AND own.typelem <> 0 THEN own.typelem ELSE own.oid END
       JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
      WHERE a.attrelid = pg_catalog.to_regclass('${quoteRelation(schema, name).replaceAll("'", "''")}')
        AND a.attnum > 0 AND NOT a.attisdropped
      ORDER BY a.attnum`,
  )
  if (rows.length === 0) return undefined
  return (rows as unknown as ColumnRow[]).map(({ name, schema, type, isArray, text }) => {
    const object = findType(catalog, { schema, name: type })
    return {
      name,
      type: object && { object, modifiers: /\([^)]*\)/.exec(text)?.[0] ?? '', isArray },
    }
  })
}
