import type { TableRowCount } from './backup.js'
import type { Findings } from './finding.js'

/** What the audit of the target after a deploy found. */
export interface Verification extends Findings {
  readonly outcome: 'passed' | 'failed'
  /** Where the target differs from the Prisma schema, one line for each object; empty when there is no difference. */
  readonly schemaDiff: string
  /** Of each table, as the audit found them; what a later audit compares with. */
  readonly rowCounts?: readonly TableRowCount[]
}
