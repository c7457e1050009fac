import { type RelationName, relationOf, relationOfParts } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { findType } from '../lookup.js'
import { requireAssignable } from './assignments.js'
import { requireColumnDefinition } from './column-definitions.js'
import { newDraft } from './draft.js'
import { typeOf } from './expressions.js'
import { requireCreate, requireOwnerOf } from './privileges.js'
import { requireFreeTypeName, type Situation, said, schemaForNew } from './situation.js'
import { exists, invalid, missing, type Refusal } from './static-failure.js'
import { defaultScope } from './table-scope.js'
import { requireType } from './types.js'

/** CREATE TYPE … AS ENUM and AS RANGE. @throws Refusal */
export function requireCreateType(situation: Situation, name: RelationName): void {
  const schema = schemaForNew(situation, name)
  requireCreate(situation, schema)
  requireFreeTypeName(situation, schema, name.name)
}

/** CREATE TYPE … AS (…). @throws Refusal */
export function requireCreateComposite(situation: Situation, node: Node): void {
  const name = relationOf(node.typevar)
  const schema = schemaForNew(situation, name)
  requireCreate(situation, schema)
  requireFreeTypeName(situation, schema, name.name)
  const draft = newDraft(schema, name.name, false)
  for (const { ColumnDef: definition } of node.coldeflist ?? [])
    requireColumnDefinition(situation, draft, definition)
}

/** CREATE DOMAIN. @throws Refusal */
export function requireCreateDomain(situation: Situation, node: Node): void {
  const name = relationOfParts(node.domainname)
  requireCreateType(situation, name)
  const type = requireType(situation, node.typeName)
  for (const { Constraint: constraint } of node.constraints ?? []) {
    if (constraint.contype !== 'CONSTR_DEFAULT') continue
    const typed = typeOf(situation, defaultScope, constraint.raw_expr)
    requireAssignable(situation, typed, { name: name.name, type }, 'default expression')
  }
}

/**
 * ALTER TYPE … ADD VALUE and RENAME VALUE: https://www.postgresql.org/docs/current/sql-altertype.html
 * @throws Refusal
 */
export function requireAlterEnum(situation: Situation, node: Node): void {
  const name = relationOfParts(node.typeName)
  const type = findType(situation.catalog, name)
  if (type ? type.kind !== 'enum' : !requireOther(situation, node.typeName))
    throw invalid('42809', `${said(name)} is not an enum`, name.name)
  if (!type) return
  requireOwnerOf(situation, 'type', type)
  const has = (label: string) => type.labels.includes(label)
  if (node.oldVal !== undefined) {
    if (!has(node.oldVal)) throw noSuchLabel(node.oldVal, name)
    if (has(node.newVal)) throw exists('42710', `enum label "${node.newVal}" already exists`, name.name)
    return
  }
  if (has(node.newVal)) {
    if (node.skipIfNewValExists) return
    throw exists('42710', `enum label "${node.newVal}" already exists`, name.name)
  }
  if (node.newValNeighbor !== undefined && !has(node.newValNeighbor))
    throw noSuchLabel(node.newValNeighbor, name)
}

/** A type that the model does not hold; false for the row type of a table. @throws Refusal when there is none */
function requireOther(situation: Situation, names: readonly Node[]): boolean {
  const isRowType = situation.catalog.relations.some(({ name }) => name === relationOfParts(names).name)
  requireType(situation, { names })
  return !isRowType
}

function noSuchLabel(label: string, { name }: RelationName): Refusal {
  return missing('22023', `"${label}" is not an existing enum label`, name)
}
