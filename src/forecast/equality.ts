import { distinct, equals } from '../sql/operators.js'
import type { ColumnType } from './model.js'

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
