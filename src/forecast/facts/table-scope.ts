import type { Node } from '../../sql/parser.js'
import type { Column } from '../model.js'
import { type Bound, boundColumn, namesOf } from '../tree.js'
import { type Draft, draftColumnNamed } from './draft.js'
import type { ConstantTypes, Scope } from './expressions.js'
import { isSystemColumn } from './situation.js'
import { invalid, missing } from './static-failure.js'
import type { ValueType } from './types.js'

/** What the server calls the place that an expression over one table stands in. */
export type Place =
  | 'check constraint'
  | 'index expression'
  | 'index predicate'
  | 'column generation expression'
  | 'transform expression'

/** For an expression over the columns of one table, which may not ask another. */
export function tableScope(draft: Draft, place: Place): Scope {
  return {
    column(reference) {
      const names = namesOf(reference.fields)
      const name = names.at(-1) ?? ''
      const column = draftColumnNamed(draft, name)
      if (column && place === 'column generation expression' && column.isGenerated)
        throw invalid('42P17', `cannot use generated column "${name}" in column generation expression`, name)
      if (column) return column.type
      if (draft.isOpen || isSystemColumn(name) || name === draft.name || reference.fields?.at(-1)?.A_Star)
        return undefined
      throw missing('42703', `column "${name}" does not exist`, `${draft.name}.${name}`)
    },
    query() {
      throw invalid('0A000', `cannot use subquery in ${place}`, draft.name)
    },
  }
}

/** For a default, which can see no column. */
export const defaultScope: Scope = {
  column() {
    throw invalid('0A000', 'cannot use column reference in DEFAULT expression')
  },
  query() {
    throw invalid('0A000', 'cannot use subquery in DEFAULT expression')
  },
}

/** For an expression that the catalog keeps: its references are bound to columns, some of which are of another type now. */
export function keptScope(
  typeOf: (column: Column) => ValueType | undefined,
  constants: ConstantTypes,
): Scope {
  return {
    column(reference: Node & Bound) {
      const column = reference[boundColumn]
      return column && typeOf(column)
    },
    query: () => undefined,
    constants,
  }
}
