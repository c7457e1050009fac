import { quoteIdentifier } from '../sql/names.js'

/** Thrown where a question would cost the server more than it is worth: it is left to the rehearsal. */
export class QuestionTooLarge extends Error {}

/** A question of more links than this keeps the planner busy for seconds. */
export const mostLinks = 400

/** The text of a question; the server needs some fifty times as much memory to read and plan it. */
const mostCharacters = 4_000_000

/** A person reads no more. */
const mostShown = 20_000

/**
 * As many links are planned together. Planning the links of a chain into one another costs the cube of their number,
 * and a link that is read twice is planned twice, with all that it reads.
 */
const mostTogether = 64

/** Of longer chains, so many links are planned together before one is kept whole. */
const fewTogether = 8

interface Link {
  readonly sql: string
  /** What stands before `AS`, with the names of its columns where it needs them. */
  readonly head: string
  /** Whether it is computed once, where that is not left to the server. */
  readonly isVolatile?: boolean
  /** How often it reads each other link. */
  readonly reads: ReadonlyMap<string, number>
}

/**
 * The queries that yield future contents, each over today's tables or over earlier ones. A question takes along just
 * those that it reads.
 */
export class Chain {
  readonly #links = new Map<string, Link>()
  readonly #places = new Map<string, number>()
  readonly #byQuery = new Map<string, string>()

  /** @param schema where the migrations look for names that have none */
  constructor(readonly schema: string) {}

  /**
   * Adds a query and gives the quoted name to read it by.
   * @param about the relation it yields, for whoever reads the SQL
   * @param isVolatile it must give the same rows wherever a question reads it
   */
  add(about: string, query: string, { isVolatile = false } = {}): string {
    const name = this.#newName(about)
    this.#set(name, { sql: query, head: name, isVolatile, reads: this.#readsOf(query) })
    return name
  }

  /** Like `add`, but the same query gives the same link again. */
  once(about: string, query: string): string {
    const name = this.#byQuery.get(query) ?? this.add(about, query)
    this.#byQuery.set(query, name)
    return name
  }

  /** Puts what a link has been found to give in its place: every question reads the same from here on. */
  pin(name: string, query: string): void {
    this.#set(name, { sql: query, head: name, isVolatile: false, reads: new Map() })
  }

  /**
   * The links that a piece of SQL reads, directly or not, as a WITH clause; empty when it reads none.
   * @throws QuestionTooLarge
   */
  withClauseOf(sql: string): string {
    const reads = this.#readsOf(sql)
    const needed = this.#collect(reads)
    if (needed.length === 0) return ''
    if (needed.length > mostLinks)
      throw new QuestionTooLarge(`it follows from more than ${mostLinks} statements and their parts`)
    const size = needed.reduce((sum, name) => sum + this.#link(name).sql.length, sql.length)
    if (size > mostCharacters)
      throw new QuestionTooLarge(`its text would have ${Math.round(size / 1e6)} million characters`)
    const kept = this.#kept(needed, reads)
    const links = needed.map((name) => {
      const { head, sql: query, isVolatile } = this.#link(name)
      return `${head} AS${kept.has(name) ? ' MATERIALIZED' : isVolatile === false ? ' NOT MATERIALIZED' : ''} (${query})`
    })
    // RECURSIVE, because a query of a migration may be; Postgres still plans the others into their readers.
    return `WITH RECURSIVE ${links.join(',\n  ')}\n`
  }

  /** The links that a piece of SQL reads, directly or not. */
  linksOf(sql: string): ReadonlySet<string> {
    return this.#reached(this.#readsOf(sql))
  }

  /** A query with what it reads, for a person to run; undefined where it is too long to be shown. */
  shownSql(query: string): string | undefined {
    try {
      const sql = `${this.withClauseOf(query)}${query}`
      return sql.length > mostShown ? undefined : sql
    } catch (error) {
      if (!(error instanceof QuestionTooLarge)) throw error
      return undefined
    }
  }

  /** A link of a WITH RECURSIVE needs its columns named in its head. */
  addWithHead(about: string, columns: readonly string[], makeQuery: (name: string) => string): string {
    const name = this.#newName(about)
    const head = columns.length > 0 ? `${name} (${columns.map(quoteIdentifier).join(', ')})` : name
    this.#set(name, { sql: '', head, reads: new Map() })
    const sql = makeQuery(name)
    this.#set(name, { sql, head, reads: this.#readsOf(sql) })
    return name
  }

  #newName(about: string): string {
    return quoteIdentifier(`~${this.#links.size + 1} ${about.replaceAll(/[^A-Za-z0-9_]/g, '_').slice(0, 40)}`)
  }

  #set(name: string, link: Link): void {
    if (!this.#places.has(name)) this.#places.set(name, this.#places.size)
    this.#links.set(name, link)
  }

  #link(name: string): Link {
    return this.#links.get(name) as Link
  }

  #readsOf(sql: string): Map<string, number> {
    const reads = new Map<string, number>()
    for (const [name] of sql.matchAll(/"~\d+ [A-Za-z0-9_]*"/g))
      if (this.#links.has(name)) reads.set(name, (reads.get(name) ?? 0) + 1)
    return reads
  }

  /** In the order in which they were made, so that each stands behind those that it reads. */
  #collect(reads: ReadonlyMap<string, number>): string[] {
    const placeOf = (name: string) => this.#places.get(name) ?? 0
    return [...this.#reached(reads)].sort((one, other) => placeOf(one) - placeOf(other))
  }

  #reached(reads: ReadonlyMap<string, number>): Set<string> {
    const reached = new Set(reads.keys())
    for (const name of reached) for (const read of this.#link(name).reads.keys()) reached.add(read)
    return reached
  }

  /**
   * The links that are computed once and kept. Named in one place only, a link is planned into its reader anyway. Read
   * twice, it would be kept whole, without statistics: planning it twice was measured to be several times faster, as
   * long as the chain is short.
   */
  #kept(needed: readonly string[], reads: ReadonlyMap<string, number>): Set<string> {
    const kept = new Set(needed.filter((name) => this.#link(name).isVolatile === true))
    if (this.#planned(needed, reads, kept) <= mostTogether) return kept
    const uses = new Map(reads)
    for (const name of needed)
      for (const [read, count] of this.#link(name).reads) uses.set(read, (uses.get(read) ?? 0) + count)
    const weights = new Map<string, number>()
    for (const name of needed) {
      if (kept.has(name)) continue
      const weight = this.#weigh(name, weights)
      const isReadAgain = (uses.get(name) ?? 0) > 1
      if (weight > fewTogether || (isReadAgain && weight > 1)) kept.add(name)
      else weights.set(name, weight)
    }
    return kept
  }

  /** How many links the planner plans into one another for a question. */
  #planned(needed: readonly string[], reads: ReadonlyMap<string, number>, kept: ReadonlySet<string>): number {
    const weights = new Map<string, number>()
    let sum = 0
    for (const name of needed) {
      const weight = this.#weigh(name, weights)
      if (kept.has(name)) sum += weight
      else weights.set(name, weight)
    }
    for (const [name, count] of reads) sum += count * (weights.get(name) ?? 1)
    return sum
  }

  /** One, and what it reads that is not kept. */
  #weigh(name: string, weights: ReadonlyMap<string, number>): number {
    let weight = 1
    for (const [read, count] of this.#link(name).reads) weight += count * (weights.get(read) ?? 0)
    return weight
  }
}
