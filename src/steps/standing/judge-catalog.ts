import type { CatalogObject } from '../../domain/catalog-object.js'
import type { CatalogTimeline, ObjectHistory, ObjectVersion } from '../../domain/catalog-timeline.js'
import { wholeOf } from '../../postgres/catalog-fingerprint/fold.js'
import { isSameVersion } from '../../postgres/catalog-fingerprint/step.js'

/** What the catalog tells of how far the migrations have come. */
export interface CatalogJudgement {
  /** Every place of the timeline that all its objects fit: 0 is the beginning, n the n-th point. Empty: none does. */
  readonly places: readonly number[]
  /** Objects of the timeline that are not as before, in words. */
  readonly moved: readonly string[]
  /** Objects of the timeline that are as at no place of it. */
  readonly foreign: readonly string[]
  /** Changed since, and no step of the migrations does that: somebody else's. */
  readonly byOthers: readonly string[]
  /** Invalid indexes that were not there before: what a CONCURRENTLY that failed leaves. */
  readonly invalidIndexes: readonly string[]
}

type Properties = ObjectVersion['properties']

/**
 * Holds every object that a step of the migrations touches against its versions: as before, or as after which of them?
 * @param before the catalog of this very database before the deploy; undefined where nobody kept it
 */
export function judgeCatalog(
  timeline: CatalogTimeline,
  before: readonly CatalogObject[] | undefined,
  now: readonly CatalogObject[],
): CatalogJudgement {
  const known = before && byKey(before)
  // It is not the index that the statement makes: where it stands, the statement has not taken effect.
  const invalid = leftInvalid(timeline, known, now)
  const found = byKey(now.filter((object) => !invalid.includes(object)))
  const touched = new Set(timeline.objects.map(keyOf))
  const all = Array.from({ length: timeline.points.length + 1 }, (_, place) => place)

  let places = all
  const moved: string[] = []
  const foreign: string[] = []
  for (const object of timeline.objects) {
    const key = keyOf(object)
    const part = known ? (whole: Properties) => whole : comparable(object)
    const version = versionsOn(object, known && (known.get(key)?.properties ?? null))
    const is = found.get(key)?.properties ?? null
    const fitting = all.filter((place) => isSameVersion(part(version(place)), part(is)))
    if (!fitting.includes(0)) moved.push(key)
    if (fitting.length === 0) foreign.push(key)
    places = places.filter((place) => fitting.includes(place))
  }
  if (known === undefined) foreign.push(...partsOfMadeTables(timeline, touched, found))
  return {
    places,
    moved,
    foreign,
    byOthers: known ? changedBeside(known, found, touched) : [],
    invalidIndexes: invalid.map(({ name }) => name),
  }
}

/**
 * What the object is at each place on this database. What it had otherwise than the copy before the migrations, such as
 * an owner, it keeps: a step brings only what it changed.
 */
function versionsOn({ versions }: ObjectHistory, own: Properties | undefined): (place: number) => Properties {
  const first = versions[0]?.properties ?? null
  return (place) => {
    const there = versions.findLast(({ at }) => at <= place)?.properties ?? null
    if (own === undefined) return there
    if (isSameVersion(there, first)) return own
    if (there === null || first === null || own === null) return there
    const changed = Object.entries(there).filter(([name, value]) => !isSameValue(value, first[name]))
    const kept = Object.entries(own).filter(([name]) => name in there || !(name in first))
    return { ...Object.fromEntries(kept), ...Object.fromEntries(changed) }
  }
}

/**
 * Where nobody kept what this database was before, only what the migrations themselves change can be compared, and of an
 * object that they make what it is: who owns it and who may use it depends on who ran them.
 */
function comparable({ versions }: ObjectHistory): (properties: Properties) => Properties {
  const there = versions.flatMap(({ properties }) => (properties === null ? [] : [properties]))
  const names = [...new Set(there.flatMap((properties) => Object.keys(properties)))]
  const varying = names.filter((name) => there.some((one) => !isSameValue(one[name], there[0]?.[name])))
  const isMade = versions[0]?.properties === null
  const ofPlace = new Set(['owner', 'privileges'].filter((name) => !varying.includes(name)))
  const isCompared = (name: string) => (isMade ? !ofPlace.has(name) : varying.includes(name))
  return (properties) =>
    properties && Object.fromEntries(Object.entries(properties).filter(([name]) => isCompared(name)))
}

function isSameValue(one: unknown, other: unknown): boolean {
  return isSameVersion({ value: one }, { value: other })
}

/** Without a catalog of before, what depends on a table that the migrations make is all that must be theirs. */
function partsOfMadeTables(
  { objects }: CatalogTimeline,
  touched: ReadonlySet<string>,
  now: ReadonlyMap<string, CatalogObject>,
): string[] {
  const made = new Set(
    objects
      .filter(({ kind, versions }) => kind === 'table' && versions[0]?.properties === null)
      .map(({ name }) => name),
  )
  return [...now].flatMap(([key, object]) => {
    const whole = wholeOf(object)
    return whole !== undefined && made.has(whole) && !touched.has(key) ? [key] : []
  })
}

function changedBeside(
  before: ReadonlyMap<string, CatalogObject>,
  now: ReadonlyMap<string, CatalogObject>,
  touched: ReadonlySet<string>,
): string[] {
  return [...new Set([...before.keys(), ...now.keys()])].filter((key) => {
    const [one, other] = [before.get(key)?.properties ?? null, now.get(key)?.properties ?? null]
    return !touched.has(key) && !isSameVersion(one, other)
  })
}

/** Indexes that nobody may use, and that the beginning did not have. */
function leftInvalid(
  timeline: CatalogTimeline,
  before: ReadonlyMap<string, CatalogObject> | undefined,
  now: readonly CatalogObject[],
): CatalogObject[] {
  const made = new Set(timeline.objects.filter(({ versions }) => versions[0]?.properties === null).map(keyOf))
  return now.filter((object) => {
    const isNew = before ? !before.has(keyOf(object)) : made.has(keyOf(object))
    return object.kind === 'index' && object.properties.valid === false && isNew
  })
}

function byKey(objects: readonly CatalogObject[]): Map<string, CatalogObject> {
  return new Map(objects.map((object) => [keyOf(object), object]))
}

function keyOf({ kind, name }: Pick<CatalogObject, 'kind' | 'name'>): string {
  return `${kind} ${name}`
}
