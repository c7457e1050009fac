import { relationOfParts } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import type { Relation } from '../model.js'
import { lastName } from '../tree.js'
import { requireMember } from './drops.js'
import { requireNamedRoutine } from './named-routine.js'
import { requireOwner } from './privileges.js'
import { requireColumn, requireNamed, requireRelation, requireSchema, type Situation } from './situation.js'
import { missing } from './static-failure.js'
import { requireType } from './types.js'

/** COMMENT ON. @throws Refusal */
export function requireCommented(situation: Situation, node: Node): void {
  kinds[node.objtype]?.(situation, node.object)
}

type RequireObject = (situation: Situation, object: Node) => void

const requireAnyRelation: RequireObject = (situation, object) => {
  const found = requireNamed(situation, relationOfParts(object.List.items))
  if (found?.kind === 'relation') requireOwner(situation, found.relation)
}

/** What belongs to a table is called `table, name`. */
function memberOf(situation: Situation, object: Node): { relation: Relation | undefined; name: string } {
  const parts: Node[] = object.List.items
  const relation = requireRelation(situation, relationOfParts(parts.slice(0, -1)))
  return { relation, name: lastName(parts) }
}

const kinds: Readonly<Record<string, RequireObject>> = {
  OBJECT_TABLE: requireAnyRelation,
  OBJECT_VIEW: requireAnyRelation,
  OBJECT_MATVIEW: requireAnyRelation,
  OBJECT_FOREIGN_TABLE: requireAnyRelation,
  OBJECT_INDEX: requireAnyRelation,
  OBJECT_SEQUENCE: requireAnyRelation,
  OBJECT_COLUMN: (situation, object) => {
    const { relation, name } = memberOf(situation, object)
    if (!relation) return
    requireOwner(situation, relation)
    requireColumn(relation, name)
  },
  OBJECT_TABCONSTRAINT: (situation, object) => {
    const { relation, name } = memberOf(situation, object)
    if (relation && !relation.constraints.some((one) => one.name === name))
      throw missing('42704', `constraint "${name}" for table "${relation.name}" does not exist`, name)
  },
  OBJECT_TRIGGER: (situation, object) => {
    const { relation, name } = memberOf(situation, object)
    if (relation) requireMember(situation, relation, 'trigger', name)
  },
  OBJECT_POLICY: (situation, object) => {
    const { relation, name } = memberOf(situation, object)
    if (relation) requireMember(situation, relation, 'policy', name)
  },
  OBJECT_TYPE: (situation, object) => {
    requireType(situation, object.TypeName)
  },
  OBJECT_FUNCTION: (situation, object) => requireNamedRoutine(situation, object.ObjectWithArgs.objname),
  OBJECT_SCHEMA: (situation, object) => requireSchema(situation, object.String?.sval),
  OBJECT_EXTENSION: ({ catalog }, object) => {
    const name: string = object.String?.sval ?? ''
    if (!catalog.extensions.has(name)) throw missing('42704', `extension "${name}" does not exist`, name)
  },
}
