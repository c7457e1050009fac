/** What a statement fails with whatever rows there are. */
export interface StaticFailure {
  /** https://www.postgresql.org/docs/current/errcodes-appendix.html */
  readonly sqlstate: string
  /** The code of the finding; its page is in pages.ts. */
  readonly code: StaticFailureCode
  /** Lower-case, no full stop; the server's own words as far as possible. */
  readonly message: string
  /** The table, column, type or role it is about. */
  readonly object?: string
  /** False where something that cannot be read may have changed what this rests on. */
  readonly isCertain: boolean
}

export type StaticFailureCode =
  | 'missing-object'
  | 'object-exists'
  | 'dependent-object'
  | 'type-mismatch'
  | 'enum-value-not-usable'
  | 'foreign-key-target'
  | 'invalid-statement'
  | 'missing-privilege'
  | 'missing-extension'
  | 'cannot-run-in-transaction'
  | 'transaction-setting-late'
  | 'read-only-transaction'
  | 'newer-syntax'

/**
 * The server's refusal of a statement. It is thrown where the server would raise it, so that the checks of a statement
 * stand below each other in the order of the server's own, and the first error is the one that is named.
 */
export class Refusal extends Error {
  constructor(
    readonly code: StaticFailureCode,
    readonly sqlstate: string,
    message: string,
    readonly object?: string,
    /** It rests on something that the model of the catalog does not hold for sure. */
    readonly isWeak = false,
  ) {
    super(message)
  }
}

export function missing(sqlstate: string, message: string, object?: string): Refusal {
  return new Refusal('missing-object', sqlstate, message, object)
}

export function exists(sqlstate: string, message: string, object?: string): Refusal {
  return new Refusal('object-exists', sqlstate, message, object)
}

export function mismatch(sqlstate: string, message: string, object?: string): Refusal {
  return new Refusal('type-mismatch', sqlstate, message, object)
}

export function dependent(sqlstate: string, message: string, object?: string): Refusal {
  return new Refusal('dependent-object', sqlstate, message, object)
}

export function invalid(sqlstate: string, message: string, object?: string): Refusal {
  return new Refusal('invalid-statement', sqlstate, message, object)
}

export function forbidden(message: string, object?: string): Refusal {
  return new Refusal('missing-privilege', '42501', message, object)
}
