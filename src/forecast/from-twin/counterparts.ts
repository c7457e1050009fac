import type { CatalogModel, Column, IndexObject, Relation, SequenceObject, TypeObject } from '../model.js'
import type { Mirror } from './mirror.js'

/** The OID on the twin, or the number of the column there. On the object itself, so that a savepoint takes it back too. */
export const onTwin = Symbol('on the twin')

/** An object of the walk that may be on the twin. */
export interface OnTwin {
  [onTwin]?: number
}

/** What of the twin's catalog is what in that of the walk. */
export class Counterparts {
  readonly #relations = new Map<number, Relation>()
  readonly #types = new Map<number, TypeObject>()
  #indexes: Map<number, IndexObject> | undefined

  constructor(
    private readonly catalog: CatalogModel,
    private readonly places: Mirror['places'],
  ) {
    for (const type of catalog.types) if (!type.isDropped) this.noteType(type)
    for (const relation of catalog.relations) this.noteRelation(relation)
  }

  noteType(type: TypeObject & OnTwin): void {
    if (type[onTwin] !== undefined) this.#types.set(type[onTwin], type)
  }

  noteRelation(relation: Relation & OnTwin): void {
    if (relation[onTwin] !== undefined) this.#relations.set(relation[onTwin], relation)
  }

  noteIndex(index: IndexObject & OnTwin): void {
    if (index[onTwin] !== undefined) this.#indexes?.set(index[onTwin], index)
  }

  relation({ oid = 0 }: Relation): Relation | undefined {
    return this.#relations.get(oid)
  }

  column(theirs: Column): Column | undefined {
    const place = this.places.get(theirs)
    const columns = place && this.#relations.get(place.relation)?.columns
    return columns?.find((one: Column & OnTwin) => one[onTwin] === place?.number)
  }

  type(theirs: TypeObject): TypeObject {
    return this.#types.get(theirs.oid ?? 0) ?? theirs
  }

  index(theirs: IndexObject): IndexObject {
    this.#indexes ??= this.#allIndexes()
    return this.#indexes.get(theirs.oid ?? 0) ?? theirs
  }

  /** Most statements change none, and a large database has many. */
  #allIndexes(): Map<number, IndexObject> {
    const all = this.catalog.relations.flatMap(({ indexes }) => indexes as (IndexObject & OnTwin)[])
    return new Map(all.flatMap((index) => (index[onTwin] === undefined ? [] : [[index[onTwin], index]])))
  }
}

/**
 * Of the walk's objects, the one that was this object of the twin before; else one that was none yet and is alike. It is
 * this object of the twin from here on.
 * @param number the OID, or the number of the column, on the twin
 */
export function counterpartOf<T extends object>(
  objects: readonly T[],
  number: number | undefined,
  isAlike: (one: T) => boolean,
): T | undefined {
  const known = objects.find((one) => number !== undefined && (one as OnTwin)[onTwin] === number)
  const found = known ?? objects.find((one) => (one as OnTwin)[onTwin] === undefined && isAlike(one))
  return found && asOnTwin(found, number)
}

export function asOnTwin<T extends object>(one: T, number: number | undefined): T {
  if (number !== undefined) (one as OnTwin)[onTwin] = number
  return one
}

export function isOnTwin(one: object): boolean {
  return (one as OnTwin)[onTwin] !== undefined
}

export function isNamedAs(one: { schema: string; name: string }) {
  return (other: { schema: string; name: string }) => other.schema === one.schema && other.name === one.name
}

/** What the walk takes over from the twin does not exist on the target. */
export function ownSequence({ oid, live: _, ownedBy: __, ...rest }: SequenceObject): SequenceObject {
  return asOnTwin({ ...rest, taken: [] }, oid)
}
