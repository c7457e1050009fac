import type { CatalogDifference } from '../../domain/catalog-object.js'
import type { Finding } from '../../domain/finding.js'
import type { DataFingerprint } from '../../domain/fingerprint.js'
import type { TableProof } from '../../domain/rehearsal.js'
import { diffCatalogObjects } from '../../postgres/catalog-fingerprint/diff.js'
import { formatCatalogDifference } from '../../postgres/catalog-fingerprint/format.js'
import { withoutSequenceValues } from '../../postgres/catalog-fingerprint/sequence-values.js'
import { compareFingerprints, type FingerprintDifference } from '../../postgres/fingerprint/compare.js'
import type { FullFingerprint } from '../fingerprint.js'

/**
 * What is not as before the migrations, after them and their down.sql. An object of the catalog blocks, and so does a
 * value that the migrations themselves kept. A value that they dropped or rewrote cannot come back: that warns. So does
 * the order of columns, because one that is added again comes last. Where sequences stand is not looked at: they never go back.
 * @param up the copy between the two
 * @param proof what became of the data on the way up
 */
export function differencesAfterDown(
  before: FullFingerprint,
  up: FullFingerprint,
  down: FullFingerprint,
  proof: readonly TableProof[],
): Finding[] {
  const largeObjectsKept = up.fingerprint.largeObjects.sum === before.fingerprint.largeObjects.sum
  const isLost = (difference: FingerprintDifference) =>
    difference.kind === 'large-objects-differ' ? !largeObjectsKept : isTouched(difference, before, proof)
  return [
    ...catalogFindings(before, down, 'after down.sql'),
    ...dataDifferences(before, down).map((difference) =>
      isLost(difference)
        ? differs('warn', difference, `does not come back: after down.sql ${difference.message}`)
        : differs('block', difference, `is changed by down.sql: ${difference.message}`),
    ),
  ]
}

/**
 * What the migrations do otherwise the second time. An object of the catalog blocks; values warn, because what a
 * down.sql cannot bring back is not there to be moved again.
 */
export function differencesAfterSecondUp(up: FullFingerprint, again: FullFingerprint): Finding[] {
  return [
    ...catalogFindings(up, again, 'after up, down and up again'),
    ...dataDifferences(up, again).map((difference) =>
      differs('warn', difference, `is another one the second time: ${difference.message}`),
    ),
  ]
}

function catalogFindings(one: FullFingerprint, other: FullFingerprint, when: string): Finding[] {
  const differences = diffCatalogObjects(
    withoutSequenceValues(one.catalog),
    withoutSequenceValues(other.catalog),
  )
  const moved = differences.filter(isMoved)
  const changed = differences.map(withoutPosition).filter(({ change, properties }) => {
    return change !== 'changed' || (properties ?? []).length > 0
  })
  return [
    ...changed.map((difference) =>
      finding('block', difference.name, `${when} ${formatCatalogDifference(difference)}`),
    ),
    ...moved.map(({ name }) => finding('warn', name, `${when} column ${name} stands at another place`)),
  ]
}

function isMoved({ properties = [] }: CatalogDifference): boolean {
  return properties.some(({ property }) => property === 'position')
}

function withoutPosition(difference: CatalogDifference): CatalogDifference {
  if (!isMoved(difference)) return difference
  return {
    ...difference,
    properties: (difference.properties ?? []).filter(({ property }) => property !== 'position'),
  }
}

/** Missing and added tables and columns are told by the catalog; each migration has its row in the history. */
function dataDifferences(one: FullFingerprint, other: FullFingerprint): FingerprintDifference[] {
  const told = ['table-missing', 'table-added', 'column-missing', 'column-added']
  return compareFingerprints(withoutHistory(one.fingerprint), withoutHistory(other.fingerprint)).filter(
    ({ kind }) => !told.includes(kind),
  )
}

function withoutHistory({ tables, largeObjects }: DataFingerprint): DataFingerprint {
  return { tables: tables.filter(({ table }) => table !== '_prisma_migrations'), largeObjects }
}

/** The migrations dropped or rewrote it, or the key by which its rows are known. */
function isTouched(
  { schema, table, column }: FingerprintDifference,
  before: FullFingerprint,
  proof: readonly TableProof[],
): boolean {
  const isOf = (one: { schema: string; table: string }) => one.schema === schema && one.table === table
  const found = proof.find(isOf)
  if (found === undefined || found.rows !== 'identical') return true
  const key = before.fingerprint.tables.find(isOf)?.key ?? []
  const touched = found.columns.filter(({ outcome }) => outcome !== 'identical').map((one) => one.column)
  return column === undefined
    ? touched.length > 0
    : touched.some((name) => name === column || key.includes(name))
}

function differs(
  verdict: Finding['verdict'],
  { table, column }: FingerprintDifference,
  message: string,
): Finding {
  const object = table === undefined ? 'large objects' : column === undefined ? table : `${table}.${column}`
  return finding(verdict, object, `${object} ${message}`)
}

function finding(verdict: Finding['verdict'], object: string, message: string): Finding {
  return {
    code: 'way-back-differs',
    kind: 'failure',
    verdict,
    step: 'rehearse',
    object,
    message,
    hint:
      verdict === 'block'
        ? 'Fix down.sql, or accept the difference by name.'
        : 'Know that the way back loses it; only the backup has it then.',
  }
}
