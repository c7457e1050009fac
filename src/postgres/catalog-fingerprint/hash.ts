import { createHash } from 'node:crypto'
import type { CatalogObject } from '../../domain/catalog-object.js'
import { canonicalJson } from './canonical-json.js'
import { judgedProperties } from './option-names.js'
import { compareObjects } from './order.js'

/** Gives the sha256, in hexadecimal digits, of the objects as canonical JSON; whatever their order. */
export function hashCatalogObjects(objects: readonly CatalogObject[]): string {
  const hash = createHash('sha256')
  for (const { kind, name, properties } of [...objects].sort(compareObjects))
    hash.update(`${canonicalJson({ kind, name, properties: judgedProperties(properties) })}\n`)
  return hash.digest('hex')
}
