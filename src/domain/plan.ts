import type { Finding } from './finding.js'
import type { CatalogExpectation, HistoryRow, PendingMigration } from './migration.js'
import type { TargetIdentity } from './target.js'

/** Which schema engine runs the migrations: ours, or Prisma's own binary. */
export type EngineName = 'hosted' | 'native'

/** Everything that is decided before the data is looked at. Frozen; the hash names it. */
export interface Plan {
  /** sha256 over target identity, pending migrations with checksums, catalog and engine: what a person approves. */
  readonly hash: string
  readonly target: TargetIdentity
  readonly engine: EngineName
  readonly prismaVersion: string
  readonly history: readonly HistoryRow[]
  readonly pending: readonly PendingMigration[]
  /** Number of migration folders that the history has as applied. */
  readonly appliedCount: number
  /** Fingerprint of the catalog now. */
  readonly catalogHash: string
  readonly expectations: readonly CatalogExpectation[]
  /** What is wrong with the files or the history; the check step weighs them. */
  readonly findings: readonly Finding[]
  /** The pending statements ran on a schema twin of the target; `lost` says from where on what it tells is not certain. */
  readonly replay?: { readonly lost?: string }
  /** Names of pending migrations that are left for a later deploy, in their order; absent: none. */
  readonly leftOut?: readonly string[]
  /** When only what is new since a git ref is shown. The hash is that of the whole plan all the same. */
  readonly since?: { readonly ref: string; readonly pendingInAll: number }
}

/** What the files alone tell: made without a database, so nobody can approve it. */
export interface OfflinePlan {
  readonly engine: EngineName
  /** Known when the engine is Prisma's own, which runs files by its version. */
  readonly prismaVersion?: string
  /** Only migrations that are new since this git ref; absent: every migration in the folder. */
  readonly since?: string
  /** The migrations ran on an empty schema twin; `lost` says from where on what it tells is not certain. */
  readonly replay?: { readonly lost?: string }
  readonly pending: readonly PendingMigration[]
  readonly findings: readonly Finding[]
}

/** True when the plan drops or rewrites data that is already there. */
export function touchesExistingData(plan: Plan): boolean {
  return plan.pending.some((migration) => migration.dataChanges.length > 0)
}

/** An approval names so many digits of a plan's hash: with 12, another plan of the same hash can be made in minutes. */
export const approvableDigits = 32

/** The part of a plan's hash that `--confirm` takes, for a person to copy. */
export function approvableHash({ hash }: Pick<Plan, 'hash'>): string {
  return hash.slice(0, approvableDigits)
}
