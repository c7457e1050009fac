import type { Node } from '../sql/parser.js'
import type { Column, Constraint, Relation } from './model.js'
import type { Reach } from './reach.js'

export interface WatchedStatement {
  readonly kind: string
  readonly node: Node
  readonly sql: string
}

/** Rows that a statement deletes, or that a foreign key deletes along with them. */
export interface DeletedRows {
  /** What holds the rows that go, for FROM. */
  readonly gone: string
  /** What held all rows before, for FROM. */
  readonly before: string
  readonly hasCondition: boolean
  /** The foreign key that carries the DELETE on to these rows. */
  readonly by?: Constraint
  readonly opaque: readonly string[]
}

/** Rows that a statement gives new values, or a foreign key along with it. */
export interface UpdatedRows {
  /** FROM item of the rows, the relation's columns under `alias`. */
  readonly from: string
  /** FROM item of all rows of the relation as they were before, under the same alias. */
  readonly all?: string
  /** Quoted. */
  readonly alias: string
  /** SQL, true for a row that is hit. */
  readonly isHit: string
  readonly changes: readonly {
    readonly column: Column
    /** SQL of the value before and after. */
    readonly old: string
    readonly now: string
    /** The expression assigned, where a statement gives one. */
    readonly tree?: Node
  }[]
  readonly hasCondition: boolean
  /** The foreign key that carries the change on to these rows. */
  readonly by?: Constraint
  readonly opaque: readonly string[]
  /** Why it is not known which rows are hit; the new values may be unknown all the same. */
  readonly opaqueHits: readonly string[]
}

/** Is told what becomes of the rows while the statements are followed. */
export interface Watcher {
  /** Right before a statement is followed, also one inside a DO block: catalog and contents are what it meets. */
  beforeStatement(statement: WatchedStatement): Promise<void>
  inserted(relation: Relation): void
  deleted(relation: Relation, rows: DeletedRows): void
  updated(relation: Relation, rows: UpdatedRows): void
  /** What the statement does to the rows cannot be told. */
  notFollowed(statement: WatchedStatement, reason: string, reach: Reach): void
}

/** One that passes on to another one too what statements there are, and what becomes of the rows. */
export function andAlso(watcher: Watcher, other: Partial<Watcher>): Watcher {
  return {
    beforeStatement: async (statement) => {
      await other.beforeStatement?.(statement)
      await watcher.beforeStatement(statement)
    },
    inserted: (relation) => {
      watcher.inserted(relation)
      other.inserted?.(relation)
    },
    deleted: (relation, rows) => {
      watcher.deleted(relation, rows)
      other.deleted?.(relation, rows)
    },
    updated: (relation, rows) => {
      watcher.updated(relation, rows)
      other.updated?.(relation, rows)
    },
    notFollowed: (statement, reason, reach) => {
      watcher.notFollowed(statement, reason, reach)
      other.notFollowed?.(statement, reason, reach)
    },
  }
}

export const nobody: Watcher = {
  beforeStatement: async () => undefined,
  inserted: () => undefined,
  deleted: () => undefined,
  updated: () => undefined,
  notFollowed: () => undefined,
}
