import { relationOfParts } from '../sql/names.js'
import type { Node } from '../sql/parser.js'
import { findColumn, findType } from './lookup.js'
import type { CatalogModel, Relation } from './model.js'
import { boundColumn, boundType, mapTree, namesOf, visitTree } from './tree.js'

/**
 * Binds the column references of an expression over one relation, e.g. of a CHECK, to its columns, so that a rename
 * needs no edit of the expression. Gives a copy, because the tree of a statement may be read again.
 */
export function bindColumns(relation: Relation, expression: Node): Node {
  const bound = copyTree(expression)
  visitTree(bound, (kind, node) => {
    if (kind !== 'ColumnRef') return
    const column = findColumn(relation, namesOf(node.fields).at(-1) ?? '')
    if (column) node[boundColumn] = column
  })
  return bound
}

/** Binds the names of types in casts to the types that they mean now. Gives a copy. */
export function bindTypes(catalog: CatalogModel, tree: Node): Node {
  const bound = copyTree(tree)
  visitTree(bound, (kind, node) => {
    if (kind !== 'TypeCast') return
    const type = findType(catalog, relationOfParts(node.typeName?.names ?? []))
    if (type) node[boundType] = type
  })
  return bound
}

function copyTree(tree: Node): Node {
  return mapTree(tree, () => undefined)
}

/** The expression with its columns called as they are called now. */
export function unbindColumns(expression: Node): Node {
  return mapTree(expression, (kind, node) => {
    const column = kind === 'ColumnRef' ? node[boundColumn] : undefined
    return column ? { ColumnRef: { fields: [{ String: { sval: column.name } }] } } : undefined
  })
}
