import type { LockMode } from './lock-mode.js'

/** Another session on the target, as pg_stat_activity tells of it. */
export interface OtherSession {
  readonly pid: number
  readonly applicationName: string
  readonly user: string
  /** The client's address; null for a local socket. */
  readonly client: string | null
  /** `active`, `idle in transaction`, …; null where the role may not see it. */
  readonly state: string | null
  readonly transactionAgeMs: number | null
  /** Since when it does what it does. */
  readonly stateAgeMs: number | null
  /** What it runs or ran last; only with --show-values. */
  readonly query?: string
}

/** A session that the deploy waited for, or that waited for the deploy. */
export interface LockWait {
  readonly session: OtherSession
  /** The table that the two met on; absent for a lock on something else. */
  readonly relation?: string
  /** The mode that was waited for. */
  readonly mode?: LockMode
  /** Milliseconds from first to last sight; a wait between two looks is not seen. */
  readonly waitedMs: number
}

/** What the watch saw of others while the migrations ran. */
export interface Traffic {
  readonly waitedFor: readonly LockWait[]
  readonly madeWait: readonly LockWait[]
  /** How often the running statement was cancelled because others waited too long. */
  readonly gaveWay: number
  /** Idle transactions that --terminate-blockers has ended. */
  readonly terminated: readonly OtherSession[]
  /** Why the watch ended too early; absent when it was there to the end. */
  readonly notSeen?: string
}
