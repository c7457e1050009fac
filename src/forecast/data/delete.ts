import { quoteIdentifier } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { restart } from '../ddl/sequences.js'
import { followFamily, removePart } from '../family.js'
import type { Relation } from '../model.js'
import { emptyScope, Rewriter, type Scope } from '../rewrite.js'
import { FiredTriggers } from '../triggers/fired.js'
import type { Walk } from '../walk.js'
import { canBeFound, dependsOnPlan, orderOf } from './condition-order.js'
import { findHits } from './hits.js'
import { followReferences } from './references.js'
import { columnsOver, targetOf } from './target.js'

/** DELETE FROM … [USING …] [WHERE …]. Gives the link that holds the rows that go, for RETURNING. */
export async function followDelete(
  walk: Walk,
  node: Node,
  scope: Scope = emptyScope,
): Promise<string | undefined> {
  const target = targetOf(walk, node.relation)
  const { relation, alias } = target
  let { before } = target
  if (relation.isEmpty) return undefined
  const where = node.whereClause
    ? new Rewriter(walk.content, scope).expression(node.whereClause, [relation])
    : undefined
  const using = node.usingClause ? new Rewriter(walk.content, scope).from(node.usingClause) : undefined
  const condition = where?.sql ?? 'true'
  let isGone = using ? `EXISTS (SELECT 1 FROM ${using.sql} WHERE ${condition})` : `${condition} IS TRUE`
  const opaque = [
    ...(where?.opaque ?? []),
    ...(using?.opaque ?? []),
    ...(relation.opaque === undefined ? [] : [relation.opaque]),
  ]
  const isVolatile = where?.isVolatile || using?.isVolatile
  if (opaque.length === 0 && !isVolatile) {
    const written = { from: `${before} AS ${alias}`, isHit: isGone }
    const order = await orderOf(walk, target, node.whereClause, { where, from: using, written })
    if (order.kind === 'as planned') {
      const found = findHits(walk, target, {
        from: using?.sql,
        where: where?.sql,
        values: [],
        asPlanned: true,
      })
      before = found.before
      isGone = `EXISTS (SELECT 1 FROM ${found.link} AS "~h" WHERE ${found.on('"~h"')})`
      if (!(await canBeFound(walk, relation, found.link))) opaque.push(dependsOnPlan)
    } else if (order.kind === 'unknown') opaque.push(order.reason)
  }
  // Which rows go is not known, and the condition may name what does not exist today.
  if (opaque.length > 0) isGone = 'false'
  if (isVolatile) opaque.push('its condition is random')
  const triggers = FiredTriggers.of(walk, relation, 'delete', new Set(), opaque)
  const rows = triggers && markRows(walk, relation, `${before} AS ${alias}`, alias, isGone)
  if (rows !== undefined && (await triggers?.hitsNothing(rows))) return undefined
  const left = rows === undefined ? undefined : await triggers?.before(rows)
  if (left?.dropsOpaque !== undefined) opaque.push(left.dropsOpaque)
  const [from, goes, stays] = left
    ? [`${left.link} AS ${alias}`, '"~hit"', 'NOT "~hit"']
    : [`${before} AS ${alias}`, isGone, `NOT (${isGone})`]
  const list = columnsOver(alias, relation.columns) || '1 AS "~none"'
  const gone = walk.content.chain.add(
    `${relation.name}_gone`,
    `SELECT ${list} FROM ${from} WHERE ${goes} OFFSET 0`,
  )
  walk.watcher.deleted(relation, { gone, before, hasCondition: node.whereClause !== undefined, opaque })
  if (walk.inTransaction) relation.past.push({ source: before, mayBeHeapOnly: false })
  walk.content.replace(relation, `SELECT ${list} FROM ${from} WHERE ${stays} OFFSET 0`)
  needEvaluationOf(walk, relation.name, gone, opaque, where !== undefined || using !== undefined)
  await followReferences(walk, relation, { kind: 'delete', link: gone, opaque })
  if (left) await triggers?.after(left.link)
  const [reason] = opaque
  if (reason !== undefined) walk.blur(relation, reason)
  followFamily(walk, relation)
  return gone
}

/** All rows, and whether each goes, for the triggers that may keep it. */
function markRows(walk: Walk, relation: Relation, from: string, alias: string, isGone: string): string {
  return walk.content.chain.add(
    `${relation.name}_deleted`,
    `SELECT ${alias}.*, (${isGone}) IS TRUE AS "~hit" FROM ${from} OFFSET 0`,
  )
}

/** The condition itself may raise, e.g. by a cast or a division. */
function needEvaluationOf(
  walk: Walk,
  object: string,
  gone: string,
  opaque: readonly string[],
  hasCondition: boolean,
): void {
  if (!hasCondition) return
  walk.need({
    code: 'invalid-value',
    sqlstate: '22000',
    object,
    title: `the condition for rows of "${object}" can be computed`,
    question: { kind: 'evaluates', from: `${gone} AS gone`, alias: 'gone' },
    opaque,
  })
}

/** TRUNCATE empties each table, and with CASCADE those that refer to it. */
export async function followTruncate(walk: Walk, node: Node): Promise<void> {
  const how = { isCascade: node.behavior === 'DROP_CASCADE', restarts: node.restart_seqs === true }
  for (const { RangeVar } of node.relations) await truncate(walk, targetOf(walk, RangeVar).relation, how)
}

interface Truncation {
  readonly isCascade: boolean
  /** RESTART IDENTITY: the sequences that columns of the tables own start again. */
  readonly restarts: boolean
}

async function truncate(walk: Walk, relation: Relation, how: Truncation): Promise<void> {
  const triggers = FiredTriggers.of(walk, relation, 'truncate', new Set(), [])
  await triggers?.before(relation.source)
  for (const sequence of how.restarts ? walk.catalog.sequences : [])
    if (sequence.ownedBy && relation.columns.includes(sequence.ownedBy)) restart(walk, sequence)
  if (!relation.isEmpty) await empty(walk, relation, how)
  await triggers?.after(relation.source)
}

async function empty(walk: Walk, relation: Relation, how: Truncation): Promise<void> {
  for (const parent of relation.parents) removePart(walk, parent, relation)
  walk.content.replace(
    relation,
    `SELECT ${relation.columns.map(({ name }) => `t.${quoteIdentifier(name)}`).join(', ') || '1'} FROM ${relation.source} AS t WHERE false`,
  )
  relation.isEmpty = true
  relation.past = []
  delete relation.opaque
  for (const column of relation.columns) delete column.opaque
  for (const child of relation.children) await truncate(walk, child, how)
  if (!how.isCascade) return
  for (const child of walk.catalog.relations) {
    if (child.constraints.some(({ parent }) => parent === relation)) await truncate(walk, child, how)
  }
}
