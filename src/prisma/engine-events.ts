import type { TableToLock } from '../domain/lock-group.js'
import type { LockMode } from '../domain/lock-mode.js'

/** What the engine host tells while it runs migrations; one JSON line each in `events.ndjson`. */
export type EngineEvent = { readonly at: string; readonly migration: string } & (
  | { readonly type: 'migration-started'; readonly statements: number; readonly mode: string }
  /** `transactionId` is the server's: pg_xact_status() tells later what became of it, unless the server has crashed since. */
  | {
      readonly type: 'transaction-started'
      readonly transactionId: string
      readonly serverStart: string
      readonly attempt: number
    }
  | {
      readonly type: 'statement-started'
      readonly statement: number
      readonly line: number
      readonly summary: string
      /** Why it is not cancelled although others wait for it: it would leave something behind. */
      readonly cannotGiveWay?: string
    }
  /** Up front, in this order, for the statement of this number and those after it. */
  | { readonly type: 'locks-taken'; readonly before: number; readonly tables: readonly TableToLock[] }
  | {
      readonly type: 'statement-finished'
      readonly statement: number
      readonly rows: number | null
      readonly durationMs: number
      /** In a rehearsal. */
      readonly observed?: Observation
    }
  /** Just before this engine adds a row to `_prisma_migrations`; its id tells the rows of this run from those of others. */
  | { readonly type: 'history-row'; readonly rowId: string }
  | ({ readonly type: 'statement-failed' } & EngineFailure)
  /** Prisma handed over another text than was planned, and nothing of it was run. */
  | { readonly type: 'refused'; readonly message: string }
  | { readonly type: 'transaction-rolled-back' }
  /** `migrate-guard resolve` runs what was left of the file in one transaction; it may be there, until it is known not to be. */
  | { readonly type: 'rest-started' | 'rest-rolled-back' }
  | {
      readonly type: 'retry'
      /** The attempt that failed. */
      readonly attempt: number
      readonly waitMs: number
      readonly sqlstate: string
      readonly reason: RetryReason
      /** The first statement that is repeated; absent when it is the whole file. */
      readonly statement?: number
    }
  | {
      readonly type: 'migration-finished'
      readonly durationMs: number
      /** Of the COMMIT, where the engine sends one: deferred constraints are checked there. */
      readonly commitMs?: number
    }
)

/**
 * Why a file is tried again. `gave-way`: the guard has cancelled it because others waited too long; `serialization`: others
 * wrote what it read or writes, which its level of isolation forbids.
 */
export type RetryReason = 'lock-timeout' | 'deadlock' | 'serialization' | 'gave-way'

/** What one statement did to the server, beside its rows. */
export interface Observation {
  /** Locks that it took and that its transaction still holds; none of a statement that commits by itself. */
  readonly locks: readonly ObservedLock[]
  /** Tables that have another file now: rewritten or truncated. */
  readonly rewritten: readonly string[]
  /** Tables of which it updated or deleted rows that stay locked; none of a statement that commits by itself. */
  readonly rowsChanged?: readonly string[]
  /** Write-ahead log that the whole server wrote meanwhile. */
  readonly walBytes: number
  /** After the statement, with what its transaction will free. */
  readonly databaseSizeBytes: number
}

export interface ObservedLock {
  /** Schema and table as they were called before the file; for an index, its table. */
  readonly relation: string
  readonly mode: LockMode
}

export interface EngineFailure {
  /** Absent when it was the COMMIT that failed, or the file as a whole, of which nothing has run then. */
  readonly statement?: number
  readonly line?: number
  readonly sqlstate?: string
  /** The server's message, without DETAIL: that one holds values of rows. */
  readonly message: string
}

/** An event before the engine host stamps it with time and migration. */
export type EngineEventBody = EngineEvent extends infer E
  ? E extends EngineEvent
    ? Omit<E, 'at' | 'migration'>
    : never
  : never

/** The events of one migration without what a later attempt has repeated: those statements have left nothing. */
export function withoutRepeated(events: readonly EngineEvent[]): EngineEvent[] {
  const kept: EngineEvent[] = []
  for (const event of events) {
    const from = event.type === 'retry' ? event.statement : undefined
    if (from !== undefined) {
      const counting = kept.filter((one) => !('statement' in one && Number(one.statement) >= from))
      kept.splice(0, kept.length, ...counting)
    }
    kept.push(event)
  }
  return kept
}

/** Reads the lines of an events file; a last line that is not whole yet is left for the next time. */
export function parseEvents(text: string): { events: EngineEvent[]; rest: string } {
  const lines = text.split('\n')
  const rest = lines.pop() ?? ''
  return { events: lines.filter(Boolean).map((line) => JSON.parse(line) as EngineEvent), rest }
}
