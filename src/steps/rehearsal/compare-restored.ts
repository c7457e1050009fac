import type { BackupManifest } from '../../domain/backup.js'
import type { CatalogDifference, CatalogObject } from '../../domain/catalog-object.js'
import type { Finding } from '../../domain/finding.js'
import { plural } from '../../domain/quantities.js'
import { diffCatalogObjects } from '../../postgres/catalog-fingerprint/diff.js'
import { formatCatalogDifference } from '../../postgres/catalog-fingerprint/format.js'
import { otherOptions } from '../../postgres/catalog-fingerprint/option-names.js'
import { compareFingerprints } from '../../postgres/fingerprint/compare.js'
import { notRestored, schemasOfLeftOut } from '../../postgres/rehearsal-database/extensions.js'
import type { UnfilledViews } from '../../postgres/restore-views.js'
import type { FullFingerprint } from '../fingerprint.js'
import { kindsOfPlace } from './kinds-of-place.js'

/** What the snapshot held, and how far its sequences had moved when the dump was done. */
export interface DumpedFingerprint extends FullFingerprint {
  readonly sequencesAfter: BackupManifest['sequencesAfter']
}

/**
 * Holds a restored copy against the snapshot: every value of every table, every large object, and every object of the
 * catalog. A blocking finding for each thing that is not as it was; none when the copy is exact.
 * @param unfilled materialized views that the restore could not fill
 */
export function compareRestored(
  dumped: DumpedFingerprint,
  restored: FullFingerprint,
  unfilled: UnfilledViews = new Map(),
): Finding[] {
  return [...differentData(dumped, restored), ...differentObjects(dumped, restored.catalog, unfilled)]
}

/**
 * What the copy cannot have, one line for each: options that this version does not know, with which of the two has them.
 * They are named and not judged.
 */
export function namedDifferences(
  before: readonly CatalogObject[],
  after: readonly CatalogObject[],
): string[] {
  const [old, now] = [otherOptionsOf(before), otherOptionsOf(after)]
  const names = [...new Set([...old.keys(), ...now.keys()])].sort()
  return names.flatMap((name) => {
    const differing = [...(old.get(name) ?? [])].filter((one) => !now.get(name)?.has(one)).length
    const added = [...(now.get(name) ?? [])].filter((one) => !old.get(name)?.has(one)).length
    if (differing + added === 0) return []
    return `the option "${name}", which this version does not know, is not the same here at ${plural(Math.max(differing, added), 'object')}`
  })
}

/** By the option's name, each object that has it, with the value. */
function otherOptionsOf(catalog: readonly CatalogObject[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>()
  for (const { kind, name, properties } of catalog) {
    for (const [property, options] of Object.entries(properties)) {
      if (!property.startsWith(otherOptions) || !Array.isArray(options)) continue
      for (const option of options.map(String)) {
        const [optionName = ''] = option.split('=')
        const objects = found.get(optionName) ?? new Set()
        found.set(optionName, objects.add(`${kind} ${name} ${option}`))
      }
    }
  }
  return found
}

function differentData(dumped: DumpedFingerprint, restored: FullFingerprint): Finding[] {
  const leftOut = leftOutSchemas(dumped.catalog, restored.catalog)
  return compareFingerprints(dumped.fingerprint, restored.fingerprint).map(
    ({ schema = '', table, message }) => differs(table ?? 'large objects', message, leftOut.includes(schema)),
  )
}

function differentObjects(
  { catalog, sequencesAfter }: DumpedFingerprint,
  after: readonly CatalogObject[],
  unfilled: UnfilledViews,
): Finding[] {
  const leftOut = leftOutSchemas(catalog, after)
  return diffCatalogObjects(catalog, withinDump(catalog, after, sequencesAfter))
    .filter(({ kind }) => !kindsOfPlace.has(kind))
    .map((difference) =>
      isEmptyView(difference)
        ? emptyView(difference.name, unfilled.get(difference.name))
        : differs(difference.name, formatCatalogDifference(difference), isOutsideDump(difference, leftOut)),
    )
}

function isEmptyView({ kind, change, properties = [] }: CatalogDifference): boolean {
  const [only, ...others] = properties
  const isOnly = only?.property === 'populated' && others.length === 0
  return kind === 'materialized view' && change === 'changed' && isOnly && only.after === false
}

/** Its rows come from tables, so nothing is lost for good; but who reads it gets an error until it is filled. */
function emptyView(name: string, reason?: string): Finding {
  return {
    ...differs(
      name,
      `the data of the materialized view ${name} is missing${reason === undefined ? '' : `: ${reason}`}`,
    ),
    hint: `${
      reason?.includes('does not exist')
        ? 'A restore works with an empty search_path: give the functions that the view calls their schemas, with ALTER FUNCTION … SET search_path = … on the target'
        : 'Find out why its query does not run on a copy'
    }; or accept it by name, and REFRESH the view after a restore.`,
  }
}

/** Schemas of the extensions that are left out of every copy. */
function leftOutSchemas(before: readonly CatalogObject[], after: readonly CatalogObject[]): string[] {
  const isExtension = ({ kind }: CatalogObject) => kind === 'extension'
  const there = new Set(after.filter(isExtension).map(({ name }) => name))
  return before
    .filter((one) => isExtension(one) && notRestored.includes(one.name) && !there.has(one.name))
    .flatMap(({ name }) => schemasOfLeftOut[name] ?? [])
}

/**
 * What a dump does not hold: the version of an extension, where CREATE EXTENSION makes the default one (after pg_upgrade the
 * old one stays, https://www.postgresql.org/docs/current/pgupgrade.html), its owner, who is the one that restores (there is
 * no ALTER EXTENSION … OWNER), the tablespace, which goes by that of the
 * database, and what belongs to an extension that is left out.
 */
function isOutsideDump(
  { kind, name, change, properties = [] }: CatalogDifference,
  leftOut: readonly string[],
): boolean {
  const isOnly = (...names: string[]) =>
    change === 'changed' && properties.every(({ property }) => names.includes(property))
  if (kind === 'extension' && change === 'removed') return notRestored.includes(name)
  if (kind === 'extension' && isOnly('version', 'owner')) return true
  return isOnly('tablespace') || leftOut.some((schema) => name === schema || belongsTo(name, schema))
}

function belongsTo(name: string, schema: string): boolean {
  return name.startsWith(`${schema}.`) || name.startsWith(`${schema} `)
}

/**
 * A sequence is not part of a snapshot: who takes a value while pg_dump works moves it for pg_dump too. So it may be
 * anywhere between where it stood before and after.
 */
function withinDump(
  before: readonly CatalogObject[],
  after: readonly CatalogObject[],
  sequencesAfter: BackupManifest['sequencesAfter'],
): CatalogObject[] {
  const old = new Map(before.filter(({ kind }) => kind === 'sequence').map((one) => [one.name, one]))
  return after.map((object) => {
    const known = object.kind === 'sequence' ? old.get(object.name) : undefined
    const moved = sequencesAfter[object.name]
    if (known === undefined || moved === undefined) return object
    const value = BigInt(String(object.properties[lastValue]))
    const first = BigInt(String(known.properties[lastValue]))
    const last = BigInt(moved)
    const isBetween = first <= last ? first <= value && value <= last : last <= value && value <= first
    if (!isBetween) return object
    return {
      ...object,
      properties: {
        ...object.properties,
        [lastValue]: known.properties[lastValue],
        [isCalled]: known.properties[isCalled],
      },
    }
  })
}

// As the catalog fingerprint calls them.
const lastValue = 'last value'
const isCalled = 'is called'

function differs(object: string, message: string, isOutside = false): Finding {
  const what = {
    code: 'backup-differs',
    kind: 'failure',
    step: 'rehearse',
    object,
    message: `the restored backup is not what the snapshot was: ${message}`,
  } as const
  return isOutside
    ? {
        ...what,
        verdict: 'warn',
        hint: 'No dump holds this; after a restore, set it by hand if you need it.',
      }
    : {
        ...what,
        verdict: 'block',
        hint: 'Do not rely on this backup for it; fix the cause, or accept the difference by name.',
      }
}
