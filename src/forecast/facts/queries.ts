import type { Node } from '../../sql/parser.js'
import { lastName, namesOf } from '../tree.js'
import { type OutputColumn, readInside, requireBoolean, type Typed, typeIn, typeOf } from './expressions.js'
import { readFromClause } from './from-clause.js'
import type { QueryScope } from './query-scope.js'
import { builtIn, isSameType, type ValueType } from './types.js'

/** A column of a SELECT. A string constant is text to everybody but an INSERT that takes it. */
export interface SelectColumn extends OutputColumn {
  readonly typed: Typed
  /** The statement says its name; otherwise the server makes one up. */
  readonly isNamed: boolean
}

/**
 * Reads a SELECT or VALUES in its scope, in the order of the server.
 * @returns its columns; undefined when they cannot be told
 * @throws Refusal
 */
export function readSelect(scope: QueryScope, node: Node): readonly SelectColumn[] | undefined {
  readWithClause(scope, node.withClause)
  if (node.valuesLists) return readValues(scope, node.valuesLists)
  if (node.op !== undefined && node.op !== 'SETOP_NONE') return readSetOperation(scope, node)
  readFromClause(scope, node.fromClause)
  const columns = readTargets(scope, node.targetList)
  requireBoolean(scope.situation, scope, node.whereClause, 'WHERE')
  requireBoolean(scope.situation, scope, node.havingClause, 'HAVING')
  for (const { SortBy: sort } of node.sortClause ?? []) readSortKey(scope, sort?.node, columns)
  for (const key of node.groupClause ?? []) readSortKey(scope, key, columns)
  for (const key of node.distinctClause ?? [])
    if (Object.keys(key).length > 0) readSortKey(scope, key, columns)
  readInside(scope.situation, scope, [node.windowClause, node.limitCount, node.limitOffset])
  const isDistinct = node.distinctClause !== undefined
  return isDistinct ? columns?.map((column) => ({ ...column, typed: asTyped(column.type) })) : columns
}

function asTyped(type: ValueType | undefined): Typed {
  return type && { type }
}

/** https://www.postgresql.org/docs/current/queries-with.html */
export function readWithClause(scope: QueryScope, withClause: Node | undefined): void {
  const queries: Node[] = (withClause?.ctes ?? []).map((cte: Node) => cte.CommonTableExpr)
  // With RECURSIVE each of them sees all.
  if (withClause?.recursive) for (const { ctename } of queries) scope.addWithQuery(ctename, undefined)
  for (const { ctename, ctequery, aliascolnames } of queries) {
    const columns = scope.shared.read(scope.inner(), ctequery)
    const names = namesOf(aliascolnames)
    scope.addWithQuery(
      ctename,
      columns?.map(({ type, name }, i) => ({ name: names[i] ?? name, type })),
    )
  }
}

function readValues(scope: QueryScope, lists: readonly Node[]): SelectColumn[] {
  const rows = lists.map(({ List: row }) =>
    (row?.items ?? []).map((value: Node) => typeOf(scope.situation, scope, value)),
  ) as Typed[][]
  const [first = []] = rows
  return first.map((typed, i) => {
    const type = rows.map((row) => row[i]).reduce((one, other) => common(scope, one, other), typed)
    return {
      name: `column${i + 1}`,
      type: textual(scope, type),
      typed: lists.length === 1 ? typed : type,
      isNamed: true,
    }
  })
}

function readSetOperation(scope: QueryScope, node: Node): SelectColumn[] | undefined {
  const left = readSelect(scope.inner(), node.larg)
  const right = readSelect(scope.inner(), node.rarg)
  return left?.map(({ name, typed, isNamed }, i) => {
    const type = textual(scope, right ? common(scope, typed, right[i]?.typed) : undefined)
    return { name, type, typed: asTyped(type), isNamed }
  })
}

/** Two arms of one column: a constant follows the other arm. */
function common(scope: QueryScope, one: Typed, other: Typed): Typed {
  if (!one || !other) return undefined
  if ('literal' in one && 'literal' in other) return asTyped(builtIn(scope.situation, 'text'))
  const [left, right] = [typeIn(one), typeIn(other)]
  if (left && right) return isSameType(left, right) ? one : undefined
  return asTyped(left ?? right)
}

function textual(scope: QueryScope, typed: Typed): ValueType | undefined {
  return typed && 'literal' in typed ? builtIn(scope.situation, 'text') : typeIn(typed)
}

/** The target list of a SELECT, or RETURNING. Undefined when a `*` stands for columns that nobody knows. */
export function readTargets(
  scope: QueryScope,
  targets: readonly Node[] | undefined,
): SelectColumn[] | undefined {
  let isKnown = true
  const columns = (targets ?? []).flatMap(({ ResTarget: target }): SelectColumn[] => {
    const typed = typeOf(scope.situation, scope, target.val)
    const fields: Node[] | undefined = target.val?.ColumnRef?.fields
    if (fields?.at(-1)?.A_Star !== undefined) {
      const all = starColumns(scope, namesOf(fields.slice(0, -1)))
      isKnown &&= all !== undefined
      return all ?? []
    }
    isKnown &&= target.val?.A_Indirection === undefined
    const name: string = target.name ?? figuredName(target.val)
    return [{ name, type: textual(scope, typed), typed, isNamed: Boolean(target.name ?? fields) }]
  })
  return isKnown ? columns : undefined
}

function starColumns(scope: QueryScope, qualifier: readonly string[]): SelectColumn[] | undefined {
  if (scope.merged.size > 0 && qualifier.length === 0) return undefined
  const items = scope.items.filter(({ alias }) => qualifier.length === 0 || alias === qualifier.at(-1))
  if (items.length === 0 || items.some(({ columns }) => columns === undefined)) return undefined
  return items.flatMap(({ columns }) =>
    (columns ?? []).map((column) => ({ ...column, typed: asTyped(column.type), isNamed: true })),
  )
}

/** The name that the server gives a column without one; good enough to be looked up, not to be told. */
function figuredName(value: Node | undefined): string {
  const [kind = ''] = Object.keys(value ?? {})
  const node: Node = value?.[kind] ?? {}
  switch (kind) {
    case 'ColumnRef':
      return lastName(node.fields)
    case 'FuncCall':
      return lastName(node.funcname)
    case 'TypeCast': {
      const inner = figuredName(node.arg)
      return inner === unnamed ? lastName(node.typeName?.names) : inner
    }
    case 'CollateClause':
      return figuredName(node.arg)
    case 'CaseExpr': {
      const inner = figuredName(node.defresult)
      return inner === unnamed ? 'case' : inner
    }
    case 'CoalesceExpr':
      return 'coalesce'
    case 'MinMaxExpr':
      return node.op === 'IS_LEAST' ? 'least' : 'greatest'
    case 'A_ArrayExpr':
      return 'array'
    case 'RowExpr':
      return 'row'
    case 'SQLValueFunction':
      return String(node.op)
        .replace(/^SVFOP_|_N$/g, '')
        .toLowerCase()
    case 'SubLink':
      return subLinkName(node)
    default:
      return unnamed
  }
}

const unnamed = '?column?'

function subLinkName(node: Node): string {
  if (node.subLinkType === 'EXISTS_SUBLINK') return 'exists'
  if (node.subLinkType === 'ARRAY_SUBLINK') return 'array'
  const target = node.subselect?.SelectStmt?.targetList?.[0]?.ResTarget
  return node.subLinkType === 'EXPR_SUBLINK' ? (target?.name ?? figuredName(target?.val)) : unnamed
}

/** A key of ORDER BY, GROUP BY or DISTINCT ON may be the name of a column of the result. */
function readSortKey(
  scope: QueryScope,
  key: Node | undefined,
  columns: readonly OutputColumn[] | undefined,
): void {
  const fields: Node[] | undefined = key?.ColumnRef?.fields
  if (fields?.length === 1 && fields[0]?.String) {
    if (!columns || columns.some(({ name }) => name === fields[0]?.String.sval)) return
  }
  if (key) typeOf(scope.situation, scope, key)
}
