import { relationOf } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { namesOf } from '../tree.js'
import { requireNamedRoutine } from './named-routine.js'
import { requireColumn, requireNamed, requireRole, requireSchema, type Situation } from './situation.js'
import { requireType } from './types.js'

/** GRANT and REVOKE on objects: the objects first, then the roles. @throws Refusal */
export function requireGrant(situation: Situation, node: Node): void {
  const objects: Node[] = node.objects ?? []
  if (node.targtype === 'ACL_TARGET_ALL_IN_SCHEMA') {
    for (const schema of namesOf(objects)) requireSchema(situation, schema)
  } else {
    for (const object of objects) requireGranted(situation, node, object)
  }
  for (const role of node.grantees ?? []) requireRole(situation, role)
}

function requireGranted(situation: Situation, node: Node, object: Node): void {
  const { RangeVar: rangeVar, String: schema, ObjectWithArgs: routine, List: type } = object
  if (rangeVar) {
    const found = requireNamed(situation, relationOf(rangeVar))
    if (found?.kind !== 'relation') return
    for (const { AccessPriv: privilege } of node.privileges ?? [])
      for (const column of namesOf(privilege.cols)) requireColumn(found.relation, column)
  } else if (routine) requireNamedRoutine(situation, routine.objname)
  else if (schema && node.objtype === 'OBJECT_SCHEMA') requireSchema(situation, schema.sval)
  else if (type && node.objtype === 'OBJECT_TYPE') requireType(situation, { names: type.items })
}

/** ALTER DEFAULT PRIVILEGES. @throws Refusal */
export function requireDefaultPrivileges(situation: Situation, node: Node): void {
  for (const role of node.action?.grantees ?? []) requireRole(situation, role)
  for (const { DefElem: option } of node.options ?? []) {
    const items: Node[] = option.arg?.List?.items ?? []
    if (option.defname === 'roles') for (const role of items) requireRole(situation, role)
    if (option.defname === 'schemas') for (const schema of namesOf(items)) requireSchema(situation, schema)
  }
}

/** GRANT role TO role. @throws Refusal */
export function requireGrantRole(situation: Situation, node: Node): void {
  for (const { AccessPriv: role } of node.granted_roles ?? [])
    requireRole(situation, { roletype: 'ROLESPEC_CSTRING', rolename: role.priv_name })
  for (const role of node.grantee_roles ?? []) requireRole(situation, role)
}

/** ALTER … OWNER TO of what is no relation: the role first. @throws Refusal */
export function requireAlterOwner(situation: Situation, node: Node): void {
  const { String: schema, ObjectWithArgs: routine, List: type } = node.object ?? {}
  requireRole(situation, node.newowner)
  const isRoutine = ['OBJECT_FUNCTION', 'OBJECT_PROCEDURE', 'OBJECT_ROUTINE'].includes(node.objectType)
  if (routine && isRoutine) requireNamedRoutine(situation, routine.objname)
  else if (schema && node.objectType === 'OBJECT_SCHEMA') requireSchema(situation, schema.sval)
  else if (type && node.objectType === 'OBJECT_TYPE') requireType(situation, { names: type.items })
}
