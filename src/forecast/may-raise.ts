import { quoteIdentifier } from '../sql/names.js'
import type { Node } from '../sql/parser.js'
import { lastName, namesOf, visitTree } from './tree.js'

const comparisons: ReadonlySet<string> = new Set([
  '=',
  '<>',
  '!=',
  '<',
  '>',
  '<=',
  '>=',
  '~~',
  '!~~',
  '~~*',
  '!~~*',
])

/** Kinds of nodes that compute nothing, or nothing that any value could make raise. */
const harmlessKinds: ReadonlySet<string> = new Set(
  `A_Const A_Star Alias BoolExpr BooleanTest CaseExpr CaseWhen CoalesceExpr ColumnRef Integer JoinExpr List NullTest
   RangeSubselect RangeVar ResTarget SelectStmt SortBy String SubLink TypeName`.split(/\s+/),
)

/** Functions of pg_catalog that give a value for every argument. */
const harmlessFunctions: ReadonlySet<string> = new Set(
  `lower upper length char_length btrim ltrim rtrim trim md5 now concat jsonb_typeof json_typeof starts_with
   count max min`.split(/\s+/),
)

/** Whether some value of a row may make the server raise while it computes an expression. */
export function mayRaise(tree: Node | undefined): boolean {
  let may = false
  visitTree(tree, (kind, node) => {
    may ||= !isHarmless(kind, node)
  })
  return may
}

function isHarmless(kind: string, node: Node): boolean {
  if (kind === 'A_Expr') return comparisons.has(lastName(node.name)) || node.kind === 'AEXPR_NULLIF'
  if (kind === 'FuncCall') return harmlessFunctions.has(namesOf(node.funcname).at(-1) ?? '')
  // A literal is cast once, whatever the rows.
  if (kind === 'TypeCast') return node.arg.A_Const !== undefined || isToText(node)
  return harmlessKinds.has(kind)
}

function isToText({ typeName }: Node): boolean {
  return lastName(typeName?.names) === 'text' && !typeName.arrayBounds
}

/** The last parts of the names of the columns that an expression reads, quoted. */
export function columnNamesIn(tree: Node | undefined): Set<string> {
  const names = new Set<string>()
  visitTree(tree, (kind, node) => {
    if (kind === 'ColumnRef') names.add(quoteIdentifier(lastName(node.fields)))
  })
  return names
}
