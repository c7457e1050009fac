import { relationOf, relationOfParts } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { NotFollowed } from '../casts.js'
import { columnOf } from '../data/target.js'
import { findColumn, findFunctions, findIndex, findRelation, findSequence, findType } from '../lookup.js'
import type { Relation } from '../model.js'
import type { Walk } from '../walk.js'

/** ALTER … RENAME: objects are bound to one another, so only the name changes. */
export function followRename(walk: Walk, node: Node): void {
  const { catalog } = walk
  const name = node.relation
    ? relationOf(node.relation)
    : relationOfParts(node.object?.List?.items ?? (node.object ? [node.object] : []))
  const relation = findRelation(catalog, name)
  switch (node.renameType) {
    case 'OBJECT_TABLE':
    case 'OBJECT_VIEW':
    case 'OBJECT_MATVIEW':
    case 'OBJECT_INDEX':
    case 'OBJECT_SEQUENCE':
    case 'OBJECT_FOREIGN_TABLE':
      renameRelation(walk, node, name, relation)
      break
    case 'OBJECT_COLUMN':
      if (relation) renameColumn(relation, node.subname, node.newname)
      else if (!node.missing_ok) throw new NotFollowed(`relation "${name.name}" is not known`)
      break
    case 'OBJECT_TABCONSTRAINT':
      if (relation) renameConstraint(relation, node.subname, node.newname)
      break
    case 'OBJECT_TRIGGER':
      for (const trigger of relation?.triggers ?? [])
        if (trigger.name === node.subname) trigger.name = node.newname
      break
    case 'OBJECT_TYPE':
    case 'OBJECT_DOMAIN': {
      const type = findType(catalog, relationOfParts(node.object.List.items))
      if (!type) throw new NotFollowed('the type is not known')
      type.name = node.newname
      break
    }
    case 'OBJECT_PUBLICATION':
      for (const publication of catalog.publications)
        if (publication.name === name.name) publication.name = node.newname
      break
    case 'OBJECT_SCHEMA':
      renameSchema(walk, node.subname, node.newname)
      break
    case 'OBJECT_FUNCTION':
    case 'OBJECT_PROCEDURE':
      for (const one of findFunctions(catalog, relationOfParts(node.object.ObjectWithArgs.objname))) {
        catalog.functions.splice(catalog.functions.indexOf(one), 1, {
          ...one,
          name: node.newname,
          isLive: false,
        })
      }
      break
  }
}

/** ALTER TABLE renames indexes and sequences too. */
function renameRelation(
  walk: Walk,
  node: Node,
  name: { schema?: string; name: string },
  relation: Relation | undefined,
): void {
  const found = findIndex(walk.catalog, name)
  const sequence = findSequence(walk.catalog, name)
  if (relation) relation.name = node.newname
  else if (found) {
    found.index.name = node.newname
    for (const constraint of found.relation.constraints)
      if (constraint.index === found.index) constraint.name = node.newname
  } else if (sequence) sequence.name = node.newname
  else if (!node.missing_ok) throw new NotFollowed(`relation "${name.name}" is not known`)
}

function renameColumn(relation: Relation, from: string, to: string): void {
  columnOf(relation, from).name = to
  relation.isDirty = true
  for (const child of relation.children) if (findColumn(child, from)) renameColumn(child, from, to)
}

function renameConstraint(relation: Relation, from: string, to: string): void {
  for (const constraint of relation.constraints) {
    if (constraint.name !== from) continue
    constraint.name = to
    if (constraint.index) constraint.index.name = to
  }
}

function renameSchema(walk: Walk, from: string, to: string): void {
  const { catalog } = walk
  for (const object of [...catalog.relations, ...catalog.sequences, ...catalog.types])
    if (object.schema === from) object.schema = to
  catalog.schemas.delete(from)
  catalog.schemas.add(to)
}

/** ALTER … SET SCHEMA */
export function followSetSchema(walk: Walk, node: Node): void {
  const { catalog } = walk
  const isType = node.objectType === 'OBJECT_TYPE' || node.objectType === 'OBJECT_DOMAIN'
  if (isType) {
    const type = findType(catalog, relationOfParts(node.object.List.items))
    if (type) type.schema = node.newschema
    return
  }
  const relation = node.relation && findRelation(catalog, relationOf(node.relation))
  if (!relation) {
    if (node.relation && !node.missing_ok)
      throw new NotFollowed(`relation "${node.relation.relname}" is not known`)
    return
  }
  relation.schema = node.newschema
  for (const { sequence } of relation.columns) if (sequence) sequence.schema = node.newschema
}
