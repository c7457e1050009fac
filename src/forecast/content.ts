import { quoteIdentifier } from '../sql/names.js'
import type { Chain } from './chain.js'
import type { CatalogModel, Column, ReadRelation, Relation, SequenceObject } from './model.js'

/** What a sequence gives next, as SQL, where the chain has set it. */
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
  /** Links that still read what a sequence gives next, and what they read. */
  readonly todaysPositions = new Map<string, string>()
  /** Where the rows came to be as they are, and the columns that nobody has changed since, by their names there. */
  readonly #origins = new Map<Relation, { source: string; names: Map<Column, string> }>()
  readonly #versions = new Map<Column | Relation, number>()

  constructor(
    readonly catalog: CatalogModel,
    readonly chain: Chain,
    /** Brings a view up to what it reads. */
    private readonly settleView: (content: Content, view: Relation) => void,
  ) {
    for (const relation of catalog.relations) this.#originate(relation)
  }

  /**
   * What to read for these columns alone: the oldest source that has the same rows, and the columns as they are now.
   * Often that is today's table, whatever the statements have done to other columns. Undefined where it is no other
   * than `read` gives.
   */
  readColumns(relation: Relation, wanted: Iterable<Column>): string | undefined {
    const columns = [...new Set(wanted)]
    const origin = this.#origins.get(relation)
    if (!origin || relation.isEmpty || (origin.source === relation.source && !relation.isDirty))
      return undefined
    const names = columns.map((column) => origin.names.get(column))
    if (names.some((name) => name === undefined)) return undefined
    if (columns.every((column, i) => names[i] === quoteIdentifier(column.name))) return origin.source
    const list = columns.map((column, i) => `${names[i]} AS ${quoteIdentifier(column.name)}`)
    return `(SELECT ${list.join(', ')} FROM ${origin.source})`
  }

  /** The column's values are others from here on. */
  changeColumn(relation: Relation, column: Column): void {
    this.#origins.get(relation)?.names.delete(column)
    this.#versions.set(column, this.versionOf(column) + 1)
  }

  /** How often the values of a column, or which rows a relation has, have been changed. */
  versionOf(thing: Column | Relation): number {
    return this.#versions.get(thing) ?? 0
  }

  /** Takes what is noted of the rows back to where it was when this was made. */
  remember(): () => void {
    const origins = [...this.#origins].map(
      ([relation, { source, names }]) => [relation, { source, names: new Map(names) }] as const,
    )
    const versions = new Map(this.#versions)
    return () => {
      this.#origins.clear()
      for (const [relation, origin] of origins) this.#origins.set(relation, origin)
      this.#versions.clear()
      for (const [thing, version] of versions) this.#versions.set(thing, version)
    }
  }

  #originate(relation: Relation): void {
    const names = new Map(relation.columns.map((column) => [column, quoteIdentifier(column.name)]))
    this.#origins.set(relation, { source: relation.source, names })
  }

  /** The FROM item that yields the relation's present rows, its columns under their present names. */
  read(relation: Relation): string {
    this.settleView(this, relation)
    if (relation.isDirty) {
      const list = relation.columns.map(({ from, name }) => `${from} AS ${quoteIdentifier(name)}`).join(', ')
      const isVolatile = relation.columns.some(({ from }) =>
        /random\(|gen_random|uuid_generate|row_number\(\) OVER|clock_timestamp/.test(from),
      )
      const rows = relation.isEmpty ? ' WHERE false' : ''
      const query = `SELECT ${list || '1 AS "~none"'} FROM ${relation.source} AS ${before}${rows}`
      this.replace(relation, query, { isVolatile, changed: [] })
    }
    return relation.source
  }

  /** A relation under the names that its columns had when a view of it was made. */
  readAs({ relation, columns }: ReadRelation): string {
    const source = this.read(relation)
    const left = columns.filter(({ column }) => relation.columns.includes(column))
    // The columns are just these, because a * of the query meant them.
    const isSame =
      relation.columns.length === columns.length &&
      columns.every(({ column, name }, i) => column === relation.columns[i] && column.name === name)
    if (isSame) return source
    const list = left.map(
      ({ column, name }) => `r.${quoteIdentifier(column.name)} AS ${quoteIdentifier(name)}`,
    )
    return this.chain.once(relation.name, `SELECT ${list.join(', ')} FROM ${source} AS r`)
  }

  /**
   * Gives the relation new content: a query that yields its columns under their present names.
   * @param changed the columns whose values are others, where the rows stay; else there are other rows
   */
  replace(
    relation: Relation,
    query: string,
    { isVolatile = false, changed }: { isVolatile?: boolean; changed?: Iterable<Column> } = {},
  ): void {
    relation.source = this.chain.add(relation.name, query, { isVolatile })
    for (const column of relation.columns) column.from = quoteIdentifier(column.name)
    relation.isDirty = false
    if (changed === undefined) {
      this.#originate(relation)
      this.#versions.set(relation, this.versionOf(relation) + 1)
    } else for (const column of changed) this.changeColumn(relation, column)
  }

  /**
   * The value that a sequence gives next, as SQL. Where it is today's, a link reads it from the sequence itself, as a
   * relation, under ACCESS SHARE: `pg_sequences` would take ROW EXCLUSIVE on every one.
   */
  nextValueOf(sequence: SequenceObject): string {
    const start = this.sequenceStarts.get(sequence)
    if (start !== undefined || sequence.live === undefined || !sequence.isReadable)
      return start ?? String(sequence.start)
    const { live, increment, name } = sequence
    const next = `SELECT (CASE WHEN is_called THEN last_value OPERATOR(pg_catalog.+) ${increment} ELSE last_value END)::pg_catalog.int8 AS next FROM ${live}`
    const link = this.chain.once(name, next)
    this.todaysPositions.set(link, next)
    return `(SELECT next FROM ${link})`
  }

  /** Why it cannot be known what a sequence gives next. */
  opacityOfNext(sequence: SequenceObject): string[] {
    if (sequence.isReadable || sequence.live === undefined || this.sequenceStarts.has(sequence)) return []
    return [`the role in use may not read what sequence "${sequence.name}" gives next`]
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
