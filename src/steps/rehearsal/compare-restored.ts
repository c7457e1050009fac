import type { BackupManifest } from '../../domain/backup.js'
import type { CatalogObject } from '../../domain/catalog-object.js'
import type { Finding } from '../../domain/finding.js'
import type { DataFingerprint } from '../../domain/fingerprint.js'
import { diffCatalogObjects } from '../../postgres/catalog-fingerprint/diff.js'
import { formatCatalogDifference } from '../../postgres/catalog-fingerprint/format.js'
import { compareFingerprints } from '../../postgres/fingerprint/compare.js'
import type { FullFingerprint } from '../fingerprint.js'
import { kindsOfPlace } from './kinds-of-place.js'

/** What the snapshot held, and how far its sequences had moved when the dump was done. */
export interface DumpedFingerprint extends FullFingerprint {
  readonly sequencesAfter: BackupManifest['sequencesAfter']
}

/**
 * Holds a restored copy against the snapshot: every value of every table, every large object, and every object of the
 * catalog. A blocking finding for each thing that is not as it was; none when the copy is exact.
 */
export function compareRestored(dumped: DumpedFingerprint, restored: FullFingerprint): Finding[] {
  return [
    ...differentData(dumped.fingerprint, restored.fingerprint),
    ...differentObjects(dumped, restored.catalog),
  ]
}

function differentData(before: DataFingerprint, after: DataFingerprint): Finding[] {
  return compareFingerprints(before, after).map(({ table, message }) =>
    differs(table ?? 'large objects', message),
  )
}

function differentObjects(
  { catalog, sequencesAfter }: DumpedFingerprint,
  after: readonly CatalogObject[],
): Finding[] {
  return diffCatalogObjects(catalog, withinDump(catalog, after, sequencesAfter))
    .filter(({ kind }) => !kindsOfPlace.has(kind))
    .map((difference) => differs(difference.name, formatCatalogDifference(difference)))
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

function differs(object: string, message: string): Finding {
  return {
    code: 'backup-differs',
    kind: 'failure',
    verdict: 'block',
    step: 'rehearse',
    object,
    message: `the restored backup is not what the snapshot was: ${message}`,
    hint: 'Do not rely on this backup for it; mend the cause, or accept the difference by name.',
  }
}
