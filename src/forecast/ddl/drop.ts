import { type RelationName, relationOfParts } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { findFunctions, findIndex, findRelation, findSequence, findType } from '../lookup.js'
import type { Walk } from '../walk.js'
import { dropColumn } from './columns.js'
import { dropRelation } from './drop-relation.js'

/** DROP …: what is not there stays so; what would refuse is a matter of the static facts. */
export function followDrop(walk: Walk, node: Node): void {
  const isCascade = node.behavior === 'DROP_CASCADE'
  for (const object of node.objects ?? []) {
    const parts: Node[] = object.List?.items ??
      object.TypeName?.names ??
      object.ObjectWithArgs?.objname ?? [object]
    dropObject(walk, node.removeType, parts, isCascade)
  }
}

function dropObject(walk: Walk, kind: string, parts: Node[], isCascade: boolean): void {
  const { catalog } = walk
  const name = relationOfParts(parts)
  switch (kind) {
    case 'OBJECT_TABLE':
    case 'OBJECT_VIEW':
    case 'OBJECT_MATVIEW':
    case 'OBJECT_FOREIGN_TABLE': {
      const relation = findRelation(catalog, name)
      if (relation) dropRelation(walk, relation)
      break
    }
    case 'OBJECT_INDEX':
      dropIndex(walk, name)
      break
    case 'OBJECT_SEQUENCE': {
      const sequence = findSequence(catalog, name)
      catalog.sequences = catalog.sequences.filter((one) => one !== sequence)
      if (sequence?.ownedBy?.sequence === sequence && sequence?.ownedBy) delete sequence.ownedBy.sequence
      break
    }
    case 'OBJECT_TYPE':
    case 'OBJECT_DOMAIN':
      dropType(walk, name, isCascade)
      break
    case 'OBJECT_TRIGGER': {
      const relation = findRelation(catalog, relationOfParts(parts.slice(0, -1)))
      if (relation) relation.triggers = relation.triggers.filter((one) => one.name !== name.name)
      break
    }
    case 'OBJECT_RULE': {
      const relation = findRelation(catalog, relationOfParts(parts.slice(0, -1)))
      if (relation) relation.rules = relation.rules.filter((one) => one.name !== name.name)
      break
    }
    case 'OBJECT_FUNCTION':
    case 'OBJECT_PROCEDURE':
      dropFunction(walk, name, isCascade)
      break
    case 'OBJECT_SCHEMA':
      for (const relation of catalog.relations.filter(({ schema }) => schema === name.name))
        dropRelation(walk, relation)
      for (const type of catalog.types) if (type.schema === name.name) type.isDropped = true
      catalog.schemas.delete(name.name)
      break
    case 'OBJECT_PUBLICATION':
      catalog.publications = catalog.publications.filter((one) => one.name !== name.name)
      break
    case 'OBJECT_EXTENSION':
      catalog.extensions.delete(name.name)
      if (isCascade) catalog.opaque ??= `DROP EXTENSION ${name.name} CASCADE`
      break
  }
}

function dropIndex(walk: Walk, name: RelationName): void {
  const found = findIndex(walk.catalog, name)
  if (!found) return
  found.relation.indexes = found.relation.indexes.filter((one) => one !== found.index)
}

function dropType(walk: Walk, name: RelationName, isCascade: boolean): void {
  const type = findType(walk.catalog, name)
  if (!type) return
  type.isDropped = true
  if (!isCascade) return
  for (const relation of walk.catalog.relations) {
    for (const column of relation.columns.filter((one) => one.type.object === type))
      dropColumn(walk, relation, column.name)
  }
}

function dropFunction(walk: Walk, name: RelationName, isCascade: boolean): void {
  const gone = findFunctions(walk.catalog, name)
  walk.catalog.functions = walk.catalog.functions.filter((one) => !gone.includes(one))
  if (!isCascade) return
  for (const relation of walk.catalog.relations) {
    relation.triggers = relation.triggers.filter(
      ({ functionName }) =>
        !gone.some((one) => one.name === functionName.name && one.schema === functionName.schema),
    )
  }
}
