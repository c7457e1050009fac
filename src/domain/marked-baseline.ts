/** Migrations that are noted as applied without being run, because the database is what they make. */
export interface MarkedBaseline {
  /** In their order. */
  readonly migrations: readonly string[]
  /** sha256 over the plan and these migrations: what a person approves. */
  readonly hash: string
  /** True once their rows were seen in the history. */
  readonly marked: boolean
  /** How somebody said yes; absent while nobody has. */
  readonly approvedBy?: 'typed-yes' | 'yes-option' | 'plan-hash'
}
