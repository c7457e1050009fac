import { relationOf } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import type { Column, Relation } from '../model.js'
import { requireAssignable } from './assignments.js'
import { type OutputColumn, requireBoolean, type Typed, typeOf } from './expressions.js'
import { addItems, readFromClause, relationItem } from './from-clause.js'
import { readTargets, readWithClause, type SelectColumn } from './queries.js'
import type { Need, QueryScope } from './query-scope.js'
import { areColumnsKnown, lookUp, noSuchRelation, requireColumn, said } from './situation.js'
import { exists, invalid, missing } from './static-failure.js'
import { typeOfColumn } from './types.js'

/**
 * Reads an INSERT, in the order of the server.
 * @returns the columns of RETURNING; undefined when they cannot be told
 * @throws Refusal
 */
export function readInsert(scope: QueryScope, node: Node): readonly OutputColumn[] | undefined {
  readWithClause(scope, node.withClause)
  const relation = requireTarget(scope, node.relation, 'insert')
  if (!relation) return undefined
  const targets = insertTargets(relation, node.cols)
  const select: Node | undefined = node.selectStmt?.SelectStmt
  const given = select?.valuesLists
    ? readRows(scope, relation, targets, node, select)
    : readSource(scope, targets, node)
  requireUngenerated(targets, given, node.override)
  scope.items.push(relationItem(relation, node.relation))
  readOnConflict(scope, relation, node.onConflictClause)
  const returned = readReturning(scope, node)
  requireWritable(relation)
  return returned
}

/** The server only minds when it starts. @throws Refusal */
function requireWritable({ kind, name }: Relation): void {
  if (kind === 'materialized view') throw invalid('42809', `cannot change materialized view "${name}"`, name)
}

function asTarget(column: Column): OutputColumn {
  return { name: column.name, type: typeOfColumn(column) }
}

/** A column that is written, unless only a part of it is or nobody knows it. */
type Target = Column | undefined

function insertTargets(relation: Relation, cols: readonly Node[] | undefined): readonly Target[] {
  if (!cols) return areColumnsKnown(relation) ? relation.columns : []
  const names = new Set<string>()
  return cols.map(({ ResTarget: { name, indirection } }) => {
    const column = requireColumn(relation, name)
    if (names.has(name) && !indirection)
      throw exists('42701', `column "${name}" specified more than once`, name)
    names.add(name)
    return indirection ? undefined : column
  })
}

/** What goes into the targets: for each of them, whether it is DEFAULT in every row. */
type Given = readonly { readonly isDefault: boolean }[]

function readRows(
  scope: QueryScope,
  relation: Relation,
  targets: readonly Target[],
  node: Node,
  select: Node,
): Given {
  readWithClause(scope, select.withClause)
  const rows: Node[][] = select.valuesLists.map(({ List: row }: Node) => row?.items ?? [])
  const isStarred = rows.some((row) => row.some((value) => value.ColumnRef || value.A_Indirection))
  const width = rows[0]?.length ?? 0
  if (rows.some((row) => row.length !== width))
    throw invalid('42601', 'VALUES lists must all be the same length', relation.name)
  if (areColumnsKnown(relation) && !isStarred) requireWidth(targets, width, node.cols !== undefined, relation)
  for (const row of rows) {
    row.forEach((value, i) => {
      const target = targets[i]
      const typed = value.SetToDefault ? undefined : typeOf(scope.situation, scope, value)
      if (target) requireAssignable(scope.situation, typed, asTarget(target))
    })
  }
  return targets.slice(0, width).map((_, i) => ({ isDefault: rows.every((row) => row[i]?.SetToDefault) }))
}

function requireWidth(
  targets: readonly Target[],
  width: number,
  isListed: boolean,
  relation: Relation,
): void {
  if (width > targets.length)
    throw invalid('42601', 'INSERT has more expressions than target columns', relation.name)
  if (width < targets.length && isListed)
    throw invalid('42601', 'INSERT has more target columns than expressions', relation.name)
}

function readSource(scope: QueryScope, targets: readonly Target[], node: Node): Given {
  // DEFAULT VALUES
  if (!node.selectStmt) return []
  const columns = scope.shared.read(scope.inner(), node.selectStmt) as readonly SelectColumn[] | undefined
  if (!columns) return []
  if (node.cols || columns.length > targets.length) {
    const isKnown = !targets.includes(undefined)
    if (isKnown && targets.length > 0 && columns.length !== targets.length) {
      const more =
        columns.length > targets.length
          ? 'expressions than target columns'
          : 'target columns than expressions'
      throw invalid('42601', `INSERT has more ${more}`, node.relation.relname)
    }
  }
  columns.forEach(({ typed }, i) => {
    const target = targets[i]
    if (target) requireAssignable(scope.situation, typed, asTarget(target))
  })
  return columns.map(() => ({ isDefault: false }))
}

/** https://www.postgresql.org/docs/current/sql-insert.html#SQL-INSERT-PARAMS-INSERTING */
function requireUngenerated(targets: readonly Target[], given: Given, override: string): void {
  given.forEach(({ isDefault }, i) => {
    const target = targets[i]
    if (!target || isDefault) return
    const isAlways = target.identity === 'always' && override === 'OVERRIDING_NOT_SET'
    if (isAlways || target.generated)
      throw invalid('428C9', `cannot insert a non-DEFAULT value into column "${target.name}"`, target.name)
  })
}

function readOnConflict(scope: QueryScope, relation: Relation, clause: Node | undefined): void {
  if (!clause) return
  if (clause.infer) requireArbiter(scope, relation, clause.infer)
  if (clause.action !== 'ONCONFLICT_UPDATE') return
  const excluded = { ...relationItem(relation, {}), alias: 'excluded', hasSystemColumns: false }
  const both = scope.beside([...scope.items, excluded])
  requireBoolean(scope.situation, both, clause.whereClause, 'WHERE')
  readAssignments(both, relation, clause.targetList)
}

/**
 * ON CONFLICT needs a unique index on exactly these columns; a partial one only helps where the condition is given.
 * @throws Refusal
 */
function requireArbiter(scope: QueryScope, relation: Relation, infer: Node): void {
  if (infer.conname) {
    if (relation.constraints.some(({ name }) => name === infer.conname)) return
    throw missing(
      '42704',
      `constraint "${infer.conname}" for table "${relation.name}" does not exist`,
      infer.conname,
    )
  }
  const elements: Node[] = (infer.indexElems ?? []).map((element: Node) => element.IndexElem)
  for (const { name, expr } of elements) {
    if (name) scope.column({ fields: [{ String: { sval: name } }] })
    else typeOf(scope.situation, scope, expr)
  }
  requireBoolean(scope.situation, scope, infer.whereClause, 'WHERE')
  const isPlain = elements.every(({ name, collation, opclass }) => name && !collation && !opclass)
  if (!isPlain || relation.kind === 'view' || relation.kind === 'foreign table') return
  const wanted = new Set(elements.map(({ name }) => name as string))
  const isOn = (columns: readonly (Column | undefined)[]) =>
    new Set(columns).size === wanted.size && columns.every((column) => column && wanted.has(column.name))
  const isIndexed = relation.indexes.some(
    ({ isUnique, keys, predicate }) =>
      isUnique && (!predicate || infer.whereClause) && isOn(keys.map(({ column }) => column)),
  )
  const isKey = relation.constraints.some(
    ({ kind, columns }) => (kind === 'primary key' || kind === 'unique') && isOn(columns),
  )
  if (!isIndexed && !isKey) {
    const words = 'there is no unique or exclusion constraint matching the ON CONFLICT specification'
    throw invalid('42P10', words, relation.name)
  }
}

/** Reads an UPDATE. @throws Refusal */
export function readUpdate(scope: QueryScope, node: Node): readonly OutputColumn[] | undefined {
  readWithClause(scope, node.withClause)
  const relation = requireTarget(scope, node.relation, 'update')
  if (!relation) return undefined
  scope.items.push(relationItem(relation, node.relation))
  readFromClause(scope, node.fromClause)
  requireBoolean(scope.situation, scope, node.whereClause, 'WHERE')
  const returned = readReturning(scope, node)
  readAssignments(scope, relation, node.targetList)
  requireWritable(relation)
  return returned
}

/** Reads a DELETE. @throws Refusal */
export function readDelete(scope: QueryScope, node: Node): readonly OutputColumn[] | undefined {
  readWithClause(scope, node.withClause)
  const relation = requireTarget(scope, node.relation, 'delete')
  if (!relation) return undefined
  scope.items.push(relationItem(relation, node.relation))
  readFromClause(scope, node.usingClause)
  requireBoolean(scope.situation, scope, node.whereClause, 'WHERE')
  const returned = readReturning(scope, node)
  requireWritable(relation)
  return returned
}

/** Reads a MERGE. @throws Refusal */
export function readMerge(scope: QueryScope, node: Node): readonly OutputColumn[] | undefined {
  readWithClause(scope, node.withClause)
  const relation = requireTarget(scope, node.relation)
  if (!relation) return undefined
  readFromClause(scope, [node.sourceRelation])
  addItems(scope, [relationItem(relation, node.relation)])
  requireBoolean(scope.situation, scope, node.joinCondition, 'JOIN/ON')
  for (const { MergeWhenClause: clause } of node.mergeWhenClauses ?? []) {
    requireBoolean(scope.situation, scope, clause.condition, 'WHEN')
    if (clause.commandType === 'CMD_UPDATE') readAssignments(scope, relation, clause.targetList)
    if (clause.commandType === 'CMD_INSERT') readMergeInsert(scope, relation, clause)
  }
  return undefined
}

function readMergeInsert(scope: QueryScope, relation: Relation, clause: Node): void {
  const targets = insertTargets(relation, clause.targetList)
  const values: Node[] = clause.values ?? []
  values.forEach((value, i) => {
    const target = targets[i]
    const typed = value.SetToDefault ? undefined : typeOf(scope.situation, scope, value)
    if (target) requireAssignable(scope.situation, typed, asTarget(target))
  })
}

/** SET column = value, … @throws Refusal */
function readAssignments(scope: QueryScope, relation: Relation, targets: readonly Node[] | undefined): void {
  const values = (targets ?? []).map(({ ResTarget: target }) => readAssigned(scope, target.val))
  targets?.forEach(({ ResTarget: target }, i) => {
    const column = requireColumn(relation, target.name)
    if (!column || target.indirection) return
    requireAssignable(scope.situation, values[i], asTarget(column))
  })
  for (const { ResTarget: target } of targets ?? []) {
    const column = relation.columns.find(({ name }) => name === target.name)
    if (target.val?.SetToDefault || !column || relation.kind === 'view') continue
    if (column.identity === 'always' || column.generated)
      throw invalid('428C9', `column "${column.name}" can only be updated to DEFAULT`, column.name)
  }
}

/** The value of one column; `(a, b) = (…)` is one source for several. */
function readAssigned(scope: QueryScope, value: Node): Typed {
  const part: Node | undefined = value.MultiAssignRef
  if (value.SetToDefault) return undefined
  if (!part) return typeOf(scope.situation, scope, value)
  const item: Node | undefined = part.source?.RowExpr?.args?.[part.colno - 1]
  if (item) return item.SetToDefault ? undefined : typeOf(scope.situation, scope, item)
  if (part.colno === 1) typeOf(scope.situation, scope, part.source)
  return undefined
}

function readReturning(scope: QueryScope, node: Node): readonly OutputColumn[] | undefined {
  const clause: Node | undefined = node.returningClause
  // OLD and NEW: https://www.postgresql.org/docs/current/dml-returning.html
  if (!clause || /"(old|new)"/.test(JSON.stringify(clause))) return undefined
  return readTargets(scope, clause.exprs)
}

/**
 * The relation that a statement writes to; undefined when it is one of the server's own.
 * @throws Refusal when there is none, or none that can be written to
 */
function requireTarget(
  scope: QueryScope,
  rangeVar: Node,
  privilege?: Need['privilege'],
): Relation | undefined {
  const name = relationOf(rangeVar)
  const found = lookUp(scope.situation, name)
  if (!found) throw noSuchRelation(name)
  if (found.kind === 'index')
    throw invalid('42809', `${said(name)} is an index, which cannot be written to`, name.name)
  if (found.kind === 'sequence') throw invalid('42809', `cannot change sequence ${said(name)}`, name.name)
  if (found.kind !== 'relation') return undefined
  if (privilege) scope.need(found.relation, privilege)
  return found.relation
}
