import type { TargetAddress, TargetIdentity } from '../../domain/target.js'
import type { Client } from '../connection.js'
import type { Restorable } from './restorable.js'
import type { TwoRoles } from './two-roles.js'

/**
 * Where the rehearsal database lies: `local` in a throw-away cluster on this machine, `same-server` beside the target,
 * `url` on a server that the user names.
 */
export type RehearsalPlace = 'local' | 'same-server' | 'url'

/** What is asked for when a rehearsal database is opened. */
export interface RehearsalRequest {
  readonly place: RehearsalPlace
  /** For `url`: any database of the server on which the rehearsal database is made. It is connected to, never filled. */
  readonly url?: TargetAddress
  readonly target: TargetAddress
  readonly targetIdentity: TargetIdentity
  /** A read-only connection to the target, for roles, settings and extensions. */
  readonly targetClient: Client
  readonly runId: string
  readonly signal: AbortSignal
  /** Only a schema will be restored into it, and no rows. */
  readonly isSchemaOnly?: boolean
  /** What will be restored into it, as a hash: a local cluster that was kept with it is used, where there is one. */
  readonly content?: string
  /** Told in words what is done next. */
  readonly onProgress?: (doing: string) => void
}

/** A database of our own with the properties of the target; empty until a dump is restored into it. */
export interface RehearsalDatabase {
  readonly place: RehearsalPlace
  /** As the migrations shall open it: the role, schema and parameters of the target. */
  readonly address: TargetAddress
  /** As the one who restores and watches it: a role without superuser of a local cluster, else the role that made it. */
  readonly ownerAddress: TargetAddress
  /** In a local cluster, which is ours alone. */
  readonly twoRoles?: TwoRoles
  /** e.g. `15.18`. */
  readonly serverVersion: string
  /** What cannot be the same here as on the target, in words: a missing locale, another minor version … */
  readonly differences: readonly string[]
  /** What its owner can restore of the target. */
  readonly restorable: Restorable
  /** It holds the content of the request already. */
  readonly isFilled?: boolean
  /** Keeps it, with the content of the request, for later runs; absent where it cannot be kept. Nobody may write meanwhile. */
  keep?(): Promise<void>
  /** Removes it, after a look at its marker. May be called again. */
  remove(): Promise<void>
}
