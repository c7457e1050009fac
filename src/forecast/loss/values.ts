import type { ColumnType } from '../model.js'

/** Types of the server without an operator `=`. */
const withoutEquality: ReadonlySet<string> = new Set([
  ...['json', 'xml', 'point', 'line', 'lseg', 'box', 'path', 'polygon', 'circle', 'unknown', 'refcursor'],
])

/** SQL, true when two values of a type differ. What an extension calls equal may differ to the eye, so its types are compared as text. */
export function differs(one: string, other: string, { object, isArray }: ColumnType): string {
  const isComparable =
    object.live === undefined ||
    object.kind === 'enum' ||
    (object.schema === 'pg_catalog' && !withoutEquality.has(object.name))
  if (isComparable && !(isArray && withoutEquality.has(object.name)))
    return `${one} IS DISTINCT FROM ${other}`
  return textsDiffer(one, other)
}

/** SQL, true when two values of whatever types are written differently. */
export function textsDiffer(one: string, other: string): string {
  return `(${one})::pg_catalog.text IS DISTINCT FROM (${other})::pg_catalog.text`
}
