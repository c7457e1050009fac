import { NotFollowed } from '../casts.js'
import type { Column, ColumnType, Relation } from '../model.js'
import type { Walk } from '../walk.js'

/** Columns of a query, and why its rows cannot be asked for, where that is so. */
export interface QueryColumns {
  readonly columns: Column[]
  readonly opaque?: string
}

/**
 * The columns that a query gives, as the server names and types them. Where the target lacks what the chain makes, e.g. a
 * function, the twin tells them, on which the relation is made already.
 * @param sql asks the target for its rows
 * @param relation what is made from the query
 */
export async function columnsOf(
  walk: Walk,
  sql: string,
  relation: Pick<Relation, 'schema' | 'name'>,
): Promise<QueryColumns> {
  const answer = await walk.askCatalog(`SELECT * FROM (${sql}) AS q LIMIT 0`)
  if (!answer) {
    const onTwin = await walk.columnsOnTwin?.(relation)
    if (!onTwin) throw new NotFollowed('the columns of its query are not known')
    const columns = onTwin.map(({ name, type }) => columnOf(walk, name, type))
    return { columns, opaque: 'its query cannot be asked of the server' }
  }
  const types = await typesOf(walk, answer.fields)
  // To the target a type that the chain makes is text.
  const isDoubtful = types.some(isText) && walk.catalog.types.some(isMadeByChain)
  const onTwin = isDoubtful ? await walk.columnsOnTwin?.(relation) : undefined
  const columns = answer.fields.map(({ name }, i) => {
    const type = types[i]
    if (!isDoubtful || !isText(type)) return columnOf(walk, name, type)
    const told = onTwin?.[i]?.type
    return columnOf(walk, name, told && isMadeByChain(told.object) ? told : onTwin ? type : undefined)
  })
  return { columns }
}

function isMadeByChain({ live, isDropped }: ColumnType['object']): boolean {
  return live === undefined && !isDropped
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
