import { relationOf } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { NotFollowed } from '../casts.js'
import { addPart, removePart } from '../family.js'
import { findColumn, findRelation } from '../lookup.js'
import type { Relation } from '../model.js'
import { needForeignKey } from '../needs.js'
import type { Walk } from '../walk.js'

/** ATTACH PARTITION: the rows of the partition become rows of the parent, if its bounds take them. */
export function attachPartition(walk: Walk, parent: Relation, def: Node): void {
  const child = partOf(walk, def)
  assertAlike(walk, parent, child)
  child.bound = def.PartitionCmd.bound
  child.isPartition = true
  child.parents.push(parent)
  parent.children.push(child)
  addPart(walk, parent, child)
}

export function detachPartition(walk: Walk, parent: Relation, def: Node): void {
  const child = partOf(walk, def)
  removePart(walk, parent, child)
  child.parents = child.parents.filter((one) => one !== parent)
  parent.children = parent.children.filter((one) => one !== child)
  child.isPartition = false
  delete child.bound
  // Rows that others refer to go out of their sight.
  for (const other of walk.catalog.relations) {
    for (const key of other.constraints)
      if (key.parent === parent && !other.isEmpty) needForeignKey(walk, other, key)
  }
}

/** A partition must have every column, NOT NULL and CHECK of its parent. SQLSTATE 42804. */
function assertAlike(walk: Walk, parent: Relation, child: Relation): void {
  const fail = (message: string) =>
    walk.fail({ code: 'type-mismatch', sqlstate: '42804', object: child.name, message })
  for (const column of parent.columns) {
    const own = findColumn(child, column.name)
    if (!own) fail(`"${child.name}" has no column "${column.name}"`)
    else if (column.isNotNull && !own.isNotNull)
      fail(`column "${column.name}" of "${child.name}" must be NOT NULL`)
  }
  for (const { kind, name } of parent.constraints) {
    if (kind === 'check' && !child.constraints.some((one) => one.kind === 'check' && one.name === name))
      fail(`"${child.name}" has no constraint "${name}"`)
  }
}

function partOf(walk: Walk, def: Node): Relation {
  const name = relationOf(def.PartitionCmd.name)
  const child = findRelation(walk.catalog, name)
  if (!child) throw new NotFollowed(`relation "${name.name}" is not known`)
  return child
}
