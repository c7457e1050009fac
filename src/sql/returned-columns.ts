import { type RelationName, relationOf } from './names.js'
import type { Node } from './parser.js'

/** A column that a statement returns as it is. */
export interface ReturnedColumn {
  readonly table: RelationName
  /** `*` for all of them, whichever they are when the statement is analysed; empty for the row as one value. */
  readonly column: string
}

/** What stands after FROM, under the name by which the statement calls it. */
interface Source {
  readonly alias: string
  readonly returns: readonly ReturnedColumn[]
  /** Of a table: the columns that are named alone may be its. */
  readonly table?: RelationName
}

/** Queries of WITH, by name. */
type Queries = ReadonlyMap<string, readonly ReturnedColumn[]>

const noQueries: Queries = new Map()

/**
 * The columns of tables that a SELECT, or the RETURNING of another statement, gives back; of a PREPARE those of its
 * query. A column that several tables may have is given for each of them; what an expression makes of one is not given.
 */
export function returnedColumns(statement: Node, queries: Queries = noQueries): ReturnedColumn[] {
  const [kind = '', node = {}] = Object.entries(statement)[0] ?? []
  const all = withQueries(node.withClause, queries)
  switch (kind) {
    case 'PrepareStmt':
      return returnedColumns(node.query)
    case 'SelectStmt':
      return ofSelect(node, all)
    case 'InsertStmt':
    case 'UpdateStmt':
    case 'DeleteStmt':
    case 'MergeStmt': {
      const others: Node[] = node.fromClause ?? node.usingClause ?? []
      const sources = [
        { RangeVar: node.relation },
        ...others,
        ...(node.sourceRelation ? [node.sourceRelation] : []),
      ].flatMap((item) => sourcesOf(item, all))
      return ofTargets(node.returningClause?.exprs ?? node.returningList ?? [], sources)
    }
    default:
      return []
  }
}

function withQueries(clause: Node | undefined, outer: Queries): Queries {
  const found = new Map(outer)
  for (const { CommonTableExpr: one } of clause?.ctes ?? [])
    found.set(one.ctename, returnedColumns(one.ctequery, found))
  return found
}

function ofSelect(node: Node, outer: Queries): ReturnedColumn[] {
  const queries = withQueries(node.withClause, outer)
  if (node.larg) return [...ofSelect(node.larg, queries), ...ofSelect(node.rarg, queries)]
  const sources = (node.fromClause ?? []).flatMap((item: Node) => sourcesOf(item, queries))
  return ofTargets(node.targetList ?? [], sources)
}

function sourcesOf({ RangeVar, JoinExpr, RangeSubselect }: Node, queries: Queries): Source[] {
  if (JoinExpr) return [JoinExpr.larg, JoinExpr.rarg].flatMap((side: Node) => sourcesOf(side, queries))
  if (RangeSubselect) {
    const returns = returnedColumns(RangeSubselect.subquery, queries)
    return [{ alias: RangeSubselect.alias?.aliasname ?? '', returns }]
  }
  if (!RangeVar) return []
  const table = relationOf(RangeVar)
  const alias = RangeVar.alias?.aliasname ?? table.name
  const query = table.schema === undefined ? queries.get(table.name) : undefined
  return query ? [{ alias, returns: query }] : [{ alias, table, returns: [{ table, column: '*' }] }]
}

function ofTargets(targets: readonly Node[], sources: readonly Source[]): ReturnedColumn[] {
  return targets.flatMap(({ ResTarget }) => {
    const fields: Node[] | undefined = ResTarget?.val?.ColumnRef?.fields
    return fields ? ofReference(fields, sources) : []
  })
}

function ofReference(fields: readonly Node[], sources: readonly Source[]): ReturnedColumn[] {
  const last = fields.at(-1)
  const qualifier = fields.at(-2)?.String?.sval as string | undefined
  const meant = qualifier === undefined ? sources : sources.filter(({ alias }) => alias === qualifier)
  if (last?.A_Star) return meant.flatMap(({ returns }) => returns)
  const column = last?.String?.sval as string
  const row = qualifier === undefined ? sources.filter(({ alias }) => alias === column) : []
  const rows = row.flatMap(({ table }) => (table ? [{ table, column: '' }] : []))
  if (rows.length > 0) return rows
  return meant.flatMap(({ table, returns }) =>
    table
      ? [{ table, column }]
      : returns
          .filter((one) => one.column === column || one.column === '*')
          .map((one) => ({ ...one, column })),
  )
}
