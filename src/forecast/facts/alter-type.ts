import type { Node } from '../../sql/parser.js'
import type { CatalogModel, Column, Constraint, Relation } from '../model.js'
import { canCast } from './casts.js'
import { type Draft, draftColumnNamed } from './draft.js'
import { type ConstantTypes, type Typed, typeOf } from './expressions.js'
import { requireComparable } from './foreign-keys.js'
import { requireDefaultOperatorClass } from './index-keys.js'
import { requireLiteral } from './literals.js'
import { type Situation, weak } from './situation.js'
import { mismatch, Refusal } from './static-failure.js'
import { defaultScope, keptScope, tableScope } from './table-scope.js'
import { requireType, typeOfColumn, type ValueType, wordsOf } from './types.js'

/**
 * ALTER COLUMN … TYPE, as far as it is read before anything is done.
 * @returns the new type, if it is known
 * @throws Refusal when the old values, or what USING makes of them, are not cast to it unasked
 */
export function requireAlterType(situation: Situation, draft: Draft, command: Node): ValueType | undefined {
  const { name, def } = command
  const type = requireType(situation, def.ColumnDef.typeName)
  const using: Node | undefined = def.ColumnDef.raw_default
  const old = draftColumnNamed(draft, name)?.type
  const typed: Typed = using
    ? typeOf(situation, tableScope(draft, 'transform expression'), using)
    : old && { type: old }
  if (!type || !typed) return type
  if ('literal' in typed) {
    if (typed.literal !== null) requireLiteral(situation, typed.literal, type)
  } else if (canCast(situation, typed.type, type, 'assignment') === false) {
    const what = using ? `result of USING clause for column "${name}"` : `column "${name}"`
    throw mismatch(
      '42804',
      `${what} cannot be cast automatically to type ${wordsOf(type)}`,
      `${draft.name}.${name}`,
    )
  }
  return type
}

/**
 * The default is cast as well, and USING does not help it: https://www.postgresql.org/docs/current/sql-altertable.html
 * @throws Refusal
 */
export function requireDefaultCast(
  situation: Situation,
  relation: Relation,
  column: Column,
  type: ValueType,
): void {
  const typed = column.default && typeOfKept(situation, column.default)
  if (!typed || column.opaque !== undefined) return
  const words = `default for column "${column.name}" cannot be cast automatically to type ${wordsOf(type)}`
  const refusal = mismatch('42804', words, `${relation.name}.${column.name}`)
  if ('type' in typed) {
    if (canCast(situation, typed.type, type, 'assignment') === false) throw refusal
  } else if (typed.literal !== null && canCast(situation, column.type, type, 'assignment') === false) {
    // The constant may have been a value of the new type before the column got its present one.
    throw type.object.labels.includes(typed.literal) ? weak(refusal) : refusal
  }
}

/** What the catalog keeps has been read by the server before: what cannot be read here is not known. */
function typeOfKept(situation: Situation, expression: Node): Typed {
  try {
    return typeOf(situation, defaultScope, expression)
  } catch (error) {
    if (error instanceof Refusal) return undefined
    throw error
  }
}

/**
 * Indexes and constraints on the column are made again, over the new type.
 * @throws Refusal
 */
export function requireRebuild(situation: Situation, relation: Relation, draft: Draft, column: Column): void {
  const typeNow = (one: Column): ValueType | undefined => {
    const kept = draft.columns.find((other) => other.column === one)
    return kept ? kept.type : typeOfColumn(one)
  }
  for (const { name, keys, predicate, method } of relation.indexes) {
    if (draft.freedNames.has(name)) continue
    for (const key of keys) {
      const type = key.column === column ? typeNow(column) : undefined
      if (type) requireDefaultOperatorClass(situation, method, type)
    }
    const expressions = [
      ...keys.flatMap(({ expression }) => expression ?? []),
      ...(predicate ? [predicate] : []),
    ]
    for (const expression of expressions) requireReadable(situation, expression, typeNow)
  }
  for (const { expression } of constraintsIn(relation, draft)) {
    if (expression) requireReadable(situation, expression, typeNow)
  }
  for (const { key, child } of foreignKeysOn(situation.catalog, relation, draft, column)) {
    key.columns.forEach((one, i) => {
      const parent = key.parentColumns?.[i]
      const [own, theirs] = [typeNow(one), parent && typeNow(parent)]
      if (own && theirs && (one === column || parent === column))
        requireComparable(situation, own, theirs, child.name)
    })
  }
}

function constraintsIn(relation: Relation, draft: Draft): Constraint[] {
  return relation.constraints.filter(({ name }) => draft.constraintNames.has(name))
}

function foreignKeysOn(
  catalog: CatalogModel,
  relation: Relation,
  draft: Draft,
  column: Column,
): { key: Constraint; child: Relation }[] {
  const own = constraintsIn(relation, draft).map((key) => ({ key, child: relation }))
  const others = catalog.relations
    .filter((one) => one !== relation)
    .flatMap((child) => child.constraints.map((key) => ({ key, child })))
  return [...own, ...others].filter(
    ({ key }) =>
      key.kind === 'foreign key' && (key.columns.includes(column) || key.parentColumns?.includes(column)),
  )
}

/** Read with the old types, the constants of the expression get theirs; with the new types these may not fit. */
function requireReadable(
  situation: Situation,
  expression: Node,
  typeNow: (column: Column) => ValueType | undefined,
): void {
  const types: ConstantTypes['types'] = new Map()
  try {
    typeOf(situation, keptScope(typeOfColumn, { types, isFixed: false }), expression)
  } catch (error) {
    if (error instanceof Refusal) return
    throw error
  }
  // The server keeps `name = 'x'` of a varchar as `name::text = 'x'::text`, and that reads any type.
  const keptType = (column: Column) =>
    column.type.object.name === 'varchar' && !column.type.isArray ? column.type : typeNow(column)
  typeOf(situation, keptScope(keptType, { types, isFixed: true }), expression)
}
