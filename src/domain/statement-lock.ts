import type { LockMode } from './lock-mode.js'

/**
 * What is done to a relation under a lock:
 * - `metadata`: only the catalog changes
 * - `read`, `write`: rows, as many as the statement's conditions let through
 * - `empty`: its file is replaced by an empty one
 * - `scan`: every row is read
 * - `build`: an index of it is built; of an index: it is built anew
 * - `rewrite`: every row is written into a new file, and every index is built anew
 * - `drop`: it goes
 */
export type LockedWork = 'metadata' | 'read' | 'write' | 'empty' | 'scan' | 'build' | 'rewrite' | 'drop'

/** The server locks an index, a TOAST table and a sequence as relations of their own; a composite type has one, too. */
export type LockedKind =
  | 'table'
  | 'partitioned table'
  | 'foreign table'
  | 'view'
  | 'materialized view'
  | 'index'
  | 'toast'
  | 'toast index'
  | 'sequence'
  | 'composite type'

/** A lock that a pending statement takes and keeps until its transaction ends; stable keys, part of the JSON report. */
export interface StatementLock {
  readonly kind: LockedKind
  /** As messages write it: quoted, with its schema where the search path does not lead there. */
  readonly name: string
  /** The bare name of the table, index or sequence. */
  readonly object: string
  /** Of an index or a TOAST table: the table that it belongs to. */
  readonly table: string | null
  readonly mode: LockMode
  readonly work: LockedWork
  /** False where the text alone does not tell whether the statement does it; a schema twin shows it. */
  readonly isWorkCertain: boolean
  /** False for a lock that the server takes only where a row calls for it, e.g. on the partition that it is put into. */
  readonly isCertain: boolean
  /** The migrations make it themselves, so nobody waits for it. */
  readonly isNew: boolean
  /** With TOAST and indexes; null when it is not known. */
  readonly sizeBytes: number | null
  /** null when the server has never counted. */
  readonly rowEstimate: number | null
}
