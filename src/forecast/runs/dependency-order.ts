import type { Relation } from '../model.js'
import type { Together } from './arrange.js'

/** Parts on a table that others refer to come first; those on one table stay in their order. */
export function dependencyOrder(parts: readonly Together[]): Together[] {
  const relations = new Set(parts.flatMap(({ writes }) => writes[0]?.relation ?? []))
  const depths = new Map<Relation, number>()
  const depthOf = (relation: Relation): number => {
    const known = depths.get(relation)
    if (known !== undefined) return known
    // A circle ends here.
    depths.set(relation, 0)
    let depth = 0
    for (const { kind, parent } of relation.constraints)
      if (kind === 'foreign key' && parent && parent !== relation && relations.has(parent))
        depth = Math.max(depth, depthOf(parent) + 1)
    depths.set(relation, depth)
    return depth
  }
  const depthOfPart = ({ writes: [first] }: Together) => (first ? depthOf(first.relation) : 0)
  return [...parts].sort((one, other) => depthOfPart(one) - depthOfPart(other))
}
