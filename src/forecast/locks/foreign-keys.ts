import type { CatalogModel, Column, Constraint, Relation } from '../model.js'

export interface ForeignKey extends Constraint {
  readonly parent: Relation
  readonly parentColumns: Column[]
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

function isForeignKey(constraint: Constraint): constraint is ForeignKey {
  return constraint.kind === 'foreign key' && constraint.parent !== undefined
}
