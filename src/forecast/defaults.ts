import type { Node } from '../sql/parser.js'
import { castTo } from './casts.js'
import type { Content } from './content.js'
import type { Column, Relation } from './model.js'
import { emptyScope, Rewriter, type Rewritten, type Scope } from './rewrite.js'
import { lastName } from './tree.js'

/** The value that a column gets where a statement gives none, one for each row of the query that it stands in. */
export function defaultOf(
  content: Content,
  column: Column,
  relation: Relation,
  scope: Scope = emptyScope,
): Rewritten {
  const rewriter = new Rewriter(content, scope)
  const { sequence, type } = column
  const isCounted = column.identity !== undefined || isNextval(column.default)
  if (sequence && isCounted) {
    return {
      sql: castTo(rewriter.nextValues(sequence), type, 'assignment'),
      opaque: content.opacityOfNext(sequence),
      isVolatile: true,
      takes: [sequence],
    }
  }
  const value = rewriter.expression(
    column.default ?? type.object.domainDefault ?? { A_Const: { isnull: true } },
    [relation],
  )
  return { ...value, sql: castTo(value.sql, type, 'assignment') }
}

function isNextval(tree: Node | undefined): boolean {
  return lastName(tree?.FuncCall?.funcname) === 'nextval'
}
