import { canCast } from './casts.js'
import type { ServerFunction } from './server-facts.js'
import type { Situation } from './situation.js'
import { baseOf, isSameType, typeByOid, type ValueType } from './types.js'

/**
 * Whether the server has a comparison or LIKE for these operands. An operand without type is a string constant, which
 * takes any type.
 * @returns undefined when it cannot be told
 */
export function hasOperator(
  situation: Situation,
  operator: string,
  left: ValueType | undefined,
  right: ValueType | undefined,
): boolean | undefined {
  const candidates = situation.server.operators.get(operator)
  if (!candidates || situation.earlier.some(({ kind }) => kind === 'DefineStmt')) return undefined
  const [one, other] = [left && baseOf(left), right && baseOf(right)]
  if (one && other && isSameType(one, other) && one.object.kind === 'enum') return isEquality(operator)
  if (!isComparable(one) || !isComparable(other)) return undefined
  if (one?.isArray || other?.isArray) return hasArrayOperator(situation, operator, one, other)
  // An enum and a string constant meet as that enum.
  if (one?.object.kind === 'enum' && !other) return isEquality(operator)
  if (other?.object.kind === 'enum' && !one) return isEquality(operator)
  let isUnknown = false
  // It ends at the first that fits: a long file asks this of each of its statements.
  for (const [l, r] of candidates) {
    const accepted = [accepts(situation, l, one), accepts(situation, r, other)]
    if (accepted.includes(false)) continue
    if (!accepted.includes(undefined)) return true
    isUnknown = true
  }
  return isUnknown ? undefined : false
}

function isEquality(operator: string): boolean {
  return !operator.includes('~')
}

/** Ranges, row types and extension types that do not exist yet have rules of their own. */
function isComparable(type: ValueType | undefined): boolean {
  if (type === undefined) return true
  const { kind, oid, category } = type.object
  if (kind === 'enum') return true
  return kind === 'base' && oid !== undefined && category !== 'A'
}

/** Arrays are compared with arrays of the very same type. */
function hasArrayOperator(
  situation: Situation,
  operator: string,
  one: ValueType | undefined,
  other: ValueType | undefined,
): boolean | undefined {
  if (!isEquality(operator)) return undefined
  if (!one || !other) return true
  if (isSameType(one, other)) return true
  const isOfServer = [one, other].every(
    ({ object }) => object.kind === 'enum' || object.schema === 'pg_catalog',
  )
  if (!isOfServer) return undefined
  if (one.isArray && other.isArray && canCast(situation, one, other, 'implicit') !== false) return undefined
  if (one.isArray && other.isArray && canCast(situation, other, one, 'implicit') !== false) return undefined
  return false
}

/** Whether an operand of the operator takes this type as it is. Polymorphic operands are for others than plain types. */
function accepts(situation: Situation, operand: number, type: ValueType | undefined): boolean | undefined {
  if (!type) return !situation.server.pseudoTypes.has(operand)
  if (situation.server.pseudoTypes.has(operand)) return false
  const wanted = typeByOid(situation, operand)
  return wanted ? canCast(situation, type, wanted, 'implicit') : false
}

/** An argument of a call: its type, a string constant without one, or nothing known. */
export type Argument = ValueType | 'literal' | undefined

/** Whether a function may be called with these arguments; undefined when it cannot be told. */
export function takesArguments(
  situation: Situation,
  { arguments: wanted, required, isVariadic }: ServerFunction,
  given: readonly Argument[],
): boolean | undefined {
  if (isVariadic) return given.length >= required - 1 ? undefined : false
  if (given.length < required || given.length > wanted.length) return false
  const answers = given.map((argument, i) => {
    const operand = wanted[i] ?? 0
    if (argument === undefined) return undefined
    if (situation.server.pseudoTypes.has(operand)) return takesAny(situation, operand, argument)
    if (argument === 'literal') return true
    const type = typeByOid(situation, operand)
    return type ? canCast(situation, argument, type, 'implicit') : undefined
  })
  if (answers.includes(false)) return false
  return answers.includes(undefined) ? undefined : true
}

/** A polymorphic argument, as far as it is for one kind of type only. */
function takesAny({ typesByOid }: Situation, pseudoType: number, given: Argument): boolean | undefined {
  if (given === undefined || given === 'literal') return undefined
  const { object, isArray } = baseOf(given)
  switch (typesByOid.get(pseudoType)?.name) {
    case 'anyrange':
    case 'anymultirange':
    case 'anycompatiblerange':
    case 'anycompatiblemultirange':
      return isArray || object.kind === 'base' || object.kind === 'enum' ? false : undefined
    case 'anyarray':
    case 'anycompatiblearray':
      return isArray || object.category === 'A' ? undefined : false
    case 'anyenum':
      return object.kind === 'enum' && !isArray ? undefined : false
    default:
      return undefined
  }
}
