import type { Constraint, Relation } from './model.js'
import type { Question, StatementPlace } from './requirement.js'

/** A constraint that the end of the transaction will ask, and the statement that may have broken it. */
export interface Deferral {
  readonly constraint: Constraint
  readonly place: StatementPlace
}

/** Rows of a table that the server has noted, to look at them again at the end of the transaction. */
export interface PutOffCheck {
  readonly constraint: Constraint
  /** The table that is in use for that long. */
  readonly relation: Relation
  /** Counts the rows. */
  readonly question: Question
  /** Why the question would not tell the truth. */
  readonly opaque: readonly string[]
}

/** What is asked at COMMIT only: https://www.postgresql.org/docs/current/sql-set-constraints.html */
export class Deferrals {
  state = {
    waiting: new Map<Constraint, Deferral>(),
    checks: [] as PutOffCheck[],
    /** What SET CONSTRAINTS has said until the transaction ends; of ALL under the empty name. */
    modes: new Map<string, boolean>(),
  }

  isDeferred(constraint: Constraint): boolean {
    const { modes } = this.state
    if (!constraint.isDeferrable) return false
    return modes.get(constraint.name) ?? modes.get('') ?? constraint.isInitiallyDeferred
  }

  add(deferral: Deferral): void {
    this.state.waiting.set(deferral.constraint, deferral)
  }

  /** SET CONSTRAINTS; no names for ALL. Gives what is to be asked now. */
  set(names: readonly string[], isDeferred: boolean): Deferral[] {
    const { modes, waiting, checks } = this.state
    if (names.length === 0) modes.clear()
    for (const name of names.length > 0 ? names : ['']) modes.set(name, isDeferred)
    const now = [...waiting.values()].filter(({ constraint }) => !this.isDeferred(constraint))
    for (const { constraint } of now) waiting.delete(constraint)
    this.state.checks = checks.filter(({ constraint }) => this.isDeferred(constraint))
    return now
  }

  /** The transaction ends: gives all that is left to be asked. */
  end(): Deferral[] {
    const left = [...this.state.waiting.values()]
    this.state.waiting.clear()
    this.state.checks = []
    this.state.modes.clear()
    return left
  }
}
