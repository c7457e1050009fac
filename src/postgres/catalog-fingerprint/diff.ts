import type { CatalogDifference, CatalogObject } from '../../domain/catalog-object.js'
import { canonicalJson } from './canonical-json.js'
import { lastPartOf } from './names.js'
import { judgedProperties } from './option-names.js'
import { compareObjects, type ObjectKey } from './order.js'

/** The objects that differ between two catalogs, sorted by kind and name; none when they are the same. */
export function diffCatalogObjects(
  before: readonly CatalogObject[],
  after: readonly CatalogObject[],
): CatalogDifference[] {
  const old = new Map(before.map((object) => [keyOf(object), object]))
  const now = new Map(after.map((object) => [keyOf(object), object]))
  const moved = movedColumns(before, after)
  const differences: CatalogDifference[] = []
  for (const { kind, name } of before) {
    if (!now.has(keyOf({ kind, name }))) differences.push({ kind, name, change: 'removed' })
  }
  for (const object of after) {
    const { kind, name } = object
    const known = old.get(keyOf(object))
    if (!known) {
      differences.push({ kind, name, change: 'added' })
      continue
    }
    const properties = diffProperties(known, object, moved.has(name))
    if (properties.length > 0) differences.push({ kind, name, change: 'changed', properties })
  }
  return differences.sort(compareObjects)
}

function keyOf({ kind, name }: ObjectKey): string {
  return `${kind} ${name}`
}

type PropertyDifferences = NonNullable<CatalogDifference['properties']>

function diffProperties(before: CatalogObject, after: CatalogObject, isMoved: boolean): PropertyDifferences {
  const [old, now] = [judgedProperties(before.properties), judgedProperties(after.properties)]
  const names = new Set([...Object.keys(old), ...Object.keys(now)])
  return [...names]
    .filter((property) => property !== 'position' || isMoved)
    .map((property) => ({
      property,
      before: before.properties[property],
      after: after.properties[property],
    }))
    .filter((one) => canonicalJson(one.before) !== canonicalJson(one.after))
    .sort((one, other) => (one.property < other.property ? -1 : 1))
}

/**
 * The columns that have another place among those that both tables have: a column that was dropped moves all behind it,
 * and that is no difference of theirs.
 */
function movedColumns(before: readonly CatalogObject[], after: readonly CatalogObject[]): Set<string> {
  const [old, now] = [columnsInOrder(before), columnsInOrder(after)]
  const moved = new Set<string>()
  for (const [table, names] of now) {
    const known = new Set(old.get(table) ?? [])
    const kept = names.filter((name) => known.has(name))
    const stillThere = new Set(kept)
    const asBefore = (old.get(table) ?? []).filter((name) => stillThere.has(name))
    for (const [place, name] of kept.entries()) if (asBefore[place] !== name) moved.add(name)
  }
  return moved
}

function columnsInOrder(objects: readonly CatalogObject[]): Map<string, string[]> {
  const tables = new Map<string, CatalogObject[]>()
  for (const object of objects) {
    // Not of a column that is here only for what was granted on it.
    if (object.kind !== 'column' || object.properties.position === undefined) continue
    const table = object.name.slice(0, -lastPartOf(object.name).length - 1)
    tables.set(table, [...(tables.get(table) ?? []), object])
  }
  return new Map(
    [...tables].map(([table, columns]) => [table, columns.sort(byPosition).map(({ name }) => name)]),
  )
}

function byPosition(one: CatalogObject, other: CatalogObject): number {
  return Number(one.properties.position) - Number(other.properties.position)
}
