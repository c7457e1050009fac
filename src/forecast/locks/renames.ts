import { type RelationName, relationOf, relationOfParts } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { findIndex, findRelation, findSequence, findType } from '../lookup.js'
import type { Relation } from '../model.js'
import type { Claims } from './claim.js'
import { descendantsOf, familyOf, isPartitioned } from './family.js'

/** ALTER … RENAME. Names of types that are no relations, of functions and schemas lock no relation. */
export function claimRename(claims: Claims, node: Node): void {
  const { catalog } = claims
  const name = relationOf(node.relation)
  const relation = findRelation(catalog, name)
  switch (node.renameType) {
    case 'OBJECT_COLUMN':
      for (const one of relation ? (node.relation.inh ? familyOf(relation) : [relation]) : []) {
        claims.relation(one, 'ACCESS EXCLUSIVE')
      }
      return
    case 'OBJECT_TABCONSTRAINT':
      if (relation) claimRenameConstraint(claims, relation, node)
      return
    case 'OBJECT_TRIGGER':
      if (relation) claimRenameTrigger(claims, relation)
      return
    case 'OBJECT_TABLE':
    case 'OBJECT_VIEW':
    case 'OBJECT_MATVIEW':
    case 'OBJECT_FOREIGN_TABLE':
    case 'OBJECT_INDEX':
    case 'OBJECT_SEQUENCE':
    case 'OBJECT_POLICY':
    case 'OBJECT_RULE':
      claimRenameRelation(claims, name, node.renameType)
      return
    case 'OBJECT_ATTRIBUTE':
      claimComposite(claims, name)
      return
    case 'OBJECT_TYPE':
      claimComposite(claims, relationOfParts(node.object?.List?.items ?? []))
      return
  }
}

/** Only ALTER INDEX takes the weaker lock on an index: https://www.postgresql.org/docs/current/sql-alterindex.html */
function claimRenameRelation(claims: Claims, name: RelationName, type: string): void {
  const relation = findRelation(claims.catalog, name)
  if (relation) {
    claims.relation(relation, 'ACCESS EXCLUSIVE')
    return
  }
  const found = findIndex(claims.catalog, name)
  if (found) {
    claims.index(
      found.index,
      found.relation,
      type === 'OBJECT_INDEX' ? 'SHARE UPDATE EXCLUSIVE' : 'ACCESS EXCLUSIVE',
    )
    return
  }
  const sequence = findSequence(claims.catalog, name)
  if (sequence) claims.sequence(sequence, 'ACCESS EXCLUSIVE')
}

/** The index of a key is renamed with it. */
function claimRenameConstraint(
  claims: Claims,
  relation: Relation,
  { subname, relation: { inh } }: Node,
): void {
  claims.relation(relation, 'ACCESS EXCLUSIVE')
  const constraint = relation.constraints.find(({ name }) => name === subname)
  if (constraint?.kind === 'check' && inh) {
    for (const one of descendantsOf(relation)) claims.relation(one, 'ACCESS EXCLUSIVE')
  }
  if (constraint?.index) claims.index(constraint.index, relation, 'SHARE UPDATE EXCLUSIVE')
}

/** Since 15 also those of the partitions, which are looked for whatever the trigger is for. */
function claimRenameTrigger(claims: Claims, relation: Relation): void {
  const isCarriedOn = isPartitioned(relation) && claims.catalog.serverVersion >= 150000
  for (const one of isCarriedOn ? familyOf(relation) : [relation]) claims.relation(one, 'ACCESS EXCLUSIVE')
}

function claimComposite(claims: Claims, name: RelationName): void {
  const type = findType(claims.catalog, name)
  if (type?.kind === 'composite') claims.compositeType(type, 'ACCESS EXCLUSIVE')
}

/** Of what has no ALTER TABLE: only a composite type is a relation. */
export function claimOwner(claims: Claims, { objectType, object }: Node): void {
  if (objectType === 'OBJECT_TYPE') claimComposite(claims, relationOfParts(object?.List?.items ?? []))
}

/** Its own sequences go along; its indexes have no schema of their own. */
export function claimSetSchema(claims: Claims, { objectType, relation }: Node): void {
  if (!relation) return
  claimRenameRelation(claims, relationOf(relation), objectType)
  const table = findRelation(claims.catalog, relationOf(relation))
  for (const { sequence } of table?.columns ?? []) if (sequence) claims.sequence(sequence, 'ACCESS EXCLUSIVE')
}
