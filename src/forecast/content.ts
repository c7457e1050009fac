import { quoteIdentifier } from '../sql/names.js'
import type { Chain } from './chain.js'
import type { CatalogModel, Relation, SequenceObject } from './model.js'

/** What a sequence held when the forecast began, where it is asked for. */
export type SequenceStarts = Map<SequenceObject, string>

/**
 * The content of every relation at this point of the chain. Renames, added and dropped columns only edit the list of
 * columns; a link of the chain is made when somebody reads the relation.
 */
export class Content {
  /** The chain has changed the catalog, so that today's answers about it are old. */
  isCatalogChanged = false
  readonly #numbers = new Map<Relation, number>()
  readonly sequenceStarts: SequenceStarts = new Map()

  constructor(
    readonly catalog: CatalogModel,
    readonly chain: Chain,
  ) {}

  /** The FROM item that yields the relation's present rows, its columns under their present names. */
  read(relation: Relation): string {
    if (relation.isDirty) {
      const list = relation.columns.map(({ from, name }) => `${from} AS ${quoteIdentifier(name)}`).join(', ')
      const isVolatile = relation.columns.some(({ from }) =>
        /random\(|gen_random|uuid_generate|row_number\(\) OVER|clock_timestamp/.test(from),
      )
      const source = relation.isEmpty
        ? `(SELECT 1) AS ${before} WHERE false`
        : `${relation.source} AS ${before}`
      this.replace(relation, `SELECT ${list || '1 AS "~none"'} FROM ${source}`, isVolatile)
    }
    return relation.source
  }

  /** Gives the relation new content: a query that yields its columns under their present names. */
  replace(relation: Relation, query: string, isVolatile = false): void {
    relation.source = this.chain.add(relation.name, query, { isVolatile })
    for (const column of relation.columns) column.from = quoteIdentifier(column.name)
    relation.isDirty = false
  }

  /** The value that a sequence will give next, as the forecast found it. */
  nextValueOf(sequence: SequenceObject): string {
    return this.sequenceStarts.get(sequence) ?? String(sequence.start)
  }

  /** Its OID; for one that the migrations make, a number that no object has. */
  numberOf(relation: Relation): number {
    if (relation.oid !== undefined) return relation.oid
    const known = this.#numbers.get(relation) ?? 4_000_000_000 + this.#numbers.size
    this.#numbers.set(relation, known)
    return known
  }

  /** Whether a text, e.g. of a function, names a relation that the chain has changed. */
  isAnyChanged(text: string): boolean {
    const words = new Set(text.match(/[A-Za-z_][A-Za-z0-9_]*/g) ?? [])
    return this.catalog.relations.some(
      (relation) =>
        words.has(relation.name) &&
        (relation.isDirty || relation.source !== relation.live || relation.opaque !== undefined),
    )
  }
}

const before = '"~before"'
