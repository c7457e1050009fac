/** Migrations that a run takes back by their down.sql. */
export interface RolledBack {
  /** The newest first. */
  readonly migrations: readonly string[]
  /** True once the history was seen to say so. */
  readonly done: boolean
}
