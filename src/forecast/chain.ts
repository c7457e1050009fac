import { quoteIdentifier } from '../sql/names.js'

/**
 * The queries that yield future contents, each over today's tables or over earlier ones. A question takes along just
 * those that it reads.
 */
export class Chain {
  readonly #links = new Map<string, string>()
  readonly #byQuery = new Map<string, string>()

  /** @param schema where the migrations look for names that have none */
  constructor(readonly schema: string) {}

  /**
   * Adds a query and gives the quoted name to read it by.
   * @param about the relation it yields, for whoever reads the SQL
   * @param isVolatile it must give the same rows wherever a question reads it
   */
  add(about: string, query: string, { isVolatile = false } = {}): string {
    const name = quoteIdentifier(
      `~${this.#links.size + 1} ${about.replaceAll(/[^A-Za-z0-9_]/g, '_').slice(0, 40)}`,
    )
    // Named in one place only, a link is planned into its reader anyway. Read twice, it would be kept whole, without
    // statistics: NOT MATERIALIZED was measured to be several times faster.
    this.#links.set(name, `${name} AS ${isVolatile ? 'MATERIALIZED' : 'NOT MATERIALIZED'} (${query})`)
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
    this.#links.set(name, `${name} AS NOT MATERIALIZED (${query})`)
  }

  /** The links that a piece of SQL reads, directly or not, as a WITH clause; empty when it reads none. */
  withClauseOf(sql: string): string {
    const needed = new Set<string>()
    this.#collect(sql, needed)
    if (needed.size === 0) return ''
    const links = [...this.#links].filter(([name]) => needed.has(name)).map(([, link]) => link)
    // RECURSIVE, because a query of a migration may be; Postgres still plans the others into their readers.
    return `WITH RECURSIVE ${links.join(',\n  ')}\n`
  }

  /** A link of a WITH RECURSIVE needs its columns named in its head. */
  addWithHead(about: string, columns: readonly string[], makeQuery: (name: string) => string): string {
    const name = quoteIdentifier(
      `~${this.#links.size + 1} ${about.replaceAll(/[^A-Za-z0-9_]/g, '_').slice(0, 40)}`,
    )
    const head = columns.length > 0 ? ` (${columns.map(quoteIdentifier).join(', ')})` : ''
    this.#links.set(name, '')
    this.#links.set(name, `${name}${head} AS (${makeQuery(name)})`)
    return name
  }

  #collect(sql: string, needed: Set<string>): void {
    for (const [name] of sql.matchAll(/"~\d+ [A-Za-z0-9_]*"/g)) {
      const link = this.#links.get(name)
      if (link === undefined || needed.has(name)) continue
      needed.add(name)
      this.#collect(link, needed)
    }
  }
}
