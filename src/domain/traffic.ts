import type { LockMode } from './lock-mode.js'

/** Another session on the target, as pg_stat_activity tells of it. */
export interface OtherSession {
  /** 0 for a prepared transaction, which has no process. */
  readonly pid: number
  /** What it calls itself; of the server's own processes what they are, e.g. `autovacuum worker`. */
  readonly applicationName: string
  readonly user: string
  /** The client's address; null for a local socket, and where the role may not see it. */
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
  /** The mode that was waited for; absent for a lock on something else than a table. */
  readonly mode?: LockMode
  /** Milliseconds; of several waits the longest. A wait between two looks is not seen. */
  readonly waitedMs: number
}

/** What the watch saw of others while the migrations ran. */
export interface Traffic {
  /** The longest first; no more than are worth telling. */
  readonly waitedFor: readonly LockWait[]
  readonly waitedForCount: number
  /** The longest first; no more than are worth telling. */
  readonly madeWait: readonly LockWait[]
  readonly madeWaitCount: number
  /** How often the running statement was cancelled because others waited too long. */
  readonly gaveWay: number
  /** Idle transactions that --terminate-blockers has ended. */
  readonly terminated: readonly OtherSession[]
  /** Why the watch ended too early, or saw nothing for a while; absent when it was there all the time. */
  readonly notSeen?: string
}
