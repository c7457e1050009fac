/** One migration of the project or of the history, and what became of it; part of the JSON of `status`. */
export interface MigrationState {
  readonly name: string
  /**
   * `marked`: in the history as applied, and no statement of it was run. `edited`: the file is not the one that was applied.
   * `missing`: applied, and it has no folder. `rolled-back`: Prisma will run it again.
   */
  readonly kind: 'applied' | 'marked' | 'pending' | 'failed' | 'rolled-back' | 'edited' | 'missing'
  /** By the clock of the server, as it writes it; null where the history has no row. */
  readonly startedAt: string | null
  readonly finishedAt: string | null
  readonly rolledBackAt: string | null
  /** A down.sql lies beside it. */
  readonly isReversible: boolean
}
