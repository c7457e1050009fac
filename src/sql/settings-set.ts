import { nodesIn } from './nodes.js'
import type { ParsedStatement } from './parser.js'

/**
 * Names of run-time parameters that the statement sets, for the session, a role, a database or a function. One with a dot
 * is an extension's, and may be anything.
 */
export function settingsSetBy({ kind, node }: ParsedStatement): string[] {
  const all = kind === 'VariableSetStmt' ? [node] : settings.has(kind) ? setNodesIn(node) : []
  return all.flatMap(({ kind: way, name }) =>
    typeof name === 'string' && /^VAR_SET_(VALUE|DEFAULT|CURRENT)$/.test(way) && !name.includes('.')
      ? [name]
      : [],
  )
}

const settings = new Set([
  'AlterRoleSetStmt',
  'AlterDatabaseSetStmt',
  'CreateFunctionStmt',
  'AlterFunctionStmt',
])

function setNodesIn(node: ParsedStatement['node']) {
  return [...nodesIn(node)].flatMap(({ setstmt, VariableSetStmt }) => setstmt ?? VariableSetStmt ?? [])
}
