import type { Prompter, Screen } from './screen.js'

export type AskBeforeStop = <T>(asked: () => void, work: () => Promise<T>) => Promise<T>

/** What the caller of a pipeline brings along: where to show things, whom to ask, when to stop. */
export interface Surroundings {
  readonly screen: Screen
  readonly prompter: Prompter
  readonly signal: AbortSignal
  /**
   * Does `work`. While it runs, the first Ctrl-C of a person at a terminal only calls `asked`; the second one stops.
   * Absent: whatever asks to stop stops at once.
   */
  readonly askBeforeStop?: AskBeforeStop
  /** Rejects when an error was thrown where nobody could catch it; the run then ends in order, as a bug. */
  readonly crash?: Promise<never>
}
