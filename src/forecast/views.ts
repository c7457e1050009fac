import { quoteIdentifier, relationOf } from '../sql/names.js'
import type { Node } from '../sql/parser.js'
import { bindTypes } from './bind.js'
import type { Content } from './content.js'
import { findRelation } from './lookup.js'
import type { CatalogModel, Column, ReadRelation, Relation, ViewQuery } from './model.js'
import { Rewriter } from './rewrite.js'
import { boundRelation, namesOf, visitTree } from './tree.js'

/**
 * Binds the query of a view to the types and relations that its names mean now, as the server does when it makes the
 * view: what is renamed later, the view still reads.
 */
export function bindView(catalog: CatalogModel, query: Node): ViewQuery {
  const tree = bindTypes(catalog, query)
  const items = new Set<string>()
  visitTree(tree, (kind, node) => {
    if (kind === 'CommonTableExpr') items.add(node.ctename)
  })
  const reads = new Map<Relation, ReadRelation>()
  visitTree(tree, (kind, node) => {
    if (kind !== 'RangeVar' || (node.schemaname === undefined && items.has(node.relname))) return
    const relation = findRelation(catalog, relationOf(node))
    if (!relation) return
    const read = reads.get(relation) ?? {
      relation,
      columns: relation.columns.map((column) => ({ column, name: column.name })),
    }
    node[boundRelation] = read
    reads.set(relation, read)
  })
  return { tree, reads: [...reads.values()] }
}

/**
 * Whether a view reads a column: `maybe` where several relations have one of that name.
 * https://www.postgresql.org/docs/current/ddl-depend.html
 */
export function readsColumn({ query }: Relation, column: Column): 'yes' | 'maybe' | 'no' {
  const read = query?.reads.flatMap((one) => one.columns).find((one) => one.column === column)
  if (!query || !read) return 'no'
  let isNamed = false
  visitTree(query.tree, (kind, { fields }) => {
    if (kind === 'ColumnRef' && (fields.at(-1)?.A_Star || namesOf(fields).at(-1) === read.name))
      isNamed = true
  })
  if (!isNamed) return 'no'
  return query.reads.length === 1 ? 'yes' : 'maybe'
}

/** Gives a view the rows that its query yields at this point, unless they are those that the server would give today. */
export function settleView(content: Content, view: Relation): void {
  const { query } = view
  if (!query || view.kind !== 'view') return
  const sources = query.reads.map((read) => content.readAs(read))
  const isAsToday =
    view.readState === undefined &&
    view.live !== undefined &&
    query.reads.every(({ relation }, i) => sources[i] === relation.live)
  const state = sources.join(', ')
  if (isAsToday || view.readState === state) return
  view.readState = state
  refreshView(content, view)
}

/** Gives a view the rows that its query yields at this point. */
export function refreshView(content: Content, view: Relation): void {
  const { sql, opaque, isVolatile } = new Rewriter(content).query(view.query?.tree ?? {})
  const heads = view.columns.map((_, i) => quoteIdentifier(`~${i}`))
  const list = view.columns.map(({ name }, i) => `${heads[i]} AS ${quoteIdentifier(name)}`)
  content.replace(view, `SELECT ${list.join(', ')} FROM (${sql}) AS q (${heads.join(', ')})`, { isVolatile })
  const hidden = view.hidesRows
    ? [`row level security hides rows from the role that owns view "${view.name}"`]
    : []
  const [reason = hidden[0]] = opaque
  if (reason === undefined) delete view.opaque
  else view.opaque = reason
}
