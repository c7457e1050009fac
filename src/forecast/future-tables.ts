import type { FutureTables } from '../checks/future.js'
import { equalityOf } from './equality.js'
import { findColumn, findRelation } from './lookup.js'
import { keyOf, type Walk } from './walk.js'

/** The contents at the end of the walk, for checks that are not about a single statement. */
export function futureTables(walk: Walk): FutureTables {
  return {
    schema: walk.content.chain.schema,
    find: (schema, table, columns) => {
      const relation = findRelation(walk.catalog, { schema, name: table })
      const found = columns.map((name) => relation && findColumn(relation, name))
      const isKnown = relation && relation.opaque === undefined && !walk.catalog.opaque
      if (!isKnown || found.some((column) => column === undefined || column.opaque !== undefined))
        return undefined
      const primaryKey = (keyOf(relation) ?? []).map(({ name }) => name)
      const equality = new Map(relation.columns.map(({ name, type }) => [name, equalityOf(type)]))
      return { from: walk.content.read(relation), primaryKey, equality }
    },
    complete: (query) => `${walk.content.chain.withClauseOf(query)}${query}`,
  }
}
