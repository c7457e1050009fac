import type { Node } from '../sql/parser.js'
import type { FunctionObject } from './model.js'
import { parseStatement, visitTree } from './tree.js'

/**
 * The expression that a call of the function without arguments stands for, where its text is `SELECT <expression>` and
 * reads neither a table nor an argument. The server puts it in the same place:
 * https://wiki.postgresql.org/wiki/Inlining_of_SQL_functions
 */
export function inlined({ language, volatility, body }: FunctionObject): Node | undefined {
  if (language !== 'sql' || volatility === 'volatile') return undefined
  const { SelectStmt: select, ...other } = parse(body) ?? {}
  if (!select || Object.keys(other).length > 0 || select.targetList?.length !== 1) return undefined
  const isPlain =
    !select.fromClause && !select.whereClause && !select.valuesLists && select.op === 'SETOP_NONE'
  const value: Node | undefined = select.targetList[0].ResTarget?.val
  let readsMore = false
  visitTree(value, (kind) => {
    if (['ColumnRef', 'ParamRef', 'SelectStmt', 'SubLink'].includes(kind)) readsMore = true
  })
  return isPlain && !readsMore ? value : undefined
}

function parse(body: string): Node | undefined {
  try {
    return parseStatement(body)
  } catch {
    return undefined
  }
}
