/** The statement that asks for something, and where it stands. */
export interface StatementPlace {
  readonly migration: string
  readonly file: string
  /** 1-based, in file order. */
  readonly index: number
  readonly line: number
}

/**
 * What a requirement asks of the content at its point of the chain, as SQL over today's tables. `from` is the whole
 * relation; `plainFrom` gives only the columns asked of, from where they came to be as they are, which is often today's
 * table.
 */
export type Question =
  /** No row may satisfy the condition. */
  | {
      readonly kind: 'rows'
      readonly from: string
      readonly plainFrom?: string
      readonly violation: string
      readonly sample: readonly string[]
    }
  /** Every reference leads to a row. */
  | {
      readonly kind: 'orphans'
      readonly from: string
      readonly plainFrom?: string
      /** The referencing columns, as SQL over `from`. */
      readonly references: readonly string[]
      /** FROM item of the rows referred to, and their key. */
      readonly parent: string
      readonly keys: readonly string[]
      /** By which operator each pair of columns is equal, with its schema. */
      readonly operators: readonly string[]
      /** MATCH FULL: a reference that is NULL in part leads nowhere. */
      readonly isMatchFull: boolean
      readonly sample: readonly string[]
    }
  /** No key may be there twice. */
  | {
      readonly kind: 'groups'
      readonly from: string
      readonly plainFrom?: string
      readonly keys: readonly string[]
      /** Rows that the key does not hold for are left out. */
      readonly condition?: string
      /** SQL of a number that is the same for equal keys; absent where a collation decides what is equal. */
      readonly hash?: string
    }
  /** It does not hold, as has been found out already. */
  | { readonly kind: 'certain'; readonly message: string }
  /** Every row can be computed: an expression that raises, raises here. */
  | { readonly kind: 'evaluates'; readonly from: string; readonly alias: string }

/** Something that a pending statement demands of the rows that it will meet. */
export interface Requirement {
  readonly place: StatementPlace
  /** Code of the finding where it is violated, after the name that Postgres gives the condition. */
  readonly code: string
  /** What the server would raise. */
  readonly sqlstate: string
  /** The table with the column, constraint or index it is about. */
  readonly object: string
  /** The schema that the name begins with; absent where it has none. */
  readonly schema?: string
  /** A clause that is true when all is well, e.g. `"User"."email" holds no NULL`. */
  readonly title: string
  readonly question: Question
  /** Why the question would not tell the truth; empty when it does. */
  readonly opaque: readonly string[]
  /** Fixes what breaks it, where that is safe. */
  readonly fixSql?: string
  /** What to do, where the code alone does not tell. */
  readonly hint?: string
  /** It is asked of rows that the server takes one after the other, in the order in which `from` gives them. */
  readonly isAskedRowByRow?: boolean
  /** The server asks it before anything else of the statement. */
  readonly comesFirst?: boolean
  /** Why the statement may succeed in spite of a violation. */
  readonly mayPass?: string
  /** What makes it uncertain, where other statements are uncertain for the same reason. */
  readonly cause?: string
}

/** Something that cannot be told from the data. */
export interface Doubt {
  readonly place: StatementPlace
  /** Of the finding; `decided-by-rehearsal` when absent. */
  readonly code?: string
  readonly reason: string
  /** What other doubts have in common with it; the reason itself when absent. */
  readonly cause?: string
  readonly object?: string
  readonly schema?: string
  /** The error of our own that is the reason. */
  readonly ownError?: Error
}
