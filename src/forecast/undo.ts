import type { SequenceStarts } from './content.js'
import type { SequenceObject } from './model.js'
import type { Walk } from './walk.js'

/** Takes the walk back to where it was when this was made: what a block that raises, or a savepoint, undoes. */
export function rememberState(walk: Walk): () => void {
  const { catalog, content, deferrals, session } = walk
  const saved = cloneGraph({
    catalog: { ...catalog },
    deferrals: deferrals.state,
    afterTransaction: session.afterTransaction,
    isCatalogChanged: content.isCatalogChanged,
  })
  return () => {
    // The same state may be gone back to more than once.
    const again = cloneGraph(saved)
    const { sequences } = catalog
    if (again.catalog.opaque === undefined) delete catalog.opaque
    if (again.catalog.timeZone === undefined) delete catalog.timeZone
    Object.assign(catalog, again.catalog)
    keepTaken(content.sequenceStarts, sequences, catalog.sequences)
    deferrals.state = again.deferrals
    session.afterTransaction = again.afterTransaction
    content.isCatalogChanged = again.isCatalogChanged
  }
}

/** What has been taken from a sequence is not given back. */
function keepTaken(
  starts: SequenceStarts,
  before: readonly SequenceObject[],
  after: readonly SequenceObject[],
): void {
  for (const sequence of after) {
    const known = before.find(({ schema, name }) => schema === sequence.schema && name === sequence.name)
    const start = known && starts.get(known)
    if (start !== undefined) starts.set(sequence, start)
    if (known) sequence.taken = known.taken
  }
}

/** Copies objects that refer to one another in circles. Symbols come along, which `structuredClone` leaves out. */
function cloneGraph<T>(root: T, copies = new Map<unknown, unknown>()): T {
  const clone = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value
    const known = copies.get(value)
    if (known !== undefined) return known
    if (value instanceof Map) {
      const copy = new Map()
      copies.set(value, copy)
      for (const [key, one] of value) copy.set(clone(key), clone(one))
      return copy
    }
    if (value instanceof Set) {
      const copy = new Set()
      copies.set(value, copy)
      for (const one of value) copy.add(clone(one))
      return copy
    }
    const copy: Record<PropertyKey, unknown> = Array.isArray(value)
      ? ([] as unknown as Record<PropertyKey, unknown>)
      : {}
    copies.set(value, copy)
    for (const key of Reflect.ownKeys(value)) {
      if (key !== 'length') copy[key] = clone((value as Record<PropertyKey, unknown>)[key])
    }
    return copy
  }
  return clone(root) as T
}
