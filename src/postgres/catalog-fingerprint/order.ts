import type { CatalogObject } from '../../domain/catalog-object.js'

/** Names an object among all others. */
export type ObjectKey = Pick<CatalogObject, 'kind' | 'name'>

/** By kind, then by name; the same on every machine, whatever its locale. */
export function compareObjects(one: ObjectKey, other: ObjectKey): number {
  return compareTexts(one.kind, other.kind) || compareTexts(one.name, other.name)
}

function compareTexts(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}
