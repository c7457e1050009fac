import { quoteIdentifier } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { emptyScope, Rewriter, type Scope } from '../rewrite.js'
import type { Walk } from '../walk.js'
import { followReferences } from './references.js'
import { blurFamily, targetOf } from './target.js'
import { triggerEffects } from './triggers.js'

/** DELETE FROM … [USING …] [WHERE …]. Gives the link that holds the rows that go, for RETURNING. */
export async function followDelete(
  walk: Walk,
  node: Node,
  scope: Scope = emptyScope,
): Promise<string | undefined> {
  const { relation, alias, before } = targetOf(walk, node.relation)
  if (relation.isEmpty) return undefined
  const where = node.whereClause
    ? new Rewriter(walk.content, scope).expression(node.whereClause, [relation])
    : undefined
  const using = node.usingClause ? new Rewriter(walk.content, scope).from(node.usingClause) : undefined
  const condition = where?.sql ?? 'true'
  const isGone = using ? `EXISTS (SELECT 1 FROM ${using.sql} WHERE ${condition})` : `${condition} IS TRUE`
  const opaque = [
    ...(where?.opaque ?? []),
    ...(using?.opaque ?? []),
    ...(relation.opaque === undefined ? [] : [relation.opaque]),
  ]
  if (where?.isVolatile || using?.isVolatile) opaque.push('its condition is random')

  const gone = walk.content.chain.add(
    `${relation.name}_gone`,
    `SELECT ${alias}.* FROM ${before} AS ${alias} WHERE ${isGone} OFFSET 0`,
  )
  const count = async () => {
    const answer = await walk.ask(`SELECT pg_catalog.count(*)::float8 AS count FROM ${gone} AS gone`)
    return answer?.rows[0]?.count as number | undefined
  }
  const effects = await triggerEffects(walk, relation, 'delete', new Set(), count)
  if (effects.hitsNothing) return undefined
  if (walk.inTransaction) relation.past.push(before)
  const list = relation.columns.map(({ name }) => `${alias}.${quoteIdentifier(name)}`).join(', ')
  walk.content.replace(
    relation,
    `SELECT ${list || '1'} FROM ${before} AS ${alias} WHERE NOT (${isGone}) OFFSET 0`,
  )
  needEvaluationOf(walk, relation.name, gone, opaque, where !== undefined || using !== undefined)
  await followReferences(walk, relation, { kind: 'delete', link: gone, opaque })
  const [reason] = opaque
  if (reason !== undefined) walk.blur(relation, reason)
  blurFamily(walk, relation)
  return gone
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
export function followTruncate(walk: Walk, node: Node): void {
  for (const { RangeVar } of node.relations)
    truncate(walk, targetOf(walk, RangeVar).relation, node.behavior === 'DROP_CASCADE')
}

function truncate(walk: Walk, relation: ReturnType<typeof targetOf>['relation'], isCascade: boolean): void {
  if (relation.isEmpty) return
  walk.content.replace(
    relation,
    `SELECT ${relation.columns.map(({ name }) => `t.${quoteIdentifier(name)}`).join(', ') || '1'} FROM ${relation.source} AS t WHERE false`,
  )
  relation.isEmpty = true
  relation.past = []
  delete relation.opaque
  for (const column of relation.columns) delete column.opaque
  for (const child of relation.children) truncate(walk, child, isCascade)
  for (const parent of relation.parents) walk.blur(parent, `"${relation.name}", a part of it, is truncated`)
  if (!isCascade) return
  for (const child of walk.catalog.relations) {
    if (child.constraints.some(({ parent }) => parent === relation)) truncate(walk, child, true)
  }
}
