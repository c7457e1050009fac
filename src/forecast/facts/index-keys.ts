import { formatRelation, relationOfParts } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { findFunctions } from '../lookup.js'
import { visitTree } from '../tree.js'
import { isMadeByMigrations, serverFunctions } from './calls.js'
import { isBinaryCast } from './casts.js'
import { type Draft, draftColumnNamed } from './draft.js'
import { requireBoolean, typeIn, typeOf } from './expressions.js'
import { bringsExtension, isMadeBefore, type Situation } from './situation.js'
import { invalid, missing } from './static-failure.js'
import { type Place, tableScope } from './table-scope.js'
import { baseOf, type ValueType, wordsOf } from './types.js'

/** What CREATE INDEX and the constraints that bring an index along have in common. */
export interface IndexDefinition {
  readonly method: string
  readonly elements: readonly Node[]
  readonly included: readonly Node[]
  readonly predicate?: Node
}

/** The expressions of an index are read before anything else of it. @throws Refusal */
export function readIndexExpressions(situation: Situation, draft: Draft, index: IndexDefinition): void {
  const scope = tableScope(draft, 'index expression')
  for (const { expr } of index.elements) if (expr) typeOf(situation, scope, expr)
  requireBoolean(situation, tableScope(draft, 'index predicate'), index.predicate, 'WHERE')
}

/** Then its method, its columns and what they are sorted by. @throws Refusal */
export function requireIndexKeys(situation: Situation, draft: Draft, index: IndexDefinition): void {
  const { method, elements, included, predicate } = index
  if (!situation.server.accessMethods.has(method)) {
    if (bringsExtension(situation) || isMadeBefore(situation, ['CreateAmStmt'], method)) return
    throw missing('42704', `access method "${method}" does not exist`, method)
  }
  if (predicate) requireImmutable(situation, predicate, 'index predicate')
  const scope = tableScope(draft, 'index expression')
  for (const element of elements) {
    const column = element.name ? draftColumnNamed(draft, element.name) : undefined
    if (element.name && !column && !draft.isOpen) throw noSuchColumn(draft, element.name)
    if (element.expr) requireImmutable(situation, element.expr, 'index expression')
    const type = column ? column.type : typeIn(element.expr && typeOf(situation, scope, element.expr))
    if (element.opclass) requireOperatorClass(situation, method, element.opclass)
    else if (type) requireDefaultOperatorClass(situation, method, type)
  }
  for (const { name } of included) {
    if (name && !draftColumnNamed(draft, name) && !draft.isOpen) throw noSuchColumn(draft, name)
  }
}

function noSuchColumn(draft: Draft, name: string) {
  return missing('42703', `column "${name}" does not exist`, `${draft.name}.${name}`)
}

function requireOperatorClass(situation: Situation, method: string, parts: readonly Node[]): void {
  const name = relationOfParts(parts)
  const { operatorClasses } = situation.server
  if (operatorClasses.has(`${method} ${name.name}`) || bringsExtension(situation)) return
  if (isMadeBefore(situation, ['CreateOpClassStmt'], name.name)) return
  const words = `operator class "${formatRelation(name)}" does not exist for access method "${method}"`
  throw missing('42704', words, name.name)
}

/**
 * Not every type can be sorted, e.g. json cannot: https://www.postgresql.org/docs/current/indexes-opclass.html
 * @throws Refusal
 */
export function requireDefaultOperatorClass(situation: Situation, method: string, type: ValueType): void {
  const { object, isArray } = baseOf(type)
  if (isArray || object.kind !== 'base' || object.oid === undefined || bringsExtension(situation)) return
  if (isMadeBefore(situation, ['CreateOpClassStmt'], object.name)) return
  const types = situation.server.accessMethods.get(method) ?? []
  if (types.some((one) => isBinaryCast(situation, object.oid, one))) return
  const words = `data type ${wordsOf(type)} has no default operator class for access method "${method}"`
  throw missing('42704', words, object.name)
}

/** https://www.postgresql.org/docs/current/xfunc-volatility.html @throws Refusal */
export function requireImmutable(situation: Situation, expression: Node, place: Place): void {
  visitTree(expression, (kind, node) => {
    if (kind === 'SQLValueFunction') throw notImmutable(place)
    if (kind !== 'FuncCall') return
    const name = relationOfParts(node.funcname)
    // One in SQL may be put in place of its call, and then be immutable after all.
    const isSql = findFunctions(situation.catalog, name).some(({ language }) => language === 'sql')
    if (isSql || isMadeByMigrations(situation, name)) return
    if (isMadeBefore(situation, ['AlterFunctionStmt'], name.name)) return
    const all = serverFunctions(situation, name)
    if (all.length > 0 && all.every(({ volatility }) => volatility !== 'i')) throw notImmutable(place)
  })
}

function notImmutable(place: Place) {
  if (place === 'column generation expression')
    return invalid('42P17', 'generation expression is not immutable')
  return invalid('42P17', `functions in ${place} must be marked IMMUTABLE`)
}
