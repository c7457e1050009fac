import type { CatalogDifference, CatalogObject } from '../domain/catalog-object.js'
import { diffCatalogObjects } from './catalog-fingerprint/diff.js'
import { hashCatalogObjects } from './catalog-fingerprint/hash.js'
import { isOfTableNamed } from './catalog-fingerprint/of-table.js'
import { readCatalogObjects } from './catalog-fingerprint/read-catalog-objects.js'
import type { Client } from './connection.js'

/** Everything in the catalog that a migration can change and a running application does not. */
export interface Catalog {
  readonly objects: readonly CatalogObject[]
  /** sha256 over the objects as canonical JSON. */
  readonly hash: string
}

const isOfHistory = isOfTableNamed('_prisma_migrations')

/**
 * Reads the catalog. Needs no privilege beyond CONNECT. Prisma's own history table is left out: it is Prisma that
 * makes it, at the first deploy, whatever becomes of the migrations. So is what the application changes at any moment:
 * where sequences stand, and large objects.
 */
export async function readCatalog(client: Client): Promise<Catalog> {
  const ignore = (object: CatalogObject) => object.kind === 'large object' || isOfHistory(object)
  const objects = await readCatalogObjects(client, { ignore, sequenceValues: false })
  return { objects, hash: hashCatalogObjects(objects) }
}

/** How the objects of two catalogs differ. */
export function compareCatalogs(before: Catalog, after: Catalog): CatalogDifference[] {
  return diffCatalogObjects(before.objects, after.objects)
}
