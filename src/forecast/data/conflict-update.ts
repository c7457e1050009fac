import { quoteIdentifier } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { isSameKey } from '../equality.js'
import type { IndexObject } from '../model.js'
import { named, shown } from '../named.js'
import { allRows, needInForce } from '../needs.js'
import { Rewriter, type Scope } from '../rewrite.js'
import { FiredTriggers } from '../triggers/fired.js'
import type { Walk } from '../walk.js'
import { keysOf } from './arbiters.js'
import { assignmentsOf } from './assignments.js'
import { recomputed } from './generated.js'
import { oldName, type Target } from './target.js'

interface Conflict {
  /** The link of the rows that the statement wants to put in. */
  readonly candidates: string
  readonly arbiter: IndexObject
}

/**
 * ON CONFLICT … DO UPDATE: a row that stands in the way takes values from the new one, which is called `excluded`. Two
 * new rows may not meet the same row (SQLSTATE 21000).
 */
export async function followConflictUpdate(
  walk: Walk,
  { relation, alias, before }: Target,
  clause: Node,
  { candidates, arbiter }: Conflict,
  scope: Scope,
): Promise<void> {
  const { keys, predicate } = keysOf(walk, relation, arbiter)
  const own = quoteIdentifier(relation.name)
  walk.need({
    code: 'unique-violation',
    sqlstate: '21000',
    ...named(relation, arbiter.name),
    title: `no two rows put into ${shown(relation)} meet the same row`,
    question: {
      kind: 'groups',
      from: `${candidates} AS ${own}`,
      keys,
      condition: `CASE WHEN ${predicate} THEN ${keys.map((key) => `${key} IS NOT NULL`).join(' AND ')} END`,
    },
    opaque: [],
  })
  if (relation.isEmpty) return
  const where =
    clause.whereClause && new Rewriter(walk.content, scope).expression(clause.whereClause, [relation])
  const assignments = assignmentsOf(walk, clause.targetList, relation, scope)
  const changed = new Set(assignments.map(({ column }) => column))
  const triggers = FiredTriggers.of(walk, relation, 'update', changed, [])
  const list = keys.map((key, i) => `${key} AS "~k${i}"`).join(', ')
  const excluded = `(SELECT ${own}.*, ${list}, true AS "~new" FROM ${candidates} AS ${own} WHERE (${predicate}) IS TRUE) AS excluded`
  const met = `(SELECT ${own}.*, ${list}, (${predicate}) IS TRUE AS "~in" FROM ${before} AS ${own}) AS ${alias}`
  const on = [
    `${alias}."~in"`,
    ...arbiter.keys.map((key, i) => isSameKey(walk.catalog, key, `excluded."~k${i}"`, `${alias}."~k${i}"`)),
  ].join(' AND ')
  const isHit = ['excluded."~new"', ...(where ? [where.sql] : [])].join(' AND ')
  const columns = relation.columns.flatMap((column) => {
    const name = quoteIdentifier(column.name)
    const set = assignments.find((one) => one.column === column)
    const old = `${alias}.${name}`
    const now = set ? `CASE WHEN ${isHit} THEN ${set.value} ELSE ${old} END` : old
    return [`${now} AS ${name}`, ...(triggers ? [`${old} AS ${oldName(column)}`] : [])]
  })
  const reasons = [...(where?.opaque ?? []), ...assignments.flatMap(({ opaque }) => opaque)]
  walk.watcher.updated(relation, {
    from: `${met} JOIN ${excluded} ON ${on}`,
    all: met,
    alias,
    isHit,
    changes: assignments.map(({ column, value }) => ({
      column,
      old: `${alias}.${quoteIdentifier(column.name)}`,
      now: value,
    })),
    hasCondition: true,
    opaque: reasons,
    opaqueHits: where?.opaque ?? [],
  })
  const made = walk.content.chain.add(
    `${relation.name}_updated`,
    `SELECT ${columns.join(', ')}, (${isHit}) IS TRUE AS "~hit" FROM ${met} LEFT JOIN ${excluded} ON ${on} OFFSET 0`,
  )
  const left = await triggers?.before(made)
  const link = left?.link ?? made
  for (const column of changed) if (reasons[0] !== undefined) column.opaque = reasons[0]
  for (const column of left?.assigned.keys() ?? []) changed.add(column)
  walk.content.replace(
    relation,
    `SELECT ${recomputed(walk, relation, changed)} FROM ${link} AS ${own} OFFSET 0`,
  )
  for (const [column, why] of left?.assigned ?? []) if (why !== undefined) column.opaque = why
  if (left?.dropsOpaque !== undefined) walk.blur(relation, left.dropsOpaque)
  needInForce(walk, relation, allRows(walk, relation), (column) => changed.has(column))
  await triggers?.after(link)
}
