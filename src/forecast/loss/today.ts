import { quoteIdentifier } from '../../sql/names.js'
import { equalityOf } from '../equality.js'
import { findColumn } from '../lookup.js'
import type { Column, Relation } from '../model.js'
import { keyOf } from '../walk.js'
import { allOf } from './all-of.js'

/** SQL of a column of the row in question. */
export type SqlOf = (column: Column) => string

/** Tells the rows and values that are there today from those that the migrations put in, which are nobody's loss. */
export class Today {
  /** Relations that a statement of the chain has put rows into. */
  readonly #inserted = new Set<Relation>()
  /** Columns that a statement of the chain has given other values. */
  readonly #written = new Set<Column>()
  readonly #retyped = new Set<Column>()

  /** The rows of a partitioned table are those of its partitions. */
  insertInto(relation: Relation): void {
    for (const one of familyOf(relation)) this.#inserted.add(one)
  }

  write(relation: Relation, { name }: Column): void {
    for (const one of familyOf(relation)) {
      const column = findColumn(one, name)
      if (column) this.#written.add(column)
    }
  }

  retype(column: Column): void {
    this.#retyped.add(column)
  }

  /** Whether the chain has set values of the column, which are then none of today's. */
  isWritten(column: Column): boolean {
    return this.#written.has(column)
  }

  /** Whether a value of the column can be compared with today's. */
  isComparable(column: Column): boolean {
    return column.liveName !== undefined && !this.#retyped.has(column)
  }

  /** Columns that name the same row today and now; undefined when there are none. */
  keyOf(relation: Relation): Column[] | undefined {
    const key = keyOf(relation)
    const isKept = (column: Column) => this.isComparable(column) && !this.#written.has(column)
    return key !== undefined && key.length > 0 && key.every(isKept) ? key : undefined
  }

  /**
   * SQL, true for a present row that is there today too; undefined when rows cannot be told from one another.
   *
   * @param more what must also be true of today's row, over `"~today"`
   */
  isThere(relation: Relation, sqlOf: SqlOf, more?: string): string | undefined {
    if (!this.#inserted.has(relation) && more === undefined) return 'true'
    const key = this.keyOf(relation)
    if (relation.live === undefined || key === undefined) return undefined
    const pairs = key.map((column) => `${todaysValue(column)} ${equalityOf(column.type)} ${sqlOf(column)}`)
    const condition = [...pairs, ...(more === undefined ? [] : [more])].join(' AND ')
    return `EXISTS (SELECT 1 FROM ${relation.live} AS ${today} WHERE ${condition})`
  }

  /** SQL, true for a present row whose column has a value today; undefined as above. */
  hasValue(relation: Relation, column: Column, sqlOf: SqlOf): string | undefined {
    if (this.#written.has(column)) return this.isThere(relation, sqlOf, `${todaysValue(column)} IS NOT NULL`)
    const isThere = this.isThere(relation, sqlOf)
    return isThere === undefined ? undefined : allOf(`${sqlOf(column)} IS NOT NULL`, isThere)
  }
}

function familyOf(relation: Relation): Set<Relation> {
  const family = new Set([relation])
  for (const one of family) for (const relative of [...one.parents, ...one.children]) family.add(relative)
  return family
}

const today = '"~today"'

/** SQL of a column of today's row, inside the condition that `isThere` is given. */
export function todaysValue(column: Column): string {
  return `${today}.${quoteIdentifier(column.liveName ?? '')}`
}

/** The columns of a row under an alias. */
export function over(alias: string): SqlOf {
  return ({ name }) => `${alias}.${quoteIdentifier(name)}`
}
