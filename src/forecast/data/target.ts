import { quoteIdentifier, relationOf } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { NotFollowed } from '../casts.js'
import { findColumn, findRelation } from '../lookup.js'
import type { Column, Relation } from '../model.js'
import type { Scope } from '../rewrite.js'
import type { Walk } from '../walk.js'

/** The table that a statement writes to, and the name that its expressions know it by. */
export interface Target {
  readonly relation: Relation
  /** Quoted. */
  readonly alias: string
  /** Its rows before the statement, for FROM. */
  readonly before: string
}

/** @throws NotFollowed when it is no table that is known */
export function targetOf(walk: Walk, rangeVar: Node): Target {
  const name = relationOf(rangeVar)
  const relation = findRelation(walk.catalog, name)
  if (!relation) throw new NotFollowed(`relation "${name.name}" is not known`)
  if (relation.kind !== 'table' && relation.kind !== 'partitioned table') {
    throw new NotFollowed(`"${name.name}" is a ${relation.kind}`)
  }
  const inherits = relation.children.length > 0 && relation.partitionKey === undefined
  if (inherits && rangeVar.inh !== true)
    throw new NotFollowed(`ONLY "${name.name}", without what inherits from it`)
  const alias = quoteIdentifier(rangeVar.alias?.aliasname ?? relation.name)
  return { relation, alias, before: walk.content.read(relation) }
}

/** @throws NotFollowed when there is none of this name */
export function columnOf(relation: Relation, name: string): Column {
  const column = findColumn(relation, name)
  if (!column) throw new NotFollowed(`column "${name}" of "${relation.name}" is not known`)
  return column
}

/** The columns as a list of SQL over an alias. */
export function columnsOver(alias: string, columns: readonly Column[]): string {
  return columns.map(({ name }) => `${alias}.${quoteIdentifier(name)}`).join(', ')
}

/** What the parts of one statement see: all of them the rows as they were before it. */
export function rememberBefore(scope: Scope, { relation, before }: Target): Scope {
  const known = new Map(scope.before)
  if (!known.has(relation)) known.set(relation, before)
  return { ...scope, before: known }
}

/** The column that holds what was there before, in a link of changed rows. */
export function oldName({ name }: Column): string {
  return quoteIdentifier(`~old ${name}`)
}
