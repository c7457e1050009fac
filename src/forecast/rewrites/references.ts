import { relationOf } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { findRelation } from '../lookup.js'
import type { CatalogModel, Column, IndexObject, Relation } from '../model.js'
import { boundColumn, namesOf, parseExpression, parseStatement, visitTree } from '../tree.js'

/** An expression that was bound to columns reads this one. */
export function readsColumn(expression: Node | undefined, column: Column): boolean {
  return has(expression, (_, node) => node[boundColumn] === column)
}

/** A key, an included column, an expression or the predicate. */
export function indexReads(index: IndexObject, column: Column): boolean {
  return (
    index.keys.some((key) => key.column === column || readsColumn(key.expression, column)) ||
    index.included.includes(column) ||
    readsColumn(index.predicate, column)
  )
}

/** A view reads this column of a relation, by what its query says. */
export function viewReads(view: Relation, relation: Relation, column: Column): boolean {
  if (!view.reads.includes(relation)) return false
  if (view.definition === undefined) return true
  const aliases = new Set<string>()
  const names: string[][] = []
  visitTree(parseStatement(view.definition), (kind, node) => {
    if (kind === 'RangeVar' && node.relname === relation.name)
      aliases.add(node.alias?.aliasname ?? node.relname)
    if (kind === 'ColumnRef') names.push(namesOf(node.fields))
  })
  return names.some((parts) => {
    const [qualifier, name] = parts.length > 1 ? [parts.at(-2), parts.at(-1)] : [undefined, parts[0]]
    return name === column.name && (qualifier === undefined || aliases.has(qualifier))
  })
}

/** A policy of one relation may ask others. */
export function policyReads(
  catalog: CatalogModel,
  policies: Relation['policies'],
  relation: Relation,
  column: Column,
): boolean {
  return policies.some(({ expressions }) =>
    expressions.map(parseExpression).some((expression) => {
      const reads = has(
        expression,
        (kind, node) => kind === 'RangeVar' && findRelation(catalog, relationOf(node)) === relation,
      )
      return (
        reads &&
        has(expression, (kind, node) => kind === 'ColumnRef' && namesOf(node.fields).at(-1) === column.name)
      )
    }),
  )
}

function has(
  tree: Node | undefined,
  isIt: (kind: string, node: Parameters<Parameters<typeof visitTree>[1]>[1]) => boolean,
): boolean {
  let found = false
  visitTree(tree, (kind, node) => {
    found ||= isIt(kind, node)
  })
  return found
}
