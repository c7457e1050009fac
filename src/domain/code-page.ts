import type { FindingKind } from './finding.js'

/** What `migrate-guard explain <code>` prints, and a page of docs/checks. It stands beside the check that it describes. */
export interface CodePage {
  readonly code: string
  readonly kind: FindingKind
  /** What is found; a lower-case clause without full stop. */
  readonly title: string
  /** What happens to the database or the application when nobody minds. One or two sentences. */
  readonly why: string
  /** What to do about it. One or two sentences. */
  readonly remedy: string
  /** A statement that leads to the finding, and what a careful person would write instead. */
  readonly example?: { readonly sql: string; readonly instead?: string }
}
