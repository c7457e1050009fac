import type { BackupLevel } from './backup.js'
import type { MigrationOutcome } from './deployment.js'
import type { Finding } from './finding.js'
import type { DataFingerprint } from './fingerprint.js'
import type { StatementReference } from './lineage.js'
import type { LockMode } from './lock-mode.js'
import type { TableWrites } from './write-counts.js'

/** Where the rehearsal database is: a server of our own on this machine, a database beside the target, or a given one. */
export type RehearsalPlace = 'local' | 'same-server' | 'url'

/** A lock that a statement took on a table that others use. */
export interface TakenLock {
  /** Schema and table, quoted where SQL needs it, as they were called before the migration. */
  readonly relation: string
  readonly mode: LockMode
  /** From the beginning of the statement that took it until it was let go, at the end of its transaction. */
  readonly heldMs: number
}

/** Rows of a table that were updated, deleted or locked; who wants to write the same ones waits. */
export interface LockedRows {
  readonly relation: string
  readonly heldMs: number
}

export interface RehearsedStatement {
  /** 1-based, in file order. */
  readonly index: number
  readonly line: number
  readonly summary: string
  readonly durationMs: number
  /** Rows that the server says it touched; null for a statement that has no such number. */
  readonly rows: number | null
  readonly locks: readonly TakenLock[]
  readonly rowLocks?: readonly LockedRows[]
  /** Tables that were written anew, or truncated. */
  readonly rewritten: readonly string[]
  /** Write-ahead log; absent where the engine does not tell. */
  readonly walBytes?: number
  /** How much the database has grown, with what the transaction frees at its end. */
  readonly growthBytes?: number
}

export interface RehearsedMigration {
  readonly name: string
  readonly durationMs: number
  /** Empty where the engine does not tell of single statements. */
  readonly statements: readonly RehearsedStatement[]
}

/** For how long others may have to wait for a table, in the worst case. */
export interface TableExposure {
  readonly relation: string
  /** No SELECT on it can begin. */
  readonly readersMs: number
  /** No INSERT, UPDATE or DELETE on it can begin. */
  readonly writersMs: number
  /** No UPDATE or DELETE of the rows that the migrations change can go on; absent where they change none. */
  readonly rowWritersMs?: number
}

/**
 * What became of a column. `not-compared`: rows came or went, and the old ones cannot be told from the others.
 * `unexplained`: its values are others, and no statement that was followed says so.
 */
export type ColumnOutcome = 'identical' | 'rewritten' | 'dropped' | 'not-compared' | 'unexplained'

export interface ColumnProof {
  readonly column: string
  readonly now?: string
  readonly outcome: ColumnOutcome
  /** The statements that did it. */
  readonly by: readonly StatementReference[]
}

/** What became of the rows of a table. `changed`: rows were added or removed by statements that say so. */
export type RowsOutcome = 'identical' | 'changed' | 'dropped' | 'unexplained'

export interface TableProof {
  readonly schema: string
  readonly table: string
  readonly now?: { readonly schema: string; readonly table: string }
  readonly rowsBefore: number
  readonly rowsAfter?: number
  /** Old rows that no statement has written to: known where rows were added or removed. */
  readonly rowsUntouched?: number
  readonly rows: RowsOutcome
  /** The statements that added, removed or dropped rows. */
  readonly by: readonly StatementReference[]
  readonly columns: readonly ColumnProof[]
}

/** What the migrations did to a restored copy of the target. */
export interface Rehearsal {
  /** `reused`: an earlier run has rehearsed this very plan. */
  readonly outcome: 'passed' | 'failed' | 'reused' | 'skipped'
  /** Of the run that rehearsed, when it was another one. */
  readonly runId?: string
  readonly place?: RehearsalPlace
  readonly serverVersion?: string
  /** How far the backup has been proven by restoring it. */
  readonly backupLevel?: BackupLevel
  readonly restoreMs?: number
  /** What the copy cannot have as the target has it, in words. */
  readonly differences?: readonly string[]
  /** What could have reached the outside world from the copy and was made harmless, in words. */
  readonly disarmed?: readonly string[]
  /** Objects that did not come back as they were. */
  readonly notExact?: readonly string[]
  readonly migrations?: readonly RehearsedMigration[]
  readonly outcomes?: readonly MigrationOutcome[]
  /** Why the engine ran nothing on the copy: it was handed other files than were planned. One sentence. */
  readonly refused?: string
  /** What Prisma said before it ended, where no statement tells more; empty when it said nothing. */
  readonly prismaSaid?: string
  /** All migrations, without the time that Prisma itself takes. */
  readonly durationMs?: number
  readonly exposures?: readonly TableExposure[]
  /** Why the locks of statements that commit by themselves were not watched to the end. */
  readonly locksNotSeen?: string
  /** How much larger the database was than before, at its largest. */
  readonly diskNeededBytes?: number
  readonly walBytes?: number
  readonly proof?: readonly TableProof[]
  readonly findings?: readonly Finding[]
  /** Of one that passed: the hash over all that shows it. */
  readonly evidence?: RehearsalEvidence
  /** What the target should be like after the deploy, if nobody else wrote. */
  readonly after?: RehearsedEnd
  /** The way there and back, where a down.sql stands beside a migration. */
  readonly wayBack?: WayBack
}

/** What binds a rehearsal to the run that made it. */
export interface RehearsalEvidence {
  /** Over the result, the plan, what the check predicted of the tables, and the hashes of the files; in hexadecimal digits. */
  readonly sha256: string
  /** In the run folder, by their names. */
  readonly files: readonly { readonly path: string; readonly sha256: string }[]
}

export interface RehearsedEnd {
  /** sha256 over every object of the catalog, which is in `rehearsed-catalog.json`. */
  readonly catalogHash: string
  readonly fingerprint: DataFingerprint
  /** What the migrations themselves wrote: counters after them, less those before. */
  readonly tableWrites: readonly TableWrites[]
}

/** up → down → up of the last pending migrations, as far as each has a down.sql. */
export interface WayBack {
  /** Those that were taken back, newest first. */
  readonly migrations: readonly string[]
  /** All that is pending was taken back; else there was nothing to compare with where the way back leads. */
  readonly reachesBeginning: boolean
  readonly outcome: 'passed' | 'failed'
  /** What down.sql did not bring back, or what was not the same the second time; one line each. */
  readonly differences: readonly string[]
}

/** How the difference ends that says why a superuser is none on the copy. */
export const superuserNeeded = 'What only a superuser may do fails here'
