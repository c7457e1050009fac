import { quoteIdentifier, relationOf } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { findColumn, findRelation } from '../lookup.js'
import type { Column, Relation } from '../model.js'
import type { Scope } from '../rewrite.js'
import { lastName, namesOf, visitTree } from '../tree.js'
import type { Walk } from '../walk.js'

/** The one relation of a FROM list that each row of the target meets at most once. */
export interface UniqueJoin {
  /** What to read for it. */
  readonly source: string
  /** Quoted. */
  readonly alias: string
}

/**
 * Whether an UPDATE … FROM u WHERE … meets u by a unique key of it, so that a plain join gives each row of the target
 * once. Undefined where that is not plain to see.
 */
export function uniqueJoinOf(walk: Walk, target: Relation, node: Node, scope: Scope): UniqueJoin | undefined {
  const item = node.fromClause?.length === 1 ? node.fromClause[0].RangeVar : undefined
  const link = item && scope.uniqueItems?.has(item.relname) ? scope.items.get(item.relname) : undefined
  if (link !== undefined) return { source: link, alias: quoteIdentifier(item.relname) }
  if (!item || !node.whereClause || (!item.schemaname && scope.items.has(item.relname))) return undefined
  const relation = findRelation(walk.catalog, relationOf(item))
  if (!relation || relation.opaque !== undefined) return undefined
  const alias: string = item.alias?.aliasname ?? item.relname
  const isOwn = (tree: Node) => ownColumn(tree, relation, alias, target)
  const met = conjunctsOf(node.whereClause).flatMap((one) => metColumn(one, isOwn))
  const isUnique = relation.indexes.some(
    ({ isUnique: unique, isValid, predicate, keys }) =>
      unique && isValid && !predicate && keys.every(({ column }) => column && met.includes(column)),
  )
  if (!isUnique) return undefined
  const source = scope.before?.get(relation) ?? walk.content.read(relation)
  return { source, alias: quoteIdentifier(alias) }
}

function conjunctsOf(tree: Node): Node[] {
  return tree.BoolExpr?.boolop === 'AND_EXPR' ? tree.BoolExpr.args.flatMap(conjunctsOf) : [tree]
}

/** The column of the other side in `u.key = …`, where the rest does not read u. */
function metColumn(tree: Node, isOwn: (tree: Node) => Column | undefined): Column[] {
  const { kind, name, lexpr, rexpr } = tree.A_Expr ?? {}
  if (kind !== 'AEXPR_OP' || lastName(name) !== '=') return []
  return [
    [lexpr, rexpr],
    [rexpr, lexpr],
  ].flatMap(([one, other]) => {
    const column = isOwn(one)
    return column && !readsOwn(other, isOwn) ? [column] : []
  })
}

function readsOwn(tree: Node, isOwn: (tree: Node) => Column | undefined): boolean {
  let reads = false
  visitTree(tree, (kind, node) => {
    // What a subquery reads is not looked into.
    if (kind === 'SubLink' || (kind === 'ColumnRef' && isOwn({ ColumnRef: node }))) reads = true
  })
  return reads
}

function ownColumn(tree: Node, relation: Relation, alias: string, target: Relation): Column | undefined {
  const names = namesOf(tree?.ColumnRef?.fields)
  const name = names.at(-1) ?? ''
  const place = names.at(-2)
  if (place === undefined ? findColumn(target, name) !== undefined : place !== alias) return undefined
  return findColumn(relation, name)
}
