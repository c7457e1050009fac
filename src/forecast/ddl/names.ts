import type { Node } from '../../sql/parser.js'
import { isNameTaken } from '../lookup.js'
import type { CatalogModel, Relation } from '../model.js'
import { lastName } from '../tree.js'

/** Names are cut to 63 bytes, the table's and the column's part evenly: https://github.com/postgres/postgres/blob/REL_15_STABLE/src/backend/commands/indexcmds.c (makeObjectName) */
const mostNameBytes = 63

function makeObjectName(table: string, column: string, label: string): string {
  const overhead = (column === '' ? 0 : 1) + label.length + 1
  let [first, second] = [Buffer.byteLength(table), Buffer.byteLength(column)]
  while (first + second + overhead > mostNameBytes) {
    if (first > second) first -= 1
    else second -= 1
  }
  const parts = [cut(table, first), ...(column === '' ? [] : [cut(column, second)]), label]
  return parts.join('_')
}

function cut(name: string, bytes: number): string {
  let text = name
  while (Buffer.byteLength(text) > bytes) text = text.slice(0, -1)
  return text
}

/** The name that the server gives to an index or a constraint that has none. */
export function chooseName(
  catalog: CatalogModel,
  relation: Relation,
  columns: readonly string[],
  label: string,
): string {
  const column = label === 'pkey' ? '' : columns.join('_')
  for (let pass = 0; ; pass += 1) {
    const name = makeObjectName(relation.name, column, `${label}${pass === 0 ? '' : pass}`)
    const isConstraint = relation.constraints.some((one) => one.name === name)
    if (
      !isConstraint &&
      (label === 'fkey' || label === 'check' || !isNameTaken(catalog, relation.schema, name))
    )
      return name
  }
}

/**
 * What the server calls the value of an expression; undefined where it has no word for it.
 * https://github.com/postgres/postgres/blob/REL_15_STABLE/src/backend/parser/parse_target.c (FigureColname)
 */
export function wordFor(expression: Node | undefined): string | undefined {
  const [kind = '', node] = Object.entries(expression ?? {})[0] ?? []
  switch (kind) {
    case 'ColumnRef':
      return lastName(node.fields)
    case 'FuncCall':
      return lastName(node.funcname)
    case 'TypeCast':
      return wordFor(node.arg) ?? lastName(node.typeName.names)
    case 'CollateClause':
      return wordFor(node.arg)
    case 'CoalesceExpr':
      return 'coalesce'
    case 'MinMaxExpr':
      return node.op === 'IS_LEAST' ? 'least' : 'greatest'
    case 'A_Expr':
      return node.kind === 'AEXPR_NULLIF' ? 'nullif' : undefined
    case 'CaseExpr':
      return wordFor(node.defresult) ?? 'case'
    default:
      return undefined
  }
}
