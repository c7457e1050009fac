import type { TypeObject } from '../model.js'
import type { Situation } from './situation.js'
import { baseOf, isSameType, type ValueType } from './types.js'

/** How a value comes to another type: in any expression, into a column, or only where a cast is written. */
export type CastContext = 'implicit' | 'assignment' | 'explicit'

/** Kinds whose casts follow from pg_cast and the rules of strings alone. */
const plainKinds: readonly TypeObject['kind'][] = ['base', 'enum', 'range']

/**
 * Whether the server casts in this context: https://www.postgresql.org/docs/current/sql-createcast.html#SQL-CREATECAST-NOTES
 * @returns undefined when it cannot be told
 */
export function canCast(
  situation: Situation,
  from: ValueType,
  to: ValueType,
  context: CastContext,
): boolean | undefined {
  if (isSameType(from, to)) return true
  if (situation.earlier.some(({ kind }) => kind === 'CreateCastStmt')) return undefined
  const source = baseOf(from)
  const target = baseOf(to)
  if (isSameType(source, target)) return true
  if (!isPlain(source) || !isPlain(target)) return undefined
  if (source.isArray && target.isArray) {
    return canCast(situation, elementOf(source), elementOf(target), context)
  }
  if (source.isArray !== target.isArray) {
    // Types of extensions may be cast to arrays, and from them.
    if (source.object.schema !== 'pg_catalog' || target.object.schema !== 'pg_catalog') {
      if (source.object.kind !== 'enum' && target.object.kind !== 'enum') return undefined
    }
    return castsThroughText(source, target, context)
  }
  const cast = situation.server.casts.get(`${source.object.oid}>${target.object.oid}`)
  if (cast) {
    if (cast.context === 'i') return true
    return cast.context === 'a' ? context !== 'implicit' : context === 'explicit'
  }
  return castsThroughText(source, target, context)
}

/** Whether the value is the same to the last bit, as of varchar and text. */
export function isBinaryCast({ server }: Situation, from: number | undefined, to: number): boolean {
  const cast = server.casts.get(`${from}>${to}`)
  return from === to || (cast?.isBinary === true && cast.context === 'i')
}

/** Every type has a text form: into a string by assignment, out of one only where a cast is written. */
function castsThroughText(source: ValueType, target: ValueType, context: CastContext): boolean {
  if (context === 'implicit') return false
  if (isString(target)) return true
  return context === 'explicit' && isString(source)
}

function isString({ object, isArray }: ValueType): boolean {
  return object.category === 'S' && !isArray
}

function elementOf({ object }: ValueType): ValueType {
  return { object, isArray: false }
}

/** Category `A` without element: int2vector and oidvector. A base type without OID comes from the migrations. */
function isPlain({ object }: ValueType): boolean {
  if (object.kind === 'enum') return true
  return plainKinds.includes(object.kind) && object.oid !== undefined && object.category !== 'A'
}
