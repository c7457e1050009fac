import type { Standing } from './standing.js'

/** A migration that the history has as started and neither as finished nor as rolled back: Prisma stops at it (P3009). */
export interface UnfinishedMigration {
  readonly rowId: string
  readonly name: string
  readonly checksum: string
  readonly startedAt: string
}

/** How much of one migration is in the database, whatever the history says. */
export interface MigrationStanding {
  readonly kind: 'none' | 'part' | 'all' | 'unknown'
  /** For `part`: so many of its statements have taken effect, counted from the first. */
  readonly statements?: number
  /** Invalid indexes that a CONCURRENTLY that failed has left, qualified and quoted. */
  readonly invalidIndexes: readonly string[]
  /** For `unknown`: why it cannot be told. */
  readonly why?: string
  /** For `unknown`: a replay of the migrations may tell it. */
  readonly isOpen?: boolean
  /** One line each: what was looked at and what it showed. */
  readonly evidence: readonly string[]
}

/** A run whose deploy began, and what is to be said of it today. */
export interface DiagnosedRun {
  readonly runId: string
  readonly standing: Standing
  readonly evidence: readonly string[]
  /** Its sessions are still at work on the server, so nothing is settled. */
  readonly atWork: boolean
}

/** What is known of the state of a database without starting anything. */
export interface Diagnosis {
  readonly unfinished: readonly UnfinishedMigration[]
  /** Run folders that cannot be read and that may be of a later deploy: one sentence each, with what to do. */
  readonly unreadable?: readonly string[]
  /** The newest run whose deploy began here, unless its end is proven and nothing is unfinished. */
  readonly run?: DiagnosedRun
  /** Who holds Prisma's migration lock, in words. */
  readonly prismaLock?: string
  /** Who holds the lock of the guard's deploys, in words. */
  readonly deployLock?: string
}

/** The one right thing to do with a migration that is unfinished. */
export type Resolution =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'mark-rolled-back' | 'mark-applied'; readonly dropIndexes: readonly string[] }
  | {
      readonly kind: 'run-rest'
      /** Its first statement that has not taken effect, counted from 1. */
      readonly from: number
      readonly dropIndexes: readonly string[]
    }
  | { readonly kind: 'refuse'; readonly why: string }
