import type { Relation } from '../model.js'

export function isPartitioned(relation: Relation): boolean {
  return relation.kind === 'partitioned table'
}

/** Partitions and inheriting tables, and theirs. */
export function descendantsOf(relation: Relation): Relation[] {
  const found = new Set<Relation>()
  const visit = ({ children }: Relation) => {
    for (const child of children) {
      if (found.has(child)) continue
      found.add(child)
      visit(child)
    }
  }
  visit(relation)
  return [...found]
}

/** The relation and its descendants. */
export function familyOf(relation: Relation): Relation[] {
  return [relation, ...descendantsOf(relation)]
}

/** Those of a family that hold rows themselves. */
export function leavesOf(relation: Relation): Relation[] {
  return familyOf(relation).filter((one) => !isPartitioned(one))
}
