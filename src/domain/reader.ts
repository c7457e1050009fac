/** Asks the target, and only asks: every connection behind it is held read-only by the server. */
export interface Reader {
  query(
    sql: string,
    values?: readonly unknown[],
  ): Promise<{
    rows: Record<string, unknown>[]
    /** The columns of the answer; the types by their OIDs. */
    fields?: readonly {
      readonly name: string
      readonly dataTypeID: number
      readonly dataTypeModifier?: number
    }[]
  }>
}
