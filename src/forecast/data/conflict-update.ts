import { quoteIdentifier } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { castTo, NotFollowed } from '../casts.js'
import { defaultOf } from '../defaults.js'
import type { Column, IndexObject } from '../model.js'
import { allRows, needInForce } from '../needs.js'
import { Rewriter, type Scope } from '../rewrite.js'
import { FiredTriggers } from '../triggers/fired.js'
import type { Walk } from '../walk.js'
import { columnOf, columnsOver, oldName, type Target } from './target.js'

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
  const columns = arbiter.keys.map(({ column }) => column)
  if (arbiter.predicate || columns.some((column) => column === undefined))
    throw new NotFollowed('ON CONFLICT DO UPDATE by a partial index')
  const keys = columns.flatMap((column) => (column ? [quoteIdentifier(column.name)] : []))
  walk.need({
    code: 'unique-violation',
    sqlstate: '21000',
    object: `${relation.name}.${arbiter.name}`,
    title: `no two rows put into "${relation.name}" meet the same row`,
    question: {
      kind: 'groups',
      from: `${candidates} AS c`,
      keys,
      condition: keys.map((key) => `${key} IS NOT NULL`).join(' AND '),
    },
    opaque: [],
  })
  if (relation.isEmpty) return
  const where =
    clause.whereClause && new Rewriter(walk.content, scope).expression(clause.whereClause, [relation])
  const set = new Map(
    clause.targetList.map(({ ResTarget: { name, val } }: Node) => {
      const column = columnOf(relation, name)
      if (val.MultiAssignRef) throw new NotFollowed('a row is assigned')
      const value = val.SetToDefault
        ? defaultOf(walk.content, column, relation)
        : new Rewriter(walk.content, scope).expression(val, [relation])
      return [column, { ...value, sql: castTo(value.sql, column.type, 'assignment') }]
    }),
  ) as Map<Column, { sql: string; opaque: readonly string[] }>
  const on = keys.map((key) => `excluded.${key} = ${alias}.${key}`).join(' AND ')
  const isHit = ['excluded."~new"', ...(where ? [where.sql] : [])].join(' AND ')
  const changed = new Set(set.keys())
  const triggers = FiredTriggers.of(walk, relation, 'update', changed, [])
  const list = relation.columns.flatMap((column) => {
    const name = quoteIdentifier(column.name)
    const value = set.get(column)
    const old = `${alias}.${name}`
    const now = value ? `CASE WHEN ${isHit} THEN ${value.sql} ELSE ${old} END` : old
    return [`${now} AS ${name}`, ...(triggers ? [`${old} AS ${oldName(column)}`] : [])]
  })
  const excluded = `(SELECT c.*, true AS "~new" FROM ${candidates} AS c) AS excluded`
  const reasons = [...(where?.opaque ?? []), ...[...set.values()].flatMap(({ opaque }) => opaque)]
  walk.watcher.updated(relation, {
    from: `${before} AS ${alias} JOIN ${excluded} ON ${on}`,
    all: `${before} AS ${alias}`,
    alias,
    isHit,
    changes: [...set].map(([column, { sql }]) => ({
      column,
      old: `${alias}.${quoteIdentifier(column.name)}`,
      now: sql,
    })),
    hasCondition: true,
    opaque: reasons,
  })
  const made = walk.content.chain.add(
    `${relation.name}_updated`,
    `SELECT ${list.join(', ')}, (${isHit}) IS TRUE AS "~hit" FROM ${before} AS ${alias} LEFT JOIN ${excluded} ON ${on} OFFSET 0`,
  )
  const left = await triggers?.before(made)
  const link = left?.link ?? made
  for (const column of left?.assigned.keys() ?? []) changed.add(column)
  walk.content.replace(relation, `SELECT ${columnsOver(alias, relation.columns)} FROM ${link} AS ${alias}`)
  for (const column of relation.columns)
    if (set.has(column) && reasons[0] !== undefined) column.opaque = reasons[0]
  for (const [column, why] of left?.assigned ?? []) if (why !== undefined) column.opaque = why
  if (left?.dropsOpaque !== undefined) walk.blur(relation, left.dropsOpaque)
  needInForce(walk, relation, allRows(walk, relation), (column) => changed.has(column))
  await triggers?.after(link)
}
