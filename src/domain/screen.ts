/** Where a run tells a person what it does. The library's default shows nothing. */
export interface Screen {
  /** A line that stays. */
  print(line: string): void
  /** What is going on right now; replaces what was said before. */
  progress(text: string): void
  /** Nothing is going on any more. */
  clearProgress(): void
}

/** Asks a person. */
export interface Prompter {
  /** False without a terminal on both ends: then nobody can be asked. */
  readonly interactive: boolean
  /** Shows what the question is about; a person must see it however quiet the screen is. */
  show(text: string): void
  /** Asks yes or no; no is the default. Rejects when the question is left by Ctrl-C or a closed terminal. */
  confirm(question: string, signal: AbortSignal): Promise<boolean>
  /** Asks for a text to be typed. */
  type(question: string, signal: AbortSignal): Promise<string>
}
