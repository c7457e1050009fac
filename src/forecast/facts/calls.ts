import { formatRelation, type RelationName } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { findFunctions, findType } from '../lookup.js'
import { type Argument, takesArguments } from './operators.js'
import type { ServerFunction } from './server-facts.js'
import { bringsExtension, isMadeBefore, requireSchema, type Situation } from './situation.js'
import { missing } from './static-failure.js'
import { typeByOid, type ValueType, wordsOf } from './types.js'

/** The functions of this name that today's server has and the migrations have left in place. */
export function serverFunctions(situation: Situation, { schema, name }: RelationName): ServerFunction[] {
  const { catalog, server } = situation
  const places = schema === undefined ? ['pg_temp', 'pg_catalog', ...catalog.searchPath] : [schema]
  return (server.functions.get(name) ?? []).filter((one) => {
    if (!places.includes(one.schema)) return false
    return (
      one.isCompiled ||
      catalog.functions.some((known) => known.isLive && known.name === name && known.schema === one.schema)
    )
  })
}

/** Whether the migrations make a function of this name, with arguments that nobody has written down. */
export function isMadeByMigrations({ catalog }: Situation, name: RelationName): boolean {
  return findFunctions(catalog, name).some(({ isLive }) => !isLive)
}

/** @throws Refusal when no function of that name takes these arguments */
export function requireFunction(
  situation: Situation,
  name: RelationName,
  call: Node,
  given: readonly Argument[],
): void {
  const candidates = serverFunctions(situation, name)
  if (isMadeByMigrations(situation, name) || isCast(situation, name, given)) return
  // `column(row)` is the column of a row.
  if (given.length === 1 && given[0] === undefined && call.args[0].ColumnRef) return
  if (candidates.some((one) => mayTake(situation, one, call, given))) return
  if (mayBeThere(situation, name)) return
  requireSchema(situation, name.schema)
  const types = given.map((one) => {
    if (one === undefined) return '?'
    return one === 'literal' ? 'unknown' : wordsOf(one)
  })
  const words = call.agg_star ? '*' : types.join(', ')
  throw missing('42883', `function ${formatRelation(name)}(${words}) does not exist`, name.name)
}

/**
 * Whether there may be a function that the model of the catalog does not hold: it knows functions by their names only,
 * so of several that share one it cannot tell which is gone.
 */
export function mayBeThere(situation: Situation, { schema, name }: RelationName): boolean {
  const overloads = (situation.server.functions.get(name) ?? []).filter(({ isCompiled }) => !isCompiled)
  return (
    overloads.length > 1 ||
    bringsExtension(situation) ||
    isMadeBefore(situation, ['DefineStmt', 'CreateFunctionStmt', 'AlterObjectSchemaStmt'], name) ||
    (schema !== undefined && isMadeBefore(situation, ['RenameStmt'], schema))
  )
}

function mayTake(situation: Situation, one: ServerFunction, call: Node, given: readonly Argument[]): boolean {
  const isNamed = (call.args ?? []).some((argument: Node) => argument.NamedArgExpr)
  if (isNamed || call.func_variadic || call.agg_star || call.agg_within_group) return true
  return takesArguments(situation, one, given) !== false
}

/** `date(x)` is a cast when there is no such function. */
function isCast({ catalog }: Situation, name: RelationName, given: readonly Argument[]): boolean {
  return given.length === 1 && findType(catalog, name) !== undefined
}

/** The type that a call gives; undefined when several functions may be meant, or when it follows from the arguments. */
export function typeOfCall(
  situation: Situation,
  name: RelationName,
  call: Node,
  given: readonly Argument[],
): ValueType | undefined {
  if (isMadeByMigrations(situation, name) || isMadeBefore(situation, ['DefineStmt'], name.name))
    return undefined
  const candidates = serverFunctions(situation, name).filter((one) => mayTake(situation, one, call, given))
  const [first] = candidates
  // `count()` is refused for another reason.
  if (first?.kind === 'a' && given.length === 0 && !call.agg_star) return undefined
  const isOne = candidates.every(({ result }) => result === first?.result)
  if (!first || !isOne || situation.server.pseudoTypes.has(first.result)) return undefined
  return typeByOid(situation, first.result)
}
