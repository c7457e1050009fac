import { relationOf, relationOfParts } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import type { Relation } from '../model.js'
import { namesOf } from '../tree.js'
import { isMadeByMigrations, serverFunctions } from './calls.js'
import { requireMember } from './drops.js'
import { requireBoolean } from './expressions.js'
import { relationItem } from './from-clause.js'
import { requireNamedRoutine } from './named-routine.js'
import { requireOwner, requirePrivilege } from './privileges.js'
import {
  bringsExtension,
  isMadeBefore,
  requireColumn,
  requireRelation,
  requireRole,
  type Situation,
} from './situation.js'
import { statementScope } from './statements.js'
import { exists, invalid, missing } from './static-failure.js'
import { typeByOid } from './types.js'

/** `CreateTrigStmt.timing`, from the server's catalog/pg_trigger.h. */
const timings = { before: 2, insteadOf: 64 } as const

/** CREATE TRIGGER: https://www.postgresql.org/docs/current/sql-createtrigger.html @throws Refusal */
export function requireCreateTrigger(situation: Situation, node: Node): void {
  const relation = requireRelation(situation, relationOf(node.relation))
  if (!relation) return
  requireTiming(relation, node)
  requirePrivilege(situation, relation, 'trigger')
  if (node.whenClause) {
    const scope = statementScope(situation)
    for (const alias of ['old', 'new']) scope.items.push({ ...relationItem(relation, {}), alias })
    requireBoolean(situation, scope, node.whenClause, 'WHEN')
  }
  requireTriggerFunction(situation, node.funcname)
  if (!node.replace && relation.triggers.some(({ name }) => name === node.trigname)) {
    const words = `trigger "${node.trigname}" for relation "${relation.name}" already exists`
    throw exists('42710', words, node.trigname)
  }
  for (const name of namesOf(node.columns)) requireColumn(relation, name)
}

function requireTiming(relation: Relation, { timing, row }: Node): void {
  if (relation.kind === 'materialized view')
    throw invalid('42809', `relation "${relation.name}" cannot have triggers`, relation.name)
  if (relation.kind !== 'view' && timing === timings.insteadOf)
    throw invalid(
      '42809',
      `"${relation.name}" is a table, which cannot have INSTEAD OF triggers`,
      relation.name,
    )
  if (relation.kind === 'view' && row && timing !== timings.insteadOf)
    throw invalid(
      '42809',
      `"${relation.name}" is a view, which cannot have row-level BEFORE or AFTER triggers`,
      relation.name,
    )
}

/** A trigger's function takes no arguments and gives a trigger. */
function requireTriggerFunction(situation: Situation, parts: readonly Node[]): void {
  const name = relationOfParts(parts)
  if (isMadeByMigrations(situation, name)) return
  requireNamedRoutine(situation, parts)
  const candidates = serverFunctions(situation, name)
  if (candidates.length === 0 || bringsExtension(situation)) return
  const [found] = candidates.filter(({ arguments: types }) => types.length === 0)
  if (!found) throw missing('42883', `function ${name.name}() does not exist`, name.name)
  const result = typeByOid(situation, found.result)
  if (result && result.object.name !== 'trigger')
    throw invalid('42P17', `function ${name.name} must return type trigger`, name.name)
}

/** CREATE POLICY and ALTER POLICY. @throws Refusal */
export function requirePolicy(situation: Situation, node: Node, isNew: boolean): void {
  for (const role of node.roles ?? []) requireRole(situation, role)
  const relation = requireRelation(situation, relationOf(node.table))
  if (!relation) return
  requireOwner(situation, relation)
  if (relation.kind !== 'table' && relation.kind !== 'partitioned table')
    throw invalid('42809', `"${relation.name}" is not a table`, relation.name)
  for (const expression of [node.qual, node.with_check]) {
    const scope = statementScope(situation)
    scope.items.push(relationItem(relation, {}))
    requireBoolean(situation, scope, expression, 'POLICY')
  }
  if (!isNew) requireMember(situation, relation, 'policy', node.policy_name)
  else if (isMadeBefore(situation, ['DropStmt', 'RenameStmt'], node.policy_name)) return
  else if (relation.policies.some(({ name }) => name === node.policy_name)) {
    const words = `policy "${node.policy_name}" for table "${relation.name}" already exists`
    throw exists('42710', words, node.policy_name)
  }
}
