import type { Finding } from '../../domain/finding.js'
import type { StatementPlace } from '../requirement.js'

/** Rows to be counted: those of a FROM item for which a condition is true. */
export interface Measure {
  readonly from: string
  readonly condition: string
}

/** What is counted for a loss. */
export interface Measures {
  /** The rows that go, or whose value does. */
  readonly lost: Measure
  /** The rows or values that there are, where the share matters. */
  readonly total?: Measure
  /** Of the rows lost, those whose values are found in no other place in the end. */
  readonly notKept?: Measure
}

export type Counts = { readonly [Name in keyof Measures]: number }

/** What is to be said of a loss once its rows are counted. */
export type Weighed = Pick<Finding, 'code' | 'verdict' | 'message' | 'hint' | 'fixSql'>

/** Existing data that a pending statement takes away or changes, although it succeeds. */
export interface Loss {
  readonly place: StatementPlace
  /** `table` or `table.column`, as the statement calls it. */
  readonly object: string
  /** Of the object, where its name begins with it. */
  readonly schema?: string
  /** Made last, when it is known what the statements after this one do. */
  measures(): Measures
  /** SQL of what is shown of a row that loses something. */
  readonly sample: readonly string[]
  /** The count is the most that can go: an earlier statement may have spared some of the rows. */
  readonly isAtMost: boolean
  /** Why it cannot be told which rows are hit; the count is then of all there are. */
  readonly unknown?: string
  weigh(counts: Counts): Weighed
}
