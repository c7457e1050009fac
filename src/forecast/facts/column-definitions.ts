import type { Node } from '../../sql/parser.js'
import { requireAssignable } from './assignments.js'
import type { Draft, DraftColumn } from './draft.js'
import { typeOf } from './expressions.js'
import { requireImmutable } from './index-keys.js'
import { isSystemColumn, type Situation } from './situation.js'
import { exists, invalid } from './static-failure.js'
import { defaultScope, tableScope } from './table-scope.js'
import { baseOf, builtIn, isSerial, requireColumnType, type ValueType } from './types.js'

/** The constraints that stand beside a column. */
export function constraintsOf(definition: Node): readonly Node[] {
  return (definition.constraints ?? []).map((one: Node) => one.Constraint)
}

const integers = ['int2', 'int4', 'int8']

/** What a ColumnDef makes. @throws Refusal, e.g. for a type that does not exist */
export function requireColumnDefinition(situation: Situation, draft: Draft, definition: Node): DraftColumn {
  const name: string = definition.colname
  if (isSystemColumn(name))
    throw exists('42701', `column name "${name}" conflicts with a system column name`, name)
  const constraints = constraintsOf(definition)
  const has = (contype: string) => constraints.filter((one) => one.contype === contype)
  const [identity] = has('CONSTR_IDENTITY')
  const defaults = has('CONSTR_DEFAULT').length + (isSerial(definition.typeName) ? 1 : 0)
  if (defaults > 1)
    throw invalid(
      '42601',
      `multiple default values specified for column "${name}" of table "${draft.name}"`,
      name,
    )
  if (defaults > 0 && identity)
    throw invalid(
      '42601',
      `both default and identity specified for column "${name}" of table "${draft.name}"`,
      name,
    )
  const type = requireColumnType(situation, definition.typeName)
  if (identity && type && !integers.some((name) => builtIn(situation, name)?.object === baseOf(type).object))
    throw invalid('22023', 'identity column type must be smallint, integer, or bigint', name)
  const isPrimary = has('CONSTR_PRIMARY').length > 0
  return {
    name,
    type,
    isNotNull: isPrimary || identity !== undefined || has('CONSTR_NOTNULL').length > 0,
    hasDefault: defaults > 0,
    ...(identity ? { identity: identity.generated_when === 'a' ? 'always' : 'by default' } : {}),
    isGenerated: has('CONSTR_GENERATED').length > 0,
  }
}

/** The expressions beside a column, once every column of the table is known. @throws Refusal */
export function requireColumnExpressions(situation: Situation, draft: Draft, definition: Node): void {
  const column = draft.columns.find(({ name }) => name === definition.colname)
  for (const constraint of constraintsOf(definition)) {
    if (constraint.contype === 'CONSTR_DEFAULT' && column)
      requireDefault(situation, column, constraint.raw_expr)
    if (constraint.contype === 'CONSTR_GENERATED' && column) {
      const typed = typeOf(situation, tableScope(draft, 'column generation expression'), constraint.raw_expr)
      requireImmutable(situation, constraint.raw_expr, 'column generation expression')
      requireAssignable(situation, typed, column, 'generation expression')
    }
  }
}

/** @throws Refusal for a default that is no value of the column */
export function requireDefault(
  situation: Situation,
  column: { readonly name: string; readonly type: ValueType | undefined },
  expression: Node,
): void {
  requireAssignable(situation, typeOf(situation, defaultScope, expression), column, 'default expression')
}
