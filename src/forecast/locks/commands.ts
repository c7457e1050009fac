import { type LockMode, lockModes } from '../../domain/lock-mode.js'
import { type RelationName, relationOf, relationOfParts } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { findIndex, findRelation, findSequence } from '../lookup.js'
import type { Relation } from '../model.js'
import type { Claims } from './claim.js'
import { familyOf } from './family.js'

/** A view is locked with all that it reads: https://www.postgresql.org/docs/current/sql-lock.html */
export function claimLock(claims: Claims, { relations, mode: number }: Node): void {
  const mode = lockModes[number - 1] ?? 'ACCESS EXCLUSIVE'
  const lock = (relation: Relation, inherits: boolean) => {
    for (const one of inherits ? familyOf(relation) : [relation]) {
      claims.relation(one, mode)
      if (one.kind === 'view') for (const read of one.reads) lock(read, true)
    }
  }
  for (const { RangeVar } of relations ?? []) {
    const relation = findRelation(claims.catalog, relationOf(RangeVar))
    if (relation) lock(relation, Boolean(RangeVar.inh))
  }
}

export function claimStatistics(claims: Claims, { relations }: Node): void {
  for (const { RangeVar } of relations ?? [])
    claimNamed(claims, relationOf(RangeVar), 'SHARE UPDATE EXCLUSIVE')
}

export function claimPublication(claims: Claims, { pubobjects }: Node): void {
  for (const { PublicationObjSpec: object } of pubobjects ?? []) {
    const { relation } = object.pubtable ?? {}
    if (relation) claimNamed(claims, relationOf(relation), 'SHARE UPDATE EXCLUSIVE')
  }
}

export function claimComment(claims: Claims, { objtype, object }: Node): void {
  const parts: Node[] = object?.List?.items ?? []
  switch (objtype) {
    case 'OBJECT_TABLE':
    case 'OBJECT_VIEW':
    case 'OBJECT_MATVIEW':
    case 'OBJECT_FOREIGN_TABLE':
    case 'OBJECT_INDEX':
    case 'OBJECT_SEQUENCE':
      claimNamed(claims, relationOfParts(parts), 'SHARE UPDATE EXCLUSIVE')
      return
    case 'OBJECT_COLUMN':
      claimNamed(claims, relationOfParts(parts.slice(0, -1)), 'SHARE UPDATE EXCLUSIVE')
      return
    case 'OBJECT_TABCONSTRAINT':
    case 'OBJECT_TRIGGER':
    case 'OBJECT_POLICY':
    case 'OBJECT_RULE':
      claimNamed(claims, relationOfParts(parts.slice(0, -1)), 'ACCESS SHARE')
      return
  }
}

/** GRANT and REVOKE have locked what they name since 18 only. */
export function claimGrant(claims: Claims, { targtype, objtype, objects }: Node): void {
  if (claims.catalog.serverVersion < 180000 || targtype !== 'ACL_TARGET_OBJECT') return
  if (objtype !== 'OBJECT_TABLE' && objtype !== 'OBJECT_SEQUENCE') return
  for (const { RangeVar } of objects ?? []) claimNamed(claims, relationOf(RangeVar), 'ACCESS SHARE')
}

/** Whatever has the name: a relation, an index or a sequence. */
function claimNamed(claims: Claims, name: RelationName, mode: LockMode): void {
  const relation = findRelation(claims.catalog, name)
  if (relation) {
    claims.relation(relation, mode)
    return
  }
  const found = findIndex(claims.catalog, name)
  if (found) {
    claims.index(found.index, found.relation, mode)
    return
  }
  const sequence = findSequence(claims.catalog, name)
  if (sequence) claims.sequence(sequence, mode)
}
