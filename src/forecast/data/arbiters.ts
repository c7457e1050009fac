import { quoteIdentifier } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { unbindColumns } from '../bind.js'
import { NotFollowed } from '../casts.js'
import type { IndexKey, IndexObject, Relation } from '../model.js'
import { Rewriter } from '../rewrite.js'
import { deparseExpression } from '../tree.js'
import type { Walk } from '../walk.js'

export function uniqueIndexes(relation: Relation): IndexObject[] {
  return relation.indexes.filter(({ isUnique }) => isUnique)
}

/**
 * The indexes whose keys ON CONFLICT looks at.
 * https://www.postgresql.org/docs/current/sql-insert.html#SQL-ON-CONFLICT
 */
export function arbitersOf(relation: Relation, { infer }: Node): IndexObject[] {
  const unique = uniqueIndexes(relation)
  if (!infer) return unique
  if (infer.conname) {
    const constraint = relation.constraints.find(({ name }) => name === infer.conname)
    if (!constraint?.index) throw new NotFollowed(`constraint "${infer.conname}" is not known`)
    return [constraint.index]
  }
  const wanted: string[] = (infer.indexElems ?? []).map(({ IndexElem: { name, expr } }: Node) =>
    name === undefined ? deparseExpression(expr) : quoteIdentifier(name),
  )
  const isAllowed = ({ predicate }: IndexObject) => predicate === undefined || infer.whereClause !== undefined
  const isWanted = (key: IndexKey) => wanted.includes(textOf(key))
  const fits = unique.filter(
    (index) => index.keys.length === wanted.length && index.keys.every(isWanted) && isAllowed(index),
  )
  // The server prints an expression in its own words, with casts: the only index that it can be, is it.
  const byExpression = unique.filter(
    (index) =>
      index.keys.length === wanted.length &&
      index.keys.some(({ expression }) => expression) &&
      isAllowed(index),
  )
  const best =
    fits.find(({ predicate }) => predicate === undefined) ??
    fits[0] ??
    (byExpression.length === 1 ? byExpression[0] : undefined)
  if (!best) throw new NotFollowed('no unique index fits ON CONFLICT')
  return [best]
}

function textOf({ column, expression }: IndexKey): string {
  return column ? quoteIdentifier(column.name) : deparseExpression(unbindColumns(expression as Node))
}

/** The keys of an index and the condition for rows to be in it, as SQL over its table. */
export function keysOf(
  walk: Walk,
  relation: Relation,
  index: IndexObject,
): { keys: string[]; predicate: string } {
  const sqlOf = (tree: Node) => new Rewriter(walk.content).expression(tree, [relation]).sql
  return {
    keys: index.keys.map(({ column, expression }) =>
      column ? quoteIdentifier(column.name) : sqlOf(expression as Node),
    ),
    predicate: index.predicate ? sqlOf(index.predicate) : 'true',
  }
}
