import type { LockMode } from '../../domain/lock-mode.js'
import { type RelationName, relationOf } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { findIndex, findRelation, findSequence } from '../lookup.js'
import type { Claims, Details } from './claim.js'
import { descendantsOf, isPartitioned } from './family.js'

/** The table of that name. Whether those that belong to it are locked too is not said in a text. */
export function claimTable(claims: Claims, rangeVar: Node, mode: LockMode, details: Details = {}): void {
  const relation = findRelation(claims.catalog, relationOf(rangeVar))
  if (!relation) return
  const below = rangeVar.inh ? descendantsOf(relation) : []
  for (const one of [relation, ...below]) {
    const work = isPartitioned(one) ? 'metadata' : (details.work ?? 'metadata')
    claims.relation(one, mode, { ...details, work, ...(one === relation ? {} : { isCertain: false }) })
  }
}

/** Whatever has the name: a relation, an index or a sequence. */
export function claimNamed(claims: Claims, name: RelationName, mode: LockMode, details: Details = {}): void {
  const relation = findRelation(claims.catalog, name)
  const found = relation ? undefined : findIndex(claims.catalog, name)
  const sequence = relation || found ? undefined : findSequence(claims.catalog, name)
  if (relation) claims.relation(relation, mode, details)
  if (found) claims.index(found.index, found.relation, mode, details)
  if (sequence) claims.sequence(sequence, mode, details)
}
