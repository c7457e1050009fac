import type { Reader } from '../../domain/reader.js'
import type { Node, ParsedStatement } from '../../sql/parser.js'
import type { Relation, RelationKind } from '../model.js'
import type { Need } from './query-scope.js'
import { requireRole, type Situation, weak } from './situation.js'
import { forbidden, type Refusal } from './static-failure.js'

const kindNames: Readonly<Record<RelationKind, string>> = {
  table: 'table',
  'partitioned table': 'table',
  view: 'view',
  'materialized view': 'materialized view',
  'foreign table': 'foreign table',
}

/** @throws Refusal when the role in use may not change the relation */
export function requireOwner(situation: Situation, relation: Relation): void {
  if (relation.isOwned || situation.catalog.role.isSuperuser) return
  throw unlessGranted(
    situation,
    forbidden(`must be owner of ${kindNames[relation.kind]} ${relation.name}`, relation.name),
  )
}

/** The same for a type or a sequence. @throws Refusal */
export function requireOwnerOf(
  situation: Situation,
  kind: 'type' | 'sequence',
  { oid, name }: { readonly oid?: number; readonly name: string },
): void {
  if (oid !== undefined && situation.server.notOwned.has(oid))
    throw unlessGranted(situation, forbidden(`must be owner of ${kind} ${name}`, name))
}

/** A table can only be given to a role that one could be. @throws Refusal */
export function requireOwnRole(situation: Situation, spec: Node | undefined): void {
  requireRole(situation, spec)
  const { catalog, server } = situation
  if (spec?.roletype !== 'ROLESPEC_CSTRING' || catalog.role.isSuperuser) return
  const name: string = spec.rolename
  if (server.roles.has(name) && !server.ownRoles.has(name))
    throw unlessGranted(situation, forbidden(`must be member of role "${name}"`, name))
}

/** @throws Refusal when the role in use may make nothing in this schema, which is there today */
export function requireCreate(situation: Situation, schema: string): void {
  const { catalog, server } = situation
  if (catalog.creatableSchemas.has(schema) || catalog.role.isSuperuser) return
  if (!server.schemas.has(schema) || !catalog.schemas.has(schema)) return
  throw unlessGranted(situation, forbidden(`permission denied for schema ${schema}`, schema))
}

/** @throws Refusal when the role in use lacks a privilege on a relation */
export function requirePrivilege(
  situation: Situation,
  relation: Relation,
  privilege: 'references' | 'truncate' | 'trigger',
): void {
  if (relation.privileges.has(privilege) || situation.catalog.role.isSuperuser) return
  throw unlessGranted(situation, denied(relation))
}

/**
 * What a query or a statement that writes may do is checked last, when it starts. A privilege on some columns may do.
 * @throws Refusal
 */
export async function requireNeeds(
  situation: Situation,
  reader: Reader,
  needs: readonly Need[],
): Promise<void> {
  if (situation.catalog.role.isSuperuser) return
  for (const { relation, privilege } of needs) {
    if (relation.privileges.has(privilege) || relation.oid === undefined) continue
    const { rows } = await reader.query(
      `SELECT 1 FROM pg_catalog.pg_class
        WHERE oid = $1 AND $2 <> 'delete' AND pg_catalog.has_any_column_privilege(oid, CASE $2 WHEN 'delete' THEN 'select' ELSE $2 END)`,
      [relation.oid, privilege],
    )
    if (rows.length === 0) throw unlessGranted(situation, denied(relation))
  }
}

function denied(relation: Relation): Refusal {
  return forbidden(`permission denied for ${kindNames[relation.kind]} ${relation.name}`, relation.name)
}

/** An earlier statement may have given the role what it lacks today, or have changed the role. */
export function unlessGranted(situation: Situation, refusal: Refusal): Refusal {
  return situation.earlier.some(changesPrivileges) ? weak(refusal) : refusal
}

const granting = [
  'GrantStmt',
  'GrantRoleStmt',
  'AlterOwnerStmt',
  'AlterDefaultPrivilegesStmt',
  'ReassignOwnedStmt',
]

function changesPrivileges({ kind, node }: ParsedStatement): boolean {
  if (kind === 'VariableSetStmt') return node.name === 'role' || node.name === 'session_authorization'
  return granting.includes(kind) || JSON.stringify(node).includes('AT_ChangeOwner')
}
