import { relationOfParts } from '../sql/names.js'
import type { Node } from '../sql/parser.js'
import { NotFollowed } from './casts.js'
import { findType } from './lookup.js'
import type { CatalogModel, ColumnType, TypeObject } from './model.js'
import { deparseExpression, lastName } from './tree.js'

const serials: Readonly<Record<string, string>> = {
  serial: 'int4',
  serial4: 'int4',
  bigserial: 'int8',
  serial8: 'int8',
  smallserial: 'int2',
  serial2: 'int2',
}

/** `serial` is no type but a column with a sequence: https://www.postgresql.org/docs/current/datatype-numeric.html#DATATYPE-SERIAL */
export function isSerial(typeName: Node): boolean {
  return typeName.names?.length === 1 && lastName(typeName.names) in serials
}

/** The type that a TypeName node of a statement means now. @throws NotFollowed when there is none that is known */
export function typeOf(catalog: CatalogModel, typeName: Node | undefined, bound?: TypeObject): ColumnType {
  // A partition and a table of a composite type may name a column without it.
  if (!typeName) throw new NotFollowed('a column is named without its type')
  const serial = serials[lastName(typeName.names)]
  const name =
    serial !== undefined && isSerial(typeName) ? { name: serial } : relationOfParts(typeName.names ?? [])
  const object = bound ?? findType(catalog, name)
  if (!object) {
    // `_text` is the array of text.
    const element = name.name.startsWith('_')
      ? findType(catalog, { ...name, name: name.name.slice(1) })
      : undefined
    if (element) return { object: element, modifiers: '', isArray: true }
    throw new NotFollowed(`type "${name.name}" is not known`)
  }
  const isArray = (typeName.arrayBounds ?? []).length > 0
  const text = object.schema === 'pg_catalog' ? typeText(typeName, serial) : undefined
  const modifiers = text === undefined ? '' : (/\([^)]*\)/.exec(text)?.[0] ?? '').replaceAll(' ', '')
  return { object, modifiers, isArray, ...(text === undefined ? {} : { liveText: text }) }
}

/** To write a type takes a round trip through the parser's own writer, and histories use the same few again and again. */
const writtenTypes = new Map<string, string>()

/** The type in the words of SQL, with its modifiers where they belong. */
function typeText(typeName: Node, serial: string | undefined): string {
  if (serial !== undefined) return serial
  const { location, ...type } = typeName
  const key = JSON.stringify(type).replaceAll(/"location":\d+/g, '')
  const text = writtenTypes.get(key) ?? writeType(typeName)
  writtenTypes.set(key, text)
  return text
}

function writeType(typeName: Node): string {
  const cast = deparseExpression({ TypeCast: { arg: { A_Const: { isnull: true } }, typeName } })
  const text = /^\(CAST\(NULL AS (.*)\)\)$/s.exec(cast)?.[1] ?? /^\(NULL::(.*)\)$/s.exec(cast)?.[1]
  if (text === undefined) throw new NotFollowed(`type in ${cast} is not read`)
  return text
}
