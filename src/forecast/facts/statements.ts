import type { Node } from '../../sql/parser.js'
import type { OutputColumn } from './expressions.js'
import { readSelect } from './queries.js'
import { QueryScope } from './query-scope.js'
import type { Situation } from './situation.js'
import { readDelete, readInsert, readMerge, readUpdate } from './writes.js'

/** The scope of a whole statement, which nothing is around. */
export function statementScope(situation: Situation): QueryScope {
  return QueryScope.root(situation, readStatement, situation.seesVariables)
}

/** The scope of code that also sees names nobody has written down, e.g. the arguments of a function. */
export function openScope(situation: Situation): QueryScope {
  return QueryScope.root(situation, readStatement, true)
}

/**
 * Reads a query or a statement that writes.
 * @returns the columns that it gives, if they are known
 * @throws Refusal
 */
export function readStatement(scope: QueryScope, statement: Node): readonly OutputColumn[] | undefined {
  const [kind = ''] = Object.keys(statement)
  const node: Node = statement[kind]
  switch (kind) {
    case 'SelectStmt':
      return readSelect(scope, node)
    case 'InsertStmt':
      return readInsert(scope, node)
    case 'UpdateStmt':
      return readUpdate(scope, node)
    case 'DeleteStmt':
      return readDelete(scope, node)
    case 'MergeStmt':
      return readMerge(scope, node)
    default:
      return undefined
  }
}
