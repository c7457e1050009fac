/** What `migrate-guard explain <code>` prints for the code of an error, and a section of docs/errors.md. */
export interface ErrorPage {
  readonly code: string
  /** What happened; a lower-case clause without full stop. */
  readonly title: string
  /** What to do next. One or two sentences. */
  readonly remedy: string
}

/** Pages of error codes that belong together. */
export interface ErrorGroup {
  readonly title: string
  readonly pages: readonly ErrorPage[]
}
