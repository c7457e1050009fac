import type { DataFingerprint } from './fingerprint.js'
import type { TargetIdentity } from './target.js'
import type { TableWrites } from './write-counts.js'

/**
 * How far a backup has been proven. `read`: hashed, read back in full, and its rows counted. `restored`: pg_restore made a
 * database of it. `exact`: and that database holds, value for value and object for object, what the snapshot held.
 */
export type BackupLevel = 'written' | 'hashed' | 'read' | 'restored' | 'exact'

export interface TableRowCount {
  readonly schema: string
  readonly table: string
  readonly rows: number
  /** The extension that it belongs to, whose own code may write it at any time. */
  readonly extension?: string
  /** The server empties it after a crash. */
  readonly isUnlogged?: boolean
}

export interface BackupFile {
  /** Relative to the run folder. */
  readonly path: string
  readonly sizeBytes: number
  readonly sha256: string
}

/** `manifest.json`: what the dump holds, where it is from, and the sha256 of each of its files. */
export interface BackupManifest {
  readonly format: 1
  readonly runId: string
  readonly createdAt: string
  readonly target: TargetIdentity
  readonly tool: string
  readonly pgDumpVersion: string
  /** Write-ahead log position when the snapshot was taken. */
  readonly snapshotLsn: string
  /** Exact, counted in the snapshot that was dumped. */
  readonly rowCounts: readonly TableRowCount[]
  /** Of every value in the snapshot that was dumped; what is restored must have the same. */
  readonly fingerprint: DataFingerprint
  /** sha256 over every object of the catalog, which is in `catalog.json`. */
  readonly catalogHash: string
  /** Last values, by name, of the sequences that moved while the dump was made: they are not part of a snapshot. */
  readonly sequencesAfter: Readonly<Record<string, string>>
  /** When the snapshot was taken; who writes later shows in them. */
  readonly tableWrites: readonly TableWrites[]
  /** Size on disk of each table by `schema.name`; the time that a restore takes is estimated from it. */
  readonly tableSizesBytes?: Readonly<Record<string, number>>
  readonly files: readonly BackupFile[]
  /** What a database dump never contains; printed in the report. */
  readonly notIncluded: readonly string[]
}

export interface Backup {
  readonly outcome: 'proven' | 'skipped'
  readonly level?: BackupLevel
  /** Absolute path of the dump folder. */
  readonly path?: string
  readonly sizeBytes?: number
  readonly durationMs?: number
  readonly manifest?: BackupManifest
  /** sha256 of manifest.json itself, kept outside it. */
  readonly manifestSha256?: string
}

/** A backup that this run has made, with what is written about it. */
export type ProvenBackup = Backup & { readonly path: string; readonly manifest: BackupManifest }

export function isProven(backup: Backup): backup is ProvenBackup {
  return backup.outcome === 'proven' && backup.path !== undefined && backup.manifest !== undefined
}
