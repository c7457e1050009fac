import { formatRelation, relationOfParts } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { findFunctions } from '../lookup.js'
import { mayBeThere, serverFunctions } from './calls.js'
import { requireSchema, type Situation } from './situation.js'
import { missing } from './static-failure.js'

/** @throws Refusal when there is no function or procedure of that name, whatever its arguments */
export function requireNamedRoutine(situation: Situation, parts: readonly Node[], word = 'function'): void {
  const name = relationOfParts(parts)
  if (findFunctions(situation.catalog, name).length > 0 || serverFunctions(situation, name).length > 0) return
  if (mayBeThere(situation, name)) return
  requireSchema(situation, name.schema)
  throw missing('42883', `${word} ${formatRelation(name)} does not exist`, name.name)
}
