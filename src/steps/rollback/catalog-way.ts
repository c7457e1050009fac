import type { CatalogDifference, CatalogObject } from '../../domain/catalog-object.js'
import { diffCatalogObjects } from '../../postgres/catalog-fingerprint/diff.js'
import { isOfTableNamed } from '../../postgres/catalog-fingerprint/of-table.js'
import { withoutSequenceValues } from '../../postgres/catalog-fingerprint/sequence-values.js'
import { kindsOfPlace } from '../rehearsal/kinds-of-place.js'

const isOfHistory = isOfTableNamed('_prisma_migrations')

/** What became of a catalog on the way back: each object that is new, gone or another one, but for the order of columns. */
export function wayOf(
  before: readonly CatalogObject[],
  after: readonly CatalogObject[],
): CatalogDifference[] {
  const own = (objects: readonly CatalogObject[]) =>
    withoutSequenceValues(objects).filter(
      (object) => !kindsOfPlace.has(object.kind) && object.kind !== 'large object' && !isOfHistory(object),
    )
  return diffCatalogObjects(own(before), own(after)).flatMap((one) => {
    if (one.change !== 'changed') return [one]
    const properties = (one.properties ?? []).filter(({ property }) => property !== 'position')
    return properties.length === 0 ? [] : [{ ...one, properties }]
  })
}

/** The objects of which one way says something else than the other. */
export function otherWays(
  expected: readonly CatalogDifference[],
  found: readonly CatalogDifference[],
): { readonly missing: readonly CatalogDifference[]; readonly more: readonly CatalogDifference[] } {
  const keysOf = (way: readonly CatalogDifference[]) => new Set(way.map(keyOf))
  const [wanted, seen] = [keysOf(expected), keysOf(found)]
  return {
    missing: expected.filter((one) => !seen.has(keyOf(one))),
    more: found.filter((one) => !wanted.has(keyOf(one))),
  }
}

function keyOf({ kind, name, change }: CatalogDifference): string {
  return `${change} ${kind} ${name}`
}
