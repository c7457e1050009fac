/**
 * One thing to take back. The server is asked which of the alternatives it takes: the first that it runs is the one.
 * Each is a list of statements that belong together, without semicolons.
 */
export interface Step {
  readonly alternatives: readonly (readonly string[])[]
}

/** A step for which there is one statement. */
export function oneWay(...statements: readonly string[]): Step {
  return { alternatives: [statements] }
}
