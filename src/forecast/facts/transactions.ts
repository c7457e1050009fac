import type { Node, ParsedStatement } from '../../sql/parser.js'
import { Refusal } from './static-failure.js'

/**
 * What the server refuses inside a transaction, before it looks at anything else of the statement.
 * @throws Refusal
 */
export function requireNoTransaction({ kind, node }: ParsedStatement): void {
  const command = outsideTransaction(kind, node)
  if (command !== undefined)
    throw new Refusal(
      'cannot-run-in-transaction',
      '25001',
      `${command} cannot run inside a transaction block`,
    )
}

/** The command in SQL's words, when it only runs outside. */
function outsideTransaction(kind: string, node: Node): string | undefined {
  switch (kind) {
    case 'IndexStmt':
      return node.concurrent ? 'CREATE INDEX CONCURRENTLY' : undefined
    case 'DropStmt':
      return node.concurrent ? 'DROP INDEX CONCURRENTLY' : undefined
    case 'ReindexStmt':
      return reindexOutside(node)
    case 'AlterTableStmt':
      return (node.cmds ?? []).some((one: Node) => one.AlterTableCmd?.def?.PartitionCmd?.concurrent)
        ? 'ALTER TABLE … DETACH PARTITION CONCURRENTLY'
        : undefined
    case 'VacuumStmt':
      return node.is_vacuumcmd ? 'VACUUM' : undefined
    case 'ClusterStmt':
      return node.relation ? undefined : 'CLUSTER'
    case 'DiscardStmt':
      return node.target === 'DISCARD_ALL' ? 'DISCARD ALL' : undefined
    default:
      return commands[kind]
  }
}

const commands: Readonly<Record<string, string>> = {
  AlterSystemStmt: 'ALTER SYSTEM',
  CreatedbStmt: 'CREATE DATABASE',
  DropdbStmt: 'DROP DATABASE',
  CreateTableSpaceStmt: 'CREATE TABLESPACE',
  DropTableSpaceStmt: 'DROP TABLESPACE',
}

const whole = ['REINDEX_OBJECT_SCHEMA', 'REINDEX_OBJECT_SYSTEM', 'REINDEX_OBJECT_DATABASE']

function reindexOutside(node: Node): string | undefined {
  const isConcurrent = (node.params ?? []).some((one: Node) => one.DefElem?.defname === 'concurrently')
  if (isConcurrent) return 'REINDEX CONCURRENTLY'
  return whole.includes(node.kind) ? 'REINDEX of a whole schema or database' : undefined
}
