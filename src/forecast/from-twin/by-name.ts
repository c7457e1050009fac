import { relationOf } from '../../sql/names.js'
import type { Node, ParsedStatement } from '../../sql/parser.js'
import { findRelation } from '../lookup.js'
import type { CatalogModel } from '../model.js'
import { deparseQuery, NotDeparsed } from '../tree.js'

/**
 * An INSERT that names no columns means those that stand first on the target.
 * @returns the same with their names; undefined where the statement is none, or how many it gives is not known
 */
export function insertByName(statement: ParsedStatement, catalog: CatalogModel): ParsedStatement | undefined {
  const { kind, node } = statement
  if (kind !== 'InsertStmt' || node.cols?.length) return undefined
  const relation = findRelation(catalog, relationOf(node.relation))
  const count = countOfValues(node.selectStmt?.SelectStmt)
  if (!relation || count === undefined || count > relation.columns.length) return undefined
  const cols = relation.columns.slice(0, count).map(({ name }) => ({ ResTarget: { name } }))
  const named = { ...node, cols }
  try {
    return { ...statement, node: named, sql: deparseQuery({ [kind]: named }) }
  } catch (error) {
    if (!(error instanceof NotDeparsed)) throw error
    return undefined
  }
}

function countOfValues(select: Node | undefined): number | undefined {
  const [first] = select?.valuesLists ?? []
  if (first) return first.List.items.length
  const targets: Node[] = select?.targetList ?? []
  return targets.length > 0 && !JSON.stringify(targets).includes('A_Star') ? targets.length : undefined
}
