import { quoteIdentifier } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { columnNamesIn, mayRaise } from '../may-raise.js'
import type { Relation } from '../model.js'
import { named, shown } from '../named.js'
import type { Outcome } from '../questions.js'
import type { Rewritten } from '../rewrite.js'
import { visitTree } from '../tree.js'
import type { Walk } from '../walk.js'
import type { Target } from './target.js'

/** How the rows that a WHERE hits are found. */
export type ConditionOrder =
  /** In whatever order its parts are asked, it comes to the same. */
  | { readonly kind: 'any' }
  /** By a WHERE of our own, which the server plans like the statement's. */
  | { readonly kind: 'as planned' }
  /** They are not: it fails, or it cannot be known whether it does. */
  | { readonly kind: 'unknown'; readonly reason: string }

/**
 * The server splits a WHERE at its ANDs and asks the cheapest part first, those that an index answers before all others,
 * whatever the order in which they are written: a cast may meet values that another part would have kept from it, or may
 * not: https://github.com/postgres/postgres/blob/REL_15_STABLE/src/backend/optimizer/plan/createplan.c (order_qual_clauses)
 *
 * So a WHERE that may raise is asked as one, over the same rows.
 *
 * @param parts.written a FROM item and an expression over it that asks the condition in the order written
 */
export async function orderOf(
  walk: Walk,
  target: Target,
  tree: Node | undefined,
  parts: {
    where: Rewritten | undefined
    from: Rewritten | undefined
    written: { from: string; isHit: string }
  },
): Promise<ConditionOrder> {
  const { where, from, written } = parts
  if (!tree || !where || !mayRaise(tree) || (!from && isOnePart(tree))) return { kind: 'any' }
  const { before, alias, relation } = target
  const rows = `${before} AS ${alias}${from ? `, ${from.sql}` : ''}`
  const isToday = before === relation.live && !/"~\d+ /.test(`${from?.sql} ${where.sql}`)
  const isJoin = from !== undefined || readsOthers(tree)
  const planned = await asked(walk, relation, `(SELECT 1 AS "~one" FROM ${rows} WHERE ${where.sql}) AS q`, {
    asServerPlans: isToday && isJoin,
  })
  if (planned.kind === 'violated') {
    const { sqlstate, message = 'its condition cannot be computed' } = planned
    if (!isToday && (isJoin || mayBeSpared(relation, tree))) return { kind: 'unknown', reason: dependsOnPlan }
    walk.need({
      code: 'invalid-value',
      sqlstate,
      ...named(relation),
      title: `the condition for rows of ${shown(relation)} can be computed`,
      question: { kind: 'certain', message },
      opaque: [],
    })
    return { kind: 'unknown', reason: 'its condition cannot be computed' }
  }
  if (planned.kind === 'not-answered') return { kind: 'any' }
  const asWritten = await asked(
    walk,
    relation,
    `(SELECT ${written.isHit} AS "~hit" FROM ${written.from} OFFSET 0) AS q`,
  )
  return { kind: asWritten.kind === 'violated' ? 'as planned' : 'any' }
}

/** Whether the rows found by a WHERE of our own can be read, where joins may be planned otherwise. */
export async function canBeFound(walk: Walk, relation: Relation, link: string): Promise<boolean> {
  return (await asked(walk, relation, `${link} AS q`)).kind !== 'violated'
}

export const dependsOnPlan =
  'which part of its condition the server asks first depends on how it plans the statement'

async function asked(
  walk: Walk,
  relation: Relation,
  from: string,
  { asServerPlans = false } = {},
): Promise<Outcome> {
  const ask = () =>
    walk.outcomeOf({
      place: walk.place,
      code: 'invalid-value',
      sqlstate: '22000',
      ...named(relation),
      title: `the condition for rows of ${shown(relation)} can be computed`,
      question: { kind: 'evaluates', from, alias: 'q' },
      opaque: [],
    })
  return asServerPlans ? withServersJoins(walk, ask) : ask()
}

const joins = ['enable_nestloop', 'enable_mergejoin']

/** Our questions are kept from joins that are slow where the server can only guess; here its own choice is asked for. */
async function withServersJoins<T>(walk: Walk, ask: () => Promise<T>): Promise<T> {
  const list = joins.map((name) => `pg_catalog.current_setting('${name}') AS ${name}`).join(', ')
  const [before] = (await walk.askCatalog(`SELECT ${list}`))?.rows ?? []
  if (before === undefined || joins.every((name) => before[name] === 'on')) return ask()
  const set = async (settingOf: (name: string) => unknown) => {
    const calls = joins.map((name) => `pg_catalog.set_config('${name}', '${settingOf(name)}', true)`)
    await walk.askCatalog(`SELECT ${calls.join(', ')}`)
  }
  await set(() => 'on')
  try {
    return await ask()
  } finally {
    await set((name) => before[name])
  }
}

/** Nothing in it that the server could ask before another part. */
function isOnePart(tree: Node): boolean {
  const isRow = tree.A_Expr?.lexpr?.RowExpr !== undefined
  return !tree.BoolExpr && !isRow && !readsOthers(tree)
}

function readsOthers(tree: Node): boolean {
  let reads = false
  visitTree(tree, (kind) => {
    reads ||= kind === 'SubLink'
  })
  return reads
}

/** An index or the bounds of partitions may answer a part, and then the others are asked of fewer rows. */
function mayBeSpared(relation: Relation, tree: Node): boolean {
  if (relation.partitionKey) return true
  const names = columnNamesIn(tree)
  return relation.indexes.some(({ keys }) =>
    keys.some(({ column }) => column === undefined || names.has(quoteIdentifier(column.name))),
  )
}
