import { relationOf } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import type { Relation } from '../model.js'
import { lastName, namesOf } from '../tree.js'
import { type OutputColumn, readInside, requireBoolean, typeOf } from './expressions.js'
import type { FromItem, QueryScope } from './query-scope.js'
import { areColumnsKnown, lookUp, noSuchRelation, said } from './situation.js'
import { invalid, missing } from './static-failure.js'
import { typeOfColumn } from './types.js'

/** Reads FROM, item by item, into the scope. @throws Refusal */
export function readFromClause(scope: QueryScope, items: readonly Node[] | undefined): void {
  for (const item of items ?? []) addItems(scope, readItem(scope, item))
}

/** @throws Refusal when two items go by one name */
export function addItems(scope: QueryScope, items: readonly FromItem[]): void {
  for (const item of items) {
    const other = scope.items.find(({ alias }) => alias !== undefined && alias === item.alias)
    if (other && (!other.schema || !item.schema || other.schema === item.schema))
      throw invalid('42712', `table name "${item.alias}" specified more than once`, item.alias)
    scope.items.push(item)
  }
}

function readItem(scope: QueryScope, item: Node): FromItem[] {
  const [kind = ''] = Object.keys(item)
  const node: Node = item[kind]
  switch (kind) {
    case 'RangeVar':
      return [readTable(scope, node)]
    case 'RangeSubselect': {
      const inner = node.lateral ? scope.inner() : scope.beside()
      return [named(node.alias, scope.shared.read(inner, node.subquery))]
    }
    case 'RangeFunction':
      return [readFunction(scope, node)]
    case 'JoinExpr':
      return readJoin(scope, node)
    case 'RangeTableSample':
      return readItem(scope, node.relation)
    default:
      return [named(node.alias, undefined)]
  }
}

function named(alias: Node | undefined, columns: readonly OutputColumn[] | undefined): FromItem {
  return {
    ...(alias ? { alias: alias.aliasname } : {}),
    columns: renamed(columns, alias),
    hasSystemColumns: false,
  }
}

/** `AS alias (a, b)` gives the first columns other names. */
function renamed(
  columns: readonly OutputColumn[] | undefined,
  alias: Node | undefined,
): readonly OutputColumn[] | undefined {
  const names = namesOf(alias?.colnames)
  return columns?.map((column, i) => ({ ...column, name: names[i] ?? column.name }))
}

/** A WITH query or a relation. @throws Refusal when it is neither */
function readTable(scope: QueryScope, node: Node): FromItem {
  const withQuery = node.schemaname ? undefined : scope.withQuery(node.relname)
  if (withQuery)
    return { ...named(node.alias, withQuery.columns), alias: node.alias?.aliasname ?? node.relname }
  const name = relationOf(node)
  const found = lookUp(scope.situation, name)
  if (!found) throw noSuchRelation(name)
  if (found.kind === 'index')
    throw invalid('42809', `${said(name)} is an index, which cannot be read`, name.name)
  if (found.kind === 'composite type')
    throw invalid('42809', `${said(name)} is a composite type, which cannot be read`, name.name)
  if (found.kind !== 'relation') {
    return { alias: node.alias?.aliasname ?? name.name, columns: undefined, hasSystemColumns: true }
  }
  scope.need(found.relation, 'select')
  return relationItem(found.relation, node)
}

/** A relation as an item, under its alias if the statement gives it one. */
export function relationItem(relation: Relation, { alias }: Node): FromItem {
  const columns = areColumnsKnown(relation)
    ? relation.columns.map((column): OutputColumn => ({ name: column.name, type: typeOfColumn(column) }))
    : undefined
  return {
    alias: alias?.aliasname ?? relation.name,
    ...(alias ? {} : { schema: relation.schema }),
    columns: renamed(columns, alias),
    hasSystemColumns: relation.kind !== 'view',
  }
}

/** What a function returns is not in the statement, unless it lists the columns. */
function readFunction(scope: QueryScope, node: Node): FromItem {
  for (const { List: call } of node.functions ?? []) {
    typeOf(scope.situation, scope, call?.items?.[0])
    for (const { ColumnDef: column } of call?.items?.[1]?.List?.items ?? [])
      readInside(scope.situation, scope, column)
  }
  const call = node.functions?.[0]?.List?.items?.[0]?.FuncCall
  const alias: string | undefined = node.alias?.aliasname ?? (call ? lastName(call.funcname) : undefined)
  return { ...(alias === undefined ? {} : { alias }), columns: undefined, hasSystemColumns: false }
}

function readJoin(scope: QueryScope, node: Node): FromItem[] {
  const left = readItem(scope, node.larg)
  // What stands on the right may be LATERAL and so see the left.
  const right = readItem(scope.beside([...scope.items, ...left]), node.rarg)
  const joined = scope.beside()
  addItems(joined, [...left, ...right])
  if (node.isNatural) scope.merged.add('*')
  for (const name of namesOf(node.usingClause)) {
    requireOnSide(left, name, 'left')
    requireOnSide(right, name, 'right')
    scope.merged.add(name)
  }
  for (const name of scope.merged) joined.merged.add(name)
  if (node.quals) requireBoolean(scope.situation, joined, node.quals, 'JOIN/ON')
  if (!node.alias) return [...left, ...right]
  const isPlain = !node.isNatural && !node.usingClause
  const all = [...left, ...right].map(({ columns }) => columns)
  const columns = isPlain && !all.includes(undefined) ? all.flatMap((some) => some ?? []) : undefined
  return [named(node.alias, columns)]
}

function requireOnSide(items: readonly FromItem[], name: string, side: 'left' | 'right'): void {
  const isThere = items.some(({ columns }) => !columns || columns.some((column) => column.name === name))
  if (!isThere)
    throw missing('42703', `column "${name}" specified in USING clause does not exist in ${side} table`, name)
}
