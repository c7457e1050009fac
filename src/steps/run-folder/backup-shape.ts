import { listOf, namesTo, object, oneOf, quantity, text, whole } from '../../domain/shape.js'
import { sha256, targetShape } from './plan-shape.js'

export const rowCountShape = object({ schema: text, table: text, rows: quantity }, { extension: text })

/** Counters are sums since a moment; they are compared and never added to anything that is kept. */
export const tableWritesShape = object({
  schema: text,
  table: text,
  inserted: quantity,
  updated: quantity,
  deleted: quantity,
})

const columnFingerprint = object({ column: text, type: text, values: quantity, sum: text })

/** DataFingerprint */
export const fingerprintShape = object({
  tables: listOf(
    object(
      { schema: text, table: text, rows: quantity, key: listOf(text), columns: listOf(columnFingerprint) },
      { rowSum: text },
    ),
  ),
  largeObjects: object({ objects: quantity, sum: text }),
})

/** BackupManifest */
export const manifestShape = object(
  {
    format: oneOf(1),
    runId: text,
    createdAt: text,
    target: targetShape,
    tool: text,
    pgDumpVersion: text,
    snapshotLsn: text,
    rowCounts: listOf(rowCountShape),
    fingerprint: fingerprintShape,
    catalogHash: sha256,
    sequencesAfter: namesTo(text),
    tableWrites: listOf(tableWritesShape),
    files: listOf(object({ path: text, sizeBytes: whole, sha256 })),
    notIncluded: listOf(text),
  },
  { tableSizesBytes: namesTo(quantity) },
)

/** Backup */
export const backupShape = object(
  { outcome: oneOf('proven', 'skipped') },
  {
    level: oneOf('written', 'hashed', 'read', 'restored', 'exact'),
    path: text,
    sizeBytes: quantity,
    durationMs: quantity,
    manifest: manifestShape,
    manifestSha256: sha256,
  },
)
