import type { CatalogObjectKind } from '../../domain/catalog-object.js'

/**
 * Objects that belong to where a database is: what leads out of the copy is cut there, and told as such; properties of
 * the database itself are in no dump.
 */
export const kindsOfPlace: ReadonlySet<CatalogObjectKind> = new Set([
  'database',
  'server',
  'user mapping',
  'subscription',
])
