import { distinct } from '../../sql/operators.js'
import type { ColumnType } from '../model.js'

/** Types of the server without an operator `=`. */
const withoutEquality: ReadonlySet<string> = new Set([
  ...['json', 'xml', 'point', 'line', 'lseg', 'box', 'path', 'polygon', 'circle', 'unknown', 'refcursor'],
])

/** SQL, true when two values of a type differ. */
export function differs(one: string, other: string, type: ColumnType): string {
  return isComparedAsText(type) ? textsDiffer(one, other) : distinct(one, other)
}

/** What an extension calls equal may differ to the eye, and not every type can be compared: then the texts are. */
export function isComparedAsText({ object }: ColumnType): boolean {
  const isComparable = object.live === undefined || object.kind === 'enum' || object.schema === 'pg_catalog'
  return !isComparable || withoutEquality.has(object.name)
}

/**
 * SQL, true when two values of whatever types are written differently. An operator for just these types is the server's own,
 * whose schema is searched first: https://www.postgresql.org/docs/current/typeconv-oper.html
 */
export function textsDiffer(one: string, other: string): string {
  return `(${one})::pg_catalog.text IS DISTINCT FROM (${other})::pg_catalog.text`
}
