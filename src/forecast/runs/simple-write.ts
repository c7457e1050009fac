import { relationOf } from '../../sql/names.js'
import type { Node, ParsedStatement } from '../../sql/parser.js'
import { findColumn, findRelation } from '../lookup.js'
import type { Column, Relation } from '../model.js'
import type { StatementPlace } from '../requirement.js'
import { lastName, namesOf, visitTree } from '../tree.js'
import { columnsIn, type Walk } from '../walk.js'
import { isConstant } from './constant-rows.js'

interface Write {
  readonly statement: ParsedStatement
  readonly place: StatementPlace
  readonly relation: Relation
  /** Statements that say the same can be followed as one: they differ in their constants. */
  readonly form: string
}

/** INSERT INTO … VALUES of constants. */
export interface SimpleInsert extends Write {
  readonly kind: 'insert'
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly Node[])[]
}

/** UPDATE or DELETE of the rows that have certain constants in certain columns. */
export interface SimpleChange extends Write {
  readonly kind: 'update' | 'delete'
  /** Compared with a constant each. */
  readonly keys: readonly Column[]
  /** As the condition writes them. */
  readonly keyTrees: readonly Node[]
  /** Several for an IN list. */
  readonly rows: readonly (readonly Node[])[]
  /** The rest of the condition, which is the same in every statement of the form. */
  readonly rest: readonly Node[]
  readonly sets: readonly { readonly column: Column; readonly tree: Node; readonly isConstant: boolean }[]
  /** Columns that the condition and the values read, but for the keys. */
  readonly reads: ReadonlySet<Column>
}

export type SimpleWrite = SimpleInsert | SimpleChange

/**
 * What the statement writes, if that is plain to see: constants, to a table where nothing else happens by it. Undefined
 * for any other statement, which is followed by itself.
 */
export function readSimpleWrite(
  walk: Walk,
  statement: ParsedStatement,
  place: StatementPlace,
): SimpleWrite | undefined {
  const { kind, node } = statement
  if (kind !== 'InsertStmt' && kind !== 'UpdateStmt' && kind !== 'DeleteStmt') return undefined
  if (node.withClause || node.returningList || node.returningClause) return undefined
  const relation = findRelation(walk.catalog, relationOf(node.relation))
  if (!relation || !isPlainTable(relation) || node.relation.inh === false) return undefined
  const common = { statement, place, relation }
  if (kind === 'InsertStmt') return readInsert(common, node)
  if (node.fromClause || node.usingClause || !node.whereClause || relation.opaque !== undefined)
    return undefined
  return readChange(common, node, kind === 'UpdateStmt' ? 'update' : 'delete')
}

/** Nothing but its own rows changes by a statement on it, apart from foreign keys. */
function isPlainTable({ kind, children, parents, triggers, rules, isPartition }: Relation): boolean {
  return (
    kind === 'table' &&
    children.length === 0 &&
    parents.length === 0 &&
    !isPartition &&
    rules.length === 0 &&
    triggers.every(({ isEnabled, isEnabledInReplica }) => !isEnabled && !isEnabledInReplica)
  )
}

type Common = Pick<Write, 'statement' | 'place' | 'relation'>

function readInsert(common: Common, node: Node): SimpleInsert | undefined {
  const { relation } = common
  const lists = rowsOf(node.selectStmt?.SelectStmt)
  const [first] = lists ?? []
  if (!lists || !first || (node.override ?? 'OVERRIDING_NOT_SET') !== 'OVERRIDING_NOT_SET') return undefined
  const given: (Column | undefined)[] = node.cols
    ? node.cols.map(({ ResTarget }: Node) =>
        ResTarget.indirection ? undefined : findColumn(relation, ResTarget.name),
      )
    : relation.columns.slice(0, first.length)
  const columns = given.filter((column) => column !== undefined)
  if (columns.length !== given.length || columns.some(({ generated }) => generated)) return undefined
  if (new Set(columns).size !== columns.length) return undefined
  if (lists.some((list) => list.length !== columns.length)) return undefined
  const defaults = columns.map((_, i) => first[i]?.SetToDefault !== undefined)
  const isAlike = (list: readonly Node[]) =>
    list.every((cell, i) => (defaults[i] ? cell.SetToDefault !== undefined : isPlainConstant(cell)))
  if (!lists.every(isAlike)) return undefined
  const isGiven = (_: unknown, i: number) => !defaults[i]
  const conflict = node.onConflictClause
  const form = [
    'insert',
    relation.schema,
    relation.name,
    ...columns.filter(isGiven).map(({ name }) => name),
    ...(conflict ? [textOf(conflict), node.relation.alias?.aliasname ?? ''] : []),
  ]
  return {
    ...common,
    kind: 'insert',
    form: JSON.stringify(form),
    columns: columns.filter(isGiven),
    rows: lists.map((list) => list.filter(isGiven)),
  }
}

/** The rows of VALUES, or of a SELECT that reads nothing. */
function rowsOf(select: Node | undefined): Node[][] | undefined {
  if (!select || select.withClause || select.sortClause || select.limitCount || select.limitOffset)
    return undefined
  if (select.valuesLists) return select.valuesLists.map(({ List }: Node) => List.items)
  const { targetList, fromClause, whereClause, groupClause, havingClause, distinctClause, larg, intoClause } =
    select
  if (fromClause || whereClause || groupClause || havingClause || distinctClause || larg || intoClause)
    return undefined
  return targetList ? [targetList.map(({ ResTarget }: Node) => ResTarget.val)] : undefined
}

/** A constant whose value no function of the migrations makes, and that takes nothing from a sequence. */
function isPlainConstant(tree: Node): boolean {
  if (tree.A_Const) return true
  if (!isConstant(tree)) return false
  let isPlain = true
  visitTree(tree, (kind, { funcname }) => {
    if (kind === 'FuncCall' && /^(nextval|currval|lastval|setval)$/.test(lastName(funcname))) isPlain = false
  })
  return isPlain
}

function readChange(common: Common, node: Node, kind: 'update' | 'delete'): SimpleChange | undefined {
  const { relation } = common
  const alias: string = node.relation.alias?.aliasname ?? relation.name
  const columnOf = (tree: Node | undefined) => {
    const names = namesOf(tree?.ColumnRef?.fields)
    if (names.length === 0 || names.length > 2 || (names.length === 2 && names[0] !== alias)) return undefined
    return findColumn(relation, names.at(-1) ?? '')
  }
  const keys: { column: Column; tree: Node; values: Node[] }[] = []
  const rest: Node[] = []
  for (const one of conjunctsOf(node.whereClause)) {
    const key = readKey(one, columnOf)
    const isNew = key && !keys.some(({ column }) => column === key.column)
    if (key && isNew && (key.values.length === 1 || keys.every(({ values }) => values.length === 1)))
      keys.push(key)
    else rest.push(one)
  }
  if (keys.length === 0) return undefined
  const sets = kind === 'update' ? readSets(node.targetList, relation) : []
  if (sets === undefined) return undefined
  const computed = sets.filter((one) => !one.isConstant).map(({ tree }) => tree)
  const reads = readColumns([...rest, ...computed], columnOf)
  if (!reads) return undefined
  const many = Math.max(...keys.map(({ values }) => values.length))
  const form = [
    kind,
    relation.schema,
    relation.name,
    alias,
    keys.map(({ column }) => column.name),
    rest.map(textOf),
    sets.map((one) => [one.column.name, one.isConstant ? '' : textOf(one.tree)]),
  ]
  return {
    ...common,
    kind,
    form: JSON.stringify(form),
    keys: keys.map(({ column }) => column),
    keyTrees: keys.map(({ tree }) => tree),
    rows: Array.from({ length: many }, (_, i) =>
      keys.map(({ values }) => (values.length === 1 ? values[0] : values[i]) as Node),
    ),
    rest,
    sets,
    reads,
  }
}

function conjunctsOf(tree: Node): Node[] {
  return tree.BoolExpr?.boolop === 'AND_EXPR' ? tree.BoolExpr.args.flatMap(conjunctsOf) : [tree]
}

/** `column = constant`, or `column IN (constants)`. */
function readKey(
  tree: Node,
  columnOf: (tree: Node | undefined) => Column | undefined,
): { column: Column; tree: Node; values: Node[] } | undefined {
  const { kind, name, lexpr, rexpr } = tree.A_Expr ?? {}
  if (namesOf(name).join() !== '=') return undefined
  const isList = kind === 'AEXPR_IN'
  if (!isList && kind !== 'AEXPR_OP') return undefined
  const [own, other] = columnOf(lexpr) || isList ? [lexpr, rexpr] : [rexpr, lexpr]
  const column = columnOf(own)
  const values: Node[] | undefined = isList ? other?.List?.items : [other]
  if (!column || !values || values.some((one) => keyText(column, one) === undefined)) return undefined
  return { column, tree: own, values }
}

const wholeNumbers: ReadonlySet<string> = new Set(['int2', 'int4', 'int8'])

/**
 * The value of a constant that a column is compared with, so that two are the same text exactly when the server finds
 * them equal; undefined where only the server knows that.
 */
export function keyText({ type, collation }: Column, tree: Node): string | undefined {
  const { object, isArray } = type
  if (isArray || collation !== undefined) return undefined
  const literal = tree.TypeCast ? tree.TypeCast.arg : tree
  const constant = literal?.A_Const
  if (constant === undefined || constant.isnull) return undefined
  if (tree.TypeCast) {
    const named = lastName(tree.TypeCast.typeName.names)
    if (named !== object.name || tree.TypeCast.typeName.typmods || tree.TypeCast.typeName.arrayBounds)
      return undefined
  }
  const text = constant.sval ? (constant.sval.sval ?? '') : undefined
  if (object.kind === 'enum') return text
  if (object.kind !== 'base' || object.schema !== 'pg_catalog') return undefined
  if (wholeNumbers.has(object.name)) {
    if (constant.ival) return String(constant.ival.ival ?? 0)
    return text !== undefined && /^(0|-?[1-9]\d{0,8})$/.test(text) ? text : undefined
  }
  if (object.name === 'text' || object.name === 'varchar') return text
  if (object.name === 'uuid') {
    const plain = text?.toLowerCase()
    return plain !== undefined && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(plain)
      ? plain
      : undefined
  }
  return undefined
}

function readSets(targetList: readonly Node[], relation: Relation): SimpleChange['sets'] | undefined {
  const sets: { column: Column; tree: Node; isConstant: boolean }[] = []
  for (const { ResTarget } of targetList) {
    const column = findColumn(relation, ResTarget.name)
    const tree: Node = ResTarget.val
    if (!column || column.generated || ResTarget.indirection || tree.MultiAssignRef || tree.SetToDefault)
      return undefined
    const isFree = isConstant(tree)
    if (isFree ? !isPlainConstant(tree) : holdsCallOrQuery(tree)) return undefined
    sets.push({ column, tree, isConstant: isFree })
  }
  return sets
}

function holdsCallOrQuery(tree: Node): boolean {
  let isHeld = false
  visitTree(tree, (kind) => {
    if (kind === 'SubLink' || kind === 'FuncCall' || kind === 'SetToDefault' || kind === 'ParamRef')
      isHeld = true
  })
  return isHeld
}

/** Undefined where one of them reads anything but columns of the table. */
function readColumns(
  trees: readonly Node[],
  columnOf: (tree: Node | undefined) => Column | undefined,
): Set<Column> | undefined {
  const columns = new Set<Column>()
  let isPlain = true
  for (const tree of trees) {
    if (holdsCallOrQuery(tree)) return undefined
    visitTree(tree, (kind, node) => {
      if (kind !== 'ColumnRef') return
      const column = columnOf({ ColumnRef: node })
      if (column) columns.add(column)
      else isPlain = false
    })
  }
  return isPlain ? columns : undefined
}

/** Columns that decide together with the given ones whether a row is allowed: of one CHECK, index or generated column. */
export function companionsOf(relation: Relation, columns: ReadonlySet<Column>): Set<Column> {
  const groups = [
    ...relation.constraints.map(({ expression, columns: own }) => [...columnsIn(expression), ...own]),
    ...relation.indexes.map(({ keys, predicate, included }) => [
      ...keys.flatMap(({ column, expression }) => column ?? [...columnsIn(expression)]),
      ...columnsIn(predicate),
      ...included,
    ]),
    ...relation.columns.map((column) => [column, ...columnsIn(column.generated)]),
  ]
  const all = new Set(columns)
  for (const group of groups) if (group.some((one) => columns.has(one))) for (const one of group) all.add(one)
  return all
}

/** A tree as text, without the places in the source. */
function textOf(tree: Node): string {
  return JSON.stringify(tree, (key, value) => (/(^|_)(location|start|end)$/.test(key) ? undefined : value))
}
