import { quoteIdentifier } from '../../sql/names.js'
import { equals } from '../../sql/operators.js'
import { equalityOf } from '../equality.js'
import { keyOf, type Walk } from '../walk.js'
import type { Target } from './target.js'

/** The rows of a target that a statement hits, found first, to be joined to it. */
export interface FoundHits {
  /** The rows of the target, numbered where they have no key. */
  readonly before: string
  /** The rows hit: `"~k0"` … name them, `"~v0"` … are what is computed for them. */
  readonly link: string
  /** Joins them to the target, by the name that is given. */
  on(name: string): string
}

/**
 * Finds the rows by a query with the condition in its WHERE. A row that meets several rows of the FROM list takes the
 * values of one of them, so there is one for each key of the target. A lateral subquery would be a nested loop.
 *
 * @param asPlanned the query stands by itself, so that the server plans it like the statement
 */
export function findHits(
  walk: Walk,
  target: Target,
  parts: {
    from?: string | undefined
    where: string | undefined
    values: readonly string[]
    asPlanned: boolean
  },
): FoundHits {
  const { relation, alias } = target
  const { from, where, values, asPlanned } = parts
  let { before } = target
  let key: Key[] | undefined = keyOf(relation)?.map(({ name, type }) => ({
    name: quoteIdentifier(name),
    equality: equalityOf(type),
  }))
  if (key === undefined && asPlanned && before === relation.live) key = ['tableoid', 'ctid'].map(byServer)
  if (key === undefined) {
    before = walk.content.chain.add(
      relation.name,
      `SELECT pg_catalog.row_number() OVER () AS "~row", src.* FROM ${before} AS src`,
      { isVolatile: true },
    )
    key = [byServer('"~row"')]
  }
  const keys = key.map(({ name }) => `${alias}.${name}`)
  const list = [
    ...keys.map((one, i) => `${one} AS "~k${i}"`),
    ...values.map((one, i) => `${one} AS "~v${i}"`),
  ]
  const rows = `${before} AS ${alias}${from === undefined ? '' : `, ${from}`}`
  const condition = where === undefined ? '' : ` WHERE ${where}`
  const names = key.map((_, i) => `"~k${i}"`).join(', ')
  const query = asPlanned
    ? `SELECT DISTINCT ON (${names}) * FROM (SELECT ${list.join(', ')} FROM ${rows}${condition} OFFSET 0) AS r`
    : `SELECT DISTINCT ON (${keys.join(', ')}) ${list.join(', ')} FROM ${rows}${condition}`
  return {
    before,
    link: walk.content.chain.add(`${relation.name}_hit`, query, { isVolatile: asPlanned }),
    on: (name) =>
      (key ?? []).map((one, i) => `${name}."~k${i}" ${one.equality} ${alias}.${one.name}`).join(' AND '),
  }
}

/** What tells one row of a target from another, and by which operator. */
interface Key {
  readonly name: string
  readonly equality: string
}

function byServer(name: string): Key {
  return { name, equality: equals }
}
