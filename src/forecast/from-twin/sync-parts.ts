import type { Column, Constraint, IndexObject, Relation } from '../model.js'
import { needCheck, needForeignKey, needUnique } from '../needs.js'
import type { Walk } from '../walk.js'
import { carryColumns, carryConstraint, carryIndex, carryQuery, carryTree, carryTrigger } from './carry.js'
import { type Counterparts, counterpartOf } from './counterparts.js'

/** What stands on the columns of a relation: defaults, constraints, indexes, triggers, rules, the family, the query of a view. */
export function syncParts(walk: Walk, ours: Relation, theirs: Relation, parts: Counterparts): void {
  // The rows of a partition are asked with those of the whole.
  const isAsked = !ours.isEmpty && !theirs.isPartition && ours.kind !== 'view'
  for (const column of theirs.columns) {
    const own = parts.column(column)
    if (own) syncDefault(own, column, parts)
  }
  const indexes = [...ours.indexes]
  ours.indexes = theirs.indexes.map((index) => {
    const known = knownIndex(indexes, index, parts)
    const own = known ?? carryIndex(index, parts)
    const isNew = known?.isValid !== true && index.isValid
    syncIndex(own, index, parts)
    if (isNew && isAsked && own.isUnique) needUnique(walk, ours, own)
    return own
  })
  const constraints = [...ours.constraints]
  ours.constraints = theirs.constraints.map((constraint) => {
    const known = knownConstraint(constraints, constraint, parts)
    const own = known ?? carryConstraint(constraint, parts)
    if (isAsked && constraint.isValidated && known?.isValidated !== true) needOf(walk, ours, own)
    own.name = constraint.name
    own.isValidated = constraint.isValidated
    const { isDeferrable, isInitiallyDeferred } = constraint
    Object.assign(own, { isDeferrable, isInitiallyDeferred })
    return own
  })
  ours.triggers = theirs.triggers.map((trigger) => carryTrigger(trigger, parts))
  Object.assign(ours, {
    rules: theirs.rules,
    policies: theirs.policies,
    hasRowSecurity: theirs.hasRowSecurity,
    isRowSecurityForced: theirs.isRowSecurityForced,
    isPartition: theirs.isPartition,
    parents: theirs.parents.flatMap((one) => parts.relation(one) ?? []),
    children: theirs.children.flatMap((one) => parts.relation(one) ?? []),
    reads: theirs.reads.flatMap((one) => parts.relation(one) ?? []),
  })
  if (theirs.bound) ours.bound = theirs.bound
  else delete ours.bound
  if (ours.query || !theirs.query) return
  ours.query = carryQuery(theirs.query, parts)
  ours.readState = ''
}

/** A known one may have become valid, or another's part. */
function syncIndex(own: IndexObject, theirs: IndexObject, parts: Counterparts): void {
  own.name = theirs.name
  own.isValid = theirs.isValid
  const parent = theirs.parent && parts.index(theirs.parent)
  if (parent) Object.assign(own, { parent })
  else if (own.parent) Object.assign(own, { parent: undefined })
  parts.noteIndex(own)
}

/** By its name, else one over the same columns: the walk has perhaps guessed another name for it. */
function knownIndex(
  indexes: readonly IndexObject[],
  theirs: IndexObject,
  parts: Counterparts,
): IndexObject | undefined {
  const columns = theirs.keys.map(({ column }) => column && parts.column(column))
  const isAlike = (one: IndexObject) =>
    one.isUnique === theirs.isUnique &&
    columns.length === one.keys.length &&
    columns.every((column, i) => column !== undefined && column === one.keys[i]?.column) &&
    Boolean(one.predicate) === Boolean(theirs.predicate)
  return (
    counterpartOf(indexes, theirs.oid, ({ name }) => name === theirs.name) ??
    counterpartOf(indexes, theirs.oid, isAlike)
  )
}

function knownConstraint(
  constraints: readonly Constraint[],
  theirs: Constraint,
  parts: Counterparts,
): Constraint | undefined {
  const columns = carryColumns(theirs.columns, parts)
  const isAlike = (one: Constraint) =>
    one.kind === theirs.kind &&
    one.kind !== 'check' &&
    one.parent === (theirs.parent && parts.relation(theirs.parent)) &&
    one.columns.length === columns.length &&
    one.columns.every((column, i) => column === columns[i])
  return (
    counterpartOf(constraints, theirs.oid, ({ name }) => name === theirs.name) ??
    counterpartOf(constraints, theirs.oid, isAlike)
  )
}

function syncDefault(ours: Column, theirs: Column, parts: Counterparts): void {
  for (const key of ['default', 'generated'] as const) {
    const tree = theirs[key]
    if (tree === undefined) delete ours[key]
    else if (ours[key] === undefined) ours[key] = carryTree(tree, parts)
  }
}

/** What a constraint that the walk has not seen coming demands of the rows. */
function needOf(walk: Walk, relation: Relation, constraint: Constraint): void {
  if (constraint.kind === 'check') needCheck(walk, relation, constraint)
  if (constraint.kind === 'foreign key') needForeignKey(walk, relation, constraint)
}
