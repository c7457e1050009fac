import type { Node } from '../../sql/parser.js'
import { findColumn } from '../lookup.js'
import type { Column, Constraint, Relation } from '../model.js'
import { visitTree } from '../tree.js'
import type { Walk } from '../walk.js'
import { conflictOf, uniqueColumns } from './arrange.js'
import { numberedColumns } from './follow-together.js'
import type { SimpleWrite } from './simple-write.js'

/** What the statements of a run do to one table so far. */
interface Doings {
  inserts: boolean
  upserts: boolean
  deletes: boolean
  /** Columns that they set. */
  readonly sets: Set<Column>
}

/** Decides which statements may be looked at together, because it cannot matter how far one of them has come. */
export class RunRules {
  readonly #doings = new Map<Relation, Doings>()
  readonly #references: readonly { readonly child: Relation; readonly key: Constraint }[]

  constructor(walk: Walk) {
    this.#references = walk.catalog.relations.flatMap((child) =>
      child.constraints.filter(({ kind }) => kind === 'foreign key').map((key) => ({ child, key })),
    )
  }

  /** Whether the statement may be followed together with others at all. */
  isFit(write: SimpleWrite): boolean {
    const { relation, kind } = write
    const sets = columnsSet(write)
    if (!sets) return false
    const own = this.#references.filter(({ child, key }) => child === relation && key.parent === relation)
    const referredTo = this.#references.filter(({ key }) => key.parent === relation)
    if (kind === 'delete' && own.length > 0) return false
    if (own.some(({ key }) => key.columns.some((column) => sets.has(column)))) return false
    if (referredTo.some(({ key }) => key.parentColumns?.some((column) => sets.has(column)))) return false
    if (kind === 'insert' && !areCounted(numberedColumns(write))) return false
    const isOdd = !arePlain(relation)
    const unique = uniqueColumns(relation)
    if (isOdd && (kind !== 'insert' || conflictOf(write))) return false
    return !(conflictOf(write) && [...sets].some((column) => unique.has(column)))
  }

  /** Adds the statement to those that are looked at together; false where it must wait for them to be followed. */
  takes(write: SimpleWrite): boolean {
    const { relation, kind } = write
    const sets = columnsSet(write) ?? new Set()
    const own = this.#doings.get(relation)
    const isReferredTo = this.#references.some(({ key }) => key.parent === relation)
    if (kind === 'delete' && isReferredTo && [...this.#doings.keys()].some((one) => one !== relation))
      return false
    for (const [other, doings] of this.#doings)
      if (other !== relation && doings.deletes && this.#references.some(({ key }) => key.parent === other))
        return false
    for (const { child, key } of this.#references) {
      const parent = key.parent && this.#doings.get(key.parent)
      if (child === relation && parent?.inserts && key.columns.some((column) => sets.has(column)))
        return false
      const children = this.#doings.get(child)
      if (
        key.parent === relation &&
        kind === 'insert' &&
        key.columns.some((column) => children?.sets.has(column))
      )
        return false
    }
    const isUpsert = conflictOf(write) !== undefined
    const unique = uniqueColumns(relation)
    const setsUnique = (columns: Iterable<Column>) => [...columns].some((column) => unique.has(column))
    if (isUpsert && own && (own.deletes || setsUnique(own.sets))) return false
    if (own?.upserts && (kind === 'delete' || setsUnique(sets))) return false
    const doings = own ?? { inserts: false, upserts: false, deletes: false, sets: new Set<Column>() }
    doings.inserts ||= kind === 'insert'
    doings.upserts ||= isUpsert
    doings.deletes ||= kind === 'delete'
    for (const column of sets) doings.sets.add(column)
    this.#doings.set(relation, doings)
    return true
  }
}

/** Each takes from a sequence of its own. */
function areCounted(columns: readonly Column[]): boolean {
  const sequences = new Set(columns.map(({ sequence }) => sequence))
  return !sequences.has(undefined) && sequences.size === columns.length
}

/** Its constraints compare plain columns. */
function arePlain({ constraints, indexes }: Relation): boolean {
  return (
    constraints.every(({ kind }) => kind !== 'exclusion') &&
    indexes.every(
      ({ isUnique, keys, predicate, areNullsNotDistinct }) =>
        !isUnique || (keys.every(({ column }) => column) && !predicate && !areNullsNotDistinct),
    )
  )
}

/** Columns that an UPDATE or ON CONFLICT DO UPDATE sets; undefined where it reads other tables for that. */
function columnsSet(write: SimpleWrite): Set<Column> | undefined {
  if (write.kind !== 'insert') return new Set(write.sets.map(({ column }) => column))
  const conflict: Node | undefined = conflictOf(write)
  const columns = new Set<Column>()
  if (conflict === undefined) return columns
  let isPlain = true
  visitTree({ OnConflictClause: conflict }, (kind) => {
    if (kind === 'SubLink' || kind === 'SetToDefault' || kind === 'MultiAssignRef') isPlain = false
  })
  for (const { ResTarget } of conflict.targetList ?? []) {
    const column = findColumn(write.relation, ResTarget.name)
    if (!column || ResTarget.indirection) return undefined
    columns.add(column)
  }
  return isPlain ? columns : undefined
}
