import type { Prompter, Screen } from './screen.js'

/** What the caller of a pipeline brings along: where to show things, whom to ask, when to stop. */
export interface Surroundings {
  readonly screen: Screen
  readonly prompter: Prompter
  readonly signal: AbortSignal
  /** Rejects when an error was thrown where nobody could catch it; the run then ends in order, as a bug. */
  readonly crash?: Promise<never>
}
