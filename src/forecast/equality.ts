import { distinct, equals } from '../sql/operators.js'
import type { CatalogModel, ColumnType, IndexKey } from './model.js'

/** The operator by which two values of a type are equal, with its schema. */
export function equalityOf({ object, isArray }: ColumnType): string {
  if (isArray) return equals
  if (object.kind === 'domain' && object.base) return equalityOf(object.base)
  return object.equality ?? equals
}

/** The operator between two columns, as a foreign key takes it: of one type, that of the type; else the server's own. */
export function equalityBetween(one: ColumnType, other: ColumnType): string {
  const [own, others] = [equalityOf(one), equalityOf(other)]
  return own === others ? own : equals
}

/** SQL, true when two values of a type differ; NULL is a value here. */
export function isDistinct(one: string, other: string, type: ColumnType): string {
  return distinct(one, other, equalityOf(type))
}

/**
 * SQL, true when two keys of an index are equal and no NULL. An expression may be of any type: where the database has types
 * with an operator of their own, its values are compared as rows are, by the operator class of whatever they are.
 * https://www.postgresql.org/docs/current/functions-comparisons.html#COMPOSITE-TYPE-COMPARISON
 */
export function isSameKey(catalog: CatalogModel, { column }: IndexKey, one: string, other: string): string {
  if (column) return `${one} ${equalityOf(column.type)} ${other}`
  if (catalog.types.every(({ equality }) => equality === undefined)) return `${one} ${equals} ${other}`
  return `(${one} IS NOT NULL AND pg_catalog.record_eq(ROW(${one}), ROW(${other})))`
}

/** The operators of ordering that stand beside an equality. */
export function orderingOf(equality: string, operator: string): string {
  return equality.replace(/=\)$/, `${operator})`)
}

/** The parts of an operator's full name, for a parse tree. */
export function nameOfOperator(operator: string): string[] {
  const [, schema = 'pg_catalog', name = '='] = /^OPERATOR\((.*)\.([^.]*)\)$/s.exec(operator) ?? []
  return [schema.startsWith('"') ? schema.slice(1, -1).replaceAll('""', '"') : schema, name]
}
