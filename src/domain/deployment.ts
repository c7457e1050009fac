/** What the target is now, by evidence. */
export type DatabaseState = 'unchanged' | 'changed' | 'unknown'

export interface MigrationOutcome {
  readonly name: string
  /** `applied`: a row of this run is finished with the planned checksum. `failed`: a row of this run is not. */
  readonly outcome: 'applied' | 'failed' | 'not-run'
  readonly durationMs?: number
  readonly error?: StatementFailure
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
}
