import type { CatalogModel } from '../model.js'

/** Whether a table, named `schema.name`, is one of the target that may hold rows. */
export function holdsRows(catalog: CatalogModel, table: string): boolean {
  return catalog.relations.some(
    ({ schema, name, live, isEmpty }) => `${schema}.${name}` === table && live !== undefined && !isEmpty,
  )
}
