import type { CatalogObject } from '../../domain/catalog-object.js'
import type { CatalogPoint, CatalogStep } from '../../domain/catalog-timeline.js'
import { canonicalJson } from './canonical-json.js'
import { judgedProperties } from './option-names.js'

/** What became of each object from one catalog to the next. */
export function catalogStep(
  point: CatalogPoint,
  before: readonly CatalogObject[],
  after: readonly CatalogObject[],
): CatalogStep {
  const old = new Map(before.map((object) => [keyOf(object), object]))
  const now = new Map(after.map((object) => [keyOf(object), object]))
  const gone = before.filter((object) => !now.has(keyOf(object)))
  const other = after.filter((object) => !isSameObject(old.get(keyOf(object)), object))
  return {
    ...point,
    changes: [...gone, ...other].map(({ kind, name }) => ({
      kind,
      name,
      before: old.get(`${kind} ${name}`)?.properties ?? null,
      after: now.get(`${kind} ${name}`)?.properties ?? null,
    })),
  }
}

type Properties = CatalogObject['properties'] | null

/**
 * True when both are the same thing, or both are not there. The place of a column among the others is left out: a column
 * that is dropped moves all behind it.
 */
export function isSameVersion(one: Properties, other: Properties): boolean {
  return canonicalJson(withoutPlace(one)) === canonicalJson(withoutPlace(other))
}

function withoutPlace(properties: Properties): unknown {
  if (properties === null) return null
  const { position: _, ...rest } = judgedProperties(properties)
  return rest
}

function isSameObject(one: CatalogObject | undefined, other: CatalogObject): boolean {
  return isSameVersion(one?.properties ?? null, other.properties)
}

function keyOf({ kind, name }: CatalogObject): string {
  return `${kind} ${name}`
}
