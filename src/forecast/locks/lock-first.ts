import type { LockGroup } from '../../domain/lock-group.js'
import { blocksWriters, type LockMode, lockModes, strongerOf } from '../../domain/lock-mode.js'
import { relationOf } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { findRelation } from '../lookup.js'
import type { CatalogModel, Relation } from '../model.js'
import type { LockClaim } from './claim.js'
import { familyOf } from './family.js'
import type { LockedStatement } from './findings.js'
import { foreignKeysOf } from './foreign-keys.js'

/** What a statement means for the locks around it, noted while the catalog is as the statement meets it. */
export interface LockStep {
  readonly index: number
  /** The locks for which writers of a table that is there today wait, in the order in which it takes them. */
  readonly needs: readonly LockNeed[]
  /** Size of what it reads, writes or builds; infinite where nobody knows. */
  readonly workBytes: number
  /** Tables may have other names after it than before it, although it locks none of them. */
  readonly renamesUnseen: boolean
}

interface LockNeed {
  readonly relation: Relation
  readonly schema: string
  readonly name: string
  readonly mode: LockMode
  /** The tables that applications lock before this one. */
  readonly after: readonly Relation[]
}

/** Work on less than this, one statement's or that of several together, is over before anybody waits for it. */
const longFromBytes = 8 * 1024 ** 2

/** LOCK TABLE takes no other: https://www.postgresql.org/docs/current/sql-lock.html */
const lockableKinds = ['table', 'partitioned table']

/** What these run does not stand in the statement. */
const codeKinds = ['DoStmt', 'CallStmt', 'SelectStmt', 'ExecuteStmt', 'CopyStmt']

/** To be called right before the statement is followed: names and foreign keys are those of that moment. */
export function lockStepOf({ statement, place, claims }: LockedStatement, catalog: CatalogModel): LockStep {
  const added = addedReference(statement, catalog)
  return {
    index: place.index,
    needs: claims
      .flatMap(needsOf)
      .map((need) =>
        need.relation === added?.child ? { ...need, after: [...need.after, ...added.parents] } : need,
      ),
    workBytes: codeKinds.includes(statement.kind)
      ? Number.POSITIVE_INFINITY
      : claims.reduce((sum, claim) => sum + workBytesOf(claim), 0),
    renamesUnseen: renamesSchema(statement),
  }
}

function needsOf({ target, mode, isCertain }: LockClaim): LockNeed[] {
  if (target.kind !== 'relation' || !isCertain || !blocksWriters(mode)) return []
  const { relation } = target
  if (relation.live === undefined || !lockableKinds.includes(relation.kind)) return []
  const referenced = foreignKeysOf(relation).flatMap(({ parent }) => familyOf(parent))
  const { schema, name, parents } = relation
  return [{ relation, schema, name, mode, after: [...referenced, ...parents] }]
}

/** A foreign key that ALTER TABLE adds: applications go by it before the database does. */
function addedReference(
  { kind, node }: { readonly kind: string; readonly node: Node },
  catalog: CatalogModel,
): { readonly child: Relation | undefined; readonly parents: readonly Relation[] } | undefined {
  if (kind !== 'AlterTableStmt') return undefined
  const definitions: Node[] = (node.cmds ?? []).map((cmd: Node) => cmd.AlterTableCmd?.def)
  const constraints = definitions.flatMap((one): Node[] =>
    one?.Constraint ? [one] : (one?.ColumnDef?.constraints ?? []),
  )
  const parents = constraints.flatMap(({ Constraint }) => {
    const parent = Constraint?.pktable && findRelation(catalog, relationOf(Constraint.pktable))
    return parent ? familyOf(parent) : []
  })
  return { child: findRelation(catalog, relationOf(node.relation)), parents }
}

function workBytesOf({ target, work, heapBytes, toastBytes, indexBytes }: LockClaim): number {
  if (target.kind === 'sequence' || target.kind === 'composite type' || target.relation.isEmpty) return 0
  if (work === 'metadata' || work === 'empty' || work === 'drop') return 0
  // What the migrations have filled themselves has no size yet, and a foreign table has none here.
  const isUnknown = target.relation.live === undefined || target.relation.kind === 'foreign table'
  return isUnknown ? Number.POSITIVE_INFINITY : heapBytes + toastBytes + indexBytes
}

function renamesSchema({ kind, node }: { readonly kind: string; readonly node: Node }): boolean {
  return kind === 'RenameStmt' && node.renameType === 'OBJECT_SCHEMA'
}

/**
 * The locks of one transaction in groups: each is taken in one go, before the first statement that needs one of them.
 * A group ends where somebody else's long work begins: what is locked before that is locked for longer.
 * @param steps in order
 */
export function lockGroupsOf(steps: readonly LockStep[]): LockGroup[] {
  const groups: LockGroup[] = []
  const held = new Map<Relation, LockMode>()
  for (let at = 0; at < steps.length; ) {
    const from = at
    const length = steps[from]?.needs.some((need) => isMore(need, held)) ? groupLength(steps, from) : 1
    const needs = steps.slice(from, from + length).flatMap((step) => step.needs)
    const tables = strongestFirstSeen(needs.filter((need) => isMore(need, held)))
    if (tables.length > 1) groups.push(groupBefore(steps[from]?.index ?? 0, tables))
    for (const { relation, mode } of needs) held.set(relation, strongerOf(held.get(relation) ?? mode, mode))
    at += length
  }
  return groups
}

/**
 * How many statements from this one on give their locks to one group: as long as the work between the first lock and the
 * last is short. A long statement has a group to itself.
 */
function groupLength(steps: readonly LockStep[], from: number): number {
  let workBytes = 0
  let at = from
  for (; at < steps.length; at += 1) {
    const step = steps[at] as LockStep
    workBytes += step.workBytes
    if (workBytes >= longFromBytes || step.renamesUnseen) break
  }
  return Math.max(1, at - from)
}

function isMore({ relation, mode }: LockNeed, held: ReadonlyMap<Relation, LockMode>): boolean {
  const known = held.get(relation)
  return known === undefined || lockModes.indexOf(mode) > lockModes.indexOf(known)
}

/** One for each table, in the order and under the name of its first, in the strongest mode. */
function strongestFirstSeen(needs: readonly LockNeed[]): LockNeed[] {
  const byRelation = new Map<Relation, LockNeed>()
  for (const need of needs) {
    const known = byRelation.get(need.relation)
    byRelation.set(need.relation, known ? both(known, need) : need)
  }
  return [...byRelation.values()]
}

function both(known: LockNeed, need: LockNeed): LockNeed {
  return { ...known, mode: strongerOf(known.mode, need.mode), after: [...known.after, ...need.after] }
}

function groupBefore(beforeStatement: number, needs: readonly LockNeed[]): LockGroup {
  const tables = parentsFirst(needs).map(({ schema, name, mode }) => ({ schema, name, mode }))
  return { beforeStatement, tables }
}

/** Applications write the parent before its children; where tables reference each other, the file's order decides. */
function parentsFirst(needs: readonly LockNeed[]): LockNeed[] {
  const left = [...needs]
  const isFree = ({ relation, after }: LockNeed) =>
    !left.some((other) => other.relation !== relation && after.includes(other.relation))
  const sorted: LockNeed[] = []
  while (left.length > 0) sorted.push(...left.splice(Math.max(0, left.findIndex(isFree)), 1))
  return sorted
}
