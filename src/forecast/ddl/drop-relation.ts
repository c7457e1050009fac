import { removePart } from '../family.js'
import type { Relation } from '../model.js'
import type { Walk } from '../walk.js'

/** Foreign keys to it, views on it and its parts go along; without CASCADE the server refuses where there are any. */
export function dropRelation(walk: Walk, relation: Relation): void {
  const { catalog } = walk
  if (!catalog.relations.includes(relation)) return
  catalog.relations = catalog.relations.filter((one) => one !== relation)
  catalog.sequences = catalog.sequences.filter(
    ({ ownedBy }) => !ownedBy || !relation.columns.includes(ownedBy),
  )
  for (const other of catalog.relations) {
    other.constraints = other.constraints.filter(({ parent }) => parent !== relation)
    other.children = other.children.filter((one) => one !== relation)
  }
  for (const parent of relation.parents) removePart(walk, parent, relation)
  for (const view of catalog.relations.filter(({ reads }) => reads.includes(relation)))
    dropRelation(walk, view)
  for (const child of relation.children) dropRelation(walk, child)
}
