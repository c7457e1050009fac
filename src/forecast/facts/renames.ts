import { type RelationName, relationOf, relationOfParts } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { findColumn, findType } from '../lookup.js'
import type { Relation, RelationKind } from '../model.js'
import { requireMember } from './drops.js'
import { requireNamedRoutine } from './named-routine.js'
import { requireCreate, requireOwner } from './privileges.js'
import {
  isMadeBefore,
  isSystemColumn,
  type Named,
  requireFreeRelationName,
  requireFreeTypeName,
  requireKind,
  requireNamed,
  requireRelation,
  requireRole,
  requireSchema,
  type Situation,
} from './situation.js'
import { exists, invalid, missing } from './static-failure.js'
import { requireType } from './types.js'

const kindsOf: Readonly<Record<string, readonly RelationKind[]>> = {
  OBJECT_VIEW: ['view'],
  OBJECT_MATVIEW: ['materialized view'],
  OBJECT_FOREIGN_TABLE: ['foreign table'],
}

/** ALTER … RENAME. @throws Refusal */
export function requireRename(situation: Situation, node: Node): void {
  kinds[node.renameType]?.(situation, node)
}

const requireRenamedRoutine = (situation: Situation, { object }: Node) =>
  requireNamedRoutine(situation, object.ObjectWithArgs.objname)

const kinds: Readonly<Record<string, (situation: Situation, node: Node) => void>> = {
  OBJECT_TABLE: renameRelation,
  OBJECT_VIEW: renameRelation,
  OBJECT_MATVIEW: renameRelation,
  OBJECT_FOREIGN_TABLE: renameRelation,
  OBJECT_INDEX: renameRelation,
  OBJECT_SEQUENCE: renameRelation,
  OBJECT_COLUMN: renameColumn,
  OBJECT_TABCONSTRAINT: renameConstraint,
  OBJECT_TYPE: renameType,
  OBJECT_DOMAIN: renameType,
  OBJECT_TRIGGER: renameMember,
  OBJECT_POLICY: renameMember,
  OBJECT_FUNCTION: requireRenamedRoutine,
  OBJECT_PROCEDURE: requireRenamedRoutine,
  OBJECT_ROUTINE: requireRenamedRoutine,
  OBJECT_SCHEMA: (situation, { subname, newname }) => {
    requireSchema(situation, subname)
    requireFreeSchema(situation, newname)
  },
  OBJECT_ROLE: (situation, { subname }) =>
    requireRole(situation, { roletype: 'ROLESPEC_CSTRING', rolename: subname }),
}

/** @throws Refusal */
export function requireFreeSchema({ catalog }: Situation, name: string): void {
  if (catalog.schemas.has(name)) throw exists('42P06', `schema "${name}" already exists`, name)
}

/** What a command for one kind of relation names; ALTER TABLE takes them all. @throws Refusal */
function requireNamedAs(
  situation: Situation,
  type: string,
  name: RelationName,
  isOptional: boolean,
): Named | undefined {
  const found = requireNamed(situation, name, isOptional)
  if (!found || found.kind === 'system') return undefined
  if (found.kind === 'relation') {
    const kinds = kindsOf[type]
    if (kinds) requireKind(found.relation, kinds)
    if (type === 'OBJECT_SEQUENCE') throw invalid('42809', `"${name.name}" is not a sequence`, name.name)
    requireOwner(situation, found.relation)
  } else if (type in kindsOf || (type === 'OBJECT_SEQUENCE' && found.kind !== 'sequence')) {
    throw invalid('42809', `"${name.name}" is of another kind`, name.name)
  }
  return found
}

function renameRelation(situation: Situation, node: Node): void {
  const found = requireNamedAs(situation, node.renameType, relationOf(node.relation), node.missing_ok)
  if (!found) return
  const schema = schemaOf(found)
  requireCreate(situation, schema)
  requireFreeRelationName(situation, schema, node.newname)
  if (found.kind === 'relation') requireFreeTypeName(situation, schema, node.newname)
  if (found.kind === 'index') {
    const constraint = found.relation.constraints.find(({ index }) => index === found.index)
    if (constraint) requireFreeConstraint(found.relation, node.newname)
  }
}

function schemaOf(found: Named): string {
  switch (found.kind) {
    case 'relation':
    case 'index':
      return found.relation.schema
    case 'sequence':
      return found.sequence.schema
    case 'composite type':
      return found.type.schema
    case 'system':
      return 'pg_catalog'
  }
}

function renameColumn(situation: Situation, node: Node): void {
  if (node.relationType === 'OBJECT_TYPE') return
  const found = requireNamedAs(situation, node.relationType, relationOf(node.relation), node.missing_ok)
  if (found?.kind !== 'relation') return
  const { relation } = found
  const { subname, newname } = node
  if (relation.columns.length === 0) return
  if (!findColumn(relation, subname) && !isSystemColumn(subname))
    throw missing('42703', `column "${subname}" does not exist`, `${relation.name}.${subname}`)
  if (relation.parents.some((parent) => findColumn(parent, subname)))
    throw invalid('42P16', `cannot rename inherited column "${subname}"`, subname)
  if (isSystemColumn(newname))
    throw exists('42701', `column name "${newname}" conflicts with a system column name`, newname)
  if (findColumn(relation, newname))
    throw exists(
      '42701',
      `column "${newname}" of relation "${relation.name}" already exists`,
      `${relation.name}.${newname}`,
    )
}

function requireFreeConstraint(relation: Relation, name: string): void {
  if (relation.constraints.some((one) => one.name === name))
    throw exists('42710', `constraint "${name}" for relation "${relation.name}" already exists`, name)
}

function renameConstraint(situation: Situation, node: Node): void {
  const relation = requireRelation(situation, relationOf(node.relation), node.missing_ok)
  if (!relation) return
  requireOwner(situation, relation)
  const constraint = relation.constraints.find(({ name }) => name === node.subname)
  if (!constraint)
    throw missing(
      '42704',
      `constraint "${node.subname}" for table "${relation.name}" does not exist`,
      node.subname,
    )
  if (constraint.index) requireFreeRelationName(situation, relation.schema, node.newname)
  requireFreeConstraint(relation, node.newname)
}

function renameType(situation: Situation, node: Node): void {
  const names: Node[] = node.object.List.items
  const type = findType(situation.catalog, relationOfParts(names))
  if (type) requireFreeTypeName(situation, type.schema, node.newname)
  else requireType(situation, { names })
}

function renameMember(situation: Situation, node: Node): void {
  const relation = requireRelation(situation, relationOf(node.relation), node.missing_ok)
  if (!relation) return
  const kind = node.renameType === 'OBJECT_TRIGGER' ? 'trigger' : 'policy'
  requireMember(situation, relation, kind, node.subname, node.missing_ok)
  const members: readonly { name: string }[] = kind === 'trigger' ? relation.triggers : relation.policies
  if (isMadeBefore(situation, ['DropStmt', 'RenameStmt'], node.newname)) return
  if (members.some(({ name }) => name === node.newname))
    throw exists(
      '42710',
      `${kind} "${node.newname}" for table "${relation.name}" already exists`,
      node.newname,
    )
}

/** ALTER … SET SCHEMA. @throws Refusal */
export function requireSetSchema(situation: Situation, node: Node): void {
  if (!['OBJECT_TABLE', 'OBJECT_VIEW', 'OBJECT_MATVIEW', 'OBJECT_SEQUENCE'].includes(node.objectType)) return
  const found = requireNamedAs(situation, node.objectType, relationOf(node.relation), node.missing_ok)
  if (found?.kind !== 'relation') return
  requireSchema(situation, node.newschema)
  requireCreate(situation, node.newschema)
  if (found.relation.schema === node.newschema) return
  requireFreeRelationName(situation, node.newschema, found.relation.name)
}
