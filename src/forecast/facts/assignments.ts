import { canCast } from './casts.js'
import type { Typed } from './expressions.js'
import { requireLiteral } from './literals.js'
import type { Situation } from './situation.js'
import { mismatch } from './static-failure.js'
import { type ValueType, wordsOf } from './types.js'

/**
 * A value that is to go into a column.
 * @throws Refusal when the server would not cast it
 */
export function requireAssignable(
  situation: Situation,
  typed: Typed,
  column: { readonly name: string; readonly type: ValueType | undefined },
  what = 'expression',
): void {
  if (!typed || !column.type) return
  if ('literal' in typed) {
    if (typed.literal !== null) requireLiteral(situation, typed.literal, column.type)
  } else if (canCast(situation, typed.type, column.type, 'assignment') === false) {
    const words = `column "${column.name}" is of type ${wordsOf(column.type)} but ${what} is of type ${wordsOf(typed.type)}`
    throw mismatch('42804', words, column.name)
  }
}
