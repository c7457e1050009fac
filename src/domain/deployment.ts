import type { Standing } from './standing.js'
import type { Traffic } from './traffic.js'

/** What the target is now, by evidence. */
export type DatabaseState = 'unchanged' | 'changed' | 'unknown'

/** How much of a migration is in the database, whatever the migration history says of it. */
export type Traces = 'none' | 'part' | 'all' | 'unknown'

export interface MigrationOutcome {
  readonly name: string
  /**
   * `applied`: a row of this run is finished with the planned checksum, and the engine has run it.
   * `failed`: it was started, and one of the two is missing.
   */
  readonly outcome: 'applied' | 'failed' | 'not-run'
  readonly traces?: Traces
  /** Its row of this run in the migration history. */
  readonly historyRow?: 'none' | 'unfinished' | 'finished' | 'rolled-back'
  /** The row was written by another deploy at the same time, not by this run. */
  readonly rowByOther?: boolean
  readonly durationMs?: number
  readonly error?: StatementFailure
}

/** `deployed`: it has applied all that was pending. `at-work`: it held Prisma's lock longer than Prisma waits (P1002). */
export interface OtherDeploy {
  readonly kind: 'deployed' | 'at-work'
  /** Who it is, in words; absent where that cannot be seen any more. */
  readonly who?: string
}

/** The statement on which a migration stopped, as the server said it. */
export interface StatementFailure {
  readonly statement?: number
  readonly line?: number
  readonly sqlstate?: string
  readonly message: string
}

export interface Deployment {
  readonly state: DatabaseState
  readonly migrations: readonly MigrationOutcome[]
  /** One line each: what was looked at and what it showed. */
  readonly evidence: readonly string[]
  readonly startedAt: string
  readonly durationMs: number
  readonly complete: boolean
  /** What the statements name and the catalog does not show, although every migration is applied. */
  readonly unmet?: readonly string[]
  /** Indexes that are invalid since the deploy. */
  readonly invalidIndexes?: readonly string[]
  /** The engine found the deploy lock gone before it wrote anything, and this run has changed nothing. */
  readonly lockLost?: boolean
  /** Why the engine ran nothing: it was handed other files than were planned. One sentence. */
  readonly refused?: string
  /** What Prisma said before it ended, where no statement of ours tells more; empty when it said nothing. */
  readonly prismaSaid?: string
  /** How much of the plan is in the database. */
  readonly standing?: Standing
  /** Another deploy was at work at the same time, and this run ran nothing. */
  readonly byOther?: OtherDeploy
  /** Whom the deploy waited for, and who waited for it. */
  readonly traffic?: Traffic
}
