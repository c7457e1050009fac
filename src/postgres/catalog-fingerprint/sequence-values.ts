import type { CatalogObject } from '../../domain/catalog-object.js'
import type { Client } from '../connection.js'

/** A query over more sequences at once would be slow to plan. */
const sequencesPerQuery = 500

const notReadable = 'not readable by this role'

/**
 * Adds to each sequence where it stands, which only a query of the sequence itself tells: `last value`, as text, and
 * `is called`. Takes away `readable`, which says whether this role may ask.
 */
export async function addSequenceValues(
  client: Client,
  objects: readonly CatalogObject[],
): Promise<CatalogObject[]> {
  const readable = objects.filter(({ kind, properties }) => kind === 'sequence' && properties.readable)
  const values = new Map<string, Record<string, unknown>>()
  for (let at = 0; at < readable.length; at += sequencesPerQuery) {
    const names = readable.slice(at, at + sequencesPerQuery).map(({ name }) => name)
    // The names are the server's own, quoted.
    const queries = names.map((name, i) => `SELECT ${i}, last_value::text, is_called FROM ${name}`)
    const { rows } = await client.query({ text: queries.join('\nUNION ALL '), rowMode: 'array' })
    for (const [i, lastValue, isCalled] of rows)
      values.set(names[i] as string, { 'last value': lastValue, 'is called': isCalled })
  }
  return objects.map((object) => {
    if (object.kind !== 'sequence') return object
    const { readable, ...properties } = object.properties
    const unknown = { 'last value': notReadable, 'is called': notReadable }
    // A sequence of an extension comes here only for what was granted on it.
    const value = readable === undefined ? {} : (values.get(object.name) ?? unknown)
    return { ...object, properties: { ...properties, ...value } }
  })
}

/** The same objects without where their sequences stand. */
export function withoutSequenceValues(objects: readonly CatalogObject[]): CatalogObject[] {
  return objects.map((object) => {
    if (object.kind !== 'sequence') return object
    const { readable, 'last value': lastValue, 'is called': isCalled, ...properties } = object.properties
    return { ...object, properties }
  })
}
