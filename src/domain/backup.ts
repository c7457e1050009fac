import type { TargetIdentity } from './target.js'

/**
 * How far a backup has been proven. `read`: hashed, read back in full, and its rows counted. `restored`: pg_restore made a
 * database of it. `exact`: and that database holds, value for value and object for object, what the snapshot held.
 */
export type BackupLevel = 'written' | 'hashed' | 'read' | 'restored' | 'exact'

export interface TableRowCount {
  readonly schema: string
  readonly table: string
  readonly rows: number
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
