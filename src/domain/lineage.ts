/** A statement of a migration file. */
export interface StatementReference {
  readonly migration: string
  readonly file: string
  readonly line: number
}

/** What the pending migrations make of a column that is there today, as far as their text and the catalog tell. */
export interface ColumnLineage {
  readonly column: string
  /** Its name afterwards; absent when it is dropped. */
  readonly now?: string
  readonly droppedBy?: StatementReference
  /** Statements that may give it other values, or another type. */
  readonly rewrittenBy: readonly StatementReference[]
}

/** What the pending migrations make of a table that is there today. */
export interface TableLineage {
  readonly schema: string
  readonly table: string
  /** Its name afterwards; absent when it is dropped. */
  readonly now?: { readonly schema: string; readonly table: string }
  readonly droppedBy?: StatementReference
  /** Statements that may add or remove rows of it. */
  readonly rowsChangedBy: readonly StatementReference[]
  readonly columns: readonly ColumnLineage[]
}
