import { relationOf } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { findColumn, findRelation } from '../lookup.js'
import type { CatalogModel, Column, Relation } from '../model.js'
import { namesOf, visitTree } from '../tree.js'

/** A column of a table, as a query reads it. */
export interface SourceColumn {
  readonly relation: Relation
  readonly column: Column
}

/** A column of a query's result, and the columns of tables that its value is made of. */
export interface Output {
  readonly name: string
  readonly reads: readonly SourceColumn[]
}

/** What stands in a FROM under one name. */
interface Source {
  readonly alias: string
  readonly outputs: readonly Output[]
}

/** What the names of a WITH stand for. */
type Items = ReadonlyMap<string, readonly Output[]>

/**
 * The columns that a query gives, in order, with what each is made of: only what comes out, not what a condition
 * reads. `select` is the node itself, without its kind.
 */
export function outputsOf(catalog: CatalogModel, select: Node, outer: Items = new Map()): Output[] {
  const items = itemsOf(catalog, select.withClause, outer)
  if (select.larg && select.rarg) {
    const others = outputsOf(catalog, select.rarg, items)
    return outputsOf(catalog, select.larg, items).map((one, i) => ({
      name: one.name,
      reads: [...one.reads, ...(others[i]?.reads ?? [])],
    }))
  }
  const sources = sourcesOf(catalog, select.fromClause ?? [], items)
  return listed(catalog, select.targetList ?? [], sources, items)
}

/** What each name of a WITH gives: a query, or the RETURNING of a statement that writes. */
export function itemsOf(
  catalog: CatalogModel,
  withClause: Node | undefined,
  outer: Items = new Map(),
): Items {
  const items = new Map(outer)
  for (const { CommonTableExpr: item } of withClause?.ctes ?? []) {
    const [[kind = '', node = {}] = []] = Object.entries(item.ctequery ?? {}) as [string, Node][]
    const outputs = kind === 'SelectStmt' ? outputsOf(catalog, node, items) : returnedBy(catalog, node, items)
    items.set(item.ctename, renamed(outputs, namesOf(item.aliascolnames)))
  }
  return items
}

/** The sources of a FROM, those of its joins and subqueries among them. */
export function sourcesOf(catalog: CatalogModel, from: readonly Node[], items: Items = new Map()): Source[] {
  return from.flatMap((one): Source[] => {
    if (one.RangeVar) return [tableSource(catalog, one.RangeVar, items)]
    if (one.JoinExpr) return sourcesOf(catalog, [one.JoinExpr.larg, one.JoinExpr.rarg], items)
    const query = one.RangeSubselect?.subquery?.SelectStmt
    if (!query) return []
    const alias = one.RangeSubselect.alias
    const outputs = renamed(outputsOf(catalog, query, items), namesOf(alias?.colnames))
    return [{ alias: alias?.aliasname ?? '', outputs }]
  })
}

/** The columns that an expression is made of; of a subquery in it, those that the subquery gives. */
export function columnsReadBy(
  catalog: CatalogModel,
  tree: Node | undefined,
  sources: readonly Source[],
  items: Items = new Map(),
): SourceColumn[] {
  const reads: SourceColumn[] = []
  const inSubquery = new Set<unknown>()
  visitTree(tree, (kind, node) => {
    if (kind === 'SubLink') {
      for (const output of outputsOf(catalog, node.subselect?.SelectStmt ?? {}, items))
        reads.push(...output.reads)
      visitTree(node.subselect, (_, inner) => inSubquery.add(inner))
    }
    if (kind === 'ColumnRef' && !inSubquery.has(node)) reads.push(...(resolve(node, sources)?.reads ?? []))
  })
  return reads
}

function tableSource(catalog: CatalogModel, rangeVar: Node, items: Items): Source {
  const name = relationOf(rangeVar)
  const alias: string = rangeVar.alias?.aliasname ?? name.name
  const item = name.schema === undefined ? items.get(name.name) : undefined
  const relation = item ? undefined : findRelation(catalog, name)
  const outputs = item ?? (relation ? columnsAsOutputs(relation) : [])
  return { alias, outputs: renamed(outputs, namesOf(rangeVar.alias?.colnames)) }
}

function columnsAsOutputs(relation: Relation): Output[] {
  return relation.columns.map((column) => ({ name: column.name, reads: [{ relation, column }] }))
}

function returnedBy(catalog: CatalogModel, node: Node, items: Items): Output[] {
  if (!node.relation) return []
  const source = tableSource(catalog, node.relation, items)
  const more = sourcesOf(catalog, [...(node.fromClause ?? []), ...(node.usingClause ?? [])], items)
  const list: Node[] = node.returningClause?.exprs ?? node.returningList ?? []
  return listed(catalog, list, [source, ...more], items)
}

function listed(
  catalog: CatalogModel,
  targetList: readonly Node[],
  sources: readonly Source[],
  items: Items,
): Output[] {
  return targetList.flatMap(({ ResTarget: target }): readonly Output[] => {
    const fields: Node[] = target.val?.ColumnRef?.fields ?? []
    if (fields.some((field) => field.A_Star)) {
      const [alias] = namesOf(fields.filter((field) => !field.A_Star)).slice(-1)
      return sources
        .filter((one) => alias === undefined || one.alias === alias)
        .flatMap(({ outputs }) => outputs)
    }
    const name: string = target.name ?? namesOf(fields).at(-1) ?? ''
    return [{ name, reads: columnsReadBy(catalog, target.val, sources, items) }]
  })
}

function resolve(columnRef: Node, sources: readonly Source[]): Output | undefined {
  const names = namesOf(columnRef.fields)
  const name = names.at(-1)
  const alias = names.at(-2)
  for (const source of sources) {
    if (alias !== undefined && source.alias !== alias) continue
    const found = source.outputs.find((one) => one.name === name)
    if (found) return found
  }
  return undefined
}

function renamed(outputs: readonly Output[], names: readonly string[]): readonly Output[] {
  return names.length === 0 ? outputs : outputs.map((one, i) => ({ ...one, name: names[i] ?? one.name }))
}

/** A column of the target and one of a table that a condition says are equal, wherever the statement says so. */
export function equalColumns(
  catalog: CatalogModel,
  statement: Node,
  target: Relation,
  alias: string,
): { readonly own: Column; readonly other: SourceColumn }[] {
  const from: Node[] = []
  visitTree(statement, (kind, node) => {
    if (kind === 'RangeVar') from.push({ RangeVar: node })
  })
  const sources = sourcesOf(catalog, from, itemsOf(catalog, statement.withClause))
  const sidesOf = (tree: Node): { own?: Column; other?: SourceColumn } => {
    const columnRef = tree?.TypeCast?.arg?.ColumnRef ?? tree?.ColumnRef
    if (!columnRef) return {}
    const names = namesOf(columnRef.fields)
    const isQualified = names.length > 1
    const other = resolve(columnRef, sources)?.reads[0]
    const own =
      (isQualified ? names.at(-2) === alias : other === undefined || other.relation === target) &&
      findColumn(target, names.at(-1) ?? '')
    if (own) return { own }
    return other ? { other } : {}
  }
  const found: { own: Column; other: SourceColumn }[] = []
  visitTree(statement, (kind, node) => {
    if (kind !== 'A_Expr' || node.kind !== 'AEXPR_OP' || namesOf(node.name).at(-1) !== '=') return
    const [left, right] = [sidesOf(node.lexpr), sidesOf(node.rexpr)]
    const own = left.own ?? right.own
    const other = left.other ?? right.other
    if (own && other) found.push({ own, other })
  })
  return found
}
