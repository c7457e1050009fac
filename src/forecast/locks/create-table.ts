import type { LockMode } from '../../domain/lock-mode.js'
import { relationOf, relationOfParts } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { findRelation, findType } from '../lookup.js'
import type { Relation } from '../model.js'
import type { Claims } from './claim.js'
import { defaultPartitionOf, familyOf, isPartitioned } from './family.js'
import { claimParent, foreignKeysOf } from './foreign-keys.js'

/** A new table locks those that it references, is a partition of, inherits from or is made like. */
export function claimCreateTable(claims: Claims, node: Node): void {
  const { catalog } = claims
  if (node.if_not_exists && findRelation(catalog, relationOf(node.relation))) return
  const lock = (rangeVar: Node, mode: LockMode) => {
    const relation = findRelation(catalog, relationOf(rangeVar))
    if (relation) claims.relation(relation, mode)
  }
  for (const { Constraint, ColumnDef, TableLikeClause } of node.tableElts ?? []) {
    if (TableLikeClause) lock(TableLikeClause.relation, 'ACCESS SHARE')
    const constraints: Node[] = Constraint
      ? [Constraint]
      : (ColumnDef?.constraints ?? []).map((one: Node) => one.Constraint)
    for (const { contype, pktable } of constraints) {
      const parent = contype === 'CONSTR_FOREIGN' && findRelation(catalog, relationOf(pktable))
      if (parent) claimParent(claims, parent)
    }
  }
  for (const { RangeVar } of node.inhRelations ?? []) {
    const parent = findRelation(catalog, relationOf(RangeVar))
    if (parent && node.partbound) claimPartitioned(claims, parent)
    else if (parent) claims.relation(parent, 'SHARE UPDATE EXCLUSIVE')
  }
  const type = node.ofTypename && findType(catalog, relationOfParts(node.ofTypename.names))
  if (type) claims.compositeType(type, 'ACCESS SHARE')
}

/** A new partition may take rows that the default partition would have taken, so that one is looked through. */
function claimPartitioned(claims: Claims, parent: Relation): void {
  claims.relation(parent, 'ACCESS EXCLUSIVE')
  claims.indexesOf(parent, 'SHARE UPDATE EXCLUSIVE')
  const other = defaultPartitionOf(parent)
  for (const one of other ? familyOf(other) : []) {
    claims.relation(one, 'ACCESS EXCLUSIVE', { work: isPartitioned(one) ? 'metadata' : 'scan' })
  }
  for (const foreignKey of foreignKeysOf(parent)) claimParent(claims, foreignKey.parent)
}
