import { dataKinds } from '../../sql/data-kinds.js'
import type { Node } from '../../sql/parser.js'
import type { Relation } from '../model.js'
import { codeKinds, reachOf } from '../reach.js'
import type { Claims } from './claim.js'
import { RowConsequences } from './queries.js'
import { sequenceBehind } from './sequences.js'

/**
 * Tables that code may write: a block, functions that are called, triggers and rules. Which of them it writes depends on
 * rows.
 */
export function claimReached(claims: Claims, kind: string, sql: string): void {
  const isCode = codeKinds.has(kind)
  if (!isCode && !dataKinds.has(kind)) return
  const { relations, texts } = reachOf(claims.catalog, sql, isCode)
  // The statement alone locks what it is about by rules of its own.
  if (!isCode && texts.length === 1) return
  const rows = new RowConsequences(claims)
  for (const relation of relations) claimWritten(claims, relation, rows)
}

/** SET CONSTRAINTS … IMMEDIATE makes up for the checks of rows that were written before it. */
export function claimPutOffChecks(claims: Claims, { deferred }: Node): void {
  if (deferred) return
  const rows = new RowConsequences(claims)
  for (const relation of claims.written) rows.ofUpdate(relation, relation.columns)
}

function claimWritten(claims: Claims, relation: Relation, rows: RowConsequences): void {
  const details = { isCertain: false }
  claims.relation(relation, 'ROW EXCLUSIVE', { ...details, work: 'write' })
  claims.indexesOf(relation, 'ROW EXCLUSIVE', details)
  claims.toastOf(relation, 'ROW EXCLUSIVE', details)
  for (const column of relation.columns) {
    const sequence = sequenceBehind(claims.catalog, column)
    if (sequence) claims.sequence(sequence, 'ROW EXCLUSIVE', details)
  }
  rows.ofInsert(relation)
  rows.ofUpdate(relation, relation.columns)
  rows.ofDelete(relation)
}
