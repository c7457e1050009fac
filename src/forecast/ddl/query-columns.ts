import type { Node } from '../../sql/parser.js'
import { NotFollowed } from '../casts.js'
import type { Column, ColumnType } from '../model.js'
import type { Walk } from '../walk.js'

/** Columns of a query, and why its rows cannot be asked for, where that is so. */
export interface QueryColumns {
  readonly columns: Column[]
  readonly opaque?: string
}

/**
 * The columns that a query gives, as the server names and types them. Where it lacks what the chain makes, e.g. a
 * function, they are told by the text.
 * @param sql asks today's server for its rows
 * @param query its own tree, with `SelectStmt`
 */
export async function columnsOf(walk: Walk, sql: string, query: Node): Promise<QueryColumns> {
  const answer = await walk.askCatalog(`SELECT * FROM (${sql}) AS q LIMIT 0`)
  if (!answer) {
    const byText = await walk.columnsByText(query)
    if (!byText) throw new NotFollowed('the columns of its query are not known')
    const columns = byText.map(({ name, type }) => columnOf(walk, name, type && { ...type, modifiers: '' }))
    return { columns, opaque: 'its query cannot be asked of the server' }
  }
  const types = await typesOf(walk, answer.fields)
  const byText = types.some(isText) ? await walk.columnsByText(query) : undefined
  const columns = answer.fields.map(({ name }, i) => {
    // To today's server a type that the chain makes is text.
    const told = isText(types[i]) ? byText?.[i]?.type : undefined
    return columnOf(
      walk,
      name,
      told && told.object.live === undefined ? { ...told, modifiers: '' } : types[i],
    )
  })
  return { columns }
}

function columnOf(walk: Walk, name: string, type: ColumnType | undefined): Column {
  return {
    name,
    type: type ?? textType(walk),
    isNotNull: false,
    from: '',
    ...(type ? {} : { opaque: `the type of "${name}" is not known` }),
  }
}

interface TypeRow {
  readonly element: number
  readonly text: string
}

async function typesOf(
  walk: Walk,
  fields: readonly { readonly dataTypeID: number; readonly dataTypeModifier?: number }[],
): Promise<(ColumnType | undefined)[]> {
  if (fields.length === 0) return []
  const list = fields.map(
    ({ dataTypeID, dataTypeModifier = -1 }, i) => `(${i}, ${dataTypeID}::oid, ${dataTypeModifier})`,
  )
  const answer = await walk.askCatalog(
    `SELECT CASE WHEN t.typcategory = 'A' THEN t.typelem ELSE 0::oid END::int4 AS element,
            pg_catalog.format_type(t.oid, v.modifier) AS text
       FROM (VALUES ${list.join(', ')}) AS v (i, type, modifier) JOIN pg_catalog.pg_type t ON t.oid = v.type ORDER BY v.i`,
  )
  const objects = new Map(walk.catalog.types.map((type) => [type.oid, type]))
  return ((answer?.rows ?? []) as unknown as TypeRow[]).map(({ element, text }, i) => {
    const object = objects.get(element === 0 ? fields[i]?.dataTypeID : element)
    const modifiers = /\([^)]*\)/.exec(text)?.[0] ?? ''
    return object && { object, modifiers, isArray: element !== 0, liveText: text }
  })
}

function isText(type: ColumnType | undefined): boolean {
  return type?.object.name === 'text' && type.object.schema === 'pg_catalog'
}

function textType(walk: Walk): ColumnType {
  const object = walk.catalog.types.find(({ name, schema }) => name === 'text' && schema === 'pg_catalog')
  if (!object) throw new NotFollowed('the server has no type text')
  return { object, modifiers: '', isArray: false }
}
