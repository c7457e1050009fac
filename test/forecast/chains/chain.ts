/** What a chain of migrations is expected to come to; each claim is compared with what the server does. */
export interface Expected {
  /** `file.statement` and SQLSTATE, and the exact number of rows or keys that stand in the way. */
  readonly fails?: readonly [at: string, sqlstate: string, count?: number]
  /** Why the forecast leaves it to the rehearsal. */
  readonly undecided?: RegExp
  /** Columns whose values differ from run to run: `schema.table.column`. */
  readonly random?: readonly string[]
}

export interface Chain extends Expected {
  readonly name: string
  readonly setup: string
  /** The text of each pending file. */
  readonly pending: readonly string[]
}

type Row = readonly [name: string, pending: string | readonly string[], expected?: Expected]

/** Several chains over the same rows. */
export function over(setup: string, rows: readonly Row[]): Chain[] {
  return rows.map(([name, pending, expected]) => ({ name, setup, pending: [pending].flat(), ...expected }))
}
