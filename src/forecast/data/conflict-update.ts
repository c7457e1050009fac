import { quoteIdentifier } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { castTo, NotFollowed } from '../casts.js'
import { defaultOf } from '../defaults.js'
import type { IndexObject } from '../model.js'
import { allRows, needInForce } from '../needs.js'
import { Rewriter, type Scope } from '../rewrite.js'
import type { Walk } from '../walk.js'
import { columnOf, type Target } from './target.js'

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
  ) as Map<unknown, { sql: string; opaque: readonly string[] }>
  const on = keys.map((key) => `excluded.${key} = ${alias}.${key}`).join(' AND ')
  const isHit = ['excluded."~new"', ...(where ? [where.sql] : [])].join(' AND ')
  const list = relation.columns.map((column) => {
    const name = quoteIdentifier(column.name)
    const value = set.get(column)
    return value
      ? `CASE WHEN ${isHit} THEN ${value.sql} ELSE ${alias}.${name} END AS ${name}`
      : `${alias}.${name} AS ${name}`
  })
  const excluded = `(SELECT c.*, true AS "~new" FROM ${candidates} AS c) AS excluded`
  walk.content.replace(
    relation,
    `SELECT ${list.join(', ')} FROM ${before} AS ${alias} LEFT JOIN ${excluded} ON ${on} OFFSET 0`,
  )
  const reasons = [...(where?.opaque ?? []), ...[...set.values()].flatMap(({ opaque }) => opaque)]
  for (const column of relation.columns)
    if (set.has(column) && reasons[0] !== undefined) column.opaque = reasons[0]
  needInForce(walk, relation, allRows(walk, relation), (column) => set.has(column))
}
