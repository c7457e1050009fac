import { quoteIdentifier } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { castTo } from '../casts.js'
import type { Column, Relation } from '../model.js'
import { Rewriter } from '../rewrite.js'
import { columnsIn, type Walk } from '../walk.js'

/** SQL that computes a generated column over a row of its relation. */
export function generatedValue(walk: Walk, relation: Relation, column: Column): string {
  const { sql } = new Rewriter(walk.content).expression(column.generated as Node, [relation])
  return castTo(sql, column.type, 'assignment')
}

/** The columns of changed rows: generated ones follow those that they are computed from. Adds them to `changed`. */
export function recomputed(walk: Walk, relation: Relation, changed: Set<Column>): string {
  const list = relation.columns.map((column) => {
    const name = quoteIdentifier(column.name)
    const sources = [...columnsIn(column.generated)]
    if (!sources.some((one) => changed.has(one))) return name
    changed.add(column)
    const reason = sources.map(({ opaque }) => opaque).find((one) => one !== undefined)
    if (reason !== undefined) column.opaque = reason
    return `${generatedValue(walk, relation, column)} AS ${name}`
  })
  return list.join(', ')
}
