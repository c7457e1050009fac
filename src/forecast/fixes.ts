import { quoteIdentifier } from '../sql/names.js'
import type { Column, Constraint, Relation } from './model.js'
import { deparseExpression } from './tree.js'

/**
 * SQL that a careful person could run on the target now, before the deploy. Proposed only where today's rows are those
 * that the statement will meet, and where nothing but the offence itself is lost.
 */
export function fixNulls(relation: Relation, column: Column): { fixSql?: string } {
  const name = column.liveName
  if (!isAsToday(relation) || name === undefined || column.default === undefined || column.sequence) return {}
  const value = deparseExpression(column.default)
  return {
    fixSql: `UPDATE ${relation.live} SET ${quoteIdentifier(name)} = ${value} WHERE ${quoteIdentifier(name)} IS NULL;`,
  }
}

/** A reference that leads nowhere can be taken away where the column may be NULL. */
export function fixOrphans(
  relation: Relation,
  { columns, parent, parentColumns = [] }: Constraint,
): { fixSql?: string } {
  const names = columns.map(({ liveName }) => liveName)
  const keys = parentColumns.map(({ liveName }) => liveName)
  const isKnown = [...names, ...keys].every((name) => name !== undefined)
  if (
    !parent ||
    !isAsToday(relation) ||
    !isAsToday(parent) ||
    !isKnown ||
    columns.some(({ isNotNull }) => isNotNull)
  )
    return {}
  const quoted = names.map((name) => quoteIdentifier(name ?? ''))
  const match = keys.map((key, i) => `p.${quoteIdentifier(key ?? '')} = c.${quoted[i]}`).join(' AND ')
  const isThere = quoted.map((name) => `c.${name} IS NOT NULL`).join(' AND ')
  return {
    fixSql: `UPDATE ${relation.live} c SET ${quoted.map((name) => `${name} = NULL`).join(', ')}\n WHERE ${isThere} AND NOT EXISTS (SELECT FROM ${parent.live} p WHERE ${match});`,
  }
}

function isAsToday({ live, source, opaque }: Relation): boolean {
  return live !== undefined && source === live && opaque === undefined
}
