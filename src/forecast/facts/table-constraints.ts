import type { Node } from '../../sql/parser.js'
import { namesOf } from '../tree.js'
import { type Draft, draftColumnNamed } from './draft.js'
import { requireBoolean } from './expressions.js'
import { requireForeignKey } from './foreign-keys.js'
import { requireDefaultOperatorClass } from './index-keys.js'
import { requireWholePartitionKey } from './partitions.js'
import { requireFreeRelationName, type Situation } from './situation.js'
import { exists, invalid, missing } from './static-failure.js'
import { tableScope } from './table-scope.js'

/** @throws Refusal when the table has a constraint of this name */
export function requireFreeConstraintName(draft: Draft, name: string | undefined): void {
  if (name !== undefined && draft.constraintNames.has(name))
    throw exists('42710', `constraint "${name}" for relation "${draft.name}" already exists`, name)
}

/** CHECK. @throws Refusal */
export function requireCheck(situation: Situation, draft: Draft, constraint: Node): void {
  requireBoolean(situation, tableScope(draft, 'check constraint'), constraint.raw_expr, 'CHECK')
  requireFreeConstraintName(draft, constraint.conname)
  if (constraint.conname) draft.constraintNames.add(constraint.conname)
}

/** FOREIGN KEY. @throws Refusal */
export function addForeignKey(
  situation: Situation,
  draft: Draft,
  constraint: Node,
  columns?: readonly string[],
): void {
  requireFreeConstraintName(draft, constraint.conname)
  requireForeignKey(situation, draft, constraint, columns)
  if (constraint.conname) draft.constraintNames.add(constraint.conname)
}

/** The columns of PRIMARY KEY or UNIQUE, which stand in the constraint or are the column beside it. @throws Refusal */
export function requireKeyColumns(draft: Draft, constraint: Node, columns: readonly string[]): void {
  const isPrimary = constraint.contype === 'CONSTR_PRIMARY'
  for (const [i, name] of columns.entries()) {
    if (!draftColumnNamed(draft, name) && !draft.isOpen)
      throw missing('42703', `column "${name}" named in key does not exist`, `${draft.name}.${name}`)
    if (columns.indexOf(name) < i) {
      const words = `column "${name}" appears twice in ${isPrimary ? 'primary key' : 'unique'} constraint`
      throw exists('42701', words, name)
    }
  }
}

/** PRIMARY KEY or UNIQUE. @throws Refusal */
export function addKey(
  situation: Situation,
  draft: Draft,
  constraint: Node,
  columns: readonly string[] = namesOf(constraint.keys),
): void {
  const isPrimary = constraint.contype === 'CONSTR_PRIMARY'
  for (const name of columns) {
    const type = draftColumnNamed(draft, name)?.type
    if (type) requireDefaultOperatorClass(situation, 'btree', type)
  }
  if (isPrimary) requireNoPrimaryKey(draft)
  requireWholePartitionKey(draft, columns, isPrimary ? 'PRIMARY KEY' : 'UNIQUE')
  if (constraint.conname) addIndexName(situation, draft, constraint.conname)
  draft.keys.push({ columns, isPrimary, isDeferrable: constraint.deferrable === true })
}

/** The index behind a constraint is called like it. @throws Refusal */
export function addIndexName(situation: Situation, draft: Draft, name: string): void {
  if (draft.madeNames.has(name)) throw exists('42P07', `relation "${name}" already exists`, name)
  if (!draft.freedNames.has(name)) requireFreeRelationName(situation, draft.schema, name)
  requireFreeConstraintName(draft, name)
  draft.madeNames.add(name)
  draft.constraintNames.add(name)
}

/** @throws Refusal */
export function requireNoPrimaryKey(draft: Draft): void {
  if (draft.keys.some(({ isPrimary }) => isPrimary))
    throw invalid('42P16', `multiple primary keys for table "${draft.name}" are not allowed`, draft.name)
}
