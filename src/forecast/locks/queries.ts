import type { LockMode } from '../../domain/lock-mode.js'
import { relationOf } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { findColumn, findRelation } from '../lookup.js'
import type { Column, Relation } from '../model.js'
import { lastName } from '../tree.js'
import type { Claims } from './claim.js'
import { descendantsOf, isPartitioned } from './family.js'
import { foreignKeysOf, foreignKeysTo, plansPartitionedIndexes } from './foreign-keys.js'
import { claimSequenceCall, isSequenceFunction, sequenceBehind } from './sequences.js'

/** What is locked when a query is planned and run. `kind` is that of a statement node: SELECT, INSERT, UPDATE, DELETE, MERGE. */
export function claimQuery(claims: Claims, kind: string, node: Node): void {
  new QueryWalk(claims, 'planned').statement(kind, node, start)
}

/**
 * What is locked when a query is only parsed, to be kept: its relations, but not what is beneath a partitioned table, and
 * beneath a view only where the query is rewritten too.
 */
export function claimParsedQuery(claims: Claims, tree: unknown, { throughViews = false } = {}): void {
  new QueryWalk(claims, throughViews ? 'rewritten' : 'parsed').visit(tree, start)
}

/** What is locked when the query of a view is run. */
export function claimViewQuery(claims: Claims, view: Relation): void {
  for (const read of view.reads)
    claimPlanned(claims, read, { mode: 'ACCESS SHARE', inherits: true, isFiltered: true })
}

/** What a subquery knows of the queries around it. */
interface Scope {
  /** Names of WITH queries, which are no relations. */
  readonly withNames: ReadonlySet<string>
  /** ROW SHARE under FOR UPDATE and its like. */
  readonly mode: LockMode
  /** A condition may keep partitions out of the plan. */
  readonly isFiltered: boolean
  /** What is called is called for a row, if there is one. */
  readonly isPerRow: boolean
}

const start: Scope = { withNames: new Set(), mode: 'ACCESS SHARE', isFiltered: false, isPerRow: false }

const statementKinds = ['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt']

class QueryWalk {
  constructor(
    private readonly claims: Claims,
    private readonly until: 'parsed' | 'rewritten' | 'planned',
  ) {}

  visit(tree: unknown, scope: Scope): void {
    if (Array.isArray(tree)) for (const one of tree) this.visit(one, scope)
    if (typeof tree !== 'object' || tree === null || Array.isArray(tree)) return
    for (const [kind, inner] of Object.entries(tree)) {
      if (statementKinds.includes(kind)) this.statement(kind, inner, scope)
      else if (kind === 'RangeVar') this.#reference(inner, scope)
      else {
        if (kind === 'FuncCall') this.#call(inner, scope)
        this.visit(inner, scope)
      }
    }
  }

  statement(kind: string, node: Node, outer: Scope): void {
    const names = (node.withClause?.ctes ?? []).map((cte: Node) => cte.CommonTableExpr?.ctename)
    const scope: Scope = {
      withNames: new Set([...outer.withNames, ...names]),
      mode: node.lockingClause ? 'ROW SHARE' : 'ACCESS SHARE',
      isFiltered: outer.isFiltered || isFiltered(node),
      isPerRow: outer.isPerRow || node.fromClause !== undefined || node.whereClause !== undefined,
    }
    for (const cte of node.withClause?.ctes ?? []) this.visit(cte.CommonTableExpr?.ctequery, scope)
    const { withClause, relation, intoClause, lockingClause, larg, rarg, ...rest } = node
    for (const side of [larg, rarg]) if (side) this.statement('SelectStmt', side, scope)
    if (kind !== 'SelectStmt') this.#target(kind, node, scope)
    this.visit(rest, scope)
  }

  #reference(rangeVar: Node, { withNames, mode, isFiltered }: Scope): void {
    if (!rangeVar.schemaname && withNames.has(rangeVar.relname)) return
    const relation = findRelation(this.claims.catalog, relationOf(rangeVar))
    if (!relation) return
    const inherits = Boolean(rangeVar.inh)
    if (this.until === 'planned') claimPlanned(this.claims, relation, { mode, inherits, isFiltered })
    else this.#keep(relation, mode)
  }

  #keep(relation: Relation, mode: LockMode): void {
    this.claims.relation(relation, mode)
    if (this.until !== 'rewritten' || relation.kind !== 'view') return
    for (const read of relation.reads) this.#keep(read, mode)
  }

  #target(kind: string, node: Node, scope: Scope): void {
    const relation = findRelation(this.claims.catalog, relationOf(node.relation))
    if (!relation) return
    if (this.until !== 'planned') {
      this.#keep(relation, 'ROW EXCLUSIVE')
      return
    }
    for (const one of targetsOf(this.claims, relation)) this.#write(kind, node, one, scope)
  }

  #write(kind: string, node: Node, relation: Relation, scope: Scope): void {
    const { claims } = this
    if (kind === 'InsertStmt') {
      claimInsert(claims, relation, node, scope.withNames)
      return
    }
    const inherits = Boolean(node.relation?.inh)
    claimPlanned(claims, relation, {
      mode: 'ROW EXCLUSIVE',
      inherits,
      isFiltered: scope.isFiltered,
      isTarget: true,
    })
    const family = inherits ? [relation, ...descendantsOf(relation)] : [relation]
    for (const one of family) claims.toastOf(one, 'ROW EXCLUSIVE', { isCertain: false })
    for (const one of family) claimAssignedDefaults(claims, one, node)
    const rows = new RowConsequences(claims)
    if (kind !== 'UpdateStmt') for (const one of family) rows.ofDelete(one)
    if (kind !== 'DeleteStmt') for (const one of family) rows.ofUpdate(one, assignedColumns(kind, node, one))
  }

  #call(call: Node, { isPerRow }: Scope): void {
    if (this.until !== 'planned' || !isSequenceFunction(lastName(call.funcname))) return
    claimSequenceCall(this.claims, call, !isPerRow)
  }
}

function isFiltered({ whereClause, fromClause, usingClause, joinCondition }: Node): boolean {
  const from: Node[] = fromClause ?? []
  const isJoined = from.length > 1 || from.some((one) => one.JoinExpr)
  return Boolean(whereClause || usingClause || joinCondition || isJoined)
}

/** An automatically updatable view is written through to what it reads. */
function targetsOf(claims: Claims, relation: Relation): Relation[] {
  if (relation.kind !== 'view') return [relation]
  claims.relation(relation, 'ROW EXCLUSIVE')
  if (relation.triggers.some(({ timing }) => timing === 'instead of')) {
    claimViewQuery(claims, relation)
    return []
  }
  return relation.reads.flatMap((read) => targetsOf(claims, read))
}

interface Plan {
  readonly mode: LockMode
  readonly inherits: boolean
  readonly isFiltered: boolean
  readonly isTarget?: boolean
  readonly isCertain?: boolean
}

/** The planner opens every index of every relation, whichever it then takes. */
function claimPlanned(claims: Claims, relation: Relation, plan: Plan): void {
  const { mode, inherits, isFiltered, isTarget = false, isCertain = true } = plan
  const work = isPartitioned(relation) ? 'metadata' : isTarget ? 'write' : 'read'
  if (relation.kind === 'view') {
    claims.relation(relation, mode, { isCertain })
    for (const read of relation.reads)
      claimPlanned(claims, read, { ...plan, inherits: true, isFiltered: true })
    return
  }
  claims.relation(relation, mode, { work, isCertain })
  if (!isPartitioned(relation) || plansPartitionedIndexes(claims.catalog)) {
    claims.indexesOf(relation, mode, { isCertain })
  } else if (relation.children.length === 0 || !inherits) {
    // Unless it has had partitions, which is forgotten some time after the last one has gone.
    claims.indexesOf(relation, mode, { isCertain: false })
  }
  if (!inherits) return
  for (const child of relation.children) {
    claimPlanned(claims, child, { ...plan, isCertain: isCertain && !(isPartitioned(relation) && isFiltered) })
  }
}

/** Indexes are opened for as long as the rows are put in, and then given back. */
function claimInsert(claims: Claims, relation: Relation, node: Node, withNames: ReadonlySet<string>): void {
  claims.relation(relation, 'ROW EXCLUSIVE', { work: 'write' })
  const conflict = node.onConflictClause
  // The planner looks for the index that decides what a conflict is.
  if (conflict?.infer) claims.indexesOf(relation, 'ROW EXCLUSIVE')
  const isCertain = isOneInsert(node) && node.cols !== undefined && withNames.size === 0
  claimDefaults(claims, relation, node, isCertain)
  const rows = new RowConsequences(claims)
  for (const one of [relation, ...descendantsOf(relation)]) {
    claims.relation(one, 'ROW EXCLUSIVE', { work: 'write', isCertain: false })
    claims.toastOf(one, 'ROW EXCLUSIVE', { isCertain: false })
    rows.ofInsert(one)
    if (conflict) claimAssignedDefaults(claims, one, conflict)
    if (conflict) rows.ofUpdate(one, assignedColumns('UpdateStmt', conflict, one))
    if (conflict) claims.indexesOf(one, 'ROW EXCLUSIVE', { isCertain: false })
  }
}

function isOneInsert({ selectStmt }: Node): boolean {
  return !selectStmt || (selectStmt.SelectStmt?.valuesLists ?? []).length > 0
}

/** The sequences that give columns of a new row their values. */
function claimDefaults(claims: Claims, relation: Relation, insert: Node, isCertain: boolean): void {
  const names: string[] = (insert.cols ?? []).map((col: Node) => col.ResTarget?.name)
  const rows: Node[] = insert.selectStmt?.SelectStmt?.valuesLists ?? []
  const isDefault = (column: Column) => {
    const at = names.indexOf(column.name)
    const isOverridden = insert.override === 'OVERRIDING_USER_VALUE' && column.identity !== undefined
    return at < 0 || isOverridden || rows.some(({ List }) => List?.items?.[at]?.SetToDefault)
  }
  claimSequencesOf(claims, relation, isDefault, isCertain)
}

function claimSequencesOf(
  claims: Claims,
  relation: Relation,
  isDefault: (column: Column) => boolean,
  isCertain: boolean,
): void {
  for (const column of relation.columns) {
    const sequence = sequenceBehind(claims.catalog, column)
    if (sequence && isDefault(column)) claims.sequence(sequence, 'ROW EXCLUSIVE', { isCertain })
  }
}

/** SET column = DEFAULT, and the columns of a row that MERGE puts in. */
function claimAssignedDefaults(
  claims: Claims,
  relation: Relation,
  { targetList, mergeWhenClauses }: Node,
): void {
  const isSet = (targets: Node[], column: Column) =>
    targets.some(({ ResTarget: { name, val } }) => name === column.name && val?.SetToDefault)
  claimSequencesOf(claims, relation, (column) => isSet(targetList ?? [], column), false)
  for (const { MergeWhenClause: clause } of mergeWhenClauses ?? []) {
    const targets: Node[] = clause.targetList ?? []
    const isLeftOut = (column: Column) =>
      clause.commandType === 'CMD_INSERT' && !targets.some(({ ResTarget }) => ResTarget.name === column.name)
    claimSequencesOf(claims, relation, (column) => isLeftOut(column) || isSet(targets, column), false)
  }
}

/** Columns that an UPDATE sets. A row of a partition may move, which is a DELETE and an INSERT. */
function assignedColumns(kind: string, node: Node, relation: Relation): Column[] {
  if (kind !== 'UpdateStmt' || relation.isPartition || isPartitioned(relation)) return relation.columns
  const targets: Node[] = node.targetList ?? []
  return targets.flatMap(({ ResTarget }) => findColumn(relation, ResTarget?.name) ?? [])
}

/**
 * What a changed row brings about through foreign keys. Whether there is such a row is not in the catalog.
 * https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK
 */
export class RowConsequences {
  readonly #deleted = new Set<Relation>()
  readonly #updated = new Set<Relation>()

  constructor(private readonly claims: Claims) {}

  ofInsert(relation: Relation): void {
    for (const { parent } of foreignKeysOf(relation)) this.#look(parent, 'ROW SHARE')
  }

  ofUpdate(relation: Relation, columns: readonly Column[]): void {
    if (this.#updated.has(relation)) return
    this.#updated.add(relation)
    const names = new Set(columns.map(({ name }) => name))
    // A row that the transaction has made itself is looked for again, whatever has changed of it.
    const isAgain = this.claims.written.has(relation)
    for (const foreignKey of foreignKeysOf(relation)) {
      if (isAgain || foreignKey.columns.some((column) => columns.includes(column)))
        this.#look(foreignKey.parent, 'ROW SHARE')
    }
    for (const { child, foreignKey } of this.#referencesTo(relation)) {
      if (!foreignKey.parentColumns.some(({ name }) => names.has(name))) continue
      const isChecked = foreignKey.onUpdate === 'no action' || foreignKey.onUpdate === 'restrict'
      this.#look(child, isChecked ? 'ROW SHARE' : 'ROW EXCLUSIVE')
      if (!isChecked) this.ofUpdate(child, foreignKey.columns)
    }
  }

  ofDelete(relation: Relation): void {
    if (this.#deleted.has(relation)) return
    this.#deleted.add(relation)
    for (const { child, foreignKey } of this.#referencesTo(relation)) {
      const isChecked = foreignKey.onDelete === 'no action' || foreignKey.onDelete === 'restrict'
      this.#look(child, isChecked ? 'ROW SHARE' : 'ROW EXCLUSIVE')
      if (foreignKey.onDelete === 'cascade') this.ofDelete(child)
      else if (!isChecked) this.ofUpdate(child, foreignKey.columns)
    }
  }

  /** What references a partitioned table references the rows of its partitions. */
  #referencesTo(relation: Relation): ReturnType<typeof foreignKeysTo> {
    const above = relation.isPartition ? relation.parents : []
    return [
      ...foreignKeysTo(this.claims.catalog, relation),
      ...above.flatMap((one) => this.#referencesTo(one)),
    ]
  }

  #look(relation: Relation, mode: LockMode): void {
    const isTarget = mode === 'ROW EXCLUSIVE'
    claimPlanned(this.claims, relation, {
      mode,
      inherits: true,
      isFiltered: true,
      isTarget,
      isCertain: false,
    })
    if (isTarget) this.claims.toastOf(relation, mode, { isCertain: false })
  }
}
