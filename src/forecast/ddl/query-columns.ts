import { NotFollowed } from '../casts.js'
import type { Column, ColumnType, Relation } from '../model.js'
import type { Walk } from '../walk.js'

/**
 * The columns that a query gives, as the server names and types them.
 * @param reads the relations that it reads. A type that the chain makes is text to today's server, so that a column of
 *   text may be one of that type where they hold such a column.
 */
export async function columnsOf(walk: Walk, sql: string, reads: readonly Relation[]): Promise<Column[]> {
  const isMadeTypeRead = reads.some(({ columns }) =>
    columns.some(({ type }) => type.object.oid === undefined),
  )
  const answer = await walk.askCatalog(`SELECT * FROM (${sql}) AS q LIMIT 0`)
  if (!answer) throw new NotFollowed('the columns of its query are not known')
  const types = await typesOf(walk, answer.fields)
  return answer.fields.map(({ name }, i) => {
    const type = isMadeTypeRead && isText(types[i]) ? undefined : types[i]
    return {
      name,
      type: type ?? textType(walk),
      isNotNull: false,
      from: '',
      ...(type ? {} : { opaque: `the type of "${name}" is not known` }),
    }
  })
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
