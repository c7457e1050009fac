import type { Node, ParsedStatement } from '../../sql/parser.js'
import { deparseQuery, NotDeparsed } from '../tree.js'

/**
 * The server refuses it, but all that it names is there: once that is corrected, with a privilege, CASCADE or another
 * place, the statement does what it says.
 */
export const hasItsEffect: ReadonlySet<string> = new Set([
  'missing-privilege',
  'dependent-object',
  'cannot-run-in-transaction',
  'foreign-key-target',
  'transaction-setting-late',
  'read-only-transaction',
  'newer-syntax',
])

/**
 * A refused statement as it would be written once it is corrected; undefined where that cannot be told from its code.
 * @param code of the refusal, e.g. `dependent-object`
 */
export function correctedStatement(statement: ParsedStatement, code: string): ParsedStatement | undefined {
  if (code === 'dependent-object') return written(statement, withCascade(statement.node))
  if (code === 'cannot-run-in-transaction') return written(statement, notConcurrently(statement.node))
  // There the transaction writes, and the server of the twin may know the syntax.
  return code === 'read-only-transaction' || code === 'newer-syntax' ? statement : undefined
}

function written(statement: ParsedStatement, node: Node): ParsedStatement | undefined {
  try {
    return { ...statement, node, sql: deparseQuery({ [statement.kind]: node }) }
  } catch (error) {
    if (!(error instanceof NotDeparsed)) throw error
    return undefined
  }
}

function withCascade(node: Node): Node {
  const behavior = 'DROP_CASCADE'
  if (!node.cmds) return { ...node, behavior }
  const cmds = node.cmds.map(({ AlterTableCmd }: Node) => ({ AlterTableCmd: { ...AlterTableCmd, behavior } }))
  return { ...node, cmds }
}

/** CREATE INDEX, DROP INDEX and DETACH PARTITION as they run in a transaction. */
function notConcurrently(node: Node): Node {
  if (!node.cmds) return without(node, 'concurrent')
  const plain = ({ AlterTableCmd: { def, ...rest } }: Node) => ({
    AlterTableCmd: { ...rest, def: { PartitionCmd: without(def?.PartitionCmd ?? {}, 'concurrent') } },
  })
  return { ...node, cmds: node.cmds.map(plain) }
}

function without(node: Node, key: string): Node {
  return Object.fromEntries(Object.entries(node).filter(([one]) => one !== key))
}
