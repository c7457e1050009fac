import type { CatalogObjectKind } from './catalog-object.js'

/** How the catalog went from one step of the migrations to the next, as it was seen on a database of our own. */
export interface CatalogTimeline {
  /** Where the catalog was read, in order. The place before everything is no member: versions call it 0. */
  readonly points: readonly CatalogPoint[]
  /** Every object that was made, changed or dropped on the way. */
  readonly objects: readonly ObjectHistory[]
}

export interface CatalogPoint {
  readonly migration: string
  /** So many of its statements had run, counted from the first; absent: all of the migration. */
  readonly statements?: number
}

export interface ObjectHistory {
  readonly kind: CatalogObjectKind
  readonly name: string
  /** The first is that of place 0; each holds until the next one. */
  readonly versions: readonly ObjectVersion[]
}

export interface ObjectVersion {
  /** 0: before everything; n: as of the n-th point. */
  readonly at: number
  /** null: the object is not there. */
  readonly properties: Readonly<Record<string, unknown>> | null
}

/** What changed from one point to the next; one JSON line each while the migrations run. */
export interface CatalogStep extends CatalogPoint {
  readonly changes: readonly {
    readonly kind: CatalogObjectKind
    readonly name: string
    readonly before: ObjectVersion['properties']
    readonly after: ObjectVersion['properties']
  }[]
}

/** Puts the steps, in their order, into one timeline. */
export function makeCatalogTimeline(steps: readonly CatalogStep[]): CatalogTimeline {
  const objects = new Map<string, { kind: CatalogObjectKind; name: string; versions: ObjectVersion[] }>()
  for (const [index, { changes }] of steps.entries()) {
    for (const { kind, name, before, after } of changes) {
      const key = `${kind} ${name}`
      const known = objects.get(key) ?? { kind, name, versions: [{ at: 0, properties: before }] }
      objects.set(key, known)
      known.versions.push({ at: index + 1, properties: after })
    }
  }
  return {
    points: steps.map(({ migration, statements }) => ({
      migration,
      ...(statements === undefined ? {} : { statements }),
    })),
    objects: [...objects.values()],
  }
}
