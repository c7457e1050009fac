import { type RelationName, relationOfParts } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { findIndex, findRelation, findSequence, findType } from '../lookup.js'
import { lastName } from '../tree.js'
import type { Claims } from './claim.js'
import { Drops } from './drops.js'
import { tablesOf } from './family.js'

export function claimDrop(claims: Claims, node: Node): void {
  const drops = new Drops(claims)
  for (const object of node.objects ?? []) {
    const parts: Node[] = object.List?.items ?? object.TypeName?.names ?? [object]
    claimDropped(claims, drops, node, object, parts)
  }
}

function claimDropped(claims: Claims, drops: Drops, node: Node, object: Node, parts: Node[]): void {
  const { catalog } = claims
  const name: RelationName = object.ObjectWithArgs ? { name: '' } : relationOfParts(parts)
  switch (node.removeType) {
    case 'OBJECT_TABLE':
    case 'OBJECT_VIEW':
    case 'OBJECT_MATVIEW':
    case 'OBJECT_FOREIGN_TABLE': {
      const relation = findRelation(catalog, name)
      if (relation) drops.relation(relation)
      return
    }
    case 'OBJECT_INDEX': {
      const found = findIndex(catalog, name)
      if (!found) return
      if (!node.concurrent) {
        drops.index(found.index, found.relation)
        return
      }
      claims.relation(found.relation, 'SHARE UPDATE EXCLUSIVE')
      claims.index(found.index, found.relation, 'SHARE UPDATE EXCLUSIVE')
      return
    }
    case 'OBJECT_SEQUENCE': {
      const sequence = findSequence(catalog, name)
      if (sequence) drops.sequence(sequence)
      return
    }
    case 'OBJECT_TYPE':
    case 'OBJECT_DOMAIN': {
      const type = findType(catalog, name)
      if (type) drops.type(type)
      return
    }
    case 'OBJECT_FUNCTION':
    case 'OBJECT_ROUTINE':
      drops.function(lastName(object.ObjectWithArgs?.objname))
      return
    case 'OBJECT_SCHEMA':
      drops.schema(name.name)
      return
    case 'OBJECT_TRIGGER':
    case 'OBJECT_POLICY':
    case 'OBJECT_RULE':
      claimDropOnTable(claims, node.removeType, parts)
      return
  }
}

/** DROP … IF EXISTS does not lock the table when there is nothing of that name; rules are not known. */
function claimDropOnTable(claims: Claims, kind: string, parts: Node[]): void {
  const relation = findRelation(claims.catalog, relationOfParts(parts.slice(0, -1)))
  if (!relation) return
  const isIt = ({ name }: { readonly name: string }) => name === lastName(parts)
  const trigger = relation.triggers.find(isIt)
  if (kind === 'OBJECT_TRIGGER') {
    for (const one of trigger ? tablesOf(relation, trigger) : []) claims.relation(one, 'ACCESS EXCLUSIVE')
  } else if (kind === 'OBJECT_RULE' || relation.policies.some(isIt)) {
    claims.relation(relation, 'ACCESS EXCLUSIVE')
  }
}
