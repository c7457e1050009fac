import { type RelationName, relationOfParts } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { findRelation, findType } from '../lookup.js'
import type { Column, ColumnType, TypeObject } from '../model.js'
import {
  bringsExtension,
  isMadeBefore,
  requireSchema,
  requireUsage,
  type Situation,
  said,
} from './situation.js'
import { invalid, missing } from './static-failure.js'

/** The type of a value, without its modifiers. */
export type ValueType = Pick<ColumnType, 'object' | 'isArray'>

/** Not types, but words for a sequence beside a column. */
const serials: Readonly<Record<string, string>> = {
  serial: 'int4',
  serial4: 'int4',
  bigserial: 'int8',
  serial8: 'int8',
  smallserial: 'int2',
  serial2: 'int2',
}

/**
 * The type that a TypeName means.
 * @returns undefined for one that exists but that nothing more is known of, e.g. the row type of a table
 * @throws Refusal when there is none of that name
 */
export function requireType(situation: Situation, typeName: Node | undefined): ValueType | undefined {
  if (!typeName?.names || typeName.pct_type) return undefined
  const name = relationOfParts(typeName.names)
  requireUsage(situation, name.schema)
  const object = findTypeObject(situation, name)
  const isArray = (typeName.arrayBounds?.length ?? 0) > 0
  if (object) {
    requireModifiable(object, typeName)
    return { object, isArray }
  }
  if (isOtherType(situation, name)) return undefined
  requireSchema(situation, name.schema)
  if (bringsExtension(situation)) return undefined
  throw missing('42704', `type ${said(name)} does not exist`, name.name)
}

const modifiable = [
  ...['varchar', 'bpchar', 'char', 'numeric', 'bit', 'varbit', 'interval'],
  ...['time', 'timetz', 'timestamp', 'timestamptz'],
]

/** @throws Refusal for `text(5)` */
function requireModifiable(object: TypeObject, { typmods }: Node): void {
  if (!typmods) return
  const isPlain = object.kind === 'enum' || (object.kind === 'base' && object.schema === 'pg_catalog')
  if (isPlain && !modifiable.includes(object.name))
    throw invalid('42601', `type modifier is not allowed for type "${object.name}"`, object.name)
}

/** The same for a column, where `serial` is a type. */
export function requireColumnType(situation: Situation, typeName: Node | undefined): ValueType | undefined {
  const serial = serials[serialName(typeName) ?? '']
  if (serial !== undefined) return builtIn(situation, serial)
  return requireType(situation, typeName)
}

export function isSerial(typeName: Node | undefined): boolean {
  return serialName(typeName) !== undefined
}

function serialName(typeName: Node | undefined): string | undefined {
  const name = typeName?.names?.length === 1 ? (typeName.names[0].String?.sval as string) : undefined
  return name !== undefined && name in serials ? name : undefined
}

/** In the order of the server: its own types hide those of the search path. */
function findTypeObject({ catalog }: Situation, { schema, name }: RelationName): TypeObject | undefined {
  if (schema !== undefined) return findType(catalog, { schema, name })
  return findType(catalog, { schema: 'pg_catalog', name }) ?? findType(catalog, { name })
}

/** Row types, array types under their own names, and types of schemas that the model leaves out. */
function isOtherType(situation: Situation, name: RelationName): boolean {
  const isOfServer = name.schema === 'information_schema' || name.schema?.startsWith('pg_toast')
  return (
    name.name.startsWith('_') ||
    isOfServer === true ||
    name.schema === 'pg_temp' ||
    findRelation(situation.catalog, name) !== undefined ||
    situation.server.systemRelations.has(`${name.schema ?? 'pg_catalog'}.${name.name}`) ||
    isMadeBefore(situation, ['DefineStmt'], name.name)
  )
}

/** A type of the server's own, by its name in `pg_type`. */
export function builtIn({ catalog }: Situation, name: string, isArray = false): ValueType | undefined {
  const object = findType(catalog, { schema: 'pg_catalog', name })
  return object && { object, isArray }
}

export function typeByOid({ typesByOid, server }: Situation, oid: number): ValueType | undefined {
  const element = server.elements.get(oid)
  const object = typesByOid.get(element ?? oid)
  return object && { object, isArray: element !== undefined }
}

/** The type of a column, unless its values are unknown: then its type may only stand in for one that is. */
export function typeOfColumn({ type, opaque }: Column): ValueType | undefined {
  return opaque === undefined ? type : undefined
}

export function isSameType(one: ValueType, other: ValueType): boolean {
  return one.object === other.object && one.isArray === other.isArray
}

/** A domain counts as what it is made of, except where it is the target. */
export function baseOf(type: ValueType): ValueType {
  let base = type
  while (!base.isArray && base.object.base) base = base.object.base
  return base
}

const longNames: Readonly<Record<string, string>> = {
  int2: 'smallint',
  int4: 'integer',
  int8: 'bigint',
  float4: 'real',
  float8: 'double precision',
  bool: 'boolean',
  varchar: 'character varying',
  bpchar: 'character',
  timestamp: 'timestamp without time zone',
  timestamptz: 'timestamp with time zone',
  time: 'time without time zone',
  timetz: 'time with time zone',
}

/** As the server calls it in its messages. */
export function wordsOf({ object, isArray }: ValueType): string {
  const name = object.schema === 'pg_catalog' ? (longNames[object.name] ?? object.name) : object.name
  return isArray ? `${name}[]` : name
}
