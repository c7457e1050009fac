import { type LockMode, strongerOf } from '../../domain/lock-mode.js'
import { quoteIdentifier } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import type { IndexObject, Relation } from '../model.js'
import { namesOf } from '../tree.js'
import type { LockClaim } from './claim.js'
import type { WorkSizes } from './thresholds.js'

/** What takes a statement its time: how much of which table. */
export interface LongWork {
  readonly kind: 'rewrite' | 'build' | 'scan' | 'write'
  /** The table, or the partitioned table whose partitions it is. */
  readonly relation: Relation
  readonly name: string
  readonly object: string
  /** The strongest lock that the relation is under meanwhile, or one of its indexes. */
  readonly mode: LockMode
  readonly sizeBytes: number
  /** Absent when the server has never counted. */
  readonly rowEstimate?: number
  /** False where nobody has seen whether the statement does it. */
  readonly isCertain: boolean
  /** Only the rows that meet a condition are changed. */
  readonly isConditional: boolean
  /** How many those are, where they were counted. */
  readonly rowsHit?: number
}

type Statement = { readonly kind: string; readonly node: Node }

/**
 * The work of a statement on relations that are there today; partitions are put together.
 * @param rowsHit how many rows it changes, where that was counted
 */
export function longWorkOf(statement: Statement, claims: readonly LockClaim[], rowsHit?: number): LongWork[] {
  const found = new Map<string, LongWork>()
  const onIndexes = locksOnIndexes(claims)
  for (const claim of claims) {
    const work = workOf(statement, claim, onIndexes)
    if (!work) continue
    const key = `${work.kind} ${work.relation.live}`
    const known = found.get(key)
    found.set(key, known ? sum(known, work) : work)
  }
  const works = [...found.values()]
  return rowsHit === undefined
    ? works
    : works.map((work) => (work.kind === 'write' ? { ...work, rowsHit } : work))
}

/** The planner opens the indexes of a table with the lock that it has on the table: what locks one locks both. */
function locksOnIndexes(claims: readonly LockClaim[]): Map<Relation, LockMode> {
  const strongest = new Map<Relation, LockMode>()
  for (const { target, mode } of claims)
    if (target.kind === 'index')
      strongest.set(target.relation, strongerOf(strongest.get(target.relation) ?? mode, mode))
  return strongest
}

function workOf(
  statement: Statement,
  claim: LockClaim,
  onIndexes: ReadonlyMap<Relation, LockMode>,
): LongWork | undefined {
  const { target, work, name, object } = claim
  if (target.kind !== 'relation' || target.relation.live === undefined || target.relation.isEmpty)
    return undefined
  const kind = kindOf(statement, target.relation, work)
  if (!kind) return undefined
  const { heapBytes, toastBytes, indexBytes, rowEstimate, isWorkCertain: isCertain } = claim
  const relation = rootOf(target.relation)
  return {
    kind,
    relation,
    name: relation === target.relation ? name : quoteIdentifier(relation.name),
    object: relation === target.relation ? object : relation.name,
    mode: strongerOf(onIndexes.get(target.relation) ?? claim.mode, claim.mode),
    sizeBytes: kind === 'rewrite' ? heapBytes + toastBytes + indexBytes : heapBytes,
    ...(rowEstimate === undefined ? {} : { rowEstimate }),
    isCertain,
    isConditional: kind === 'write' && statement.node.whereClause !== undefined,
  }
}

function kindOf(
  statement: Statement,
  relation: Relation,
  work: LockClaim['work'],
): LongWork['kind'] | undefined {
  if (work === 'rewrite' || work === 'build' || work === 'scan') return work
  const { kind, node } = statement
  const isTarget = work === 'write' && (kind === 'UpdateStmt' || kind === 'DeleteStmt')
  if (isTarget && isOrBelongsTo(relation, namedBy(node)) && !isByKey(relation, node.whereClause))
    return 'write'
  // INSERT … SELECT and CREATE TABLE AS read a whole table where no condition leads to a few rows.
  const isCopied = work === 'read' && (kind === 'InsertStmt' || kind === 'CreateTableAsStmt')
  return isCopied && !JSON.stringify(node).includes('"whereClause"') ? 'scan' : undefined
}

/** What is done to a table is done to its partitions, and to the tables that inherit from it. */
function isOrBelongsTo({ name, parents }: Relation, named: string): boolean {
  return name === named || parents.some((parent) => isOrBelongsTo(parent, named))
}

function namedBy({ relation }: Node): string {
  return relation?.relname ?? ''
}

/** The condition asks for certain values of the first column of an index, so that few rows are looked at. */
function isByKey(relation: Relation, condition: Node | undefined): boolean {
  if (!condition) return false
  if (condition.BoolExpr?.boolop === 'AND_EXPR')
    return condition.BoolExpr.args.some((one: Node) => isByKey(relation, one))
  const { A_Expr: comparison } = condition
  if (comparison?.kind !== 'AEXPR_OP' && comparison?.kind !== 'AEXPR_IN') return false
  const column = namesOf(comparison.lexpr?.ColumnRef?.fields).at(-1)
  const isConstant = comparison.rexpr?.A_Const ?? comparison.rexpr?.TypeCast ?? comparison.rexpr?.List
  return (
    Boolean(isConstant) &&
    relation.indexes.some(
      ({ keys, predicate }: IndexObject) => !predicate && keys[0]?.column?.name === column,
    )
  )
}

/** The partitioned table that a partition belongs to in the end. */
export function rootOf(relation: Relation): Relation {
  const [parent] = relation.isPartition ? relation.parents : []
  return parent ? rootOf(parent) : relation
}

function sum(one: LongWork, other: LongWork): LongWork {
  const { rowEstimate, ...rest } = one
  const isCounted = rowEstimate !== undefined && other.rowEstimate !== undefined
  return {
    ...rest,
    isCertain: one.isCertain && other.isCertain,
    sizeBytes: one.sizeBytes + other.sizeBytes,
    ...(isCounted ? { rowEstimate: rowEstimate + other.rowEstimate } : {}),
  }
}

/** It reaches one of these sizes. */
export function reaches({ kind, sizeBytes, rowEstimate, rowsHit }: LongWork, sizes: WorkSizes): boolean {
  if (kind === 'rewrite') return sizeBytes >= sizes.rewriteBytes
  if (kind === 'build') return sizeBytes >= sizes.buildBytes
  if (kind === 'scan') return sizeBytes >= sizes.scanBytes
  const rows = rowsHit ?? rowEstimate
  return rows === undefined ? sizeBytes >= sizes.rewriteBytes : rows >= sizes.rows
}
