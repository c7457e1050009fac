import type { Node } from '../../sql/parser.js'
import { NotFollowed } from '../casts.js'
import { parseStatement } from '../tree.js'
import { conditionState } from './conditions.js'

/** The SQL of an expression of the block. */
export function queryOf(expression: Node): string {
  return expression.PLpgSQL_expr.query
}

/** What a variable is called, a field of a record by both names. */
export function nameOfDatum(datums: readonly Node[]): (datum: Node) => string {
  const nameOf = (datum: Node | undefined): string => {
    if (datum?.PLpgSQL_recfield)
      return `${nameOf(datums[datum.PLpgSQL_recfield.recparentno])}.${datum.PLpgSQL_recfield.fieldname}`
    return datum?.PLpgSQL_var?.refname ?? datum?.PLpgSQL_rec?.refname ?? ''
  }
  return nameOf
}

/** Whether a handler of the block is for this SQLSTATE. */
export function catches({ conditions }: Node, sqlstate: string): boolean {
  return conditions.some(
    ({ PLpgSQL_condition: { condname } }: Node) =>
      condname === 'others' || conditionState(condname) === sqlstate,
  )
}

/** Whether a handler is for more than what rows and the code itself raise. */
export function catchesRefusals({ conditions }: Node): boolean {
  return conditions.some(
    ({ PLpgSQL_condition: { condname } }: Node) => !/^(2[123]|P0)/.test(conditionState(condname) ?? ''),
  )
}

/** `INSERT … RETURNING id`, as a query of what it returns. @throws NotFollowed */
export function returningQuery(statement: Node): Node {
  if (!/^(Insert|Update|Delete)Stmt$/.test(Object.keys(statement)[0] ?? ''))
    throw new NotFollowed('a query of the block is no SELECT')
  const template = parseStatement('WITH "~returning" AS (SELECT 1) SELECT * FROM "~returning"').SelectStmt
  template.withClause.ctes[0].CommonTableExpr.ctequery = statement
  return template
}
