/** A finding that somebody looked at and takes responsibility for. The reason goes into the record and the report. */
export interface Acceptance {
  /** The finding's code, e.g. `drop-column`. */
  readonly code: string
  /** Only the finding about this table, constraint, index or column; without it, every finding with the code. */
  readonly object?: string
  /** Only findings in this migration. */
  readonly migration?: string
  /** Why it is safe; required. */
  readonly reason: string
}

/** One that stands as a comment in a migration file: for that migration only. */
export interface AcceptanceComment extends Acceptance {
  readonly migration: string
  readonly file: string
  readonly line: number
  /** The lines whose findings it accepts; absent when it is for the whole file. */
  readonly lines?: { readonly first: number; readonly last: number }
}

export const findingCodePattern = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/
