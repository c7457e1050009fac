import { quoteIdentifier } from '../../sql/names.js'
import type { Column, Relation } from '../model.js'
import { keyOf, type Walk } from '../walk.js'
import type { Lineage } from './lineage.js'
import type { Loss, Measure } from './loss.js'
import { over, type Today } from './today.js'

/** What the rules for the kinds of loss share. */
export interface LossContext {
  readonly walk: Walk
  readonly today: Today
  readonly lineage: Lineage
  add(loss: Omit<Loss, 'place'>): void
}

/** What is counted of today's data, and whether an earlier statement may have taken a part of it already. */
export interface Affected {
  readonly measure: Measure
  readonly isAtMost: boolean
}

/** The rows of today's that are still there. Where they cannot be told, all of today's. */
export function rowsLeft({ walk, today }: LossContext, relation: Relation): Affected {
  const alias = quoteIdentifier(relation.name)
  const condition = relation.opaque === undefined ? today.isThere(relation, over(alias)) : undefined
  if (condition === undefined) return allToday(relation)
  return { measure: { from: rowsOf(walk, relation), condition }, isAtMost: false }
}

export function allToday(relation: Relation): Affected {
  return { measure: { from: `${relation.live} AS t`, condition: 'true' }, isAtMost: true }
}

/** The rows that have a value in this column, today and still. */
export function valuesLeft({ walk, today }: LossContext, relation: Relation, column: Column): Affected {
  const alias = quoteIdentifier(relation.name)
  const isKnown = relation.opaque === undefined && column.opaque === undefined
  const condition = isKnown ? today.hasValue(relation, column, over(alias)) : undefined
  if (condition !== undefined)
    return { measure: { from: rowsOf(walk, relation, [column]), condition }, isAtMost: false }
  const value = `t.${quoteIdentifier(column.liveName ?? '')} IS NOT NULL`
  return { measure: { from: `${relation.live} AS t`, condition: value }, isAtMost: true }
}

/** The present rows with these columns and their key, read from as far back as they come. */
export function rowsOf(walk: Walk, relation: Relation, columns: readonly Column[] = []): string {
  const from = walk.content.readColumns(relation, [...(keyOf(relation) ?? []), ...columns])
  return from === undefined ? walk.rowsOf(relation) : `${from} AS ${quoteIdentifier(relation.name)}`
}

/** `up to 3 values`, `1 value` */
export function amount(count: number, noun: string, isAtMost: boolean): string {
  return `${isAtMost ? 'up to ' : ''}${count} ${noun}${count === 1 ? '' : 's'}`
}

export function be(count: number): string {
  return count === 1 ? 'is' : 'are'
}
