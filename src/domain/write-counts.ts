/** Rows of a table that were written, counted by the server since its counters were reset. */
export interface TableWrites {
  readonly schema: string
  readonly table: string
  readonly inserted: number
  readonly updated: number
  readonly deleted: number
}
