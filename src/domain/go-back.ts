import type { TableWrites } from './write-counts.js'

/** What was written to a table since the snapshot, as far as the server's counters tell. */
export interface LostWrites extends TableWrites {
  /** The counters were set back since, so that the numbers are only those from then on. */
  readonly atLeast: boolean
}

/** What going back to the backup of a run would do, and what it would cost; nothing is done yet. */
export interface GoBackPlan {
  /** Of the run that made the backup. */
  readonly runId: string
  /** Absolute path of the dump. */
  readonly dumpPath: string
  readonly sizeBytes: number
  /** By the clock of the machine that took it. */
  readonly snapshotAt: string
  readonly database: string
  /** The database that the backup is restored into. */
  readonly restoredName: string
  /** Half restored databases that killed runs have left for this one, which are dropped first. */
  readonly leftHalf: readonly string[]
  /** What the printed commands call the database of today. */
  readonly keptName: string
  /** Tables that were written since, the most written first. */
  readonly lost: readonly LostWrites[]
  /** Tables that the snapshot has and the database has no longer under that name. */
  readonly gone: readonly string[]
  /** Whether there is room, in words. */
  readonly disk: string
  /** What cannot come back as it was, in words. */
  readonly notAsBefore: readonly string[]
  /** Sessions of others on the database right now. */
  readonly otherSessions: number
  /** The role of the URL may rename the database. */
  readonly mayRename: boolean
}

/** One of the steps that are left to a person: what to do, and the commands for it, complete for a shell. */
export interface NextStep {
  readonly text: string
  readonly commands: readonly string[]
}

/** The backup stands restored and proven in a database of its own. */
export interface RestoredBeside {
  readonly database: string
  readonly restoreMs: number
  readonly tables: number
  readonly rows: number
  /** Differences that somebody accepted by name, in words. */
  readonly accepted: readonly string[]
  /** What belongs to the database itself and was given to the new one too: the statements. */
  readonly copied: readonly string[]
  readonly next: readonly NextStep[]
}
