import { quoteIdentifier } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { boundColumn, mapTree, namesOf, parseExpression } from '../tree.js'

/** Names of a trigger function, e.g. `new.email` or `total`, and the SQL over the state that each stands for. */
export interface Names {
  sqlOf(name: string): string | undefined
  /** Of `new`, `old` or a record: its fields, in order; undefined when it is none. */
  fieldsOf(name: string): readonly string[] | undefined
  /** Whether it is NULL as a whole: NEW of a row that goes, OLD of one that comes. */
  isAbsent(row: string): boolean
  /** Told about every name that is put in. */
  used(name: string): void
}

/** Puts what the names of a trigger function stand for into a tree: a column of the state, or a value. */
export function substitute<T>(tree: T, names: Names): T {
  return mapTree(expandStars(tree, names), (kind, node) => {
    if (kind !== 'ColumnRef') return undefined
    const bound = node[boundColumn]
    const [first = '', ...more] = namesOf(node.fields)
    const isStar = node.fields.at(-1)?.A_Star !== undefined
    if (more.length === 0 || isStar) {
      const fields = names.fieldsOf(first)
      if (fields) return wholeRow(first, fields, names)
    }
    const name = [first, ...(bound ? [bound.name] : more)].join('.')
    const sql = isStar ? undefined : names.sqlOf(name)
    if (sql === undefined) return undefined
    names.used(name)
    return parseExpression(sql)
  })
}

/** `VALUES (NEW.*)`, `SELECT NEW.*, now()`: in a list, a row is the list of its fields. */
function expandStars<T>(tree: T, names: Names): T {
  if (Array.isArray(tree)) return tree.flatMap((one) => starOf(one, names) ?? [expandStars(one, names)]) as T
  if (typeof tree !== 'object' || tree === null) return tree
  const copy = mapValues(tree as Node, (value) => expandStars(value, names))
  const bound = (tree as Node & { [boundColumn]?: unknown })[boundColumn]
  return (bound === undefined ? copy : Object.assign(copy, { [boundColumn]: bound })) as T
}

function mapValues(tree: Node, map: (value: unknown) => unknown): Node {
  return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, map(value)]))
}

function starOf(element: Node, names: Names): Node[] | undefined {
  const target = element?.ResTarget
  const reference = (target?.val ?? element)?.ColumnRef
  if (!reference?.fields?.at(-1)?.A_Star || reference.fields.length !== 2) return undefined
  const [row = ''] = namesOf(reference.fields)
  const fields = names.fieldsOf(row)
  return fields?.map((field) => {
    const one = { ColumnRef: { fields: [{ String: { sval: row } }, { String: { sval: field } }] } }
    return target ? { ResTarget: { ...target, val: one } } : one
  })
}

/** A row as one value, e.g. for `to_jsonb(NEW)`: its fields keep their names. */
function wholeRow(row: string, fields: readonly string[], names: Names): Node {
  const list = fields.map((field) => {
    names.used(`${row}.${field}`)
    return `${names.sqlOf(`${row}.${field}`)} AS ${quoteIdentifier(field)}`
  })
  const where = names.isAbsent(row) ? ' WHERE false' : ''
  return parseExpression(`(SELECT "~row" FROM (SELECT ${list.join(', ')}) AS "~row"${where})`)
}
