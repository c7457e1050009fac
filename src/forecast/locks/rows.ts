import type { LockMode } from '../../domain/lock-mode.js'
import { dataKinds } from '../../sql/data-kinds.js'
import type { Node } from '../../sql/parser.js'
import { findColumn } from '../lookup.js'
import type { Column, Relation } from '../model.js'
import { codeKinds, reachOf } from '../reach.js'
import { visitTree } from '../tree.js'
import type { Claims } from './claim.js'
import { familyOf, isPartitioned } from './family.js'
import { foreignKeysOf, foreignKeysTo } from './foreign-keys.js'
import { sequenceBehind } from './sequences.js'

/** Of locks that are taken where a row calls for them. */
const perhaps = { isCertain: false }

type Change = 'InsertStmt' | 'UpdateStmt' | 'DeleteStmt'

const everyChange: ReadonlySet<Change> = new Set<Change>(['InsertStmt', 'UpdateStmt', 'DeleteStmt'])

/**
 * What rows may bring about, which no catalog and no empty table shows: the partition that a row is put into, where a long value goes,
 * who counts it, and whom it references.
 * @param claims has the tables that the statement itself writes
 */
export function claimRows(
  claims: Claims,
  { kind, node, sql = '' }: { readonly kind: string; readonly node: Node; readonly sql?: string },
): void {
  const rows = new RowConsequences(claims)
  if (kind === 'ConstraintsSetStmt' && !node.deferred)
    // IMMEDIATE makes up for the checks of rows that were written before it.
    for (const relation of claims.written) rows.ofUpdate(relation, relation.columns)
  if (!dataKinds.has(kind) && !codeKinds.has(kind)) return
  const changes = changesIn(kind, node)
  for (const { target, mode } of claims.list()) {
    if (target.kind !== 'relation' || mode !== 'ROW EXCLUSIVE' || target.relation.kind === 'view') continue
    const written = isPartitioned(target.relation) ? familyOf(target.relation) : [target.relation]
    for (const one of written) claimWritten(claims, one, { kind, node, changes }, rows)
  }
  claimReached(claims, kind, sql, rows)
}

/** Tables that code may write: a block, functions that are called, triggers and rules. Which of them it writes depends on rows. */
function claimReached(claims: Claims, kind: string, sql: string, rows: RowConsequences): void {
  const isCode = codeKinds.has(kind)
  const { relations, texts } = reachOf(claims.catalog, sql, isCode)
  // The statement alone writes what it names.
  if (!isCode && texts.length === 1) return
  for (const one of relations) claimWritten(claims, one, { changes: everyChange }, rows)
}

/** What is done to rows, also inside WITH and after a conflict. */
function changesIn(kind: string, node: Node): Set<Change> {
  const changes = new Set<Change>()
  visitTree({ [kind]: node }, (one, inner) => {
    if (everyChange.has(one as Change)) changes.add(one as Change)
    if (one === 'MergeStmt') for (const each of everyChange) changes.add(each)
    if (inner.onConflictClause) changes.add('UpdateStmt')
  })
  return changes
}

interface Writing {
  readonly kind?: string
  readonly node?: Node
  readonly changes: ReadonlySet<Change>
}

function claimWritten(
  claims: Claims,
  relation: Relation,
  { kind, node, changes }: Writing,
  rows: RowConsequences,
): void {
  claims.relation(relation, 'ROW EXCLUSIVE', {
    ...perhaps,
    work: isPartitioned(relation) ? 'metadata' : 'write',
  })
  claims.toastOf(relation, 'ROW EXCLUSIVE', perhaps)
  // Indexes are given back when the row is put in, but for the one that decides what a conflict is.
  if (!node || node.onConflictClause) claims.indexesOf(relation, 'ROW EXCLUSIVE', perhaps)
  if (changes.has('InsertStmt') || JSON.stringify(node ?? {}).includes('"SetToDefault"')) {
    for (const column of relation.columns) {
      const sequence = sequenceBehind(claims.catalog, column)
      if (sequence) claims.sequence(sequence, 'ROW EXCLUSIVE', perhaps)
    }
  }
  if (changes.has('InsertStmt')) rows.ofInsert(relation)
  if (changes.has('DeleteStmt')) rows.ofDelete(relation)
  if (changes.has('UpdateStmt'))
    rows.ofUpdate(
      relation,
      kind === 'UpdateStmt' ? assignedColumns(node as Node, relation) : relation.columns,
    )
}

/** Columns that an UPDATE sets. A row of a partition may move, which is a DELETE and an INSERT. */
function assignedColumns({ targetList = [] }: Node, relation: Relation): readonly Column[] {
  if (relation.isPartition || isPartitioned(relation)) return relation.columns
  return targetList.flatMap(({ ResTarget }: Node) => findColumn(relation, ResTarget?.name) ?? [])
}

/**
 * What a changed row brings about through foreign keys. Whether there is such a row is not in the catalog.
 * https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK
 */
class RowConsequences {
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

  /** The server's own query for a foreign key opens every index of the table, whichever it then takes. */
  #look(relation: Relation, mode: LockMode): void {
    const isTarget = mode === 'ROW EXCLUSIVE'
    for (const one of familyOf(relation)) {
      const work = isPartitioned(one) ? 'metadata' : isTarget ? 'write' : 'read'
      this.claims.relation(one, mode, { ...perhaps, work })
      this.claims.indexesOf(one, mode, perhaps)
      if (isTarget) this.claims.toastOf(one, mode, perhaps)
    }
  }
}
