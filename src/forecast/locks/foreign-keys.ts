import type { CatalogModel, Column, Constraint, IndexObject, Relation } from '../model.js'
import type { Claims } from './claim.js'
import { descendantsOf, familyOf, isPartitioned, leavesOf } from './family.js'

export interface ForeignKey extends Constraint {
  readonly parent: Relation
  readonly parentColumns: Column[]
}

export function isForeignKey(constraint: Constraint): constraint is ForeignKey {
  return constraint.kind === 'foreign key' && constraint.parent !== undefined
}

export function foreignKeysOf(relation: Relation): ForeignKey[] {
  return relation.constraints.filter(isForeignKey)
}

/** Foreign keys of any relation that reference this one. */
export function foreignKeysTo(
  catalog: CatalogModel,
  parent: Relation,
): { readonly child: Relation; readonly foreignKey: ForeignKey }[] {
  const found: { child: Relation; foreignKey: ForeignKey }[] = []
  for (const child of catalog.relations)
    for (const one of child.constraints)
      if (one.parent === parent && isForeignKey(one)) found.push({ child, foreignKey: one })
  return found
}

/** The unique index of the referenced table that a foreign key leans on. */
export function indexBehind({ parent, parentColumns, parentIndex }: ForeignKey): IndexObject | undefined {
  const isKey = ({ isUnique, predicate, keys }: IndexObject) =>
    isUnique &&
    !predicate &&
    keys.length === parentColumns.length &&
    keys.every(({ column }) => column && parentColumns.includes(column))
  return parentIndex ?? parent.indexes.find(isKey)
}

/** A foreign key has triggers on the table that it references, and on each of its partitions: to make them locks it. */
export function claimParent(claims: Claims, parent: Relation): void {
  for (const one of isPartitioned(parent) ? familyOf(parent) : [parent]) {
    claims.relation(one, 'SHARE ROW EXCLUSIVE')
  }
}

/** To drop them locks it more. */
export function claimParentOfDropped(claims: Claims, parent: Relation): void {
  for (const one of isPartitioned(parent) ? descendantsOf(parent) : [parent]) {
    claims.relation(one, 'ACCESS EXCLUSIVE')
  }
}

/** The query that looks for orphans: https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-TABLE-CONSTRAINT */
export function claimValidation(claims: Claims, child: Relation, parent: Relation): void {
  for (const leaf of leavesOf(child)) {
    claims.relation(leaf, 'ACCESS SHARE', { work: 'scan' })
    claims.indexesOf(leaf, 'ACCESS SHARE')
  }
  claims.relation(parent, 'ROW SHARE', { work: isPartitioned(parent) ? 'metadata' : 'read' })
  for (const one of isPartitioned(parent) ? familyOf(parent) : [parent]) {
    claims.relation(one, 'ACCESS SHARE', { work: isPartitioned(one) ? 'metadata' : 'read' })
    if (!isPartitioned(one) || plansPartitionedIndexes(claims.catalog)) claims.indexesOf(one, 'ACCESS SHARE')
  }
}

/** Since 16 the planner looks at the indexes of a partitioned table too, not only at those of its partitions. */
export function plansPartitionedIndexes({ serverVersion }: CatalogModel): boolean {
  return serverVersion >= 160000
}
