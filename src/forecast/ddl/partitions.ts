import { relationOf } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { NotFollowed } from '../casts.js'
import { findRelation } from '../lookup.js'
import type { Relation } from '../model.js'
import type { Walk } from '../walk.js'

/** ATTACH PARTITION: the rows of the partition become rows of the parent, if its bounds take them. */
export function attachPartition(walk: Walk, parent: Relation, def: Node): void {
  const child = partOf(walk, def)
  child.parents.push(parent)
  parent.children.push(child)
  if (child.isEmpty) return
  walk.doubt(`whether the rows of "${child.name}" are within its bounds is not asked`, child.name)
  walk.blur(parent, `"${child.name}" becomes a part of it`)
}

export function detachPartition(walk: Walk, parent: Relation, def: Node): void {
  const child = partOf(walk, def)
  child.parents = child.parents.filter((one) => one !== parent)
  parent.children = parent.children.filter((one) => one !== child)
  if (!child.isEmpty) walk.blur(parent, `"${child.name}" was a part of it`)
}

function partOf(walk: Walk, def: Node): Relation {
  const name = relationOf(def.PartitionCmd.name)
  const child = findRelation(walk.catalog, name)
  if (!child) throw new NotFollowed(`relation "${name.name}" is not known`)
  return child
}
