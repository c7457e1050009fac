import { relationOf } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { findRelation } from '../lookup.js'
import type { Relation } from '../model.js'
import type { Claims } from './claim.js'
import { familyOf, isPartitioned } from './family.js'
import { foreignKeysTo } from './foreign-keys.js'

/** Gives every table a new, empty file; CASCADE does so with all that reference it, and with all that reference those. */
export function claimTruncate(claims: Claims, node: Node): void {
  const emptied = new Set<Relation>()
  const empty = (relation: Relation) => {
    if (emptied.has(relation)) return
    emptied.add(relation)
    const isEmptied = !isPartitioned(relation)
    if (isEmptied) claims.whole(relation, 'ACCESS EXCLUSIVE', { work: 'empty' })
    else claims.relation(relation, 'ACCESS EXCLUSIVE')
    if (node.restart_seqs) {
      for (const { sequence } of relation.columns)
        if (sequence) claims.sequence(sequence, 'ACCESS EXCLUSIVE', { work: 'empty' })
    }
    if (node.behavior !== 'DROP_CASCADE') return
    for (const { child } of foreignKeysTo(claims.catalog, relation)) {
      for (const one of isPartitioned(child) ? familyOf(child) : [child]) empty(one)
    }
  }
  for (const { RangeVar } of node.relations ?? []) {
    const relation = findRelation(claims.catalog, relationOf(RangeVar))
    if (relation) for (const one of RangeVar.inh ? familyOf(relation) : [relation]) empty(one)
  }
}
